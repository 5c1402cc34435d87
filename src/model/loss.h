/* SPDX-License-Identifier: MIT
 * The losses: one row of a table each. */
#ifndef TDROP_MODEL_LOSS_H
#define TDROP_MODEL_LOSS_H

#include "kernels/pass_kernels.h"
#include "taildropout_model.h"

#include <stdbool.h>

/* What is found of one row. */
typedef struct tdrop_row_result {
    double loss, metric; /* metric: accuracy, 0 where there is none */
} tdrop_row_result;

typedef struct tdrop_loss_op {
    unsigned tasks;         /* bit t: it fits task t */
    bool target_is_class;   /* one number a row, the index of the right output; otherwise as many as
                             * there are outputs */
    bool target_is_share;   /* of [0, 1] */
    bool mean_over_columns; /* of a row, so that it can be one over those that are there */
    float absent;           /* an output whose target is 0 that has no part in loss and gradient */
    /* Up to TDROP_PASS_ROWS rows of `columns` outputs: the loss and metric of each. With
     * `gradient`, y is then replaced by `share` times the gradient of each row's loss. */
    void (*rows)(const tdrop_pass_kernels *pass, double delta, size_t rows, size_t columns,
                 float *y, const float *target, bool gradient, double share,
                 tdrop_row_result *result);
    /* The same without gradient, from TDROP_PASS_ROWS rows side by side (kernels/pass_kernels.h),
     * of up to TDROP_PASS_COLUMNS outputs, which are overwritten; `rows` of them count. The same
     * bits come out. NULL: there is none. */
    void (*across)(const tdrop_pass_kernels *pass, size_t rows, size_t columns, float *y,
                   const float *target, tdrop_row_result *result);
    /* What is given out for outputs takes their place; NULL: they themselves are. */
    void (*finish)(const tdrop_pass_kernels *pass, size_t rows, size_t columns, float *y);
    /* The loss of one row, plainly in double. */
    double (*reference)(double delta, size_t columns, const double *y, const float *target);
} tdrop_loss_op;

/* AUTO becomes the loss that a task is trained with. */
tdrop_loss_kind tdrop_loss_resolve(tdrop_loss_kind kind, tdrop_task task);

const tdrop_loss_op *tdrop_loss_of(tdrop_loss_kind kind); /* not AUTO */

bool tdrop_loss_fits(tdrop_loss_kind kind, tdrop_task task);

/* Whether what is compared may be scaled so; not AUTO. */
bool tdrop_loss_takes_scale(tdrop_loss_kind kind, tdrop_scale scale);

/* How many numbers of target a row has, for so many outputs. */
size_t tdrop_loss_target_columns(const tdrop_loss_op *op, size_t outputs);

/* y [rows, columns], target [rows, target columns]. Writes what is found of each row into result;
 * with `gradient`, replaces y by the gradient of the mean loss over the rows. `delta` is HUBER's.
 */
void tdrop_loss(const tdrop_loss_op *op, double delta, const tdrop_pass_kernels *pass,
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
