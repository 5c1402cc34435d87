/* SPDX-License-Identifier: MIT
 *
 * y = x with the tails zeroed: the one place where a tail is written.
 *
 * A view is cut into samples (one for each index over the batch dims), a sample into parts (one for
 * each index over the dims that could not be merged), and a part is n pieces along the dropout dim,
 * each a contiguous block. Where the pieces follow each other without a gap, the tail of a part is
 * one stretch of memory: for [N, C, H, W] with batch dim 0 and dropout dim 1 that makes one stretch
 * a sample. */
#include "tail/view.h"

#include <string.h>

/* Nested loops over some dims, outermost first, with the step in bytes that each makes in x and
 * y. */
typedef struct dim_loops {
    int count;
    size_t size[TDROP_MOST_DIMS];
    ptrdiff_t x_step[TDROP_MOST_DIMS], y_step[TDROP_MOST_DIMS];
} dim_loops;

typedef struct apply_plan {
    dim_loops samples, parts;
    size_t n;                 /* pieces of a part */
    ptrdiff_t x_step, y_step; /* bytes from piece to piece */
    size_t block;             /* bytes of a piece */
    bool gapless;             /* pieces follow each other in both views */
    bool in_place;
} apply_plan;

static void push_dim(dim_loops *loops, const tdrop_view *x, const tdrop_view *y, int d) {
    ptrdiff_t size = (ptrdiff_t)x->element_size;
    loops->size[loops->count] = x->shape[d];
    loops->x_step[loops->count] = x->stride[d] * size;
    loops->y_step[loops->count] = y->stride[d] * size;
    loops->count++;
}

static void swap_dims(dim_loops *loops, int a, int b) {
    size_t size = loops->size[a];
    ptrdiff_t x_step = loops->x_step[a], y_step = loops->y_step[a];
    loops->size[a] = loops->size[b], loops->size[b] = size;
    loops->x_step[a] = loops->x_step[b], loops->x_step[b] = x_step;
    loops->y_step[a] = loops->y_step[b], loops->y_step[b] = y_step;
}

static ptrdiff_t absolute(ptrdiff_t step) {
    return step < 0 ? -step : step;
}

/* The dims of a part in any order do the same: longest steps go to the front. */
static void sort_by_step(dim_loops *loops) {
    for (int i = 1; i < loops->count; i++)
        for (int j = i; j > 0 && absolute(loops->y_step[j - 1]) < absolute(loops->y_step[j]); j--)
            swap_dims(loops, j - 1, j);
}

/* Innermost dims that are contiguous in both views become the block; dims that continue each other
 * become one. */
static void merge_dims(apply_plan *plan) {
    dim_loops *parts = &plan->parts;
    while (parts->count > 0 && parts->x_step[parts->count - 1] == (ptrdiff_t)plan->block &&
           parts->y_step[parts->count - 1] == (ptrdiff_t)plan->block)
        plan->block *= parts->size[--parts->count];
    for (int d = parts->count - 1; d > 0; d--) {
        ptrdiff_t size = (ptrdiff_t)parts->size[d];
        if (parts->x_step[d - 1] != size * parts->x_step[d] ||
            parts->y_step[d - 1] != size * parts->y_step[d])
            continue;
        parts->size[d] *= parts->size[d - 1];
        for (int i = d - 1; i + 1 < parts->count; i++)
            swap_dims(parts, i, i + 1);
        parts->count--;
    }
}

static apply_plan make_plan(const tdrop_view *x, const tdrop_view *y,
                            const tdrop_resolved_dims *dims, bool in_place) {
    apply_plan plan = {
        .in_place = in_place, .block = x->element_size, .n = x->shape[dims->dropout]};
    for (int d = 0; d < x->dims; d++) {
        if (dims->is_batch[d] && d != dims->dropout)
            push_dim(&plan.samples, x, y, d);
        else if (d != dims->dropout && x->shape[d] > 1)
            push_dim(&plan.parts, x, y, d);
    }
    plan.x_step = x->stride[dims->dropout] * (ptrdiff_t)x->element_size;
    plan.y_step = y->stride[dims->dropout] * (ptrdiff_t)x->element_size;
    sort_by_step(&plan.parts);
    merge_dims(&plan);
    plan.gapless = plan.x_step == (ptrdiff_t)plan.block && plan.y_step == (ptrdiff_t)plan.block;
    return plan;
}

/* One part: k pieces are kept, the rest is zeroed. */
static void write_part(const apply_plan *plan, const char *x, char *y, size_t k) {
    size_t block = plan->block, n = plan->n;
    if (plan->gapless) {
        if (!plan->in_place) memcpy(y, x, k * block);
        memset(y + k * block, 0, (n - k) * block);
        return;
    }
    if (!plan->in_place)
        for (size_t j = 0; j < k; j++)
            memcpy(y + (ptrdiff_t)j * plan->y_step, x + (ptrdiff_t)j * plan->x_step, block);
    for (size_t j = k; j < n; j++)
        memset(y + (ptrdiff_t)j * plan->y_step, 0, block);
}

/* Advances an index over the loops and both pointers with it; false when it was the last. */
static bool next_index(const dim_loops *loops, size_t *index, const char **x, char **y) {
    for (int d = loops->count - 1; d >= 0; d--) {
        *x += loops->x_step[d];
        *y += loops->y_step[d];
        if (++index[d] < loops->size[d]) return true;
        *x -= (ptrdiff_t)loops->size[d] * loops->x_step[d];
        *y -= (ptrdiff_t)loops->size[d] * loops->y_step[d];
        index[d] = 0;
    }
    return false;
}

static void write_sample(const apply_plan *plan, const char *x, char *y, size_t k) {
    size_t index[TDROP_MOST_DIMS] = {0};
    do
        write_part(plan, x, y, k);
    while (next_index(&plan->parts, index, &x, &y));
}

static void write_samples(const apply_plan *plan, const char *x, char *y, const int32_t *keep,
                          int32_t same_k) {
    size_t index[TDROP_MOST_DIMS] = {0};
    do
        write_sample(plan, x, y, (size_t)(keep ? *keep++ : same_k));
    while (next_index(&plan->samples, index, &x, &y));
}

static bool keeps_fit(const int32_t *keep, int32_t same_k, size_t count, size_t n) {
    if (!keep) return same_k >= 0 && (size_t)same_k <= n;
    for (size_t i = 0; i < count; i++)
        if (keep[i] < 0 || (size_t)keep[i] > n) return false;
    return true;
}

tdrop_status tdrop_apply(const tdrop_view *x, const tdrop_view *y, const tdrop_dims *dims,
                         const int32_t *keep, int32_t same_k) {
    tdrop_resolved_dims resolved;
    bool same = false;
    tdrop_status status = tdrop_view_check(x);
    if (!status) status = tdrop_view_check(y);
    if (!status) status = tdrop_view_check_pair(x, y, &same);
    if (!status) status = tdrop_dims_resolve(x, dims, &resolved);
    if (status) return status;
    if (keep && resolved.overlap) return TDROP_ERROR_DIM_OVERLAP;
    if (!keeps_fit(keep, same_k, resolved.keep_count, x->shape[resolved.dropout]))
        return TDROP_ERROR_K;
    if (tdrop_view_elements(x) == 0) return TDROP_OK;
    const apply_plan plan = make_plan(x, y, &resolved, same);
    write_samples(&plan, x->data, y->data, keep, same_k);
    return TDROP_OK;
}
