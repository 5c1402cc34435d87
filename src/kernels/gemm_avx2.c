/* SPDX-License-Identifier: MIT
 * AVX2 tile: 6 rows by 2 vectors of 8 columns, 12 accumulators of the 16 registers. */
#if !defined(__AVX2__) || !defined(__FMA__)
#error "this file has to be compiled with -mavx2 -mfma"
#endif

#include "kernels/transpose_avx.h"

#include <immintrin.h>
#include <stdint.h>

enum { VECTORS = 2, LANES = 8 };
#define TDROP_FOUR_VECTORS    0
#define TDROP_GEMM_KERNELS    tdrop_gemm_avx2
#define TDROP_PACK_TRANSPOSED tdrop_transpose_avx

typedef __m256 vec;

/* A window into ones followed by zeros. */
static inline __m256i first_lanes(int32_t n) {
    static const int32_t window[2 * LANES] = {-1, -1, -1, -1, -1, -1, -1, -1};
    return _mm256_loadu_si256((const __m256i *)(const void *)(window + LANES - n));
}

static inline vec vec_zero(void) {
    return _mm256_setzero_ps();
}

static inline vec vec_all(float x) {
    return _mm256_set1_ps(x);
}

static inline vec vec_load(const float *p) {
    return _mm256_loadu_ps(p);
}

static inline void vec_store(float *p, vec v) {
    _mm256_storeu_ps(p, v);
}

static inline vec vec_load_first(const float *p, int32_t n) {
    return _mm256_maskload_ps(p, first_lanes(n));
}

static inline void vec_store_first(float *p, int32_t n, vec v) {
    if (n > 0) _mm256_maskstore_ps(p, first_lanes(n), v); /* slow on some, even for nothing */
}

static inline vec vec_add(vec a, vec b) {
    return _mm256_add_ps(a, b);
}

static inline vec vec_fma(vec a, vec b, vec c) {
    return _mm256_fmadd_ps(a, b, c);
}

static inline vec vec_relu(vec v) {
    return _mm256_max_ps(_mm256_setzero_ps(), v); /* of zero and NaN the second: NaN */
}

static inline vec vec_gate(vec gate, vec v) {
    return _mm256_and_ps(_mm256_cmp_ps(gate, _mm256_setzero_ps(), _CMP_GT_OQ), v);
}

#include "kernels/gemm_body.h"
