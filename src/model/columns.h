/* SPDX-License-Identifier: MIT
 * The layer behind a tail at every k in turn, for the price of one product.
 *
 * Its sums over j < k run in increasing order of j, so the sums for k are those for k - 1 with one
 * term more: between two widths one column of W is added. What a step with keep = k would give
 * comes out bit for bit. */
#ifndef TDROP_MODEL_COLUMNS_H
#define TDROP_MODEL_COLUMNS_H

#include "model/net.h"

typedef struct tdrop_columns {
    tdrop_net *net;
    const tdrop_step *consumer; /* the linear step behind the tail */
    float *weights;             /* W transposed, [inputs, outputs] */
    const float *bias;
    float *sums; /* before the bias, [max rows, outputs]; in model/across.c a block of
                  * TDROP_PASS_ROWS rows is [outputs, TDROP_PASS_ROWS] */
    size_t tail, k;
} tdrop_columns;

/* For one tail of the network, with these parameters, which have to stay. Errors: MEMORY. */
tdrop_status tdrop_columns_create(tdrop_columns *columns, tdrop_net *net, size_t tail,
                                  const float *parameters);
void tdrop_columns_clear(tdrop_columns *columns);

/* Starts a batch at k = 0; the tail's edge holds all features of its rows. Runs what lies between
 * the tail and the consumer, which no k changes. */
void tdrop_columns_start(tdrop_columns *columns, size_t tail);

/* Goes on to k, not below the last one, and writes the consumer's output edge. Returns that edge.
 */
size_t tdrop_columns_advance(tdrop_columns *columns, size_t k);

#endif
