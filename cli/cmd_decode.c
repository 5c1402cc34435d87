/* SPDX-License-Identifier: MIT
 * taildropout decode: what codes stand for. */
#include "command.h"
#include "inputs.h"
#include "message.h"
#include "number.h"
#include "predictions.h"

#include <stdlib.h>

typedef struct decode_settings {
    const char *model, *codes;
    table_output output;
    table_settings table;
    compute_settings compute;
} decode_settings;

static const operand_row operands[] = {
    {"MODEL", offsetof(decode_settings, model), OPERAND_HELP_MODEL},
    {"CODES", offsetof(decode_settings, codes),
     "codes made by taildropout encode, of any width up to n; - for standard input"},
    {0}};

static const option_row options[] = {
    OPTION_ROW_OUTPUT(decode_settings, "values", "OUT"),
    OPTION_ROWS_FIELDS(decode_settings),
    OPTION_ROWS_COMPUTE(decode_settings),
    OPTION_ROWS_FORMAT(decode_settings),
    {0},
};

static int decode_into(const decode_settings *s, const inputs *in, float *codes, float *values) {
    const tdrop_data_info *data = &in->data_info;
    tdrop_error error = {TDROP_OK, ""};
    tdrop_status status = tdrop_data_get_rows(in->data, 0, data->rows, codes);
    if (status == TDROP_OK)
        status = tdrop_model_decode(in->model, codes, data->rows, data->columns, values,
                                    &in->compute.use, &error);
    if (status != TDROP_OK) return message_library(status, &error);
    if (!predictions_write(&s->output, in, values, in->model_info.item_dims,
                           in->model_info.item_shape))
        return 0;
    message_wrote(s->output.path, "%s rows of %s values, made from %zu codes each",
                  number_grouped(data->rows).text, number_grouped(in->model_info.outputs).text,
                  data->columns);
    return 1;
}

static int decode(const decode_settings *s, inputs *in) {
    tdrop_data_get_info(in->data, &in->data_info);
    const tdrop_data_info *data = &in->data_info;
    const size_t n = in->model_info.features;
    if (data->columns > n) {
        message_error("%s: it has %zu columns, %s has %zu features: give codes of at most %zu",
                      s->codes, data->columns, s->model, n, n);
        return 0;
    }
    float *codes = inputs_floats(data->rows, data->columns);
    float *values = codes ? inputs_floats(data->rows, in->model_info.outputs) : NULL;
    const int done = values && decode_into(s, in, codes, values);
    free(codes);
    free(values);
    return done;
}

static int run(int argc, char **argv) {
    decode_settings s = {0};
    inputs in;
    int exit_code;
    if (!options_parse(&command_decode, argc, argv, &s, &exit_code)) return exit_code;
    const table_sources sources = {s.model, "CODES", s.codes};
    if (!table_output_check(&s.output, &sources, &exit_code)) return exit_code;
    if (!inputs_open(&in, s.model, NULL, TDROP_PART_TEST, NULL, &s.compute)) return EXIT_FAILED;
    const int done =
        table_read(&in.data, s.codes, TDROP_PART_TEST, &s.table, TDROP_MISSING_ERROR, NULL) &&
        decode(&s, &in);
    inputs_close(&in);
    return done ? EXIT_DONE : EXIT_FAILED;
}

const subcommand command_decode = {
    .name = "decode",
    .summary = "Write what codes stand for, in the data's own units, as .npy or .csv.",
    .example = "decode model.safetensors codes.npy -o out.npy",
    .operands = operands,
    .options = options,
    .run = run,
};
