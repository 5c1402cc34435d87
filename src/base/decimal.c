/* SPDX-License-Identifier: MIT
 * Most numbers in files have few digits: then digits and power of ten are both exact doubles, and
 * one multiplication or division rounds once (Clinger 1990). Numbers of up to 19 digits go through
 * a product with a power of five of 128 bits, which tells when it cannot decide (Lemire 2021,
 * "Number parsing at a gigabyte per second"); of more digits the first 19 mostly decide. What is
 * left goes to strtod. */
#define _POSIX_C_SOURCE 200809L /* newlocale */
#include "base/decimal.h"

#include "base/powers_of_five.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------------------------------------
 * From digits and exponent to a double
 */

/* digits * 10^exponent */
typedef struct decimal {
    uint64_t digits;
    int exponent;
} decimal;

static const double exact_powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                      1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                      1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* *value is 0 before. */
static bool read_exactly(const decimal *d, double *value) {
    if (d->digits == 0) return true;
    if (d->digits >> 53 || d->exponent < -22 || d->exponent > 22) return false;
    *value = d->exponent < 0 ? (double)d->digits / exact_powers[-d->exponent]
                             : (double)d->digits * exact_powers[d->exponent];
    return true;
}

typedef struct wide {
    uint64_t high, low;
} wide;

static wide multiply(uint64_t a, uint64_t b) {
    uint64_t a1 = a >> 32, a0 = a & UINT32_MAX, b1 = b >> 32, b0 = b & UINT32_MAX;
    uint64_t middle = a1 * b0 + (a0 * b0 >> 32), other = a0 * b1 + (middle & UINT32_MAX);
    return (wide){a1 * b1 + (middle >> 32) + (other >> 32), a * b};
}

/* The 55 highest bits of the product decide, unless those below are all ones, where the part of the
 * power that was cut off might carry, or where the product may lie just between two doubles. */
static bool read_by_product(const decimal *d, double *value) {
    enum { MANTISSA = 52, BIAS = 1023, HALFWAY_LEAST = -4, HALFWAY_MOST = 23 };
    if (d->exponent < TDROP_LEAST_POWER || d->exponent > TDROP_MOST_POWER) return false;
    const uint64_t *power = tdrop_powers_of_five[d->exponent - TDROP_LEAST_POWER];
    int zeros = __builtin_clzll(d->digits); /* there is a digit, or it would be exact */
    uint64_t digits = d->digits << zeros;
    wide product = multiply(digits, power[0]);
    if ((product.high & 0x1ff) == 0x1ff) {
        uint64_t below = multiply(digits, power[1]).high;
        product.low += below;
        if (product.low < below) product.high++;
    }
    if (product.low == UINT64_MAX && (d->exponent < -27 || d->exponent > 55)) return false;
    int upper = (int)(product.high >> 63);
    uint64_t mantissa = product.high >> (upper + 64 - MANTISSA - 3);
    /* floor(log2(10^exponent)), exact in this range */
    int exponent = ((d->exponent * 217706) >> 16) + 63 + upper - zeros + BIAS;
    bool halfway = product.low <= 1 && d->exponent >= HALFWAY_LEAST &&
                   d->exponent <= HALFWAY_MOST && (mantissa & 3) == 1 &&
                   mantissa << (upper + 64 - MANTISSA - 3) == product.high;
    if (halfway) mantissa &= ~(uint64_t)1; /* ties to even */
    mantissa = (mantissa + (mantissa & 1)) >> 1;
    if (mantissa >> (MANTISSA + 1)) {
        mantissa >>= 1;
        exponent++;
    }
    uint64_t bits = (mantissa & ~((uint64_t)1 << MANTISSA)) | (uint64_t)exponent << MANTISSA;
    memcpy(value, &bits, sizeof *value);
    return true;
}

static bool read_nearest(const decimal *d, double *value) {
    return read_exactly(d, value) || read_by_product(d, value);
}

/* strtod reads the point of the thread's locale, so the thread gets another one meanwhile. */
static double read_by_strtod(const char *at, size_t length) {
    char text[TDROP_DECIMAL_MOST + 1];
    memcpy(text, at, length);
    text[length] = '\0';
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (plain == (locale_t)0) return NAN;
    locale_t before = uselocale(plain);
    double value = strtod(text, NULL);
    uselocale(before);
    freelocale(plain);
    return value;
}

/* ---------------------------------------------------------------------------------------------
 * From text to digits and exponent
 */

enum { MOST_DIGITS = 19 };

static inline bool is_digit(char c) {
    return (unsigned char)(c - '0') < 10;
}

/* Adds the digits at `at`; more than MOST_DIGITS overflow. */
static inline const char *read_digits(const char *at, const char *end, uint64_t *digits) {
    uint64_t number = *digits;
    for (; at < end && is_digit(*at); at++)
        number = number * 10 + (uint64_t)(*at - '0');
    *digits = number;
    return at;
}

/* The same for many of them: eight at a time. */
static inline const char *read_many_digits(const char *at, const char *end, uint64_t *digits) {
    for (; end - at >= TDROP_DECIMAL_WORD; at += TDROP_DECIMAL_WORD) {
        uint64_t word = tdrop_decimal_load(at);
        if (!tdrop_decimal_are_digits(word)) break;
        *digits = *digits * 100000000 + tdrop_decimal_join(word);
    }
    return read_digits(at, end, digits);
}

/* Whether the text has more digits than fit, zeros in front not counted. */
static bool is_cut(const char *at, const char *end) {
    int count = 0;
    for (; at < end && count <= MOST_DIGITS; at++)
        count += is_digit(*at) && (count > 0 || *at != '0');
    return count > MOST_DIGITS;
}

/* More digits than fit: when the first of them, and these and one more in the last place, come to
 * the same double, then so does what lies between. */
static bool read_cut(const char *at, const char *end, const decimal *d, double *value) {
    decimal low = {0, d->exponent};
    for (int count = 0; at < end; at++) {
        if (!is_digit(*at)) continue;
        if (count < MOST_DIGITS)
            low.digits = low.digits * 10 + (uint64_t)(*at - '0');
        else
            low.exponent++;
        count += low.digits > 0;
    }
    decimal high = {low.digits + 1, low.exponent};
    double above = 0.0;
    return read_nearest(&low, value) && read_nearest(&high, &above) && *value == above;
}

/* 'e', a sign and digits; where that is not what stands there, the number ended before. */
static const char *read_exponent(const char *at, const char *end, decimal *d) {
    enum { FAR = 100000 };
    const char *p = at + 1;
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    if (p == end || !is_digit(*p)) return at;
    int exponent = 0;
    for (; p < end && is_digit(*p); p++)
        if (exponent < FAR) exponent = exponent * 10 + (*p - '0');
    d->exponent += negative ? -exponent : exponent;
    return p;
}

const char *tdrop_decimal_read(const char *at, const char *end, double *value) {
    const char *p = at;
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    decimal d = {0, 0};
    const char *digits = p, *point = NULL;
    p = read_digits(p, end, &d.digits);
    if (p < end && *p == '.') {
        point = p;
        p = read_many_digits(p + 1, end, &d.digits);
        if (p - point <= TDROP_DECIMAL_MOST) d.exponent = -(int)(p - point - 1);
    }
    ptrdiff_t seen = p - digits - (point != NULL);
    const char *stop = p;
    if (seen == 0) return NULL;
    if (p < end && (*p == 'e' || *p == 'E')) p = read_exponent(p, end, &d);
    if (p - at > TDROP_DECIMAL_MOST) return NULL;
    double number = 0.0;
    bool cut = seen > MOST_DIGITS && is_cut(digits, stop);
    if (cut ? !read_cut(digits, stop, &d, &number) : !read_nearest(&d, &number)) {
        *value = read_by_strtod(at, (size_t)(p - at));
        return isnan(*value) ? NULL : p;
    }
    *value = negative ? -number : number;
    return p;
}

/* ---------------------------------------------------------------------------------------------
 * Writing
 */

/* Prints so many digits. What the locale has for a point, which may be several bytes, becomes one
 * point. */
static const char *print(double value, int digits, char text[TDROP_DECIMAL_TEXT]) {
    char *to = text;
    snprintf(text, TDROP_DECIMAL_TEXT, "%.*g", digits, value);
    for (const char *from = text; *from; from++) {
        bool strange = !strchr("0123456789+-e.", *from);
        if (!strange || (to > text && to[-1] != '.')) *to++ = strange ? '.' : *from;
    }
    *to = '\0';
    return text;
}

static double read_back(const char *text) {
    double value = 0.0;
    tdrop_decimal_read(text, text + strlen(text), &value);
    return value;
}

const char *tdrop_decimal_text(double value, char text[TDROP_DECIMAL_TEXT]) {
    return print(value, DBL_DECIMAL_DIG, text);
}

const char *tdrop_decimal_short_text(double value, char text[TDROP_DECIMAL_TEXT]) {
    for (int digits = 1; digits <= DBL_DECIMAL_DIG; digits++)
        if (read_back(print(value, digits, text)) == value) break;
    return text;
}

const char *tdrop_decimal_float_text(float value, char text[TDROP_DECIMAL_TEXT]) {
    /* Zeros at the end are not printed, so that up to FLT_DIG digits need no trying. */
    int digits = fabsf(value) < FLT_MIN ? 1 : FLT_DIG;
    for (; digits <= FLT_DECIMAL_DIG; digits++)
        if ((float)read_back(print((double)value, digits, text)) == value) break;
    return text;
}
