/* SPDX-License-Identifier: MIT
 * The laws of k against closed forms solved here by bisection in long double; what is drawn against
 * its own probabilities. Seeds are fixed, so a test of chance passes always or never. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "taildropout.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const size_t sizes[] = {1, 2, 3, 10, 64, 100, 512, 1000, 1000000};
static const double shares[] = {1e-9, 1e-5, 1e-3, 0.1, 0.5, 0.9, 0.999, 1 - 1e-9};
static const tdrop_law_kind kinds[] = {TDROP_LAW_EXPONENTIAL, TDROP_LAW_ORIGINAL};

static void *allocate(size_t count, size_t size) {
    void *memory = calloc(count + 1, size);
    assert_non_null(memory);
    return memory;
}

static tdrop_law *create_from(size_t n, const tdrop_law_options *options) {
    tdrop_law *law = NULL;
    const tdrop_status status = tdrop_law_create(&law, n, options);
    if (status != TDROP_OK || law == NULL || tdrop_law_features(law) != n)
        fail_msg("kind %d, n = %zu: %s", (int)options->kind, n, tdrop_status_name(status));
    return law;
}

static tdrop_law *create(size_t n, tdrop_law_kind kind, double p, uint32_t k_min) {
    return create_from(n, &(tdrop_law_options){.kind = kind, .p = p, .k_min = k_min});
}

static double *probabilities(const tdrop_law *law) {
    double *probability = allocate(tdrop_law_features(law) + 1, sizeof *probability);
    tdrop_law_probabilities(law, probability);
    return probability;
}

/* --- What the header defines --- */

/* sum of exp(-j rate) over j = 1..n, divided by n */
static long double mean_of_powers(long double rate, size_t n) {
    return expm1l(-rate * (long double)n) / -expm1l(rate) / (long double)n;
}

/* a - a exp(-1/a) with a = 1 / rate */
static long double mean_of_continuum(long double rate, size_t n) {
    (void)n;
    return -expm1l(-rate) / rate;
}

/* The rate > 0 at which mean, which falls with it from 1 to 0, is 1 - p. */
static long double solve(long double (*mean)(long double, size_t), size_t n, long double p) {
    long double low = logl(1e-18L), high = logl(1e15L);
    for (int step = 0; step < 200; step++) {
        const long double middle = (low + high) / 2;
        if (mean(expl(middle), n) > 1 - p)
            low = middle;
        else
            high = middle;
    }
    return expl((low + high) / 2);
}

/* P(k >= j) = exp(-(j - k_min) fall) for j > k_min, else 1: given k >= k_min, both laws are what
 * they are without it, k_min further on. */
static long double fall_of(tdrop_law_kind kind, size_t n, long double p, size_t k_min) {
    if (kind == TDROP_LAW_ORIGINAL) return solve(mean_of_continuum, n, p) / (long double)n;
    const size_t rest = n - k_min;
    return solve(mean_of_powers, rest, p * (long double)n / (long double)rest);
}

/* --- Probabilities --- */

static void assert_probabilities(const double *probability, size_t n, size_t k_min) {
    long double sum = 0;
    for (size_t j = 0; j <= n; j++) {
        assert_true(probability[j] >= 0 && probability[j] <= 1);
        assert_true(j >= k_min || probability[j] == 0);
        sum += probability[j];
    }
    assert_true(fabsl(sum - 1) < 1e-12L);
}

/* A ratio that is a double has its n-th power off by up to n roundings. */
static void assert_survival(const double *probability, size_t n, size_t k_min, long double fall) {
    const long double tolerance = fmaxl(1e-12L, (long double)n * 0x1p-53L);
    long double survival = 0;
    for (size_t j = n; j > 0; j--) {
        survival += probability[j];
        const long double want = j <= k_min ? 1 : expl(-(long double)(j - k_min) * fall);
        if (!(fabsl(survival - want) < tolerance))
            fail_msg("n = %zu, k_min = %zu: P(k >= %zu) is %.17Lg, not %.17Lg", n, k_min, j,
                     survival, want);
    }
}

static void check_law(tdrop_law_kind kind, size_t n, double p, uint32_t k_min) {
    tdrop_law *law = create(n, kind, p, k_min);
    double *probability = probabilities(law);
    assert_probabilities(probability, n, k_min);
    assert_survival(probability, n, k_min, fall_of(kind, n, p, k_min));
    free(probability);
    tdrop_law_destroy(law);
}

static void test_law_is_what_the_header_says(void **state) {
    (void)state;
    for (size_t k = 0; k < COUNT(kinds); k++)
        for (size_t s = 0; s < COUNT(sizes); s++)
            for (size_t p = 0; p < COUNT(shares); p++)
                check_law(kinds[k], sizes[s], shares[p], 0);
}

static const struct {
    size_t n;
    uint32_t k_min;
    double p;
} least[] = {
    {2, 1, 0.1},    {2, 1, 0.499},      {10, 1, 0.5},   {10, 3, 0.5},    {10, 9, 0.05},
    {64, 16, 0.5},  {64, 63, 0.01},     {100, 1, 0.98}, {100, 50, 1e-5}, {1000, 100, 0.5},
    {1000, 1, 0.9}, {1000000, 10, 0.5}, {3, 1, 1e-9},
};

static void test_law_with_a_least_k(void **state) {
    (void)state;
    for (size_t k = 0; k < COUNT(kinds); k++)
        for (size_t i = 0; i < COUNT(least); i++)
            check_law(kinds[k], least[i].n, least[i].p, least[i].k_min);
}

/* --- The mean --- */

/* Where p or 1 - p is small, it is met in proportion. */
static long double mean_tolerance(double p) {
    const long double nearer = p < 0.5 ? p : 1 - (long double)p;
    return fminl(1e-9L, 1e-6L * nearer);
}

static void assert_mean(const tdrop_law *law, double p) {
    const size_t n = tdrop_law_features(law);
    double *probability = probabilities(law);
    long double mean = 0, dropped = 0;
    for (size_t j = 0; j <= n; j++) {
        mean += (long double)j * probability[j];
        dropped += (long double)(n - j) * probability[j];
    }
    dropped /= (long double)n;
    const long double said = 1 - tdrop_law_mean(law) / (long double)n;
    if (!(fabsl(dropped - p) <= mean_tolerance(p) && fabsl(said - p) <= mean_tolerance(p)))
        fail_msg("n = %zu, p = %.17g: off by %Lg, tdrop_law_mean by %Lg", n, p, dropped - p,
                 said - p);
    assert_true(fabsl(mean - tdrop_law_mean(law)) <= 1e-12L * (long double)n);
    free(probability);
}

static void test_exponential_drops_p_on_average(void **state) {
    (void)state;
    for (size_t s = 0; s < COUNT(sizes); s++)
        for (size_t p = 0; p < COUNT(shares); p++) {
            tdrop_law *law = create(sizes[s], TDROP_LAW_EXPONENTIAL, shares[p], 0);
            assert_mean(law, shares[p]);
            tdrop_law_destroy(law);
        }
}

static void test_exponential_drops_p_on_average_with_a_least_k(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(least); i++) {
        tdrop_law *law = create(least[i].n, TDROP_LAW_EXPONENTIAL, least[i].p, least[i].k_min);
        assert_mean(law, least[i].p);
        tdrop_law_destroy(law);
    }
}

/* Nothing is left to chance when p is all that k_min allows. */
static void test_exponential_at_the_largest_p(void **state) {
    (void)state;
    tdrop_law *law = create(8, TDROP_LAW_EXPONENTIAL, 0.75, 2);
    double *probability = probabilities(law);
    assert_true(probability[2] > 1 - 1e-12);
    assert_int_equal(tdrop_law_keep(law, 0), 2);
    assert_int_equal(tdrop_law_keep(law, 0.5), 2);
    free(probability);
    tdrop_law_destroy(law);
}

static void test_original_mean_is_that_of_its_probabilities(void **state) {
    (void)state;
    for (size_t s = 0; s < COUNT(sizes); s++) {
        tdrop_law *law = create(sizes[s], TDROP_LAW_ORIGINAL, 0.5, 0);
        double *probability = probabilities(law);
        long double mean = 0;
        for (size_t j = 0; j <= sizes[s]; j++)
            mean += (long double)j * probability[j];
        assert_true(fabsl(mean - tdrop_law_mean(law)) <= 1e-12L * (long double)sizes[s]);
        free(probability);
        tdrop_law_destroy(law);
    }
}

/* --- The laws without p --- */

/* Weights of k = 0..n that are all different, with gaps. */
enum { MOST_TABLE = 1000 };
static double table[MOST_TABLE + 1];

static void fill_table(void) {
    for (size_t k = 0; k <= MOST_TABLE; k++)
        table[k] = k % 7 == 3 ? 0 : 1 + 0.5 * (double)(k % 13) + (double)k / MOST_TABLE;
}

/* What the header says of P(k), in proportion, without k_min. */
static long double weight(const tdrop_law_options *options, size_t n, size_t k) {
    const long double stay = 1 - (long double)options->rate;
    switch (options->kind) {
    case TDROP_LAW_GEOMETRIC:
        if (k == 0) return 0;
        return powl(stay, (long double)k - 1) * (k < n ? (long double)options->rate : 1);
    case TDROP_LAW_UNIFORM:
        return 1;
    case TDROP_LAW_LOG_UNIFORM:
        return 1 / (long double)(k ? k : 1);
    case TDROP_LAW_POW2:
        return k && (k == n || (k & (k - 1)) == 0);
    case TDROP_LAW_MIXED: {
        long double sum = 0;
        for (size_t j = 0; j <= n; j++)
            sum += j ? 1 / (j + 0.4L) : 0.2L / 1.4L;
        return (1 - (long double)options->rate) * (k ? 1 / (k + 0.4L) : 0.2L / 1.4L) / sum +
               (k == n ? (long double)options->rate : 0);
    }
    default:
        return options->weights[k];
    }
}

static const struct {
    tdrop_law_kind kind;
    double rate;
} plain[] = {
    {TDROP_LAW_GEOMETRIC, 0},    {TDROP_LAW_GEOMETRIC, 1e-6}, {TDROP_LAW_GEOMETRIC, 0.1},
    {TDROP_LAW_GEOMETRIC, 0.75}, {TDROP_LAW_GEOMETRIC, 1},    {TDROP_LAW_UNIFORM, 0},
    {TDROP_LAW_LOG_UNIFORM, 0},  {TDROP_LAW_POW2, 0},         {TDROP_LAW_TABLE, 0},
    {TDROP_LAW_MIXED, 0},        {TDROP_LAW_MIXED, 0.15},     {TDROP_LAW_MIXED, 1},
};
static const size_t plain_sizes[] = {1, 2, 3, 7, 8, 9, 64, 100, MOST_TABLE};

static tdrop_law_options plain_options(size_t i, size_t n, size_t k_min) {
    return (tdrop_law_options){.kind = plain[i].kind,
                               .k_min = (uint32_t)k_min,
                               .rate = plain[i].rate,
                               .weights = table,
                               .weight_count = n + 1};
}

/* Whether k cannot be drawn at all. A geometric weight may come to 0 only because it is too small
 * for the reference, whose long double has the range of a double under valgrind: that does not
 * count. */
static bool is_impossible(const tdrop_law_options *options, size_t n, size_t k) {
    const bool tiny =
        options->kind == TDROP_LAW_GEOMETRIC && k > 0 && options->rate > 0 && options->rate < 1;
    return k < options->k_min || (!tiny && weight(options, n, k) == 0);
}

/* P(k) = weight over the weights from k_min on: probabilities, mean and sampler all have it. */
static void check_plain(const tdrop_law_options *options, size_t n) {
    tdrop_law *law = create_from(n, options);
    double *probability = probabilities(law);
    long double total = 0, mean = 0;
    for (size_t k = options->k_min; k <= n; k++)
        total += weight(options, n, k);
    for (size_t k = 0; k <= n; k++) {
        const long double want = k < options->k_min ? 0 : weight(options, n, k) / total;
        mean += (long double)k * want;
        if (!(fabsl(probability[k] - want) < 1e-13L))
            fail_msg("%s, n = %zu, k_min = %u: P(%zu) is %.17g, not %.17Lg",
                     tdrop_law_kind_name(options->kind), n, options->k_min, k, probability[k],
                     want);
        if (is_impossible(options, n, k)) assert_true(probability[k] == 0);
    }
    assert_true(fabsl(tdrop_law_mean(law) - mean) < 1e-12L * (long double)n);
    assert_probabilities(probability, n, options->k_min);
    for (int i = 0; i <= 1000; i++) {
        const int32_t k = tdrop_law_keep(law, i < 1000 ? i / 1000.0 : 1 - 0x1p-53);
        assert_true(k >= 0 && k <= (int32_t)n && probability[k] > 0);
    }
    free(probability);
    tdrop_law_destroy(law);
}

static void test_laws_without_p_are_what_the_header_says(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(plain); i++)
        for (size_t s = 0; s < COUNT(plain_sizes); s++) {
            const size_t n = plain_sizes[s], least_ks[] = {0, 1, n / 3, n - 1, n};
            for (size_t m = 0; m < COUNT(least_ks); m++) {
                const tdrop_law_options options = plain_options(i, n, least_ks[m]);
                /* 0 where the law never reaches k_min, so there is nothing to be given */
                long double reached = 0;
                for (size_t k = least_ks[m]; k <= n; k++)
                    reached += weight(&options, n, k);
                if (reached > 0) check_plain(&options, n);
            }
        }
}

/* The same once more, by the formulas that one knows by heart. */
static void test_closed_forms(void **state) {
    (void)state;
    tdrop_law *law = create_from(9, &(tdrop_law_options){.kind = TDROP_LAW_UNIFORM});
    double *probability = probabilities(law);
    assert_true(fabs(tdrop_law_mean(law) - 4.5) < 1e-12 && fabs(probability[3] - 0.1) < 1e-15);
    tdrop_law_destroy(law);
    law = create_from(9, &(tdrop_law_options){.kind = TDROP_LAW_POW2}); /* 1 2 4 8 9 */
    tdrop_law_probabilities(law, probability);
    assert_true(fabs(tdrop_law_mean(law) - 4.8) < 1e-12);
    assert_true(fabs(probability[8] - 0.2) < 1e-15 && probability[3] == 0 && probability[0] == 0);
    tdrop_law_destroy(law);
    law = create_from(9, &(tdrop_law_options){.kind = TDROP_LAW_GEOMETRIC, .rate = 0.5});
    tdrop_law_probabilities(law, probability);
    for (int k = 1; k < 9; k++)
        assert_true(probability[k] == ldexp(1, -k));
    assert_true(probability[0] == 0 && probability[9] == ldexp(1, -8));
    tdrop_law_destroy(law);
    law = create_from(3, &(tdrop_law_options){.kind = TDROP_LAW_LOG_UNIFORM}); /* 1 1 1/2 1/3 */
    tdrop_law_probabilities(law, probability);
    assert_true(fabs(probability[0] - 6 / 17.0) < 1e-15);
    assert_true(fabs(probability[1] - 6 / 17.0) < 1e-15);
    assert_true(fabs(probability[3] - 2 / 17.0) < 1e-15);
    tdrop_law_destroy(law);
    law = create_from(1, &(tdrop_law_options){.kind = TDROP_LAW_MIXED, .rate = 0.4});
    tdrop_law_probabilities(law, probability); /* 1/5 and 1, and 0.4 more for n */
    assert_true(fabs(probability[0] - 0.1) < 1e-15 && fabs(probability[1] - 0.9) < 1e-15);
    tdrop_law_destroy(law);
    free(probability);
}

/* Tiny and huge weights alike: only their ratios count. */
static void test_scale_of_a_table_does_not_matter(void **state) {
    (void)state;
    static const double scales[] = {1e-300, 1e-9, 1, 1e300};
    for (size_t i = 0; i < COUNT(scales); i++) {
        const double weights[] = {scales[i], 0, 3 * scales[i]};
        const tdrop_law_options options = {
            .kind = TDROP_LAW_TABLE, .weights = weights, .weight_count = COUNT(weights)};
        tdrop_law *law = create_from(2, &options);
        assert_true(fabs(tdrop_law_mean(law) - 1.5) < 1e-12);
        tdrop_law_destroy(law);
    }
}

/* --- u and k --- */

static const double largest_u = 1 - 0x1p-53;

static void assert_always(size_t n, tdrop_law_kind kind, double p, uint32_t k_min, size_t k) {
    static const double us[] = {0, 0x1p-53, 0.3, 0.5, 1 - 0x1p-53};
    tdrop_law *law = create(n, kind, p, k_min);
    double *probability = probabilities(law);
    for (size_t i = 0; i < COUNT(us); i++)
        assert_int_equal(tdrop_law_keep(law, us[i]), k);
    for (size_t j = 0; j <= n; j++)
        assert_true(probability[j] == (j == k));
    assert_true(tdrop_law_mean(law) == (double)k);
    free(probability);
    tdrop_law_destroy(law);
}

static void test_p_0_keeps_all_and_p_1_nothing(void **state) {
    (void)state;
    for (size_t k = 0; k < COUNT(kinds); k++)
        for (size_t s = 0; s < COUNT(sizes); s++) {
            const size_t n = sizes[s];
            assert_always(n, kinds[k], 0, 0, n);
            assert_always(n, kinds[k], 0, 1, n);
            assert_always(n, kinds[k], 0, (uint32_t)n, n);
            assert_always(n, kinds[k], 1, 0, 0);
        }
}

/* k counts the j with P(k >= j) > u. Where u is as near to one of them as rounding is, either side
 * will do. */
static void assert_keep(const tdrop_law *law, const double *probability, double u) {
    const size_t n = tdrop_law_features(law);
    int32_t fewest = 0, most = 0;
    long double survival = 0;
    for (size_t j = n; j > 0; j--) {
        survival += probability[j];
        fewest += survival > u + 1e-12L;
        most += survival > u - 1e-12L;
    }
    const int32_t k = tdrop_law_keep(law, u);
    if (k < fewest || k > most)
        fail_msg("n = %zu, u = %.17g: %d, not %d to %d", n, u, k, fewest, most);
}

static void test_keep_inverts_the_table(void **state) {
    (void)state;
    for (size_t kind = 0; kind < COUNT(kinds); kind++)
        for (size_t s = 0; sizes[s] <= 1000; s++)
            for (size_t p = 0; p < COUNT(shares); p++) {
                tdrop_law *law = create(sizes[s], kinds[kind], shares[p], 0);
                double *probability = probabilities(law);
                for (int i = 0; i < 64; i++)
                    assert_keep(law, probability, i / 64.0);
                assert_keep(law, probability, 1e-6);
                assert_keep(law, probability, 1e-300);
                assert_keep(law, probability, largest_u);
                free(probability);
                tdrop_law_destroy(law);
            }
}

static void test_keep_falls_as_u_rises(void **state) {
    (void)state;
    for (size_t kind = 0; kind < COUNT(kinds); kind++)
        for (size_t s = 0; s < COUNT(sizes); s++) {
            tdrop_law *law = create(sizes[s], kinds[kind], 0.5, 0);
            int32_t last = (int32_t)sizes[s];
            for (int i = 0; i < 10000; i++) {
                const int32_t k = tdrop_law_keep(law, i / 10000.0);
                assert_true(k >= 0 && k <= last);
                last = k;
            }
            tdrop_law_destroy(law);
        }
}

static void test_keep_is_never_below_the_least(void **state) {
    (void)state;
    for (size_t kind = 0; kind < COUNT(kinds); kind++)
        for (size_t i = 0; i < COUNT(least); i++) {
            tdrop_law *law = create(least[i].n, kinds[kind], least[i].p, least[i].k_min);
            assert_true(tdrop_law_keep(law, largest_u) >= (int32_t)least[i].k_min);
            tdrop_law_destroy(law);
        }
}

/* --- Draws --- */

enum { ROWS = 1000000 };

static int32_t *draw_many(const tdrop_law *law, const tdrop_draw *draw, size_t rows) {
    int32_t *keep = allocate(rows, sizeof *keep);
    assert_int_equal(tdrop_law_draw(law, draw, rows, keep), TDROP_OK);
    return keep;
}

static long double variance(const double *probability, size_t n) {
    long double mean = 0, sum = 0;
    for (size_t j = 0; j <= n; j++)
        mean += (long double)j * probability[j];
    for (size_t j = 0; j <= n; j++)
        sum += ((long double)j - mean) * ((long double)j - mean) * probability[j];
    return sum;
}

/* Chi-squared of drawn keeps, neighbours put together until ten are expected, less its mean and in
 * units of its standard deviation. */
static double misfit(const int32_t *keep, size_t rows, const double *probability, size_t n) {
    double *hits = allocate(n + 1, sizeof *hits);
    for (size_t i = 0; i < rows; i++)
        hits[keep[i]]++;
    double chi = 0, seen = 0, expected = 0, bins = 0, left = (double)rows;
    for (size_t j = 0; j <= n; j++) {
        seen += hits[j];
        expected += (double)rows * probability[j];
        left -= (double)rows * probability[j];
        if (expected < 10 || (left < 10 && j < n)) continue;
        chi += (seen - expected) * (seen - expected) / expected;
        bins++;
        seen = expected = 0;
    }
    free(hits);
    return bins > 1 ? (chi - (bins - 1)) / sqrt(2 * (bins - 1)) : 0;
}

static void check_draws(size_t n, double p, uint64_t seed) {
    tdrop_law *law = create(n, TDROP_LAW_EXPONENTIAL, p, 0);
    double *probability = probabilities(law), kept = 0;
    int32_t *keep = draw_many(law, &(tdrop_draw){.seed = seed}, ROWS);
    for (size_t i = 0; i < ROWS; i++)
        kept += keep[i];
    const double dropped = 1 - kept / ROWS / (double)n;
    const double error = sqrt((double)variance(probability, n) / ROWS) / (double)n;
    const double fit = misfit(keep, ROWS, probability, n);
    if (!(fabs(dropped - p) <= 4 * error && fabs(fit) < 6))
        fail_msg("n = %zu, p = %g: mean off by %g standard errors, chi-squared by %g", n, p,
                 (dropped - p) / error, fit);
    free(keep);
    free(probability);
    tdrop_law_destroy(law);
}

static void test_draws_follow_the_law(void **state) {
    (void)state;
    static const size_t some_sizes[] = {1, 2, 10, 100, 1000};
    static const double some_shares[] = {1e-5, 1e-3, 0.1, 0.5, 0.9, 0.999};
    for (size_t s = 0; s < COUNT(some_sizes); s++)
        for (size_t p = 0; p < COUNT(some_shares); p++)
            check_draws(some_sizes[s], some_shares[p], 100 * s + p);
}

/* Chi-squared of what laws without p draw, independent and stratified. */
static void test_draws_follow_laws_without_p(void **state) {
    (void)state;
    static const uint32_t batches[] = {0, 1000};
    for (size_t i = 0; i < COUNT(plain); i++)
        for (size_t b = 0; b < COUNT(batches); b++)
            for (size_t k_min = 0; k_min < 20; k_min += 9) {
                const tdrop_law_options options = plain_options(i, 100, k_min);
                tdrop_law *law = create_from(100, &options);
                double *probability = probabilities(law);
                const tdrop_draw draw = {.seed = i, .batch = batches[b]};
                int32_t *keep = draw_many(law, &draw, ROWS / 10);
                const double fit = misfit(keep, ROWS / 10, probability, 100);
                /* strata leave less to chance than chi-squared expects, never more */
                if (!(fit < 6 && (batches[b] || fit > -6)))
                    fail_msg("%s, k_min = %zu, batch %u: chi-squared off by %g",
                             tdrop_law_kind_name(options.kind), k_min, batches[b], fit);
                free(keep);
                free(probability);
                tdrop_law_destroy(law);
            }
}

static void test_draws_are_the_k_of_uniform(void **state) {
    (void)state;
    enum { FEW = 500 };
    static double u[FEW];
    static const uint32_t batches[] = {0, 1, 64, 300};
    tdrop_law *law = create(50, TDROP_LAW_ORIGINAL, 0.4, 3);
    for (size_t b = 0; b < COUNT(batches); b++) {
        const tdrop_draw draw = {.seed = 1, .step = 2, .first = 3, .layer = 4, .batch = batches[b]};
        int32_t *keep = draw_many(law, &draw, FEW);
        assert_int_equal(tdrop_uniform(&draw, FEW, u), TDROP_OK);
        for (size_t i = 0; i < FEW; i++)
            assert_int_equal(keep[i], tdrop_law_keep(law, u[i]));
        free(keep);
    }
    tdrop_law_destroy(law);
}

/* One row over many steps follows the law although its batch is stratified. */
static void test_stratified_row_follows_the_law(void **state) {
    (void)state;
    enum { STEPS = 50000 };
    static const uint32_t batches[] = {3, 5, 64, 100};
    tdrop_law *law = create(20, TDROP_LAW_EXPONENTIAL, 0.5, 0);
    double *probability = probabilities(law);
    int32_t *keep = allocate(STEPS, sizeof *keep);
    for (size_t b = 0; b < COUNT(batches); b++)
        for (uint32_t row = 0; row < 3; row++) {
            for (uint32_t step = 0; step < STEPS; step++)
                assert_int_equal(
                    tdrop_law_draw(law,
                                   &(tdrop_draw){.step = step, .first = row, .batch = batches[b]},
                                   1, keep + step),
                    TDROP_OK);
            const double fit = misfit(keep, STEPS, probability, 20);
            if (!(fabs(fit) < 6))
                fail_msg("batch %u, row %u: chi-squared off by %g", batches[b], row, fit);
        }
    free(keep);
    free(probability);
    tdrop_law_destroy(law);
}

static double spread_of_batch_means(const tdrop_law *law, uint32_t batch, uint32_t stratified) {
    enum { STEPS = 2000 };
    double sum = 0, squares = 0;
    for (uint32_t step = 0; step < STEPS; step++) {
        const tdrop_draw draw = {.seed = 3, .step = step, .batch = stratified};
        int32_t *keep = draw_many(law, &draw, batch);
        double mean = 0;
        for (uint32_t i = 0; i < batch; i++)
            mean += (double)keep[i] / batch;
        sum += mean;
        squares += mean * mean;
        free(keep);
    }
    return sqrt(squares / STEPS - sum / STEPS * (sum / STEPS));
}

static void test_stratified_batches_vary_less(void **state) {
    (void)state;
    tdrop_law *law = create(1000, TDROP_LAW_EXPONENTIAL, 0.5, 0);
    const double loose = spread_of_batch_means(law, 64, 0);
    const double strict = spread_of_batch_means(law, 64, 64);
    assert_true(loose > 30 && loose < 60); /* the standard deviation of k over 8 */
    assert_true(strict < 0.1 * loose);
    tdrop_law_destroy(law);
}

static void test_draw_refusals(void **state) {
    (void)state;
    int32_t keep[2] = {-5, -5};
    tdrop_law *law = create(10, TDROP_LAW_EXPONENTIAL, 0.5, 0);
    const tdrop_draw draw = {0}, last = {.first = UINT32_MAX}, bad = {.reserved = 1};
    assert_int_equal(tdrop_law_draw(NULL, &draw, 2, keep), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_law_draw(law, NULL, 2, keep), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_law_draw(law, &draw, 2, NULL), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_law_draw(law, &bad, 2, keep), TDROP_ERROR_RESERVED);
    assert_int_equal(tdrop_law_draw(law, &last, 2, keep), TDROP_ERROR_OVERFLOW);
    assert_int_equal(tdrop_law_draw(law, &draw, 0, keep), TDROP_OK);
    assert_true(keep[0] == -5 && keep[1] == -5);
    tdrop_law_destroy(law);
}

/* --- Refusals and names --- */

static const double good[] = {1, 2, 3, 4, 5}, below_0[] = {1, -1e-300, 1, 1},
                    not_a_number[] = {1, 1, NAN, 1}, infinite[] = {1, 1, 1, INFINITY},
                    too_large[] = {1e308, 1e308, 1e308, 1e308}, all_0[] = {0, 0, 0, 0},
                    first_only[] = {1, 0, 0, 0};

#define TABLE(values, count, least)                                                                \
    { .kind = TDROP_LAW_TABLE, .k_min = (least), .weights = (values), .weight_count = (count) }

static const struct {
    const char *what;
    size_t n;
    tdrop_law_options options;
    tdrop_status status;
} refusals[] = {
    {"p NaN", 10, {.p = NAN}, TDROP_ERROR_P},
    {"p below 0", 10, {.p = -1e-300}, TDROP_ERROR_P},
    {"p above 1", 10, {.p = 1 + 1e-15}, TDROP_ERROR_P},
    {"p infinite", 10, {.p = INFINITY}, TDROP_ERROR_P},
    {"p NaN, original", 10, {.kind = TDROP_LAW_ORIGINAL, .p = NAN}, TDROP_ERROR_P},
    {"p above 1, original", 10, {.kind = TDROP_LAW_ORIGINAL, .p = 1.5}, TDROP_ERROR_P},
    {"n = 0", 0, {.p = 0.5}, TDROP_ERROR_SIZE},
    {"n too large", (size_t)1 << 31, {.p = 0.5}, TDROP_ERROR_SIZE},
    {"n far too large", SIZE_MAX, {.p = 0.5}, TDROP_ERROR_SIZE},
    {"reserved", 10, {.p = 0.5, .reserved = 1}, TDROP_ERROR_RESERVED},
    {"unknown kind", 10, {.kind = (tdrop_law_kind)99, .p = 0.5}, TDROP_ERROR_LAW},
    {"negative kind", 10, {.kind = (tdrop_law_kind)-1, .p = 0.5}, TDROP_ERROR_LAW},
    {"k_min above n", 10, {.p = 0, .k_min = 11}, TDROP_ERROR_K_MIN},
    {"k_min huge", 10, {.p = 0, .k_min = UINT32_MAX}, TDROP_ERROR_K_MIN},
    {"k_min above n, original",
     10,
     {.kind = TDROP_LAW_ORIGINAL, .p = 0.1, .k_min = 11},
     TDROP_ERROR_K_MIN},
    {"k_min leaves no such p", 10, {.p = 0.5 + 1e-6, .k_min = 5}, TDROP_ERROR_K_MIN},
    {"k_min = n drops nothing", 10, {.p = 1e-6, .k_min = 10}, TDROP_ERROR_K_MIN},
    {"k_min = 1 drops not all", 10, {.p = 1, .k_min = 1}, TDROP_ERROR_K_MIN},
    {"k_min above n, uniform", 10, {.kind = TDROP_LAW_UNIFORM, .k_min = 11}, TDROP_ERROR_K_MIN},
    {"rate NaN", 10, {.kind = TDROP_LAW_GEOMETRIC, .rate = NAN}, TDROP_ERROR_RATE},
    {"rate below 0", 10, {.kind = TDROP_LAW_GEOMETRIC, .rate = -1e-300}, TDROP_ERROR_RATE},
    {"rate above 1", 10, {.kind = TDROP_LAW_GEOMETRIC, .rate = 1 + 1e-15}, TDROP_ERROR_RATE},
    {"no weights", 3, TABLE(NULL, 4, 0), TDROP_ERROR_WEIGHTS},
    {"weights of 0", 3, TABLE(good, 0, 0), TDROP_ERROR_WEIGHTS},
    {"a weight too few", 3, TABLE(good, 3, 0), TDROP_ERROR_WEIGHTS},
    {"a weight too many", 3, TABLE(good, 5, 0), TDROP_ERROR_WEIGHTS},
    {"a weight below 0", 3, TABLE(below_0, 4, 0), TDROP_ERROR_WEIGHTS},
    {"a weight below 0 before k_min", 3, TABLE(below_0, 4, 2), TDROP_ERROR_WEIGHTS},
    {"a weight NaN", 3, TABLE(not_a_number, 4, 0), TDROP_ERROR_WEIGHTS},
    {"an infinite weight", 3, TABLE(infinite, 4, 0), TDROP_ERROR_WEIGHTS},
    {"weights that add up to infinity", 3, TABLE(too_large, 4, 0), TDROP_ERROR_WEIGHTS},
    {"weights all 0", 3, TABLE(all_0, 4, 0), TDROP_ERROR_WEIGHTS},
    {"weights all 0 from k_min on", 3, TABLE(first_only, 4, 1), TDROP_ERROR_WEIGHTS},
};

static void test_law_refusals(void **state) {
    (void)state;
    char mark;
    tdrop_law *const untouched = (void *)&mark;
    tdrop_law *law = untouched;
    for (size_t r = 0; r < COUNT(refusals); r++) {
        const tdrop_status status = tdrop_law_create(&law, refusals[r].n, &refusals[r].options);
        if (status != refusals[r].status || law != untouched)
            fail_msg("%s: %s", refusals[r].what, tdrop_status_name(status));
    }
    const tdrop_law_options fine = {.p = 0.5};
    assert_int_equal(tdrop_law_create(NULL, 10, &fine), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_law_create(&law, 10, NULL), TDROP_ERROR_NULL);
    assert_ptr_equal(law, untouched);
    tdrop_law_destroy(NULL);
}

static const struct {
    const char *name;
    tdrop_law_kind kind;
} names[] = {
    {"exponential", TDROP_LAW_EXPONENTIAL},
    {"original", TDROP_LAW_ORIGINAL},
    {"geometric", TDROP_LAW_GEOMETRIC},
    {"uniform", TDROP_LAW_UNIFORM},
    {"log-uniform", TDROP_LAW_LOG_UNIFORM},
    {"pow2", TDROP_LAW_POW2},
    {"table", TDROP_LAW_TABLE},
    {"mixed", TDROP_LAW_MIXED},
};

static void test_law_names(void **state) {
    (void)state;
    static const char *const unknown[] = {"", "exp", "exponential ", "originals", "2", "Uniform"};
    const tdrop_law_kind mark = (tdrop_law_kind)77;
    tdrop_law_kind kind = mark;
    assert_null(tdrop_law_kind_name((tdrop_law_kind)COUNT(names)));
    assert_null(tdrop_law_kind_name((tdrop_law_kind)-1));
    for (size_t i = 0; i < COUNT(unknown); i++)
        assert_int_equal(tdrop_law_kind_parse(unknown[i], &kind), TDROP_ERROR_LAW);
    assert_int_equal(tdrop_law_kind_parse(NULL, &kind), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_law_kind_parse("original", NULL), TDROP_ERROR_NULL);
    assert_true(kind == mark);
    for (size_t i = 0; i < COUNT(names); i++) {
        assert_string_equal(tdrop_law_kind_name(names[i].kind), names[i].name);
        assert_int_equal(tdrop_law_kind_parse(names[i].name, &kind), TDROP_OK);
        assert_int_equal(kind, names[i].kind);
    }
}

int main(void) {
    fill_table();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_law_is_what_the_header_says),
        cmocka_unit_test(test_law_with_a_least_k),
        cmocka_unit_test(test_exponential_drops_p_on_average),
        cmocka_unit_test(test_exponential_drops_p_on_average_with_a_least_k),
        cmocka_unit_test(test_exponential_at_the_largest_p),
        cmocka_unit_test(test_original_mean_is_that_of_its_probabilities),
        cmocka_unit_test(test_laws_without_p_are_what_the_header_says),
        cmocka_unit_test(test_closed_forms),
        cmocka_unit_test(test_scale_of_a_table_does_not_matter),
        cmocka_unit_test(test_p_0_keeps_all_and_p_1_nothing),
        cmocka_unit_test(test_keep_inverts_the_table),
        cmocka_unit_test(test_keep_falls_as_u_rises),
        cmocka_unit_test(test_keep_is_never_below_the_least),
        cmocka_unit_test(test_draws_follow_the_law),
        cmocka_unit_test(test_draws_follow_laws_without_p),
        cmocka_unit_test(test_draws_are_the_k_of_uniform),
        cmocka_unit_test(test_stratified_row_follows_the_law),
        cmocka_unit_test(test_stratified_batches_vary_less),
        cmocka_unit_test(test_draw_refusals),
        cmocka_unit_test(test_law_refusals),
        cmocka_unit_test(test_law_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
