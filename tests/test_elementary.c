/* SPDX-License-Identifier: MIT
 * Exponential, tanh, sigmoid and gelu against libm in double, over all floats: denormals, infinity
 * and NaN included. The test takes each 251st float; `test_elementary every` takes every one. */
#include "base/elementary.h"
#include "cross/pass_hash.h"
#include "model/pass_dispatch.h"
#include "models.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static uint64_t stride = 251;

enum { BLOCK = 1000 }; /* no multiple of a vector */

/* Distance of two neighbouring floats at x; that of denormals below those. */
static double unit_at(double x) {
    const double size = fabs(x) < (double)FLT_MIN ? (double)FLT_MIN : fabs(x);
    return ldexp(1.0, ilogb(size > (double)FLT_MAX ? (double)FLT_MAX : size) - 23);
}

static double exact_sigmoid(double x) {
    return 1.0 / (1.0 + exp(-x));
}

static double exact_gelu(double x) {
    return isinf(x) ? (x < 0 ? 0.0 : x) : 0.5 * x * erfc(-x / sqrt(2.0));
}

static double exact_sigmoid_slope(double x) {
    return exact_sigmoid(x) * exact_sigmoid(-x);
}

static double exact_tanh_slope(double x) {
    return 1.0 - tanh(x) * tanh(x);
}

static double exact_gelu_slope(double x) {
    const double bell = exp(-0.5 * x * x) / sqrt(2.0 * acos(-1.0));
    return 0.5 * erfc(-x / sqrt(2.0)) + (isinf(x) ? 0.0 : x * bell);
}

static void exponential(size_t n, const float *x, float *y) {
    for (size_t i = 0; i < n; i++)
        y[i] = tdrop_exp_float(x[i]);
}

/* One function: its bounds in units in the last place of the result, or of the larger of result and
 * argument; the slope's in units of 2^-24. */
typedef struct function {
    const char *name;
    int activation; /* tdrop_pass_activation; -1: the exponential */
    bool of_argument;
    double units, slope_units;
    double (*exact)(double);
    double (*exact_slope)(double);
} function;

static const function functions[] = {
    {"exp", -1, false, 1.0, 0.0, exp, NULL},
    {"gelu", TDROP_PASS_GELU, true, 2.0, 4.0, exact_gelu, exact_gelu_slope},
    {"sigmoid", TDROP_PASS_SIGMOID, false, 2.0, 2.0, exact_sigmoid, exact_sigmoid_slope},
    {"tanh", TDROP_PASS_TANH, false, 2.0, 4.0, tanh, exact_tanh_slope},
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

/* The floats `first`, `first` + stride, ... by their bits; how many there are. */
static size_t floats_from(uint64_t first, float x[BLOCK]) {
    size_t count = 0;
    for (uint64_t at = first; count < BLOCK && at <= UINT32_MAX; at += stride) {
        const uint32_t bits = (uint32_t)at;
        memcpy(&x[count++], &bits, sizeof bits);
    }
    return count;
}

static double error_of(const function *f, float x, float y) {
    const double exact = f->exact((double)x);
    if (isnan(x)) return isnan(y) ? 0.0 : INFINITY;
    if ((float)exact == y) return 0.0; /* infinities, and what rounds to one */
    const double size = f->of_argument && fabs((double)x) > fabs(exact) ? (double)x : exact;
    return fabs((double)y - exact) / unit_at(size);
}

static double slope_error_of(const function *f, float x, float slope) {
    if (isnan(x)) return isnan(slope) ? 0.0 : INFINITY;
    return fabs((double)slope - f->exact_slope((double)x)) * 0x1p24;
}

/* One block: worst errors so far into *worst and *worst_slope. */
static void measure(const function *f, const tdrop_pass_kernels *pass, size_t n, float *x,
                    double *worst, double *worst_slope) {
    float y[BLOCK], same[BLOCK], slope[BLOCK];
    if (f->activation < 0)
        exponential(n, x, y);
    else
        pass->activation[f->activation](n, x, y);
    for (size_t i = 0; i < n; i++) {
        const double error = error_of(f, x[i], y[i]);
        if (!(error <= *worst)) *worst = error;
    }
    if (f->activation < 0) return;
    memcpy(slope, x, n * sizeof *x);
    pass->activation_slope[f->activation](n, slope, same);
    assert_memory_equal(same, y, n * sizeof *y);
    for (size_t i = 0; i < n; i++) {
        const double error = slope_error_of(f, x[i], slope[i]);
        if (!(error <= *worst_slope)) *worst_slope = error;
    }
}

static void functions_are_close(void **state) {
    (void)state;
    const tdrop_pass_kernels *pass = tdrop_pass_kernels_for(TDROP_ISA_AUTO);
    float x[BLOCK];
    for (size_t i = 0; i < FUNCTIONS; i++) {
        double worst = 0.0, worst_slope = 0.0;
        size_t n;
        for (uint64_t at = 0; (n = floats_from(at, x)) > 0; at += n * stride)
            measure(&functions[i], pass, n, x, &worst, &worst_slope);
        print_message("%s: at most %.3f units in the last place, slope %.3f of 2^-24\n",
                      functions[i].name, worst, worst_slope);
        assert_true(worst <= functions[i].units && worst_slope <= functions[i].slope_units);
    }
}

/* NaNs may differ in their bits. */
static void assert_same(size_t n, const float *x, const float *y) {
    for (size_t i = 0; i < n; i++)
        assert_true(!memcmp(&x[i], &y[i], sizeof *x) || (isnan(x[i]) && isnan(y[i])));
}

static void every_instruction_set_gives_the_same(void **state) {
    (void)state;
    tdrop_isa isas[MODELS_MOST_ISAS];
    const size_t count = models_isas(isas);
    const tdrop_pass_kernels *plain = tdrop_pass_kernels_for(TDROP_ISA_C);
    float x[BLOCK], y[BLOCK], expected[BLOCK], slope[BLOCK], expected_slope[BLOCK];
    size_t n;
    for (uint64_t at = 0; (n = floats_from(at, x)) > 0; at += 16 * n * stride)
        for (size_t i = 0; i < count * TDROP_PASS_ACTIVATIONS; i++) {
            const tdrop_pass_kernels *pass =
                tdrop_pass_kernels_for(isas[i / TDROP_PASS_ACTIVATIONS]);
            const size_t which = i % TDROP_PASS_ACTIVATIONS;
            memcpy(slope, x, sizeof x);
            memcpy(expected_slope, x, sizeof x);
            plain->activation_slope[which](n, expected_slope, expected);
            pass->activation_slope[which](n, slope, y);
            assert_same(n, y, expected);
            assert_same(n, slope, expected_slope);
            pass->activation[which](n, x, y);
            assert_same(n, y, expected);
        }
}

/* And every processor: tests/check_neon.sh compares with the same number. */
static void the_bits_are_those_known(void **state) {
    (void)state;
    tdrop_isa isas[MODELS_MOST_ISAS];
    const size_t count = models_isas(isas);
    for (size_t i = 0; i < count; i++) {
        const uint64_t hash = pass_hash(tdrop_pass_kernels_for(isas[i]));
        if (hash != PASS_HASH_EXPECTED) fail_msg("%s: %016" PRIx64, tdrop_isa_name(isas[i]), hash);
    }
}

static void special_arguments(void **state) {
    (void)state;
    float slope;
    assert_true(tdrop_exp_float(0.0f) == 1.0f && tdrop_exp_float(-INFINITY) == 0.0f);
    assert_true(isinf(tdrop_exp_float(INFINITY)) && isinf(tdrop_exp_float(89.0f)));
    assert_true(tdrop_exp_float(-103.0f) > 0.0f && tdrop_exp_float(-105.0f) == 0.0f);
    assert_true(tdrop_tanh_float(INFINITY) == 1.0f && tdrop_tanh_float(-INFINITY) == -1.0f);
    assert_true(signbit(tdrop_tanh_float(-0.0f)) && !signbit(tdrop_tanh_float(0.0f)));
    assert_true(tdrop_sigmoid_float(0.0f) == 0.5f && tdrop_sigmoid_float(-INFINITY) == 0.0f);
    assert_true(tdrop_gelu_float(-INFINITY, &slope) == 0.0f && slope == 0.0f);
    assert_true(isinf(tdrop_gelu_float(INFINITY, &slope)) && slope == 1.0f);
    assert_true(tdrop_gelu_float(0.0f, &slope) == 0.0f && slope == 0.5f);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_are_close),
        cmocka_unit_test(every_instruction_set_gives_the_same),
        cmocka_unit_test(the_bits_are_those_known),
        cmocka_unit_test(special_arguments),
    };
    if (argc == 2 && !strcmp(argv[1], "every")) stride = 1;
    return cmocka_run_group_tests_name("elementary", tests, NULL, NULL);
}
