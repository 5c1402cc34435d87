/* SPDX-License-Identifier: MIT
 * AVX-512 tile: 6 rows by 4 vectors of 16 columns, 24 accumulators of the 32 registers. */
#if !defined(__AVX512F__) || !defined(__AVX512DQ__) || !defined(__FMA__)
#error "this file has to be compiled with -mavx512f -mavx512dq -mfma"
#endif

#include "kernels/transpose_avx.h"

#include <immintrin.h>
#include <stdint.h>

enum { VECTORS = 4, LANES = 16 };
#define TDROP_FOUR_VECTORS    1
#define TDROP_GEMM_KERNELS    tdrop_gemm_avx512
#define TDROP_PACK_TRANSPOSED tdrop_transpose_avx

typedef __m512 vec;

static inline __mmask16 first_lanes(int32_t n) {
    return (__mmask16)((1u << n) - 1);
}

static inline vec vec_zero(void) {
    return _mm512_setzero_ps();
}

static inline vec vec_all(float x) {
    return _mm512_set1_ps(x);
}

static inline vec vec_load(const float *p) {
    return _mm512_loadu_ps(p);
}

static inline void vec_store(float *p, vec v) {
    _mm512_storeu_ps(p, v);
}

static inline vec vec_load_first(const float *p, int32_t n) {
    return _mm512_maskz_loadu_ps(first_lanes(n), p);
}

static inline void vec_store_first(float *p, int32_t n, vec v) {
    _mm512_mask_storeu_ps(p, first_lanes(n), v);
}

static inline vec vec_add(vec a, vec b) {
    return _mm512_add_ps(a, b);
}

static inline vec vec_fma(vec a, vec b, vec c) {
    return _mm512_fmadd_ps(a, b, c);
}

static inline vec vec_relu(vec v) {
    return _mm512_max_ps(_mm512_setzero_ps(), v); /* of zero and NaN the second: NaN */
}

static inline vec vec_gate(vec gate, vec v) {
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(gate, _mm512_setzero_ps(), _CMP_GT_OQ), v);
}

#include "kernels/gemm_body.h"
