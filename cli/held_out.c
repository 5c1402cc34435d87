/* SPDX-License-Identifier: MIT */
#include "held_out.h"

#include "inputs.h"
#include "message.h"

#include <stdlib.h>

int held_out_spread(const tdrop_model *model, const tdrop_data *data, const tdrop_use_options *use,
                    size_t most, size_t **rows, size_t *count) {
    size_t all = 0;
    tdrop_status status = tdrop_model_held_out(model, data, use, &all, NULL);
    size_t *found = status == TDROP_OK ? malloc((all ? all : 1) * sizeof *found) : NULL;
    if (found) status = tdrop_model_held_out(model, data, use, &all, found);
    if (!found || status != TDROP_OK) {
        free(found);
        return message_library(status != TDROP_OK ? status : TDROP_ERROR_MEMORY, NULL);
    }
    *count = all < most ? all : most;
    for (size_t i = 0; i < *count; i++) /* in place: what is read lies at i or behind it */
        found[i] = found[i * all / *count];
    *rows = found;
    return 1;
}

static tdrop_status read_rows(const tdrop_data *data, const size_t *rows, size_t count,
                              size_t columns, float *values) {
    tdrop_status status = TDROP_OK;
    for (size_t i = 0; i < count && status == TDROP_OK; i++)
        status = tdrop_data_get_rows(data, rows[i], 1, values + i * columns);
    return status;
}

int held_out_table(const tdrop_data *data, const size_t *rows, size_t count, tdrop_data **table) {
    tdrop_data_info info;
    tdrop_error error = {TDROP_OK, ""};
    tdrop_data_get_info(data, &info);
    float *values = inputs_floats(count, info.columns);
    if (!values) return 0;
    tdrop_status status = read_rows(data, rows, count, info.columns, values);
    if (status == TDROP_OK)
        status = tdrop_data_from_floats(table, values, count, info.columns, info.columns, &error);
    free(values);
    return status == TDROP_OK ? 1 : message_library(status, &error);
}
