/* SPDX-License-Identifier: MIT */
#include "base/elementary.h"

#include <stdint.h>
#include <string.h>

/* x = m 2^e with m in [sqrt(1/2), sqrt(2)), by its bits: x is finite, above 0 and no denormal. */
static double split(double x, int *exponent) {
    const uint64_t sqrt_half_bits = 0x3fe6a09e667f3bcd;
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int64_t shifted = (int64_t)(bits - sqrt_half_bits) >> 52;
    bits -= (uint64_t)shifted << 52;
    *exponent = (int)shifted;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* log(m 2^e) = e log 2 + 2 artanh(s), s = (m - 1) / (m + 1), |s| < 0.172: the series
 * s + s^3 / 3 + s^5 / 5 + ... needs eleven terms. */
double tdrop_log(double x) {
    static const double inverse[] = {1.0 / 21, 1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13,
                                     1.0 / 11, 1.0 / 9,  1.0 / 7,  1.0 / 5,  1.0 / 3};
    const double log_2 = 0.69314718055994530942;
    int exponent;
    double m = split(x, &exponent);
    double s = (m - 1.0) / (m + 1.0), square = s * s, sum = 0.0;
    for (int i = 0; i < (int)(sizeof inverse / sizeof *inverse); i++)
        sum = (sum + inverse[i]) * square;
    return exponent * log_2 + (2.0 * s + 2.0 * s * sum);
}
