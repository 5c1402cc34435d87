/* SPDX-License-Identifier: MIT */
#include "model/loss.h"

#include "base/elementary.h"
#include "base/parallel.h"

#include <math.h>

/* ---- mean squared error over the entries of a row ---- */

static tdrop_row_result squared_error_row(const tdrop_pass_kernels *pass, size_t columns, float *y,
                                          const float *target, bool gradient, double share) {
    tdrop_row_result result = {.loss = pass->squared_error(columns, y, target) / (double)columns};
    if (gradient)
        pass->squared_error_gradient(columns, (float)(2.0 * share / (double)columns), y, target);
    return result;
}

/* ---- softmax cross-entropy: log of the sum of exp(y) minus y of the right class ---- */

static size_t first_greatest(size_t columns, const float *y) {
    size_t best = 0;
    for (size_t j = 1; j < columns; j++)
        if (y[j] > y[best]) best = j;
    return best;
}

static tdrop_row_result cross_entropy_row(const tdrop_pass_kernels *pass, size_t columns, float *y,
                                          const float *target, bool gradient, double share) {
    size_t right = (size_t)*target, best = first_greatest(columns, y);
    double below_best = (double)y[best] - (double)y[right];
    double sum = pass->exponentials(columns, y);
    tdrop_row_result result = {.loss = tdrop_log(sum) + below_best, .metric = best == right};
    if (isnan(sum)) result.loss = NAN; /* some output was */
    if (gradient) {
        pass->scale(columns, (float)(share / sum), y);
        y[right] -= (float)share;
    }
    return result;
}

static const tdrop_loss_kind kinds[] = {
    [TDROP_TASK_AUTOENCODE] = {.row = squared_error_row},
    [TDROP_TASK_CLASSIFY] = {.metric = "accuracy",
                             .target_is_class = true,
                             .row = cross_entropy_row},
};

const tdrop_loss_kind *tdrop_loss_of(tdrop_task task) {
    return &kinds[task];
}

size_t tdrop_loss_target_columns(const tdrop_loss_kind *kind, size_t outputs) {
    return kind->target_is_class ? 1 : outputs;
}

typedef struct loss_job {
    const tdrop_loss_kind *kind;
    const tdrop_pass_kernels *pass;
    size_t columns, target_columns;
    float *y;
    const float *target;
    tdrop_row_result *result;
    bool gradient;
    double share; /* of a row in the mean */
} loss_job;

static void loss_row(void *arg, size_t row, unsigned worker) {
    const loss_job *job = arg;
    (void)worker;
    job->result[row] =
        job->kind->row(job->pass, job->columns, job->y + row * job->columns,
                       job->target + row * job->target_columns, job->gradient, job->share);
}

void tdrop_loss(const tdrop_loss_kind *kind, const tdrop_pass_kernels *pass,
                const tdrop_parallel *parallel, size_t rows, size_t columns, float *y,
                const float *target, tdrop_row_result *result, bool gradient) {
    loss_job job = {.kind = kind,
                    .pass = pass,
                    .columns = columns,
                    .target_columns = tdrop_loss_target_columns(kind, columns),
                    .y = y,
                    .target = target,
                    .result = result,
                    .gradient = gradient,
                    .share = 1.0 / (double)rows};
    tdrop_run_tasks(parallel, rows, loss_row, &job);
}

void tdrop_mean_add(tdrop_mean *mean, size_t count, const tdrop_row_result *rows) {
    for (size_t i = 0; i < count; i++) {
        double before = rows[i].loss - mean->loss;
        mean->count++;
        mean->loss += before / (double)mean->count;
        mean->square += before * (rows[i].loss - mean->loss);
        mean->metric += (rows[i].metric - mean->metric) / (double)mean->count;
    }
}

double tdrop_mean_se(const tdrop_mean *mean) {
    if (mean->count < 2) return 0.0;
    return sqrt(mean->square / ((double)mean->count - 1.0) / (double)mean->count);
}
