/* SPDX-License-Identifier: MIT
 * Decimal numbers as text, with a point whatever the locale: read to the nearest double, written so
 * that they read back as the same. */
#ifndef TDROP_BASE_DECIMAL_H
#define TDROP_BASE_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* ---------------------------------------------------------------------------------------------
 * Eight characters at a time
 */

enum { TDROP_DECIMAL_WORD = 8 };

/* Eight characters as one number, the first of them lowest, so that digits are bytes below 10. */
static inline uint64_t tdrop_decimal_load(const char *at) {
    uint64_t word;
    memcpy(&word, at, sizeof word);
    if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) word = __builtin_bswap64(word);
    return word ^ 0x3030303030303030u;
}

/* How many digits a word begins with. 6 added to a byte beyond 9 shows in the upper half of it, and
 * carries into the next byte only from one that is no digit, behind which nothing matters. */
static inline unsigned tdrop_decimal_count(uint64_t word) {
    uint64_t others = (word | (word + 0x0606060606060606u)) & 0xf0f0f0f0f0f0f0f0u;
    return others ? (unsigned)__builtin_ctzll(others) / 8 : TDROP_DECIMAL_WORD;
}

/* The number that the first `count` digits of a word make, 1 to 8. Shifted up they have zeros in
 * front; then neighbours are put together to numbers of two digits, these to numbers of four, these
 * to one. */
static inline uint64_t tdrop_decimal_join(uint64_t word, unsigned count) {
    word <<= 8 * (TDROP_DECIMAL_WORD - count);
    word = (word * (10 << 8 | 1)) >> 8 & 0x00ff00ff00ff00ffu;
    word = (word * (100 << 16 | 1)) >> 16 & 0x0000ffff0000ffffu;
    return (word * ((uint64_t)10000 << 32 | 1)) >> 32;
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

/* The same for the common case, of at most eight digits and no exponent: returns NULL when it is
 * not known to be that, and a place before `end` otherwise. There the number ends if what stands
 * there could not be a part of it. */
static inline const char *tdrop_decimal_read_short(const char *at, const char *end, double *value) {
    static const double signs[] = {1.0, -1.0}; /* no branch: there is no telling a sign */
    static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};
    if (end - at < TDROP_DECIMAL_WORD + 3) return NULL;
    bool negative = *at == '-';
    at += negative;
    uint64_t word = tdrop_decimal_load(at);
    unsigned whole = tdrop_decimal_count(word), count = whole;
    bool point = at[whole] == '.';
    if (point && whole < TDROP_DECIMAL_WORD) {
        /* The characters behind the point, one place further to the front. */
        uint64_t before = ((uint64_t)1 << 8 * whole) - 1;
        word = (word & before) | (tdrop_decimal_load(at + 1) & ~before);
        count = tdrop_decimal_count(word);
    }
    if (count == 0) return NULL;
    /* Digits and power of ten are exact, so that the division rounds once (Clinger 1990). */
    *value = signs[negative] * ((double)tdrop_decimal_join(word, count) / powers[count - whole]);
    return at + count + point;
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
