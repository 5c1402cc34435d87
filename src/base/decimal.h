/* SPDX-License-Identifier: MIT
 * Decimal numbers as text, with a point whatever the locale: read to the nearest double, written so
 * that they read back as the same. */
#ifndef TDROP_BASE_DECIMAL_H
#define TDROP_BASE_DECIMAL_H

#include "base/byte_order.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---------------------------------------------------------------------------------------------
 * Eight characters at a time
 */

enum { TDROP_DECIMAL_WORD = 8 };

/* Eight characters as one number, the first of them lowest, so that digits are bytes below 10. */
static inline uint64_t tdrop_decimal_load(const char *at) {
    return tdrop_load_word(at) ^ 0x3030303030303030u;
}

/* Whether all of a word are digits: 6 added to a byte beyond 9 shows in the upper half of it. */
static inline bool tdrop_decimal_are_digits(uint64_t word) {
    return !((word | (word + 0x0606060606060606u)) & 0xf0f0f0f0f0f0f0f0u);
}

/* The number that eight digits make: neighbours are put together to numbers of two digits, these to
 * numbers of four, these to one. */
static inline uint64_t tdrop_decimal_join(uint64_t word) {
    word = (word * (10 << 8 | 1)) >> 8 & 0x00ff00ff00ff00ffu;
    word = (word * (100 << 16 | 1)) >> 16 & 0x0000ffff0000ffffu;
    return (word * ((uint64_t)10000 << 32 | 1)) >> 32;
}

/* The highest bit of each byte that is a point, perhaps of others, but behind the first. */
static inline uint64_t tdrop_decimal_find_point(uint64_t word) {
    const uint64_t ones = 0x0101010101010101u, others = word ^ ('.' ^ '0') * ones;
    return (others - ones) & ~others & ones << 7;
}

/* The first `count` characters of a word, 1 to 8, with zeros in front. */
static inline uint64_t tdrop_decimal_align(uint64_t word, size_t count) {
    return word << 8 * (TDROP_DECIMAL_WORD - count);
}

/* ---------------------------------------------------------------------------------------------
 * Reading
 */

/* A number of more characters than this is not taken for one. */
enum { TDROP_DECIMAL_MOST = 1023 };

/* Reads the number that begins at `at`: an optional sign, digits with at most one point among
 * them, an optional exponent. *value: the double nearest to it, ties to even; infinite beyond the
 * range. Returns where it ends (never beyond `end`), or NULL when no number begins there. */
const char *tdrop_decimal_read(const char *at, const char *end, double *value);

/* Reads the number that fills [at, stop), in the common case: at most eight digits, and no
 * exponent. False when it is not known to be that; what then stands in *value means nothing. Looks
 * at some bytes behind `stop`, never beyond `end`. */
static inline bool tdrop_decimal_read_short(const char *at, const char *stop, const char *end,
                                            double *value) {
    static const double signs[] = {1.0, -1.0}; /* no branch: there is no telling a sign */
    static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};
    enum { MOST = 1 + 1 + TDROP_DECIMAL_WORD }; /* a sign, a point and digits */
    if (end - at < MOST) return false;
    const bool negative = *at == '-';
    at += negative;
    uint64_t word = tdrop_decimal_load(at);
    size_t digits = (size_t)(stop - at), behind = 0;
    const uint64_t point = tdrop_decimal_find_point(word);
    const size_t whole = point ? (size_t)__builtin_ctzll(point) / 8 : TDROP_DECIMAL_WORD;
    if (whole < digits && point) { /* what is behind it comes one place further to the front */
        const uint64_t before = ((point & (0 - point)) >> 7) - 1, next = tdrop_decimal_load(at + 1);
        word = next ^ ((word ^ next) & before);
        digits--;
        behind = digits - whole;
    }
    if (digits - 1 >= TDROP_DECIMAL_WORD) return false;
    word = tdrop_decimal_align(word, digits);
    /* Digits and power of ten are exact, so that the division rounds once (Clinger 1990). */
    *value = signs[negative] * ((double)tdrop_decimal_join(word) / powers[behind]);
    return tdrop_decimal_are_digits(word);
}

/* ---------------------------------------------------------------------------------------------
 * Writing
 */

/* Room for the text of any number. */
enum { TDROP_DECIMAL_TEXT = 32 };

/* With 17 digits. Returns text. */
const char *tdrop_decimal_text(double value, char text[TDROP_DECIMAL_TEXT]);

/* With as few digits as read back as the same double. Returns text. */
const char *tdrop_decimal_short_text(double value, char text[TDROP_DECIMAL_TEXT]);

/* With as few digits as read back as the same float. Returns text. */
const char *tdrop_decimal_float_text(float value, char text[TDROP_DECIMAL_TEXT]);

#endif
