/* SPDX-License-Identifier: MIT
 *
 * What is kept exact is the small one of r and s = 1 - r: the dropped share q_j = 1 - r^j follows
 * q_j = q_{j-1} + r^{j-1} s, a sum of positive terms that loses no digits when s is 1e-9, where
 * 1 - r^j would lose nine. */
#include "tail/power_law.h"

#include <stdbool.h>

static tdrop_power_rate rate_from_s(double s) {
    return (tdrop_power_rate){.r = 1.0 - s, .s = s};
}

static tdrop_power_rate rate_from_r(double r) {
    return (tdrop_power_rate){.r = r, .s = 1.0 - r};
}

/* (1/n) sum_{j=1..m} (1 - r^j): the dropped share when the first n - m features are never dropped.
 */
static double dropped_share(tdrop_power_rate rate, size_t n, size_t m) {
    double power = 1.0, dropped = 0.0, sum = 0.0;
    for (size_t j = 0; j < m; j++) {
        dropped += power * rate.s;
        power *= rate.r;
        sum += dropped;
    }
    return sum / (double)n;
}

/* (1/n) sum_{j=1..m} r^j. */
static double kept_share(tdrop_power_rate rate, size_t n, size_t m) {
    double power = 1.0, sum = 0.0;
    for (size_t j = 0; j < m; j++) {
        power *= rate.r;
        if (power == 0.0) break;
        sum += power;
    }
    return sum / (double)n;
}

/* How far a rate is from the share asked for; rises with the unknown. */
typedef struct share_problem {
    size_t n, m;
    double target; /* dropped share, or kept share, of n */
    bool for_kept; /* which of them; the unknown is then r, otherwise s */
} share_problem;

static double share_excess(const share_problem *p, double unknown) {
    return p->for_kept ? kept_share(rate_from_r(unknown), p->n, p->m) - p->target
                       : dropped_share(rate_from_s(unknown), p->n, p->m) - p->target;
}

/* The root in [low, high] of a rising function with a sign change there. Regula falsi with the
 * Illinois correction: as safe as halving, and quick on the smooth curves here. */
static double rising_root(const share_problem *p, double low, double high) {
    double f_low = share_excess(p, low), f_high = share_excess(p, high);
    for (int i = 0; i < 200 && f_low < 0.0 && f_high > 0.0; i++) {
        double x = low + (high - low) * (-f_low / (f_high - f_low));
        if (x <= low || x >= high) x = low + (high - low) / 2;
        if (x <= low || x >= high) break;
        double f = share_excess(p, x);
        if (f < 0.0) {
            low = x, f_low = f, f_high /= 2;
        } else {
            high = x, f_high = f, f_low /= 2;
        }
        if (high - low <= 0x1p-51 * high) break;
    }
    return f_high <= -f_low ? high : low;
}

/* The rate at which m droppable features of n drop p of n on average, 0 < p < m/n. */
static tdrop_power_rate solve_share(size_t n, size_t m, double p) {
    double most = (double)m / (double)n;
    if (p <= most / 2) {
        /* q_1 = s is the smallest q_j, so s <= p n / m; and q_j <= j s, so s >= 2 p n / (m (m+1))
         */
        share_problem problem = {n, m, p, false};
        double high = p / most, low = high * 2.0 / ((double)m + 1.0) * (1.0 - 0x1p-40);
        return rate_from_s(rising_root(&problem, low, high < 1.0 ? high * (1.0 + 0x1p-40) : 1.0));
    }
    share_problem problem = {n, m, most - p, true};
    double low = (most - p) / most * 0x1p-40;
    return rate_from_r(rising_root(&problem, low, 1.0));
}

/* 1 - exp(-x) for x >= 0: the series after halving x until it converges fast, then as often
 * 1 - e^{-2x} = q (2 - q) with q = 1 - e^{-x}. */
static double one_minus_exp(double x) {
    if (x > 750.0) return 1.0;
    int halvings = 0;
    while (x > 0.25)
        x /= 2, halvings++;
    double term = x, sum = x;
    for (int i = 2; i < 16; i++) {
        term *= -x / i;
        sum += term;
    }
    while (halvings--)
        sum *= 2.0 - sum;
    return sum;
}

/* The continuous equation a - a exp(-1/a) = 1 - p of the original, in x = 1/a:
 * (1 - e^{-x}) / x = 1 - p, whose left side falls from 1 to 0. Halving in x. */
tdrop_power_rate tdrop_power_rate_original(size_t n, double p) {
    double low = 0.0, high = 1.0;
    if (p == 0.0) return rate_from_s(0.0);
    if (p == 1.0) return rate_from_r(0.0);
    while (one_minus_exp(high) > (1.0 - p) * high)
        low = high, high *= 2.0;
    for (int i = 0; i < 200; i++) {
        double x = low + (high - low) / 2;
        if (x <= low || x >= high) break;
        if (one_minus_exp(x) > (1.0 - p) * x)
            low = x;
        else
            high = x;
    }
    return rate_from_s(one_minus_exp(high / (double)n));
}

tdrop_power_rate tdrop_power_rate_exponential(size_t n, size_t m, double p) {
    if (m == 0 || p == 0.0) return rate_from_s(0.0);
    return p >= (double)m / (double)n ? rate_from_r(0.0) : solve_share(n, m, p);
}

/* For rates near 1, r^j by repeated multiplication would carry the error of the rounded r, j times
 * over: 1 - q_j is as good as s. For the others it is r^j that keeps its digits when it is small.
 */
void tdrop_power_fill(tdrop_power_rate rate, size_t n, size_t k_min, double *at_least) {
    double power = 1.0, dropped = 0.0;
    bool slow_fall = rate.s < 0.5;
    for (size_t j = 0; j < n; j++) {
        if (j >= k_min) {
            dropped += power * rate.s;
            power = slow_fall ? 1.0 - dropped : power * rate.r;
        }
        at_least[j] = power;
    }
}
