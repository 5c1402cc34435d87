/* SPDX-License-Identifier: MIT */
#include "model/loss.h"

#include "base/parallel.h"

#include <math.h>
#include <string.h>

/* ---- mean squared error over the entries of a row ---- */

static void squared_error_rows(const tdrop_pass_kernels *pass, size_t rows, size_t columns,
                               float *y, const float *target, bool gradient, double share,
                               tdrop_row_result *result) {
    float scale = (float)(2.0 * share / (double)columns);
    for (size_t i = 0; i < rows; i++, y += columns, target += columns) {
        result[i] =
            (tdrop_row_result){.loss = pass->squared_error(columns, y, target) / (double)columns};
        if (gradient) pass->squared_error_gradient(columns, scale, y, target);
    }
}

/* ---- softmax cross-entropy: log of the sum of exp(y) minus y of the right class ---- */

/* Whether the right class is the first of the most likely ones; the greatest has exp(0) = 1. */
static bool is_first_choice(const float *exponentials, size_t right) {
    if (exponentials[right] != 1.0f) return false;
    for (size_t j = 0; j < right; j++)
        if (exponentials[j] == 1.0f) return false;
    return true;
}

static void cross_entropy_gradient(const tdrop_pass_kernels *pass, size_t columns, float *y,
                                   size_t right, double sum, double share) {
    pass->scale(columns, (float)(share / sum), y);
    y[right] -= (float)share;
}

static void cross_entropy_rows(const tdrop_pass_kernels *pass, size_t rows, size_t columns,
                               float *y, const float *target, bool gradient, double share,
                               tdrop_row_result *result) {
    float right_output[TDROP_PASS_ROWS], greatest[TDROP_PASS_ROWS];
    double sum[TDROP_PASS_ROWS], log_sum[TDROP_PASS_ROWS];
    for (size_t i = 0; i < rows; i++)
        right_output[i] = y[i * columns + (size_t)target[i]];
    pass->exponentials(rows, columns, y, greatest, sum);
    memcpy(log_sum, sum, rows * sizeof *sum);
    pass->logarithms(rows, log_sum);
    for (size_t i = 0; i < rows; i++, y += columns) {
        size_t right = (size_t)target[i];
        result[i].loss = log_sum[i] + ((double)greatest[i] - (double)right_output[i]);
        result[i].metric = is_first_choice(y, right);
        if (isnan(sum[i])) result[i].loss = NAN; /* some output was */
        if (gradient) cross_entropy_gradient(pass, columns, y, right, sum[i], share);
    }
}

static const tdrop_loss_kind kinds[] = {
    [TDROP_TASK_AUTOENCODE] = {.rows = squared_error_rows},
    [TDROP_TASK_CLASSIFY] = {.metric = "accuracy",
                             .target_is_class = true,
                             .rows = cross_entropy_rows},
    [TDROP_TASK_REGRESS] = {.metric = "r2", .metric_is_r2 = true, .rows = squared_error_rows},
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
    size_t rows, columns, target_columns;
    float *y;
    const float *target;
    tdrop_row_result *result;
    bool gradient;
} loss_job;

static void loss_rows(void *arg, size_t index, unsigned worker) {
    const loss_job *job = arg;
    size_t first = index * TDROP_PASS_ROWS, left = job->rows - first;
    (void)worker;
    job->kind->rows(job->pass, left < TDROP_PASS_ROWS ? left : TDROP_PASS_ROWS, job->columns,
                    job->y + first * job->columns, job->target + first * job->target_columns,
                    job->gradient, 1.0 / (double)job->rows, job->result + first);
}

void tdrop_loss(const tdrop_loss_kind *kind, const tdrop_pass_kernels *pass,
                const tdrop_parallel *parallel, size_t rows, size_t columns, float *y,
                const float *target, tdrop_row_result *result, bool gradient) {
    loss_job job = {.kind = kind,
                    .pass = pass,
                    .rows = rows,
                    .columns = columns,
                    .target_columns = tdrop_loss_target_columns(kind, columns),
                    .y = y,
                    .target = target,
                    .result = result,
                    .gradient = gradient};
    tdrop_run_tasks(parallel, (rows + TDROP_PASS_ROWS - 1) / TDROP_PASS_ROWS, loss_rows, &job);
}

/* Mean and squares of the batch in two passes, then joined to what was there (Chan, Golub and
 * LeVeque, 1979). */
void tdrop_mean_add(tdrop_mean *mean, size_t count, const tdrop_row_result *rows) {
    double loss = 0.0, metric = 0.0, square = 0.0;
    if (count == 0) return;
    for (size_t i = 0; i < count; i++) {
        loss += rows[i].loss;
        metric += rows[i].metric;
    }
    loss /= (double)count;
    for (size_t i = 0; i < count; i++)
        square += (rows[i].loss - loss) * (rows[i].loss - loss);
    double share = (double)count / (double)(mean->count + count), beside = loss - mean->loss;
    mean->square += square + beside * beside * (double)mean->count * share;
    mean->loss += beside * share;
    mean->metric += (metric / (double)count - mean->metric) * share;
    mean->count += count;
}

double tdrop_mean_se(const tdrop_mean *mean) {
    if (mean->count < 2) return 0.0;
    return sqrt(mean->square / ((double)mean->count - 1.0) / (double)mean->count);
}
