/* SPDX-License-Identifier: MIT */
#include "model/loss.h"

#include "base/parallel.h"

#include <math.h>

typedef struct loss_job {
    const tdrop_pass_kernels *pass;
    size_t columns;
    float *y;
    const float *target;
    double *row_loss;
    int gradient;
    float scale; /* of the gradient */
} loss_job;

static void loss_row(void *arg, size_t row, unsigned worker) {
    const loss_job *job = arg;
    float *y = job->y + row * job->columns;
    const float *target = job->target + row * job->columns;
    (void)worker;
    if (job->row_loss)
        job->row_loss[row] =
            job->pass->squared_error(job->columns, y, target) / (double)job->columns;
    if (job->gradient) job->pass->squared_error_gradient(job->columns, job->scale, y, target);
}

void tdrop_loss(const tdrop_pass_kernels *pass, const tdrop_parallel *parallel, size_t rows,
                size_t columns, float *y, const float *target, double *row_loss, int gradient) {
    loss_job job = {.pass = pass,
                    .columns = columns,
                    .y = y,
                    .target = target,
                    .row_loss = row_loss,
                    .gradient = gradient,
                    .scale = (float)(2.0 / ((double)rows * (double)columns))};
    tdrop_run_tasks(parallel, rows, loss_row, &job);
}

void tdrop_mean_add(tdrop_mean *mean, size_t count, const double *values) {
    for (size_t i = 0; i < count; i++) {
        double before = values[i] - mean->mean;
        mean->mean += before / (double)++mean->count;
        mean->square += before * (values[i] - mean->mean);
    }
}

double tdrop_mean_se(const tdrop_mean *mean) {
    if (mean->count < 2) return 0.0;
    return sqrt(mean->square / ((double)mean->count - 1.0) / (double)mean->count);
}
