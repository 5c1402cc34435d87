/* SPDX-License-Identifier: MIT
 * The staircase: refusals, work, order, use again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gemm/staircase.h"
#include "reference_products.h"
#include "taildropout.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { MAX_ROWS = 1000 };

static int32_t keeps_in[MAX_ROWS], keeps_out[MAX_ROWS];

static tdrop_staircase *create(size_t max_rows) {
    tdrop_staircase *stairs = NULL;
    assert_int_equal(tdrop_staircase_create(&stairs, max_rows), TDROP_OK);
    assert_non_null(stairs);
    return stairs;
}

static void draw_keeps(uint64_t *random, int32_t *keep, size_t rows, size_t n) {
    for (size_t i = 0; i < rows; i++)
        keep[i] = (int32_t)reference_random_below(random, n + 1);
}

static bool same_keeps(const reference_shape *shape, size_t a, size_t b) {
    return reference_kept_in(shape, a) == reference_kept_in(shape, b) &&
           reference_kept_out(shape, a) == reference_kept_out(shape, b);
}

/* The order names each row once, and rows that keep the same in the order they came in. */
static void assert_order(const tdrop_staircase *stairs, const reference_shape *shape) {
    static bool seen[MAX_ROWS];
    memset(seen, 0, sizeof seen);
    const uint32_t *order = stairs->order;
    for (size_t t = 0; t < shape->rows; t++) {
        assert_true(order[t] < shape->rows);
        assert_false(seen[order[t]]);
        seen[order[t]] = true;
    }
    for (size_t t = 0; t < shape->rows; t++)
        for (size_t s = t + 1; s < shape->rows; s++)
            if (same_keeps(shape, order[t], order[s])) assert_true(order[t] < order[s]);
}

static void set_and_check(tdrop_staircase *stairs, const reference_shape *shape) {
    assert_int_equal(tdrop_staircase_set(stairs, shape->rows, shape->inputs, shape->keep_in,
                                         shape->outputs, shape->keep_out),
                     TDROP_OK);
    assert_true(tdrop_staircase_work(stairs) == reference_work(shape));
    assert_order(stairs, shape);
}

/* One staircase all the way, growing and shrinking in every size. */
static void test_staircase_work_and_order(void **state) {
    (void)state;
    static const size_t sizes[] = {1, 2, 7, 16, 100, 1000, 33, 5000, 3, 70000, 8};
    static const size_t rows[] = {0, 1, 2, 6, 17, 256, MAX_ROWS};
    uint64_t random = 1;
    tdrop_staircase *stairs = create(MAX_ROWS);
    for (size_t s = 0; s < COUNT(sizes); s++)
        for (size_t r = 0; r < COUNT(rows); r++)
            for (unsigned tails = 0; tails < 4; tails++) {
                const size_t outputs = sizes[(s * 5 + r) % COUNT(sizes)];
                draw_keeps(&random, keeps_in, rows[r], sizes[s]);
                draw_keeps(&random, keeps_out, rows[r], outputs);
                const reference_shape shape = {rows[r], sizes[s], outputs,
                                               tails & 1 ? keeps_in : NULL,
                                               tails & 2 ? keeps_out : NULL};
                set_and_check(stairs, &shape);
            }
    tdrop_staircase_destroy(stairs);
}

static void fill(int32_t *keep, int32_t k) {
    for (size_t i = 0; i < MAX_ROWS; i++)
        keep[i] = k;
}

static void test_staircase_of_equal_keeps(void **state) {
    (void)state;
    static const int32_t ks[] = {0, 1, 50, 99, 100};
    tdrop_staircase *stairs = create(MAX_ROWS);
    for (size_t a = 0; a < COUNT(ks); a++)
        for (size_t b = 0; b < COUNT(ks); b++) {
            fill(keeps_in, ks[a]);
            fill(keeps_out, ks[b]);
            set_and_check(stairs, &(reference_shape){MAX_ROWS, 100, 100, keeps_in, keeps_out});
        }
    tdrop_staircase_destroy(stairs);
}

/* The work of large sizes does not run over. */
static void test_staircase_work_is_a_double(void **state) {
    (void)state;
    tdrop_staircase *stairs = create(MAX_ROWS);
    fill(keeps_in, 2000000);
    set_and_check(stairs, &(reference_shape){MAX_ROWS, 2000000, 3000000, keeps_in, NULL});
    assert_true(tdrop_staircase_work(stairs) == 6e15);
    tdrop_staircase_destroy(stairs);
}

/* Nothing but rows and keeps decides the order, not what was there before. */
static void test_staircase_order_repeats(void **state) {
    (void)state;
    static uint32_t first[MAX_ROWS];
    uint64_t random = 2;
    draw_keeps(&random, keeps_in, MAX_ROWS, 200);
    draw_keeps(&random, keeps_out, MAX_ROWS, 300);
    const reference_shape shape = {MAX_ROWS, 200, 300, keeps_in, keeps_out};
    tdrop_staircase *fresh = create(MAX_ROWS);
    set_and_check(fresh, &shape);
    memcpy(first, fresh->order, sizeof first);
    tdrop_staircase *used = create(2 * MAX_ROWS);
    set_and_check(used, &(reference_shape){10, 5000, 1, NULL, NULL});
    set_and_check(used, &shape);
    assert_memory_equal(used->order, first, sizeof first);
    tdrop_staircase_destroy(fresh);
    tdrop_staircase_destroy(used);
}

static void test_staircase_create_refusals(void **state) {
    (void)state;
    char mark;
    tdrop_staircase *const untouched = (void *)&mark;
    tdrop_staircase *stairs = untouched;
    assert_int_equal(tdrop_staircase_create(NULL, 1), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_staircase_create(&stairs, (size_t)1 << 31), TDROP_ERROR_SIZE);
    assert_int_equal(tdrop_staircase_create(&stairs, SIZE_MAX), TDROP_ERROR_SIZE);
    assert_ptr_equal(stairs, untouched);
    tdrop_staircase_destroy(NULL);
}

static void test_staircase_of_no_rows(void **state) {
    (void)state;
    tdrop_staircase *stairs = create(0);
    set_and_check(stairs, &(reference_shape){0, 4, 3, NULL, NULL});
    assert_int_equal(tdrop_staircase_set(stairs, 1, 4, NULL, 3, NULL), TDROP_ERROR_SIZE);
    tdrop_staircase_destroy(stairs);
}

static const struct {
    const char *what;
    size_t rows, inputs, outputs;
    int32_t last_in, last_out;
    tdrop_status status;
} refusals[] = {
    {"rows", MAX_ROWS + 1, 4, 3, 0, 0, TDROP_ERROR_SIZE},
    {"many rows", SIZE_MAX, 4, 3, 0, 0, TDROP_ERROR_SIZE},
    {"inputs", 2, (size_t)1 << 31, 3, 0, 0, TDROP_ERROR_SIZE},
    {"outputs", 2, 4, (size_t)1 << 31, 0, 0, TDROP_ERROR_SIZE},
    {"keep_in below 0", MAX_ROWS, 4, 3, -1, 0, TDROP_ERROR_K},
    {"keep_in above inputs", MAX_ROWS, 4, 3, 5, 0, TDROP_ERROR_K},
    {"keep_out below 0", MAX_ROWS, 4, 3, 0, -1, TDROP_ERROR_K},
    {"keep_out above outputs", MAX_ROWS, 4, 3, 0, 4, TDROP_ERROR_K},
    {"keep_in lowest", MAX_ROWS, 4, 3, INT32_MIN, 0, TDROP_ERROR_K},
    {"keep_out highest", MAX_ROWS, 4, 3, 0, INT32_MAX, TDROP_ERROR_K},
};

static void test_staircase_set_refusals(void **state) {
    (void)state;
    tdrop_staircase *stairs = create(MAX_ROWS);
    assert_int_equal(tdrop_staircase_set(NULL, 1, 4, NULL, 3, NULL), TDROP_ERROR_NULL);
    for (size_t r = 0; r < COUNT(refusals); r++) {
        memset(keeps_in, 0, sizeof keeps_in);
        memset(keeps_out, 0, sizeof keeps_out);
        keeps_in[MAX_ROWS - 1] = refusals[r].last_in;
        keeps_out[MAX_ROWS - 1] = refusals[r].last_out;
        const tdrop_status status = tdrop_staircase_set(
            stairs, refusals[r].rows, refusals[r].inputs, keeps_in, refusals[r].outputs, keeps_out);
        if (status != refusals[r].status)
            fail_msg("%s: %s", refusals[r].what, tdrop_status_name(status));
    }
    uint64_t random = 3;
    draw_keeps(&random, keeps_in, MAX_ROWS, 4);
    set_and_check(stairs, &(reference_shape){MAX_ROWS, 4, 3, keeps_in, NULL});
    tdrop_staircase_destroy(stairs);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_staircase_work_and_order),
        cmocka_unit_test(test_staircase_of_equal_keeps),
        cmocka_unit_test(test_staircase_work_is_a_double),
        cmocka_unit_test(test_staircase_order_repeats),
        cmocka_unit_test(test_staircase_create_refusals),
        cmocka_unit_test(test_staircase_of_no_rows),
        cmocka_unit_test(test_staircase_set_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
