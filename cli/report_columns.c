/* SPDX-License-Identifier: MIT
 * How well the chosen width gives back each column. */
#include "held_out.h"
#include "image_form.h"
#include "inputs.h"
#include "message.h"
#include "report_rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_ROWS = 1000, MOST_COLUMNS = 64 };

/* In the units of the loss. */
typedef struct column_error {
    size_t column;
    double error, variance; /* means over rows */
} column_error;

/* The largest error first. */
static int worse_first(const void *a, const void *b) {
    const column_error *x = a, *y = b;
    if (x->error != y->error) return x->error < y->error ? 1 : -1;
    return (x->column > y->column) - (x->column < y->column);
}

static column_error error_of(size_t column, const float *data, const float *made, size_t rows,
                             size_t columns, double unit) {
    double mean = 0, error = 0, variance = 0;
    for (size_t i = 0; i < rows; i++)
        mean += (double)data[i * columns + column] / (double)rows;
    for (size_t i = 0; i < rows; i++) {
        const double value = (double)data[i * columns + column];
        const double missed = (value - (double)made[i * columns + column]) / unit;
        const double beside = (value - mean) / unit;
        error += missed * missed / (double)rows;
        variance += beside * beside / (double)rows;
    }
    return (column_error){column, error, variance};
}

static void add_list(report_numbers *n, const report_source *source, const column_error *errors,
                     size_t count, size_t rows) {
    cJSON *object = report_json_object(n->json, NULL, "column_errors");
    report_json_count(n->json, object, "k", source->curve->chosen.k);
    report_json_count(n->json, object, "rows", rows);
    cJSON *list = report_json_array_in(n->json, object, "columns");
    for (size_t j = 0; j < count && !n->json->failed; j++) {
        const column_error *e = &errors[j];
        char name[40];
        snprintf(name, sizeof name, "%zu", e->column + 1);
        cJSON *entry = report_json_element(n->json, list);
        report_json_text(n->json, entry, "name", name);
        report_json_number(n->json, entry, "error", e->error);
        report_json_number(n->json, entry, "explained",
                           e->variance > 0 ? 1 - e->error / e->variance : NAN);
    }
}

static int measure(report_numbers *n, const report_source *source, const tdrop_data *table,
                   size_t rows, float *data, float *made) {
    const size_t columns = source->info->columns;
    const double *shift, *unit;
    tdrop_error error = {TDROP_OK, ""};
    tdrop_status status = tdrop_data_get_rows(table, 0, rows, data);
    if (status == TDROP_OK)
        status = tdrop_model_predict(source->model, table, 0, rows, source->curve->chosen.k, made,
                                     source->use, &error);
    if (status == TDROP_OK) status = tdrop_model_get_scaling(source->model, &shift, &unit);
    if (status != TDROP_OK) return message_library(status, &error);
    column_error *errors = calloc(columns, sizeof *errors);
    if (!errors) return message_memory();
    for (size_t j = 0; j < columns; j++)
        errors[j] = error_of(j, data, made, rows, columns, unit[j]);
    qsort(errors, columns, sizeof *errors, worse_first);
    add_list(n, source, errors, columns < MOST_COLUMNS ? columns : MOST_COLUMNS, rows);
    free(errors);
    return 1;
}

int report_columns_add(report_numbers *n, const report_source *source) {
    image_form form;
    tdrop_data_info info;
    tdrop_data *table = NULL;
    size_t *rows, count;
    tdrop_data_get_info(source->data, &info);
    if (source->info->task != TDROP_TASK_AUTOENCODE || image_form_of(&info, &form)) return 1;
    if (!held_out_table(source->model, source->data, MOST_ROWS, &table, &rows, &count)) return 0;
    float *data = inputs_floats(count, info.columns);
    float *made = data ? inputs_floats(count, info.columns) : NULL;
    const int done = made && measure(n, source, table, count, data, made);
    free(data);
    free(made);
    free(rows);
    tdrop_data_destroy(table);
    return done;
}
