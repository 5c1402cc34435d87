/* SPDX-License-Identifier: MIT
 *
 * A law is its table P(k >= j), j = 1..n. Everything is built with + - * / on doubles, which IEEE
 * 754 rounds the same way on every processor; libm's exp is not, and a mask must not depend on it.
 *
 * Both laws are powers, P(k >= j) = r^j. What is kept exact is the small one of r and s = 1 - r:
 * the dropped share q_j = 1 - r^j follows q_j = q_{j-1} + r^{j-1} s, a sum of positive terms that
 * loses no digits when s is 1e-9, where 1 - r^j would lose nine. */
#include "base/memory.h"
#include "tail/rng.h"

#include <stdbool.h>
#include <string.h>

struct tdrop_law {
    size_t n;
    double mean;
    double at_least[]; /* at_least[j - 1] = P(k >= j), j = 1..n, falling */
};

/* Rate of a geometric fall: r = 1 - s, both held so that the smaller one keeps all its digits. */
typedef struct power_rate {
    double r, s;
} power_rate;

static power_rate rate_from_s(double s) {
    return (power_rate){.r = 1.0 - s, .s = s};
}

static power_rate rate_from_r(double r) {
    return (power_rate){.r = r, .s = 1.0 - r};
}

/* (1/n) sum_{j=1..m} (1 - r^j): the dropped share when the first n - m features are never dropped.
 */
static double dropped_share(power_rate rate, size_t n, size_t m) {
    double power = 1.0, dropped = 0.0, sum = 0.0;
    for (size_t j = 0; j < m; j++) {
        dropped += power * rate.s;
        power *= rate.r;
        sum += dropped;
    }
    return sum / (double)n;
}

/* (1/n) sum_{j=1..m} r^j. */
static double kept_share(power_rate rate, size_t n, size_t m) {
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
static power_rate solve_share(size_t n, size_t m, double p) {
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
static power_rate solve_original(size_t n, double p) {
    double low = 0.0, high = 1.0;
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

/* Fills the table: nothing below k_min is dropped, then powers of r. Conditioning a power law on
 * k >= k_min only shifts it, so this is the law given k >= k_min. */
static void fill_table(tdrop_law *law, size_t k_min, power_rate rate) {
    double power = 1.0, sum = 0.0;
    for (size_t j = 0; j < law->n; j++) {
        if (j >= k_min) power *= rate.r;
        law->at_least[j] = power;
        sum += power;
    }
    law->mean = sum;
}

/* For rates near 1, r^j by repeated multiplication carries the error of the rounded r, j times
 * over: 1 - q_j is as good as s. */
static void fill_table_slow_fall(tdrop_law *law, size_t k_min, power_rate rate) {
    double power = 1.0, dropped = 0.0, dropped_sum = 0.0;
    for (size_t j = 0; j < law->n; j++) {
        if (j >= k_min) {
            dropped += power * rate.s;
            power = 1.0 - dropped;
        }
        law->at_least[j] = power;
        dropped_sum += dropped;
    }
    law->mean = (double)law->n - dropped_sum;
}

static tdrop_status check_options(size_t n, const tdrop_law_options *options) {
    if (!options) return TDROP_ERROR_NULL;
    if (options->reserved) return TDROP_ERROR_RESERVED;
    if (n == 0 || n > INT32_MAX) return TDROP_ERROR_SIZE;
    if (!tdrop_law_kind_name(options->kind)) return TDROP_ERROR_LAW;
    if (!(options->p >= 0.0 && options->p <= 1.0)) return TDROP_ERROR_P;
    if (options->k_min > n) return TDROP_ERROR_K_MIN;
    if (options->kind == TDROP_LAW_EXPONENTIAL &&
        options->p > (double)(n - options->k_min) / (double)n)
        return TDROP_ERROR_K_MIN;
    return TDROP_OK;
}

static power_rate solve_rate(size_t n, const tdrop_law_options *options) {
    size_t droppable = n - options->k_min;
    if (options->p == 0.0 || droppable == 0) return rate_from_s(0.0);
    if (options->kind == TDROP_LAW_ORIGINAL)
        return options->p == 1.0 ? rate_from_r(0.0) : solve_original(n, options->p);
    bool everything = options->p >= (double)droppable / (double)n;
    return everything ? rate_from_r(0.0) : solve_share(n, droppable, options->p);
}

tdrop_status tdrop_law_create(tdrop_law **law, size_t n, const tdrop_law_options *options) {
    if (!law) return TDROP_ERROR_NULL;
    tdrop_status status = check_options(n, options);
    if (status) return status;
    tdrop_law *made = tdrop_alloc(1, sizeof *made + n * sizeof *made->at_least);
    if (!made) return TDROP_ERROR_MEMORY;
    made->n = n;
    power_rate rate = solve_rate(n, options);
    if (rate.s < 0.5)
        fill_table_slow_fall(made, options->k_min, rate);
    else
        fill_table(made, options->k_min, rate);
    *law = made;
    return TDROP_OK;
}

void tdrop_law_destroy(tdrop_law *law) {
    tdrop_free(law);
}

size_t tdrop_law_features(const tdrop_law *law) {
    return law->n;
}

double tdrop_law_mean(const tdrop_law *law) {
    return law->mean;
}

void tdrop_law_probabilities(const tdrop_law *law, double *probability) {
    double above = 1.0;
    for (size_t j = 0; j < law->n; j++) {
        probability[j] = above - law->at_least[j];
        above = law->at_least[j];
    }
    probability[law->n] = above;
}

int32_t tdrop_law_keep(const tdrop_law *law, double u) {
    size_t low = 0, high = law->n; /* at_least[j] > u for j < low, not for j >= high */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (law->at_least[middle] > u)
            low = middle + 1;
        else
            high = middle;
    }
    return (int32_t)low;
}

tdrop_status tdrop_law_draw(const tdrop_law *law, const tdrop_draw *draw, size_t rows,
                            int32_t *keep) {
    if (!law || !draw || (!keep && rows)) return TDROP_ERROR_NULL;
    enum { CHUNK = 256 };
    double u[CHUNK];
    if (rows > UINT32_MAX || rows > (uint64_t)UINT32_MAX + 1 - draw->first)
        return TDROP_ERROR_OVERFLOW;
    for (size_t done = 0; done < rows; done += CHUNK) {
        size_t now = rows - done < CHUNK ? rows - done : CHUNK;
        tdrop_draw part = *draw;
        part.first += (uint32_t)done;
        tdrop_status status = tdrop_uniform(&part, now, u);
        if (status) return status;
        for (size_t i = 0; i < now; i++)
            keep[done + i] = tdrop_law_keep(law, u[i]);
    }
    return TDROP_OK;
}

static const char *const kind_names[] = {
    [TDROP_LAW_EXPONENTIAL] = "exponential",
    [TDROP_LAW_ORIGINAL] = "original",
};
enum { KINDS = sizeof kind_names / sizeof *kind_names };

const char *tdrop_law_kind_name(tdrop_law_kind kind) {
    return (unsigned)kind < KINDS ? kind_names[kind] : NULL;
}

tdrop_status tdrop_law_kind_parse(const char *name, tdrop_law_kind *kind) {
    if (!name || !kind) return TDROP_ERROR_NULL;
    for (unsigned i = 0; i < KINDS; i++) {
        if (strcmp(name, kind_names[i])) continue;
        *kind = (tdrop_law_kind)i;
        return TDROP_OK;
    }
    return TDROP_ERROR_LAW;
}
