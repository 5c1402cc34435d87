/* SPDX-License-Identifier: MIT
 * A linear layer made ready for its kernels. */
#ifndef TDROP_GEMM_LINEAR_H
#define TDROP_GEMM_LINEAR_H

#include "gemm/panels.h"
#include "gemm/staircase.h"
#include "taildropout.h"

struct tdrop_linear {
    size_t inputs, outputs;
    const tdrop_gemm_kernels *kernels;
    bool relu;
    unsigned packed; /* TDROP_PACK_FORWARD, TDROP_PACK_BACKWARD: products that can run */
    size_t packed_inputs, packed_outputs; /* up to which they can */
    const float *w; /* the caller's, where products pack what they use; else NULL */
    size_t w_stride;
    float *forward;  /* panels of outputs: [packed_outputs/nr rounded up][packed_inputs][nr] */
    float *backward; /* panels of inputs: [packed_inputs/nr rounded up][packed_outputs][nr] */
    float *bias;     /* [outputs rounded up to nr], zeros behind the last */
};

/* One call of forward or backward_input: C = A B with the rows of A gathered through a staircase.
 *
 *   c[i, j] = finish(sum over l < inner[i] of a[i, l] b[l, j]),  j < limit[i]
 */
typedef struct tdrop_rows_product {
    size_t rows;
    const uint32_t *order; /* [rows] row at each place */
    const int32_t *inner;  /* [rows] of the row at each place: terms of its sums */
    const int32_t *limit;  /* [rows] likewise: columns that are written */
    const float *a;
    size_t a_stride;
    tdrop_panels b;
    const float *packed; /* all panels of b; NULL: each task packs those that it uses */
    const float *bias;   /* [columns rounded up to nr]; NULL for zeros */
    const float *gate;   /* stride c_stride; NULL for none */
    bool relu;
    float *c;
    size_t c_stride;
    float *workspace;
    size_t worker_floats; /* of it for each worker: tdrop_rows_product_floats() or more */
} tdrop_rows_product;

/* Floats of workspace for each worker, where no sum has more than `inner` terms. */
size_t tdrop_rows_product_floats(const tdrop_gemm_kernels *kernels, size_t inner);

void tdrop_rows_product_run(const tdrop_rows_product *product, const tdrop_parallel *parallel);

/* One call of backward_weights; see there. */
typedef struct tdrop_weights_product {
    const tdrop_gemm_kernels *kernels;
    const tdrop_staircase *stairs;
    const float *dy;
    size_t dy_stride;
    const float *x;
    size_t x_stride;
    float *dw;
    size_t dw_stride;
    float *db;        /* NULL: not wanted */
    float *workspace; /* tdrop_weights_product_floats() for each worker */
} tdrop_weights_product;

/* Floats of workspace for each worker. */
size_t tdrop_weights_product_floats(const tdrop_gemm_kernels *kernels, size_t rows, size_t inputs,
                                    size_t outputs);

void tdrop_weights_product_run(const tdrop_weights_product *product,
                               const tdrop_parallel *parallel);

#endif
