/* SPDX-License-Identifier: MIT
 * taildropout predict: what the model makes of each row; of an autoencoder, its reconstruction. */
#include "choice.h"
#include "command.h"
#include "inputs.h"
#include "message.h"
#include "number.h"
#include "output_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct predict_settings {
    const char *model, *data, *output;
    width_rule k;
    int force;
    table_settings table;
    compute_settings compute;
} predict_settings;

static const operand_row operands[] = {
    {"MODEL", offsetof(predict_settings, model), OPERAND_HELP_MODEL},
    {"DATA", offsetof(predict_settings, data), OPERAND_HELP_DATA},
    {0}};

static const option_row options[] = {
    {.name = "output",
     .letter = 'o',
     .required = 1,
     .type = OPTION_TEXT,
     .value = "OUT",
     .field = offsetof(predict_settings, output),
     .help =
         "file that the predictions go to, .npy or, by its ending, .csv; - for standard output"},
    OPTION_ROW_K(predict_settings, "features used: a number, or a rule as for prune (default all "
                                   "n)"),
    OPTION_ROWS_TABLE(predict_settings),
    OPTION_ROWS_COMPUTE(predict_settings),
    {.name = "force",
     .field = offsetof(predict_settings, force),
     .help = "overwrite an output that exists"},
    {0},
};

/* A classifier's .csv: the most likely label of each row, and behind it the probabilities. On
 * failure says why and returns 0. */
static int write_labels(const predict_settings *s, const inputs *in, const float *values,
                        const tdrop_column_info *classes) {
    const size_t rows = in->data_info.rows, count = in->model_info.classes;
    tdrop_column_info *columns = calloc(count + 1, sizeof *columns);
    float *table = columns ? inputs_floats(rows, count + 1) : NULL, *to = table;
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
    for (size_t i = 0; i < rows; i++, values += count, to += count + 1) {
        size_t best = 0;
        for (size_t j = 1; j < count; j++)
            if (values[j] > values[best]) best = j;
        to[0] = isnan(values[best]) ? NAN : (float)best;
        memcpy(to + 1, values, count * sizeof *to);
    }
    const tdrop_status status = table_write(s->output, table, 2, (size_t[]){rows, count + 1},
                                            columns, in->data, s->force, &error);
    free(columns);
    free(table);
    return status == TDROP_OK ? 1 : message_library(status, &error);
}

static int write_values(const predict_settings *s, const inputs *in, const float *values,
                        const tdrop_column_info *columns) {
    const tdrop_data_info *data = &in->data_info;
    size_t shape[8];
    tdrop_error error = {TDROP_OK, ""};
    const int dims =
        inputs_output_shape(&in->model_info, data->rows, data->item_dims, data->item_shape, shape);
    const tdrop_status status =
        table_write(s->output, values, dims, shape, columns, in->data, s->force, &error);
    return status == TDROP_OK ? 1 : message_library(status, &error);
}

static int write_predictions(const predict_settings *s, const inputs *in, const float *values) {
    tdrop_column_info *columns = NULL;
    if (!inputs_output_columns(in, &columns)) return 0;
    const int labelled = in->model_info.classes && table_is_csv(s->output);
    const int done = (labelled ? write_labels : write_values)(s, in, values, columns);
    free(columns);
    return done;
}

static int predict(const predict_settings *s, const inputs *in) {
    const tdrop_data_info *data = &in->data_info;
    size_t k;
    tdrop_error error = {TDROP_OK, ""};
    if (!choice_or_all(&k, &s->k, &in->model_info, s->model, 0)) return 0;
    float *values = inputs_floats(data->rows, in->model_info.outputs);
    if (!values) return 0;
    const tdrop_status status = tdrop_model_predict(in->model, in->data, 0, data->rows, k, values,
                                                    &in->compute.use, &error);
    const int done =
        status == TDROP_OK ? write_predictions(s, in, values) : message_library(status, &error);
    free(values);
    if (!done) return 0;
    message_wrote(s->output, "%s rows of %s values, made from %zu features",
                  number_grouped(data->rows).text, number_grouped(in->model_info.outputs).text, k);
    return 1;
}

static int run(int argc, char **argv) {
    predict_settings s = {0};
    inputs in;
    int exit_code;
    if (!options_parse(&command_predict, argc, argv, &s, &exit_code)) return exit_code;
    const output_wish wishes[] = {{"MODEL", s.model, OUTPUT_SPARES},
                                  {"DATA", inputs_file_of(s.data), OUTPUT_SPARES},
                                  {"-o", s.output, 0},
                                  {0}};
    if (!output_check(wishes, s.force, &exit_code)) return exit_code;
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
