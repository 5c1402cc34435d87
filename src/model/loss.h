/* SPDX-License-Identifier: MIT
 * The losses: one row of a table each. */
#ifndef TDROP_MODEL_LOSS_H
#define TDROP_MODEL_LOSS_H

#include "model/pass.h"
#include "taildropout_model.h"

#include <stdbool.h>

/* What is found of one row. */
typedef struct tdrop_row_result {
    double loss, metric; /* metric: of the kind's, 0 where it has none */
} tdrop_row_result;

typedef struct tdrop_loss_kind {
    const char *metric;   /* "accuracy", "r2", or NULL */
    bool metric_is_r2;    /* found from the mean loss over all rows, not row by row */
    bool target_is_class; /* one number a row, the index of the right output; otherwise as many as
                           * there are outputs */
    /* Up to TDROP_PASS_ROWS rows of `columns` outputs: the loss and metric of each. With
     * `gradient`, y is then replaced by `share` times the gradient of each row's loss. */
    void (*rows)(const tdrop_pass_kernels *pass, size_t rows, size_t columns, float *y,
                 const float *target, bool gradient, double share, tdrop_row_result *result);
} tdrop_loss_kind;

/* The loss that a task is trained with. */
const tdrop_loss_kind *tdrop_loss_of(tdrop_task task);

/* How many numbers of target a row has, for so many outputs. */
size_t tdrop_loss_target_columns(const tdrop_loss_kind *kind, size_t outputs);

/* y [rows, columns], target [rows, target columns]. Writes what is found of each row into result;
 * with `gradient`, replaces y by the gradient of the mean loss over the rows. */
void tdrop_loss(const tdrop_loss_kind *kind, const tdrop_pass_kernels *pass,
                const tdrop_parallel *parallel, size_t rows, size_t columns, float *y,
                const float *target, tdrop_row_result *result, bool gradient);

/* Mean and standard error of the loss, and mean of the metric, gathered batch after batch. */
typedef struct tdrop_mean {
    size_t count;
    double loss, square; /* square: sum of squared deviations of the loss */
    double metric;
} tdrop_mean;

void tdrop_mean_add(tdrop_mean *mean, size_t count, const tdrop_row_result *rows);
double tdrop_mean_se(const tdrop_mean *mean);

#endif
