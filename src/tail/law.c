/* SPDX-License-Identifier: MIT
 *
 * A law is its table P(k >= j), j = 1..n, from which probabilities, mean and draws all come.
 * Everything is built with + - * / on doubles, which IEEE 754 rounds the same way on every
 * processor; libm's exp and log are not, and a mask must not depend on that. */
#include "tail/law.h"

#include "base/memory.h"
#include "tail/power_law.h"
#include "tail/rng.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* u is looked up in so many even parts of [0, 1) first; within a part few k are left. */
enum { GUIDES = 1024 };

struct tdrop_law {
    size_t n;
    double mean;
    size_t first_step;         /* of the search for k within a part; it is halved down to 1 */
    int32_t guide[GUIDES + 1]; /* guide[i] = k of u = i / GUIDES, and 0 for u = 1 */
    double at_least[];         /* at_least[j - 1] = P(k >= j), j = 1..n, falling */
};

/* One law: its name, which of the options it reads, and how its table is filled. */
typedef struct law_kind {
    const char *name;
    bool reads_p, reads_rate, reads_weights;
    /* Fills at_least[n] for the law given that k >= k_min. */
    void (*fill)(const tdrop_law_options *options, size_t n, size_t k_min, double *at_least);
} law_kind;

static void fill_exponential(const tdrop_law_options *options, size_t n, size_t k_min,
                             double *at_least) {
    tdrop_power_fill(tdrop_power_rate_exponential(n, n - k_min, options->p), n, k_min, at_least);
}

static void fill_original(const tdrop_law_options *options, size_t n, size_t k_min,
                          double *at_least) {
    tdrop_power_fill(tdrop_power_rate_original(n, options->p), n, k_min, at_least);
}

/* k >= 1 for certain, then each further feature with probability 1 - rate: a power law that begins
 * one later. */
static void fill_geometric(const tdrop_law_options *options, size_t n, size_t k_min,
                           double *at_least) {
    tdrop_power_rate rate = {.r = 1.0 - options->rate, .s = options->rate};
    tdrop_power_fill(rate, n, k_min ? k_min : 1, at_least);
}

/* From weights of k = 0..n, given k >= k_min: at_least[j - 1] is the share of the weights from j
 * on. Sums run from the far end, so that small tails keep their digits. */
static void fill_from_weights(double (*weight)(const void *arg, size_t n, size_t k),
                              const void *arg, size_t n, size_t k_min, double *at_least) {
    double sum = 0.0;
    for (size_t k = n; k > 0; k--) {
        if (k >= k_min) sum += weight(arg, n, k);
        at_least[k - 1] = sum;
    }
    double total = k_min == 0 ? sum + weight(arg, n, 0) : sum;
    for (size_t j = 0; j < n; j++)
        at_least[j] = j < k_min ? 1.0 : at_least[j] / total;
}

static double weight_uniform(const void *arg, size_t n, size_t k) {
    (void)arg, (void)n, (void)k;
    return 1.0;
}

static double weight_log_uniform(const void *arg, size_t n, size_t k) {
    (void)arg, (void)n;
    return 1.0 / (double)(k ? k : 1);
}

/* Of the rows that do not keep everything: k in proportion to 1 / (k + MIXED_SHIFT), k = 0 less
 * often than k = 1 by MIXED_NONE. */
static const double MIXED_SHIFT = 0.4, MIXED_NONE = 0.2;

static double share_mixed(size_t k) {
    return k ? 1.0 / ((double)k + MIXED_SHIFT) : MIXED_NONE / (1.0 + MIXED_SHIFT);
}

typedef struct mixture {
    double all; /* share of the rows that keep everything */
    double sum; /* of share_mixed over k = 0..n */
} mixture;

static double weight_mixed(const void *arg, size_t n, size_t k) {
    const mixture *mixed = arg;
    double weight = (1.0 - mixed->all) * share_mixed(k) / mixed->sum;
    return k == n ? weight + mixed->all : weight;
}

static double weight_pow2(const void *arg, size_t n, size_t k) {
    (void)arg;
    return k && ((k & (k - 1)) == 0 || k == n) ? 1.0 : 0.0;
}

static double weight_table(const void *arg, size_t n, size_t k) {
    (void)n;
    return ((const double *)arg)[k];
}

static void fill_uniform(const tdrop_law_options *options, size_t n, size_t k_min,
                         double *at_least) {
    (void)options;
    fill_from_weights(weight_uniform, NULL, n, k_min, at_least);
}

static void fill_log_uniform(const tdrop_law_options *options, size_t n, size_t k_min,
                             double *at_least) {
    (void)options;
    fill_from_weights(weight_log_uniform, NULL, n, k_min, at_least);
}

static void fill_pow2(const tdrop_law_options *options, size_t n, size_t k_min, double *at_least) {
    (void)options;
    fill_from_weights(weight_pow2, NULL, n, k_min, at_least);
}

static void fill_mixed(const tdrop_law_options *options, size_t n, size_t k_min, double *at_least) {
    mixture mixed = {.all = options->rate, .sum = 0.0};
    for (size_t k = n + 1; k-- > 0;)
        mixed.sum += share_mixed(k);
    fill_from_weights(weight_mixed, &mixed, n, k_min, at_least);
}

static void fill_table(const tdrop_law_options *options, size_t n, size_t k_min, double *at_least) {
    fill_from_weights(weight_table, options->weights, n, k_min, at_least);
}

static const law_kind kinds[] = {
    [TDROP_LAW_EXPONENTIAL] = {.name = "exponential", .reads_p = true, .fill = fill_exponential},
    [TDROP_LAW_ORIGINAL] = {.name = "original", .reads_p = true, .fill = fill_original},
    [TDROP_LAW_GEOMETRIC] = {.name = "geometric", .reads_rate = true, .fill = fill_geometric},
    [TDROP_LAW_UNIFORM] = {.name = "uniform", .fill = fill_uniform},
    [TDROP_LAW_LOG_UNIFORM] = {.name = "log-uniform", .fill = fill_log_uniform},
    [TDROP_LAW_POW2] = {.name = "pow2", .fill = fill_pow2},
    [TDROP_LAW_TABLE] = {.name = "table", .reads_weights = true, .fill = fill_table},
    [TDROP_LAW_MIXED] = {.name = "mixed", .reads_rate = true, .fill = fill_mixed},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

const char *tdrop_law_kind_name(tdrop_law_kind kind) {
    return (unsigned)kind < KINDS ? kinds[kind].name : NULL;
}

tdrop_status tdrop_law_kind_parse(const char *name, tdrop_law_kind *kind) {
    if (!name || !kind) return TDROP_ERROR_NULL;
    for (unsigned i = 0; i < KINDS; i++) {
        if (strcmp(name, kinds[i].name)) continue;
        *kind = (tdrop_law_kind)i;
        return TDROP_OK;
    }
    return TDROP_ERROR_LAW;
}

/* Weights of k = 0..n: finite, not negative, and not all zero from k_min on. */
static tdrop_status check_weights(const tdrop_law_options *options, size_t n) {
    bool some = false;
    if (options->weight_count != n + 1) return TDROP_ERROR_WEIGHTS;
    double sum = 0.0;
    for (size_t k = 0; k <= n; k++) {
        double weight = options->weights[k];
        if (!(weight >= 0.0)) return TDROP_ERROR_WEIGHTS;
        some = some || (k >= options->k_min && weight > 0.0);
        sum += weight;
    }
    return some && isfinite(sum) ? TDROP_OK : TDROP_ERROR_WEIGHTS;
}

tdrop_status tdrop_law_check(const tdrop_law_options *options) {
    if (!options) return TDROP_ERROR_NULL;
    if (options->reserved) return TDROP_ERROR_RESERVED;
    if ((unsigned)options->kind >= KINDS) return TDROP_ERROR_LAW;
    if (!(options->p >= 0.0 && options->p <= 1.0)) return TDROP_ERROR_P;
    if (kinds[options->kind].reads_rate && !(options->rate >= 0.0 && options->rate <= 1.0))
        return TDROP_ERROR_RATE;
    if (kinds[options->kind].reads_weights && !options->weights) return TDROP_ERROR_WEIGHTS;
    return TDROP_OK;
}

bool tdrop_law_keeps_all(const tdrop_law_options *options) {
    return kinds[options->kind].reads_p && options->p == 0.0;
}

bool tdrop_law_drops_all(const tdrop_law_options *options) {
    return kinds[options->kind].reads_p && options->p == 1.0 && options->k_min == 0;
}

static tdrop_status check_for(size_t n, const tdrop_law_options *options) {
    if (n == 0 || n > INT32_MAX) return TDROP_ERROR_SIZE;
    if (options->k_min > n) return TDROP_ERROR_K_MIN;
    if (options->kind == TDROP_LAW_EXPONENTIAL &&
        options->p > (double)(n - options->k_min) / (double)n)
        return TDROP_ERROR_K_MIN;
    return kinds[options->kind].reads_weights ? check_weights(options, n) : TDROP_OK;
}

/* The number of j in low..high with P(k >= j) > u, where that is known to lie in between. */
static size_t count_above(const tdrop_law *law, double u, size_t low, size_t high) {
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (law->at_least[middle] > u)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The mean of k is the sum of P(k >= j). The smaller one of that and the mean of n - k is summed,
 * so that neither a tiny p nor one close to 1 is lost in the rounding of a large sum. */
static double mean_of(const tdrop_law *law) {
    double kept = 0.0, dropped = 0.0;
    for (size_t j = 0; j < law->n; j++) {
        kept += law->at_least[j];
        dropped += 1.0 - law->at_least[j];
    }
    return kept < dropped ? kept : (double)law->n - dropped;
}

static void finish(tdrop_law *law) {
    size_t widest = 0;
    law->mean = mean_of(law);
    law->guide[GUIDES] = 0;
    for (size_t i = GUIDES; i-- > 0;) {
        law->guide[i] = (int32_t)count_above(law, (double)i / GUIDES, 0, law->n);
        size_t width = (size_t)(law->guide[i] - law->guide[i + 1]);
        if (width > widest) widest = width;
    }
    for (law->first_step = widest > 0; widest > 1; widest /= 2)
        law->first_step *= 2;
}

tdrop_status tdrop_law_create(tdrop_law **law, size_t n, const tdrop_law_options *options) {
    if (!law) return TDROP_ERROR_NULL;
    tdrop_status status = tdrop_law_check(options);
    if (!status) status = check_for(n, options);
    if (status) return status;
    tdrop_law *made = tdrop_alloc(1, sizeof *made + n * sizeof *made->at_least);
    if (!made) return TDROP_ERROR_MEMORY;
    made->n = n;
    kinds[options->kind].fill(options, n, options->k_min, made->at_least);
    finish(made);
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

/* The number of steps is the same for every u, and no branch depends on it: a processor cannot
 * guess a random number, and each wrong guess would cost more than a step. */
int32_t tdrop_law_keep(const tdrop_law *law, double u) {
    size_t part = u > 0.0 ? (size_t)(u * GUIDES) : 0;
    if (part >= GUIDES) part = GUIDES - 1;
    size_t low = (size_t)law->guide[part + 1];
    for (size_t step = law->first_step; step > 0; step /= 2) {
        size_t probe = low + step < law->n ? low + step : law->n;
        low = law->at_least[probe - 1] > u ? probe : low;
    }
    return (int32_t)low;
}

tdrop_status tdrop_law_draw(const tdrop_law *law, const tdrop_draw *draw, size_t rows,
                            int32_t *keep) {
    enum { CHUNK = 256 };
    double u[CHUNK];
    if (!law || !draw || (!keep && rows)) return TDROP_ERROR_NULL;
    tdrop_status status = tdrop_draw_check(draw, rows);
    for (size_t done = 0; done < rows && !status; done += CHUNK) {
        size_t now = rows - done < CHUNK ? rows - done : CHUNK;
        tdrop_draw part = *draw;
        part.first += (uint32_t)done;
        status = tdrop_uniform(&part, now, u);
        for (size_t i = 0; i < now; i++)
            keep[done + i] = tdrop_law_keep(law, u[i]);
    }
    return status;
}
