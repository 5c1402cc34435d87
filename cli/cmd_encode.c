/* SPDX-License-Identifier: MIT
 * taildropout encode: the first k features of each row. */
#include "choice.h"
#include "command.h"
#include "inputs.h"
#include "message.h"
#include "number.h"
#include "table_output.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct encode_settings {
    const char *model, *data;
    table_output output;
    width_rule k;
    table_settings table;
    compute_settings compute;
} encode_settings;

static const operand_row operands[] = {
    {"MODEL", offsetof(encode_settings, model), OPERAND_HELP_MODEL},
    {"DATA", offsetof(encode_settings, data), OPERAND_HELP_DATA},
    {0}};

static const option_row options[] = {
    OPTION_ROW_OUTPUT(encode_settings, "codes", "CODES"),
    OPTION_ROW_K(encode_settings, "codes of each row: a number, or a rule as for prune (default "
                                  "all n)"),
    OPTION_ROWS_TABLE(encode_settings),
    OPTION_ROWS_COMPUTE(encode_settings),
    OPTION_ROWS_FORMAT(encode_settings),
    {0},
};

/* Codes are called 1 to k. On failure says why and returns 0. */
static int write_codes(const encode_settings *s, const inputs *in, const float *codes, size_t k) {
    enum { NAME = 32 };
    tdrop_column_info *columns = calloc(k + 1, sizeof *columns + NAME);
    if (!columns) return message_memory();
    char *name = (char *)(columns + k + 1);
    for (size_t j = 0; j < k; j++, name += NAME) {
        snprintf(name, NAME, "code %zu", j + 1);
        columns[j].name = name;
    }
    const int done = table_output_write(&s->output, codes, 2, (size_t[]){in->data_info.rows, k},
                                        columns, in->data);
    free(columns);
    return done;
}

static int encode(const encode_settings *s, const inputs *in) {
    const size_t rows = in->data_info.rows;
    size_t k;
    tdrop_error error = {TDROP_OK, ""};
    if (!choice_or_all(&k, &s->k, &in->model_info, s->model, 1)) return 0;
    float *codes = inputs_floats(rows, k);
    if (!codes) return 0;
    const tdrop_status status =
        tdrop_model_encode(in->model, in->data, 0, rows, k, codes, &in->compute.use, &error);
    const int done =
        status == TDROP_OK ? write_codes(s, in, codes, k) : message_library(status, &error);
    free(codes);
    if (!done) return 0;
    message_wrote(s->output.path, "%s rows of %zu codes", number_grouped(rows).text, k);
    return 1;
}

static int run(int argc, char **argv) {
    encode_settings s = {0};
    inputs in;
    int exit_code;
    if (!options_parse(&command_encode, argc, argv, &s, &exit_code)) return exit_code;
    const table_sources sources = {s.model, "DATA", s.data};
    if (!table_output_check(&s.output, &sources, &exit_code)) return exit_code;
    if (!inputs_open(&in, s.model, s.data, TDROP_PART_TEST, &s.table, &s.compute))
        return EXIT_FAILED;
    const int done = inputs_note_unseen(&in) && encode(&s, &in);
    inputs_close(&in);
    return done ? EXIT_DONE : EXIT_FAILED;
}

const subcommand command_encode = {
    .name = "encode",
    .summary = "Write the first k features of each row of a table as .npy or .csv.",
    .about = "Every row of a file is taken, and the 10,000 test images of fashion-mnist.",
    .example = "encode model.safetensors data.npy -o codes.npy -k 14",
    .operands = operands,
    .options = options,
    .run = run,
};
