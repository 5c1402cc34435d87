/* SPDX-License-Identifier: MIT
 * Linear layers beside a tail, and a step of training them: the three products of each. */
#ifndef TDROP_BENCH_LAYERS_H
#define TDROP_BENCH_LAYERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <taildropout.h>

/* Keeps are those of the next of so many batches in each step. */
enum { BENCH_ROUNDS = 16, BENCH_MOST_LAYERS = 2 };

typedef struct bench_layer {
    size_t rows, inputs, outputs;
    float *x, *y, *w, *bias, *dx, *dw, *db;
    int32_t *keep_in, *keep_out; /* [BENCH_ROUNDS][rows]; NULL: dense */
    tdrop_linear *linear;
    tdrop_staircase *stairs;
} bench_layer;

typedef struct bench_layers {
    size_t count, round;
    bench_layer layer[BENCH_MOST_LAYERS];
    void *workspace;
    size_t workspace_size;
    bool forward_only;
    void *rival; /* what a rival has made ready; freed by its own tear_down */
} bench_layers;

/* Which layers. */
typedef enum bench_layers_kind {
    BENCH_AFTER,      /* the layer behind a tail */
    BENCH_BOTH_SIDES, /* the layer before a tail and the layer behind it */
    BENCH_TWO_TAILS   /* one layer between two tails, which draw independently */
} bench_layers_kind;

/* Square layers of `size` at `rows` rows; p is what each tail drops on average (p = 0 leaves the
 * tails out). NULL when memory ran out. */
bench_layers *bench_layers_create(bench_layers_kind kind, size_t rows, size_t size, double p);
void bench_layers_destroy(void *layers);

/* All that a training step does for the layers: sort the rows, pack the weights, multiply. */
void bench_layers_ours(void *layers);

/* The same products by OpenBLAS, dense. */
void bench_layers_openblas(void *layers);

/* The same, and the passes over activations and their gradients that set tails to zero. */
void bench_layers_openblas_masked(void *layers);

/* Operations that are kept in a call of ours, on average over the batches. */
double bench_layers_operations(const void *layers);

#endif
