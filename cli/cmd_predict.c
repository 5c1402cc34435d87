/* SPDX-License-Identifier: MIT
 * taildropout predict: what the model makes of each row; of an autoencoder, its reconstruction. */
#include "choice.h"
#include "command.h"
#include "inputs.h"
#include "message.h"
#include "number.h"
#include "predictions.h"

#include <stdlib.h>

typedef struct predict_settings {
    const char *model, *data;
    table_output output;
    width_rule k;
    table_settings table;
    compute_settings compute;
} predict_settings;

static const operand_row operands[] = {
    {"MODEL", offsetof(predict_settings, model), OPERAND_HELP_MODEL},
    {"DATA", offsetof(predict_settings, data), OPERAND_HELP_DATA},
    {0}};

static const option_row options[] = {
    OPTION_ROW_OUTPUT(predict_settings, "predictions", "OUT"),
    OPTION_ROW_K(predict_settings, "features used: a number, or a rule as for prune (default all "
                                   "n)"),
    OPTION_ROWS_TABLE(predict_settings),
    OPTION_ROWS_COMPUTE(predict_settings),
    OPTION_ROWS_FORMAT(predict_settings),
    {0},
};

static int predict(const predict_settings *s, const inputs *in) {
    const tdrop_data_info *data = &in->data_info;
    size_t k;
    tdrop_error error = {TDROP_OK, ""};
    if (!choice_or_all(&k, &s->k, &in->model_info, s->model, 0)) return 0;
    float *values = inputs_floats(data->rows, in->model_info.outputs);
    if (!values) return 0;
    const tdrop_status status = tdrop_model_predict(in->model, in->data, 0, data->rows, k, values,
                                                    &in->compute.use, &error);
    const int done = status == TDROP_OK ? predictions_write(&s->output, in, values, data->item_dims,
                                                            data->item_shape)
                                        : message_library(status, &error);
    free(values);
    if (!done) return 0;
    message_wrote(s->output.path, "%s rows of %s values, made from %zu features",
                  number_grouped(data->rows).text, number_grouped(in->model_info.outputs).text, k);
    return 1;
}

static int run(int argc, char **argv) {
    predict_settings s = {0};
    inputs in;
    int exit_code;
    if (!options_parse(&command_predict, argc, argv, &s, &exit_code)) return exit_code;
    const table_sources sources = {s.model, "DATA", s.data};
    if (!table_output_check(&s.output, &sources, &exit_code)) return exit_code;
    if (!inputs_open(&in, s.model, s.data, TDROP_PART_TEST, &s.table, &s.compute))
        return EXIT_FAILED;
    const int done = inputs_note_unseen(&in) && predict(&s, &in);
    inputs_close(&in);
    return done ? EXIT_DONE : EXIT_FAILED;
}

const subcommand command_predict = {
    .name = "predict",
    .summary = "Write what a model makes of each row of a table, with k features, as .npy or .csv.",
    .about = "An autoencoder's prediction is its reconstruction, in the data's own units and "
             "shape, a classifier's the probability of each class. Every row of a file is taken, "
             "and the 10,000 test images of fashion-mnist.",
    .example = "predict model.safetensors data.npy -o out.npy -k 14",
    .operands = operands,
    .options = options,
    .run = run,
};
