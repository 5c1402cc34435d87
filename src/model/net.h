/* SPDX-License-Identifier: MIT
 * A planned network: an architecture with room for so many rows, ready to run forward and back.
 *
 * The plan is a row of steps. Between steps lie edges, each a matrix [rows, width]: edge s is the
 * input of step s, edge s + 1 its output. A linear layer and the relu behind it are one step where
 * the step after them is linear too, whose backward product then applies the relu's gradient. The
 * tail is no step: it makes an edge ragged, and the linear steps on both sides skip what it drops.
 *
 * On the way back the gradient of an edge replaces its values, so training needs one matrix for
 * each edge and no more. A step whose gradient is a product with some slope leaves that slope in
 * its input edge when it runs forward in training; nobody else reads that edge again. */
#ifndef TDROP_MODEL_NET_H
#define TDROP_MODEL_NET_H

#include "kernels/pass_kernels.h"
#include "model/arch.h"
#include "taildropout.h"

#include <stdbool.h>

typedef struct tdrop_step {
    const tdrop_op *op;
    const tdrop_arch_layer *layer;
    bool fused_relu; /* of a linear step */
    bool gate_input; /* backward: the relu that made the input edge is applied to its gradient */
    size_t edge;     /* input edge; the output edge is the next */
    tdrop_linear *linear;                   /* of a linear step */
    tdrop_staircase *stairs;                /* likewise */
    float *row_numbers;                     /* [max rows, op->row_numbers] */
    float *column_numbers;                  /* [op->column_numbers, width] */
    float *weight_gradient, *bias_gradient; /* within the gradient vector; NULL: it has none */
    float *statistics;                      /* likewise, one behind the other in their order */
} tdrop_step;

typedef struct tdrop_edge {
    size_t width;
    int tail; /* number of the tail that drops here; -1: none */
    float *values;
} tdrop_edge;

typedef struct tdrop_net {
    const tdrop_arch *arch;
    const tdrop_parallel *parallel;
    const tdrop_pass_kernels *pass;
    const float *parameters; /* as last set */
    bool training;           /* since the parameters were last set */
    size_t max_rows, rows;
    const int32_t *keep[TDROP_MOST_TAILS]; /* [rows] of this batch for each tail; NULL: all */
    size_t kept[TDROP_MOST_TAILS];         /* what every row keeps, where keep is NULL */
    size_t step_count;
    tdrop_step *steps;
    tdrop_edge *edges;                  /* step_count + 1 */
    size_t tail_edge[TDROP_MOST_TAILS]; /* where each tail drops */
    float *values;                      /* of all edges */
    void *workspace;
    size_t workspace_size;
    struct {
        uint64_t seed;
        uint32_t step, first;
    } place;      /* of the batch among all draws */
    double flops; /* done so far, a multiply-add counts two */
} tdrop_net;

typedef struct tdrop_net_options {
    size_t max_rows;
    tdrop_isa isa;
    const tdrop_parallel *parallel; /* kept as long as the net */
    float *gradient;                /* flat, for training; kept as long as the net */
} tdrop_net_options;

/* The architecture has to stay as long as the net. Errors: ISA, MEMORY. */
tdrop_status tdrop_net_create(tdrop_net **net, const tdrop_arch *arch,
                              const tdrop_net_options *options, tdrop_error *error);
void tdrop_net_destroy(tdrop_net *net);

/* Takes over the parameters (flat), which have to stay, after each change. For training each
 * product packs the weights that it reads; otherwise they are packed here. Errors: MEMORY. */
tdrop_status tdrop_net_set_parameters(tdrop_net *net, const float *parameters, bool training);

/* Begins a batch: keep[t] (NULL: everything) holds for tail t and has to stay until it is done;
 * `keep` itself may be NULL. Errors: MEMORY, K. */
tdrop_status tdrop_net_begin(tdrop_net *net, size_t rows, const int32_t *const *keep);

/* Where the rows of the batches to come stand, for what draws in training: of the draw, seed, step
 * and first row count. */
void tdrop_net_place(tdrop_net *net, const tdrop_draw *draw);

/* How many columns of a row of an edge hold anything. */
static inline size_t tdrop_net_kept(const tdrop_net *net, const tdrop_edge *edge, size_t row) {
    const int32_t *keep = edge->tail < 0 ? NULL : net->keep[edge->tail];
    return keep ? (size_t)keep[row] : edge->width;
}

/* Whether a step may leave its slope in its input edge: not in the first, which holds the data, who
 * need no gradient and may be the target. */
static inline bool tdrop_net_keeps_slope(const tdrop_net *net, const tdrop_step *step) {
    return net->training && step->edge > 0;
}

/* Values of an edge, [rows, width]: to be filled in (edge 0) or read. */
float *tdrop_net_edge(const tdrop_net *net, size_t edge);

/* Runs the steps between two edges. */
void tdrop_net_forward(tdrop_net *net, size_t from_edge, size_t to_edge);

/* From the gradient in the last edge to all gradients of parameters. Overwrites every edge but the
 * first. */
void tdrop_net_backward(tdrop_net *net);

#endif
