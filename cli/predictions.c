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

static int write_labels(const table_output *output, const inputs *in, const float *values,
                        const tdrop_column_info *classes) {
    const size_t rows = in->data_info.rows, count = in->model_info.classes;
    tdrop_column_info *columns = calloc(count + 1, sizeof *columns);
    float *table = columns ? inputs_floats(rows, count + 1) : NULL;
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
    const int done =
        table_output_write(output, table, 2, (size_t[]){rows, count + 1}, columns, in->data);
    free(columns);
    free(table);
    return done;
}

int predictions_write(const table_output *output, const inputs *in, const float *values,
                      int item_dims, const size_t *item_shape) {
    size_t shape[8];
    const int dims =
        inputs_output_shape(&in->model_info, in->data_info.rows, item_dims, item_shape, shape);
    tdrop_column_info *columns = NULL;
    if (!inputs_output_columns(in, &columns)) return 0;
    const int done = in->model_info.classes && output->format == TABLE_FORMAT_CSV
                         ? write_labels(output, in, values, columns)
                         : table_output_write(output, values, dims, shape, columns, in->data);
    free(columns);
    return done;
}
