/* SPDX-License-Identifier: MIT */
#include "base/decimal.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/csv_types.h"
#include "file/atomic_file.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* What is to be written, and the part of it that waits to be. */
typedef struct csv_writer {
    const tdrop_csv_options *options;
    tdrop_atomic_file *file;
    tdrop_error *error;
    const char *path;
    char delimiter;
    bool lone; /* a record is one field; an empty one is quoted, or the line would count as none */
    char *buffer;
    size_t used;
} csv_writer;

enum { BUFFER_SIZE = 1 << 16 };

static tdrop_status flush(csv_writer *w) {
    size_t used = w->used;
    w->used = 0;
    return used ? tdrop_atomic_write(w->file, w->buffer, used, w->error) : TDROP_OK;
}

static tdrop_status put(csv_writer *w, const char *text, size_t length) {
    while (length > 0) {
        if (w->used == BUFFER_SIZE) {
            tdrop_status status = flush(w);
            if (status) return status;
        }
        size_t room = BUFFER_SIZE - w->used, part = length < room ? length : room;
        memcpy(w->buffer + w->used, text, part);
        w->used += part;
        text += part;
        length -= part;
    }
    return TDROP_OK;
}

static tdrop_status put_char(csv_writer *w, char c) {
    return put(w, &c, 1);
}

static bool needs_quotes(const csv_writer *w, const char *text) {
    size_t length = strlen(text);
    return (w->lone && !length) || strchr(text, w->delimiter) || strpbrk(text, "\"\r\n") ||
           (length && (strchr(" \t", text[0]) || strchr(" \t", text[length - 1])));
}

static tdrop_status put_text(csv_writer *w, const char *text) {
    if (!needs_quotes(w, text)) return put(w, text, strlen(text));
    tdrop_status status = put_char(w, '"');
    for (; *text && !status; text++) {
        status = put_char(w, *text);
        if (*text == '"' && !status) status = put_char(w, '"');
    }
    return status ? status : put_char(w, '"');
}

/* A missing value is an empty text. */
static tdrop_status put_value(csv_writer *w, float value, const tdrop_column_info *column) {
    char text[TDROP_DECIMAL_TEXT];
    if (isnan(value)) return put_text(w, "");
    if (!column || column->kind == TDROP_COLUMN_NUMBER)
        return put(w, text, strlen(tdrop_decimal_float_text(value, text)));
    if (!(value >= 0.0f && value < (float)column->levels && value == floorf(value)))
        return tdrop_fail(w->error, TDROP_ERROR_SIZE, "%g is the number of none of %zu levels",
                          (double)value, column->levels);
    return put_text(w, column->level[(size_t)value]);
}

/* The header, when the columns have names. */
static tdrop_status put_header(csv_writer *w, size_t columns) {
    const tdrop_csv_options *o = w->options;
    tdrop_data_info ids = {.id_name = NULL};
    tdrop_status status = TDROP_OK;
    if (!columns || !o->columns || !o->columns[0].name) return TDROP_OK;
    if (o->ids) tdrop_data_get_info(o->ids, &ids);
    if (ids.id_name) {
        status = put_text(w, ids.id_name);
        if (!status) status = put_char(w, w->delimiter);
    }
    for (size_t j = 0; j < columns && !status; j++) {
        if (j) status = put_char(w, w->delimiter);
        if (!status) status = put_text(w, o->columns[j].name ? o->columns[j].name : "");
    }
    return status ? status : put_char(w, '\n');
}

static tdrop_status put_row(csv_writer *w, const float *values, size_t row, size_t columns) {
    const tdrop_csv_options *o = w->options;
    const char *id = tdrop_data_get_id(o->ids, row);
    tdrop_status status = id ? put_text(w, id) : TDROP_OK;
    for (size_t j = 0; j < columns && !status; j++) {
        if (j || id) status = put_char(w, w->delimiter);
        if (!status && isinf(values[j]))
            status =
                tdrop_fail(w->error, TDROP_ERROR_DATA,
                           "%s: row %zu, column %zu: an infinite number, which no .csv is read "
                           "with: leave that row out, or write .npy",
                           w->path, row + 1, j + 1);
        if (!status) status = put_value(w, values[j], o->columns ? &o->columns[j] : NULL);
    }
    return status ? status : put_char(w, '\n');
}

static tdrop_status put_rows(csv_writer *w, const float *values, size_t rows, size_t columns) {
    tdrop_status status = TDROP_OK;
    for (size_t i = 0; i < rows && !status; i++)
        status = put_row(w, columns ? values + i * columns : NULL, i, columns);
    return status;
}

static tdrop_status put_all(csv_writer *w, const float *values, size_t rows, size_t columns) {
    tdrop_status status = put_header(w, columns);
    if (!status) status = put_rows(w, values, rows, columns);
    return status ? status : flush(w);
}

static tdrop_status check(const char *path, size_t rows, size_t columns,
                          const tdrop_csv_options *options, tdrop_error *error) {
    size_t bytes = 0;
    for (size_t i = 0; i < sizeof options->reserved / sizeof *options->reserved; i++)
        if (options->reserved[i])
            return tdrop_fail(error, TDROP_ERROR_RESERVED, "a reserved field is not 0");
    if (!tdrop_csv_may_delimit(options->delimiter))
        return tdrop_fail(error, TDROP_ERROR_SIZE, TDROP_CSV_NO_DELIMITER, path);
    if (!tdrop_multiply(rows, columns, &bytes) || !tdrop_multiply(bytes, sizeof(float), &bytes))
        return tdrop_fail(error, TDROP_ERROR_OVERFLOW,
                          "%s: a table larger than this machine can address", path);
    tdrop_data_info ids = {.rows = rows};
    if (options->ids) tdrop_data_get_info(options->ids, &ids);
    if (ids.rows == rows) return TDROP_OK;
    return tdrop_fail(error, TDROP_ERROR_SIZE, "%s: %zu rows, but the ids of %zu", path, rows,
                      ids.rows);
}

tdrop_status tdrop_csv_write(const char *path, const float *values, size_t rows, size_t columns,
                             const tdrop_csv_options *options, int overwrite, tdrop_error *error) {
    static const tdrop_csv_options defaults = {.delimiter = 0};
    if (!path || (!values && rows && columns))
        return tdrop_fail(error, TDROP_ERROR_NULL, "tdrop_csv_write: a pointer is NULL");
    if (!options) options = &defaults;
    tdrop_status status = check(path, rows, columns, options, error);
    if (status) return status;
    csv_writer w = {.options = options,
                    .error = error,
                    .path = path,
                    .lone = columns + (tdrop_data_get_id(options->ids, 0) != NULL) == 1,
                    .delimiter = options->delimiter ? options->delimiter : ','};
    w.buffer = tdrop_alloc(BUFFER_SIZE, 1);
    if (!w.buffer) return tdrop_fail_memory(error, path);
    status = tdrop_atomic_begin(&w.file, path, overwrite, error);
    if (!status) {
        status = put_all(&w, values, rows, columns);
        if (status)
            tdrop_atomic_abort(w.file);
        else
            status = tdrop_atomic_commit(w.file, error);
    }
    tdrop_free(w.buffer);
    return status;
}
