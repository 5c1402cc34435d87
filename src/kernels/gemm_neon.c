/* SPDX-License-Identifier: MIT
 * NEON tile (AArch64): 6 rows by 4 vectors of 4 columns, 24 accumulators of the 32 registers. */
#if !defined(__aarch64__) || !defined(__ARM_NEON)
#error "this file is for AArch64"
#endif

#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

enum { VECTORS = 4, LANES = 4 };
#define TDROP_FOUR_VECTORS    1
#define TDROP_GEMM_KERNELS    tdrop_gemm_neon
#define TDROP_PACK_TRANSPOSED transpose

typedef float32x4_t vec;

static inline vec vec_zero(void) {
    return vdupq_n_f32(0.0f);
}

static inline vec vec_all(float x) {
    return vdupq_n_f32(x);
}

static inline vec vec_load(const float *p) {
    return vld1q_f32(p);
}

static inline void vec_store(float *p, vec v) {
    vst1q_f32(p, v);
}

static inline vec vec_load_first(const float *p, int32_t n) {
    float lanes[LANES] = {0.0f};
    for (int32_t i = 0; i < n; i++)
        lanes[i] = p[i];
    return vld1q_f32(lanes);
}

static inline void vec_store_first(float *p, int32_t n, vec v) {
    float lanes[LANES];
    vst1q_f32(lanes, v);
    for (int32_t i = 0; i < n; i++)
        p[i] = lanes[i];
}

static inline vec vec_add(vec a, vec b) {
    return vaddq_f32(a, b);
}

static inline vec vec_fma(vec a, vec b, vec c) {
    return vfmaq_f32(c, a, b);
}

static inline vec vec_relu(vec v) {
    return vbslq_f32(vcltq_f32(v, vec_zero()), vec_zero(), v); /* NaN is not below: it stays */
}

static inline vec vec_gate(vec gate, vec v) {
    return vbslq_f32(vcgtq_f32(gate, vec_zero()), v, vec_zero());
}

/* to[j * nr + i] = from[i * stride + j] for i, j < 4. */
static inline void transpose_block(const float *from, size_t stride, float *to, size_t nr) {
    float32x4x2_t low = vtrnq_f32(vld1q_f32(from), vld1q_f32(from + stride));
    float32x4x2_t high = vtrnq_f32(vld1q_f32(from + 2 * stride), vld1q_f32(from + 3 * stride));
    for (int i = 0; i < 2; i++) {
        vst1q_f32(to + i * nr, vcombine_f32(vget_low_f32(low.val[i]), vget_low_f32(high.val[i])));
        vst1q_f32(to + (i + 2) * nr,
                  vcombine_f32(vget_high_f32(low.val[i]), vget_high_f32(high.val[i])));
    }
}

/* See pack_transposed in gemm_kernels.h. */
static void transpose(size_t rows, size_t columns, const float *w, size_t w_stride, float *panel,
                      size_t nr) {
    size_t whole_rows = rows / 4 * 4, whole_columns = columns / 4 * 4;
    for (size_t j = 0; j < whole_columns; j += 4)
        for (size_t i = 0; i < whole_rows; i += 4)
            transpose_block(w + i * w_stride + j, w_stride, panel + j * nr + i, nr);
    for (size_t j = 0; j < columns; j++)
        for (size_t i = j < whole_columns ? whole_rows : 0; i < nr; i++)
            panel[j * nr + i] = i < rows ? w[i * w_stride + j] : 0.0f;
}

#include "kernels/gemm_body.h"
