/* SPDX-License-Identifier: MIT
 *
 * k from numbers that somebody else drew, by a table of somebody else's. The search has no branch
 * that depends on the numbers: they are random, so a processor would guess half of them wrong. */
#include "taildropout.h"

/* Of a rising table, how many entries are below each u: the usual halving, with the position moved
 * by a product instead of a jump. The halves are the same for all u, so a block of them walks down
 * together and their loads overlap. An entry counts where table[j] < u holds; a NaN counts none. */
enum { BLOCK = 16 };

#define COUNT_BELOW(type)                                                                          \
    static void count_block_##type(const type *table, const type *u, size_t n, size_t count,       \
                                   int32_t *keep) {                                                \
        uint32_t base[BLOCK] = {0};                                                                \
        type value[BLOCK] = {0};                                                                   \
        for (size_t i = 0; i < count; i++)                                                         \
            value[i] = u[i];                                                                       \
        for (size_t length = n; length > 1; length -= length / 2) {                                \
            uint32_t half = (uint32_t)(length / 2);                                                \
            for (size_t i = 0; i < BLOCK; i++)                                                     \
                base[i] += (uint32_t)(table[base[i] + half - 1] < value[i]) * half;                \
        }                                                                                          \
        for (size_t i = 0; i < count; i++)                                                         \
            keep[i] = (int32_t)(base[i] + (uint32_t)(table[base[i]] < value[i]));                  \
    }                                                                                              \
    static void count_below_##type(const type *table, const type *u, size_t n, size_t count,       \
                                   int32_t *keep) {                                                \
        for (size_t i = 0; i < count; i += BLOCK)                                                  \
            count_block_##type(table, u + i, n, count - i < BLOCK ? count - i : BLOCK, keep + i);  \
    }

COUNT_BELOW(float)
COUNT_BELOW(double)

tdrop_status tdrop_keep_by_table(const void *table, size_t n, const void *u, size_t count,
                                 size_t element_size, int32_t *keep) {
    if (!table || (count && (!u || !keep))) return TDROP_ERROR_NULL;
    if (n == 0 || n > INT32_MAX) return TDROP_ERROR_SIZE;
    if (element_size == sizeof(float))
        count_below_float(table, u, n, count, keep);
    else if (element_size == sizeof(double))
        count_below_double(table, u, n, count, keep);
    else
        return TDROP_ERROR_ELEMENT;
    return TDROP_OK;
}
