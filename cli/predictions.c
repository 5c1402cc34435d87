/* SPDX-License-Identifier: MIT */
#include "predictions.h"

#include "message.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rows of `count` probabilities, each with the number of the largest put before them; NaN where
 * there is none. */
static void put_labels(float *to, const float *values, size_t rows, size_t count) {
    for (size_t i = 0; i < rows; i++, values += count, to += count + 1) {
        size_t best = 0;
        for (size_t j = 1; j < count; j++)
            if (values[j] > values[best]) best = j;
        to[0] = isnan(values[best]) ? NAN : (float)best;
        memcpy(to + 1, values, count * sizeof *to);
    }
}

static int write_labels(const char *path, const inputs *in, const float *values,
                        const tdrop_column_info *classes, int force) {
    const size_t rows = in->data_info.rows, count = in->model_info.classes;
    tdrop_column_info *columns = calloc(count + 1, sizeof *columns);
    float *table = columns ? inputs_floats(rows, count + 1) : NULL;
    tdrop_error error = {TDROP_OK, ""};
    if (!columns) return message_memory();
    if (!table) {
        free(columns);
        return 0;
    }
    memcpy(columns + 1, classes, count * sizeof *columns);
    columns[0] = (tdrop_column_info){.name = "label",
                                     .kind = TDROP_COLUMN_CATEGORY,
                                     .levels = count,
                                     .level = in->model_info.class_name};
    put_labels(table, values, rows, count);
    const tdrop_status status =
        table_write(path, table, 2, (size_t[]){rows, count + 1}, columns, in->data, force, &error);
    free(columns);
    free(table);
    return status == TDROP_OK ? 1 : message_library(status, &error);
}

int predictions_write(const char *path, const inputs *in, const float *values, int item_dims,
                      const size_t *item_shape, int force) {
    size_t shape[8];
    const int dims =
        inputs_output_shape(&in->model_info, in->data_info.rows, item_dims, item_shape, shape);
    tdrop_column_info *columns = NULL;
    tdrop_error error = {TDROP_OK, ""};
    int done;
    if (!inputs_output_columns(in, &columns)) return 0;
    if (in->model_info.classes && table_is_csv(path)) {
        done = write_labels(path, in, values, columns, force);
    } else {
        const tdrop_status status =
            table_write(path, values, dims, shape, columns, in->data, force, &error);
        done = status == TDROP_OK ? 1 : message_library(status, &error);
    }
    free(columns);
    return done;
}
