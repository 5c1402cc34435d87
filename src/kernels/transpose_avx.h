/* SPDX-License-Identifier: MIT
 * Transposing into a panel with 8 x 8 blocks held in AVX registers; for the files of both AVX2 and
 * AVX-512. */
#ifndef TDROP_KERNELS_TRANSPOSE_AVX_H
#define TDROP_KERNELS_TRANSPOSE_AVX_H

#include <immintrin.h>
#include <stddef.h>

/* to[j * to_stride + i] = from[i * from_stride + j] for i, j < 8: pairs, then quadruples, then
 * halves change places. */
static inline void tdrop_transpose_block_avx(const float *from, size_t from_stride, float *to,
                                             size_t to_stride) {
    __m256 row[8], pair[8];
    for (int i = 0; i < 8; i++)
        row[i] = _mm256_loadu_ps(from + i * from_stride);
    for (int i = 0; i < 8; i += 2) {
        pair[i] = _mm256_unpacklo_ps(row[i], row[i + 1]);
        pair[i + 1] = _mm256_unpackhi_ps(row[i], row[i + 1]);
    }
    for (int i = 0; i < 8; i += 4)
        for (int j = 0; j < 2; j++) {
            row[i + 2 * j] = _mm256_shuffle_ps(pair[i + j], pair[i + j + 2], 0x44);
            row[i + 2 * j + 1] = _mm256_shuffle_ps(pair[i + j], pair[i + j + 2], 0xee);
        }
    for (int i = 0; i < 4; i++) {
        _mm256_storeu_ps(to + i * to_stride, _mm256_permute2f128_ps(row[i], row[i + 4], 0x20));
        _mm256_storeu_ps(to + (i + 4) * to_stride,
                         _mm256_permute2f128_ps(row[i], row[i + 4], 0x31));
    }
}

static inline void tdrop_transpose_plain(size_t first_row, size_t rows, size_t first_column,
                                         size_t columns, const float *w, size_t w_stride,
                                         float *panel, size_t nr) {
    for (size_t i = first_row; i < rows; i++)
        for (size_t j = first_column; j < columns; j++)
            panel[j * nr + i] = w[i * w_stride + j];
}

/* See pack_transposed in gemm_kernels.h. */
static inline void tdrop_transpose_avx(size_t rows, size_t columns, const float *w, size_t w_stride,
                                       float *panel, size_t nr) {
    size_t whole_rows = rows / 8 * 8, whole_columns = columns / 8 * 8;
    for (size_t line = 0; line < whole_columns; line += 16)
        for (size_t i = 0; i < whole_rows; i += 8)
            for (size_t j = line; j < line + 16 && j < whole_columns; j += 8)
                tdrop_transpose_block_avx(w + i * w_stride + j, w_stride, panel + j * nr + i, nr);
    tdrop_transpose_plain(whole_rows, rows, 0, whole_columns, w, w_stride, panel, nr);
    tdrop_transpose_plain(0, rows, whole_columns, columns, w, w_stride, panel, nr);
    for (size_t j = 0; j < columns; j++)
        for (size_t i = rows; i < nr; i++)
            panel[j * nr + i] = 0.0f;
}

#endif
