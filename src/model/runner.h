/* SPDX-License-Identifier: MIT
 * Rows of a table through a network: what training, validation, scree and use have in common. */
#ifndef TDROP_MODEL_RUNNER_H
#define TDROP_MODEL_RUNNER_H

#include "data/scaling.h"
#include "model/loss.h"
#include "model/net.h"

typedef struct tdrop_runner {
    tdrop_net *net;
    const tdrop_scaling *scaling;
    const tdrop_data *data;
    const tdrop_parallel *parallel;
    double *buffers;  /* a row of doubles for each worker */
    double *row_loss; /* [max rows] */
    int32_t
        *keep[TDROP_MOST_TAILS]; /* [max rows] for each tail, in one block that the first owns */
} tdrop_runner;

/* A network of the architecture with the given options, fed from the data through the scaling; all
 * three stay the caller's. data may be NULL when no rows are loaded. Errors: ISA, MEMORY. */
tdrop_status tdrop_runner_create(tdrop_runner *runner, const tdrop_arch *arch,
                                 const tdrop_scaling *scaling, const tdrop_data *data,
                                 const tdrop_net_options *options, tdrop_error *error);
void tdrop_runner_clear(tdrop_runner *runner);

/* Scaled rows of the data into the input edge: rows[0..count-1], or first..first+count-1 where rows
 * is NULL. */
void tdrop_runner_load(tdrop_runner *runner, const size_t *rows, size_t first, size_t count);

/* Begins a batch of `count` rows that all keep k features at one tail, and everything at the
 * others. Errors: MEMORY. */
tdrop_status tdrop_runner_begin_at(tdrop_runner *runner, size_t count, size_t tail, size_t k);

/* Losses of the batch's rows, whose predictions lie in the last edge, into runner->row_loss; with
 * `gradient` they are replaced by the gradient. */
void tdrop_runner_loss(tdrop_runner *runner, size_t count, int gradient);

#endif
