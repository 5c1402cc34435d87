/* SPDX-License-Identifier: MIT
 * Elementary functions of + - * / alone, which every processor rounds alike. libm's may differ in
 * the last bit from processor to processor, and with it every number that follows. Inline, so that
 * loops over them become vectors. */
#ifndef TDROP_BASE_ELEMENTARY_H
#define TDROP_BASE_ELEMENTARY_H

#include <stdint.h>
#include <string.h>

/* x = m 2^e with m in [sqrt(1/2), sqrt(2)), by its bits. */
static inline double tdrop_split_exponent(double x, double *exponent) {
    const uint64_t sqrt_half_bits = 0x3fe6a09e667f3bcd;
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int64_t shifted = (int64_t)(bits - sqrt_half_bits) >> 52;
    bits -= (uint64_t)shifted << 52;
    *exponent = (double)shifted;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The natural logarithm of a finite x > 0 that is no denormal, to about 1e-15 of its value:
 * log(m 2^e) = e log 2 + 2 artanh(s), s = (m - 1) / (m + 1), |s| < 0.172, of whose series
 * s + s^3 / 3 + s^5 / 5 + ... eleven terms are enough. */
static inline double tdrop_log(double x) {
    const double log_2 = 0.69314718055994530942;
    double exponent, m = tdrop_split_exponent(x, &exponent);
    double s = (m - 1.0) / (m + 1.0), square = s * s, sum = 1.0 / 21;
    sum = sum * square + 1.0 / 19;
    sum = sum * square + 1.0 / 17;
    sum = sum * square + 1.0 / 15;
    sum = sum * square + 1.0 / 13;
    sum = sum * square + 1.0 / 11;
    sum = sum * square + 1.0 / 9;
    sum = sum * square + 1.0 / 7;
    sum = sum * square + 1.0 / 5;
    sum = sum * square + 1.0 / 3;
    return exponent * log_2 + (2.0 * s + 2.0 * s * (sum * square));
}

#endif
