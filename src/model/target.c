/* SPDX-License-Identifier: MIT */
#include "model/target.h"

#include "base/decimal.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/distinct.h"
#include "data/levels.h"
#include "data/table.h"

#include <math.h>
#include <string.h>

static tdrop_status check_column(const tdrop_data *target, tdrop_error *error) {
    if (target->info.columns > 1)
        return tdrop_fail(error, TDROP_ERROR_DATA,
                          "%s: labels are one column, but its rows have %zu columns",
                          target->info.name, target->info.columns);
    if (target->info.missing > 0)
        return tdrop_fail(error, TDROP_ERROR_DATA, "%s: %zu labels are missing; fill them in",
                          target->info.name, target->info.missing);
    return TDROP_OK;
}

static bool is_text(const tdrop_data *target) {
    return target->columns && target->columns[0].kind == TDROP_COLUMN_CATEGORY;
}

static tdrop_status create(tdrop_classes *classes, size_t count, const double *labels, bool named,
                           const char *const *names) {
    tdrop_classes made = {.count = count, .named = named};
    made.label = tdrop_alloc(count, sizeof *made.label);
    if (!made.label || tdrop_texts_copy(names, count, &made.name)) {
        tdrop_classes_clear(&made);
        return TDROP_ERROR_MEMORY;
    }
    for (size_t i = 0; i < count; i++)
        made.label[i] = labels ? labels[i] : (double)i;
    *classes = made;
    return TDROP_OK;
}

tdrop_status tdrop_classes_of_names(tdrop_classes *classes, size_t count,
                                    const char *const *names) {
    return create(classes, count, NULL, true, names);
}

tdrop_status tdrop_classes_copy(tdrop_classes *to, const tdrop_classes *from) {
    return create(to, from->count, from->label, from->named, (const char *const *)from->name);
}

tdrop_status tdrop_classes_create(tdrop_classes *classes, size_t count, const double *labels) {
    const char **names = tdrop_alloc(count, sizeof *names + TDROP_DECIMAL_TEXT);
    if (!names) return TDROP_ERROR_MEMORY;
    char *text = (char *)(names + count);
    for (size_t i = 0; i < count; i++, text += TDROP_DECIMAL_TEXT) {
        names[i] = text;
        tdrop_decimal_short_text(labels[i], text);
    }
    tdrop_status status = create(classes, count, labels, false, names);
    tdrop_free(names);
    return status;
}

void tdrop_classes_clear(tdrop_classes *classes) {
    tdrop_free(classes->label);
    tdrop_free(classes->name);
    *classes = (tdrop_classes){0};
}

static tdrop_status one_class(const tdrop_data *target, tdrop_error *error) {
    return tdrop_fail(error, TDROP_ERROR_DATA,
                      "%s: every label is the same; at least 2 classes are needed",
                      target->info.name);
}

static tdrop_status find_numbers(tdrop_classes *classes, const tdrop_data *target,
                                 tdrop_error *error) {
    size_t rows = target->info.rows;
    tdrop_status status = TDROP_OK;
    double *values = tdrop_alloc(rows, sizeof *values);
    if (!values) return tdrop_fail_memory(error, "labels");
    for (size_t i = 0; i < rows; i++)
        tdrop_table_row(target, i, &values[i]);
    size_t count = tdrop_distinct(values, rows);
    if (count < 2)
        status = one_class(target, error);
    else if (count > TDROP_MOST_CLASSES)
        status = tdrop_fail(error, TDROP_ERROR_DATA,
                            "%s: %zu different labels, at most %d can be told apart; is this a "
                            "number to predict, or an id?",
                            target->info.name, count, TDROP_MOST_CLASSES);
    else if (tdrop_classes_create(classes, count, values))
        status = tdrop_fail_memory(error, "labels");
    tdrop_free(values);
    return status;
}

tdrop_status tdrop_classes_find(tdrop_classes *classes, const tdrop_data *target,
                                tdrop_error *error) {
    tdrop_status status = check_column(target, error);
    if (status) return status;
    if (!is_text(target)) return find_numbers(classes, target, error);
    const tdrop_column *column = &target->columns[0];
    if (column->level_count < 2) return one_class(target, error);
    if (tdrop_classes_of_names(classes, column->level_count, (const char *const *)column->level))
        return tdrop_fail_memory(error, "labels");
    return TDROP_OK;
}

/* The class of a label; the number of classes when it is none. */
static size_t find_class(const tdrop_classes *classes, const tdrop_data *target, double value) {
    if (classes->named)
        return tdrop_level_place((const char *const *)classes->name, classes->count,
                                 target->columns[0].level[(size_t)value]);
    return tdrop_distinct_place(classes->label, classes->count, value);
}

tdrop_status tdrop_classes_index(const tdrop_classes *classes, const tdrop_data *target,
                                 float *class_of, tdrop_error *error) {
    tdrop_status status = check_column(target, error);
    if (!status && is_text(target) != classes->named)
        return tdrop_fail(error, TDROP_ERROR_DATA, "%s: its labels are %s, those of the model %s",
                          target->info.name, classes->named ? "numbers" : "text",
                          classes->named ? "text" : "numbers");
    for (size_t i = 0; i < target->info.rows && !status; i++) {
        double value;
        char number[TDROP_DECIMAL_TEXT];
        tdrop_table_row(target, i, &value);
        size_t found = find_class(classes, target, value);
        class_of[i] = (float)found;
        if (found < classes->count) continue;
        tdrop_decimal_short_text(value, number);
        status = tdrop_fail(error, TDROP_ERROR_DATA,
                            "%s: row %zu has the label %s, which the model does not know",
                            target->info.name, i + 1,
                            classes->named ? target->columns[0].level[(size_t)value] : number);
    }
    return status;
}

static tdrop_status check_numbers(const tdrop_data *target, tdrop_error *error) {
    for (size_t j = 0; target->columns && j < target->info.columns; j++) {
        const tdrop_column *column = &target->columns[j];
        if (column->kind == TDROP_COLUMN_CATEGORY)
            return tdrop_fail(error, TDROP_ERROR_DATA,
                              "%s: target %zu%s%s is text, and a regression needs numbers",
                              target->info.name, j + 1, column->name ? ", " : "",
                              column->name ? column->name : "");
    }
    if (target->info.missing > 0)
        return tdrop_fail(error, TDROP_ERROR_DATA, "%s: %zu targets are missing; fill them in",
                          target->info.name, target->info.missing);
    return TDROP_OK;
}

tdrop_status tdrop_targets_learn(tdrop_encoding *targets, tdrop_scale scale,
                                 const tdrop_data *target, const size_t *rows, size_t row_count,
                                 tdrop_error *error) {
    tdrop_status status = check_numbers(target, error);
    if (status) return status;
    const tdrop_scale kind = scale == TDROP_SCALE_NONE ? scale : TDROP_SCALE_STANDARD;
    status =
        tdrop_encoding_learn(targets, kind, TDROP_MISSING_ERROR, target, rows, row_count, error);
    if (!status && targets->scaling.constant_columns == targets->columns)
        status = tdrop_fail(error, TDROP_ERROR_DATA,
                            "%s: every target is the same; there is nothing to predict",
                            target->info.name);
    return status;
}

/* Row by row, as they stand in the table. */
static tdrop_status check_shares(const tdrop_encoder *encoder, double *buffer, tdrop_error *error) {
    const tdrop_encoding *encoding = encoder->encoding;
    const tdrop_data *data = encoder->data;
    for (size_t i = 0; i < data->info.rows; i++) {
        tdrop_table_row(data, i, buffer);
        for (size_t j = 0; j < encoding->columns; j++) {
            const size_t at = encoder->column_of[j];
            if (encoding->column[j].kind == TDROP_COLUMN_CATEGORY || isnan(buffer[at]) ||
                (buffer[at] >= 0.0 && buffer[at] <= 1.0))
                continue;
            return tdrop_fail(error, TDROP_ERROR_DATA,
                              "%s: row %zu, column %zu%s%s%s is %g, but the loss binary is of "
                              "numbers in [0, 1]; scale them, or take another loss",
                              data->info.name, i + 1, at + 1, encoding->names ? " ('" : "",
                              encoding->names ? encoding->names[j] : "",
                              encoding->names ? "')" : "", buffer[at]);
        }
    }
    return TDROP_OK;
}

tdrop_status tdrop_check_shares(const tdrop_encoder *encoder, tdrop_error *error) {
    if (encoder->encoding->scaling.kind != TDROP_SCALE_NONE) return TDROP_OK;
    double *buffer = tdrop_alloc(tdrop_encoder_buffer(encoder), sizeof *buffer);
    if (!buffer) return tdrop_fail_memory(error, encoder->data->info.name);
    tdrop_status status = check_shares(encoder, buffer, error);
    tdrop_free(buffer);
    return status;
}

tdrop_status tdrop_targets_read(const tdrop_encoding *targets, bool shares,
                                const tdrop_data *target, float *values, tdrop_error *error) {
    tdrop_encoder encoder;
    tdrop_status status = check_numbers(target, error);
    if (!status) status = tdrop_encoder_create(&encoder, targets, target, error);
    if (status) return status;
    double *buffer = tdrop_alloc(tdrop_encoder_buffer(&encoder), sizeof *buffer);
    for (size_t i = 0; buffer && i < target->info.rows; i++)
        tdrop_encoder_row(&encoder, i, buffer, values + i * targets->columns, NULL);
    status = buffer ? TDROP_OK : tdrop_fail_memory(error, "targets");
    tdrop_free(buffer);
    if (!status && shares) status = tdrop_check_shares(&encoder, error);
    tdrop_encoder_clear(&encoder);
    return status;
}
