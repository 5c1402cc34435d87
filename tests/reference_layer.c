/* SPDX-License-Identifier: MIT */
#include "reference_layer.h"

#include <stdbool.h>
#include <string.h>

static const tdrop_dims by_default = {.given = 1, .batch_count = 1, .batch = {0}, .dropout = -1};

static bool is_batch(const tdrop_view *view, const tdrop_dims *dims, int dim) {
    for (int i = 0; i < dims->batch_count; i++)
        if ((dims->batch[i] + view->dims) % view->dims == dim) return true;
    return false;
}

static size_t elements_of(const tdrop_view *view) {
    size_t elements = 1;
    for (int d = 0; d < view->dims; d++)
        elements *= view->shape[d];
    return elements;
}

void reference_apply(const tdrop_view *x, const tdrop_view *y, const tdrop_dims *dims,
                     const int32_t *keep, int32_t same_k) {
    const ptrdiff_t size = (ptrdiff_t)x->element_size;
    if (!dims || !dims->given) dims = &by_default;
    for (size_t e = 0; e < elements_of(x); e++) {
        size_t rest = e, sample = 0, samples = 1, feature = 0;
        char *from = x->data, *to = y->data;
        for (int d = x->dims - 1; d >= 0; rest /= x->shape[d--]) {
            size_t index = rest % x->shape[d];
            from += (ptrdiff_t)index * x->stride[d] * size;
            to += (ptrdiff_t)index * y->stride[d] * size;
            if ((dims->dropout + x->dims) % x->dims == d) feature = index;
            if (is_batch(x, dims, d)) sample += index * samples, samples *= x->shape[d];
        }
        if (feature < (size_t)(keep ? keep[sample] : same_k))
            memcpy(to, from, x->element_size);
        else
            memset(to, 0, x->element_size);
    }
}

static bool has_dim(const tdrop_view *view, int dim) {
    return dim >= -view->dims && dim < view->dims;
}

tdrop_status reference_dims(const tdrop_view *view, const tdrop_dims *dims, size_t *count,
                            int *overlap, size_t *n) {
    if (!dims || !dims->given) dims = &by_default;
    if (dims->batch_count < 0 || dims->batch_count > TDROP_MOST_DIMS) return TDROP_ERROR_DIM;
    if (!has_dim(view, dims->dropout)) return TDROP_ERROR_DIM;
    for (int i = 0; i < dims->batch_count; i++) {
        if (!has_dim(view, dims->batch[i])) return TDROP_ERROR_DIM;
        for (int j = 0; j < i; j++)
            if ((dims->batch[i] - dims->batch[j]) % view->dims == 0)
                return TDROP_ERROR_DIM_REPEATED;
    }
    *count = 1;
    for (int d = 0; d < view->dims; d++)
        if (is_batch(view, dims, d)) *count *= view->shape[d];
    const int dropout = (dims->dropout + view->dims) % view->dims;
    *overlap = is_batch(view, dims, dropout);
    *n = view->shape[dropout];
    return TDROP_OK;
}
