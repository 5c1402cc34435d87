/* SPDX-License-Identifier: MIT
 * Rows of a table through a network: what training, validation, scree and use have in common. */
#ifndef TDROP_MODEL_RUNNER_H
#define TDROP_MODEL_RUNNER_H

#include "data/encoding.h"
#include "model/loss.h"
#include "model/net.h"

/* What a network is fed with; all of it stays the caller's and has to stay. */
typedef struct tdrop_feed {
    tdrop_task task;
    const tdrop_encoder *encoder; /* NULL when no rows are loaded */
    const float *targets;         /* [rows of the data, target columns]; NULL: the row itself */
    tdrop_loss_kind loss;
    double huber_delta; /* of HUBER */
} tdrop_feed;

typedef struct tdrop_runner {
    tdrop_net *net;
    tdrop_feed feed;
    const tdrop_loss_op *loss;
    const tdrop_parallel *parallel;
    double *buffers; /* a row on its way, for each worker; NULL: no rows are loaded */
    float *targets;  /* [max rows, target columns] of this batch, 0 for what is absent; NULL:
                      * the input edge */
    bool *absent;    /* [max rows, inputs] what has no part in the loss; NULL: all has */
    tdrop_row_result *results; /* [max rows] */
    int32_t
        *keep[TDROP_MOST_TAILS]; /* [max rows] for each tail, in one block that the first owns */
} tdrop_runner;

/* A network of the architecture, which has to stay, with the given options. Errors: ISA, MEMORY. */
tdrop_status tdrop_runner_create(tdrop_runner *runner, const tdrop_arch *arch,
                                 const tdrop_feed *feed, const tdrop_net_options *options,
                                 tdrop_error *error);
/* Makes room for the rows of another table of the same encoding, so that runner->feed may be set to
 * it and back. Errors: MEMORY. */
tdrop_status tdrop_runner_admit(tdrop_runner *runner, const tdrop_encoder *encoder);

void tdrop_runner_clear(tdrop_runner *runner);

/* Scaled rows of the data into the input edge, and their targets: rows[0..count-1], or
 * first..first+count-1 where rows is NULL. */
void tdrop_runner_load(tdrop_runner *runner, const size_t *rows, size_t first, size_t count);

/* Begins a batch of `count` rows that all keep k features at one tail, and everything at the
 * others. Errors: MEMORY. */
tdrop_status tdrop_runner_begin_at(tdrop_runner *runner, size_t count, size_t tail, size_t k);

/* Loss and metric of the batch's rows, whose outputs lie in the last edge, into runner->results;
 * with `gradient` the outputs are replaced by the gradient. */
void tdrop_runner_loss(tdrop_runner *runner, size_t count, int gradient);

/* The batch's outputs, which the last edge holds, become what is given out, still scaled. */
void tdrop_runner_finish(tdrop_runner *runner, size_t count);

#endif
