/* SPDX-License-Identifier: MIT
 * Laws whose P(k >= j) are powers r^j: finding r from the mean that is asked for. */
#ifndef TDROP_TAIL_POWER_LAW_H
#define TDROP_TAIL_POWER_LAW_H

#include <stddef.h>

/* The rate of a power law: r = 1 - s, both held so that the smaller one keeps all its digits. */
typedef struct tdrop_power_rate {
    double r, s;
} tdrop_power_rate;

/* The rate at which the last m of n features drop p of n on average, 0 <= p <= m/n: the discrete
 * sum (1/n) sum_{j=1..m} (1 - r^j) = p. */
tdrop_power_rate tdrop_power_rate_exponential(size_t n, size_t m, double p);

/* The rate of the original: r = exp(-1 / (a n)) with a - a exp(-1/a) = 1 - p, 0 <= p <= 1. */
tdrop_power_rate tdrop_power_rate_original(size_t n, double p);

/* at_least[j - 1] = P(k >= j), j = 1..n, given that k >= k_min: 1 up to there, then powers of r.
 * (To condition a power law on k >= k_min only shifts it.) */
void tdrop_power_fill(tdrop_power_rate rate, size_t n, size_t k_min, double *at_least);

#endif
