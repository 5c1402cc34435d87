/* SPDX-License-Identifier: MIT
 * The file that a table goes to: .npy or .csv. */
#ifndef TDROP_CLI_TABLE_OUTPUT_H
#define TDROP_CLI_TABLE_OUTPUT_H

#include "options.h"

typedef enum table_format {
    TABLE_FORMAT_AUTO = 0, /* by the ending of the name */
    TABLE_FORMAT_NPY = 1,
    TABLE_FORMAT_CSV = 2
} table_format;

typedef struct table_output {
    const char *path;
    int format; /* a table_format */
    int force;
} table_output;

const char *table_format_choice(int number);

/* The rows for the options of a subcommand whose settings have a member `output` of type
 * table_output; `what` goes there, and `value` is what the help calls the file. */
#define OPTION_ROW_OUTPUT(settings, what, file)                                                    \
    {                                                                                              \
        .name = "output", .letter = 'o', .required = 1, .type = OPTION_TEXT, .value = file,        \
        .field = offsetof(settings, output.path),                                                  \
        .help = "file that the " what " go to, .npy or, by its ending, .csv; - for standard "      \
                "output"                                                                           \
    }
#define OPTION_ROWS_FORMAT(settings)                                                               \
    {.name = "format",                                                                             \
     .type = OPTION_CHOICE,                                                                        \
     .value = "FORM",                                                                              \
     .field = offsetof(settings, output.format),                                                   \
     .choice = table_format_choice,                                                                \
     .help = "form of the output (default auto: by the ending of its name, csv or else npy)"},     \
    {                                                                                              \
        .name = "force", .field = offsetof(settings, output.force),                                \
        .help = "overwrite an output that exists"                                                  \
    }

/* What the table is made of: files that the output must not take. */
typedef struct table_sources {
    const char *model;
    const char *table, *data; /* "DATA" or "CODES", and that */
} table_sources;

/* Settles the format and looks at the file, before any work. A name whose ending stands for another
 * form is refused, unless a format is asked for. On refusal says why and returns 0, with *exit_code
 * set. */
int table_output_check(table_output *output, const table_sources *sources, int *exit_code);

/* Writes values[shape[0], ...], which a model gave; as .csv with `columns` as names and `ids` as
 * ids (each may be NULL). Says which are not finite. On failure says why and returns 0. */
int table_output_write(const table_output *output, const float *values, int dims,
                       const size_t *shape, const tdrop_column_info *columns,
                       const tdrop_data *ids);

#endif
