/* SPDX-License-Identifier: MIT
 * The body of gemm_<isa>.c, which first says what a vector is:
 *
 *     VECTORS, LANES                 a tile's vectors a row, and floats in each
 *     vec                            the type of a vector
 *     vec_zero(), vec_all(x)         every lane 0, every lane x
 *     vec_load(p), vec_store(p, v)   all lanes, any alignment
 *     vec_load_first(p, n)           the first n lanes, zeros behind; nothing else is read
 *     vec_store_first(p, n, v)       the first n lanes; nothing else is written. 0 <= n <= LANES
 *     vec_add(a, b), vec_fma(a, b, c)    a + b, and a b + c rounded once
 *     vec_relu(v)                    0 where v < 0, else v, NaN included
 *     vec_gate(gate, v)              v where gate > 0, else 0
 *
 * TDROP_FOUR_VECTORS, 1 where VECTORS is 4 and 0 where it is 2,
 * and the names of its table: TDROP_GEMM_KERNELS, and TDROP_PACK_TRANSPOSED for the function that
 * packs. The tile is MR rows by VECTORS vectors: MR * VECTORS accumulators, VECTORS vectors of B
 * and one of A have to fit the registers. */
#include "kernels/gemm_kernels.h"

enum { MR = 6, NR = VECTORS * LANES };

/* Rows that lie far apart are asked for so many rows ahead, a cache line at a time. */
enum { GATHER_AHEAD = 6, LINE = 16 };

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 8")

INLINE int32_t clamp_lanes(int32_t n) {
    return n < 0 ? 0 : n > LANES ? LANES : n;
}

/* Adds the products of one run to the accumulators. */
INLINE void run_chain(const tdrop_run *run, vec acc[MR][VECTORS], const int rows,
                      const int vectors) {
    const float *a[MR];
    UNROLL for (int r = 0; r < rows; r++) a[r] = run->a[r];
    const float *b = run->b;
    const size_t step = run->a_step, end = run->count * step;
    for (size_t i = 0; i < end; i += step, b += NR) {
        vec column[VECTORS];
        UNROLL for (int v = 0; v < vectors; v++) column[v] = vec_load(b + v * LANES);
        UNROLL for (int r = 0; r < rows; r++) {
            const vec left = vec_all(a[r][i]);
            UNROLL for (int v = 0; v < vectors; v++) acc[r][v] =
                vec_fma(left, column[v], acc[r][v]);
        }
    }
}

/* The run's columns may be fewer than the tile's: then the vectors behind them are left alone. */
INLINE void run_columns(const tdrop_run *run, vec acc[MR][VECTORS], const int rows,
                        const int vectors) {
    const size_t last = (run->columns - 1) / LANES;
#if TDROP_FOUR_VECTORS
    if (vectors >= 4 && last == 3)
        run_chain(run, acc, rows, 4);
    else if (vectors >= 3 && last == 2)
        run_chain(run, acc, rows, 3);
    else
#endif
        if (vectors >= 2 && last == 1)
        run_chain(run, acc, rows, 2);
    else
        run_chain(run, acc, rows, 1);
}

INLINE vec load_lanes(const float *p, int32_t lanes) {
    return lanes == LANES ? vec_load(p) : vec_load_first(p, lanes);
}

INLINE void store_lanes(float *p, int32_t lanes, vec v) {
    if (lanes == LANES)
        vec_store(p, v);
    else
        vec_store_first(p, lanes, v);
}

/* How much of a vector is read and written; a constant where `whole` is true at compile time. */
INLINE int32_t lanes_of(const tdrop_tile *tile, int r, int v, const bool whole) {
    return whole ? LANES : clamp_lanes(tile->limit[r] - v * LANES);
}

/* What is done to a finished sum, and its way to memory. */
INLINE void finish(const tdrop_tile *tile, int r, int v, int32_t lanes, vec sum) {
    sum = vec_add(sum, vec_load(tile->bias + v * LANES));
    if (tile->gate[0]) sum = vec_gate(load_lanes(tile->gate[r] + v * LANES, lanes), sum);
    if (tile->relu) sum = vec_relu(sum);
    store_lanes(tile->c[r] + v * LANES, lanes, sum);
}

INLINE void finish_all(const tdrop_tile *tile, vec acc[MR][VECTORS], const int rows,
                       const int vectors, const bool whole) {
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++)
        finish(tile, r, v, lanes_of(tile, r, v, whole), acc[r][v]);
}

/* Lines of C are fetched before a part of them is written; here that goes on beside the sums. */
INLINE void ask_for_targets(const tdrop_tile *tile, const int rows, const int vectors) {
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++)
        __builtin_prefetch(tile->c[r] + v * LANES, 1);
}

INLINE void tile_of(const tdrop_tile *tile, const int rows, const int vectors) {
    vec acc[MR][VECTORS];
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++) acc[r][v] =
        vec_zero();
    if (!tile->resume) ask_for_targets(tile, rows, vectors);
    if (tile->resume)
        UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++) acc[r][v] =
            load_lanes(tile->c[r] + v * LANES, lanes_of(tile, r, v, tile->whole));
    for (size_t i = 0; i < tile->run_count; i++)
        run_columns(&tile->runs[i], acc, rows, vectors);
    if (tile->whole)
        finish_all(tile, acc, rows, vectors, true);
    else
        finish_all(tile, acc, rows, vectors, false);
}

/* A function for each shape, so that every loop above is unrolled with known bounds. */
#define SHAPE(rows, vectors)                                                                       \
    static void tile_##rows##x##vectors(const tdrop_tile *tile) {                                  \
        tile_of(tile, rows, vectors);                                                              \
    }
#if TDROP_FOUR_VECTORS
#define SHAPES(rows) SHAPE(rows, 1) SHAPE(rows, 2) SHAPE(rows, 3) SHAPE(rows, 4)
#define NAMES(rows)                                                                                \
    { tile_##rows##x1, tile_##rows##x2, tile_##rows##x3, tile_##rows##x4 }
#else
#define SHAPES(rows) SHAPE(rows, 1) SHAPE(rows, 2)
#define NAMES(rows)                                                                                \
    { tile_##rows##x1, tile_##rows##x2 }
#endif
SHAPES(1)
SHAPES(2)
SHAPES(3)
SHAPES(4)
SHAPES(5)
SHAPES(6)

static void (*const shapes[MR][VECTORS])(const tdrop_tile *) = {NAMES(1), NAMES(2), NAMES(3),
                                                                NAMES(4), NAMES(5), NAMES(6)};

static void tile(const tdrop_tile *tile) {
    shapes[tile->rows - 1][(tile->columns - 1) / LANES](tile);
}

/* One row of a panel; where the panel ends within a vector, the next row overwrites what spills. */
INLINE void gather_row(const float *row, int32_t kept, float *to, const size_t panel) {
    UNROLL for (size_t j = 0; j < panel; j += LANES)
        vec_store(to + j, load_lanes(row + j, clamp_lanes(kept - (int32_t)j)));
}

INLINE void gather_panels(const tdrop_gather *g, const size_t panel) {
    for (size_t i = 0; i < g->rows; i++) {
        const float *row = g->from + g->order[i] * g->stride + g->column;
        const size_t ahead = i + GATHER_AHEAD < g->rows ? i + GATHER_AHEAD : i;
        const float *next = g->from + g->order[ahead] * g->stride + g->column;
        const int32_t kept = g->keep[i] - (int32_t)g->column;
        const size_t end = g->fill || kept >= (int32_t)g->width ? g->width
                           : kept < 0                           ? 0
                                                                : (size_t)kept;
        float *to = g->to + i * panel;
        for (size_t j = 0; j < end; j += LINE)
            __builtin_prefetch(next + j);
        for (size_t j = 0; j < end; j += panel, to += g->panel_stride)
            gather_row(row + j, kept - (int32_t)j, to, panel);
    }
}

static void gather(const tdrop_gather *g) {
    if (g->panel == MR)
        gather_panels(g, MR);
    else if (g->panel == NR)
        gather_panels(g, NR);
    else
        gather_panels(g, g->panel);
}

static void add(size_t n, const float *x, float *sum) {
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        vec_store(sum + i, vec_add(vec_load(sum + i), vec_load(x + i)));
    for (; i < n; i++)
        sum[i] += x[i];
}

static void pack_transposed(size_t rows, size_t columns, const float *w, size_t w_stride,
                            float *panel) {
    TDROP_PACK_TRANSPOSED(rows, columns, w, w_stride, panel, NR);
}

const tdrop_gemm_kernels TDROP_GEMM_KERNELS = {
    .mr = MR,
    .nr = NR,
    .lanes = LANES,
    .tile = tile,
    .gather = gather,
    .add = add,
    .pack_transposed = pack_transposed,
};
