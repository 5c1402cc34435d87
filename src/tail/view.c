/* SPDX-License-Identifier: MIT */
#include "tail/view.h"

#include "base/memory.h"

#include <stdint.h>

tdrop_view tdrop_view_of(void *data, size_t element_size, int dims, const size_t *shape) {
    tdrop_view view = {.data = data, .element_size = element_size, .dims = dims};
    ptrdiff_t stride = 1;
    for (int d = dims < TDROP_MOST_DIMS ? dims - 1 : TDROP_MOST_DIMS - 1; d >= 0; d--) {
        view.shape[d] = shape[d];
        view.stride[d] = stride;
        stride = (ptrdiff_t)((size_t)stride * shape[d]); /* an overflow is refused with the shape */
    }
    return view;
}

size_t tdrop_view_elements(const tdrop_view *view) {
    size_t elements = 1;
    for (int d = 0; d < view->dims; d++)
        elements *= view->shape[d];
    return elements;
}

/* Bytes from the view's data down to its first element in memory, and up to behind its last. */
typedef struct memory_extent {
    size_t below, above;
} memory_extent;

/* false when they do not fit ptrdiff_t. */
static bool find_extent(const tdrop_view *view, memory_extent *extent) {
    const size_t most = PTRDIFF_MAX;
    extent->below = 0;
    extent->above = view->element_size;
    for (int d = 0; d < view->dims; d++) {
        ptrdiff_t stride = view->stride[d];
        size_t step = stride < 0 ? (size_t)0 - (size_t)stride : (size_t)stride, reach;
        size_t *side = stride < 0 ? &extent->below : &extent->above;
        if (!tdrop_multiply(step, view->element_size, &step) ||
            !tdrop_multiply(step, view->shape[d] - 1, &reach) || reach > most ||
            *side > most - reach)
            return false;
        *side += reach;
    }
    return true;
}

tdrop_status tdrop_view_check(const tdrop_view *view) {
    memory_extent extent;
    if (!view) return TDROP_ERROR_NULL;
    size_t size = view->element_size, bytes = size;
    bool empty = false;
    if (size != 1 && size != 2 && size != 4 && size != 8) return TDROP_ERROR_ELEMENT;
    if (view->dims < 1 || view->dims > TDROP_MOST_DIMS) return TDROP_ERROR_SHAPE;
    for (int d = 0; d < view->dims; d++) {
        if (view->shape[d] && !tdrop_multiply(bytes, view->shape[d], &bytes))
            return TDROP_ERROR_OVERFLOW;
        empty = empty || view->shape[d] == 0;
    }
    if (bytes > PTRDIFF_MAX) return TDROP_ERROR_OVERFLOW;
    if (empty) return TDROP_OK;
    if (!view->data) return TDROP_ERROR_NULL;
    return find_extent(view, &extent) ? TDROP_OK : TDROP_ERROR_OVERFLOW;
}

static bool same_strides(const tdrop_view *x, const tdrop_view *y) {
    for (int d = 0; d < x->dims; d++)
        if (x->shape[d] > 1 && x->stride[d] != y->stride[d]) return false;
    return true;
}

static bool memory_meets(const tdrop_view *x, const tdrop_view *y) {
    memory_extent of_x, of_y;
    if (!find_extent(x, &of_x) || !find_extent(y, &of_y)) return true;
    uintptr_t x_data = (uintptr_t)x->data, y_data = (uintptr_t)y->data;
    return x_data - of_x.below < y_data + of_y.above && y_data - of_y.below < x_data + of_x.above;
}

tdrop_status tdrop_view_check_pair(const tdrop_view *x, const tdrop_view *y, bool *same) {
    if (x->element_size != y->element_size) return TDROP_ERROR_ELEMENT;
    if (x->dims != y->dims) return TDROP_ERROR_SHAPE;
    for (int d = 0; d < x->dims; d++)
        if (x->shape[d] != y->shape[d]) return TDROP_ERROR_SHAPE;
    *same = x->data == y->data && same_strides(x, y);
    if (*same || tdrop_view_elements(x) == 0) return TDROP_OK;
    return memory_meets(x, y) ? TDROP_ERROR_ALIAS : TDROP_OK;
}

static bool resolve_dim(int dim, int dims, int *resolved) {
    *resolved = dim < 0 ? dim + dims : dim;
    return dim >= -dims && dim < dims;
}

tdrop_status tdrop_dims_resolve(const tdrop_view *view, const tdrop_dims *dims,
                                tdrop_resolved_dims *resolved) {
    static const tdrop_dims defaults = {.given = 1, .batch_count = 1, .batch = {0}, .dropout = -1};
    tdrop_resolved_dims made = {.keep_count = 1};
    if (!dims || !dims->given) dims = &defaults;
    if (dims->batch_count < 0 || dims->batch_count > TDROP_MOST_DIMS) return TDROP_ERROR_DIM;
    if (!resolve_dim(dims->dropout, view->dims, &made.dropout)) return TDROP_ERROR_DIM;
    for (int i = 0; i < dims->batch_count; i++) {
        int dim;
        if (!resolve_dim(dims->batch[i], view->dims, &dim)) return TDROP_ERROR_DIM;
        if (made.is_batch[dim]) return TDROP_ERROR_DIM_REPEATED;
        made.is_batch[dim] = true;
        made.keep_count *= view->shape[dim];
    }
    made.overlap = made.is_batch[made.dropout];
    *resolved = made;
    return TDROP_OK;
}

tdrop_status tdrop_keep_count(const tdrop_view *view, const tdrop_dims *dims, size_t *count) {
    tdrop_resolved_dims resolved;
    if (!view || !count) return TDROP_ERROR_NULL;
    tdrop_status status = tdrop_view_check(view);
    if (!status) status = tdrop_dims_resolve(view, dims, &resolved);
    if (!status) *count = resolved.keep_count;
    return status;
}
