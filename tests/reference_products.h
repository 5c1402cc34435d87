/* SPDX-License-Identifier: MIT
 * The three products of a linear layer as the header of the library defines them, in plain loops:
 * what the kernels have to equal bit for bit. And once more in double, to be near to. */
#ifndef TDROP_TESTS_REFERENCE_PRODUCTS_H
#define TDROP_TESTS_REFERENCE_PRODUCTS_H

#include "taildropout.h"

/* x [rows, inputs], w [outputs, inputs], y [rows, outputs]; keeps as in the library. */
typedef struct reference_shape {
    size_t rows, inputs, outputs;
    const int32_t *keep_in, *keep_out;
} reference_shape;

/* A matrix that is read, and the distance between two of its rows. */
typedef struct reference_matrix {
    const float *at;
    size_t stride;
} reference_matrix;

/* What row i keeps of its inputs, and of its outputs. */
size_t reference_kept_in(const reference_shape *shape, size_t row);
size_t reference_kept_out(const reference_shape *shape, size_t row);

/* Multiply-adds below the staircase. */
double reference_work(const reference_shape *shape);

/* Fused multiply-adds, each element one chain. bias, gate and db may be NULL; gate has the stride
 * of dx and may be dx. `order` holds the numbers of the rows in the order they are summed in. */
void reference_forward(const reference_shape *shape, reference_matrix x, reference_matrix w,
                       const float *bias, tdrop_activation activation, float *y, size_t y_stride);
void reference_backward_input(const reference_shape *shape, reference_matrix dy, reference_matrix w,
                              const float *gate, float *dx, size_t dx_stride);
void reference_backward_weights(const reference_shape *shape, const uint32_t *order,
                                reference_matrix dy, reference_matrix x, float *dw,
                                size_t dw_stride, float *db);

/* The same sums in double, without activation or gate; results are dense, row after row. */
void reference_forward_double(const reference_shape *shape, reference_matrix x, reference_matrix w,
                              const float *bias, double *y);
void reference_backward_input_double(const reference_shape *shape, reference_matrix dy,
                                     reference_matrix w, double *dx);
void reference_backward_weights_double(const reference_shape *shape, reference_matrix dy,
                                       reference_matrix x, double *dw, double *db);

/* 64 random bits (splitmix64, Steele et al. 2014), for inputs of tests; and a number below n. */
uint64_t reference_random(uint64_t *state);
size_t reference_random_below(uint64_t *state, size_t n);

#endif
