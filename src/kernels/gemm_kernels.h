/* SPDX-License-Identifier: MIT
 *
 * What an instruction set has to provide for the products: one tile, and three small helpers.
 *
 * A tile is up to mr rows by nr columns of a product C = A B, where A is reached by one pointer a
 * row and B is a panel packed as [inner][nr]. Its accumulators stay in registers over the whole
 * inner dimension, so each element is one chain of fused multiply-adds. */
#ifndef TDROP_KERNELS_GEMM_KERNELS_H
#define TDROP_KERNELS_GEMM_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bounds over all instruction sets, for buffers. */
enum { TDROP_MOST_MR = 6, TDROP_MOST_NR = 64 };

/* A stretch of the inner index over which the pointers advance evenly. */
typedef struct tdrop_run {
    size_t count;   /* inner indices */
    size_t columns; /* leading columns of the panel that hold anything; 1..the tile's */
    const float *a[TDROP_MOST_MR]; /* row r at the first of them */
    size_t a_step;                 /* from one inner index to the next, in elements */
    const float *b;                /* panel at the first of them; its step is nr */
} tdrop_run;

typedef struct tdrop_tile {
    size_t rows;    /* 1..mr */
    size_t columns; /* 1..nr, computed for every row */
    const tdrop_run *runs;
    size_t run_count;             /* 0: the sum is empty */
    float *c[TDROP_MOST_MR];      /* row r at the tile's first column */
    bool whole;                   /* every row is written as far as nr: limit is not looked at */
    int32_t limit[TDROP_MOST_MR]; /* columns of row r that are written, 0..columns */
    bool resume;                  /* the chain goes on from what c holds, instead of zero */
    const float *bias;            /* [nr], added last; a row of zeros where there is none, so that a
                                   * sum that came to -0.0 becomes +0.0 */
    const float *gate[TDROP_MOST_MR]; /* gate[0] = NULL: none; else 0 unless gate > 0. May be c. */
    bool relu;                        /* negative results become 0, NaN stays */
} tdrop_tile;

/* Rows to be gathered into panels: for i < rows and j < width,
 *
 *   to[j / panel * panel_stride + i * panel + j % panel] =
 *       from[order[i] * stride + column + j] where column + j < keep[i], else 0.
 *
 * What lies beyond keep is not read. Up to TDROP_GATHER_SPILL floats behind the last row of each
 * panel may be overwritten. */
typedef struct tdrop_gather {
    size_t rows;
    const uint32_t *order;
    const int32_t *keep;
    const float *from;
    size_t stride, column;
    size_t width;        /* a multiple of panel */
    size_t panel;        /* mr, or a multiple of 16 */
    size_t panel_stride; /* where there is more than one */
    bool fill;           /* false: panels that lie wholly beyond keep need not be written */
    float *to;
} tdrop_gather;

/* Where a panel is no multiple of a vector, its rows are written as whole vectors one after the
 * other. */
enum { TDROP_GATHER_SPILL = 16 };

typedef struct tdrop_gemm_kernels {
    size_t mr, nr;
    size_t lanes; /* of a vector: a run costs as many vectors as its columns touch */
    void (*tile)(const tdrop_tile *tile);

    void (*gather)(const tdrop_gather *gather);

    /* sum[i] += x[i] for i < n. */
    void (*add)(size_t n, const float *x, float *sum);

    /* panel[j * nr + i] = w[i * w_stride + j] for i < rows <= nr, j < columns; zeros for
     * rows <= i < nr. */
    void (*pack_transposed)(size_t rows, size_t columns, const float *w, size_t w_stride,
                            float *panel);
} tdrop_gemm_kernels;

extern const tdrop_gemm_kernels tdrop_gemm_c;
extern const tdrop_gemm_kernels tdrop_gemm_avx2;
extern const tdrop_gemm_kernels tdrop_gemm_avx512;
extern const tdrop_gemm_kernels tdrop_gemm_neon;

#endif
