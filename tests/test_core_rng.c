/* SPDX-License-Identifier: MIT
 * Philox against its published vectors; draws and permutations against what the header promises.
 * Seeds are fixed, so a test of chance passes always or never. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/philox.h"
#include "taildropout.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { MANY = 1000000 };

static void *allocate(size_t count, size_t size) {
    void *memory = calloc(count + 1, size);
    assert_non_null(memory);
    return memory;
}

static double *draw_many(const tdrop_draw *draw, size_t rows) {
    double *u = allocate(rows, sizeof *u);
    assert_int_equal(tdrop_uniform(draw, rows, u), TDROP_OK);
    return u;
}

/* Chi-squared of hits that should fall evenly, less its mean, in units of its standard deviation;
 * so about a standard normal when there are many bins. */
static double unevenness(const uint32_t *hits, size_t bins) {
    double total = 0, sum = 0;
    for (size_t b = 0; b < bins; b++)
        total += hits[b];
    const double expected = total / (double)bins;
    for (size_t b = 0; b < bins; b++)
        sum += (hits[b] - expected) * (hits[b] - expected) / expected;
    const double freedom = (double)bins - 1;
    return (sum - freedom) / sqrt(2 * freedom);
}

/* Too even is as suspicious as too uneven, but has a shorter tail. */
static void assert_even(const uint32_t *hits, size_t bins) {
    const double z = unevenness(hits, bins);
    if (!(z < 6 && z > -5))
        fail_msg("%zu bins: chi-squared is %g standard deviations from its mean", bins, z);
}

/* --- Philox --- */

/* philox4x32-10 in kat_vectors of Random123 1.14 (Salmon et al.); the fourth was computed with
 * its header philox.h. */
static const struct {
    uint32_t counter[4], key[2], out[4];
} known_answers[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    {{1, 2, 3, 4}, {5, 6}, {0xc0c839bc, 0x889c87c5, 0x61986739, 0x2d4623d0}},
};

static void test_philox_known_answers(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(known_answers); i++) {
        uint32_t out[4] = {0};
        tdrop_philox(known_answers[i].counter, known_answers[i].key, out);
        assert_memory_equal(out, known_answers[i].out, sizeof out);
    }
}

/* The header pins key and counter; of the four words the first two make the 53 bits,
 * the first being the upper one. */
static void test_uniform_is_philox_at_its_place(void **state) {
    (void)state;
    const tdrop_draw draw = {
        .seed = 0x0123456789abcdefu, .step = 7, .first = 11, .layer = 3, .purpose = 2};
    const uint32_t key[2] = {0x89abcdef, 0x01234567};
    double u[5];
    assert_int_equal(tdrop_uniform(&draw, COUNT(u), u), TDROP_OK);
    for (uint32_t i = 0; i < COUNT(u); i++) {
        const uint32_t counter[4] = {7, 11 + i, 3, 2};
        uint32_t out[4];
        tdrop_philox(counter, key, out);
        const uint64_t bits = ((uint64_t)out[0] << 32 | out[1]) >> 11;
        assert_true(u[i] == (double)bits * 0x1p-53);
    }
}

/* --- Uniform --- */

static void assert_in_unit_interval(const double *u, size_t rows) {
    for (size_t i = 0; i < rows; i++)
        if (!(u[i] >= 0 && u[i] < 1)) fail_msg("row %zu: %g", i, u[i]);
}

static void test_uniform_lies_in_the_unit_interval(void **state) {
    (void)state;
    static const uint32_t batches[] = {0, 1, 3, 64, 1000, 999983};
    for (size_t b = 0; b < COUNT(batches); b++) {
        const tdrop_draw draw = {.seed = 5 + b, .batch = batches[b]};
        double *u = draw_many(&draw, MANY);
        assert_in_unit_interval(u, MANY);
        free(u);
    }
}

static void test_uniform_is_even(void **state) {
    (void)state;
    static uint32_t hits[1000];
    memset(hits, 0, sizeof hits);
    double *u = draw_many(&(tdrop_draw){.seed = 1}, MANY);
    for (size_t i = 0; i < MANY; i++)
        hits[(size_t)(u[i] * (double)COUNT(hits))]++;
    assert_even(hits, COUNT(hits));
    free(u);
}

/* Multiples of 2^-53, each of the 53 bits set in half of them. */
static void test_uniform_has_53_even_bits(void **state) {
    (void)state;
    enum { ROWS = 100000 };
    uint32_t set[53] = {0};
    double *u = draw_many(&(tdrop_draw){.seed = 2}, ROWS);
    for (size_t i = 0; i < ROWS; i++) {
        const uint64_t bits = (uint64_t)(u[i] * 0x1p53);
        assert_true((double)bits * 0x1p-53 == u[i]);
        for (size_t b = 0; b < COUNT(set); b++)
            set[b] += bits >> b & 1;
    }
    for (size_t b = 0; b < COUNT(set); b++)
        assert_true(fabs(set[b] - ROWS / 2.0) < 5 * sqrt(ROWS / 4.0));
    free(u);
}

/* Pairs of numbers fall evenly on a square. */
static void assert_independent(const double *a, const double *b, size_t rows) {
    enum { SIDE = 32 };
    static uint32_t hits[SIDE * SIDE];
    memset(hits, 0, sizeof hits);
    for (size_t i = 0; i < rows; i++)
        hits[(size_t)(a[i] * SIDE) * SIDE + (size_t)(b[i] * SIDE)]++;
    assert_even(hits, COUNT(hits));
}

static const tdrop_draw neighbours[] = {
    {.seed = 9, .step = 4, .layer = 2, .purpose = 1},
    {.seed = 10, .step = 4, .layer = 2, .purpose = 1},
    {.seed = 9 + ((uint64_t)1 << 32), .step = 4, .layer = 2, .purpose = 1},
    {.seed = 9, .step = 5, .layer = 2, .purpose = 1},
    {.seed = 9, .step = 4, .layer = 3, .purpose = 1},
    {.seed = 9, .step = 4, .layer = 2, .purpose = 2},
    {.seed = 9, .step = 4, .layer = 2, .purpose = TDROP_PURPOSE_USER},
    {.seed = 9, .step = 4, .layer = 2, .purpose = 1, .first = 100000},
};

static void test_uniform_differs_with_each_coordinate(void **state) {
    (void)state;
    enum { ROWS = 100000 };
    double *base = draw_many(&neighbours[0], ROWS);
    assert_independent(base, base + 1, ROWS - 1);
    for (size_t n = 1; n < COUNT(neighbours); n++) {
        double *u = draw_many(&neighbours[n], ROWS);
        for (size_t i = 0; i < ROWS; i++)
            assert_true(u[i] != base[i]);
        assert_independent(base, u, ROWS);
        free(u);
    }
    free(base);
}

static void test_uniform_does_not_depend_on_the_split(void **state) {
    (void)state;
    enum { ROWS = 1000 };
    static const size_t pieces[] = {1, 2, 3, 7, 64, 999};
    for (uint32_t batch = 0; batch <= 128; batch += 32) {
        tdrop_draw draw = {.seed = 3, .step = 2, .first = 17, .batch = batch};
        double *whole = draw_many(&draw, ROWS);
        for (size_t p = 0; p < COUNT(pieces); p++)
            for (size_t at = 0; at < ROWS; at += pieces[p]) {
                const size_t rows = at + pieces[p] < ROWS ? pieces[p] : ROWS - at;
                draw.first = 17 + (uint32_t)at;
                double *u = draw_many(&draw, rows);
                assert_memory_equal(u, whole + at, rows * sizeof *u);
                free(u);
            }
        free(whole);
    }
}

/* --- Stratified draws --- */

static const uint32_t batches[] = {1, 2, 3, 7, 64, 1000};

/* Where each row of a batch fell; every place once. */
static void assert_each_stratum_once(const double *u, uint32_t batch, uint32_t *strata) {
    bool *hit = allocate(batch, sizeof *hit);
    for (uint32_t i = 0; i < batch; i++) {
        strata[i] = (uint32_t)(u[i] * batch);
        assert_true(strata[i] < batch);
        assert_false(hit[strata[i]]);
        hit[strata[i]] = true;
    }
    free(hit);
}

static void test_stratified_hits_each_stratum_once(void **state) {
    (void)state;
    enum { BATCHES = 5 };
    for (size_t b = 0; b < COUNT(batches); b++) {
        const uint32_t batch = batches[b];
        uint32_t *strata = allocate((size_t)batch * BATCHES, sizeof *strata);
        double *u =
            draw_many(&(tdrop_draw){.seed = 8, .step = 3, .batch = batch}, (size_t)batch * BATCHES);
        for (uint32_t t = 0; t < BATCHES; t++)
            assert_each_stratum_once(u + t * batch, batch, strata + t * batch);
        for (uint32_t t = 1; t < BATCHES && batch >= 64; t++)
            assert_memory_not_equal(strata, strata + t * batch, batch * sizeof *strata);
        free(u);
        free(strata);
    }
}

/* The place within the stratum is even too, and is not the place of another step. */
static void test_stratified_is_even_within_strata(void **state) {
    (void)state;
    enum { BATCH = 1000 };
    static uint32_t hits[100];
    memset(hits, 0, sizeof hits);
    double *u = draw_many(&(tdrop_draw){.seed = 4, .batch = BATCH}, MANY);
    double *other = draw_many(&(tdrop_draw){.seed = 4, .step = 1, .batch = BATCH}, MANY);
    for (size_t i = 0; i < MANY; i++) {
        const double within = u[i] * BATCH - floor(u[i] * BATCH);
        hits[(size_t)(within * (double)COUNT(hits))]++;
    }
    assert_even(hits, COUNT(hits));
    assert_independent(u, other, MANY);
    free(u);
    free(other);
}

/* One row over many steps is as even as an independent draw. */
static void test_stratified_row_is_even_over_steps(void **state) {
    (void)state;
    enum { STEPS = 40000 };
    for (size_t b = 0; b < COUNT(batches); b++)
        for (uint32_t row = 0; row < 3; row++) {
            uint32_t hits[60] = {0};
            tdrop_draw draw = {.seed = 6, .first = row, .batch = batches[b]};
            for (draw.step = 0; draw.step < STEPS; draw.step++) {
                double u = -1;
                assert_int_equal(tdrop_uniform(&draw, 1, &u), TDROP_OK);
                hits[(size_t)(u * (double)COUNT(hits))]++;
            }
            assert_even(hits, COUNT(hits));
        }
}

static void test_uniform_at_the_last_rows(void **state) {
    (void)state;
    const double mark = -7;
    double u[2] = {mark, mark};
    assert_int_equal(tdrop_uniform(&(tdrop_draw){.first = UINT32_MAX}, 1, u), TDROP_OK);
    assert_true(u[0] >= 0 && u[0] < 1 && u[1] == mark);
    assert_int_equal(tdrop_uniform(&(tdrop_draw){.first = UINT32_MAX, .batch = 64}, 1, u),
                     TDROP_OK);
    assert_true(u[0] >= 0 && u[0] < 1);
    assert_int_equal(tdrop_uniform(&(tdrop_draw){.first = UINT32_MAX, .batch = UINT32_MAX}, 1, u),
                     TDROP_OK);
    assert_true(u[0] >= 0 && u[0] < 1);
    u[0] = mark;
    assert_int_equal(tdrop_uniform(&(tdrop_draw){.first = UINT32_MAX}, 0, u), TDROP_OK);
    assert_true(u[0] == mark);
}

static void test_uniform_refusals(void **state) {
    (void)state;
    const double mark = -7;
    double u[2] = {mark, mark};
    assert_int_equal(tdrop_uniform(NULL, 2, u), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_uniform(&(tdrop_draw){0}, 2, NULL), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_uniform(&(tdrop_draw){.reserved = 1}, 2, u), TDROP_ERROR_RESERVED);
    assert_int_equal(tdrop_uniform(&(tdrop_draw){.first = UINT32_MAX}, 2, u), TDROP_ERROR_OVERFLOW);
    assert_int_equal(tdrop_uniform(&(tdrop_draw){.first = 1}, SIZE_MAX, u), TDROP_ERROR_OVERFLOW);
    assert_true(u[0] == mark && u[1] == mark);
}

/* --- Permutations --- */

static const uint64_t counts[] = {1, 2, 3, 4, 5, 16, 17, 1000, 4096, 60000};

static void assert_bijection(const tdrop_draw *draw, uint64_t count) {
    bool *hit = allocate(count, sizeof *hit);
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t to = tdrop_permute(draw, count, i);
        assert_true(to < count);
        assert_false(hit[to]);
        hit[to] = true;
    }
    free(hit);
}

static void test_permute_is_a_bijection(void **state) {
    (void)state;
    for (size_t c = 0; c < COUNT(counts); c++)
        for (uint32_t step = 0; step < 3; step++)
            assert_bijection(
                &(tdrop_draw){.seed = 21, .step = step, .purpose = TDROP_PURPOSE_SHUFFLE},
                counts[c]);
}

static void test_permute_beyond_the_count_comes_back(void **state) {
    (void)state;
    const tdrop_draw draw = {.seed = 1};
    static const uint64_t beyond[] = {0, 1, 63, (uint64_t)1 << 40, UINT64_MAX};
    for (size_t c = 0; c < COUNT(counts); c++)
        for (size_t b = 0; b < COUNT(beyond); b++) {
            const uint64_t i = beyond[b] < counts[c] ? counts[c] : beyond[b];
            assert_true(tdrop_permute(&draw, counts[c], i) == i);
        }
    assert_true(tdrop_permute(&draw, 0, 0) == 0);
    assert_true(tdrop_permute(&draw, 0, 5) == 5);
}

static void test_permute_of_large_counts(void **state) {
    (void)state;
    static const uint64_t large[] = {UINT32_MAX, (uint64_t)1 << 32, ((uint64_t)1 << 40) + 1,
                                     (uint64_t)1 << 63, UINT64_MAX};
    const tdrop_draw draw = {.seed = 77};
    for (size_t c = 0; c < COUNT(large); c++) {
        uint64_t to[50];
        uint32_t upper = 0;
        for (uint64_t i = 0; i < COUNT(to); i++) {
            to[i] = tdrop_permute(&draw, large[c], i);
            assert_true(to[i] < large[c]);
            upper += to[i] >= large[c] / 2;
            for (uint64_t j = 0; j < i; j++)
                assert_true(to[i] != to[j]);
        }
        assert_true(upper > 5 && upper < 45);
    }
}

/* How many of the indices stay where they are between two permutations: about one. */
static void test_permute_differs_with_each_coordinate(void **state) {
    (void)state;
    enum { SIZE = 1000 };
    for (size_t n = 1; n + 1 < COUNT(neighbours); n++) {
        uint32_t same = 0;
        for (uint64_t i = 0; i < SIZE; i++)
            same +=
                tdrop_permute(&neighbours[0], SIZE, i) == tdrop_permute(&neighbours[n], SIZE, i);
        assert_true(same < 12);
    }
}

/* Which rows are asked for, and how they are drawn, is not what chooses a permutation. */
static void test_permute_does_not_depend_on_first_or_batch(void **state) {
    (void)state;
    const tdrop_draw plain = {.seed = 9, .step = 4, .layer = 2, .purpose = 1};
    const tdrop_draw other = {
        .seed = 9, .step = 4, .layer = 2, .purpose = 1, .first = 64, .batch = 32};
    for (uint64_t i = 0; i < 1000; i++)
        assert_true(tdrop_permute(&plain, 1000, i) == tdrop_permute(&other, 1000, i));
}

/* Each index goes everywhere equally often, over seeds and over steps. */
static void test_permute_positions_are_even(void **state) {
    (void)state;
    enum { DRAWS = 20000, MOST = 17 };
    for (uint64_t count = 2; count <= MOST; count++)
        for (uint64_t i = 0; i < count; i++) {
            uint32_t by_seed[MOST] = {0}, by_step[MOST] = {0};
            for (uint32_t d = 0; d < DRAWS; d++) {
                by_seed[tdrop_permute(&(tdrop_draw){.seed = d}, count, i)]++;
                by_step[tdrop_permute(&(tdrop_draw){.seed = 1, .step = d}, count, i)]++;
            }
            for (uint64_t b = 0; b < count; b++) {
                const double share = 1.0 / (double)count;
                const double bound = 5.5 * sqrt(DRAWS * share * (1 - share));
                assert_true(fabs(by_seed[b] - DRAWS * share) < bound);
                assert_true(fabs(by_step[b] - DRAWS * share) < bound);
            }
        }
}

/* All six orders of three come up about equally often. */
static void test_permute_orders_of_three_are_even(void **state) {
    (void)state;
    enum { DRAWS = 60000 };
    uint32_t hits[9] = {0};
    for (uint32_t d = 0; d < DRAWS; d++) {
        const tdrop_draw draw = {.seed = 5, .step = d};
        hits[tdrop_permute(&draw, 3, 0) * 3 + tdrop_permute(&draw, 3, 1)]++;
    }
    const uint32_t orders[6] = {hits[1], hits[2], hits[3], hits[5], hits[6], hits[7]};
    for (size_t o = 0; o < COUNT(orders); o++)
        assert_true(fabs(orders[o] - DRAWS / 6.0) < 6 * sqrt(DRAWS / 6.0));
}

/* Neighbours do not stay neighbours. */
static void test_permute_scatters_neighbours(void **state) {
    (void)state;
    enum { SIZE = 60000, SIDE = 20 };
    static uint32_t hits[SIDE * SIDE];
    memset(hits, 0, sizeof hits);
    const tdrop_draw draw = {.seed = 12};
    for (uint64_t i = 0; i + 1 < SIZE; i++) {
        const uint64_t a = tdrop_permute(&draw, SIZE, i);
        const uint64_t b = tdrop_permute(&draw, SIZE, i + 1);
        hits[a * SIDE / SIZE * SIDE + b * SIDE / SIZE]++;
    }
    assert_even(hits, COUNT(hits));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_philox_known_answers),
        cmocka_unit_test(test_uniform_is_philox_at_its_place),
        cmocka_unit_test(test_uniform_lies_in_the_unit_interval),
        cmocka_unit_test(test_uniform_is_even),
        cmocka_unit_test(test_uniform_has_53_even_bits),
        cmocka_unit_test(test_uniform_differs_with_each_coordinate),
        cmocka_unit_test(test_uniform_does_not_depend_on_the_split),
        cmocka_unit_test(test_stratified_hits_each_stratum_once),
        cmocka_unit_test(test_stratified_is_even_within_strata),
        cmocka_unit_test(test_stratified_row_is_even_over_steps),
        cmocka_unit_test(test_uniform_at_the_last_rows),
        cmocka_unit_test(test_uniform_refusals),
        cmocka_unit_test(test_permute_is_a_bijection),
        cmocka_unit_test(test_permute_beyond_the_count_comes_back),
        cmocka_unit_test(test_permute_of_large_counts),
        cmocka_unit_test(test_permute_differs_with_each_coordinate),
        cmocka_unit_test(test_permute_does_not_depend_on_first_or_batch),
        cmocka_unit_test(test_permute_positions_are_even),
        cmocka_unit_test(test_permute_orders_of_three_are_even),
        cmocka_unit_test(test_permute_scatters_neighbours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
