/* SPDX-License-Identifier: MIT
 * How much each row of a step counts, by its width. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/pass_dispatch.h"
#include "model/width_weights.h"

#include <math.h>
#include <string.h>

enum { N = 3, ROWS = 6 };

static const int32_t keep[ROWS] = {0, 1, 1, 2, 3, 3};

static void fill(tdrop_row_result *results, const double *loss_at) {
    for (int i = 0; i < ROWS; i++)
        results[i] = (tdrop_row_result){.loss = loss_at[keep[i]]};
}

static void assert_close(double value, double expected) {
    if (!(fabs(value - expected) <= 1e-6 * fabs(expected))) fail_msg("%g, not %g", value, expected);
}

/* Losses 16, 4, 1, 1/4 at k = 0..3: relative weights are their inverses to the power. */
static void rows_count_by_the_power_of_their_loss(void **state) {
    (void)state;
    static const double loss_at[N + 1] = {16.0, 4.0, 1.0, 0.25};
    static const double powers[] = {0.25, 0.5, 1.0, 1.75, 2.0, 1.0 / 3.0};
    tdrop_row_result results[ROWS];
    fill(results, loss_at);
    for (size_t p = 0; p < sizeof powers / sizeof *powers; p++) {
        tdrop_width_weights w;
        assert_int_equal(tdrop_width_weights_create(&w, N, powers[p], ROWS), TDROP_OK);
        tdrop_width_weights_find(&w, ROWS, keep, results);
        double sum = 0.0;
        for (int i = 0; i < ROWS; i++) {
            double relative = pow(16.0 / loss_at[keep[i]], powers[p]);
            assert_close(w.weight[i] / (double)w.weight[0], relative);
            sum += w.weight[i];
        }
        assert_close(sum, ROWS);
        tdrop_width_weights_clear(&w);
    }
}

/* The mean of what was seen at first, then a loss that moves on. */
static void the_running_loss_follows_each_width_alone(void **state) {
    (void)state;
    static const double first[N + 1] = {8.0, 4.0, 2.0, 1.0}, second[N + 1] = {8.0, 2.0, 2.0, 1.0};
    tdrop_row_result results[ROWS];
    tdrop_width_weights w;
    assert_int_equal(tdrop_width_weights_create(&w, N, 1.0, ROWS), TDROP_OK);
    fill(results, first);
    tdrop_width_weights_find(&w, ROWS, keep, results);
    fill(results, second);
    tdrop_width_weights_find(&w, ROWS, keep, results);
    assert_close(w.loss[0], 8.0);
    assert_close(w.loss[1], 3.0); /* 4, 4, 2, 2 */
    assert_close(w.loss[3], 1.0);
    assert_close(w.rows[1], 4.0);
    for (int step = 0; step < 2000; step++)
        tdrop_width_weights_find(&w, ROWS, keep, results);
    assert_true(fabs(w.loss[1] - 2.0) < 1e-3);
    tdrop_width_weights_clear(&w);
}

static void a_width_without_loss_does_not_take_all(void **state) {
    (void)state;
    static const double loss_at[N + 1] = {1.0, 1.0, 0.0, 1.0}, none[N + 1] = {0};
    tdrop_row_result results[ROWS];
    tdrop_width_weights w;
    assert_int_equal(tdrop_width_weights_create(&w, N, 0.5, ROWS), TDROP_OK);
    fill(results, none);
    tdrop_width_weights_find(&w, ROWS, keep, results);
    for (int i = 0; i < ROWS; i++)
        assert_true(w.weight[i] == 1.0f);
    tdrop_width_weights_clear(&w);
    assert_int_equal(tdrop_width_weights_create(&w, N, 0.5, ROWS), TDROP_OK);
    fill(results, loss_at);
    tdrop_width_weights_find(&w, ROWS, keep, results);
    assert_close(w.weight[3] / (double)w.weight[0], 1000.0);
    assert_true(isfinite(w.weight[3]) && w.weight[0] > 0.0f);
    tdrop_width_weights_clear(&w);
}

static void rows_are_multiplied(void **state) {
    (void)state;
    enum { COLUMNS = 5 };
    static const double loss_at[N + 1] = {16.0, 4.0, 1.0, 0.25};
    float gradient[ROWS * COLUMNS], expected[ROWS * COLUMNS];
    tdrop_row_result results[ROWS];
    tdrop_width_weights w;
    assert_int_equal(tdrop_width_weights_create(&w, N, 1.0, ROWS), TDROP_OK);
    fill(results, loss_at);
    tdrop_width_weights_find(&w, ROWS, keep, results);
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        gradient[i] = (float)(i - 7);
        expected[i] = gradient[i] * w.weight[i / COLUMNS];
    }
    tdrop_width_weights_apply(&w, tdrop_pass_kernels_for(TDROP_ISA_AUTO), NULL, ROWS, COLUMNS,
                              gradient);
    assert_memory_equal(gradient, expected, sizeof gradient);
    tdrop_width_weights_clear(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_count_by_the_power_of_their_loss),
        cmocka_unit_test(the_running_loss_follows_each_width_alone),
        cmocka_unit_test(a_width_without_loss_does_not_take_all),
        cmocka_unit_test(rows_are_multiplied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
