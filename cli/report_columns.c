/* SPDX-License-Identifier: MIT
 * How well the chosen width gives back each column. */
#include "held_out.h"
#include "image_form.h"
#include "inputs.h"
#include "message.h"
#include "report_rows.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_ROWS = 1000, MOST_COLUMNS = 64 };

/* Of numbers in the units of the loss, of categories the share of rows. Means over the rows in
 * which the column stands. */
typedef struct column_error {
    size_t column;
    int category;
    double error, beside; /* of the model, and of the column's mean or most frequent level */
} column_error;

static double unexplained(const column_error *e) {
    return e->beside > 0 ? e->error / e->beside : 0;
}

/* The largest error first; in tables with categories, which have no common unit, the column of
 * which least is explained. */
static int worse_first(const void *a, const void *b) {
    const column_error *x = a, *y = b;
    if (x->error != y->error) return x->error < y->error ? 1 : -1;
    return (x->column > y->column) - (x->column < y->column);
}

static int less_explained_first(const void *a, const void *b) {
    const double x = unexplained(a), y = unexplained(b);
    return x != y ? (x < y ? 1 : -1) : worse_first(a, b);
}

/* What stands in the rows, and what the model makes of it: [rows, columns] each. */
typedef struct column_rows {
    const float *data, *made;
    size_t rows, columns;
} column_rows;

static double cell(const float *values, const column_rows *r, size_t row, size_t column) {
    return (double)values[row * r->columns + column];
}

static size_t count_standing(const column_rows *r, size_t column) {
    size_t count = 0;
    for (size_t i = 0; i < r->rows; i++)
        count += !isnan(cell(r->data, r, i, column));
    return count;
}

static column_error error_of_numbers(const column_rows *r, size_t column, double unit) {
    const double count = (double)count_standing(r, column);
    column_error e = {.column = column};
    double mean = 0;
    for (size_t i = 0; i < r->rows; i++)
        if (!isnan(cell(r->data, r, i, column))) mean += cell(r->data, r, i, column) / count;
    for (size_t i = 0; i < r->rows; i++) {
        const double value = cell(r->data, r, i, column);
        if (isnan(value)) continue;
        const double missed = (value - cell(r->made, r, i, column)) / unit;
        e.error += missed * missed / count;
        e.beside += (value - mean) / unit * ((value - mean) / unit) / count;
    }
    return e;
}

/* Levels that the model does not know count together as one more, which it always misses. */
static int error_of_levels(const column_rows *r, size_t column, size_t levels, column_error *e) {
    const double count = (double)count_standing(r, column);
    size_t *seen = calloc(levels + 1, sizeof *seen), most = 0;
    if (!seen) return message_memory();
    *e = (column_error){.column = column, .category = 1};
    for (size_t i = 0; i < r->rows; i++) {
        const double level = cell(r->data, r, i, column);
        if (isnan(level)) continue;
        if (level != cell(r->made, r, i, column)) e->error += 1 / count;
        if (++seen[(size_t)level] > most) most = seen[(size_t)level];
    }
    if (count > 0) e->beside = 1 - (double)most / count;
    free(seen);
    return 1;
}

static void add_list(report_numbers *n, const report_cells *cells, const column_error *errors,
                     size_t count, size_t rows) {
    cJSON *object = report_json_object(n->json, NULL, "column_errors");
    report_json_count(n->json, object, "k", cells->source->curve->chosen.k);
    report_json_count(n->json, object, "rows", rows);
    cJSON *list = report_json_array_in(n->json, object, "columns");
    for (size_t j = 0; j < count && !n->json->failed; j++) {
        const column_error *e = &errors[j];
        char number[24];
        cJSON *entry = report_json_element(n->json, list);
        report_json_text(n->json, entry, "name",
                         report_cells_name(cells, e->column, number, sizeof number));
        report_json_number(n->json, entry, e->category ? "wrong" : "error", e->error);
        report_json_number(n->json, entry, "explained", e->beside > 0 ? 1 - unexplained(e) : NAN);
    }
}

static int find_errors(const report_cells *cells, const column_rows *r, column_error *errors) {
    const double *shift, *unit;
    tdrop_model_get_scaling(cells->source->model, &shift, &unit);
    for (size_t j = 0; j < r->columns; j++) {
        tdrop_column_info column;
        tdrop_model_get_column(cells->source->model, j, &column);
        if (column.kind != TDROP_COLUMN_CATEGORY)
            errors[j] = error_of_numbers(r, j, unit[cells->input[j]]);
        else if (!error_of_levels(r, j, column.levels, &errors[j]))
            return 0;
    }
    return 1;
}

static int measure(report_numbers *n, const report_cells *cells, const column_rows *r) {
    column_error *errors = calloc(r->columns, sizeof *errors);
    if (!errors) return message_memory();
    const int done = find_errors(cells, r, errors);
    if (done) {
        qsort(errors, r->columns, sizeof *errors,
              cells->plain ? worse_first : less_explained_first);
        add_list(n, cells, errors, r->columns < MOST_COLUMNS ? r->columns : MOST_COLUMNS, r->rows);
    }
    free(errors);
    return done;
}

static int read_rows(const report_cells *cells, const size_t *rows, size_t count, float *data,
                     float *made) {
    const size_t columns = cells->source->info->columns, k = cells->source->curve->chosen.k;
    for (size_t i = 0; i < count; i++)
        if (!report_cells_read(cells, rows[i], data + i * columns)) return 0;
    return report_cells_use(cells, tdrop_model_predict, rows, count, k, columns, made);
}

int report_columns_add(report_numbers *n, const report_cells *cells) {
    const report_source *source = cells->source;
    const size_t columns = source->info->columns;
    image_form form;
    tdrop_data_info info;
    size_t *rows, count;
    tdrop_data_get_info(source->data, &info);
    if (source->info->task != TDROP_TASK_AUTOENCODE || image_form_of(&info, &form)) return 1;
    if (source->info->loss == TDROP_LOSS_COSINE) return 1; /* directions have no error by columns */
    if (!held_out_spread(source->model, source->data, source->use, MOST_ROWS, &rows, &count))
        return 0;
    float *data = inputs_floats(count, columns);
    float *made = data ? inputs_floats(count, columns) : NULL;
    const int done = made && read_rows(cells, rows, count, data, made) &&
                     measure(n, cells, &(column_rows){data, made, count, columns});
    free(data);
    free(made);
    free(rows);
    return done;
}
