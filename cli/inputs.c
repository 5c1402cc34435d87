/* SPDX-License-Identifier: MIT */
#include "inputs.h"

#include "message.h"

#include <stdlib.h>
#include <string.h>

int inputs_read_data(tdrop_data **data, const char *source, tdrop_part part) {
    tdrop_error error = {TDROP_OK, ""};
    const tdrop_status status = tdrop_data_read(data, source, part, &error);
    return status == TDROP_OK ? 1 : message_library(status, &error);
}

static int open_model(inputs *in, const char *model) {
    tdrop_error error = {TDROP_OK, ""};
    const tdrop_status status = tdrop_model_load(&in->model, model, &error);
    if (status != TDROP_OK) return message_library(status, &error);
    tdrop_model_get_info(in->model, &in->model_info);
    return 1;
}

static int open_data(inputs *in, const char *data, tdrop_part part) {
    if (!inputs_read_data(&in->data, data, part)) return 0;
    tdrop_data_get_info(in->data, &in->data_info);
    return 1;
}

int inputs_open(inputs *in, const char *model, const char *data, tdrop_part part,
                const compute_settings *settings) {
    *in = (inputs){0};
    if (open_model(in, model) && (!data || open_data(in, data, part)) &&
        (!settings || compute_open(&in->compute, settings)))
        return 1;
    inputs_close(in);
    return 0;
}

void inputs_close(inputs *in) {
    compute_close(&in->compute);
    tdrop_model_destroy(in->model);
    tdrop_data_destroy(in->data);
    *in = (inputs){0};
}

int inputs_two_parts(const char *source) {
    return strcmp(source, "fashion-mnist") == 0;
}

float *inputs_floats(size_t rows, size_t columns) {
    float *values = NULL;
    const size_t row_size = columns * sizeof *values;
    if (row_size / sizeof *values == columns && (!row_size || rows <= SIZE_MAX / row_size))
        values = malloc(rows * row_size > 0 ? rows * row_size : 1);
    if (!values) message_memory();
    return values;
}
