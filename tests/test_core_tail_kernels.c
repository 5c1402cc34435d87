/* SPDX-License-Identifier: MIT
 * The layer's kernels against plain C, bit for bit, on every size about the width of their
 * vectors. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cpu.h"
#include "guarded.h"
#include "kernels/tail_kernels.h"
#include "reference_products.h"

/* The kernels under test; skips where this processor runs none but plain C. */
static const tdrop_tail_kernels *kernels(void) {
#if defined(__x86_64__)
    if (tdrop_cpu_runs(TDROP_ISA_AVX2)) return &tdrop_tail_avx2;
#endif
    skip();
    return NULL;
}

enum { MOST_ROWS = 70 };

static void test_uniform(void **state) {
    const tdrop_tail_kernels *fast = kernels();
    const uint32_t counters[][4] = {
        {0, 0, 0, 0},
        {1, 2, 3, 4},
        {UINT32_MAX, UINT32_MAX - MOST_ROWS + 1, UINT32_MAX, UINT32_MAX},
        {0x80000000u, 0x7fffffffu, 0x80000000u, 0x40000000u},
    };
    const uint32_t keys[][2] = {{0, 0}, {UINT32_MAX, UINT32_MAX}, {0xdeadbeefu, 7}};
    double u[MOST_ROWS + 1], expected[MOST_ROWS + 1];
    (void)state;
    for (size_t c = 0; c < 4; c++)
        for (size_t k = 0; k < 3; k++)
            for (size_t rows = 0; rows <= MOST_ROWS; rows++) {
                for (size_t i = 0; i <= MOST_ROWS; i++)
                    u[i] = expected[i] = -1;
                fast->uniform(counters[c], keys[k], rows, u);
                tdrop_tail_c.uniform(counters[c], keys[k], rows, expected);
                assert_memory_equal(u, expected, sizeof u);
            }
}

/* Neither a byte beyond x is read nor one beyond y written, and all within are as they should be.
 */
static void check_copy(const tdrop_tail_kernels *fast, size_t kept, size_t whole) {
    guarded x, y;
    uint64_t seed = kept * 100003 + whole;
    guarded_create(&x, whole, GUARDED_NAN);
    guarded_create(&y, whole, GUARDED_MARK);
    for (size_t i = 0; i < whole; i++)
        x.data[i] = (unsigned char)(reference_random(&seed) >> 32);
    unsigned char *expected = calloc(whole + 1, 1);
    assert_non_null(expected);
    memcpy(expected, x.data, kept);
    fast->copy_head((const char *)x.data, (char *)y.data, kept, whole);
    if (memcmp(y.data, expected, whole) || !guarded_untouched(&y, whole))
        fail_msg("%zu of %zu bytes are copied wrongly", kept, whole);
    free(expected);
    guarded_destroy(&x);
    guarded_destroy(&y);
}

static void test_copy_head(void **state) {
    const tdrop_tail_kernels *fast = kernels();
    const size_t large[] = {255, 256, 1000, 8191, 8192, 8193, 20000};
    (void)state;
    for (size_t whole = 0; whole <= 100; whole++)
        for (size_t kept = 0; kept <= whole; kept++)
            check_copy(fast, kept, whole);
    for (size_t i = 0; i < sizeof large / sizeof *large; i++)
        for (size_t part = 0; part <= 7; part++)
            check_copy(fast, large[i] * part / 7, large[i]);
}

/* Rows apart from each other, so that what lies between them is seen to stay. */
static void check_clear(const tdrop_tail_kernels *fast, size_t whole, size_t block) {
    enum { ROWS = 37, APART = 40 };
    const size_t n = whole / block, size = ROWS * (whole + APART) - APART;
    int32_t keep[ROWS];
    uint64_t seed = whole * 31 + block;
    guarded y;
    guarded_create(&y, size, GUARDED_MARK);
    unsigned char *expected = malloc(size);
    assert_non_null(expected);
    memset(expected, GUARDED_MARK, size);
    for (size_t i = 0; i < ROWS; i++)
        keep[i] = (int32_t)(reference_random(&seed) % (n + 1));
    const ptrdiff_t step = (ptrdiff_t)(whole + APART);
    tdrop_tail_c.clear_tails((char *)expected, step, ROWS, keep, block, whole);
    fast->clear_tails((char *)y.data, step, ROWS, keep, block, whole);
    if (memcmp(y.data, expected, size) || !guarded_untouched(&y, size))
        fail_msg("rows of %zu bytes in pieces of %zu are cleared wrongly", whole, block);
    free(expected);
    guarded_destroy(&y);
}

static void test_clear_tails(void **state) {
    const tdrop_tail_kernels *fast = kernels();
    (void)state;
    for (size_t whole = 1; whole <= 200; whole++)
        check_clear(fast, whole, 1);
    for (size_t n = 1; n <= 40; n++)
        check_clear(fast, n * 24, 24);
    check_clear(fast, 8192, 4);
    check_clear(fast, 8196, 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uniform),
        cmocka_unit_test(test_copy_head),
        cmocka_unit_test(test_clear_tails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
