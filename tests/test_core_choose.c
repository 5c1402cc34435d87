/* SPDX-License-Identifier: MIT
 * Choosing k: rules on curves made by hand, and the reading of rules. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "taildropout.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* --- Curves --- */

enum { MOST = 8 };

typedef struct curve_case {
    const char *what;
    tdrop_rule rule;
    size_t n;
    double loss[MOST + 1], se[MOST + 1];
    int32_t k;
} curve_case;

#define WITHIN(s)                                                                                  \
    { .kind = TDROP_RULE_WITHIN, .share = (s) }
#define KNEE                                                                                       \
    { .kind = TDROP_RULE_KNEE }
#define ONE_SE                                                                                     \
    { .kind = TDROP_RULE_1SE }
#define AUTO                                                                                       \
    { .kind = TDROP_RULE_AUTO }
#define GIVEN(number)                                                                              \
    { .kind = TDROP_RULE_K, .k = (number) }

static const curve_case curves[] = {
    /* 90 % of what k = 4 gains, 100 to 0, is a loss of at most 10. */
    {"within 10%", WITHIN(0.1), 4, {100, 50, 20, 9, 0}, {0}, 3},
    {"within 60%", WITHIN(0.6), 4, {100, 50, 20, 9, 0}, {0}, 1},
    {"within 5%", WITHIN(0.05), 4, {100, 50, 20, 9, 0}, {0}, 4},
    {"within counts from k = 0", WITHIN(0.1), 4, {1100, 1050, 1020, 1009, 1000}, {0}, 3},
    {"within 0% is the best k", WITHIN(0), 4, {8, 4, 2, 3, 5}, {0}, 2},
    {"within, best k inside", WITHIN(0.3), 5, {10, 5, 2.5, 0, 4, 8}, {0}, 2},
    {"within, first to reach it", WITHIN(0.3), 5, {10, 2, 6, 5, 0, 1}, {0}, 1},
    {"within, negative losses", WITHIN(0.1), 3, {0, -50, -95, -100}, {0}, 2},
    {"within, first of equal bests", WITHIN(0), 4, {8, 4, 2, 2, 2}, {0}, 2},
    {"within, flat", WITHIN(0.02), 3, {7, 7, 7, 7}, {0}, 0},
    {"within, rising", WITHIN(0.5), 3, {1, 2, 3, 4}, {0}, 0},
    {"within, n = 1", WITHIN(0.02), 1, {2, 1}, {0}, 1},
    {"within, n = 1, rising", WITHIN(0.02), 1, {1, 2}, {0}, 0},
    {"within, n = 0", WITHIN(0.02), 0, {3}, {0}, 0},

    /* Below the line by 0, .35, .45, .32, 0 of the height. */
    {"knee", KNEE, 4, {100, 40, 5, 2, 0}, {0}, 2},
    {"knee, other units", KNEE, 4, {51000, 50400, 50050, 50020, 50000}, {0}, 2},
    {"knee at once", KNEE, 5, {1, 0.1, 0.09, 0.08, 0.07, 0}, {0}, 1},
    /* The best is k = 4, so what follows does not stretch the line. */
    {"knee, best k inside", KNEE, 8, {100, 40, 5, 2, 0, 50, 60, 70, 80}, {0}, 2},
    {"knee, a bump before it", KNEE, 5, {100, 120, 10, 8, 4, 0}, {0}, 2},
    {"knee, flat", KNEE, 3, {7, 7, 7, 7}, {0}, 0},
    {"knee, rising", KNEE, 3, {1, 2, 3, 4}, {0}, 0},
    {"knee, n = 0", KNEE, 0, {3}, {0}, 0},

    {"1se", ONE_SE, 4, {10, 5, 3, 2.5, 2}, {9, 9, 9, 9, 1.1}, 2},
    {"1se, small error", ONE_SE, 4, {10, 5, 3, 2.5, 2}, {9, 9, 9, 9, 0.1}, 4},
    {"1se, no error", ONE_SE, 4, {10, 5, 3, 2.5, 2}, {0}, 4},
    {"1se, best k inside", ONE_SE, 4, {10, 3, 2, 6, 7}, {0, 0, 1.5, 0, 9}, 1},
    {"1se, first to reach it", ONE_SE, 4, {10, 3, 6, 2, 7}, {0, 0, 0, 1.5, 9}, 1},
    {"1se, all within it", ONE_SE, 2, {3, 2, 1}, {0, 0, 5}, 0},
    {"1se, flat", ONE_SE, 3, {7, 7, 7, 7}, {0}, 0},
    {"1se, rising", ONE_SE, 3, {1, 2, 3, 4}, {0}, 0},
    {"1se, n = 1", ONE_SE, 1, {2, 1}, {0.5, 0.5}, 1},
    {"1se, n = 0", ONE_SE, 0, {3}, {1}, 0},

    /* 2 % of 100 are left at 6, 4 % at 2; feature 2 gains 26, those behind it at most 1. */
    {"auto, a cliff", AUTO, 7, {100, 30, 4, 3.2, 2.8, 2.4, 1.5, 0}, {0}, 2},
    {"auto, no cliff: a feature behind gains an eighth",
     AUTO,
     6,
     {100, 29, 5, 2.1, 0.5, 0.1, 0},
     {0},
     4},
    {"auto, no cliff: a stretch behind does", AUTO, 6, {100, 29, 5, 4.9, 0.1, 0.05, 0}, {0}, 4},
    {"auto, a cliff that leaves more than 10 %",
     AUTO,
     8,
     {100, 10.1, 8.5, 7, 5.5, 4, 2.5, 1, 0},
     {0},
     7},
    {"auto, a cliff that leaves less", AUTO, 8, {100, 9.9, 8.5, 7, 5.5, 4, 2.5, 1, 0}, {0}, 1},
    {"auto, a cliff at 1", AUTO, 5, {100, 4.9, 3.5, 2.5, 1.2, 0}, {0}, 1},
    {"auto, no cliff: one feature gains nothing, those behind do",
     AUTO,
     6,
     {100, 24, 5, 5, 1, 0.1, 0},
     {0},
     4},
    {"auto, behind the best nothing counts", AUTO, 5, {100, 50, 2.5, 0, -1e-9, 90}, {0}, 2},
    {"auto, a smooth fall is within 2 %", AUTO, 8, {100, 50, 25, 12, 6, 3, 1.5, 0.7, 0}, {0}, 6},
    {"auto, flat", AUTO, 3, {7, 7, 7, 7}, {0}, 0},
    {"auto, rising", AUTO, 3, {1, 2, 3, 4}, {0}, 0},
    {"auto, n = 1", AUTO, 1, {2, 1}, {0}, 1},
    {"auto, n = 0", AUTO, 0, {3}, {0}, 0},

    {"a number", GIVEN(2), 4, {1, 2, 3, 4, 5}, {0}, 2},
    {"the number 0", GIVEN(0), 4, {5, 4, 3, 2, 1}, {0}, 0},
    {"the number n", GIVEN(4), 4, {1, 2, 3, 4, 5}, {0}, 4},
};

static void test_choose_k(void **state) {
    (void)state;
    for (size_t c = 0; c < COUNT(curves); c++) {
        const curve_case *curve = &curves[c];
        const double *se = curve->rule.kind == TDROP_RULE_1SE ? curve->se : NULL;
        int32_t k = -5;
        const tdrop_status status = tdrop_choose_k(&curve->rule, curve->n, curve->loss, se, &k);
        if (status != TDROP_OK || k != curve->k)
            fail_msg("%s: %s, k = %d instead of %d", curve->what, tdrop_status_name(status), k,
                     curve->k);
    }
}

/* A straight fall has no knee: any k up to the best will do, but it has to be one. */
static void test_choose_knee_of_a_straight_line(void **state) {
    (void)state;
    const tdrop_rule rule = KNEE;
    int32_t k = -5;
    assert_int_equal(tdrop_choose_k(&rule, 3, (const double[]){3, 2, 1, 0}, NULL, &k), TDROP_OK);
    assert_true(k >= 0 && k <= 3);
    assert_int_equal(tdrop_choose_k(&rule, 1, (const double[]){2, 1}, NULL, &k), TDROP_OK);
    assert_true(k >= 0 && k <= 1);
}

/* Smaller shares never choose a smaller k. */
static void test_choose_within_grows_as_the_share_falls(void **state) {
    (void)state;
    enum { N = 50 };
    double loss[N + 1];
    for (int j = 0; j <= N; j++)
        loss[j] = exp(-j / 8.0) + 0.02 * sin(j * 1.7);
    int32_t last = 0;
    for (int percent = 99; percent >= 0; percent--) {
        const tdrop_rule rule = WITHIN(percent / 100.0);
        int32_t k = -5;
        assert_int_equal(tdrop_choose_k(&rule, N, loss, NULL, &k), TDROP_OK);
        assert_true(k >= last && k <= N);
        last = k;
    }
    assert_true(last > 10);
}

/* Huge losses must not run into infinity on the way. */
static void test_choose_with_huge_losses(void **state) {
    (void)state;
    const double loss[] = {1.5e308, 0, -0.5e308, -1e308, -1.5e308};
    int32_t k = -5;
    const tdrop_rule knee = KNEE, within = WITHIN(0.4), automatic = AUTO;
    assert_int_equal(tdrop_choose_k(&knee, 4, loss, NULL, &k), TDROP_OK);
    assert_int_equal(k, 1);
    assert_int_equal(tdrop_choose_k(&within, 4, loss, NULL, &k), TDROP_OK);
    assert_int_equal(k, 2);
    const double cliff[] = {1.5e308, -1.4e308, -1.45e308, -1.46e308, -1.5e308};
    assert_int_equal(tdrop_choose_k(&automatic, 4, cliff, NULL, &k), TDROP_OK);
    assert_int_equal(k, 1);
}

/* --- Refusals --- */

static const struct {
    const char *what;
    tdrop_rule rule;
    double loss[3], se[3];
    tdrop_status status;
} refusals[] = {
    {"k above n", GIVEN(3), {3, 2, 1}, {0}, TDROP_ERROR_K},
    {"k below 0", GIVEN(-1), {3, 2, 1}, {0}, TDROP_ERROR_K},
    {"unknown rule", {.kind = (tdrop_rule_kind)5}, {3, 2, 1}, {0}, TDROP_ERROR_RULE},
    {"negative rule", {.kind = (tdrop_rule_kind)-1}, {3, 2, 1}, {0}, TDROP_ERROR_RULE},
    {"share 1", WITHIN(1), {3, 2, 1}, {0}, TDROP_ERROR_RULE},
    {"share below 0", WITHIN(-0.01), {3, 2, 1}, {0}, TDROP_ERROR_RULE},
    {"share NaN", WITHIN(NAN), {3, 2, 1}, {0}, TDROP_ERROR_RULE},
    {"loss NaN at 0", WITHIN(0.1), {NAN, 2, 1}, {0}, TDROP_ERROR_RULE},
    {"loss NaN at n", WITHIN(0.1), {3, 2, NAN}, {0}, TDROP_ERROR_RULE},
    {"loss infinite", KNEE, {INFINITY, 2, 1}, {0}, TDROP_ERROR_RULE},
    {"loss minus infinite", ONE_SE, {3, -INFINITY, 1}, {0}, TDROP_ERROR_RULE},
    {"error NaN", ONE_SE, {3, 2, 1}, {0, 0, NAN}, TDROP_ERROR_RULE},
    {"error infinite", ONE_SE, {3, 2, 1}, {0, 0, INFINITY}, TDROP_ERROR_RULE},
    {"error NaN elsewhere", ONE_SE, {3, 2, 1}, {NAN, 0, 0}, TDROP_ERROR_RULE},
};

static void test_choose_refusals(void **state) {
    (void)state;
    for (size_t r = 0; r < COUNT(refusals); r++) {
        int32_t k = -5;
        const tdrop_status status =
            tdrop_choose_k(&refusals[r].rule, 2, refusals[r].loss, refusals[r].se, &k);
        if (status != refusals[r].status || k != -5)
            fail_msg("%s: %s, k = %d", refusals[r].what, tdrop_status_name(status), k);
    }
}

static void test_choose_number_without_curve(void **state) {
    (void)state;
    const tdrop_rule three = {.kind = TDROP_RULE_K, .k = 3}, less = {.kind = TDROP_RULE_K, .k = -1};
    int32_t k = -5;
    assert_int_equal(tdrop_choose_k(&three, 2, NULL, NULL, &k), TDROP_ERROR_K);
    assert_int_equal(tdrop_choose_k(&less, 3, NULL, NULL, &k), TDROP_ERROR_K);
    assert_int_equal(k, -5);
    assert_int_equal(tdrop_choose_k(&three, 3, NULL, NULL, &k), TDROP_OK);
    assert_int_equal(k, 3);
}

static void test_choose_null(void **state) {
    (void)state;
    const double loss[] = {3, 2, 1};
    const tdrop_rule rule = ONE_SE;
    int32_t k = -5;
    assert_int_equal(tdrop_choose_k(NULL, 2, loss, loss, &k), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_choose_k(&rule, 2, NULL, loss, &k), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_choose_k(&rule, 2, loss, NULL, &k), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_choose_k(&rule, 2, loss, loss, NULL), TDROP_ERROR_NULL);
    assert_int_equal(k, -5);
}

/* --- Reading --- */

static const struct {
    const char *text;
    tdrop_rule rule;
} readable[] = {
    {"14", GIVEN(14)},
    {"0", GIVEN(0)},
    {"2147483647", GIVEN(INT32_MAX)},
    {"auto", AUTO},
    {"within=2%", WITHIN(0.02)},
    {"within=0.5%", WITHIN(0.005)},
    {"within=0%", WITHIN(0)},
    {"within=99.9%", WITHIN(0.999)},
    {"knee", KNEE},
    {"1se", ONE_SE},
};

static void test_rule_parse(void **state) {
    (void)state;
    for (size_t r = 0; r < COUNT(readable); r++) {
        tdrop_rule rule = {0};
        const tdrop_status status = tdrop_rule_parse(readable[r].text, &rule);
        const tdrop_rule *want = &readable[r].rule;
        if (status != TDROP_OK || rule.kind != want->kind ||
            (want->kind == TDROP_RULE_K && rule.k != want->k) ||
            (want->kind == TDROP_RULE_WITHIN && fabs(rule.share - want->share) > 1e-15))
            fail_msg("'%s': %s, kind %d, share %g, k %d", readable[r].text,
                     tdrop_status_name(status), (int)rule.kind, rule.share, rule.k);
    }
}

static const char *const unreadable[] = {
    "",
    " ",
    "-1",
    "1e3",
    "14x",
    "14 ",
    "1.5",
    "0x10",
    "2147483648",
    "4294967297",
    "99999999999999999999999",
    "%",
    "2%",
    "within",
    "within=",
    "within=%",
    "within=2",
    "within=2%x",
    "within=2%%",
    "within=100%",
    "within=101%",
    "within=-1%",
    "within=nan%",
    "within=inf%",
    "within=x%",
    "within 2%",
    "autox",
    "auto=2%",
    "aut",
    "knee ",
    "kneeknee",
    "kne",
    "1s",
    "1se2",
    "2se",
    "best",
};

static void test_rule_parse_refusals(void **state) {
    (void)state;
    tdrop_rule before;
    memset(&before, 0x5a, sizeof before);
    for (size_t r = 0; r < COUNT(unreadable); r++) {
        tdrop_rule rule;
        memcpy(&rule, &before, sizeof rule);
        const tdrop_status status = tdrop_rule_parse(unreadable[r], &rule);
        if (status != TDROP_ERROR_RULE || memcmp(&rule, &before, sizeof rule) != 0)
            fail_msg("'%s': %s", unreadable[r], tdrop_status_name(status));
    }
    assert_int_equal(tdrop_rule_parse(NULL, &before), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_rule_parse("auto", NULL), TDROP_ERROR_NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choose_k),
        cmocka_unit_test(test_choose_knee_of_a_straight_line),
        cmocka_unit_test(test_choose_within_grows_as_the_share_falls),
        cmocka_unit_test(test_choose_with_huge_losses),
        cmocka_unit_test(test_choose_refusals),
        cmocka_unit_test(test_choose_number_without_curve),
        cmocka_unit_test(test_choose_null),
        cmocka_unit_test(test_rule_parse),
        cmocka_unit_test(test_rule_parse_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
