/* SPDX-License-Identifier: MIT
 * The tile in plain C: what the other instruction sets have to equal, bit for bit. */
#include "kernels/gemm_kernels.h"

#include <math.h>

enum { MR = 4, NR = 16 };

static float tile_element(const tdrop_tile *tile, size_t r, size_t column) {
    float sum = tile->resume ? tile->c[r][column] : 0.0f;
    for (size_t i = 0; i < tile->run_count; i++) {
        const tdrop_run *run = &tile->runs[i];
        for (size_t k = 0; column < run->columns && k < run->count; k++)
            sum = fmaf(run->a[r][k * run->a_step], run->b[k * NR + column], sum);
    }
    sum += tile->bias[column];
    if (tile->gate[0] && !(tile->gate[r][column] > 0.0f)) sum = 0.0f;
    return tile->relu && sum < 0.0f ? 0.0f : sum;
}

static void tile_c(const tdrop_tile *tile) {
    for (size_t r = 0; r < tile->rows; r++) {
        const size_t limit = tile->whole ? NR : (size_t)tile->limit[r];
        for (size_t column = 0; column < limit; column++)
            tile->c[r][column] = tile_element(tile, r, column);
    }
}

static void gather_c(const tdrop_gather *g) {
    for (size_t i = 0; i < g->rows; i++) {
        const float *row = g->from + g->order[i] * g->stride;
        for (size_t j = 0; j < g->width; j++) {
            const size_t panel = j / g->panel, column = g->column + j;
            g->to[panel * g->panel_stride + i * g->panel + j % g->panel] =
                column < (size_t)g->keep[i] ? row[column] : 0.0f;
        }
    }
}

static void add_c(size_t n, const float *x, float *sum) {
    for (size_t i = 0; i < n; i++)
        sum[i] += x[i];
}

static void pack_transposed_c(size_t rows, size_t columns, const float *w, size_t w_stride,
                              float *panel) {
    for (size_t j = 0; j < columns; j++)
        for (size_t i = 0; i < NR; i++)
            panel[j * NR + i] = i < rows ? w[i * w_stride + j] : 0.0f;
}

const tdrop_gemm_kernels tdrop_gemm_c = {
    .mr = MR,
    .nr = NR,
    .lanes = NR,
    .tile = tile_c,
    .gather = gather_c,
    .add = add_c,
    .pack_transposed = pack_transposed_c,
};
