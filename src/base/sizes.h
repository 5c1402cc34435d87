/* SPDX-License-Identifier: MIT
 * Counting with sizes: parts, and what of them lies where. */
#ifndef TDROP_BASE_SIZES_H
#define TDROP_BASE_SIZES_H

#include <stddef.h>

static inline size_t tdrop_least(size_t a, size_t b) {
    return a < b ? a : b;
}

static inline size_t tdrop_most(size_t a, size_t b) {
    return a > b ? a : b;
}

/* Parts of size b that a takes; b > 0. */
static inline size_t tdrop_divide_up(size_t a, size_t b) {
    return (a + b - 1) / b;
}

/* The least multiple of b that is not below a; b > 0. */
static inline size_t tdrop_round_up(size_t a, size_t b) {
    return tdrop_divide_up(a, b) * b;
}

/* How many of first, ..., first + count - 1 are below end. */
static inline size_t tdrop_count_below(size_t first, size_t count, size_t end) {
    return end <= first ? 0 : tdrop_least(count, end - first);
}

#endif
