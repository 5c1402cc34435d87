/* SPDX-License-Identifier: MIT */
#include "model/width_weights.h"

#include "base/memory.h"
#include "base/parallel.h"

#include <math.h>

/* How many rows a running loss follows; before there are so many it is their mean. */
static const float most_rows = 200.0f;

/* A width whose loss is nothing beside the largest must not outweigh all others. */
static const double least_share = 1e-6;

tdrop_status tdrop_width_weights_create(tdrop_width_weights *weights, size_t n, double power,
                                        size_t max_rows) {
    tdrop_width_weights made = {.widths = n + 1, .power = power};
    if (power > 0.0) {
        made.loss = tdrop_alloc_zero(n + 1, 2 * sizeof *made.loss);
        made.weight = tdrop_alloc(max_rows, sizeof *made.weight);
        made.rows = made.loss ? made.loss + n + 1 : NULL;
        if (!made.loss || !made.weight) {
            tdrop_width_weights_clear(&made);
            return TDROP_ERROR_MEMORY;
        }
    }
    *weights = made;
    return TDROP_OK;
}

void tdrop_width_weights_clear(tdrop_width_weights *weights) {
    tdrop_free(weights->loss);
    tdrop_free(weights->weight);
    *weights = (tdrop_width_weights){0};
}

/* x^power, power >= 0, by square roots, one for each binary digit: libm's pow may differ from
 * processor to processor, sqrt may not. */
static double power_of(double x, double power) {
    enum { DIGITS = 24 };
    double result = 1.0;
    for (; power >= 1.0; power -= 1.0)
        result *= x;
    for (int i = 0; i < DIGITS && power > 0.0; i++) {
        x = sqrt(x);
        power *= 2.0;
        if (power < 1.0) continue;
        result *= x;
        power -= 1.0;
    }
    return result;
}

static void note_losses(tdrop_width_weights *w, size_t count, const int32_t *keep,
                        const tdrop_row_result *results) {
    for (size_t i = 0; i < count; i++) {
        const size_t k = (size_t)keep[i];
        if (w->rows[k] < most_rows) w->rows[k] += 1.0f;
        w->loss[k] += ((float)results[i].loss - w->loss[k]) / w->rows[k];
    }
}

static float largest_loss(const tdrop_width_weights *w) {
    float largest = 0.0f;
    for (size_t k = 0; k < w->widths; k++)
        if (w->loss[k] > largest) largest = w->loss[k];
    return largest;
}

void tdrop_width_weights_find(tdrop_width_weights *weights, size_t count, const int32_t *keep,
                              const tdrop_row_result *results) {
    note_losses(weights, count, keep, results);
    const float largest = largest_loss(weights);
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        double share = largest > 0.0f ? (double)weights->loss[keep[i]] / (double)largest : 1.0;
        if (share < least_share) share = least_share;
        weights->weight[i] = (float)(1.0 / power_of(share, weights->power));
        sum += weights->weight[i];
    }
    const float scale = (float)((double)count / sum);
    for (size_t i = 0; i < count; i++)
        weights->weight[i] *= scale;
}

typedef struct apply_job {
    const tdrop_pass_kernels *pass;
    const float *weight;
    size_t columns;
    float *gradient;
} apply_job;

static void apply_row(void *arg, size_t row, unsigned worker) {
    const apply_job *job = arg;
    (void)worker;
    job->pass->scale(job->columns, job->weight[row], job->gradient + row * job->columns);
}

void tdrop_width_weights_apply(const tdrop_width_weights *weights, const tdrop_pass_kernels *pass,
                               const tdrop_parallel *parallel, size_t count, size_t columns,
                               float *gradient) {
    apply_job job = {pass, weights->weight, columns, gradient};
    tdrop_run_tasks(parallel, count, apply_row, &job);
}
