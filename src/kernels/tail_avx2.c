/* SPDX-License-Identifier: MIT
 * Draws for eight rows at a time, and rows copied in one stream of stores. */
#if !defined(__AVX2__)
#error "this file has to be compiled with -mavx2"
#endif

#include "base/philox.h"
#include "kernels/tail_kernels.h"

#include <immintrin.h>
#include <string.h>

/* ---- draws: a 64-bit lane a row ---- */

/* tdrop_philox_round for four rows. A word is the low half of its lane; the high half is of no
 * account, since the multiplication reads low halves alone. */
static inline void philox_round(__m256i word[4], __m256i key0, __m256i key1) {
    const __m256i a = _mm256_mul_epu32(word[0], _mm256_set1_epi64x(TDROP_PHILOX_MULTIPLIER0));
    const __m256i b = _mm256_mul_epu32(word[2], _mm256_set1_epi64x(TDROP_PHILOX_MULTIPLIER1));
    word[0] = _mm256_xor_si256(_mm256_srli_epi64(b, 32), _mm256_xor_si256(word[1], key0));
    word[2] = _mm256_xor_si256(_mm256_srli_epi64(a, 32), _mm256_xor_si256(word[3], key1));
    word[1] = b;
    word[3] = a;
}

/* tdrop_philox_unit: AVX2 turns no 64-bit integer into a double, but one below 2^52 is put in by
 * hand, as the mantissa of 2^52. 32 and 21 bits are converted, and added without rounding. */
static inline __m256d unit_of(__m256i high, __m256i low) {
    const __m256i word = _mm256_set1_epi64x(0xFFFFFFFF);
    const __m256i exponent = _mm256_set1_epi64x(0x4330000000000000);
    const __m256d offset = _mm256_set1_pd(0x1p52);
    high = _mm256_and_si256(high, word);
    low = _mm256_srli_epi64(_mm256_and_si256(low, word), 11);
    const __m256d h = _mm256_sub_pd(_mm256_castsi256_pd(_mm256_or_si256(high, exponent)), offset);
    const __m256d l = _mm256_sub_pd(_mm256_castsi256_pd(_mm256_or_si256(low, exponent)), offset);
    return _mm256_add_pd(_mm256_mul_pd(h, _mm256_set1_pd(0x1p-32)),
                         _mm256_mul_pd(l, _mm256_set1_pd(0x1p-53)));
}

static inline void uniform_of_eight(const uint32_t counter[4], const uint32_t key[2], uint32_t row,
                                    double *u) {
    __m256i a[4], b[4];
    for (int i = 0; i < 4; i++)
        a[i] = b[i] = _mm256_set1_epi64x(counter[i]);
    const __m256i first = _mm256_set1_epi64x(row);
    a[1] = _mm256_add_epi64(first, _mm256_set_epi64x(3, 2, 1, 0));
    b[1] = _mm256_add_epi64(first, _mm256_set_epi64x(7, 6, 5, 4));
    uint32_t key0 = key[0], key1 = key[1];
    for (int round = 0; round < TDROP_PHILOX_ROUNDS; round++) {
        const __m256i k0 = _mm256_set1_epi64x(key0), k1 = _mm256_set1_epi64x(key1);
        philox_round(a, k0, k1);
        philox_round(b, k0, k1);
        key0 += TDROP_PHILOX_WEYL0;
        key1 += TDROP_PHILOX_WEYL1;
    }
    _mm256_storeu_pd(u, unit_of(a[0], a[1]));
    _mm256_storeu_pd(u + 4, unit_of(b[0], b[1]));
}

static void uniform(const uint32_t counter[4], const uint32_t key[2], size_t rows, double *u) {
    size_t i = 0;
    for (; i + 8 <= rows; i += 8)
        uniform_of_eight(counter, key, counter[1] + (uint32_t)i, u + i);
    if (i < rows) {
        double rest[8];
        uniform_of_eight(counter, key, counter[1] + (uint32_t)i, rest);
        memcpy(u + i, rest, (rows - i) * sizeof *u);
    }
}

/* ---- rows ---- */

/* Rows of up to so many bytes are written here. Longer ones are left to libc, which has
 * instructions that do not fetch the lines that they are about to overwrite. */
enum { MOST_STREAMED = 8192, BLOCK = 32 };

static inline __m256i load(const char *x) {
    return _mm256_loadu_si256((const __m256i *)x);
}

static inline void store(char *y, __m256i value) {
    _mm256_storeu_si256((__m256i *)y, value);
}

/* Ones in the first `count` bytes, below BLOCK. */
static inline __m256i first_bytes(size_t count) {
    static const char number[BLOCK] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                       11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                       22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
    return _mm256_cmpgt_epi8(_mm256_set1_epi8((char)count), load(number));
}

/* Each store writes the next block of y, and none is written twice: so the memory behind the caches
 * sees one stream. memcpy and memset, called by turns, write the ends of their stretches first and
 * out of turn, and are slower for it. */
static void copy_head(const char *x, char *y, size_t kept, size_t whole) {
    size_t i = 0;
    if (whole > MOST_STREAMED) {
        tdrop_tail_c.copy_head(x, y, kept, whole);
        return;
    }
    for (; i + BLOCK <= kept; i += BLOCK)
        store(y + i, load(x + i));
    if (i < kept && i + BLOCK <= whole) {
        store(y + i, _mm256_and_si256(load(x + i), first_bytes(kept - i)));
        i += BLOCK;
    }
    for (; i + BLOCK <= whole; i += BLOCK)
        store(y + i, _mm256_setzero_si256());
    for (; i < whole; i++)
        y[i] = i < kept ? x[i] : 0;
}

/* Full vectors; the last one reaches back over what is zeroed already. */
static inline void clear(char *y, char *end) {
    if (end - y < BLOCK) {
        while (y < end)
            *y++ = 0;
        return;
    }
    for (; end - y >= BLOCK; y += BLOCK)
        store(y, _mm256_setzero_si256());
    store(end - BLOCK, _mm256_setzero_si256());
}

/* A call of libc's memset for each row would cost as much as the stores of a short tail. */
static void clear_tails(char *y, ptrdiff_t step, size_t count, const int32_t *keep, size_t block,
                        size_t whole) {
    if (whole > MOST_STREAMED) {
        tdrop_tail_c.clear_tails(y, step, count, keep, block, whole);
        return;
    }
    for (size_t i = 0; i < count; i++, y += step)
        clear(y + (size_t)keep[i] * block, y + whole);
}

const tdrop_tail_kernels tdrop_tail_avx2 = {
    .uniform = uniform, .copy_head = copy_head, .clear_tails = clear_tails};
