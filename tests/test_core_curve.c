/* SPDX-License-Identifier: MIT
 * The scree curve by callback, and the slices that pruning takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guarded.h"
#include "reference_products.h"
#include "taildropout.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* --- Scree by callback --- */

enum { N = 6 };

typedef struct visits {
    int32_t k[N + 1];
    int count;
    int32_t fails_at;
    tdrop_status status;
} visits;

static tdrop_status loss_at(void *context, int32_t k, double *loss, double *se) {
    visits *v = context;
    v->k[v->count++] = k;
    if (k == v->fails_at) return v->status;
    *loss = 10.0 - k;
    if (k % 2) *se = 0.5 * k;
    return TDROP_OK;
}

static void test_scree_asks_for_each_k_in_turn(void **state) {
    (void)state;
    double loss[N + 1], se[N + 1];
    visits v = {.fails_at = -1};
    assert_int_equal(tdrop_scree_by_callback(N, loss_at, &v, loss, se), TDROP_OK);
    assert_int_equal(v.count, N + 1);
    for (int32_t k = 0; k <= N; k++) {
        assert_int_equal(v.k[k], k);
        assert_true(loss[k] == 10.0 - k);
        assert_true(se[k] == (k % 2 ? 0.5 * k : 0));
    }
}

static void test_scree_without_standard_errors(void **state) {
    (void)state;
    double loss[N + 1];
    visits v = {.fails_at = -1};
    assert_int_equal(tdrop_scree_by_callback(N, loss_at, &v, loss, NULL), TDROP_OK);
    assert_true(loss[N] == 10.0 - N);
    v = (visits){.fails_at = -1};
    assert_int_equal(tdrop_scree_by_callback(0, loss_at, &v, loss, NULL), TDROP_OK);
    assert_int_equal(v.count, 1);
}

/* What a callback returns ends the curve, whatever it is, and nothing is written from there on. */
static void test_scree_ends_with_the_callback(void **state) {
    (void)state;
    static const tdrop_status statuses[] = {TDROP_ERROR_MEMORY, TDROP_ERROR_DATA,
                                            (tdrop_status)12345};
    for (size_t i = 0; i < COUNT(statuses); i++)
        for (int32_t at = 0; at <= N; at++) {
            double loss[N + 1], se[N + 1];
            visits v = {.fails_at = at, .status = statuses[i]};
            for (int k = 0; k <= N; k++)
                loss[k] = se[k] = -1;
            assert_int_equal(tdrop_scree_by_callback(N, loss_at, &v, loss, se), statuses[i]);
            assert_int_equal(v.count, at + 1);
            for (int32_t k = at; k <= N; k++)
                assert_true(loss[k] == -1 && se[k] == -1);
        }
}

static void test_scree_refusals(void **state) {
    (void)state;
    double loss[N + 1] = {-1};
    visits v = {.fails_at = -1};
    assert_int_equal(tdrop_scree_by_callback(N, NULL, &v, loss, NULL), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_scree_by_callback(N, loss_at, &v, NULL, loss), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_scree_by_callback((size_t)1 << 31, loss_at, &v, loss, NULL),
                     TDROP_ERROR_SIZE);
    assert_int_equal(v.count, 0);
    assert_true(loss[0] == -1);
}

/* --- Slices --- */

static const size_t element_sizes[] = {1, 2, 3, 4, 8, 12};

typedef struct slice_case {
    size_t rows, columns, from_stride, to_stride;
} slice_case;

static const slice_case slices[] = {
    {1, 1, 1, 1}, {3, 4, 4, 4}, {3, 4, 9, 4}, {3, 4, 9, 9},  {3, 4, 9, 7},
    {5, 1, 3, 1}, {1, 7, 7, 7}, {4, 2, 2, 5}, {7, 3, 10, 3}, {2, 5, 6, 5},
};

static void fill(unsigned char *bytes, size_t size, uint64_t seed) {
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(reference_random(&seed) >> 24);
}

/* Bytes from the first element of a matrix to its last. */
static size_t extent(size_t rows, size_t stride, size_t columns, size_t element_size) {
    return ((rows - 1) * stride + columns) * element_size;
}

/* Out of place between buffers that end where the matrices do; gaps of `to` stay as they were. */
static void check_slice(const slice_case *c, size_t size) {
    guarded from, to;
    guarded_create(&from, extent(c->rows, c->from_stride, c->columns, size), 0);
    guarded_create(&to, extent(c->rows, c->to_stride, c->columns, size), GUARDED_MARK);
    fill(from.data, from.size, size);
    assert_int_equal(
        tdrop_slice(from.data, c->from_stride, to.data, c->to_stride, c->rows, c->columns, size),
        TDROP_OK);
    for (size_t i = 0; i < to.size; i++) {
        const size_t row = i / (c->to_stride * size), byte = i % (c->to_stride * size);
        const int copied = byte < c->columns * size;
        assert_int_equal(to.data[i],
                         copied ? from.data[row * c->from_stride * size + byte] : GUARDED_MARK);
    }
    guarded_destroy(&from);
    guarded_destroy(&to);
}

static void test_slice_copies_the_leading_block(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(slices); i++)
        for (size_t e = 0; e < COUNT(element_sizes); e++)
            check_slice(&slices[i], element_sizes[e]);
}

static void check_slice_in_place(const slice_case *c, size_t size) {
    guarded buffer;
    guarded_create(&buffer, extent(c->rows, c->from_stride, c->columns, size), 0);
    fill(buffer.data, buffer.size, size);
    unsigned char *before = malloc(buffer.size);
    assert_non_null(before);
    memcpy(before, buffer.data, buffer.size);
    assert_int_equal(tdrop_slice(buffer.data, c->from_stride, buffer.data, c->to_stride, c->rows,
                                 c->columns, size),
                     TDROP_OK);
    for (size_t row = 0; row < c->rows; row++)
        assert_memory_equal(buffer.data + row * c->to_stride * size,
                            before + row * c->from_stride * size, c->columns * size);
    free(before);
    guarded_destroy(&buffer);
}

static void test_slice_closes_gaps_in_place(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(slices); i++)
        for (size_t e = 0; e < COUNT(element_sizes); e++)
            if (slices[i].to_stride <= slices[i].from_stride)
                check_slice_in_place(&slices[i], element_sizes[e]);
}

static const struct {
    const char *what;
    slice_case c;
    size_t size;
    int in_place;
    tdrop_status status;
} refusals[] = {
    {"from_stride", {3, 4, 3, 4}, 4, 0, TDROP_ERROR_SIZE},
    {"to_stride", {3, 4, 4, 3}, 4, 0, TDROP_ERROR_SIZE},
    {"wider in place", {3, 2, 2, 4}, 4, 1, TDROP_ERROR_SIZE},
    {"row of from", {1, 4, SIZE_MAX / 2, 4}, 4, 0, TDROP_ERROR_OVERFLOW},
    {"row of to", {1, 4, 4, SIZE_MAX / 2}, 4, 0, TDROP_ERROR_OVERFLOW},
    {"all of from", {SIZE_MAX / 16, 4, 8, 4}, 4, 0, TDROP_ERROR_OVERFLOW},
    {"all of to", {SIZE_MAX / 16, 4, 4, 8}, 4, 0, TDROP_ERROR_OVERFLOW},
    {"element", {2, 4, 4, 4}, SIZE_MAX, 0, TDROP_ERROR_OVERFLOW},
};

static void test_slice_refusals(void **state) {
    (void)state;
    unsigned char from[64], to[64], before[64];
    fill(from, sizeof from, 1);
    fill(to, sizeof to, 2);
    memcpy(before, to, sizeof to);
    for (size_t i = 0; i < COUNT(refusals); i++) {
        const slice_case *c = &refusals[i].c;
        const tdrop_status status =
            tdrop_slice(refusals[i].in_place ? to : from, c->from_stride, to, c->to_stride, c->rows,
                        c->columns, refusals[i].size);
        if (status != refusals[i].status || memcmp(to, before, sizeof to))
            fail_msg("%s: %s", refusals[i].what, tdrop_status_name(status));
    }
    assert_int_equal(tdrop_slice(NULL, 4, to, 4, 3, 4, 4), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_slice(from, 4, NULL, 4, 3, 4, 4), TDROP_ERROR_NULL);
    assert_memory_equal(to, before, sizeof to);
}

static void test_slice_of_nothing(void **state) {
    (void)state;
    assert_int_equal(tdrop_slice(NULL, 4, NULL, 4, 0, 4, 4), TDROP_OK);
    assert_int_equal(tdrop_slice(NULL, 4, NULL, 4, 3, 0, 4), TDROP_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scree_asks_for_each_k_in_turn),
        cmocka_unit_test(test_scree_without_standard_errors),
        cmocka_unit_test(test_scree_ends_with_the_callback),
        cmocka_unit_test(test_scree_refusals),
        cmocka_unit_test(test_slice_copies_the_leading_block),
        cmocka_unit_test(test_slice_closes_gaps_in_place),
        cmocka_unit_test(test_slice_refusals),
        cmocka_unit_test(test_slice_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
