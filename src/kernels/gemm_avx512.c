/* SPDX-License-Identifier: MIT
 * AVX-512 tile: 6 rows by 4 vectors of 16 columns, 24 accumulators of the 32 registers. */
#include "kernels/gemm_kernels.h"

#if !defined(__AVX512F__) || !defined(__AVX512DQ__) || !defined(__FMA__)
#error "this file has to be compiled with -mavx512f -mavx512dq -mfma"
#endif

#include "kernels/transpose_avx.h"

#include <immintrin.h>

enum { MR = 6, VECTORS = 4, LANES = 16, NR = VECTORS * LANES };
enum { GATHER_AHEAD = 6 };

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 8")

/* The first n lanes, n clamped to 0..16. */
INLINE __mmask16 first_lanes(int32_t n) {
    return n >= LANES ? (__mmask16)0xffff : n <= 0 ? (__mmask16)0 : (__mmask16)((1u << n) - 1);
}

/* Adds the products of one run to the accumulators. */
INLINE void run_chain(const tdrop_run *run, __m512 acc[MR][VECTORS], const int rows,
                      const int vectors) {
    const float *a[MR];
    UNROLL for (int r = 0; r < rows; r++) a[r] = run->a[r];
    const float *b = run->b;
    const size_t step = run->a_step, end = run->count * step;
    for (size_t i = 0; i < end; i += step, b += NR) {
        __m512 column[VECTORS];
        UNROLL for (int v = 0; v < vectors; v++) column[v] = _mm512_loadu_ps(b + v * LANES);
        UNROLL for (int r = 0; r < rows; r++) {
            const __m512 left = _mm512_set1_ps(a[r][i]);
            UNROLL for (int v = 0; v < vectors; v++) acc[r][v] =
                _mm512_fmadd_ps(left, column[v], acc[r][v]);
        }
    }
}

/* What is done to a finished sum before it is written. */
INLINE __m512 finish(const tdrop_tile *tile, int r, int v, __mmask16 lanes, __m512 sum) {
    const __m512 zero = _mm512_setzero_ps();
    sum = _mm512_add_ps(sum, _mm512_loadu_ps(tile->bias + v * LANES));
    if (tile->gate[0]) {
        __m512 gate = _mm512_maskz_loadu_ps(lanes, tile->gate[r] + v * LANES);
        sum = _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(gate, zero, _CMP_GT_OQ), sum);
    }
    return tile->relu ? _mm512_max_ps(zero, sum) : sum; /* of zero and NaN the second: NaN */
}

/* The run's columns may be fewer than the tile's: then the vectors behind them are left alone. */
INLINE void run_columns(const tdrop_run *run, __m512 acc[MR][VECTORS], const int rows,
                        const int vectors) {
    const size_t last = (run->columns - 1) / LANES;
    if (vectors >= 4 && last == 3)
        run_chain(run, acc, rows, 4);
    else if (vectors >= 3 && last == 2)
        run_chain(run, acc, rows, 3);
    else if (vectors >= 2 && last == 1)
        run_chain(run, acc, rows, 2);
    else
        run_chain(run, acc, rows, 1);
}

INLINE void tile_of(const tdrop_tile *tile, const int rows, const int vectors) {
    __m512 acc[MR][VECTORS];
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++) acc[r][v] =
        _mm512_setzero_ps();
    if (tile->resume)
        UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++) acc[r][v] =
            _mm512_maskz_loadu_ps(first_lanes(tile->limit[r] - v * LANES), tile->c[r] + v * LANES);
    for (size_t i = 0; i < tile->run_count; i++)
        run_columns(&tile->runs[i], acc, rows, vectors);
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++) {
        const __mmask16 lanes = first_lanes(tile->limit[r] - v * LANES);
        _mm512_mask_storeu_ps(tile->c[r] + v * LANES, lanes, finish(tile, r, v, lanes, acc[r][v]));
    }
}

/* A function for each shape, so that every loop above is unrolled with known bounds. */
#define SHAPE(rows, vectors)                                                                       \
    static void tile_##rows##x##vectors(const tdrop_tile *tile) {                                  \
        tile_of(tile, rows, vectors);                                                              \
    }
#define SHAPES(rows) SHAPE(rows, 1) SHAPE(rows, 2) SHAPE(rows, 3) SHAPE(rows, 4)
SHAPES(1)
SHAPES(2)
SHAPES(3)
SHAPES(4) SHAPES(5) SHAPES(6)

#define NAMES(rows)                                                                                \
    { tile_##rows##x1, tile_##rows##x2, tile_##rows##x3, tile_##rows##x4 }
    static void (*const shapes[MR][VECTORS])(const tdrop_tile *) = {NAMES(1), NAMES(2), NAMES(3),
                                                                    NAMES(4), NAMES(5), NAMES(6)};

static void tile_avx512(const tdrop_tile *tile) {
    shapes[tile->rows - 1][(tile->columns - 1) / LANES](tile);
}

/* Rows lie far apart: the lines of the one after next are asked for while this one is copied. */
static void gather_avx512(const tdrop_gather *g) {
    float *to = g->to;
    for (size_t i = 0; i < g->rows; i++, to += g->width) {
        const float *row = g->from + g->order[i] * g->stride + g->column;
        const size_t ahead = i + GATHER_AHEAD < g->rows ? i + GATHER_AHEAD : i;
        const float *next = g->from + g->order[ahead] * g->stride + g->column;
        const int32_t kept = g->keep[i] - (int32_t)g->column;
        for (int32_t j = 0; j < (int32_t)g->width; j += LANES) {
            _mm_prefetch((const char *)(next + j), _MM_HINT_T0);
            _mm512_storeu_ps(to + j, _mm512_maskz_loadu_ps(first_lanes(kept - j), row + j));
        }
    }
}

static void add_avx512(size_t n, const float *x, float *sum) {
    for (size_t i = 0; i < n; i += LANES) {
        const __mmask16 lanes = n - i >= LANES ? (__mmask16)0xffff : first_lanes((int32_t)(n - i));
        __m512 total = _mm512_add_ps(_mm512_maskz_loadu_ps(lanes, sum + i),
                                     _mm512_maskz_loadu_ps(lanes, x + i));
        _mm512_mask_storeu_ps(sum + i, lanes, total);
    }
}

static void pack_transposed_avx512(size_t rows, size_t columns, const float *w, size_t w_stride,
                                   float *panel) {
    tdrop_transpose_avx(rows, columns, w, w_stride, panel, NR);
}

const tdrop_gemm_kernels tdrop_gemm_avx512 = {
    .mr = MR,
    .nr = NR,
    .lanes = LANES,
    .tile = tile_avx512,
    .gather = gather_avx512,
    .add = add_avx512,
    .pack_transposed = pack_transposed_avx512,
};
