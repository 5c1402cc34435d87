/* SPDX-License-Identifier: MIT
 *
 * y = x with the tails zeroed: the one place where a tail is written.
 *
 * A view is cut into samples (one for each index over the batch dims), a sample into parts (one for
 * each index over the dims that could not be merged), and a part is n pieces along the dropout dim,
 * each a contiguous block. Where the pieces follow each other without a gap, the tail of a part is
 * one stretch of memory: for [N, C, H, W] with batch dim 0 and dropout dim 1 that makes one stretch
 * a sample. */
#include "base/parallel.h"
#include "tail/tail_dispatch.h"
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
    const tdrop_tail_kernels *kernels;
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

/* Dims that continue each other become one. */
static void merge_neighbours(dim_loops *loops) {
    for (int d = loops->count - 1; d > 0; d--) {
        ptrdiff_t size = (ptrdiff_t)loops->size[d];
        if (loops->x_step[d - 1] != size * loops->x_step[d] ||
            loops->y_step[d - 1] != size * loops->y_step[d])
            continue;
        loops->size[d] *= loops->size[d - 1];
        for (int i = d - 1; i + 1 < loops->count; i++)
            swap_dims(loops, i, i + 1);
        loops->count--;
    }
}

/* Innermost dims that are contiguous in both views become the block. */
static void merge_into_block(apply_plan *plan) {
    dim_loops *parts = &plan->parts;
    while (parts->count > 0 && parts->x_step[parts->count - 1] == (ptrdiff_t)plan->block &&
           parts->y_step[parts->count - 1] == (ptrdiff_t)plan->block)
        plan->block *= parts->size[--parts->count];
}

static apply_plan make_plan(const tdrop_view *x, const tdrop_view *y,
                            const tdrop_resolved_dims *dims, bool in_place) {
    apply_plan plan = {.in_place = in_place,
                       .block = x->element_size,
                       .n = x->shape[dims->dropout],
                       .kernels = tdrop_tail_kernels_best()};
    for (int d = 0; d < x->dims; d++) {
        if (dims->is_batch[d] && d != dims->dropout)
            push_dim(&plan.samples, x, y, d);
        else if (d != dims->dropout && x->shape[d] > 1)
            push_dim(&plan.parts, x, y, d);
    }
    plan.x_step = x->stride[dims->dropout] * (ptrdiff_t)x->element_size;
    plan.y_step = y->stride[dims->dropout] * (ptrdiff_t)x->element_size;
    sort_by_step(&plan.parts);
    merge_into_block(&plan);
    merge_neighbours(&plan.parts);
    merge_neighbours(&plan.samples);
    plan.gapless = plan.x_step == (ptrdiff_t)plan.block && plan.y_step == (ptrdiff_t)plan.block;
    return plan;
}

/* One part: k pieces are kept, the rest is zeroed. */
static void write_part(const apply_plan *plan, const char *x, char *y, size_t k) {
    size_t block = plan->block, n = plan->n;
    if (plan->gapless) {
        if (plan->in_place)
            memset(y + k * block, 0, (n - k) * block);
        else
            plan->kernels->copy_head(x, y, k * block, n * block);
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

/* What the threads of a call share. */
typedef struct apply_job {
    const apply_plan *plan;
    const char *x;
    char *y;
    const int32_t *keep; /* of each sample; NULL: same_k */
    int32_t same_k;
    size_t samples, tasks;
} apply_job;

static size_t k_of_sample(const apply_job *job, size_t sample) {
    return (size_t)(job->keep ? job->keep[sample] : job->same_k);
}

/* Samples next to each other along the innermost batch dim. Where a sample is one short row, all
 * that is done beside writing it counts. */
static void write_run(const apply_job *job, size_t sample, size_t count, const char *x, char *y) {
    const dim_loops *samples = &job->plan->samples;
    const int inner = samples->count - 1;
    const ptrdiff_t x_step = inner < 0 ? 0 : samples->x_step[inner],
                    y_step = inner < 0 ? 0 : samples->y_step[inner];
    const bool one_part = job->plan->parts.count == 0;
    if (one_part && job->keep && job->plan->gapless && job->plan->in_place) {
        job->plan->kernels->clear_tails(y, y_step, count, job->keep + sample, job->plan->block,
                                        job->plan->block * job->plan->n);
        return;
    }
    for (size_t i = 0; i < count; i++, x += x_step, y += y_step) {
        if (one_part)
            write_part(job->plan, x, y, k_of_sample(job, sample + i));
        else
            write_sample(job->plan, x, y, k_of_sample(job, sample + i));
    }
}

/* The samples from `first` up to `end`, in the order of their keeps. */
static void write_samples(const apply_job *job, size_t first, size_t end) {
    const dim_loops *samples = &job->plan->samples;
    const size_t inner = samples->count ? samples->size[samples->count - 1] : 1;
    for (size_t next; first < end; first = next) {
        const char *x = job->x;
        char *y = job->y;
        size_t rest = first;
        for (int d = samples->count - 1; d >= 0; d--) {
            const ptrdiff_t index = (ptrdiff_t)(rest % samples->size[d]);
            rest /= samples->size[d];
            x += index * samples->x_step[d];
            y += index * samples->y_step[d];
        }
        next = first - first % inner + inner;
        if (next > end) next = end;
        write_run(job, first, next - first, x, y);
    }
}

static void write_task(void *arg, size_t task, unsigned worker) {
    const apply_job *job = arg;
    (void)worker;
    write_samples(job, job->samples * task / job->tasks, job->samples * (task + 1) / job->tasks);
}

/* A task has about so many bytes of the view: enough to be worth waking a thread. */
enum { BYTES_OF_TASK = 128 * 1024, MOST_TASKS = 4096 };

static size_t count_tasks(const tdrop_parallel *parallel, size_t bytes, size_t samples) {
    size_t tasks = bytes / BYTES_OF_TASK;
    if (tasks > MOST_TASKS) tasks = MOST_TASKS;
    if (tasks > samples) tasks = samples;
    return tasks > 1 && tdrop_workers(parallel) > 1 ? tasks : 1;
}

/* One comparison finds both ends: as unsigned numbers, those below 0 are far above n. */
static bool keeps_fit(const int32_t *keep, int32_t same_k, size_t count, size_t n) {
    uint32_t most = keep ? 0 : (uint32_t)same_k;
    for (size_t i = 0; keep && i < count; i++)
        most = (uint32_t)keep[i] > most ? (uint32_t)keep[i] : most;
    return most <= n && most <= INT32_MAX;
}

/* How many samples the plan has: without batch dims among the loops it is one, however many keeps
 * there would have been (the dropout dim may be a batch dim when nothing is drawn). */
static size_t count_samples(const dim_loops *samples) {
    size_t count = 1;
    for (int d = 0; d < samples->count; d++)
        count *= samples->size[d];
    return count;
}

tdrop_status tdrop_apply(const tdrop_view *x, const tdrop_view *y, const tdrop_dims *dims,
                         const int32_t *keep, int32_t same_k, const tdrop_parallel *parallel) {
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
    const size_t elements = tdrop_view_elements(x);
    if (elements == 0) return TDROP_OK;
    const apply_plan plan = make_plan(x, y, &resolved, same);
    apply_job job = {.plan = &plan, .x = x->data, .y = y->data, .keep = keep, .same_k = same_k};
    job.samples = count_samples(&plan.samples);
    job.tasks = count_tasks(parallel, elements * x->element_size, job.samples);
    tdrop_run_tasks(parallel, job.tasks, write_task, &job);
    return TDROP_OK;
}
