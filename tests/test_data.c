/* SPDX-License-Identifier: MIT
 * Tables and their readers. Every input is made here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "data/bytes.h"
#include "data/idx.h"
#include "data/npy.h"
#include "data/npz.h"
#include "data/stream.h"
#include "data/table.h"
#include "scratch.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* ---------------------------------------------------------------------------------------------
 * Making inputs
 */

typedef struct blob {
    unsigned char bytes[1 << 17];
    size_t size;
} blob;

static void add(blob *b, const void *bytes, size_t size) {
    assert_true(size <= sizeof b->bytes - b->size);
    memcpy(b->bytes + b->size, bytes, size);
    b->size += size;
}

/* The lowest `width` bytes of a number, in either order. */
static void add_number(blob *b, uint64_t number, size_t width, bool big_endian) {
    for (size_t i = 0; i < width; i++) {
        unsigned char byte = (unsigned char)(number >> 8 * (big_endian ? width - 1 - i : i));
        add(b, &byte, 1);
    }
}

/* Adds a value as an element of a type: 'b', 'u', 'i' or 'f' and a width. A half float is given by
 * exact values only. */
static void add_value(blob *b, char kind, size_t width, double value, bool big_endian) {
    uint64_t bits = 0;
    if (kind == 'f' && width == 8) {
        memcpy(&bits, &value, sizeof bits);
    } else if (kind == 'f') {
        float single = (float)value;
        uint32_t whole;
        memcpy(&whole, &single, sizeof whole);
        uint32_t half_exponent = (whole >> 23 & 0xff) - (127 - 15);
        uint32_t half = (whole >> 16 & 0x8000) | half_exponent << 10 | (whole >> 13 & 0x3ff);
        bits = width == 4 ? whole : value == 0 ? 0 : half;
    } else {
        bits = value < 0 ? (uint64_t)(int64_t)value : (uint64_t)value;
    }
    add_number(b, bits, width, big_endian);
}

static void begin_npy(blob *b, unsigned major, const char *header) {
    b->size = 0;
    add(b, "\x93NUMPY", 6);
    add_number(b, major, 1, false);
    add_number(b, 0, 1, false);
    add_number(b, strlen(header), major == 1 ? 2 : 4, false);
    add(b, header, strlen(header));
}

static const char float_pair[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }\n";

/* A good file of two floats. */
static void make_pair(blob *b) {
    begin_npy(b, 1, float_pair);
    add_value(b, 'f', 4, 1.5, false);
    add_value(b, 'f', 4, -2, false);
}

static void begin_idx(blob *b, unsigned type, int dims, const uint32_t *shape) {
    b->size = 0;
    add_number(b, type << 8 | (unsigned)dims, 4, true);
    for (int d = 0; d < dims; d++)
        add_number(b, shape[d], 4, true);
}

/* ---------------------------------------------------------------------------------------------
 * Checking results
 */

typedef tdrop_status parse_function(tdrop_data **data, const char *name, const unsigned char *bytes,
                                    size_t size, const tdrop_data_read_options *options,
                                    tdrop_error *error);

/* A copy of exactly that size, so that the sanitizer sees every byte read beyond it. */
static tdrop_status parse_copy(parse_function *parse, tdrop_data **data, const void *bytes,
                               size_t size, tdrop_error *error) {
    unsigned char *copy = malloc(size + !size);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    tdrop_status status = parse(data, "input", copy, size, NULL, error);
    free(copy);
    return status;
}

/* Expects failure with a status, one line that holds `text`, and no table. */
static void assert_refused(parse_function *parse, const void *bytes, size_t size,
                           tdrop_status expected, const char *text) {
    tdrop_data *data = NULL;
    tdrop_error error = {0};
    tdrop_status status = parse_copy(parse, &data, bytes, size, &error);
    if (status != expected || !strstr(error.message, text))
        fail_msg("expected %s with \"%s\", got %s: %s", tdrop_status_name(expected), text,
                 tdrop_status_name(status), error.message);
    assert_int_equal(error.status, expected);
    assert_null(strchr(error.message, '\n'));
    assert_memory_equal(error.message, "input: ", 7);
    assert_null(data);
    assert_int_equal(parse_copy(parse, &data, bytes, size, NULL), expected);
}

static tdrop_data *parse_good(parse_function *parse, const blob *b) {
    tdrop_data *data = NULL;
    tdrop_error error = {0};
    if (parse_copy(parse, &data, b->bytes, b->size, &error)) fail_msg("%s", error.message);
    return data;
}

static double cell(const tdrop_data *data, size_t row, size_t column) {
    double *values = malloc(data->info.columns * sizeof *values);
    assert_non_null(values);
    tdrop_table_row(data, row, values);
    double value = values[column];
    free(values);
    return value;
}

static void assert_cell(const tdrop_data *data, size_t row, size_t column, double expected) {
    double found = cell(data, row, column);
    if (found != expected)
        fail_msg("row %zu, column %zu: %.17g, not %.17g", row, column, found, expected);
}

/* ---------------------------------------------------------------------------------------------
 * .npy
 */

static const struct {
    const char *type;
    char kind;
    size_t width, element_size;
    double values[4];
} npy_types[] = {
    {"b1", 'u', 1, 4, {0, 1, 1, 0}},
    {"?", 'u', 1, 4, {1, 0, 0, 1}},
    {"u1", 'u', 1, 1, {0, 1, 128, 255}},
    {"i1", 'i', 1, 4, {-128, -1, 0, 127}},
    {"u2", 'u', 2, 4, {0, 258, 32768, 65535}},
    {"i2", 'i', 2, 4, {-32768, -2, 258, 32767}},
    {"u4", 'u', 4, 8, {0, 16909060, 2147483648, 4294967295}},
    {"i4", 'i', 4, 8, {-2147483648, -3, 16909060, 2147483647}},
    {"u8", 'u', 8, 8, {0, 72623859790382856, 9007199254740992, 9223372036854775808.0}},
    {"i8", 'i', 8, 8, {-9223372036854775808.0, -4, 9007199254740991, 72623859790382856}},
    {"f2", 'f', 2, 4, {0, -1.5, 65504, 0x1p-14}},
    {"f4", 'f', 4, 4, {0, -1.5, 0x1.fffffep127, 0x1p-149}},
    {"f8", 'f', 8, 8, {0, -1.5, 0x1.fffffefffffffp127, 0x1p-1074}},
};

static bool host_is_big(void) {
    const uint16_t one = 1;
    return *(const unsigned char *)&one == 0;
}

static void npy_reads_every_type(void **state) {
    (void)state;
    static blob b;
    static const char *const orders[] = {"<", ">", "|", "=", ""};
    for (size_t t = 0; t < sizeof npy_types / sizeof *npy_types; t++) {
        for (size_t o = 0; o < sizeof orders / sizeof *orders; o++) {
            char header[128];
            snprintf(header, sizeof header,
                     "{'descr': '%s%s', 'fortran_order': False, 'shape': (2, 2), }\n", orders[o],
                     npy_types[t].type);
            begin_npy(&b, 1, header);
            bool big = orders[o][0] == '>' || (orders[o][0] != '<' && host_is_big());
            for (int i = 0; i < 4; i++)
                add_value(&b, npy_types[t].kind, npy_types[t].width, npy_types[t].values[i], big);
            tdrop_data *data = parse_good(tdrop_npy_parse, &b);
            assert_int_equal(data->info.element_size, npy_types[t].element_size);
            for (size_t i = 0; i < 4; i++)
                assert_cell(data, i / 2, i % 2, npy_types[t].values[i]);
            tdrop_data_destroy(data);
        }
    }
}

/* Every one of the 65536 half floats against ldexp. */
static void npy_reads_every_half_float(void **state) {
    (void)state;
    static blob b;
    for (unsigned high = 0; high < 128; high++) {
        if (high % 64 >= 62) continue; /* infinities and NaN are refused */
        begin_npy(&b, 1, "{'descr': '<f2', 'fortran_order': False, 'shape': (1, 512), }\n");
        for (unsigned low = 0; low < 512; low++)
            add_number(&b, high << 9 | low, 2, false);
        tdrop_data *data = parse_good(tdrop_npy_parse, &b);
        const float *values = data->values;
        for (unsigned low = 0; low < 512; low++) {
            unsigned half = high << 9 | low, fraction = half & 0x3ff;
            int exponent = half >> 10 & 0x1f;
            double expected =
                exponent ? ldexp(fraction + 1024.0, exponent - 25) : ldexp((double)fraction, -24);
            assert_true((double)fabsf(values[low]) == expected);
            assert_true((signbit(values[low]) != 0) == (half >> 15 == 1));
        }
        tdrop_data_destroy(data);
    }
}

/* An array of the given shape whose element with C index i has the value i, in Fortran order. */
static void add_fortran(blob *b, size_t rows, size_t inner, size_t last) {
    for (size_t z = 0; z < last; z++)
        for (size_t y = 0; y < inner; y++)
            for (size_t x = 0; x < rows; x++)
                add_value(b, 'i', 4, (double)((x * inner + y) * last + z), true);
}

static void npy_reads_both_orders(void **state) {
    (void)state;
    static blob b;
    /* 600 rows: more than one block of rows and one chunk of swapped bytes */
    begin_npy(&b, 1, "{'descr': '>i4', 'fortran_order': True, 'shape': (600, 3, 5), }\n");
    add_fortran(&b, 600, 3, 5);
    tdrop_data *by_columns = parse_good(tdrop_npy_parse, &b);
    begin_npy(&b, 1, "{'descr': '>i4', 'fortran_order': False, 'shape': (600, 3, 5), }\n");
    for (int i = 0; i < 600 * 3 * 5; i++)
        add_value(&b, 'i', 4, i, true);
    tdrop_data *by_rows = parse_good(tdrop_npy_parse, &b);
    for (size_t i = 0; i < 600 * 15; i++)
        assert_true(((const double *)by_columns->values)[i] == (double)i);
    assert_memory_equal(by_columns->values, by_rows->values, 600 * 15 * sizeof(double));
    assert_true(by_columns->info.hash == by_rows->info.hash);
    assert_int_equal(by_rows->info.rows, 600);
    assert_int_equal(by_rows->info.columns, 15);
    assert_int_equal(by_rows->info.item_dims, 2);
    assert_int_equal(by_rows->info.item_shape[0], 3);
    assert_int_equal(by_rows->info.item_shape[1], 5);
    tdrop_data_destroy(by_columns);
    tdrop_data_destroy(by_rows);
}

static void npy_reads_shapes(void **state) {
    (void)state;
    static blob b;
    begin_npy(&b, 1, "{'descr': '<u1', 'fortran_order': True, 'shape': (3,), }");
    add(&b, "abc", 3);
    tdrop_data *data = parse_good(tdrop_npy_parse, &b);
    assert_int_equal(data->info.rows, 3);
    assert_int_equal(data->info.columns, 1);
    assert_int_equal(data->info.item_dims, 0);
    assert_string_equal(data->info.name, "input");
    tdrop_data_destroy(data);
    begin_npy(&b, 1, "{'descr': '<u1', 'fortran_order': False, 'shape': (1,1,1,2,1,1,1,1), }");
    add(&b, "ab", 2);
    data = parse_good(tdrop_npy_parse, &b);
    assert_int_equal(data->info.item_dims, 7);
    assert_int_equal(data->info.columns, 2);
    tdrop_data_destroy(data);
}

static void npy_reads_every_version(void **state) {
    (void)state;
    static blob b;
    for (unsigned major = 0; major <= 4; major++) {
        begin_npy(&b, major, float_pair);
        add_value(&b, 'f', 4, 1.5, false);
        add_value(&b, 'f', 4, -2, false);
        if (major < 1 || major > 3) {
            assert_refused(tdrop_npy_parse, b.bytes, b.size, TDROP_ERROR_FORMAT, ".npy version");
            continue;
        }
        tdrop_data *data = parse_good(tdrop_npy_parse, &b);
        assert_cell(data, 0, 1, -2);
        tdrop_data_destroy(data);
    }
    make_pair(&b);
    b.bytes[7] = 1;
    assert_refused(tdrop_npy_parse, b.bytes, b.size, TDROP_ERROR_FORMAT, "version 1.1");
}

static void npy_accepts_every_way_to_write_the_header(void **state) {
    (void)state;
    static blob b;
    static const char *const headers[] = {
        "{'shape': (1, 2), 'fortran_order': False, 'descr': '<f4'}",
        "{\"descr\":\"<f4\",\"fortran_order\":False,\"shape\":(1,2)}",
        "  {  'descr'  :  '<f4'  ,  'fortran_order'  :  False  ,  'shape'  :  ( 1 , 2 , )  ,  }  ",
        "{'descr': '<f4',\n 'fortran_order': False,\n\t'shape': (0001, 2)}\r\n",
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        begin_npy(&b, 2, headers[i]);
        add_value(&b, 'f', 4, 1.5, false);
        add_value(&b, 'f', 4, -2, false);
        tdrop_data *data = parse_good(tdrop_npy_parse, &b);
        assert_cell(data, 0, 0, 1.5);
        tdrop_data_destroy(data);
    }
}

#define NPY(descr, order, shape)                                                                   \
    "{'descr': " descr ", 'fortran_order': " order ", 'shape': " shape "}"

static const struct {
    const char *header;
    tdrop_status status;
    const char *text;
} bad_headers[] = {
    {"", TDROP_ERROR_FORMAT, "byte 12, where '{'"},
    {"{", TDROP_ERROR_FORMAT, "a key in quotes"},
    {"{}", TDROP_ERROR_FORMAT, "lacks 'descr'"},
    {"{'descr': '<f4', 'shape': (1, 2)}", TDROP_ERROR_FORMAT, "lacks 'fortran_order'"},
    {"{'descr': '<f4', 'fortran_order': False}", TDROP_ERROR_FORMAT, "lacks 'shape'"},
    {"{'descr': '<f4', 'descr': '<f4'}", TDROP_ERROR_FORMAT, "each once"},
    {"{'other': 1}", TDROP_ERROR_FORMAT, "one of 'descr'"},
    {"{'descr' '<f4'}", TDROP_ERROR_FORMAT, "':'"},
    {"{'descr': '<f4' 'shape': (1, 2)}", TDROP_ERROR_FORMAT, "',' or '}'"},
    {"{,}", TDROP_ERROR_FORMAT, "a key in quotes"},
    {NPY("'<f4'", "False", "(1, 2)") "x", TDROP_ERROR_FORMAT, "the header's end"},
    {NPY("'<f4\"", "False", "(1, 2)"), TDROP_ERROR_FORMAT, "unknown type"},
    {NPY("'<f\\x34'", "False", "(1, 2)"), TDROP_ERROR_FORMAT, "in quotes"},
    {NPY("'<f4\n'", "False", "(1, 2)"), TDROP_ERROR_FORMAT, "in quotes"},
    {"{'descr': '<f4", TDROP_ERROR_FORMAT, "in quotes"},
    {"{'descr': '0123456789012345678901234567890123456789'", TDROP_ERROR_FORMAT, "in quotes"},
    {NPY("f4", "False", "(1, 2)"), TDROP_ERROR_FORMAT, "in quotes"},
    {NPY("'<c8'", "False", "(1, 2)"), TDROP_ERROR_FORMAT, "complex numbers (dtype <c8)"},
    {NPY("'|O'", "False", "(1, 2)"), TDROP_ERROR_FORMAT, "Python objects"},
    {NPY("'<U5'", "False", "(1, 2)"), TDROP_ERROR_FORMAT, "text"},
    {NPY("'|S5'", "False", "(1, 2)"), TDROP_ERROR_FORMAT, "text"},
    {NPY("'|V8'", "False", "(1, 2)"), TDROP_ERROR_FORMAT, "records"},
    {NPY("'<M8[ns]'", "False", "(1, 2)"), TDROP_ERROR_FORMAT, "dates"},
    {NPY("'<m8[ns]'", "False", "(1, 2)"), TDROP_ERROR_FORMAT, "spans of time"},
    {NPY("[('a', '<f4')]", "False", "(1, 2)"), TDROP_ERROR_FORMAT, "records"},
    {NPY("'<f16'", "False", "(1, 2)"), TDROP_ERROR_FORMAT, "unknown type"},
    {NPY("'<'", "False", "(1, 2)"), TDROP_ERROR_FORMAT, "unknown type"},
    {NPY("''", "False", "(1, 2)"), TDROP_ERROR_FORMAT, "unknown type"},
    {NPY("'<f4'", "0", "(1, 2)"), TDROP_ERROR_FORMAT, "True or False"},
    {NPY("'<f4'", "Falsey", "(1, 2)"), TDROP_ERROR_FORMAT, "',' or '}'"},
    {NPY("'<f4'", "False", "[1, 2]"), TDROP_ERROR_FORMAT, "'('"},
    {NPY("'<f4'", "False", "(2)"), TDROP_ERROR_FORMAT, "a tuple"},
    {NPY("'<f4'", "False", "(1 2)"), TDROP_ERROR_FORMAT, "',' or ')'"},
    {NPY("'<f4'", "False", "(1,, 2)"), TDROP_ERROR_FORMAT, "a whole number"},
    {NPY("'<f4'", "False", "(-1, 2)"), TDROP_ERROR_FORMAT, "a whole number"},
    {NPY("'<f4'", "False", "(1.0, 2)"), TDROP_ERROR_FORMAT, "',' or ')'"},
    {NPY("'<f4'", "False", "(0x1, 2)"), TDROP_ERROR_FORMAT, "',' or ')'"},
    {NPY("'<f4'", "False", "(1, 2"), TDROP_ERROR_FORMAT, "',' or ')'"},
    {NPY("'<f4'", "False", "(,)"), TDROP_ERROR_FORMAT, "a whole number"},
    {NPY("'<f4'", "False", "()"), TDROP_ERROR_DATA, "a single number"},
    {NPY("'<f4'", "False", "(0, 2)"), TDROP_ERROR_FORMAT, "followed by 8 more"},
    {NPY("'<f4'", "False", "(2, 1, 1, 1, 1, 1, 1, 1, 1)"), TDROP_ERROR_FORMAT, "more than 8"},
    {NPY("'<f4'", "False", "(99999999999999999999,)"), TDROP_ERROR_OVERFLOW, "a dimension"},
    {NPY("'<f4'", "False", "(18446744073709551616,)"), TDROP_ERROR_OVERFLOW, "a dimension"},
    {NPY("'<f4'", "False", "(4294967296, 4294967296)"), TDROP_ERROR_OVERFLOW, "the shape"},
    {NPY("'<f4'", "False", "(18446744073709551615,)"), TDROP_ERROR_OVERFLOW, "the shape"},
    {NPY("'<f4'", "False", "(1000000000000,)"), TDROP_ERROR_FORMAT, "8 of the 4000000000000 bytes"},
};

static void npy_refuses_bad_headers(void **state) {
    (void)state;
    static blob b;
    for (size_t i = 0; i < sizeof bad_headers / sizeof *bad_headers; i++) {
        begin_npy(&b, 2, bad_headers[i].header);
        add(&b, "\0\0\0\0\0\0\0\0", 8);
        assert_refused(tdrop_npy_parse, b.bytes, b.size, bad_headers[i].status,
                       bad_headers[i].text);
    }
}

static void npy_refuses_every_length_but_its_own(void **state) {
    (void)state;
    static blob b;
    make_pair(&b);
    for (size_t size = 0; size < b.size; size++)
        assert_refused(tdrop_npy_parse, b.bytes, size, TDROP_ERROR_FORMAT,
                       size < 6 ? "not" : "cut");
    add(&b, "xyz", 3);
    assert_refused(tdrop_npy_parse, b.bytes, b.size, TDROP_ERROR_FORMAT, "followed by 3 more");
    make_pair(&b);
    b.bytes[9] = 0xff; /* the header claims 65 thousand bytes */
    assert_refused(tdrop_npy_parse, b.bytes, b.size, TDROP_ERROR_FORMAT,
                   "bytes of the .npy header");
}

static void readers_refuse_empty_tables(void **state) {
    (void)state;
    static blob b;
    begin_npy(&b, 1, NPY("'<f4'", "False", "(0, 2)"));
    assert_refused(tdrop_npy_parse, b.bytes, b.size, TDROP_ERROR_DATA, "no rows");
    begin_npy(&b, 1, NPY("'<f4'", "True", "(2, 0)"));
    assert_refused(tdrop_npy_parse, b.bytes, b.size, TDROP_ERROR_DATA, "no columns");
    begin_npy(&b, 1, NPY("'<f4'", "True", "(0, 4294967296, 4294967296)"));
    assert_refused(tdrop_npy_parse, b.bytes, b.size, TDROP_ERROR_OVERFLOW, "columns");
    begin_idx(&b, 8, 2, (const uint32_t[]){0, 3});
    assert_refused(tdrop_idx_parse, b.bytes, b.size, TDROP_ERROR_DATA, "no rows");
    begin_idx(&b, 8, 2, (const uint32_t[]){3, 0});
    assert_refused(tdrop_idx_parse, b.bytes, b.size, TDROP_ERROR_DATA, "no columns");
}

static void readers_name_the_first_number_that_is_not_finite(void **state) {
    (void)state;
    static blob b;
    static const struct {
        double value;
        const char *text;
    } bad[] = {{NAN, "row 2, column 3 is NaN"},
               {INFINITY, "row 2, column 3 is infinite"},
               {-INFINITY, "row 2, column 3 is minus infinite"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        for (size_t width = 4; width <= 8; width += 4) {
            begin_npy(&b, 1,
                      width == 4 ? NPY("'<f4'", "False", "(3, 3)")
                                 : NPY("'<f8'", "False", "(3, 3)"));
            for (int at = 0; at < 9; at++)
                add_value(&b, 'f', width, at == 5 || at == 7 ? bad[i].value : at, false);
            assert_refused(tdrop_npy_parse, b.bytes, b.size,
                           isnan(bad[i].value) ? TDROP_ERROR_MISSING : TDROP_ERROR_DATA,
                           bad[i].text);
        }
    }
    begin_npy(&b, 1, NPY("'<f8'", "False", "(2, 2)")); /* what rounds to the largest float is one */
    for (int at = 0; at < 4; at++)
        add_value(&b, 'f', 8, at == 3 ? -0x1.ffffffp127 : 0x1.fffffefffffffp127, false);
    assert_refused(tdrop_npy_parse, b.bytes, b.size, TDROP_ERROR_DATA,
                   "row 2, column 2: -3.40282e+38 is beyond what a float holds");
    begin_npy(&b, 1, NPY("'<f2'", "True", "(2, 2)"));
    for (int at = 0; at < 4; at++)
        add_number(&b, at == 1 ? 0x7e00 : 0, 2, false); /* NaN, second of the first column */
    assert_refused(tdrop_npy_parse, b.bytes, b.size, TDROP_ERROR_MISSING, "row 2, column 1 is NaN");
}

/* ---------------------------------------------------------------------------------------------
 * IDX
 */

static void idx_reads_every_type(void **state) {
    (void)state;
    static blob b;
    static const struct {
        unsigned type;
        char kind;
        size_t width, element_size;
        double values[4];
    } rows[] = {
        {0x08, 'u', 1, 1, {0, 1, 128, 255}},
        {0x09, 'i', 1, 4, {-128, -1, 0, 127}},
        {0x0b, 'i', 2, 4, {-32768, -2, 258, 32767}},
        {0x0c, 'i', 4, 8, {-2147483648, -3, 16909060, 2147483647}},
        {0x0d, 'f', 4, 4, {0, -1.5, 0x1.fffffep127, 0x1p-149}},
        {0x0e, 'f', 8, 8, {0, -1.5, 0x1.fffffefffffffp127, 0x1p-1074}},
    };
    for (size_t t = 0; t < sizeof rows / sizeof *rows; t++) {
        begin_idx(&b, rows[t].type, 3, (const uint32_t[]){2, 1, 2});
        for (int i = 0; i < 4; i++)
            add_value(&b, rows[t].kind, rows[t].width, rows[t].values[i], true);
        tdrop_data *data = parse_good(tdrop_idx_parse, &b);
        assert_int_equal(data->info.element_size, rows[t].element_size);
        assert_int_equal(data->info.item_dims, 2);
        for (size_t i = 0; i < 4; i++)
            assert_cell(data, i / 2, i % 2, rows[t].values[i]);
        tdrop_data_destroy(data);
    }
}

static void idx_refuses_what_it_must(void **state) {
    (void)state;
    static blob b;
    begin_idx(&b, 8, 2, (const uint32_t[]){2, 2});
    add(&b, "abcd", 4);
    for (size_t size = 0; size < b.size; size++)
        assert_refused(tdrop_idx_parse, b.bytes, size, TDROP_ERROR_FORMAT,
                       size < 4 ? "not" : "cut");
    add(&b, "e", 1);
    assert_refused(tdrop_idx_parse, b.bytes, b.size, TDROP_ERROR_FORMAT, "followed by 1 more");
    begin_idx(&b, 8, 4, (const uint32_t[]){UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX});
    assert_refused(tdrop_idx_parse, b.bytes, b.size, TDROP_ERROR_OVERFLOW, "the shape");
    begin_idx(&b, 8, 1, (const uint32_t[]){UINT32_MAX});
    assert_refused(tdrop_idx_parse, b.bytes, b.size, TDROP_ERROR_FORMAT, "0 of the 4294967295");
    begin_idx(&b, 8, 0, NULL);
    assert_refused(tdrop_idx_parse, b.bytes, b.size, TDROP_ERROR_FORMAT, "0 dimensions");
    begin_idx(&b, 8, 9, (const uint32_t[]){1, 1, 1, 1, 1, 1, 1, 1, 1});
    add(&b, "a", 1);
    assert_refused(tdrop_idx_parse, b.bytes, b.size, TDROP_ERROR_FORMAT, "9 dimensions");
    begin_idx(&b, 0x0a, 1, (const uint32_t[]){1});
    assert_refused(tdrop_idx_parse, b.bytes, b.size, TDROP_ERROR_FORMAT, "not an IDX file");
}

/* Random damage: whatever comes of it, no reader may crash or leave anything half-made. */
static void readers_survive_damage(void **state) {
    (void)state;
    static blob good[2], b;
    make_pair(&good[0]);
    begin_idx(&good[1], 8, 2, (const uint32_t[]){2, 2});
    add(&good[1], "abcd", 4);
    uint32_t random = 1;
    for (int round = 0; round < 20000; round++) {
        int which = round % 2;
        b.size = good[which].size;
        memcpy(b.bytes, good[which].bytes, b.size);
        for (int change = 0; change < 1 + round % 3; change++) {
            random = random * 1664525u + 1013904223u;
            b.bytes[(random >> 16) % b.size] = (unsigned char)(random >> 8);
        }
        tdrop_data *data = NULL;
        tdrop_error error;
        parse_function *parse = which ? tdrop_idx_parse : tdrop_npy_parse;
        tdrop_status status = parse_copy(parse, &data, b.bytes, b.size, &error);
        assert_true((status == TDROP_OK) == (data != NULL));
        tdrop_data_destroy(data);
    }
}

/* ---------------------------------------------------------------------------------------------
 * Sources
 */

static void assert_unreadable(const char *source, tdrop_status expected, const char *text) {
    tdrop_data *data = NULL;
    tdrop_error error = {0};
    tdrop_status status = tdrop_data_read(&data, source, NULL, &error);
    if (status != expected || !strstr(error.message, text))
        fail_msg("expected %s with \"%s\", got %s: %s", tdrop_status_name(expected), text,
                 tdrop_status_name(status), error.message);
    assert_null(data);
}

static void assert_pair(const char *source) {
    tdrop_data *data = NULL;
    tdrop_error error = {0};
    if (tdrop_data_read(&data, source, NULL, &error)) fail_msg("%s", error.message);
    assert_string_equal(data->info.name, source);
    assert_cell(data, 0, 0, 1.5);
    assert_cell(data, 0, 1, -2);
    tdrop_data_destroy(data);
}

static void read_tells_formats_by_content(void **state) {
    (void)state;
    static blob b;
    make_pair(&b);
    scratch_write("pair", b.bytes, b.size);
    assert_pair("pair");
    begin_idx(&b, 0x0d, 2, (const uint32_t[]){1, 2});
    add_value(&b, 'f', 4, 1.5, true);
    add_value(&b, 'f', 4, -2, true);
    scratch_write("pair", b.bytes, b.size);
    assert_pair("pair");
    scratch_write("pair", "1.5,-2\n", 7);
    assert_pair("pair");
    scratch_write("pair", "\0\1\2", 3);
    assert_unreadable("pair", TDROP_ERROR_FORMAT, "pair: not a format that is read: .npy, IDX");
    scratch_write("pair", "", 0);
    assert_unreadable("pair", TDROP_ERROR_FORMAT, "pair: is empty");
    assert_unreadable("missing", TDROP_ERROR_FILE, "missing: cannot be opened: No such file");
    assert_unreadable(".", TDROP_ERROR_FILE, ".: cannot be read: Is a directory");
}

/* Adds the entry of a file to the directory at the end of an archive, or, where `local`, its own
 * header. */
static void add_zip_header(blob *b, bool local, const char *name, unsigned method, uint32_t crc,
                           size_t packed, size_t size, size_t at) {
    add(b, local ? "PK\3\4" : "PK\1\2", 4);
    if (!local) add_number(b, 20, 2, false);
    add_number(b, 20, 2, false);
    add_number(b, 0, 2, false);
    add_number(b, method, 2, false);
    add_number(b, 0, 4, false);
    add_number(b, crc, 4, false);
    add_number(b, packed, 4, false);
    add_number(b, size, 4, false);
    add_number(b, strlen(name), 2, false);
    add_number(b, 0, 2, false);
    if (!local) {
        add_number(b, 0, 10 - 4, false);
        add_number(b, 0, 4, false);
        add_number(b, at, 4, false);
    }
    add(b, name, strlen(name));
}

/* An archive of the same array under two names, the first stored, the second deflated. */
static void make_archive(blob *b, const blob *array, size_t files) {
    static const char *const names[] = {"first.npy", "second.npy"};
    size_t starts[2], packed[2] = {array->size, 0};
    static unsigned char small[1 << 12];
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)array->bytes,
                       .avail_in = (uInt)array->size,
                       .next_out = small,
                       .avail_out = sizeof small};
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    packed[1] = stream.total_out;
    deflateEnd(&stream);
    uint32_t crc = (uint32_t)crc32(0, array->bytes, (uInt)array->size);
    b->size = 0;
    for (size_t i = 0; i < files; i++) {
        starts[i] = b->size;
        add_zip_header(b, true, names[i], i ? 8 : 0, crc, packed[i], array->size, 0);
        add(b, i ? small : array->bytes, packed[i]);
    }
    size_t directory = b->size;
    for (size_t i = 0; i < files; i++)
        add_zip_header(b, false, names[i], i ? 8 : 0, crc, packed[i], array->size, starts[i]);
    size_t size = b->size - directory;
    add(b, "PK\5\6\0\0\0\0", 8);
    add_number(b, files, 2, false);
    add_number(b, files, 2, false);
    add_number(b, size, 4, false);
    add_number(b, directory, 4, false);
    add_number(b, 0, 2, false);
}

static void read_takes_arrays_out_of_archives(void **state) {
    (void)state;
    static blob pair, archive;
    make_pair(&pair);
    make_archive(&archive, &pair, 2);
    scratch_write("a.npz", archive.bytes, archive.size);
    assert_pair("a.npz:first");
    assert_pair("a.npz:second.npy");
    assert_unreadable("a.npz", TDROP_ERROR_DATA, "2 arrays (first.npy, second.npy); say which");
    assert_unreadable("a.npz:third", TDROP_ERROR_FORMAT, "no array 'third'; it holds first.npy");
    assert_unreadable("b.npz:first", TDROP_ERROR_FILE, "b.npz: cannot be opened");
    make_archive(&archive, &pair, 1);
    scratch_write("a.npz", archive.bytes, archive.size);
    assert_pair("a.npz");
    scratch_write("a.npz:x", pair.bytes, pair.size);
    assert_pair("a.npz:x"); /* a file of that name goes first */
}

/* Cut at every place and changed at every place: refused, or the same array. */
static void damaged_archives_are_refused(void **state) {
    (void)state;
    static blob pair, archive, changed;
    make_pair(&pair);
    make_archive(&archive, &pair, 2);
    for (size_t at = 0; at < archive.size; at++) {
        changed = archive;
        changed.bytes[at] ^= 0xff;
        for (int cut = 0; cut < 2; cut++) {
            tdrop_bytes bytes = {.size = cut ? at : changed.size};
            bytes.data = tdrop_alloc(bytes.size, 1);
            assert_non_null(bytes.data);
            memcpy(bytes.data, changed.bytes, bytes.size);
            tdrop_error error;
            if (tdrop_npz_matches(bytes.data, bytes.size) &&
                tdrop_npz_extract(&bytes, "a.npz", "second", &error) == TDROP_OK) {
                assert_false(cut);
                assert_int_equal(bytes.size, pair.size);
                assert_memory_equal(bytes.data, pair.bytes, pair.size);
            }
            tdrop_bytes_release(&bytes);
        }
    }
}

static void read_takes_vectors_by_their_names(void **state) {
    (void)state;
    static blob b;
    b.size = 0;
    add_number(&b, 2, 4, false);
    add_value(&b, 'f', 4, 1.5, false);
    add_value(&b, 'f', 4, -2, false);
    scratch_write("a.fvecs", b.bytes, b.size);
    assert_pair("a.fvecs");
    scratch_write("a.fvecs", b.bytes, b.size - 1);
    assert_unreadable("a.fvecs", TDROP_ERROR_FORMAT, "11 bytes are no whole rows of 2 numbers");
    add_number(&b, 1, 4, false);
    add(&b, "\0\0\0\0\0\0\0\0", 8);
    scratch_write("a.fvecs", b.bytes, b.size);
    assert_unreadable("a.fvecs", TDROP_ERROR_FORMAT, "row 2 has 1 numbers, but the first has 2");
    b.size = 0;
    add_number(&b, 1, 4, false);
    add_number(&b, 2, 4, false);
    add_value(&b, 'f', 4, 1.5, false);
    add_value(&b, 'f', 4, -2, false);
    scratch_write("a.fbin", b.bytes, b.size);
    assert_pair("a.fbin");
    scratch_write("a.fbin", b.bytes, b.size - 1);
    assert_unreadable("a.fbin", TDROP_ERROR_FORMAT, "cut short, 7 of the 8 bytes");
    scratch_write("a.fbin", b.bytes, 5);
    assert_unreadable("a.fbin", TDROP_ERROR_FORMAT, "cut short within the header");
}

static void read_chooses_columns_and_counts_gaps(void **state) {
    (void)state;
    static blob b;
    begin_npy(&b, 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n");
    for (int i = 0; i < 6; i++)
        add_value(&b, 'f', 4, i == 4 ? (double)NAN : i, false);
    scratch_write("t.npy", b.bytes, b.size);
    static const char *const drop[] = {"2"}, *const bad[] = {"4"};
    tdrop_data *data = NULL;
    tdrop_error error;
    tdrop_data_read_options options = {
        .drop = drop, .drop_count = 1, .column_count = 1, .target_count = 1};
    assert_unreadable("t.npy", TDROP_ERROR_MISSING, "row 2, column 2 is NaN");
    assert_int_equal(tdrop_data_read(&data, "t.npy", &options, &error), TDROP_OK);
    assert_int_equal(data->info.columns, 2);
    assert_cell(data, 1, 1, 5);
    tdrop_data_destroy(data);
    options = (tdrop_data_read_options){.missing = TDROP_MISSING_MEAN, .drop_count = 1};
    assert_int_equal(tdrop_data_read(&data, "t.npy", &options, &error), TDROP_OK);
    assert_int_equal(data->info.missing, 1);
    assert_int_equal(data->columns[1].missing, 1);
    tdrop_data_destroy(data);
    options = (tdrop_data_read_options){.columns = bad, .column_count = 1};
    assert_int_equal(tdrop_data_read(&data, "t.npy", &options, &error), TDROP_ERROR_DATA);
    assert_non_null(strstr(error.message, "so give a number from 1 to 3"));
    options = (tdrop_data_read_options){.id = "1"};
    assert_int_equal(tdrop_data_read(&data, "t.npy", &options, &error), TDROP_ERROR_DATA);
    static const char *const nameless[] = {"1", NULL};
    const tdrop_data_read_options with_null[] = {{.columns = nameless, .column_count = 2},
                                                 {.drop = nameless, .drop_count = 2},
                                                 {.targets = nameless, .target_count = 2}};
    for (size_t i = 0; i < sizeof with_null / sizeof *with_null; i++)
        assert_int_equal(tdrop_data_read(&data, "t.npy", &with_null[i], &error), TDROP_ERROR_NULL);
    options = (tdrop_data_read_options){.reserved = {1}};
    assert_int_equal(tdrop_data_read(&data, "t.npy", &options, &error), TDROP_ERROR_RESERVED);
    options = (tdrop_data_read_options){.missing = (tdrop_missing)7};
    assert_int_equal(tdrop_data_read(&data, "t.npy", &options, &error), TDROP_ERROR_SIZE);
}

static void read_takes_standard_input(void **state) {
    (void)state;
    static blob b;
    make_pair(&b);
    scratch_write("pair", b.bytes, b.size);
    int saved = scratch_redirect(STDIN_FILENO, "pair");
    assert_pair("-");
    scratch_restore(STDIN_FILENO, saved);

    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], b.bytes, b.size), (ssize_t)b.size);
    close(ends[1]);
    saved = dup(STDIN_FILENO);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    assert_pair("-");
    assert_unreadable("-", TDROP_ERROR_FORMAT, "is empty"); /* the pipe is at its end */
    scratch_restore(STDIN_FILENO, saved);
}

/* One gzip member of the bytes; windowBits 16 + 15 asks zlib for the gzip format. */
static void add_gzip(blob *b, const void *bytes, size_t size) {
    z_stream stream = {0};
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 16 + 15, 8, Z_DEFAULT_STRATEGY), Z_OK);
    unsigned char copy[4096];
    assert_true(size <= sizeof copy);
    memcpy(copy, bytes, size);
    stream.next_in = copy;
    stream.avail_in = (unsigned)size;
    stream.next_out = b->bytes + b->size;
    stream.avail_out = (unsigned)(sizeof b->bytes - b->size);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    b->size += stream.total_out;
    deflateEnd(&stream);
}

static void read_inflates_gzip(void **state) {
    (void)state;
    static blob plain, b;
    make_pair(&plain);
    b.size = 0;
    add_gzip(&b, plain.bytes, plain.size);
    scratch_write("pair.gz", b.bytes, b.size);
    assert_pair("pair.gz");
    for (size_t size = 2; size < b.size; size++) {
        scratch_write("pair.gz", b.bytes, size);
        assert_unreadable("pair.gz", TDROP_ERROR_FORMAT, "pair.gz: gzip data cut short");
    }
    add(&b, "trailing", 8);
    scratch_write("pair.gz", b.bytes, b.size);
    assert_unreadable("pair.gz", TDROP_ERROR_FORMAT, "pair.gz: gzip data damaged");
    b.size = 0; /* several members are one file */
    add_gzip(&b, plain.bytes, 10);
    add_gzip(&b, plain.bytes, 0);
    add_gzip(&b, plain.bytes + 10, plain.size - 10);
    scratch_write("pair.gz", b.bytes, b.size);
    assert_pair("pair.gz");
}

static void gunzip_survives_damage(void **state) {
    (void)state;
    static blob plain, b;
    make_pair(&plain);
    b.size = 0;
    add_gzip(&b, plain.bytes, plain.size);
    for (size_t at = 0; at < b.size; at++) {
        for (unsigned flip = 1; flip < 256; flip <<= 1) {
            b.bytes[at] ^= (unsigned char)flip;
            scratch_write("damaged", b.bytes, b.size);
            b.bytes[at] ^= (unsigned char)flip;
            tdrop_bytes bytes = {0};
            tdrop_stream stream;
            assert_int_equal(tdrop_stream_open(&stream, "damaged", true, NULL), TDROP_OK);
            tdrop_status status = tdrop_stream_read_into(&stream, &bytes, SIZE_MAX, NULL);
            assert_true(status == TDROP_OK || status == TDROP_ERROR_FORMAT);
            if (at < 2) /* as it is */
                assert_int_equal(bytes.size, b.size);
            else if (!status) /* a byte of the gzip header that no checksum covers */
                assert_memory_equal(bytes.data, plain.bytes, plain.size);
            tdrop_stream_close(&stream);
            tdrop_bytes_release(&bytes);
        }
    }
}

static void read_inflates_more_than_comes_in(void **state) {
    (void)state;
    enum { SIDE = 3000 };
    gzFile file = gzopen("zeros.gz", "wb9");
    assert_non_null(file);
    static blob header;
    begin_idx(&header, 8, 2, (const uint32_t[]){SIDE, SIDE});
    assert_int_equal(gzwrite(file, header.bytes, (unsigned)header.size), (int)header.size);
    static const unsigned char zeros[SIDE];
    for (int row = 0; row < SIDE; row++)
        assert_int_equal(gzwrite(file, zeros, SIDE), SIDE);
    assert_int_equal(gzclose(file), Z_OK);
    tdrop_data *data = NULL;
    assert_int_equal(tdrop_data_read(&data, "zeros.gz", NULL, NULL), TDROP_OK);
    assert_int_equal(data->info.columns, SIDE);
    assert_cell(data, SIDE - 1, SIDE - 1, 0);
    tdrop_data_destroy(data);
}

static void read_knows_fashion_mnist(void **state) {
    (void)state;
    struct stat info;
    if (stat("/usr/share/datasets/fashion-mnist", &info) != 0) {
        assert_unreadable("fashion-mnist", TDROP_ERROR_FILE, "apt install dataset-fashion-mnist");
        return;
    }
    tdrop_data *train = NULL, *test = NULL;
    const tdrop_data_read_options in_test = {.part = TDROP_PART_TEST};
    assert_int_equal(tdrop_data_read(&train, "fashion-mnist", NULL, NULL), TDROP_OK);
    assert_int_equal(tdrop_data_read(&test, "fashion-mnist", &in_test, NULL), TDROP_OK);
    assert_int_equal(train->info.rows, 60000);
    assert_int_equal(test->info.rows, 10000);
    assert_int_equal(train->info.columns, 784);
    assert_int_equal(train->info.item_dims, 2);
    assert_int_equal(train->info.element_size, 1);
    assert_string_equal(train->info.name, "fashion-mnist");
    assert_true(train->info.hash != test->info.hash);
    tdrop_data_destroy(train);
    tdrop_data_destroy(test);
}

static void read_checks_its_arguments(void **state) {
    (void)state;
    tdrop_data *data = NULL;
    assert_int_equal(tdrop_data_read(NULL, "-", NULL, NULL), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_data_read(&data, NULL, NULL, NULL), TDROP_ERROR_NULL);
    tdrop_data_destroy(NULL);
}

/* ---------------------------------------------------------------------------------------------
 * Tables
 */

static tdrop_data *from_floats(const float *values, size_t rows, size_t columns, size_t stride) {
    tdrop_data *data = NULL;
    assert_int_equal(tdrop_data_from_floats(&data, values, rows, columns, stride, NULL), TDROP_OK);
    return data;
}

static void table_copies_floats(void **state) {
    (void)state;
    static const float values[] = {1, 2, 9, 3, 4, 9};
    tdrop_data *data = from_floats(values, 2, 2, 3);
    tdrop_data_info info;
    tdrop_data_get_info(data, &info);
    assert_string_equal(info.name, "memory");
    assert_int_equal(info.rows, 2);
    assert_int_equal(info.columns, 2);
    assert_int_equal(info.item_dims, 1);
    assert_int_equal(info.item_shape[0], 2);
    assert_cell(data, 1, 0, 3);
    tdrop_data_destroy(data);
}

static void table_refuses_bad_floats(void **state) {
    (void)state;
    static const float values[] = {1, 2, 3, NAN};
    tdrop_data *data = NULL;
    tdrop_error error;
    assert_int_equal(tdrop_data_from_floats(NULL, values, 1, 1, 1, &error), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_data_from_floats(&data, NULL, 1, 1, 1, &error), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_data_from_floats(&data, values, 2, 2, 1, &error), TDROP_ERROR_SIZE);
    assert_int_equal(tdrop_data_from_floats(&data, values, 0, 2, 2, &error), TDROP_ERROR_DATA);
    assert_int_equal(tdrop_data_from_floats(&data, values, 2, 0, 2, &error), TDROP_ERROR_DATA);
    assert_int_equal(tdrop_data_from_floats(&data, values, SIZE_MAX / 2, 3, 3, &error),
                     TDROP_ERROR_OVERFLOW);
    assert_int_equal(tdrop_data_from_floats(&data, values, 2, 1, SIZE_MAX / 2, &error),
                     TDROP_ERROR_OVERFLOW);
    assert_int_equal(tdrop_data_from_floats(&data, values, 2, 2, 2, &error), TDROP_ERROR_MISSING);
    assert_non_null(strstr(error.message, "memory: row 2, column 2 is NaN"));
    assert_null(data);
}

static void table_gives_rows_as_floats(void **state) {
    (void)state;
    static blob b;
    static const struct {
        const char *header;
        char kind;
        size_t width;
    } types[] = {{NPY("'|u1'", "False", "(3, 2)"), 'u', 1},
                 {NPY("'<f4'", "False", "(3, 2)"), 'f', 4},
                 {NPY("'<f8'", "False", "(3, 2)"), 'f', 8}};
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        begin_npy(&b, 1, types[t].header);
        for (int i = 0; i < 6; i++)
            add_value(&b, types[t].kind, types[t].width, i, false);
        tdrop_data *data = parse_good(tdrop_npy_parse, &b);
        float values[5] = {0, 0, 0, 0, -1};
        assert_int_equal(tdrop_data_get_rows(data, 1, 2, values), TDROP_OK);
        for (int i = 0; i < 4; i++)
            assert_true(values[i] == (float)(i + 2));
        assert_true(values[4] == -1.0f);
        assert_int_equal(tdrop_data_get_rows(data, 3, 0, values), TDROP_OK);
        assert_int_equal(tdrop_data_get_rows(data, 3, 1, values), TDROP_ERROR_SIZE);
        assert_int_equal(tdrop_data_get_rows(data, 1, SIZE_MAX, values), TDROP_ERROR_SIZE);
        assert_int_equal(tdrop_data_get_rows(data, 4, 0, values), TDROP_ERROR_SIZE);
        assert_int_equal(tdrop_data_get_rows(NULL, 0, 1, values), TDROP_ERROR_NULL);
        assert_int_equal(tdrop_data_get_rows(data, 0, 1, NULL), TDROP_ERROR_NULL);
        tdrop_data_destroy(data);
    }
}

static uint64_t hash_of(const float *values, size_t rows, size_t columns) {
    tdrop_data *data = from_floats(values, rows, columns, columns);
    uint64_t hash = data->info.hash;
    tdrop_data_destroy(data);
    return hash;
}

static void table_hash_sees_every_cell_and_the_shape(void **state) {
    (void)state;
    enum { CELLS = 600 };
    static float values[CELLS];
    for (int i = 0; i < CELLS; i++)
        values[i] = (float)i;
    uint64_t hash = hash_of(values, 20, 30);
    assert_true(hash == hash_of(values, 20, 30));
    assert_true(hash != hash_of(values, 30, 20));
    assert_true(hash >> 32 != 0 && (uint32_t)hash != 0);
    for (int i = 0; i < CELLS; i++) {
        float kept = values[i];
        values[i] = nextafterf(kept, 1e9f);
        uint64_t changed = hash_of(values, 20, 30);
        assert_true(changed >> 32 != hash >> 32); /* both halves see it */
        assert_true((uint32_t)changed != (uint32_t)hash);
        values[i] = kept;
    }
    float kept = values[3]; /* and an exchange of two */
    values[3] = values[4];
    values[4] = kept;
    assert_true(hash != hash_of(values, 20, 30));
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_enter, scratch_leave)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(npy_reads_every_type),
        cmocka_unit_test(npy_reads_every_half_float),
        cmocka_unit_test(npy_reads_both_orders),
        cmocka_unit_test(npy_reads_shapes),
        cmocka_unit_test(npy_reads_every_version),
        cmocka_unit_test(npy_accepts_every_way_to_write_the_header),
        cmocka_unit_test(npy_refuses_bad_headers),
        cmocka_unit_test(npy_refuses_every_length_but_its_own),
        cmocka_unit_test(readers_refuse_empty_tables),
        cmocka_unit_test(readers_name_the_first_number_that_is_not_finite),
        cmocka_unit_test(idx_reads_every_type),
        cmocka_unit_test(idx_refuses_what_it_must),
        cmocka_unit_test(readers_survive_damage),
        IN_SCRATCH(read_tells_formats_by_content),
        IN_SCRATCH(read_takes_arrays_out_of_archives),
        cmocka_unit_test(damaged_archives_are_refused),
        IN_SCRATCH(read_takes_vectors_by_their_names),
        IN_SCRATCH(read_chooses_columns_and_counts_gaps),
        IN_SCRATCH(read_takes_standard_input),
        IN_SCRATCH(read_inflates_gzip),
        IN_SCRATCH(gunzip_survives_damage),
        IN_SCRATCH(read_inflates_more_than_comes_in),
        IN_SCRATCH(read_knows_fashion_mnist),
        cmocka_unit_test(read_checks_its_arguments),
        cmocka_unit_test(table_copies_floats),
        cmocka_unit_test(table_refuses_bad_floats),
        cmocka_unit_test(table_gives_rows_as_floats),
        cmocka_unit_test(table_hash_sees_every_cell_and_the_shape),
    };
    return cmocka_run_group_tests_name("data", tests, NULL, NULL);
}
