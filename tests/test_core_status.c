/* SPDX-License-Identifier: MIT
 * Names and texts of statuses, names of instruction sets, the version. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "taildropout.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The numbers are part of the interface, so they stand here as numbers. */
static const struct {
    int number;
    const char *name;
} statuses[] = {
    {0, "TDROP_OK"},
    {1, "TDROP_ERROR_NULL"},
    {2, "TDROP_ERROR_RESERVED"},
    {3, "TDROP_ERROR_SIZE"},
    {4, "TDROP_ERROR_OVERFLOW"},
    {5, "TDROP_ERROR_WORKSPACE"},
    {6, "TDROP_ERROR_ORDER"},
    {7, "TDROP_ERROR_ELEMENT"},
    {8, "TDROP_ERROR_SHAPE"},
    {9, "TDROP_ERROR_ALIAS"},
    {10, "TDROP_ERROR_P"},
    {11, "TDROP_ERROR_K"},
    {12, "TDROP_ERROR_K_MIN"},
    {13, "TDROP_ERROR_LAW"},
    {14, "TDROP_ERROR_RULE"},
    {15, "TDROP_ERROR_RATE"},
    {16, "TDROP_ERROR_WEIGHTS"},
    {20, "TDROP_ERROR_DIM"},
    {21, "TDROP_ERROR_DIM_REPEATED"},
    {22, "TDROP_ERROR_DIM_OVERLAP"},
    {30, "TDROP_ERROR_MEMORY"},
    {31, "TDROP_ERROR_THREAD"},
    {32, "TDROP_ERROR_ISA"},
    {50, "TDROP_ERROR_FILE"},
    {51, "TDROP_ERROR_FORMAT"},
    {52, "TDROP_ERROR_DATA"},
    {53, "TDROP_ERROR_EXISTS"},
    {54, "TDROP_ERROR_ARCH"},
    {55, "TDROP_ERROR_STOPPED"},
    {56, "TDROP_ERROR_MISSING"},
    {57, "TDROP_ERROR_LEVELS"},
};

static const int unknown_statuses[] = {-1, 17, 19, 23, 29, 33, 49, 58, 1000000};

static void test_status_names(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(statuses); i++)
        assert_string_equal(tdrop_status_name((tdrop_status)statuses[i].number), statuses[i].name);
}

static void test_status_texts_are_one_line_each_its_own(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(statuses); i++) {
        const char *text = tdrop_status_text((tdrop_status)statuses[i].number);
        assert_non_null(text);
        assert_true(strlen(text) > 0);
        assert_null(strchr(text, '\n'));
        assert_int_not_equal(text[strlen(text) - 1], '.');
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(text, tdrop_status_text((tdrop_status)statuses[j].number));
    }
}

static void test_status_unknown(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(unknown_statuses); i++) {
        const tdrop_status status = (tdrop_status)unknown_statuses[i];
        assert_string_equal(tdrop_status_name(status), "unknown status");
        assert_non_null(tdrop_status_text(status));
        assert_true(strlen(tdrop_status_text(status)) > 0);
    }
}

static void test_version_is_that_of_the_header(void **state) {
    (void)state;
    char version[64];
    snprintf(version, sizeof version, "%d.%d.%d", TDROP_VERSION_MAJOR, TDROP_VERSION_MINOR,
             TDROP_VERSION_PATCH);
    assert_string_equal(tdrop_version(), version);
}

static void test_isa_names(void **state) {
    (void)state;
    assert_string_equal(tdrop_isa_name(TDROP_ISA_AUTO), "auto");
    assert_string_equal(tdrop_isa_name(TDROP_ISA_C), "c");
    assert_string_equal(tdrop_isa_name(TDROP_ISA_AVX2), "avx2");
    assert_string_equal(tdrop_isa_name(TDROP_ISA_AVX512), "avx512");
    assert_string_equal(tdrop_isa_name(TDROP_ISA_NEON), "neon");
    assert_null(tdrop_isa_name((tdrop_isa)5));
    assert_null(tdrop_isa_name((tdrop_isa)-1));
}

static tdrop_status create_with(tdrop_isa isa) {
    tdrop_linear *layer = NULL;
    const tdrop_status status =
        tdrop_linear_create(&layer, 3, 2, &(tdrop_linear_options){.isa = isa});
    tdrop_linear_destroy(layer);
    return status;
}

static void test_isa_best_and_those_below_it_exist(void **state) {
    (void)state;
    const tdrop_isa best = tdrop_isa_best();
    assert_int_not_equal(best, TDROP_ISA_AUTO);
    assert_non_null(tdrop_isa_name(best));
    assert_int_equal(create_with(TDROP_ISA_AUTO), TDROP_OK);
    assert_int_equal(create_with(TDROP_ISA_C), TDROP_OK);
    assert_int_equal(create_with(best), TDROP_OK);
    if (best < TDROP_ISA_AVX512) assert_int_equal(create_with(TDROP_ISA_AVX512), TDROP_ERROR_ISA);
    if (best < TDROP_ISA_AVX2) assert_int_equal(create_with(TDROP_ISA_AVX2), TDROP_ERROR_ISA);
    assert_int_equal(create_with((tdrop_isa)5), TDROP_ERROR_ISA);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status_names),
        cmocka_unit_test(test_status_texts_are_one_line_each_its_own),
        cmocka_unit_test(test_status_unknown),
        cmocka_unit_test(test_version_is_that_of_the_header),
        cmocka_unit_test(test_isa_names),
        cmocka_unit_test(test_isa_best_and_those_below_it_exist),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
