/* SPDX-License-Identifier: MIT
 * AVX2 tile: 6 rows by 2 vectors of 8 columns, 12 accumulators of the 16 registers. */
#include "kernels/gemm_kernels.h"

#if !defined(__AVX2__) || !defined(__FMA__)
#error "this file has to be compiled with -mavx2 -mfma"
#endif

#include "kernels/transpose_avx.h"

#include <immintrin.h>

enum { MR = 6, VECTORS = 2, LANES = 8, NR = VECTORS * LANES };
enum { GATHER_AHEAD = 6, LINE = 16 };

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 8")

/* The first n lanes, n clamped to 0..8: a window into ones followed by zeros. */
INLINE __m256i first_lanes(int32_t n) {
    static const int32_t window[2 * LANES] = {-1, -1, -1, -1, -1, -1, -1, -1};
    const int32_t clamped = n < 0 ? 0 : n > LANES ? LANES : n;
    return _mm256_loadu_si256((const __m256i *)(const void *)(window + LANES - clamped));
}

/* Adds the products of one run to the accumulators. */
INLINE void run_chain(const tdrop_run *run, __m256 acc[MR][VECTORS], const int rows,
                      const int vectors) {
    const float *a[MR];
    UNROLL for (int r = 0; r < rows; r++) a[r] = run->a[r];
    const float *b = run->b;
    const size_t step = run->a_step, end = run->count * step;
    for (size_t i = 0; i < end; i += step, b += NR) {
        __m256 column[VECTORS];
        UNROLL for (int v = 0; v < vectors; v++) column[v] = _mm256_loadu_ps(b + v * LANES);
        UNROLL for (int r = 0; r < rows; r++) {
            const __m256 left = _mm256_broadcast_ss(a[r] + i);
            UNROLL for (int v = 0; v < vectors; v++) acc[r][v] =
                _mm256_fmadd_ps(left, column[v], acc[r][v]);
        }
    }
}

/* What is done to a finished sum before it is written. */
INLINE __m256 finish(const tdrop_tile *tile, int r, int v, __m256i lanes, __m256 sum) {
    const __m256 zero = _mm256_setzero_ps();
    sum = _mm256_add_ps(sum, _mm256_loadu_ps(tile->bias + v * LANES));
    if (tile->gate[0]) {
        __m256 gate = _mm256_maskload_ps(tile->gate[r] + v * LANES, lanes);
        sum = _mm256_and_ps(_mm256_cmp_ps(gate, zero, _CMP_GT_OQ), sum);
    }
    return tile->relu ? _mm256_max_ps(zero, sum) : sum; /* of zero and NaN the second: NaN */
}

/* The run's columns may be fewer than the tile's: then the vectors behind them are left alone. */
INLINE void run_columns(const tdrop_run *run, __m256 acc[MR][VECTORS], const int rows,
                        const int vectors) {
    const size_t last = (run->columns - 1) / LANES;
    if (vectors >= 2 && last == 1)
        run_chain(run, acc, rows, 2);
    else
        run_chain(run, acc, rows, 1);
}

INLINE void tile_of(const tdrop_tile *tile, const int rows, const int vectors) {
    __m256 acc[MR][VECTORS];
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++) acc[r][v] =
        _mm256_setzero_ps();
    if (tile->resume)
        UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++) acc[r][v] =
            _mm256_maskload_ps(tile->c[r] + v * LANES, first_lanes(tile->limit[r] - v * LANES));
    for (size_t i = 0; i < tile->run_count; i++)
        run_columns(&tile->runs[i], acc, rows, vectors);
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++) {
        const int32_t count = tile->limit[r] - v * LANES;
        const __m256i lanes = first_lanes(count);
        const __m256 result = finish(tile, r, v, lanes, acc[r][v]);
        if (count >= LANES) /* masked stores are slow on many processors */
            _mm256_storeu_ps(tile->c[r] + v * LANES, result);
        else if (count > 0)
            _mm256_maskstore_ps(tile->c[r] + v * LANES, lanes, result);
    }
}

/* A function for each shape, so that every loop above is unrolled with known bounds. */
#define SHAPE(rows, vectors)                                                                       \
    static void tile_##rows##x##vectors(const tdrop_tile *tile) {                                  \
        tile_of(tile, rows, vectors);                                                              \
    }
#define SHAPES(rows) SHAPE(rows, 1) SHAPE(rows, 2)
SHAPES(1)
SHAPES(2)
SHAPES(3)
SHAPES(4) SHAPES(5) SHAPES(6)

#define NAMES(rows)                                                                                \
    { tile_##rows##x1, tile_##rows##x2 }
    static void (*const shapes[MR][VECTORS])(const tdrop_tile *) = {NAMES(1), NAMES(2), NAMES(3),
                                                                    NAMES(4), NAMES(5), NAMES(6)};

static void tile_avx2(const tdrop_tile *tile) {
    shapes[tile->rows - 1][(tile->columns - 1) / LANES](tile);
}

/* Rows lie far apart: the lines of a later one are asked for while this one is copied. */
static void gather_avx2(const tdrop_gather *g) {
    float *to = g->to;
    for (size_t i = 0; i < g->rows; i++, to += g->width) {
        const float *row = g->from + g->order[i] * g->stride + g->column;
        const size_t ahead = i + GATHER_AHEAD < g->rows ? i + GATHER_AHEAD : i;
        const float *next = g->from + g->order[ahead] * g->stride + g->column;
        const int32_t kept = g->keep[i] - (int32_t)g->column;
        for (int32_t j = 0; j < (int32_t)g->width; j += LANES) {
            if (j % LINE == 0) _mm_prefetch((const char *)(next + j), _MM_HINT_T0);
            _mm256_storeu_ps(to + j, _mm256_maskload_ps(row + j, first_lanes(kept - j)));
        }
    }
}

static void add_avx2(size_t n, const float *x, float *sum) {
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        _mm256_storeu_ps(sum + i, _mm256_add_ps(_mm256_loadu_ps(sum + i), _mm256_loadu_ps(x + i)));
    for (; i < n; i++)
        sum[i] += x[i];
}

static void pack_transposed_avx2(size_t rows, size_t columns, const float *w, size_t w_stride,
                                 float *panel) {
    tdrop_transpose_avx(rows, columns, w, w_stride, panel, NR);
}

const tdrop_gemm_kernels tdrop_gemm_avx2 = {
    .mr = MR,
    .nr = NR,
    .lanes = LANES,
    .tile = tile_avx2,
    .gather = gather_avx2,
    .add = add_avx2,
    .pack_transposed = pack_transposed_avx2,
};
