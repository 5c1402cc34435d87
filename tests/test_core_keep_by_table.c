/* SPDX-License-Identifier: MIT
 * k by somebody else's table against counting. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reference_products.h"
#include "taildropout.h"

enum { MOST = 70, DRAWS = 40 };

static int32_t count_below(const double *table, size_t n, double u, size_t element_size) {
    int32_t count = 0;
    for (size_t j = 0; j < n; j++)
        count += element_size == sizeof(float) ? (float)table[j] < (float)u : table[j] < u;
    return count;
}

/* Numbers at, just below and just above the entries, where a search goes wrong first; some beyond
 * both ends, and one that is none. */
static double number_near(const double *table, size_t n, uint64_t *seed) {
    const uint64_t random = reference_random(seed);
    const double entry = table[(random >> 8) % n];
    switch (random & 7) {
    case 0:
        return nextafter(entry, -1);
    case 1:
        return nextafter(entry, 2);
    case 2:
        return NAN;
    case 3:
        return -1;
    case 4:
        return 2;
    case 5:
        return entry;
    default:
        return (double)(random >> 11) * 0x1p-53;
    }
}

static void check(size_t n, size_t element_size, uint64_t seed) {
    double table[MOST], u[DRAWS], at = 0;
    float narrow_table[MOST], narrow_u[DRAWS];
    int32_t keep[DRAWS + 1];
    for (size_t j = 0; j < n; j++) { /* some entries are equal */
        at += reference_random(&seed) & 1 ? 1.0 / (double)n / 3 : 0;
        table[j] = at;
        narrow_table[j] = (float)at;
    }
    for (size_t i = 0; i < DRAWS; i++) {
        u[i] = number_near(table, n, &seed);
        narrow_u[i] = (float)u[i];
    }
    const int narrow = element_size == sizeof(float);
    for (size_t count = 0; count <= DRAWS; count += 13) {
        keep[count] = -7;
        assert_int_equal(tdrop_keep_by_table(narrow ? (void *)narrow_table : table, n,
                                             narrow ? (void *)narrow_u : u, count, element_size,
                                             keep),
                         TDROP_OK);
        for (size_t i = 0; i < count; i++)
            assert_int_equal(keep[i], count_below(table, n, u[i], element_size));
        assert_int_equal(keep[count], -7);
    }
}

static void test_equals_counting(void **state) {
    (void)state;
    for (size_t n = 1; n <= MOST; n++)
        for (uint64_t seed = 0; seed < 5; seed++) {
            check(n, sizeof(float), seed * 1000 + n);
            check(n, sizeof(double), seed * 1000 + n);
        }
}

static void test_refusals(void **state) {
    const float table[2] = {0, 1}, u[1] = {0.5f};
    int32_t keep[1] = {-7};
    (void)state;
    assert_int_equal(tdrop_keep_by_table(NULL, 2, u, 1, 4, keep), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_keep_by_table(table, 2, NULL, 1, 4, keep), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_keep_by_table(table, 2, u, 1, 4, NULL), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_keep_by_table(table, 0, u, 1, 4, keep), TDROP_ERROR_SIZE);
    assert_int_equal(tdrop_keep_by_table(table, (size_t)INT32_MAX + 1, u, 1, 4, keep),
                     TDROP_ERROR_SIZE);
    assert_int_equal(tdrop_keep_by_table(table, 2, u, 1, 2, keep), TDROP_ERROR_ELEMENT);
    assert_int_equal(keep[0], -7);
    assert_int_equal(tdrop_keep_by_table(table, 2, NULL, 0, 4, NULL), TDROP_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_counting),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
