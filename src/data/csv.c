/* SPDX-License-Identifier: MIT
 * The first record decides how many columns there are, and what they are called. Then every field
 * is read once and goes into the table as a number, of a category the number of its level. Of the
 * text a part is in memory at a time, whole lines. The table is made with room for as many rows as
 * that part and the size of the file lead one to expect, and grows where there are more; since each
 * cell takes a byte of the file at least, no file can ask for more than some ten times its size. */
#include "data/csv.h"

#include "base/decimal.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "data/csv_marks.h"
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
    ROLE_NUMBER_ID, /* numbers that are what rows are called, too */
    ROLE_CATEGORY
} role;

enum { MOST_COLUMNS = 1 << 20 };

typedef struct csv_reader {
    tdrop_csv_cursor cursor;
    const tdrop_data_read_options *options;
    tdrop_error *error;
    size_t column_count;
    role *roles;          /* [column_count] of the file */
    tdrop_levels *levels; /* [column_count], of those that are categories */
    char **names;         /* [column_count] as the file has them, in one block */
    tdrop_header header;  /* AUTO until what was taken for a header turned out to be a row */
    bool with_header;
    bool with_numbers; /* there is a column of numbers */
    bool with_gaps;    /* a cell is missing */
    bool *keep;        /* [column_count] */
    size_t kept, id, rows;
    tdrop_csv_marks marks; /* of the part that is in memory */
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

/* Everything but the cursor. */
static void clear(csv_reader *r) {
    for (size_t j = 0; r->levels && j < r->column_count; j++)
        tdrop_levels_clear(&r->levels[j]);
    tdrop_free(r->levels);
    tdrop_free(r->roles);
    tdrop_free(r->names);
    tdrop_free(r->keep);
    tdrop_text_list_clear(&r->ids);
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
    if (tdrop_utf8_is_valid(field->text, field->length)) return TDROP_OK;
    return field_error(r, at, column, TDROP_ERROR_FORMAT, field,
                       "is not UTF-8; convert the file, for instance with iconv");
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* *twice: a name that is not empty and stands there twice, NULL where there is none. */
static tdrop_status find_twice(const csv_reader *r, const char **twice) {
    char **sorted = tdrop_alloc(r->column_count, sizeof *sorted);
    if (!sorted) return memory_error(r);
    memcpy(sorted, r->names, r->column_count * sizeof *sorted);
    qsort(sorted, r->column_count, sizeof *sorted, compare_names);
    *twice = NULL;
    for (size_t j = 1; j < r->column_count && !*twice; j++)
        if (sorted[j][0] && strcmp(sorted[j], sorted[j - 1]) == 0) *twice = sorted[j];
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
        *numbers += type != TDROP_CSV_TEXT && type != TDROP_CSV_MISSING;
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

/* Takes in more lines. Those of a file that may turn out to have no header are kept. */
static tdrop_status go_on(csv_reader *r, bool keep) {
    r->marks = (tdrop_csv_marks){0};
    return tdrop_csv_go_on(&r->cursor, keep || (r->with_header && !r->with_numbers), r->error);
}

/* Goes to the next record; *found: whether there is one. */
static tdrop_status find_record(csv_reader *r, bool keep, bool *found) {
    tdrop_status status = TDROP_OK;
    while (!(*found = tdrop_csv_next_record(&r->cursor)) && !r->cursor.last && !status)
        status = go_on(r, keep);
    return status;
}

static tdrop_csv_type type_of_name(const char *name) {
    const tdrop_csv_field field = {.text = name, .length = strlen(name)};
    double value;
    return tdrop_csv_type_of(&field, &value);
}

/* The first name that is text above a number in the record at the cursor; NULL where none is, or
 * where that record is wrong: whoever reads it says so. */
static const char *name_above_number(csv_reader *r) {
    tdrop_csv_cursor *cursor = &r->cursor;
    for (size_t j = 0; j < r->column_count; j++, cursor->at++) {
        tdrop_csv_field field;
        double value;
        if (tdrop_csv_read_field(cursor, &field, NULL)) return NULL;
        if (tdrop_csv_type_of(&field, &value) == TDROP_CSV_NUMBER &&
            type_of_name(r->names[j]) == TDROP_CSV_TEXT)
            return r->names[j];
        if (tdrop_csv_at_record_end(cursor)) return NULL;
    }
    return NULL;
}

/* The same for the record below the first, behind which the cursor is and stays. */
static tdrop_status look_below(csv_reader *r, const char **above) {
    tdrop_csv_cursor *cursor = &r->cursor;
    const size_t behind = (size_t)(cursor->at - cursor->start);
    bool found = false;
    tdrop_status status = TDROP_OK;
    do {
        if (cursor->cut) status = go_on(r, true);
        cursor->at = cursor->start + behind;
        if (!status) status = find_record(r, true, &found);
        *above = !status && found ? name_above_number(r) : NULL;
    } while (!status && cursor->cut);
    cursor->at = cursor->start + behind;
    return status;
}

/* Whether the first record, of which `numbers` fields are numbers, is a header. */
static tdrop_status find_out_header(csv_reader *r, size_t numbers, const char *twice) {
    const char *above;
    bool empty = true;
    tdrop_status status = look_below(r, &above);
    if (status) return status;
    if (above && numbers)
        return tdrop_fail(r->error, TDROP_ERROR_FORMAT,
                          "%s: its first line may be a header or a row: '%.40s' is text above a "
                          "number, but others in it are numbers; say whether it is a header",
                          r->cursor.name, above);
    for (size_t j = 0; j < r->column_count; j++)
        empty = empty && !r->names[j][0];
    r->with_header = above || (numbers == 0 && !empty && !twice);
    return TDROP_OK;
}

/* Reads the first record, and goes behind it where it is a header. */
static tdrop_status read_header(csv_reader *r) {
    const size_t start = (size_t)(r->cursor.at - r->cursor.start);
    size_t numbers = 0;
    const char *twice = NULL;
    tdrop_status status = read_first(r, &numbers);
    if (!status) status = find_twice(r, &twice);
    r->with_header = r->header == TDROP_HEADER_YES;
    if (!status && r->header == TDROP_HEADER_AUTO) status = find_out_header(r, numbers, twice);
    if (status) return status;
    if (r->with_header && twice)
        return tdrop_fail(r->error, TDROP_ERROR_FORMAT,
                          "%s: two columns are called '%.60s'; give each a name of its own",
                          r->cursor.name, twice);
    if (r->with_header) return name_the_nameless(r);
    r->cursor.at = r->cursor.start + start;
    return TDROP_OK;
}

/* ---------------------------------------------------------------------------------------------
 * Records
 */

static tdrop_status store_level(csv_reader *r, const char *at, size_t column,
                                const tdrop_csv_field *field, double *out) {
    size_t number = 0;
    tdrop_status status = check_text(r, at, column, field);
    if (status) return status;
    const char *advice = tdrop_csv_comma_advice(field);
    if (advice) return field_error(r, at, column, TDROP_ERROR_DATA, field, advice);
    status = tdrop_levels_find(&r->levels[column], field->text, field->length, &number);
    if (status == TDROP_ERROR_SIZE)
        return field_error(r, at, column, TDROP_ERROR_LEVELS, field,
                           "is the 10,001st level of this column: likely an id; leave the column "
                           "out, or name it as the one of ids");
    if (status) return memory_error(r);
    *out = (double)number;
    return TDROP_OK;
}

static tdrop_status store_missing(csv_reader *r, const char *at, size_t column,
                                  const tdrop_csv_field *field, double *out) {
    if (r->options->missing == TDROP_MISSING_ERROR)
        return field_error(r, at, column, TDROP_ERROR_MISSING, field,
                           "stands for a missing cell; fill it in");
    *out = (double)NAN;
    r->with_gaps = true;
    return TDROP_OK;
}

/* A field that is kept, as a number for the table. */
static tdrop_status store_cell(csv_reader *r, const char *at, size_t column,
                               const tdrop_csv_field *field, double *out) {
    tdrop_csv_type type = tdrop_csv_type_of(field, out);
    if (type == TDROP_CSV_MISSING) return store_missing(r, at, column, field, out);
    role *to = &r->roles[column];
    if (*to == ROLE_OPEN)
        *to = type == TDROP_CSV_TEXT ? ROLE_CATEGORY
              : column == r->id      ? ROLE_NUMBER_ID
                                     : ROLE_NUMBER;
    if (*to == ROLE_CATEGORY) return store_level(r, at, column, field, out);
    r->with_numbers = true;
    if (type == TDROP_CSV_INFINITE)
        return field_error(r, at, column, TDROP_ERROR_DATA, field,
                           "is infinite; drop that row or fill in a number");
    if (type == TDROP_CSV_TOO_LARGE)
        return field_error(r, at, column, TDROP_ERROR_DATA, field, TDROP_TOO_LARGE);
    if (type == TDROP_CSV_NUMBER) return TDROP_OK;
    const char *advice = tdrop_csv_comma_advice(field);
    return field_error(
        r, at, column, TDROP_ERROR_DATA, field,
        advice ? advice : "is text where numbers were before; mend it, or leave the column out");
}

static tdrop_status store_field(csv_reader *r, size_t column, double **out) {
    tdrop_csv_field field;
    const char *at = r->cursor.at;
    tdrop_status status = tdrop_csv_read_field(&r->cursor, &field, r->error);
    if (status || r->roles[column] == ROLE_SKIP) return status;
    if (column == r->id) {
        status = check_text(r, at, column, &field);
        if (!status && tdrop_text_list_add(&r->ids, field.text, field.length))
            status = memory_error(r);
    }
    if (status || r->roles[column] == ROLE_ID) return status;
    return store_cell(r, at, column, &field, (*out)++);
}

/* Reads a number that fills a field, before `stop`, and that nothing is to be said about. */
static inline bool read_plain_number(const char *at, const char *stop, const char *end,
                                     double *value) {
    if (tdrop_decimal_read_short(at, stop, end, value)) return true;
    return tdrop_decimal_read(at, end, value) == stop && !tdrop_is_beyond_float(*value);
}

/* Reads the fields that are plain numbers, as most are, from `column` on. Returns the column where
 * the cursor is then; their number, with the cursor where the last one ends, when all are read. */
static size_t read_plain_numbers(csv_reader *r, size_t column, double **out) {
    const role *roles = r->roles;
    const char *at = r->cursor.at, *end = r->cursor.end;
    const char delimiter = r->cursor.delimiter;
    const size_t last = r->column_count - 1;
    double *to = *out;
    if (roles[column] != ROLE_NUMBER) return column;
    tdrop_csv_marks marks = tdrop_csv_marks_seek(r->marks, at, end, delimiter);
    const char *stop = tdrop_csv_marks_place(marks, end);
    while (read_plain_number(at, stop, end, to)) {
        if (column < last && (stop == end || *stop != delimiter)) break;
        to++;
        at = stop;
        if (column++ == last) break;
        at++;
        if (roles[column] != ROLE_NUMBER) break;
        marks = tdrop_csv_marks_next(marks, end, delimiter);
        stop = tdrop_csv_marks_place(marks, end);
    }
    r->marks = marks;
    r->cursor.at = at;
    *out = to;
    return column;
}

static tdrop_status read_record(csv_reader *r, double *out) {
    tdrop_csv_cursor *cursor = &r->cursor;
    const char *start = cursor->at;
    for (size_t j = read_plain_numbers(r, 0, &out); j < r->column_count;
         j = read_plain_numbers(r, j, &out)) {
        tdrop_status status = store_field(r, j, &out);
        if (status) return status;
        if (++j == r->column_count) break;
        if (cursor->at == cursor->end || *cursor->at != cursor->delimiter)
            return count_error(r, start);
        cursor->at++;
    }
    return tdrop_csv_at_record_end(cursor) ? TDROP_OK : count_error(r, start);
}

/* Gives the table room for so many rows. */
static tdrop_status make_room(csv_reader *r, size_t rows) {
    tdrop_data *data = r->data;
    size_t used = r->rows * r->kept * sizeof(double), count = 0;
    double *values =
        tdrop_multiply(rows, r->kept, &count) ? tdrop_alloc(count, sizeof *values) : NULL;
    if (!values) return memory_error(r);
    memcpy(values, data->values, used);
    tdrop_free(data->values);
    data->values = values;
    data->info.rows = rows;
    return TDROP_OK;
}

/* Makes a table for as many rows as there may be in what is in memory, one for each line and a byte
 * for each cell, and for a quarter more than as many again in each further part of the file. Memory
 * that is not written to is none. */
static tdrop_status create_table(csv_reader *r) {
    const tdrop_csv_cursor *cursor = &r->cursor;
    const size_t part = (size_t)(cursor->end - cursor->at);
    size_t lines = tdrop_csv_count_lines(cursor), most = part / r->column_count + 1;
    size_t rows = lines < most ? lines : most;
    if (!cursor->last && cursor->stream->expected > part)
        rows = (size_t)(1.25 * (double)rows * (double)cursor->stream->expected / (double)part) + 1;
    return tdrop_table_create(&r->data, cursor->name, TDROP_ELEMENT_F64, 2,
                              (size_t[]){rows, r->kept}, r->error);
}

/* Reads the records that are whole. */
static tdrop_status read_part(csv_reader *r) {
    tdrop_csv_cursor *cursor = &r->cursor;
    tdrop_status status = TDROP_OK;
    while (!status && tdrop_csv_next_record(cursor)) {
        const char *start = cursor->at;
        const size_t ids = r->ids.count;
        if (r->rows == r->data->info.rows) status = make_room(r, 2 * r->rows);
        if (!status) status = read_record(r, (double *)r->data->values + r->rows * r->kept);
        if (status && cursor->cut) { /* once more, when all of it is there */
            tdrop_text_list_cut(&r->ids, ids);
            cursor->at = start;
            return TDROP_OK;
        }
        r->rows += !status;
    }
    return status;
}

static tdrop_status read_records(csv_reader *r) {
    bool found = false;
    tdrop_status status = find_record(r, false, &found);
    if (!status && !found)
        return tdrop_fail(r->error, TDROP_ERROR_DATA,
                          "%s: a header and no rows; at least one is needed", r->cursor.name);
    if (!status) status = create_table(r);
    if (!status) status = read_part(r);
    while (!status && !r->cursor.last) {
        status = go_on(r, false);
        if (!status) status = read_part(r);
    }
    return status;
}
/* ---------------------------------------------------------------------------------------------
 * The table
 */

static tdrop_status set_up_columns(csv_reader *r) {
    r->roles = tdrop_alloc(r->column_count, sizeof *r->roles);
    r->levels = tdrop_alloc_zero(r->column_count, sizeof *r->levels);
    r->keep = tdrop_alloc(r->column_count, sizeof *r->keep);
    if (!r->roles || !r->levels || !r->keep) return memory_error(r);
    tdrop_status status = tdrop_select(r->options, r->cursor.name,
                                       r->with_header ? (const char *const *)r->names : NULL,
                                       r->column_count, r->keep, &r->id, r->error);
    if (status) return status;
    for (size_t j = 0; j < r->column_count; j++) {
        r->roles[j] = r->keep[j] ? ROLE_OPEN : j == r->id ? ROLE_ID : ROLE_SKIP;
        r->kept += r->keep[j];
    }
    const size_t groups = tdrop_select_groups(
        r->options, r->with_header ? (const char *const *)r->names : NULL, r->column_count);
    if (groups < r->column_count) r->levels[groups].unlimited = true;
    return TDROP_OK;
}

/* Gives back the room for rows that did not come, where that is much. */
static tdrop_status shrink(csv_reader *r) {
    if (r->rows <= r->data->info.rows / 2) return make_room(r, r->rows);
    r->data->info.rows = r->rows;
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
        if (r->roles[j] == ROLE_CATEGORY && sort_levels(r, &r->levels[j], to))
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
    r->data->may_miss = true; /* what is not allowed to be missing has been refused by its line, */
    r->data->finite = !r->with_gaps; /* and so has what is infinite */
    return tdrop_table_finish(r->data, r->error);
}

/* In a file of nothing but text a first record whose words occur again below is a row. */
static bool header_is_a_row(const csv_reader *r) {
    bool again = false;
    for (size_t j = 0; j < r->column_count; j++) {
        const tdrop_text_list *list = &r->levels[j].names;
        if (r->roles[j] == ROLE_NUMBER || r->roles[j] == ROLE_NUMBER_ID || r->roles[j] == ROLE_OPEN)
            return false;
        for (size_t i = 0; i < list->count && !again; i++)
            again = strcmp(list->text + list->start[i], r->names[j]) == 0;
    }
    return again;
}

/* Goes to the first record that is in memory, behind the mark that a text may begin with. */
static void rewind_cursor(tdrop_csv_cursor *cursor) {
    static const char mark[] = "\xef\xbb\xbf";
    enum { LENGTH = sizeof mark - 1 };
    cursor->at = cursor->start;
    if (cursor->lines_before == 0 && cursor->end - cursor->at >= LENGTH &&
        memcmp(cursor->at, mark, LENGTH) == 0)
        cursor->at += LENGTH;
}

/* Takes in more until the delimiter can be told. */
static tdrop_status find_delimiter(csv_reader *r) {
    tdrop_csv_cursor *cursor = &r->cursor;
    tdrop_status status = TDROP_OK;
    cursor->delimiter = r->options->delimiter;
    while (!status && !r->options->delimiter &&
           !tdrop_csv_find_delimiter(cursor->at, cursor->end, &cursor->delimiter) && !cursor->last)
        status = go_on(r, true);
    return status;
}

/* Reads the first record, which may be longer than what is in memory. */
static tdrop_status read_first_record(csv_reader *r) {
    tdrop_csv_cursor *cursor = &r->cursor;
    tdrop_status status = find_delimiter(r);
    while (!status) {
        const size_t start = (size_t)(cursor->at - cursor->start);
        status = read_header(r);
        if (!status || !cursor->cut) return status;
        cursor->at = cursor->start + start;
        status = go_on(r, true);
    }
    return status;
}

static tdrop_status read_table(csv_reader *r) {
    bool found = false;
    tdrop_status status = find_record(r, false, &found);
    if (!status && !found)
        return tdrop_fail(r->error, TDROP_ERROR_DATA, "%s: no rows; at least one is needed",
                          r->cursor.name);
    if (!status) status = read_first_record(r);
    if (!status) status = set_up_columns(r);
    if (!status) status = read_records(r);
    return status;
}

/* *again: what was taken for a header is a row. */
static tdrop_status parse(csv_reader *r, bool *again) {
    rewind_cursor(&r->cursor);
    tdrop_status status = read_table(r);
    *again = !status && r->with_header && r->header == TDROP_HEADER_AUTO && header_is_a_row(r);
    return status || *again ? status : finish_table(r);
}

static tdrop_status check_text_kind(const char *name, const unsigned char *bytes, size_t size,
                                    const tdrop_data_read_options *options, tdrop_error *error) {
    if (!tdrop_csv_may_delimit(options->delimiter))
        return tdrop_fail(error, TDROP_ERROR_SIZE, TDROP_CSV_NO_DELIMITER, name);
    if ((unsigned)options->header > TDROP_HEADER_NO)
        return tdrop_fail(error, TDROP_ERROR_SIZE, "%s: %u is no choice about a header", name,
                          (unsigned)options->header);
    if (is_utf16(bytes, size))
        return tdrop_fail(error, TDROP_ERROR_FORMAT,
                          "%s: text in UTF-16; convert it to UTF-8, for instance with iconv", name);
    return TDROP_OK;
}

/* Makes a table of what is at the cursor and behind it, which is released. */
static tdrop_status parse_text(tdrop_data **data, const tdrop_csv_cursor *cursor,
                               const tdrop_data_read_options *options, tdrop_error *error) {
    csv_reader r = {
        .cursor = *cursor, .options = options, .error = error, .header = options->header};
    bool again = false;
    tdrop_status status = check_text_kind(cursor->name, (const unsigned char *)cursor->start,
                                          (size_t)(cursor->end - cursor->start), options, error);
    if (!status) status = parse(&r, &again);
    if (again) {
        clear(&r);
        r = (csv_reader){
            .cursor = r.cursor, .options = options, .error = error, .header = TDROP_HEADER_NO};
        status = parse(&r, &again);
    }
    if (!status) {
        *data = r.data;
        r.data = NULL;
    }
    clear(&r);
    tdrop_csv_release(&r.cursor);
    return status;
}

tdrop_status tdrop_csv_parse(tdrop_data **data, const char *name, const unsigned char *bytes,
                             size_t size, const tdrop_data_read_options *options,
                             tdrop_error *error) {
    const char *text = (const char *)bytes;
    const tdrop_csv_cursor cursor = {.name = name, .start = text, .end = text + size, .last = true};
    return parse_text(data, &cursor, tdrop_read_options(options), error);
}

tdrop_status tdrop_csv_read(tdrop_data **data, const char *name, tdrop_bytes *begin,
                            tdrop_stream *stream, size_t window,
                            const tdrop_data_read_options *options, tdrop_error *error) {
    tdrop_csv_cursor cursor = {.name = name, .window = *begin};
    *begin = (tdrop_bytes){0};
    tdrop_status status = tdrop_csv_begin(&cursor, stream, window, error);
    if (!status) return parse_text(data, &cursor, tdrop_read_options(options), error);
    tdrop_csv_release(&cursor);
    return status;
}
