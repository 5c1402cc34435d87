/* SPDX-License-Identifier: MIT
 * Decimal numbers: to the last bit, whatever stands behind them, in any locale. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/decimal.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t random_bits(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void assert_decimal(const char *text) {
    double value = -1.0, expected = strtod(text, NULL);
    const char *end = text + strlen(text);
    if (tdrop_decimal_read(text, end, &value) != end || memcmp(&value, &expected, sizeof value))
        fail_msg("%s: %.17g, not %.17g", text, value, expected);
}

/* The last bit is right: numbers of all sizes, with few and many digits, and halfway between two
 * doubles, against the C library. */
static void numbers_are_nearest_doubles(void **state) {
    (void)state;
    static const char *const texts[] = {
        "0",
        "-0",
        "0e999",
        "1e22",
        "1e23",
        "9007199254740993",
        "1e-400",
        "1e400",
        "+.5",
        "5.",
        "00012",
        "1e-5",
        "8.5e-324",
        "2.5e-324",
        "1.7976931348623159e308",
        "2.2250738585072011e-308",
        "9007199254740992.999999999999999999",
        "0.000000000000000000000000000000000000000000000000000000000000000000000000000000001",
        "123456789012345678901234567890",
        "9223372036854775807.5",
        "9007199254740993.0000000000000000000000000000000000001",
        "0.10000000000000000555111512312578270211815834045410156250001",
        "000000000000000000000000.30000000000000000000001e-3",
        "12345678",
        "123456789",
        "1234567.8",
        "12345678.",
        "12345678.9",
        "99999999.99999999"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_decimal(texts[i]);
    uint64_t random = 88172645463325252u;
    for (int i = 0; i < 200000; i++) {
        char text[64];
        uint64_t bits = random_bits(&random), odd = bits >> 11 | (uint64_t)1 << 53 | 1;
        double any;
        memcpy(&any, &bits, sizeof any);
        if (!isfinite(any)) continue;
        snprintf(text, sizeof text, "%.*g", (int)(bits % 17) + 1, any);
        assert_decimal(text);
        snprintf(text, sizeof text, "%llue%d", (unsigned long long)bits, (int)(bits % 131) - 65);
        assert_decimal(text);
        snprintf(text, sizeof text, "%llu", (unsigned long long)(odd << bits % 10));
        assert_decimal(text); /* halfway between two doubles */
        snprintf(text, sizeof text, "%llu.%019llu", (unsigned long long)(bits >> bits % 64),
                 (unsigned long long)(odd * odd) % 10000000000000000000u);
        assert_decimal(text); /* more digits than 19 */
        snprintf(text, sizeof text, "%llue%d", (unsigned long long)(odd / 5), (int)(bits % 3) - 1);
        assert_decimal(text);
    }
}

static void what_is_no_number_is_none(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t length;
    } rows[] = {{"", 0},      {"-", 0},    {".", 0},   {"e5", 0},  {"1e", 1},   {"1e+", 1},
                {"1.2.3", 3}, {"0x10", 1}, {"--1", 0}, {"1 2", 1}, {"-.e1", 0}, {"1,5", 1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double value;
        const char *text = rows[i].text, *end = text + strlen(text);
        const char *stop = tdrop_decimal_read(text, end, &value);
        assert_int_equal(stop ? stop - text : 0, rows[i].length);
    }
}

/* Digits with or without a point and a sign, a delimiter, and anything. Returns where the delimiter
 * stands. */
static size_t make_short(char *text, size_t size, uint64_t *random) {
    static const char signs[] = "-+";
    uint64_t bits = random_bits(random);
    size_t at = 0, digits = 1 + bits % 9, point = (bits >> 8) % 12;
    if (bits >> 16 & 1) text[at++] = signs[bits >> 17 & 1];
    for (size_t i = 0; i < digits; i++) {
        if (i == point) text[at++] = '.';
        text[at++] = (char)('0' + (random_bits(random) >> 32) % 10);
    }
    if (point == digits) text[at++] = '.';
    size_t end = at;
    text[at++] = ',';
    const bool any = bits >> 18 & 1;
    for (; at < size; at++)
        text[at] = any ? (char)(random_bits(random) >> 32) : "0123456789.,e-"[bits++ % 14];
    return end;
}

/* What is said to be a short number has the bits that the C library gives, and where there is room
 * all short numbers are said to be. */
static void short_numbers_are_the_same(void **state) {
    (void)state;
    enum { SIZE = 24 };
    uint64_t random = 88172645463325252u;
    for (int i = 0; i < 400000; i++) {
        char text[SIZE], alone[SIZE] = "";
        const size_t end = make_short(text, SIZE, &random),
                     room = end + (size_t)i % (SIZE + 1 - end);
        const size_t stop =
            (size_t)i % 8 ? end : (size_t)i / 8 % (room + 1); /* any place, at times */
        char *copy = malloc(room ? room : 1); /* so that the sanitizer sees what is read beyond */
        double value = -1.0;
        assert_non_null(copy);
        memcpy(copy, text, room);
        memcpy(alone, text, stop);
        char *read;
        const double expected = strtod(alone, &read);
        const size_t digits = strspn(alone + (*alone == '-'), "0123456789.");
        const bool number = read == alone + stop && stop > 0;
        if (tdrop_decimal_read_short(copy, copy + stop, copy + room, &value)) {
            if (!number || memcmp(&value, &expected, sizeof value))
                fail_msg("%s: %.17g, not %.17g", alone, value, expected);
        } else if (number && room >= 10 && *text != '+' && (*alone == '-') + digits == stop) {
            assert_true(digits > 8);
        }
        free(copy);
    }
}

static void assert_texts(double value) {
    char text[TDROP_DECIMAL_TEXT], shorter[TDROP_DECIMAL_TEXT];
    assert_true(strtod(tdrop_decimal_text(value, text), NULL) == value);
    assert_true(strtod(tdrop_decimal_short_text(value, shorter), NULL) == value);
    snprintf(text, sizeof text, "%.17g", value);
    assert_string_equal(tdrop_decimal_text(value, shorter), text);
    const float narrow = (float)value;
    if (!isfinite(narrow)) return;
    assert_true(strtof(tdrop_decimal_float_text(narrow, text), NULL) == narrow);
    assert_true(strlen(text) <= strlen("-1.23456789e-38"));
}

static void what_is_written_reads_back(void **state) {
    (void)state;
    static const double values[] = {0, 1, 0.1, 1e22, 1e-5, 123456, 5e-324, 1.7976931348623157e308};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        assert_texts(values[i]);
    uint64_t random = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        const uint64_t bits = random_bits(&random);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value)) continue;
        assert_texts(value);
        assert_texts(ldexp(value, -ilogb(value))); /* one that is a float, too */
    }
    char text[TDROP_DECIMAL_TEXT];
    assert_string_equal(tdrop_decimal_float_text(0.1f, text), "0.1");
    assert_string_equal(tdrop_decimal_short_text(0.1, text), "0.1");
    assert_string_equal(tdrop_decimal_text(0.1, text), "0.10000000000000001");
}

/* A locale with a decimal comma, where the machine has one. */
static void the_locale_does_not_matter(void **state) {
    (void)state;
    static const char *const commas[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE"};
    static const char many[] = "123456789012345678901.5e-200";
    for (size_t i = 0; i < sizeof commas / sizeof *commas; i++)
        if (setlocale(LC_NUMERIC, commas[i])) break;
    char text[TDROP_DECIMAL_TEXT];
    double value = 0.0;
    assert_string_equal(tdrop_decimal_text(1.5, text), "1.5");
    assert_string_equal(tdrop_decimal_short_text(-2.5e-7, text), "-2.5e-07");
    assert_string_equal(tdrop_decimal_float_text(0.25f, text), "0.25");
    assert_ptr_equal(tdrop_decimal_read(many, many + sizeof many - 1, &value),
                     many + sizeof many - 1);
    setlocale(LC_NUMERIC, "C");
    assert_true(value == 123456789012345678901.5e-200);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_nearest_doubles), cmocka_unit_test(what_is_no_number_is_none),
        cmocka_unit_test(short_numbers_are_the_same),  cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(the_locale_does_not_matter),
    };
    return cmocka_run_group_tests_name("decimal", tests, NULL, NULL);
}
