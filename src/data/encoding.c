/* SPDX-License-Identifier: MIT */
#include "data/encoding.h"

#include "base/error.h"
#include "base/memory.h"
#include "data/levels.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---------------------------------------------------------------------------------------------
 * Making
 */

tdrop_status tdrop_encoding_begin(tdrop_encoding *encoding, size_t columns) {
    *encoding = (tdrop_encoding){.columns = columns};
    encoding->column = tdrop_alloc_zero(columns, sizeof *encoding->column);
    if (!encoding->column) return TDROP_ERROR_MEMORY;
    for (size_t j = 0; j < columns; j++)
        encoding->column[j].inputs = 1;
    return TDROP_OK;
}

tdrop_status tdrop_encoding_complete(tdrop_encoding *encoding, tdrop_scale kind) {
    size_t inputs = 0;
    for (size_t j = 0; j < encoding->columns; j++) {
        encoding->column[j].first = inputs;
        if (encoding->column[j].inputs > SIZE_MAX / sizeof(double) - inputs)
            return TDROP_ERROR_OVERFLOW;
        inputs += encoding->column[j].inputs;
    }
    encoding->inputs = inputs;
    encoding->mean = tdrop_alloc_zero(inputs, sizeof *encoding->mean);
    if (!encoding->mean || tdrop_scaling_create(&encoding->scaling, kind, inputs))
        return TDROP_ERROR_MEMORY;
    return TDROP_OK;
}

void tdrop_encoding_clear(tdrop_encoding *encoding) {
    for (size_t j = 0; encoding->column && j < encoding->columns; j++)
        tdrop_free(encoding->column[j].level);
    tdrop_free(encoding->column);
    tdrop_free(encoding->names);
    tdrop_free(encoding->mean);
    tdrop_scaling_clear(&encoding->scaling);
    *encoding = (tdrop_encoding){0};
}

static tdrop_status copy_level(tdrop_encoded_column *to, const char *const *level, size_t count) {
    to->kind = TDROP_COLUMN_CATEGORY;
    to->inputs = count;
    return tdrop_texts_copy(level, count, &to->level);
}

/* Columns and names of `from`. */
static tdrop_status copy_columns(tdrop_encoding *to, const tdrop_encoding *from) {
    for (size_t j = 0; j < from->columns; j++)
        if (from->column[j].level &&
            copy_level(&to->column[j], (const char *const *)from->column[j].level,
                       from->column[j].inputs))
            return TDROP_ERROR_MEMORY;
    if (!from->names) return TDROP_OK;
    return tdrop_texts_copy((const char *const *)from->names, from->columns, &to->names);
}

tdrop_status tdrop_encoding_copy(tdrop_encoding *to, const tdrop_encoding *from) {
    tdrop_encoding copy;
    tdrop_status status = tdrop_encoding_begin(&copy, from->columns);
    copy.missing = from->missing;
    copy.unit_rows = from->unit_rows;
    if (!status) status = copy_columns(&copy, from);
    if (!status) status = tdrop_encoding_complete(&copy, from->scaling.kind);
    if (!status) {
        memcpy(copy.mean, from->mean, from->inputs * sizeof *copy.mean);
        tdrop_scaling_clear(&copy.scaling);
        status = tdrop_scaling_copy(&copy.scaling, &from->scaling);
    }
    if (status) {
        tdrop_encoding_clear(&copy);
        return status;
    }
    *to = copy;
    return TDROP_OK;
}

/* ---------------------------------------------------------------------------------------------
 * Learning
 */

/* The columns of a table. */
static tdrop_status describe(tdrop_encoding *encoding, const tdrop_data *data) {
    tdrop_text_list names = {0};
    tdrop_status status = TDROP_OK;
    for (size_t j = 0; data->columns && j < encoding->columns && !status; j++) {
        const tdrop_column *column = &data->columns[j];
        if (column->kind == TDROP_COLUMN_CATEGORY)
            status = copy_level(&encoding->column[j], (const char *const *)column->level,
                                column->level_count);
        if (!status && data->info.named)
            status = tdrop_text_list_add(&names, column->name, strlen(column->name));
    }
    if (!status && data->info.named) status = tdrop_text_list_copy(&names, &encoding->names);
    tdrop_text_list_clear(&names);
    return status;
}

typedef struct learning {
    const tdrop_encoder *encoder;
    const size_t *rows;
    double *buffer;
} learning;

static void encode_raw(const tdrop_encoder *encoder, size_t row, double *columns, double *inputs);

static void give_row(void *context, size_t index, double *out) {
    const learning *l = context;
    if (l->encoder->plain)
        tdrop_table_row(l->encoder->data, l->rows[index], out);
    else
        encode_raw(l->encoder, l->rows[index], l->buffer, out);
}

/* Whether a mean may have to stand in for something. */
static bool needs_mean(const tdrop_encoding *encoding) {
    return encoding->missing != TDROP_MISSING_ERROR;
}

static tdrop_status learn(tdrop_encoding *encoding, const tdrop_encoder *encoder,
                          const size_t *rows, size_t row_count) {
    learning l = {encoder, rows, NULL};
    bool *fixed = tdrop_alloc_zero(encoding->inputs, sizeof *fixed);
    l.buffer = tdrop_alloc(tdrop_encoder_buffer(encoder), sizeof *l.buffer);
    tdrop_status status = fixed && l.buffer ? TDROP_OK : TDROP_ERROR_MEMORY;
    for (size_t j = 0; !status && j < encoding->columns; j++)
        for (size_t i = 0; i < encoding->column[j].inputs; i++)
            fixed[encoding->column[j].first + i] =
                encoding->column[j].kind == TDROP_COLUMN_CATEGORY;
    if (!status)
        status =
            tdrop_scaling_learn(&encoding->scaling, needs_mean(encoding) ? encoding->mean : NULL,
                                fixed, give_row, &l, row_count);
    tdrop_free(l.buffer);
    tdrop_free(fixed);
    return status;
}

tdrop_status tdrop_encoding_learn(tdrop_encoding *encoding, tdrop_scale kind, tdrop_missing missing,
                                  const tdrop_data *data, const size_t *rows, size_t row_count,
                                  tdrop_error *error) {
    tdrop_encoding made;
    tdrop_encoder encoder = {.encoding = NULL};
    if (kind == TDROP_SCALE_AUTO)
        kind = data->element == TDROP_ELEMENT_U8 ? TDROP_SCALE_BYTE : TDROP_SCALE_STANDARD;
    tdrop_status status = tdrop_encoding_begin(&made, data->info.columns);
    made.missing = missing;
    if (!status) status = describe(&made, data);
    if (!status) status = tdrop_encoding_complete(&made, kind);
    if (status == TDROP_ERROR_MEMORY) tdrop_fail_memory(error, "columns");
    if (status == TDROP_ERROR_OVERFLOW)
        tdrop_fail(error, status, "%s: more levels than this machine can address", data->info.name);
    if (!status) status = tdrop_encoder_create(&encoder, &made, data, error);
    if (!status && (status = learn(&made, &encoder, rows, row_count)))
        tdrop_fail_memory(error, "columns");
    tdrop_encoder_clear(&encoder);
    if (status)
        tdrop_encoding_clear(&made);
    else
        *encoding = made;
    return status;
}

/* ---------------------------------------------------------------------------------------------
 * Finding the columns
 */

static tdrop_status column_error(const tdrop_data *data, size_t column, const char *name,
                                 const char *what, tdrop_error *error) {
    if (name)
        return tdrop_fail(error, TDROP_ERROR_DATA, "%s: column '%s' %s", data->info.name, name,
                          what);
    return tdrop_fail(error, TDROP_ERROR_DATA, "%s: column %zu %s", data->info.name, column + 1,
                      what);
}

static tdrop_status find_columns(tdrop_encoder *encoder, tdrop_error *error) {
    const tdrop_encoding *encoding = encoder->encoding;
    const tdrop_data *data = encoder->data;
    bool by_name = encoding->names && data->info.named;
    if (!by_name && data->info.columns != encoding->columns)
        return tdrop_fail(error, TDROP_ERROR_DATA,
                          "%s: its rows have %zu columns, but those of the fit have %zu",
                          data->info.name, data->info.columns, encoding->columns);
    for (size_t j = 0; j < encoding->columns; j++) {
        size_t at = j;
        const char *name = encoding->names ? encoding->names[j] : NULL;
        if (by_name && !tdrop_data_find_column(data, name, &at))
            return column_error(data, j, name, "is not there, but it is one of the fit's columns",
                                error);
        tdrop_column_kind kind = data->columns ? data->columns[at].kind : TDROP_COLUMN_NUMBER;
        if (kind != encoding->column[j].kind)
            return column_error(data, at, name,
                                kind == TDROP_COLUMN_CATEGORY
                                    ? "holds text, but numbers in the fit"
                                    : "holds numbers, but text in the fit",
                                error);
        if (data->columns && data->columns[at].missing && encoding->missing == TDROP_MISSING_ERROR)
            return column_error(data, at, name,
                                "has cells in which nothing stands; fill them in, or fit with mean "
                                "or mask for what is missing",
                                error);
        encoder->column_of[j] = at;
    }
    return TDROP_OK;
}

static tdrop_status note_unseen(tdrop_encoder *encoder, const char *column, const char *level) {
    char text[256];
    int length = snprintf(text, sizeof text, "%.100s%s%.150s", column ? column : "",
                          column ? ": " : "", level);
    return tdrop_text_list_add(&encoder->unseen, text,
                               (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

/* Where the levels of the table stand in the encoding. */
static tdrop_status find_levels(tdrop_encoder *encoder) {
    const tdrop_encoding *encoding = encoder->encoding;
    const tdrop_column *columns = encoder->data->columns;
    size_t count = 0;
    for (size_t j = 0; columns && j < encoding->columns; j++)
        count += columns[encoder->column_of[j]].level_count;
    size_t pointers = encoding->columns * sizeof *encoder->place_of;
    encoder->place_of = tdrop_alloc_zero(pointers + count * sizeof(size_t), 1);
    if (!encoder->place_of) return TDROP_ERROR_MEMORY;
    size_t *place = (size_t *)(encoder->place_of + encoding->columns);
    for (size_t j = 0; columns && j < encoding->columns; j++) {
        const tdrop_column *column = &columns[encoder->column_of[j]];
        const tdrop_encoded_column *known = &encoding->column[j];
        encoder->place_of[j] = place;
        for (size_t l = 0; l < column->level_count; l++) {
            *place = tdrop_level_place((const char *const *)known->level, known->inputs,
                                       column->level[l]);
            if (*place++ == known->inputs && note_unseen(encoder, column->name, column->level[l]))
                return TDROP_ERROR_MEMORY;
        }
    }
    return TDROP_OK;
}

static bool is_plain(const tdrop_encoder *encoder) {
    bool plain = encoder->data->info.missing == 0 &&
                 encoder->data->info.columns == encoder->encoding->columns;
    for (size_t j = 0; j < encoder->encoding->columns; j++)
        plain = plain && encoder->column_of[j] == j &&
                encoder->encoding->column[j].kind == TDROP_COLUMN_NUMBER;
    return plain;
}

tdrop_status tdrop_encoder_create(tdrop_encoder *encoder, const tdrop_encoding *encoding,
                                  const tdrop_data *data, tdrop_error *error) {
    tdrop_encoder made = {.encoding = encoding, .data = data};
    made.column_of = tdrop_alloc(encoding->columns, sizeof *made.column_of);
    if (!made.column_of) return tdrop_fail_memory(error, data->info.name);
    tdrop_status status = find_columns(&made, error);
    if (!status && (status = find_levels(&made))) tdrop_fail_memory(error, data->info.name);
    if (status) {
        tdrop_encoder_clear(&made);
        return status;
    }
    made.plain = is_plain(&made);
    *encoder = made;
    return TDROP_OK;
}

void tdrop_encoder_clear(tdrop_encoder *encoder) {
    tdrop_free(encoder->column_of);
    tdrop_free(encoder->place_of);
    tdrop_text_list_clear(&encoder->unseen);
    *encoder = (tdrop_encoder){0};
}

/* ---------------------------------------------------------------------------------------------
 * Rows
 */

void tdrop_encoder_unseen(const tdrop_encoder *encoder, size_t *count, char *text, size_t size) {
    const tdrop_text_list *unseen = &encoder->unseen;
    size_t used = 0;
    if (size) *text = '\0';
    for (size_t i = 0; i < unseen->count && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "",
                                 unseen->text + unseen->start[i]);
    *count = unseen->count;
}

size_t tdrop_encoder_buffer(const tdrop_encoder *encoder) {
    return encoder->data->info.columns + encoder->encoding->inputs;
}

bool tdrop_encoder_masks(const tdrop_encoder *encoder) {
    return encoder->encoding->missing == TDROP_MISSING_MASK && encoder->data->info.missing > 0;
}

/* One row in the data's units, into inputs[inputs], NaN for what is missing. */
static void encode_raw(const tdrop_encoder *encoder, size_t row, double *columns, double *inputs) {
    const tdrop_encoding *encoding = encoder->encoding;
    tdrop_table_row(encoder->data, row, columns);
    for (size_t j = 0; j < encoding->columns; j++) {
        const tdrop_encoded_column *column = &encoding->column[j];
        double value = columns[encoder->column_of[j]], *to = inputs + column->first;
        if (column->kind == TDROP_COLUMN_NUMBER) {
            *to = value;
            continue;
        }
        for (size_t i = 0; i < column->inputs; i++)
            to[i] = isnan(value) ? (double)NAN : 0.0;
        if (isnan(value)) continue;
        size_t place = encoder->place_of[j][(size_t)value];
        if (place < column->inputs) to[place] = 1.0;
    }
}

/* To length 1, in double; zeros stay zeros. */
static void make_unit(size_t count, float *row) {
    double square = 0.0;
    for (size_t i = 0; i < count; i++)
        square += (double)row[i] * (double)row[i];
    const double factor = square > 0.0 ? 1.0 / sqrt(square) : 0.0;
    for (size_t i = 0; i < count; i++)
        row[i] = (float)((double)row[i] * factor);
}

/* As tdrop_encoder_row, of whatever length. */
static void encode_row(const tdrop_encoder *encoder, size_t row, double *buffer, float *out,
                       bool *absent) {
    const tdrop_encoding *encoding = encoder->encoding;
    if (encoder->plain) {
        tdrop_scaling_row(&encoding->scaling, encoder->data, row, buffer, out);
        if (absent) memset(absent, 0, encoding->inputs * sizeof *absent);
        return;
    }
    double *inputs = buffer + encoder->data->info.columns;
    encode_raw(encoder, row, buffer, inputs);
    for (size_t i = 0; i < encoding->inputs; i++) {
        bool missing = isnan(inputs[i]);
        if (missing) inputs[i] = encoding->mean[i];
        if (absent) absent[i] = missing;
    }
    tdrop_scaling_numbers(&encoding->scaling, inputs, out);
}

void tdrop_encoder_row(const tdrop_encoder *encoder, size_t row, double *buffer, float *out,
                       bool *absent) {
    encode_row(encoder, row, buffer, out, absent);
    if (encoder->encoding->unit_rows) make_unit(encoder->encoding->inputs, out);
}

void tdrop_encoder_mean(const tdrop_encoder *encoder, const size_t *rows, size_t row_count,
                        double *buffer, float *row, double *mean) {
    const size_t inputs = encoder->encoding->inputs;
    memset(mean, 0, inputs * sizeof *mean);
    for (size_t i = 0; i < row_count; i++) {
        tdrop_encoder_row(encoder, rows[i], buffer, row, NULL);
        for (size_t j = 0; j < inputs; j++)
            mean[j] += (double)row[j];
    }
    for (size_t j = 0; j < inputs; j++)
        mean[j] /= (double)row_count;
}

/* Numbers alone stand in the outputs as in the columns. */
static bool is_all_numbers(const tdrop_encoding *encoding) {
    for (size_t j = 0; j < encoding->columns; j++)
        if (encoding->column[j].kind != TDROP_COLUMN_NUMBER) return false;
    return true;
}

static void undo_numbers(const tdrop_encoding *encoding, const float *from, float *to) {
    const double *unit = encoding->scaling.unit, *shift = encoding->scaling.shift;
    for (size_t j = 0; j < encoding->columns; j++)
        to[j] = (float)((double)from[j] * unit[j] + shift[j]);
}

static void undo_row(const tdrop_encoding *encoding, const float *from, float *to) {
    const tdrop_scaling *scaling = &encoding->scaling;
    for (size_t j = 0; j < encoding->columns; j++, to++) {
        const tdrop_encoded_column *column = &encoding->column[j];
        size_t first = column->first, best = 0;
        if (column->kind == TDROP_COLUMN_NUMBER) {
            *to = (float)((double)from[first] * scaling->unit[first] + scaling->shift[first]);
            continue;
        }
        for (size_t i = 1; i < column->inputs; i++)
            if (from[first + i] > from[first + best]) best = i;
        *to = (float)best;
    }
}

void tdrop_encoding_undo(const tdrop_encoding *encoding, size_t rows, const float *from,
                         size_t stride, float *to) {
    const bool numbers = is_all_numbers(encoding);
    for (size_t row = 0; row < rows; row++, from += stride, to += encoding->columns) {
        if (numbers)
            undo_numbers(encoding, from, to);
        else
            undo_row(encoding, from, to);
    }
}
