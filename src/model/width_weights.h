/* SPDX-License-Identifier: MIT
 * How much each row of a step counts, by its width k.
 *
 * The loss of a row that keeps little is many times that of a row that keeps all, so narrow widths
 * own the gradient. Here a row's loss is divided by the running loss at its k, to some power: with
 * power 1 what is minimised is the mean over k of the logarithm of the loss, that is of ratios, and
 * every width has the same say. */
#ifndef TDROP_MODEL_WIDTH_WEIGHTS_H
#define TDROP_MODEL_WIDTH_WEIGHTS_H

#include "model/loss.h"

typedef struct tdrop_width_weights {
    size_t widths; /* n + 1 */
    double power;  /* 0: all rows count alike, and nothing below is there */
    float *loss;   /* [widths] running loss at each k */
    float *rows;   /* [widths] that it follows, in the same block */
    float *weight; /* [max rows] of the step's rows */
} tdrop_width_weights;

/* For k = 0..n and up to max_rows rows a step. Errors: MEMORY. */
tdrop_status tdrop_width_weights_create(tdrop_width_weights *weights, size_t n, double power,
                                        size_t max_rows);
void tdrop_width_weights_clear(tdrop_width_weights *weights);

/* Takes in the losses of a step's rows and finds their weights, whose mean is 1:
 * weights->weight[count]. keep[i] is the k of row i. */
void tdrop_width_weights_find(tdrop_width_weights *weights, size_t count, const int32_t *keep,
                              const tdrop_row_result *results);

/* Multiplies each row of gradient[count, columns] with its weight. */
void tdrop_width_weights_apply(const tdrop_width_weights *weights, const tdrop_pass_kernels *pass,
                               const tdrop_parallel *parallel, size_t count, size_t columns,
                               float *gradient);

#endif
