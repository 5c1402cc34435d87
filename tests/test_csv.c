/* SPDX-License-Identifier: MIT
 * Tables read from text: what is taken for what, and what is refused with which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "data/csv.h"
#include "data/levels.h"
#include "data/table.h"
#include "scratch.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

/* A copy of exactly that size, so that the sanitizer sees every byte read beyond it. */
static tdrop_status parse(tdrop_data **data, const char *text, size_t size,
                          const tdrop_data_read_options *options, tdrop_error *error) {
    unsigned char *copy = malloc(size + !size);
    assert_non_null(copy);
    memcpy(copy, text, size);
    tdrop_status status = tdrop_csv_parse(data, "t.csv", copy, size, options, error);
    free(copy);
    return status;
}

static tdrop_data *read_with(const char *text, const tdrop_data_read_options *options) {
    tdrop_data *data = NULL;
    tdrop_error error = {0};
    if (parse(&data, text, strlen(text), options, &error)) fail_msg("%s", error.message);
    return data;
}

static const tdrop_data_read_options with_missing = {.missing = TDROP_MISSING_MEAN};

static void assert_refused(const char *text, const tdrop_data_read_options *options,
                           tdrop_status expected, const char *words) {
    tdrop_data *data = NULL;
    tdrop_error error = {0};
    tdrop_status status = parse(&data, text, strlen(text), options, &error);
    if (status != expected || !strstr(error.message, words))
        fail_msg("%s: expected %s with \"%s\", got %s: %s", text, tdrop_status_name(expected),
                 words, tdrop_status_name(status), error.message);
    assert_null(data);
    assert_null(strchr(error.message, '\n'));
}

/* Cells as text: numbers in %g, levels by their names, "-" where nothing stands. */
static void assert_table(const tdrop_data *data, const char *expected) {
    char shown[1024] = "";
    size_t used = 0, columns = data->info.columns;
    double *row = calloc(columns, sizeof *row);
    assert_non_null(row);
    for (size_t i = 0; i < data->info.rows; i++) {
        tdrop_table_row(data, i, row);
        for (size_t j = 0; j < columns; j++) {
            tdrop_column_info column;
            assert_int_equal(tdrop_data_get_column(data, j, &column), TDROP_OK);
            used += (size_t)(isnan(row[j]) ? snprintf(shown + used, sizeof shown - used, "-")
                             : column.kind == TDROP_COLUMN_CATEGORY
                                 ? snprintf(shown + used, sizeof shown - used, "%s",
                                            column.level[(size_t)row[j]])
                                 : snprintf(shown + used, sizeof shown - used, "%g", row[j]));
            used += (size_t)snprintf(shown + used, sizeof shown - used, "%s",
                                     j + 1 < columns ? "|" : ";");
        }
    }
    free(row);
    assert_string_equal(shown, expected);
}

static void assert_reads(const char *text, const char *names, const char *cells) {
    tdrop_data *data = read_with(text, &with_missing);
    char shown[256] = "";
    for (size_t j = 0; j < data->info.columns; j++) {
        tdrop_column_info column;
        assert_int_equal(tdrop_data_get_column(data, j, &column), TDROP_OK);
        assert_true((column.name != NULL) == data->info.named);
        snprintf(shown + strlen(shown), sizeof shown - strlen(shown), "%s%s", j ? "|" : "",
                 column.name ? column.name : "");
    }
    assert_string_equal(data->info.named ? shown : "", names);
    assert_table(data, cells);
    tdrop_data_destroy(data);
}

static void fields_are_read_as_the_rfc_says(void **state) {
    (void)state;
    assert_reads("a,b\n1,2\n3,4\n", "a|b", "1|2;3|4;");
    assert_reads("a,b\r\n1,2\r\n3,4", "a|b", "1|2;3|4;");
    assert_reads("a,b\r1,2\r3,4\r", "a|b", "1|2;3|4;");
    assert_reads("\xef\xbb\xbf\"a\",b\n\n1,\"2\"\n\n\n3,4\n\n", "a|b", "1|2;3|4;");
    assert_reads("a,b\n1,\"x, \"\"y\"\"\nz\"\n2,w\"v\n", "a|b", "1|x, \"y\"\nz;2|w\"v;");
    assert_reads("a,b\n1,\"\"\"\"\n2,\"\"\n", "a|b", "1|\";2|-;");
    assert_reads("\"a\nb\",c\n1,2\n", "a\nb|c", "1|2;");
    assert_reads("gr\xc3\xb6\xc3\x9f"
                 "e,b\n1,\xe2\x82\xac\n",
                 "gr\xc3\xb6\xc3\x9f"
                 "e|b",
                 "1|\xe2\x82\xac;");
}

static void delimiters_are_found(void **state) {
    (void)state;
    assert_reads("a;b\n1;2\n", "a|b", "1|2;");
    assert_reads("a\tb\n1\t\n2\t5\n", "a|b", "1|-;2|5;");
    assert_reads("\"a,b,c\";d;e\n1;2;3\n", "a,b,c|d|e", "1|2|3;");
    assert_reads("a\n1\n2\n", "a", "1;2;");
    const tdrop_data_read_options colon = {.delimiter = ':'};
    tdrop_data *data = read_with("a:b\n1:2\n", &colon);
    assert_table(data, "1|2;");
    tdrop_data_destroy(data);
}

static void headers_are_found(void **state) {
    (void)state;
    assert_reads("1,2\n3,4\n", "", "1|2;3|4;");
    assert_reads("a,2\nb,4\n", "", "a|2;b|4;");
    assert_reads(",x\nr1,1\nr2,2\n", "1|x", "r1|1;r2|2;"); /* as row names are written */
    assert_reads("x,x\ny,z\n", "", "x|x;y|z;");            /* names that are the same */
    assert_reads("cat\ndog\ncat\n", "", "cat;dog;cat;");   /* occurs again */
    assert_reads("animal\ndog\ncat\n", "animal", "dog;cat;");
    assert_reads("a,b\n1,cat\n2,b\n", "a|b", "1|cat;2|b;"); /* text above a number */
}

static void headers_can_be_told(void **state) {
    (void)state;
    const tdrop_data_read_options yes = {.header = TDROP_HEADER_YES},
                                  no = {.header = TDROP_HEADER_NO},
                                  neither = {.header = (tdrop_header)3};
    static const char years[] = "2019,2020\n1,2\n", mixed[] = "\n1,b\n3,4\n";
    tdrop_column_info column;
    tdrop_data *data = read_with(years, &yes);
    assert_table(data, "1|2;");
    assert_int_equal(tdrop_data_get_column(data, 1, &column), TDROP_OK);
    assert_string_equal(column.name, "2020");
    tdrop_data_destroy(data);
    data = read_with("a,b\n1,2\n", &no);
    assert_table(data, "a|b;1|2;");
    tdrop_data_destroy(data);
    data = read_with("cat\ndog\ncat\n", &yes);
    assert_table(data, "dog;cat;");
    tdrop_data_destroy(data);
    data = read_with(mixed, &no);
    assert_table(data, "1|b;3|4;");
    tdrop_data_destroy(data);
    assert_refused(mixed, NULL, TDROP_ERROR_FORMAT, "'b' is text above a number");
    assert_refused("a,b,a\n1,2,3\n", NULL, TDROP_ERROR_FORMAT, "two columns are called 'a'");
    assert_refused("x,x\ny,z\n", &yes, TDROP_ERROR_FORMAT, "two columns are called 'x'");
    assert_refused("a\n1\n", &neither, TDROP_ERROR_SIZE, "about a header");
}

static void types_are_found(void **state) {
    (void)state;
    assert_reads("a,b,c\n,NA,x\n1, 2 ,NULL\nnan, -3e1,y\n", "a|b|c", "-|-|x;1|2|-;-|-30|y;");
    assert_reads("a,b\nx,1\n12,2\n", "a|b", "x|1;12|2;"); /* text first: a category */
    tdrop_data *data = read_with("a,b\nz,1\nx,2\nz,\n,4\ny,5\n", &with_missing);
    tdrop_column_info column;
    assert_int_equal(tdrop_data_get_column(data, 0, &column), TDROP_OK);
    assert_int_equal(column.levels, 3);
    assert_string_equal(column.level[0], "x");
    assert_string_equal(column.level[2], "z");
    assert_int_equal(column.missing, 1);
    assert_int_equal(data->info.missing, 2);
    float values[10];
    assert_int_equal(tdrop_data_get_rows(data, 0, 5, values), TDROP_OK);
    assert_true(values[0] == 2.0f && isnan(values[6]) && isnan(values[5]));
    assert_int_equal(tdrop_data_get_column(data, 2, &column), TDROP_ERROR_SIZE);
    tdrop_data_destroy(data);
}

static void columns_are_chosen(void **state) {
    (void)state;
    static const char text[] = "id,a,b,c\nr1,1,x,2\n\"r,2\",3,4y,5\n";
    const char *const drop[] = {"b"}, *const some[] = {"c", "a"}, *const none[] = {"d"};
    tdrop_data_read_options options = {.id = "id", .drop = drop, .drop_count = 1};
    tdrop_data *data = read_with(text, &options);
    assert_table(data, "1|2;3|5;");
    assert_string_equal(data->info.id_name, "id");
    assert_string_equal(tdrop_data_get_id(data, 1), "r,2");
    assert_null(tdrop_data_get_id(data, 2));
    tdrop_data_destroy(data);
    options = (tdrop_data_read_options){.columns = some, .column_count = 2};
    data = read_with(text, &options);
    assert_table(data, "1|2;3|5;"); /* in the order of the file */
    assert_null(tdrop_data_get_id(data, 0));
    tdrop_data_destroy(data);
    options = (tdrop_data_read_options){.columns = none, .column_count = 1};
    assert_refused(text, &options, TDROP_ERROR_DATA,
                   "no column 'd'; its 4 columns are 'id', 'a', 'b', 'c'");
    options = (tdrop_data_read_options){.drop = (const char *const[]){"2"}, .drop_count = 1};
    data = read_with("1,x\n2,y\n", &options);
    assert_table(data, "1;2;");
    tdrop_data_destroy(data);
}

static void what_is_wrong_is_named(void **state) {
    (void)state;
    static const struct {
        const char *text;
        tdrop_status status;
        const char *words;
    } bad[] = {
        {"a,b\n1,2\n3\n", TDROP_ERROR_FORMAT, "line 3 has too few fields, 1 where the first"},
        {"a,b\n1,\"2\n\"\n3,4,5\n", TDROP_ERROR_FORMAT, "line 4 has too many fields, 3 where"},
        {"a,b\n1,2\n3,x\n", TDROP_ERROR_DATA, "line 3, column 2 (b): 'x' is text where numbers"},
        {"a,b\n1,2\n3,\"4\n", TDROP_ERROR_FORMAT, "line 3: a quote is opened and never closed"},
        {"a,b\n1,\"2\"3\n", TDROP_ERROR_FORMAT, "line 2: text behind a closing quote"},
        {"a,b\n1,inf\n", TDROP_ERROR_DATA, "line 2, column 2 (b): 'inf' is infinite"},
        {"a,b\n1,-1e999\n", TDROP_ERROR_DATA, "'-1e999' is beyond what a float holds"},
        {"a,b\n1,2\n1,3.5e38\n", TDROP_ERROR_DATA, "line 3, column 2 (b): '3.5e38' is beyond"},
        {"a;b\n1;2,5\n", TDROP_ERROR_DATA, "'2,5' has a decimal comma"},
        {"a,b\n1,\"1,000\"\n", TDROP_ERROR_DATA, "'1,000' has a comma that parts thousands or"},
        {"a,b\n1,2\n1,\" -12,345\"\n", TDROP_ERROR_DATA, "has a comma that parts thousands or"},
        {"a,b\n1,\"0,125\"\n", TDROP_ERROR_DATA, "'0,125' has a decimal comma"},
        {"a,b\n1,\"1,00\"\n", TDROP_ERROR_DATA, "'1,00' has a decimal comma"},
        {"a,b\n1,\"1,1e3\"\n", TDROP_ERROR_DATA, "'1,1e3' has a decimal comma"},
        {"a,b\n1,\"1234,567\"\n", TDROP_ERROR_DATA, "'1234,567' has a decimal comma"},
        {"a,b\n1,\",125\"\n", TDROP_ERROR_DATA, "',125' has a decimal comma"},
        {"a;b\n1;2\n1;2,5\n", TDROP_ERROR_DATA, "line 3, column 2 (b): '2,5' has a decimal comma"},
        {"a,b\n1,\n", TDROP_ERROR_MISSING, "line 2, column 2 (b): '' stands for a missing cell"},
        {"a,b\n", TDROP_ERROR_DATA, "a header and no rows"},
        {"\n\n", TDROP_ERROR_DATA, "no rows"},
        {"a,b\n1,\xff\n", TDROP_ERROR_FORMAT, "is not UTF-8"},
        {"\xff\xfe"
         "a",
         TDROP_ERROR_FORMAT, "UTF-16"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_refused(bad[i].text, NULL, bad[i].status, bad[i].words);
    assert_refused("a,b\n1,\n2,NA\n", &with_missing, TDROP_ERROR_DATA,
                   "column 2 ('b'): everything is missing");
    const tdrop_data_read_options quote = {.delimiter = '"'};
    assert_refused("a\n1\n", &quote, TDROP_ERROR_SIZE, "delimiter");
    for (const char *c = "\"\n5.e-"; *c; c++)
        assert_refused("1,2\n", &(tdrop_data_read_options){.delimiter = *c}, TDROP_ERROR_SIZE,
                       "cannot be the delimiter");
}

static void too_many_levels_are_an_id(void **state) {
    (void)state;
    enum { LEVELS = TDROP_MOST_LEVELS };
    char *text = malloc(LEVELS * 8 + 64);
    assert_non_null(text);
    char *to = text + sprintf(text, "a\n");
    for (int i = 0; i < LEVELS; i++)
        to += sprintf(to, "x%d\n", i);
    tdrop_data *data = read_with(text, NULL);
    assert_int_equal(data->columns[0].level_count, LEVELS);
    assert_string_equal(data->columns[0].level[1], "x1");
    assert_string_equal(data->columns[0].level[LEVELS - 1], "x9999");
    tdrop_data_destroy(data);
    sprintf(to, "one more\n");
    assert_refused(text, NULL, TDROP_ERROR_LEVELS, "line 10002, column 1 (a): 'one more' is the");
    free(text);
}

static void the_hash_sees_names_levels_and_gaps(void **state) {
    (void)state;
    static const char *const texts[] = {
        "a,b\n1,x\n2,y\n", "a,c\n1,x\n2,y\n", "a,b\n1,x\n2,z\n",
        "a,b\n1,x\n2,\n",  "a,b\n,x\n2,y\n",  "1,x\n2,y\n",
    };
    enum { TEXTS = sizeof texts / sizeof *texts };
    uint64_t hash[TEXTS];
    for (size_t i = 0; i < TEXTS; i++) {
        tdrop_data *data = read_with(texts[i], &with_missing);
        hash[i] = data->info.hash;
        tdrop_data_destroy(data);
        for (size_t j = 0; j < i; j++)
            assert_true(hash[i] != hash[j]);
    }
    tdrop_data *data = read_with("\"a\";\"b\"\r\n1.0;x\r\n2;y", NULL); /* written otherwise */
    assert_true(data->info.hash == hash[0]);
    tdrop_data_destroy(data);
}

static void a_column_is_taken_out(void **state) {
    (void)state;
    tdrop_data *data = read_with("a,b,c\n1,x,2\n3,y,4\n", NULL), *taken = NULL;
    tdrop_data *same = read_with("a,c\n1,2\n3,4\n", NULL);
    tdrop_error error;
    assert_int_equal(tdrop_data_take_column(data, "d", &taken, &error), TDROP_ERROR_DATA);
    assert_non_null(strstr(error.message, "column 'd' is not there"));
    assert_int_equal(tdrop_data_take_column(data, "b", &taken, &error), TDROP_OK);
    assert_table(data, "1|2;3|4;");
    assert_table(taken, "x;y;");
    assert_true(data->info.hash == same->info.hash);
    assert_false(tdrop_data_find_column(data, "b", NULL));
    size_t column = 7;
    assert_true(tdrop_data_find_column(data, "c", &column) && column == 1);
    assert_int_equal(tdrop_data_take_column(taken, "b", &same, &error), TDROP_ERROR_DATA);
    tdrop_data_destroy(same);
    tdrop_data_destroy(taken);
    tdrop_data_destroy(data);
}

static void several_columns_are_taken_out(void **state) {
    (void)state;
    tdrop_data *data = read_with("a,b,c,d\n1,x,2,5\n3,y,4,6\n", NULL), *taken = NULL;
    tdrop_data *rest = read_with("a,b\n1,x\n3,y\n", NULL);
    tdrop_data *same = read_with("d,c\n5,2\n6,4\n", NULL);
    tdrop_error error;
    static const struct {
        const char *names[4], *said;
        size_t count;
    } refused[] = {{{"d", "e"}, "column 'e' is not there", 2},
                   {{"d", "c", "d"}, "column 'd' is named twice", 3},
                   {{"a", "b", "c", "d"}, "all its 4 columns would be taken out", 4}};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assert_int_equal(
            tdrop_data_take_columns(data, refused[i].names, refused[i].count, &taken, &error),
            TDROP_ERROR_DATA);
        assert_non_null(strstr(error.message, refused[i].said));
        assert_table(data, "1|x|2|5;3|y|4|6;");
    }
    const char *const names[] = {"d", "c"};
    assert_int_equal(tdrop_data_take_columns(data, names, 0, &taken, &error), TDROP_ERROR_SIZE);
    assert_int_equal(tdrop_data_take_columns(data, names, 2, &taken, &error), TDROP_OK);
    assert_table(data, "1|x;3|y;");
    assert_table(taken, "5|2;6|4;");
    assert_true(data->info.hash == rest->info.hash && taken->info.hash == same->info.hash);
    assert_true(tdrop_data_find_column(taken, "c", NULL));
    tdrop_data_destroy(same);
    tdrop_data_destroy(rest);
    tdrop_data_destroy(taken);
    tdrop_data_destroy(data);
}

/* Every text is cut at every place and has every byte changed; nothing but a status may come. */
static void damage_is_survived(void **state) {
    (void)state;
    static const char text[] = "\xef\xbb\xbfi,a,\"b\"\"c\"\r\nr,1.5e3,\"x\ny\"\n,2,NA\n\"s\",,z\n";
    enum { SIZE = sizeof text - 1 };
    const tdrop_data_read_options options = {.id = "i", .missing = TDROP_MISSING_MASK};
    for (size_t cut = 0; cut <= SIZE; cut++) {
        tdrop_data *data = NULL;
        tdrop_status status = parse(&data, text, cut, &options, NULL);
        assert_true((status == TDROP_OK) == (data != NULL));
        tdrop_data_destroy(data);
    }
    for (size_t at = 0; at < SIZE; at++)
        for (int byte = 0; byte < 256; byte++) {
            char changed[SIZE];
            tdrop_data *data = NULL;
            memcpy(changed, text, SIZE);
            changed[at] = (char)byte;
            tdrop_status status = parse(&data, changed, SIZE, &options, NULL);
            assert_true((status == TDROP_OK) == (data != NULL));
            tdrop_data_destroy(data);
        }
}

static uint64_t random_bits(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* What comes piece by piece is the same as what is there at once: table, or refusal and its words.
 */
static void assert_same_in_pieces(const char *text, size_t size,
                                  const tdrop_data_read_options *options, size_t window) {
    tdrop_data *whole = NULL, *pieces = NULL;
    tdrop_error error = {0}, other = {0};
    tdrop_bytes none = {0};
    tdrop_stream stream;
    const tdrop_status status = parse(&whole, text, size, options, &error);
    assert_int_equal(
        tdrop_stream_open_bytes(&stream, "t.csv", (const unsigned char *)text, size, NULL),
        TDROP_OK);
    assert_int_equal(tdrop_csv_read(&pieces, "t.csv", &none, &stream, window, options, &other),
                     status);
    tdrop_stream_close(&stream);
    assert_string_equal(error.message, other.message);
    if (whole) {
        assert_true(whole->info.hash == pieces->info.hash);
        for (size_t i = 0; whole->ids && i < whole->info.rows; i++)
            assert_string_equal(whole->ids[i], pieces->ids[i]);
    }
    tdrop_data_destroy(whole);
    tdrop_data_destroy(pieces);
}

static void pieces_are_the_same_as_the_whole(void **state) {
    (void)state;
    static const char *const texts[] = {
        "a,b,id\n1,x,\"p\nq\"\n2.5,\"y\"\"\n\",r\n,,s\n-3e2,z,\"\"\n",
        "\xef\xbb\xbf\"a\r\nb\",id\r\n1,2\r\n\r\n\r\n3,\"4\r\n5\"\r\n6,7",
        "a,id\r1,x\r2,y\r\r3,\"z\rz\"\r",
        "id,word\ncat,dog\nid,fish\ncow,\"a\nb\"\n",
        "id,word\ncat,dog\nbird,fish\n",
        "id,a\np,\"1\n\"\nq,2\nr,\"3 \n 4\"\ns,5\n",
        "id,a\np,\"1\nx\"\nq,2\nr,\"3 \n 4\"\ns,5\n",
        "a,b;\"c\nd\";e;f\n1;2;3;4\n",
        "a\",b;c\n1,2\n",
        "x,id,y\n0.1234567,a,12345678901234567890\n-1e-5,b,1\n+7,c,\n",
        "a,id\n1,x\n2,y\n3,z,4\n5,u\n",
        "a,id\n1,x\n2,y\n\n\nword,z\n",
        "a,id\n1,x\n\"2,y\n3,z\n",
        "a,id\n1,\"x\ny\"\n\n2,\"\n\"u\n",
        "\n\n\nid;a\n1;2\n",
        "\n\n\n\xef\xbb\xbfid,b\nx,y\n\xef\xbb\xbfid,z\n",
        "\n\n",
        "a,id\n\n"};
    const tdrop_data_read_options options[] = {
        {.id = "id", .missing = TDROP_MISSING_MEAN}, {.missing = TDROP_MISSING_MASK}, {.id = NULL}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (size_t window = 1; window < 80; window++)
            for (size_t o = 0; o < sizeof options / sizeof *options; o++)
                assert_same_in_pieces(texts[i], strlen(texts[i]), &options[o], window);
}

/* A cell as some program might write it; what it stands for, NaN for nothing. */
static double write_cell(char *text, size_t size, uint64_t *random) {
    static const char *const forms[] = {"%.6g", "%.17g", "%.0f", "%.3f", "%.18e", "%.12f", "%+.2f"};
    const uint64_t bits = random_bits(random);
    const double value = ((double)(bits >> 11) / 9007199254740992.0 - 0.5) * (bits & 1 ? 1 : 2000);
    char number[48];
    switch (bits >> 1 & 15) {
    case 0:
        snprintf(text, size, "%s", bits & 32 ? "" : "NA");
        return NAN;
    case 1:
        snprintf(number, sizeof number, "%.5g", value);
        snprintf(text, size, bits & 32 ? "\"%s\"" : " %s ", number);
        break;
    default:
        snprintf(number, sizeof number, forms[(bits >> 5) % (sizeof forms / sizeof *forms)], value);
        snprintf(text, size, "%s", number);
    }
    return strtod(number, NULL);
}

/* Tables of numbers in all forms, against the C library. */
static void numbers_are_found_among_anything(void **state) {
    (void)state;
    enum { ROWS = 40, COLUMNS = 7, MOST = 64, TABLES = 60 };
    static const char delimiters[] = ",;\t|";
    static const char *const ends[] = {"\n", "\r\n", "\r", "\n\n"};
    static char text[ROWS * COLUMNS * MOST];
    static double expected[ROWS][COLUMNS];
    uint64_t random = 88172645463325252u;
    for (unsigned table = 0; table < TABLES; table++) {
        const char delimiter = delimiters[table % 4];
        const tdrop_data_read_options options = {.delimiter = delimiter,
                                                 .missing = TDROP_MISSING_MASK};
        size_t size = 0;
        for (size_t i = 0; i < ROWS; i++)
            for (size_t j = 0; j < COLUMNS; j++) {
                expected[i][j] = i ? write_cell(text + size, MOST - 2, &random) : 0.0;
                if (i == 0) strcpy(text + size, "0");
                size += strlen(text + size);
                if (j + 1 < COLUMNS)
                    text[size++] = delimiter;
                else
                    size += (size_t)sprintf(text + size, "%s", ends[table / 4 % 4]);
            }
        tdrop_data *data = NULL;
        tdrop_error error = {0};
        if (parse(&data, text, size, &options, &error)) fail_msg("%s", error.message);
        assert_int_equal(data->info.rows, ROWS);
        for (size_t i = 0; i < ROWS; i++) {
            double row[COLUMNS];
            tdrop_table_row(data, i, row);
            for (size_t j = 0; j < COLUMNS; j++)
                if (isnan(expected[i][j]) ? !isnan(row[j])
                                          : memcmp(&row[j], &expected[i][j], sizeof row[j]) != 0)
                    fail_msg("table %u, row %zu, column %zu: %.17g, not %.17g", table, i, j, row[j],
                             expected[i][j]);
        }
        tdrop_data_destroy(data);
        assert_same_in_pieces(text, size, &options, 1 + table * table);
    }
}

/* What a process has had in memory at most, in bytes. */
static double peak_memory(void) {
    struct rusage used;
    assert_int_equal(getrusage(RUSAGE_SELF, &used), 0);
    return 1024.0 * (double)used.ru_maxrss;
}

/* Whether memory is as large as it would be for a user: not when a sanitizer or valgrind, which is
 * loaded before anything else, keeps books of its own. */
static bool memory_is_plain(void) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    return false;
#endif
#endif
    const char *loaded = getenv("LD_PRELOAD");
    return !loaded || !strstr(loaded, "vgpreload");
}

/* Reads a file in a process of its own, since a peak stays. Whether it takes no more memory than so
 * many times that of its numbers, and two megabytes, which is less than the file. */
static bool reads_within(const char *name, const tdrop_data_read_options *options, double times) {
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        tdrop_data *data = NULL;
        const double before = peak_memory();
        if (tdrop_data_read(&data, name, options, NULL)) _exit(2);
        const double taken = peak_memory() - before;
        const double table = 8.0 * (double)data->info.rows * (double)data->info.columns;
        _exit(taken > times * table + 2e6);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* A file of some nine megabytes, and of as many of numbers. */
static void memory_is_that_of_the_numbers(void **state) {
    (void)state;
    enum { ROWS = 60000, COLUMNS = 20 };
    if (!memory_is_plain()) skip();
    static const char *const columns[] = {"c1"};
    const tdrop_data_read_options one = {.columns = columns, .column_count = 1};
    FILE *file = fopen("plain.csv", "w");
    gzFile packed = gzopen("packed.csv.gz", "wb1");
    assert_true(file && packed);
    uint64_t random = 88172645463325252u;
    for (int i = 0; i <= ROWS; i++)
        for (int j = 0; j < COLUMNS; j++) {
            char cell[32];
            const double value = (double)(random_bits(&random) >> 44) / 1e6;
            int size = i ? snprintf(cell, sizeof cell, "%.5g", value)
                         : snprintf(cell, sizeof cell, "c%d", j);
            cell[size++] = j + 1 < COLUMNS ? ',' : '\n';
            fwrite(cell, 1, (size_t)size, file);
            assert_int_equal(gzwrite(packed, cell, (unsigned)size), size);
        }
    assert_int_equal(fclose(file) | gzclose(packed), 0);
    assert_true(reads_within("plain.csv", NULL, 1.05));
    assert_true(reads_within("plain.csv", &one, 1.05));
    assert_true(reads_within("packed.csv.gz", NULL, 2.05)); /* while the table grows */
    assert_true(reads_within("packed.csv.gz", &one, 2.05));
    const int saved = scratch_redirect(0, "plain.csv");
    assert_true(reads_within("-", NULL, 1.05));
    scratch_restore(0, saved);
}

static void the_locale_does_not_matter(void **state) {
    (void)state;
    static const char *const commas[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE"};
    for (size_t i = 0; i < sizeof commas / sizeof *commas; i++)
        if (setlocale(LC_NUMERIC, commas[i])) break;
    assert_reads("a,b\n1.5,2\n1e-200,123456789012345678901.5\n", "a|b",
                 localeconv()->decimal_point[0] == ',' ? "1,5|2;1e-200|1,23457e+20;"
                                                       : "1.5|2;1e-200|1.23457e+20;");
    setlocale(LC_NUMERIC, "C");
}

/* What is written is read back as the same floats, names, levels and ids. */
static void what_is_written_reads_back(void **state) {
    (void)state;
    enum { ROWS = 2000, COLUMNS = 3 };
    static const char *const level[] = {"a,b", "q\"uote", " x "};
    static const tdrop_column_info columns[] = {
        {.name = "n\nl"},
        {.name = "c", .kind = TDROP_COLUMN_CATEGORY, .levels = 3, .level = level},
        {.name = "v"}};
    float *values = calloc((size_t)ROWS * COLUMNS, sizeof *values);
    char *text = malloc(ROWS * 16 + 16), *to = text;
    assert_true(values && text);
    to += sprintf(to, "id,x\n");
    uint64_t random = 88172645463325252u;
    for (size_t i = 0; i < ROWS; i++) {
        uint32_t bits = (uint32_t)random_bits(&random);
        memcpy(&values[i * COLUMNS], &bits, sizeof bits);
        if (!isfinite(values[i * COLUMNS])) values[i * COLUMNS] = 0.1f;
        values[i * COLUMNS + 1] = i % 7 == 3 ? NAN : (float)(i % 3);
        values[i * COLUMNS + 2] = (float)i / 8.0f;
        to += sprintf(to, "r %zu,1\n", i);
    }
    tdrop_data *ids = read_with(text, &(tdrop_data_read_options){.id = "id"}), *back = NULL;
    const tdrop_csv_options options = {.columns = columns, .ids = ids};
    tdrop_error error = {0};
    if (tdrop_csv_write("out.csv", values, ROWS, COLUMNS, &options, 0, &error))
        fail_msg("%s", error.message);
    const tdrop_data_read_options read = {.id = "id", .missing = TDROP_MISSING_MEAN};
    if (tdrop_data_read(&back, "out.csv", &read, &error)) fail_msg("%s", error.message);
    assert_int_equal(back->info.rows, ROWS);
    for (size_t i = 0; i < ROWS; i++) {
        double row[COLUMNS];
        tdrop_table_row(back, i, row);
        assert_true((float)row[0] == values[i * COLUMNS]);
        assert_true((float)row[2] == values[i * COLUMNS + 2]);
        assert_true(isnan(row[1]) == !!isnan(values[i * COLUMNS + 1]));
        if (!isnan(row[1]))
            assert_string_equal(back->columns[1].level[(size_t)row[1]], level[i % 3]);
        assert_string_equal(tdrop_data_get_id(back, i), tdrop_data_get_id(ids, i));
    }
    assert_string_equal(back->columns[0].name, "n\nl");
    tdrop_data_destroy(back);
    tdrop_data_destroy(ids);
    free(values);
    free(text);
}

static void numbers_are_written_short(void **state) {
    (void)state;
    static const char expected[] = "0.1,1,-2.5,1e+20\n3.4028235e+38,1e-45,16777216,\n";
    static const float values[] = {0.1f, 1, -2.5f, 1e20f, 3.40282347e38f, 1e-45f, 16777216, NAN};
    tdrop_error error = {0};
    if (tdrop_csv_write("out.csv", values, 2, 4, NULL, 0, &error)) fail_msg("%s", error.message);
    size_t size = 0;
    unsigned char *bytes = scratch_read("out.csv", &size);
    assert_int_equal(size, strlen(expected));
    assert_memory_equal(bytes, expected, size);
    free(bytes);
    assert_int_equal(tdrop_csv_write("out.csv", values, 2, 4, NULL, 0, NULL), TDROP_ERROR_EXISTS);
    const tdrop_column_info column = {.kind = TDROP_COLUMN_CATEGORY, .levels = 1};
    const tdrop_csv_options levels = {.columns = &column}, quote = {.delimiter = '"'};
    assert_int_equal(tdrop_csv_write("new.csv", values, 1, 1, &levels, 0, NULL), TDROP_ERROR_SIZE);
    assert_int_equal(tdrop_csv_write("new.csv", values, 1, 1, &quote, 0, NULL), TDROP_ERROR_SIZE);
    assert_int_equal(tdrop_csv_write(NULL, values, 1, 1, NULL, 0, NULL), TDROP_ERROR_NULL);
    assert_int_equal(scratch_count(), 1);
}

static void assert_written(const char *path, const char *expected) {
    size_t size = 0;
    unsigned char *bytes = scratch_read(path, &size);
    assert_int_equal(size, strlen(expected));
    assert_memory_equal(bytes, expected, size);
    free(bytes);
}

/* An empty line would be skipped, and the row with it. */
static void a_row_of_one_gap_is_no_empty_line(void **state) {
    (void)state;
    const float values[] = {1, NAN, 3, NAN};
    const tdrop_column_info column = {.name = ""};
    const tdrop_csv_options options = {.columns = &column};
    const tdrop_data_read_options read = {.missing = TDROP_MISSING_MEAN};
    tdrop_data *data = NULL;
    tdrop_error error = {0};
    assert_int_equal(tdrop_csv_write("out.csv", values, 4, 1, NULL, 0, NULL), TDROP_OK);
    assert_written("out.csv", "1\n\"\"\n3\n\"\"\n");
    if (tdrop_data_read(&data, "out.csv", &read, &error)) fail_msg("%s", error.message);
    assert_int_equal(data->info.rows, 4);
    assert_int_equal(data->info.missing, 2);
    tdrop_data_destroy(data);
    assert_int_equal(tdrop_csv_write("out.csv", values, 1, 1, &options, 1, NULL), TDROP_OK);
    assert_written("out.csv", "\"\"\n1\n");
}

static void what_no_table_may_hold_is_not_written(void **state) {
    (void)state;
    const float values[] = {1, 2, 3, -INFINITY};
    const tdrop_csv_options no_columns = {.columns = (tdrop_column_info[1]){{.name = "a"}} + 1};
    tdrop_error error = {0};
    assert_int_equal(tdrop_csv_write("out.csv", values, 2, 2, NULL, 0, &error), TDROP_ERROR_DATA);
    assert_non_null(strstr(error.message, "out.csv: row 2, column 2"));
    assert_int_equal(tdrop_csv_write("out.csv", values, SIZE_MAX / 2, 3, NULL, 0, NULL),
                     TDROP_ERROR_OVERFLOW);
    assert_int_equal(tdrop_csv_write("out.csv", values, SIZE_MAX / 2, 1, NULL, 0, NULL),
                     TDROP_ERROR_OVERFLOW);
    assert_int_equal(scratch_count(), 0);
    assert_int_equal(tdrop_csv_write("out.csv", NULL, 0, 0, &no_columns, 0, NULL), TDROP_OK);
    assert_written("out.csv", "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_read_as_the_rfc_says),
        cmocka_unit_test(delimiters_are_found),
        cmocka_unit_test(headers_are_found),
        cmocka_unit_test(headers_can_be_told),
        cmocka_unit_test(types_are_found),
        cmocka_unit_test(columns_are_chosen),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(too_many_levels_are_an_id),
        cmocka_unit_test(the_hash_sees_names_levels_and_gaps),
        cmocka_unit_test(a_column_is_taken_out),
        cmocka_unit_test(several_columns_are_taken_out),
        cmocka_unit_test(damage_is_survived),
        cmocka_unit_test(pieces_are_the_same_as_the_whole),
        cmocka_unit_test(numbers_are_found_among_anything),
        cmocka_unit_test_setup_teardown(memory_is_that_of_the_numbers, scratch_enter,
                                        scratch_leave),
        cmocka_unit_test(the_locale_does_not_matter),
        cmocka_unit_test_setup_teardown(what_is_written_reads_back, scratch_enter, scratch_leave),
        cmocka_unit_test_setup_teardown(numbers_are_written_short, scratch_enter, scratch_leave),
        cmocka_unit_test_setup_teardown(a_row_of_one_gap_is_no_empty_line, scratch_enter,
                                        scratch_leave),
        cmocka_unit_test_setup_teardown(what_no_table_may_hold_is_not_written, scratch_enter,
                                        scratch_leave),
    };
    return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
