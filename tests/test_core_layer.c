/* SPDX-License-Identifier: MIT
 * The layer: modes, draws, keeps, gradients, and what it refuses. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reference_layer.h"
#include "taildropout.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define SHAPE(...)   ((const size_t[]){__VA_ARGS__})

enum { ROWS = 64, N = 27, SIZE = ROWS * N };

static float x[SIZE], y[SIZE], expected[SIZE];

static tdrop_view view_of(float *values) {
    return tdrop_view_of(values, sizeof(float), 2, SHAPE(ROWS, N));
}

static void fill(void) {
    for (int i = 0; i < SIZE; i++) {
        x[i] = (float)(i + 1);
        y[i] = -1;
    }
}

static tdrop_layer *create(double p, const tdrop_layer_options *options) {
    tdrop_layer *layer = NULL;
    const tdrop_law_options law = {.p = p};
    assert_int_equal(tdrop_layer_create(&layer, &law, options), TDROP_OK);
    assert_non_null(layer);
    return layer;
}

/* One call from x to y; what is drawn goes to keep[ROWS], or -1 everywhere if nothing was. */
static void forward(tdrop_layer *layer, int32_t *keep) {
    const tdrop_view from = view_of(x), to = view_of(y);
    size_t count = 77;
    fill();
    assert_int_equal(tdrop_layer_forward(layer, &from, &to), TDROP_OK);
    const int32_t *drawn = tdrop_layer_keep(layer, &count);
    assert_int_equal(count, drawn ? ROWS : 0);
    for (int i = 0; i < ROWS && keep; i++)
        keep[i] = drawn ? drawn[i] : -1;
}

static void assert_y_keeps(const int32_t *keep, int32_t same_k) {
    const tdrop_view from = view_of(x), to = view_of(expected);
    reference_apply(&from, &to, NULL, keep, same_k);
    assert_memory_equal(y, expected, sizeof y);
}

/* --- Modes --- */

static void test_training_draws_and_shows_its_keeps(void **state) {
    (void)state;
    tdrop_layer *layer = create(0.5, NULL);
    int32_t first[ROWS], second[ROWS];
    forward(layer, first);
    assert_true(first[0] >= 0);
    assert_y_keeps(first, -1);
    forward(layer, second);
    assert_y_keeps(second, -1);
    assert_memory_not_equal(first, second, sizeof first);
    tdrop_layer_destroy(layer);
}

static void test_evaluation_is_the_identity(void **state) {
    (void)state;
    tdrop_layer *layer = create(0.5, NULL);
    tdrop_layer_eval(layer);
    int32_t keep[ROWS];
    forward(layer, keep);
    assert_int_equal(keep[0], -1);
    assert_memory_equal(x, y, sizeof x);
    tdrop_layer_train(layer);
    forward(layer, keep);
    assert_true(keep[0] >= 0);
    assert_y_keeps(keep, -1);
    tdrop_layer_destroy(layer);
}

static void change_mode(tdrop_layer *layer, bool training) {
    if (training)
        tdrop_layer_train(layer);
    else
        tdrop_layer_eval(layer);
}

/* From each mode to each, the same one included. */
static void test_a_set_k_lasts_until_any_call_of_train_or_eval(void **state) {
    (void)state;
    static const int32_t ks[] = {0, 1, 7, N};
    tdrop_layer *layer = create(0.5, NULL);
    int32_t keep[ROWS];
    for (size_t i = 0; i < COUNT(ks); i++)
        for (int modes = 0; modes < 4; modes++) {
            change_mode(layer, modes & 1);
            assert_int_equal(tdrop_layer_set_k(layer, ks[i]), TDROP_OK);
            for (int call = 0; call < 2; call++) {
                forward(layer, keep);
                assert_int_equal(keep[0], -1);
                assert_y_keeps(NULL, ks[i]);
            }
            change_mode(layer, modes & 2);
            forward(layer, keep);
            if (modes & 2)
                assert_y_keeps(keep, -1);
            else
                assert_memory_equal(x, y, sizeof x);
        }
    tdrop_layer_destroy(layer);
}

static void test_the_last_k_set_counts(void **state) {
    (void)state;
    tdrop_layer *layer = create(0.5, NULL);
    assert_int_equal(tdrop_layer_set_k(layer, 3), TDROP_OK);
    assert_int_equal(tdrop_layer_set_k(layer, 5), TDROP_OK);
    assert_int_equal(tdrop_layer_set_k(layer, -1), TDROP_ERROR_K);
    forward(layer, NULL);
    assert_y_keeps(NULL, 5);
    tdrop_layer_destroy(layer);
}

static void test_p_0_is_the_identity_and_p_1_gives_zeros(void **state) {
    (void)state;
    static const tdrop_law_kind kinds[] = {TDROP_LAW_EXPONENTIAL, TDROP_LAW_ORIGINAL};
    static const float zeros[SIZE];
    for (size_t k = 0; k < COUNT(kinds); k++)
        for (int p = 0; p < 2; p++) {
            tdrop_layer *layer = NULL;
            const tdrop_law_options law = {.kind = kinds[k], .p = p};
            assert_int_equal(tdrop_layer_create(&layer, &law, NULL), TDROP_OK);
            forward(layer, NULL);
            assert_memory_equal(y, p ? zeros : x, sizeof y);
            tdrop_layer_destroy(layer);
        }
}

/* --- Draws --- */

/* What a layer draws is what tdrop_law_draw gives at the place that the layer counts. */
static void test_draws_follow_from_seed_step_row_and_layer(void **state) {
    (void)state;
    tdrop_layer *layer = create(0.5, &(tdrop_layer_options){.seed = 5, .layer = 3});
    tdrop_law *law = NULL;
    assert_int_equal(tdrop_law_create(&law, N, &(tdrop_law_options){.p = 0.5}), TDROP_OK);
    for (uint32_t step = 0; step < 4; step++) {
        int32_t keep[ROWS], want[ROWS];
        const tdrop_draw draw = {.seed = 5, .layer = 3, .step = step};
        forward(layer, keep);
        assert_int_equal(tdrop_law_draw(law, &draw, ROWS, want), TDROP_OK);
        assert_memory_equal(keep, want, sizeof keep);
    }
    tdrop_law_destroy(law);
    tdrop_layer_destroy(layer);
}

/* Evaluation, a k that is set, and views without elements are no steps. */
static void test_only_draws_count(void **state) {
    (void)state;
    tdrop_layer *counted = create(0.5, NULL), *plain = create(0.5, NULL);
    const tdrop_view empty = tdrop_view_of(NULL, 4, 2, SHAPE(0, N));
    int32_t keep[2][ROWS];
    for (int step = 0; step < 3; step++) {
        tdrop_layer_eval(counted);
        forward(counted, NULL);
        assert_int_equal(tdrop_layer_set_k(counted, 2), TDROP_OK);
        forward(counted, NULL);
        tdrop_layer_train(counted);
        assert_int_equal(tdrop_layer_forward(counted, &empty, &empty), TDROP_OK);
        forward(counted, keep[0]);
        forward(plain, keep[1]);
        assert_memory_equal(keep[0], keep[1], sizeof keep[0]);
    }
    tdrop_layer_destroy(counted);
    tdrop_layer_destroy(plain);
}

static void test_a_position_is_used_once_and_counted_on_from(void **state) {
    (void)state;
    tdrop_layer *moved = create(0.5, NULL), *plain = create(0.5, NULL);
    int32_t steps[6][ROWS], keep[ROWS];
    for (int step = 0; step < 6; step++)
        forward(plain, steps[step]);
    tdrop_layer_set_position(moved, 4, 0, 0);
    tdrop_layer_eval(moved);
    forward(moved, NULL);
    tdrop_layer_train(moved);
    for (int step = 4; step < 6; step++) {
        forward(moved, keep);
        assert_memory_equal(keep, steps[step], sizeof keep);
    }
    tdrop_layer_destroy(moved);
    tdrop_layer_destroy(plain);
}

/* A batch of 64 in parts of 1, 10, 30 and 23 draws what it draws whole. */
static void check_cut_batch(int stratified) {
    static const uint32_t parts[] = {1, 10, 30, 23};
    const tdrop_layer_options options = {.seed = 9, .stratified = stratified};
    tdrop_layer *whole = create(0.5, &options), *cut = create(0.5, &options);
    int32_t keep[ROWS];
    for (uint32_t step = 0; step < 3; step++) {
        forward(whole, keep);
        memcpy(expected, y, sizeof y);
        uint32_t first = 0;
        for (size_t i = 0; i < COUNT(parts); first += parts[i++]) {
            const tdrop_view part =
                tdrop_view_of(x + first * N, sizeof(float), 2, SHAPE(parts[i], N));
            size_t count;
            tdrop_layer_set_position(cut, step, first, ROWS);
            assert_int_equal(tdrop_layer_forward(cut, &part, &part), TDROP_OK);
            assert_memory_equal(tdrop_layer_keep(cut, &count), keep + first,
                                parts[i] * sizeof *keep);
            assert_int_equal(count, parts[i]);
        }
        assert_memory_equal(x, expected, sizeof x);
    }
    tdrop_layer_destroy(whole);
    tdrop_layer_destroy(cut);
}

static void test_draws_do_not_depend_on_how_a_batch_is_cut(void **state) {
    (void)state;
    check_cut_batch(0);
    check_cut_batch(1);
}

static double mean_of(const int32_t *keep) {
    double sum = 0;
    for (int i = 0; i < ROWS; i++)
        sum += keep[i];
    return sum / ROWS;
}

/* Stratified means stay within a stratum's worth of the law's; independent ones do not. */
static void test_stratified_layers_spread_their_rows(void **state) {
    (void)state;
    double farthest[2] = {0};
    for (int stratified = 0; stratified < 2; stratified++) {
        tdrop_layer *layer = create(0.5, &(tdrop_layer_options){.stratified = stratified});
        for (int step = 0; step < 50; step++) {
            int32_t keep[ROWS];
            forward(layer, keep);
            farthest[stratified] = fmax(farthest[stratified], fabs(mean_of(keep) - N / 2.0));
        }
        tdrop_layer_destroy(layer);
    }
    assert_true(farthest[0] > 1.5);
    assert_true(farthest[1] < (double)N / ROWS + 0.1);
}

/* One layer serves views of several sizes: a new n makes a new law of the same kind. */
static void test_a_layer_takes_other_shapes(void **state) {
    (void)state;
    static const size_t shapes[][2] = {{8, 3}, {5, 200}, {100, 1}, {8, 3}, {0, 5}, {1, 64}};
    static float values[1000], before[1000];
    tdrop_layer *layer = create(0.5, NULL);
    for (size_t i = 0; i < COUNT(shapes); i++) {
        const tdrop_view view = tdrop_view_of(values, sizeof *values, 2, shapes[i]);
        const tdrop_view want = tdrop_view_of(before, sizeof *before, 2, shapes[i]);
        size_t count;
        for (size_t j = 0; j < COUNT(values); j++)
            values[j] = before[j] = (float)j + 1;
        assert_int_equal(tdrop_layer_forward(layer, &view, &view), TDROP_OK);
        const int32_t *keep = tdrop_layer_keep(layer, &count);
        assert_int_equal(count, shapes[i][0]);
        if (count) reference_apply(&want, &want, NULL, keep, -1);
        assert_memory_equal(values, before, sizeof values);
    }
    tdrop_layer_destroy(layer);
}

/* --- Gradients --- */

static void test_backward_is_the_same_map(void **state) {
    (void)state;
    tdrop_layer *layer = create(0.5, NULL);
    static float dy[SIZE], dx[SIZE];
    const tdrop_view from = view_of(dy), to = view_of(dx), want = view_of(expected);
    int32_t keep[ROWS];
    for (int i = 0; i < SIZE; i++)
        dy[i] = (float)-i;
    forward(layer, keep);
    reference_apply(&from, &want, NULL, keep, -1);
    tdrop_layer_eval(layer); /* of no account: backward repeats the call, not the mode */
    for (int time = 0; time < 2; time++) {
        assert_int_equal(tdrop_layer_backward(layer, &from, &to), TDROP_OK);
        assert_memory_equal(dx, expected, sizeof dx);
    }
    assert_int_equal(tdrop_layer_backward(layer, &from, &from), TDROP_OK);
    assert_memory_equal(dy, expected, sizeof dy);
    tdrop_layer_destroy(layer);
}

static void test_backward_after_evaluation_and_a_set_k(void **state) {
    (void)state;
    tdrop_layer *layer = create(0.5, NULL);
    const tdrop_view from = view_of(x), to = view_of(y);
    tdrop_layer_eval(layer);
    forward(layer, NULL);
    fill();
    assert_int_equal(tdrop_layer_backward(layer, &from, &to), TDROP_OK);
    assert_memory_equal(x, y, sizeof x);
    assert_int_equal(tdrop_layer_set_k(layer, 4), TDROP_OK);
    forward(layer, NULL);
    tdrop_layer_train(layer);
    fill();
    assert_int_equal(tdrop_layer_backward(layer, &from, &to), TDROP_OK);
    assert_y_keeps(NULL, 4);
    tdrop_layer_destroy(layer);
}

/* Doubles may come back where halves went forward, and with other strides. */
static void test_backward_takes_other_elements_and_strides(void **state) {
    (void)state;
    static double dy[SIZE];
    tdrop_layer *layer = create(0.5, NULL);
    int32_t keep[ROWS];
    forward(layer, keep);
    tdrop_view view = tdrop_view_of(dy, sizeof *dy, 2, SHAPE(ROWS, N));
    view.stride[0] = 1;
    view.stride[1] = ROWS;
    for (int i = 0; i < SIZE; i++)
        dy[i] = 1;
    assert_int_equal(tdrop_layer_backward(layer, &view, &view), TDROP_OK);
    for (int i = 0; i < SIZE; i++)
        assert_true(dy[i] == (i / ROWS < keep[i % ROWS]));
    tdrop_layer_destroy(layer);
}

/* --- Dims --- */

static const struct {
    const char *what;
    tdrop_dims dims;
    size_t count;
} samples[] = {
    {"images", {.given = 1, .batch_count = 1, .batch = {0}, .dropout = 1}, 3},
    {"steps", {.given = 1, .batch_count = 2, .batch = {0, 1}, .dropout = 2}, 12},
    {"steps, negative", {.given = 1, .batch_count = 2, .batch = {-3, 0}, .dropout = -2}, 12},
    {"held over the first", {.given = 1, .batch_count = 1, .batch = {1}, .dropout = 3}, 4},
    {"one for all", {.given = 1, .dropout = -1}, 1},
    {"default", {.given = 0, .batch_count = 5, .dropout = 7}, 3},
};

static void test_one_keep_for_each_sample(void **state) {
    (void)state;
    static float values[3 * 4 * 5 * 6], want[3 * 4 * 5 * 6];
    for (size_t i = 0; i < COUNT(samples); i++) {
        const tdrop_view view = tdrop_view_of(values, 4, 4, SHAPE(3, 4, 5, 6));
        const tdrop_view to = tdrop_view_of(want, 4, 4, SHAPE(3, 4, 5, 6));
        tdrop_layer *layer = create(0.5, &(tdrop_layer_options){.dims = samples[i].dims});
        size_t count;
        for (size_t j = 0; j < COUNT(values); j++)
            values[j] = (float)j + 1;
        memcpy(want, values, sizeof want);
        assert_int_equal(tdrop_layer_forward(layer, &view, &view), TDROP_OK);
        const int32_t *keep = tdrop_layer_keep(layer, &count);
        if (count != samples[i].count) fail_msg("%s: %zu", samples[i].what, count);
        reference_apply(&to, &to, &samples[i].dims, keep, -1);
        assert_memory_equal(values, want, sizeof want);
        tdrop_layer_destroy(layer);
    }
}

static void test_overlap_is_refused_only_when_drawing(void **state) {
    (void)state;
    float values[6] = {1, 2, 3, 4, 5, 6};
    static const float three[6] = {1, 2, 3};
    const tdrop_view vector = tdrop_view_of(values, sizeof *values, 1, SHAPE(6));
    tdrop_layer *layer = create(0.5, NULL);
    assert_int_equal(tdrop_layer_forward(layer, &vector, &vector), TDROP_ERROR_DIM_OVERLAP);
    tdrop_layer_eval(layer);
    assert_int_equal(tdrop_layer_forward(layer, &vector, &vector), TDROP_OK);
    assert_true(values[5] == 6);
    assert_int_equal(tdrop_layer_set_k(layer, 3), TDROP_OK);
    assert_int_equal(tdrop_layer_forward(layer, &vector, &vector), TDROP_OK);
    assert_memory_equal(values, three, sizeof values);
    assert_int_equal(tdrop_layer_backward(layer, &vector, &vector), TDROP_OK);
    tdrop_layer_train(layer);
    assert_int_equal(tdrop_layer_forward(layer, &vector, &vector), TDROP_ERROR_DIM_OVERLAP);
    tdrop_layer_destroy(layer);
}

/* Batch dim 1 and dropout dim -1 are one dim of a matrix. */
static void test_overlap_is_seen_behind_negative_dims(void **state) {
    (void)state;
    const tdrop_dims dims = {.given = 1, .batch_count = 1, .batch = {1}, .dropout = -1};
    tdrop_layer *layer = create(0.5, &(tdrop_layer_options){.dims = dims});
    const tdrop_view view = view_of(x);
    fill();
    memcpy(expected, x, sizeof x);
    assert_int_equal(tdrop_layer_forward(layer, &view, &view), TDROP_ERROR_DIM_OVERLAP);
    assert_memory_equal(x, expected, sizeof x);
    tdrop_layer_destroy(layer);
}

/* --- Refusals --- */

static const double some_weights[] = {1, 2, 3}, negative[] = {1, -1e-300, 1}, zeros[] = {0, 0, 0},
                    not_a_number[] = {1, NAN, 1}, infinite[] = {1, 1, INFINITY},
                    too_large[] = {1e308, 1e308, 1e308}, first_only[] = {1, 0, 0};

#define TABLE(values, count)                                                                       \
    { .kind = TDROP_LAW_TABLE, .weights = (values), .weight_count = (count) }

static const struct {
    const char *what;
    tdrop_law_options law;
    tdrop_status status;
} creations[] = {
    {"p NaN", {.p = NAN}, TDROP_ERROR_P},
    {"p below 0", {.p = -1e-9}, TDROP_ERROR_P},
    {"p above 1", {.p = 1 + 1e-9}, TDROP_ERROR_P},
    {"p infinite", {.p = INFINITY}, TDROP_ERROR_P},
    {"unknown law", {.kind = (tdrop_law_kind)8, .p = 0.5}, TDROP_ERROR_LAW},
    {"reserved", {.p = 0.5, .reserved = 1}, TDROP_ERROR_RESERVED},
    {"rate NaN", {.kind = TDROP_LAW_GEOMETRIC, .rate = NAN}, TDROP_ERROR_RATE},
    {"rate below 0", {.kind = TDROP_LAW_GEOMETRIC, .rate = -0.1}, TDROP_ERROR_RATE},
    {"rate above 1", {.kind = TDROP_LAW_GEOMETRIC, .rate = 1.1}, TDROP_ERROR_RATE},
    {"no weights", TABLE(NULL, 3), TDROP_ERROR_WEIGHTS},
    {"an empty table", TABLE(some_weights, 0), TDROP_ERROR_WEIGHTS},
    {"a table for n = 0", TABLE(some_weights, 1), TDROP_ERROR_WEIGHTS},
    {"a negative weight", TABLE(negative, 3), TDROP_ERROR_WEIGHTS},
    {"all weights 0", TABLE(zeros, 3), TDROP_ERROR_WEIGHTS},
    {"a weight NaN", TABLE(not_a_number, 3), TDROP_ERROR_WEIGHTS},
    {"an infinite weight", TABLE(infinite, 3), TDROP_ERROR_WEIGHTS},
    {"an infinite sum", TABLE(too_large, 3), TDROP_ERROR_WEIGHTS},
};

static void test_creations_refused(void **state) {
    (void)state;
    char mark;
    tdrop_layer *const untouched = (void *)&mark;
    tdrop_layer *layer = untouched;
    const tdrop_law_options good = {.p = 0.5};
    for (size_t i = 0; i < COUNT(creations); i++) {
        const tdrop_status status = tdrop_layer_create(&layer, &creations[i].law, NULL);
        if (status != creations[i].status || layer != untouched)
            fail_msg("%s: %s", creations[i].what, tdrop_status_name(status));
    }
    assert_int_equal(tdrop_layer_create(&layer, &good, &(tdrop_layer_options){.reserved = 1}),
                     TDROP_ERROR_RESERVED);
    assert_int_equal(tdrop_layer_create(NULL, &good, NULL), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_layer_create(&layer, NULL, NULL), TDROP_ERROR_NULL);
    assert_ptr_equal(layer, untouched);
    assert_int_equal(tdrop_layer_set_k(NULL, 1), TDROP_ERROR_NULL);
    tdrop_layer_destroy(NULL);
}

/* Laws that are good for some n, and not for N. */
static const struct {
    const char *what;
    tdrop_law_options law;
    tdrop_status status;
} misfits[] = {
    {"a table for another n", TABLE(some_weights, 3), TDROP_ERROR_WEIGHTS},
    {"k_min above n", {.p = 0.5, .k_min = N + 1}, TDROP_ERROR_K_MIN},
    {"k_min leaves no such p", {.p = 0.5, .k_min = N / 2 + 1}, TDROP_ERROR_K_MIN},
    {"pow2, k_min above n", {.kind = TDROP_LAW_POW2, .k_min = N + 1}, TDROP_ERROR_K_MIN},
};

static void test_laws_that_do_not_fit_n(void **state) {
    (void)state;
    const tdrop_view from = view_of(x), to = view_of(y);
    for (size_t i = 0; i < COUNT(misfits); i++) {
        tdrop_layer *layer = NULL;
        assert_int_equal(tdrop_layer_create(&layer, &misfits[i].law, NULL), TDROP_OK);
        fill();
        memcpy(expected, y, sizeof y);
        const tdrop_status status = tdrop_layer_forward(layer, &from, &to);
        if (status != misfits[i].status || memcmp(y, expected, sizeof y))
            fail_msg("%s: %s", misfits[i].what, tdrop_status_name(status));
        tdrop_layer_destroy(layer);
    }
    tdrop_layer *layer = NULL;
    const tdrop_law_options none_left = {
        .kind = TDROP_LAW_TABLE, .weights = first_only, .weight_count = 3, .k_min = 1};
    assert_int_equal(tdrop_layer_create(&layer, &none_left, NULL), TDROP_ERROR_WEIGHTS);
}

/* The weights are the layer's own: the caller's may go. */
static void test_the_table_is_copied(void **state) {
    (void)state;
    double weights[N + 1] = {[5] = 1};
    const tdrop_law_options law = TABLE(weights, N + 1);
    tdrop_layer *layer = NULL;
    assert_int_equal(tdrop_layer_create(&layer, &law, NULL), TDROP_OK);
    memset(weights, 0xFF, sizeof weights);
    int32_t keep[ROWS];
    forward(layer, keep);
    for (int i = 0; i < ROWS; i++)
        assert_int_equal(keep[i], 5);
    tdrop_layer_destroy(layer);
}

typedef struct views {
    tdrop_view x, y;
} views;

static views spoil(int how) {
    views v = {view_of(x), view_of(y)};
    switch (how) {
    case 0:
        v.x.data = NULL;
        break;
    case 1:
        v.x.element_size = v.y.element_size = 5;
        break;
    case 2:
        v.y.shape[0]--;
        break;
    case 3:
        v.y.data = x + 1;
        break;
    case 4:
        v.x.shape[0] = v.y.shape[0] = SIZE_MAX / 2;
        break;
    }
    return v;
}

/* A call that fails changes nothing: not y, not the keeps of the call before, and the next call
 * draws what it would have drawn. */
static void test_a_failed_call_changes_nothing(void **state) {
    (void)state;
    static const tdrop_status statuses[] = {TDROP_ERROR_NULL, TDROP_ERROR_ELEMENT,
                                            TDROP_ERROR_SHAPE, TDROP_ERROR_ALIAS,
                                            TDROP_ERROR_OVERFLOW};
    tdrop_layer *layer = create(0.5, NULL), *plain = create(0.5, NULL);
    int32_t keep[ROWS], want[ROWS];
    for (int how = 0; how < (int)COUNT(statuses); how++) {
        forward(layer, keep);
        forward(plain, want);
        assert_memory_equal(keep, want, sizeof keep);
        memcpy(expected, y, sizeof y);
        const views v = spoil(how);
        const tdrop_status status = tdrop_layer_forward(layer, &v.x, &v.y);
        if (status != statuses[how]) fail_msg("%d: %s", how, tdrop_status_name(status));
        assert_memory_equal(y, expected, sizeof y);
        size_t count;
        assert_memory_equal(tdrop_layer_keep(layer, &count), keep, sizeof keep);
        assert_int_equal(count, ROWS);
    }
    tdrop_layer_destroy(layer);
    tdrop_layer_destroy(plain);
}

static void test_other_calls_refused(void **state) {
    (void)state;
    tdrop_layer *layer = create(0.5, NULL);
    const tdrop_view from = view_of(x), to = view_of(y);
    const tdrop_view wide = tdrop_view_of(x, 4, 2, SHAPE(ROWS / 2, 2 * N));
    const tdrop_view flat = tdrop_view_of(x, 4, 1, SHAPE(SIZE));
    fill();
    memcpy(expected, y, sizeof y);
    assert_int_equal(tdrop_layer_backward(layer, &from, &to), TDROP_ERROR_ORDER);
    assert_int_equal(tdrop_layer_set_k(layer, N + 1), TDROP_OK);
    assert_int_equal(tdrop_layer_forward(layer, &from, &to), TDROP_ERROR_K);
    assert_int_equal(tdrop_layer_backward(layer, &from, &to), TDROP_ERROR_ORDER);
    assert_memory_equal(y, expected, sizeof y);
    tdrop_layer_train(layer);
    assert_int_equal(tdrop_layer_forward(NULL, &from, &to), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_layer_forward(layer, NULL, &to), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_layer_forward(layer, &from, NULL), TDROP_ERROR_NULL);
    forward(layer, NULL);
    memcpy(expected, y, sizeof y);
    assert_int_equal(tdrop_layer_backward(layer, &wide, &wide), TDROP_ERROR_SHAPE);
    assert_int_equal(tdrop_layer_backward(layer, &flat, &flat), TDROP_ERROR_SHAPE);
    assert_int_equal(tdrop_layer_backward(layer, &from, &wide), TDROP_ERROR_SHAPE);
    assert_int_equal(tdrop_layer_backward(layer, NULL, &to), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_layer_backward(layer, &from, NULL), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_layer_backward(NULL, &from, &to), TDROP_ERROR_NULL);
    assert_memory_equal(y, expected, sizeof y);
    tdrop_layer_destroy(layer);
}

/* Row numbers end at 2^32. The call that would go beyond leaves the keeps of the one before, though
 * it has more rows than they. */
static void test_positions_beyond_the_last_row(void **state) {
    (void)state;
    tdrop_layer *layer = create(0.5, NULL);
    const tdrop_view few = tdrop_view_of(x, 4, 2, SHAPE(2, N)), all = view_of(x), to = view_of(y);
    int32_t keep[2];
    size_t count;
    fill();
    assert_int_equal(tdrop_layer_forward(layer, &few, &few), TDROP_OK);
    memcpy(keep, tdrop_layer_keep(layer, &count), sizeof keep);
    tdrop_layer_set_position(layer, 0, UINT32_MAX, 0);
    assert_int_equal(tdrop_layer_forward(layer, &all, &to), TDROP_ERROR_OVERFLOW);
    assert_memory_equal(tdrop_layer_keep(layer, &count), keep, sizeof keep);
    assert_int_equal(count, 2);
    assert_int_equal(tdrop_layer_backward(layer, &few, &few), TDROP_OK);
    tdrop_layer_destroy(layer);
}

static void test_views_without_elements(void **state) {
    (void)state;
    tdrop_layer *layer = create(0.5, NULL);
    static const size_t shapes[][2] = {{0, N}, {ROWS, 0}, {0, 0}};
    for (size_t i = 0; i < COUNT(shapes); i++) {
        const tdrop_view view = tdrop_view_of(NULL, sizeof(float), 2, shapes[i]);
        assert_int_equal(tdrop_layer_forward(layer, &view, &view), TDROP_OK);
        assert_int_equal(tdrop_layer_backward(layer, &view, &view), TDROP_OK);
    }
    tdrop_layer_destroy(layer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_training_draws_and_shows_its_keeps),
        cmocka_unit_test(test_evaluation_is_the_identity),
        cmocka_unit_test(test_a_set_k_lasts_until_any_call_of_train_or_eval),
        cmocka_unit_test(test_the_last_k_set_counts),
        cmocka_unit_test(test_p_0_is_the_identity_and_p_1_gives_zeros),
        cmocka_unit_test(test_draws_follow_from_seed_step_row_and_layer),
        cmocka_unit_test(test_only_draws_count),
        cmocka_unit_test(test_a_position_is_used_once_and_counted_on_from),
        cmocka_unit_test(test_draws_do_not_depend_on_how_a_batch_is_cut),
        cmocka_unit_test(test_stratified_layers_spread_their_rows),
        cmocka_unit_test(test_a_layer_takes_other_shapes),
        cmocka_unit_test(test_backward_is_the_same_map),
        cmocka_unit_test(test_backward_after_evaluation_and_a_set_k),
        cmocka_unit_test(test_backward_takes_other_elements_and_strides),
        cmocka_unit_test(test_one_keep_for_each_sample),
        cmocka_unit_test(test_overlap_is_refused_only_when_drawing),
        cmocka_unit_test(test_overlap_is_seen_behind_negative_dims),
        cmocka_unit_test(test_creations_refused),
        cmocka_unit_test(test_laws_that_do_not_fit_n),
        cmocka_unit_test(test_the_table_is_copied),
        cmocka_unit_test(test_a_failed_call_changes_nothing),
        cmocka_unit_test(test_other_calls_refused),
        cmocka_unit_test(test_positions_beyond_the_last_row),
        cmocka_unit_test(test_views_without_elements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
