/* SPDX-License-Identifier: MIT
 * Every allocation of libtaildropout fails once in turn: the call that wanted it says MEMORY, what
 * it should have written is as before, nothing leaks (the sanitizers and valgrind look), and the
 * same call works when there is memory again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "failing_memory.h"
#include "taildropout.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { ROWS = 20, INPUTS = 30, OUTPUTS = 10, MOST_ALLOCATIONS = 50 };

static tdrop_law *law;
static tdrop_layer *layer;
static tdrop_staircase *stairs;
static tdrop_linear *linear;
static tdrop_pool *pool;

static tdrop_status create_law(void) {
    return tdrop_law_create(&law, INPUTS, &(tdrop_law_options){.p = 0.5});
}

static tdrop_status create_layer(void) {
    return tdrop_layer_create(&layer, &(tdrop_law_options){.p = 0.5}, NULL);
}

static tdrop_status create_layer_of_table(void) {
    static const double weights[INPUTS + 1] = {1, 2, 3};
    return tdrop_layer_create(&layer,
                              &(tdrop_law_options){.kind = TDROP_LAW_TABLE,
                                                   .weights = weights,
                                                   .weight_count = INPUTS + 1},
                              NULL);
}

/* The layer's first draw makes its law and its keeps; one of more rows makes new keeps. */
static tdrop_status draw_rows(size_t rows) {
    static float x[ROWS * INPUTS], before[ROWS * INPUTS];
    const tdrop_view view = tdrop_view_of(x, sizeof *x, 2, (size_t[]){rows, INPUTS});
    for (size_t i = 0; i < COUNT(x); i++)
        x[i] = before[i] = 1;
    const tdrop_status status = tdrop_layer_forward(layer, &view, &view);
    if (status) assert_memory_equal(x, before, sizeof x);
    return status;
}

static tdrop_status draw_few(void) {
    return draw_rows(ROWS / 2);
}

static tdrop_status draw_more(void) {
    return draw_rows(ROWS);
}

static tdrop_status create_staircase(void) {
    return tdrop_staircase_create(&stairs, ROWS);
}

static tdrop_status set_staircase(void) {
    static int32_t keep_in[ROWS], keep_out[ROWS];
    return tdrop_staircase_set(stairs, ROWS, INPUTS, keep_in, OUTPUTS, keep_out);
}

static tdrop_status set_staircase_wider(void) {
    static int32_t keep[ROWS];
    return tdrop_staircase_set(stairs, ROWS, 100 * INPUTS, keep, 100 * OUTPUTS, keep);
}

static tdrop_status create_linear(void) {
    return tdrop_linear_create(&linear, INPUTS, OUTPUTS, NULL);
}

static tdrop_status pack(void) {
    static float w[INPUTS * OUTPUTS], bias[OUTPUTS];
    return tdrop_linear_set_weights(linear, w, INPUTS, bias,
                                    TDROP_PACK_FORWARD | TDROP_PACK_BACKWARD, NULL, NULL);
}

static tdrop_status create_pool(void) {
    return tdrop_pool_create(&pool, 3);
}

static void destroy_all(void) {
    tdrop_law_destroy(law);
    tdrop_layer_destroy(layer);
    tdrop_staircase_destroy(stairs);
    tdrop_linear_destroy(linear);
    tdrop_pool_destroy(pool);
    law = NULL;
    layer = NULL;
    stairs = NULL;
    linear = NULL;
    pool = NULL;
}

/* Calls that follow each other; all but the last only make ready. */
static const struct {
    const char *what;
    tdrop_status (*calls[4])(void);
} chains[] = {
    {"law", {create_law}},
    {"layer", {create_layer}},
    {"layer of a table", {create_layer_of_table}},
    {"first draw", {create_layer, draw_few}},
    {"first draw of a table", {create_layer_of_table, draw_few}},
    {"draw of more rows", {create_layer, draw_few, draw_more}},
    {"staircase", {create_staircase}},
    {"first staircase", {create_staircase, set_staircase}},
    {"wider staircase", {create_staircase, set_staircase, set_staircase_wider}},
    {"linear", {create_linear}},
    {"packing", {create_linear, pack}},
    {"pool", {create_pool}},
};

/* Allocation number `good` of the last call fails; false when it has no more than that. */
static int fail_one(size_t chain, size_t good) {
    tdrop_status (*const *call)(void) = chains[chain].calls;
    for (; call[1]; call++)
        assert_int_equal((*call)(), TDROP_OK);
    failing_memory_after(good);
    const tdrop_status status = (*call)();
    const int failed = failing_memory_stop() > good;
    if (status != (failed ? TDROP_ERROR_MEMORY : TDROP_OK))
        fail_msg("%s, allocation %zu: %s", chains[chain].what, good, tdrop_status_name(status));
    if (call == chains[chain].calls && failed)
        assert_true(!law && !layer && !stairs && !linear && !pool);
    if (failed) assert_int_equal((*call)(), TDROP_OK);
    destroy_all();
    return failed;
}

static void test_each_allocation_fails_once(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(chains); i++) {
        size_t good = 0;
        while (fail_one(i, good))
            assert_true(++good < MOST_ALLOCATIONS);
        if (good == 0) fail_msg("%s: no allocation seen", chains[i].what);
    }
}

/* The keeps of the call before stay for backward when the next call finds no memory for its own. */
static void test_backward_after_a_draw_without_memory(void **state) {
    (void)state;
    static float x[ROWS * INPUTS];
    const tdrop_view view = tdrop_view_of(x, sizeof *x, 2, (size_t[]){ROWS / 2, INPUTS});
    int32_t keep[ROWS / 2];
    size_t count;
    assert_int_equal(create_layer(), TDROP_OK);
    assert_int_equal(draw_few(), TDROP_OK);
    memcpy(keep, tdrop_layer_keep(layer, &count), sizeof keep);
    failing_memory_after(0);
    assert_int_equal(draw_more(), TDROP_ERROR_MEMORY);
    failing_memory_stop();
    assert_memory_equal(tdrop_layer_keep(layer, &count), keep, sizeof keep);
    assert_int_equal(count, ROWS / 2);
    assert_int_equal(tdrop_layer_backward(layer, &view, &view), TDROP_OK);
    destroy_all();
}

/* Products, draws and slices after the first use find all they need in place. */
static void test_steps_allocate_nothing(void **state) {
    (void)state;
    static float x[ROWS * INPUTS], y[ROWS * OUTPUTS], dw[INPUTS * OUTPUTS], db[OUTPUTS];
    static char workspace[1 << 22];
    static int32_t keep[ROWS];
    const size_t size = sizeof workspace;
    assert_int_equal(create_law() | create_staircase() | create_linear(), TDROP_OK);
    assert_int_equal(create_layer() | draw_more() | set_staircase() | pack(), TDROP_OK);
    assert_true(tdrop_linear_workspace(linear, ROWS, 1) <= size);
    failing_memory_after(0);
    assert_int_equal(draw_more(), TDROP_OK);
    assert_int_equal(tdrop_law_draw(law, &(tdrop_draw){.step = 1}, ROWS, keep), TDROP_OK);
    assert_int_equal(set_staircase() | pack(), TDROP_OK);
    assert_int_equal(
        tdrop_linear_forward(linear, stairs, x, INPUTS, y, OUTPUTS, workspace, size, NULL),
        TDROP_OK);
    assert_int_equal(tdrop_linear_backward_input(linear, stairs, y, OUTPUTS, NULL, x, INPUTS,
                                                 workspace, size, NULL),
                     TDROP_OK);
    assert_int_equal(tdrop_linear_backward_weights(linear, stairs, y, OUTPUTS, x, INPUTS, dw,
                                                   INPUTS, db, workspace, size, NULL),
                     TDROP_OK);
    assert_int_equal(failing_memory_stop(), 0);
    destroy_all();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_allocation_fails_once),
        cmocka_unit_test(test_backward_after_a_draw_without_memory),
        cmocka_unit_test(test_steps_allocate_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
