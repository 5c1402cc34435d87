/* SPDX-License-Identifier: MIT
 * The mean squared error over the entries of a row. */
#ifndef TDROP_MODEL_LOSS_H
#define TDROP_MODEL_LOSS_H

#include "model/pass.h"
#include "taildropout.h"

/* y and target [rows, columns]. Writes each row's loss into row_loss[rows] (NULL: not wanted); with
 * `gradient`, then replaces y by the gradient of the mean loss over the rows. */
void tdrop_loss(const tdrop_pass_kernels *pass, const tdrop_parallel *parallel, size_t rows,
                size_t columns, float *y, const float *target, double *row_loss, int gradient);

/* Mean and standard error of losses, gathered in order. */
typedef struct tdrop_mean {
    size_t count;
    double mean, square; /* square: sum of squared deviations (Welford) */
} tdrop_mean;

void tdrop_mean_add(tdrop_mean *mean, size_t count, const double *values);
double tdrop_mean_se(const tdrop_mean *mean);

#endif
