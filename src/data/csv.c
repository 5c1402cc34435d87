/* SPDX-License-Identifier: MIT
 * The first record decides how many columns there are, and what they are called. Then every field
 * is read once and goes into the table as a number, of a category the number of its level. The
 * table is made with room for as many rows as there are lines; since each cell takes a byte of the
 * file at least, no file can ask for more than eight times its size. */
#include "data/csv.h"

#include "base/decimal.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/csv_types.h"
#include "data/levels.h"
#include "data/select.h"
#include "data/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is done with the fields of a column. */
typedef enum role {
    ROLE_SKIP,
    ROLE_ID,
    ROLE_OPEN, /* nothing but missing cells so far */
    ROLE_NUMBER,
    ROLE_CATEGORY
} role;

enum { MOST_COLUMNS = 1 << 20 };

typedef struct csv_column {
    role role;
    tdrop_levels levels;
} csv_column;

typedef struct csv_reader {
    tdrop_csv_cursor cursor;
    const tdrop_data_read_options *options;
    tdrop_error *error;
    size_t column_count;
    csv_column *columns; /* [column_count] of the file */
    char **names;        /* [column_count] as the file has them, in one block */
    bool with_header;
    bool *keep; /* [column_count] */
    size_t kept, id, rows;
    tdrop_text_list ids;
    tdrop_data *data;
} csv_reader;

static bool is_utf16(const unsigned char *bytes, size_t size) {
    return size >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0);
}

bool tdrop_csv_matches(const unsigned char *bytes, size_t size) {
    enum { LOOK = 4096 };
    if (is_utf16(bytes, size)) return true; /* to be refused by its name */
    for (size_t i = 0; i < size && i < LOOK; i++)
        if (bytes[i] < ' ' && !memchr("\t\n\r\f", bytes[i], 4)) return false;
    return size > 0;
}

static void clear(csv_reader *r) {
    for (size_t j = 0; r->columns && j < r->column_count; j++)
        tdrop_levels_clear(&r->columns[j].levels);
    tdrop_free(r->columns);
    tdrop_free(r->names);
    tdrop_free(r->keep);
    tdrop_text_list_clear(&r->ids);
    tdrop_bytes_release(&r->cursor.scratch);
    tdrop_data_destroy(r->data);
}

/* ---------------------------------------------------------------------------------------------
 * Messages: line and column, counted from 1, and the column's name
 */

static tdrop_status field_error(const csv_reader *r, const char *at, size_t column,
                                tdrop_status status, const tdrop_csv_field *field,
                                const char *what) {
    enum { SHOWN = 40 };
    const char *name = r->with_header ? r->names[column] : NULL;
    return tdrop_fail(r->error, status, "%s: line %zu, column %zu%s%.60s%s: '%.*s' %s",
                      r->cursor.name, tdrop_csv_line(&r->cursor, at), column + 1, name ? " (" : "",
                      name ? name : "", name ? ")" : "",
                      (int)(field->length < SHOWN ? field->length : SHOWN), field->text, what);
}

static tdrop_status memory_error(const csv_reader *r) {
    return tdrop_fail_memory(r->error, r->cursor.name);
}

/* Counts on to the end of the record that begins at `start`, so that the message can tell. */
static tdrop_status count_error(csv_reader *r, const char *start) {
    tdrop_csv_cursor *cursor = &r->cursor;
    tdrop_csv_field field;
    size_t fields = 1;
    cursor->at = start;
    for (;; fields++, cursor->at++) {
        tdrop_status status = tdrop_csv_read_field(cursor, &field, r->error);
        if (status) return status;
        if (tdrop_csv_at_record_end(cursor)) break;
    }
    return tdrop_fail(r->error, TDROP_ERROR_FORMAT,
                      "%s: line %zu has too %s fields, %zu where the first line has %zu; mend that "
                      "line, or put a field that holds the delimiter '%s' in quotes",
                      cursor->name, tdrop_csv_line(cursor, start),
                      fields < r->column_count ? "few" : "many", fields, r->column_count,
                      cursor->delimiter == '\t' ? "tab" : (char[]){cursor->delimiter, '\0'});
}

/* ---------------------------------------------------------------------------------------------
 * The first record
 */

static tdrop_status check_text(const csv_reader *r, const char *at, size_t column,
                               const tdrop_csv_field *field) {
    if (tdrop_text_is_utf8(field->text, field->length)) return TDROP_OK;
    return field_error(r, at, column, TDROP_ERROR_FORMAT, field,
                       "is not UTF-8; convert the file, for instance with iconv");
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Whether a name that is not empty stands there twice. */
static tdrop_status find_doubles(const csv_reader *r, bool *doubles) {
    char **sorted = tdrop_alloc(r->column_count, sizeof *sorted);
    if (!sorted) return memory_error(r);
    memcpy(sorted, r->names, r->column_count * sizeof *sorted);
    qsort(sorted, r->column_count, sizeof *sorted, compare_names);
    *doubles = false;
    for (size_t j = 1; j < r->column_count; j++)
        *doubles |= sorted[j][0] && strcmp(sorted[j], sorted[j - 1]) == 0;
    tdrop_free(sorted);
    return TDROP_OK;
}

static tdrop_status too_many_columns(const csv_reader *r) {
    return tdrop_fail(r->error, TDROP_ERROR_FORMAT,
                      "%s: more than %d columns; is another delimiter meant?", r->cursor.name,
                      MOST_COLUMNS);
}

/* Reads the fields of the first record into r->names; *numbers: how many of them are numbers. */
static tdrop_status read_first(csv_reader *r, size_t *numbers) {
    tdrop_csv_cursor *cursor = &r->cursor;
    tdrop_text_list list = {0};
    tdrop_status status = TDROP_OK;
    for (bool more = true; more && !status;) {
        tdrop_csv_field field;
        double value;
        const char *at = cursor->at;
        status = tdrop_csv_read_field(cursor, &field, r->error);
        if (!status) status = check_text(r, at, list.count, &field);
        if (status) break;
        if (list.count == MOST_COLUMNS) status = too_many_columns(r);
        tdrop_csv_type type = tdrop_csv_type_of(&field, &value);
        *numbers += type == TDROP_CSV_NUMBER || type == TDROP_CSV_INFINITE;
        if (!status && tdrop_text_list_add(&list, field.text, field.length))
            status = memory_error(r);
        more = !tdrop_csv_at_record_end(cursor);
        cursor->at += more;
    }
    r->column_count = list.count;
    if (!status && tdrop_text_list_copy(&list, &r->names)) status = memory_error(r);
    tdrop_text_list_clear(&list);
    return status;
}

/* A column whose name is empty, as some programs leave that of row names, is called by its number.
 */
static tdrop_status name_the_nameless(csv_reader *r) {
    tdrop_text_list list = {0};
    tdrop_status status = TDROP_OK;
    for (size_t j = 0; j < r->column_count && !status; j++) {
        char number[24];
        snprintf(number, sizeof number, "%zu", j + 1);
        const char *name = r->names[j][0] ? r->names[j] : number;
        status = tdrop_text_list_add(&list, name, strlen(name));
    }
    char **names = NULL;
    if (!status) status = tdrop_text_list_copy(&list, &names);
    tdrop_text_list_clear(&list);
    if (status) return memory_error(r);
    tdrop_free(r->names);
    r->names = names;
    return TDROP_OK;
}

/* Reads the first record, which is a header if it can be one and `may_be_header`. */
static tdrop_status read_header(csv_reader *r, bool may_be_header) {
    const char *start = r->cursor.at;
    size_t numbers = 0;
    bool doubles = false, empty = true;
    tdrop_status status = read_first(r, &numbers);
    if (!status) status = find_doubles(r, &doubles);
    if (status) return status;
    for (size_t j = 0; j < r->column_count; j++)
        empty = empty && !r->names[j][0];
    r->with_header = may_be_header && numbers == 0 && !empty && !doubles;
    if (!r->with_header) {
        r->cursor.at = start;
        return TDROP_OK;
    }
    return name_the_nameless(r);
}

/* ---------------------------------------------------------------------------------------------
 * Records
 */

static tdrop_status store_level(csv_reader *r, const char *at, size_t column,
                                const tdrop_csv_field *field, double *out) {
    size_t number = 0;
    tdrop_status status = check_text(r, at, column, field);
    if (status) return status;
    if (tdrop_csv_has_decimal_comma(field))
        return field_error(r, at, column, TDROP_ERROR_DATA, field,
                           "has a decimal comma; write numbers with a point");
    status = tdrop_levels_find(&r->columns[column].levels, field->text, field->length, &number);
    if (status == TDROP_ERROR_SIZE)
        return field_error(r, at, column, TDROP_ERROR_DATA, field,
                           "is the 10,001st level of this column: likely an id; leave the column "
                           "out, or name it as the one of ids");
    if (status) return memory_error(r);
    *out = (double)number;
    return TDROP_OK;
}

static tdrop_status store_missing(const csv_reader *r, const char *at, size_t column,
                                  const tdrop_csv_field *field, double *out) {
    if (r->options->missing == TDROP_MISSING_ERROR)
        return field_error(r, at, column, TDROP_ERROR_DATA, field,
                           "stands for a missing cell; fill it in, or choose what is done about "
                           "missing cells: mean or mask");
    *out = (double)NAN;
    return TDROP_OK;
}

/* A field that is kept, as a number for the table. */
static tdrop_status store_cell(csv_reader *r, const char *at, size_t column,
                               const tdrop_csv_field *field, double *out) {
    csv_column *to = &r->columns[column];
    tdrop_csv_type type = tdrop_csv_type_of(field, out);
    if (type == TDROP_CSV_MISSING) return store_missing(r, at, column, field, out);
    if (to->role == ROLE_OPEN) to->role = type == TDROP_CSV_TEXT ? ROLE_CATEGORY : ROLE_NUMBER;
    if (to->role == ROLE_CATEGORY) return store_level(r, at, column, field, out);
    if (type == TDROP_CSV_INFINITE)
        return field_error(r, at, column, TDROP_ERROR_DATA, field,
                           "is infinite; drop that row or fill in a number");
    if (type == TDROP_CSV_NUMBER) return TDROP_OK;
    return field_error(r, at, column, TDROP_ERROR_DATA, field,
                       tdrop_csv_has_decimal_comma(field)
                           ? "has a decimal comma; write numbers with a point"
                           : "is text where numbers were before; mend it, or leave the column out");
}

static tdrop_status store_field(csv_reader *r, size_t column, double **out) {
    tdrop_csv_field field;
    const char *at = r->cursor.at;
    tdrop_status status = tdrop_csv_read_field(&r->cursor, &field, r->error);
    if (status || r->columns[column].role == ROLE_SKIP) return status;
    if (r->columns[column].role != ROLE_ID) return store_cell(r, at, column, &field, (*out)++);
    status = check_text(r, at, column, &field);
    if (!status && tdrop_text_list_add(&r->ids, field.text, field.length)) status = memory_error(r);
    return status;
}

static inline bool ends_field(const tdrop_csv_cursor *cursor, const char *at) {
    return *at == cursor->delimiter || *at == '\n' || *at == '\r';
}

/* The common case: a plain number with a delimiter or a line end right behind it. */
static inline bool read_plain_number(tdrop_csv_cursor *cursor, double *value) {
    const char *stop = tdrop_decimal_read_short(cursor->at, cursor->end, value);
    if (!stop || !ends_field(cursor, stop)) {
        stop = tdrop_decimal_read(cursor->at, cursor->end, value);
        if (!stop || (stop < cursor->end && !ends_field(cursor, stop)) || isinf(*value))
            return false;
    }
    cursor->at = stop;
    return true;
}

static tdrop_status read_record(csv_reader *r, double *out) {
    tdrop_csv_cursor *cursor = &r->cursor;
    const char *start = cursor->at;
    for (size_t j = 0; j < r->column_count; j++) {
        if (j > 0) {
            if (cursor->at == cursor->end || *cursor->at != cursor->delimiter)
                return count_error(r, start);
            cursor->at++;
        }
        if (r->columns[j].role == ROLE_NUMBER && read_plain_number(cursor, out)) {
            out++;
            continue;
        }
        tdrop_status status = store_field(r, j, &out);
        if (status) return status;
    }
    return tdrop_csv_at_record_end(cursor) ? TDROP_OK : count_error(r, start);
}

/* How many rows there may be: one for each line, and a byte for each cell. */
static size_t most_rows(const csv_reader *r) {
    size_t lines = tdrop_csv_count_lines(&r->cursor);
    size_t left = (size_t)(r->cursor.end - r->cursor.at) / r->column_count + 1;
    return lines < left ? lines : left;
}

static tdrop_status read_records(csv_reader *r) {
    size_t rows = 0, most = most_rows(r);
    if (!tdrop_csv_next_record(&r->cursor))
        return tdrop_fail(r->error, TDROP_ERROR_DATA,
                          "%s: a header and no rows; at least one is needed", r->cursor.name);
    tdrop_status status = tdrop_table_create(&r->data, r->cursor.name, TDROP_ELEMENT_F64, 2,
                                             (size_t[]){most, r->kept}, r->error);
    while (!status && tdrop_csv_next_record(&r->cursor))
        status = read_record(r, (double *)r->data->values + rows++ * r->kept);
    r->rows = rows;
    return status;
}

/* ---------------------------------------------------------------------------------------------
 * The table
 */

static tdrop_status set_up_columns(csv_reader *r) {
    r->columns = tdrop_alloc_zero(r->column_count, sizeof *r->columns);
    r->keep = tdrop_alloc(r->column_count, sizeof *r->keep);
    if (!r->columns || !r->keep) return memory_error(r);
    tdrop_status status = tdrop_select(r->options, r->cursor.name,
                                       r->with_header ? (const char *const *)r->names : NULL,
                                       r->column_count, r->keep, &r->id, r->error);
    if (status) return status;
    for (size_t j = 0; j < r->column_count; j++) {
        r->columns[j].role = r->keep[j] ? ROLE_OPEN : j == r->id ? ROLE_ID : ROLE_SKIP;
        r->kept += r->keep[j];
    }
    return TDROP_OK;
}

/* Gives back the room for lines that were no rows, where that is much. */
static tdrop_status shrink(csv_reader *r) {
    tdrop_data *data = r->data;
    size_t used = r->rows * r->kept, had = data->info.rows * r->kept;
    data->info.rows = r->rows;
    if (used > had / 2) return TDROP_OK;
    double *values = tdrop_alloc(used, sizeof *values);
    if (!values) return memory_error(r);
    memcpy(values, data->values, used * sizeof *values);
    tdrop_free(data->values);
    data->values = values;
    return TDROP_OK;
}

/* The numbers of levels in the order of their coming become those in the order of their names. */
static tdrop_status sort_levels(csv_reader *r, const tdrop_levels *levels, size_t column) {
    tdrop_column *to = &r->data->columns[column];
    size_t count = levels->names.count;
    size_t *place = tdrop_alloc(count, sizeof *place);
    if (!place || tdrop_levels_sort(levels, &to->level, place)) {
        tdrop_free(place);
        return memory_error(r);
    }
    to->kind = TDROP_COLUMN_CATEGORY;
    to->level_count = count;
    double *cell = (double *)r->data->values + column;
    for (size_t row = 0; row < r->rows; row++, cell += r->kept)
        if (!isnan(*cell)) *cell = (double)place[(size_t)*cell];
    tdrop_free(place);
    return TDROP_OK;
}

static tdrop_status describe_columns(csv_reader *r) {
    tdrop_data *data = r->data;
    data->columns = tdrop_alloc_zero(r->kept, sizeof *data->columns);
    if (!data->columns) return memory_error(r);
    data->info.named = r->with_header;
    for (size_t j = 0, to = 0; j < r->column_count; j++) {
        if (!r->keep[j]) continue;
        if (r->with_header && !(data->columns[to].name = tdrop_copy_string(r->names[j])))
            return memory_error(r);
        if (r->columns[j].role == ROLE_CATEGORY && sort_levels(r, &r->columns[j].levels, to))
            return TDROP_ERROR_MEMORY;
        to++;
    }
    return TDROP_OK;
}

static tdrop_status finish_table(csv_reader *r) {
    tdrop_status status = shrink(r);
    if (!status) status = describe_columns(r);
    if (status) return status;
    if (r->id < r->column_count) {
        r->data->info.id_name = tdrop_copy_string(r->with_header ? r->names[r->id] : "id");
        if (!r->data->info.id_name || tdrop_text_list_copy(&r->ids, &r->data->ids))
            return memory_error(r);
    }
    r->data->may_miss = true; /* what is not allowed to be missing has been refused by its line */
    return tdrop_table_finish(r->data, r->error);
}

/* In a file of nothing but text a first record whose words occur again below is a row. */
static bool header_is_a_row(const csv_reader *r) {
    bool again = false;
    for (size_t j = 0; j < r->column_count; j++) {
        const csv_column *column = &r->columns[j];
        size_t count = column->levels.names.count;
        if (column->role == ROLE_NUMBER || column->role == ROLE_OPEN) return false;
        for (size_t i = 0; i < count && !again; i++)
            again =
                strcmp(column->levels.names.text + column->levels.names.start[i], r->names[j]) == 0;
    }
    return again;
}

static const char *skip_mark(const char *at, const char *end) {
    static const char mark[] = "\xef\xbb\xbf";
    return end - at >= 3 && memcmp(at, mark, 3) == 0 ? at + 3 : at;
}

static tdrop_status read_table(csv_reader *r, bool may_be_header) {
    if (!tdrop_csv_next_record(&r->cursor))
        return tdrop_fail(r->error, TDROP_ERROR_DATA, "%s: no rows; at least one is needed",
                          r->cursor.name);
    if (!r->cursor.delimiter)
        r->cursor.delimiter = tdrop_csv_find_delimiter(r->cursor.at, r->cursor.end);
    tdrop_status status = read_header(r, may_be_header);
    if (!status) status = set_up_columns(r);
    if (!status) status = read_records(r);
    return status;
}

/* *again: what was taken for a header is a row. */
static tdrop_status parse(tdrop_data **data, const char *name, const char *text, size_t size,
                          const tdrop_data_read_options *options, bool may_be_header, bool *again,
                          tdrop_error *error) {
    csv_reader r = {.options = options, .error = error};
    r.cursor = (tdrop_csv_cursor){.name = name,
                                  .start = text,
                                  .at = skip_mark(text, text + size),
                                  .end = text + size,
                                  .delimiter = options->delimiter};
    tdrop_status status = read_table(&r, may_be_header);
    *again = !status && r.with_header && header_is_a_row(&r);
    if (!status && !*again) {
        status = finish_table(&r);
        if (!status) {
            *data = r.data;
            r.data = NULL;
        }
    }
    clear(&r);
    return status;
}

static tdrop_status check_text_kind(const char *name, const unsigned char *bytes, size_t size,
                                    const tdrop_data_read_options *options, tdrop_error *error) {
    if (!tdrop_csv_may_delimit(options->delimiter))
        return tdrop_fail(error, TDROP_ERROR_SIZE, TDROP_CSV_NO_DELIMITER, name);
    if (is_utf16(bytes, size))
        return tdrop_fail(error, TDROP_ERROR_FORMAT,
                          "%s: text in UTF-16; convert it to UTF-8, for instance with iconv", name);
    return TDROP_OK;
}

tdrop_status tdrop_csv_parse(tdrop_data **data, const char *name, const unsigned char *bytes,
                             size_t size, const tdrop_data_read_options *options,
                             tdrop_error *error) {
    bool again = false;
    options = tdrop_read_options(options);
    tdrop_status status = check_text_kind(name, bytes, size, options, error);
    if (status) return status;
    const char *text = (const char *)bytes;
    status = parse(data, name, text, size, options, true, &again, error);
    if (again) status = parse(data, name, text, size, options, false, &again, error);
    return status;
}
