/* SPDX-License-Identifier: MIT */
#include "base/elementary.h"

#include <math.h>

/* log(m 2^e) = e log 2 + 2 artanh((m - 1) / (m + 1)), m near 1 so that the series is short. */
double tdrop_log(double x) {
    const double log_2 = 0.69314718055994530942, sqrt_half = 0.70710678118654752440;
    int exponent;
    double m = frexp(x, &exponent); /* exact */
    if (m < sqrt_half) m *= 2.0, exponent--;
    double s = (m - 1.0) / (m + 1.0), square = s * s, power = s, sum = s;
    for (int i = 3; i < 28; i += 2) {
        power *= square;
        sum += power / i;
    }
    return exponent * log_2 + 2.0 * sum;
}
