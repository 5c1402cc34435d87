/* SPDX-License-Identifier: MIT
 * Tables in: the options that say how one is read. */
#ifndef TDROP_CLI_TABLE_H
#define TDROP_CLI_TABLE_H

#include "options.h"

typedef struct table_settings {
    const char *columns, *drop, *id, *delimiter, *header, *target, *groups;
    int with_groups; /* nonzero: the column that the model names is read too, where it is there */
    int of_fit;      /* nonzero: --missing, --drop and --id can let in what was refused */
} table_settings;

/* The options of how a table is read; `settings` has a member `table`. */
#define OPTION_ROWS_TABLE(settings)                                                                \
    {.name = "columns",                                                                            \
     .type = OPTION_TEXT,                                                                          \
     .value = "A,B,...",                                                                           \
     .field = offsetof(settings, table.columns),                                                   \
     .help = "only these columns of DATA: names, or numbers from 1 where it has none; a name "     \
             "that holds a comma in double quotes"},                                               \
        {.name = "drop",                                                                           \
         .type = OPTION_TEXT,                                                                      \
         .value = "A,B,...",                                                                       \
         .field = offsetof(settings, table.drop),                                                  \
         .help = "all columns of DATA but these"},                                                 \
        OPTION_ROWS_FIELDS(settings)

#define OPTION_ROWS_FIELDS(settings)                                                               \
    {.name = "id",                                                                                 \
     .type = OPTION_TEXT,                                                                          \
     .value = "COLUMN",                                                                            \
     .field = offsetof(settings, table.id),                                                        \
     .help = "column of a .csv file that says what rows are called: not used, but written into "   \
             ".csv outputs"},                                                                      \
        {.name = "delimiter",                                                                      \
         .type = OPTION_TEXT,                                                                      \
         .value = "C",                                                                             \
         .field = offsetof(settings, table.delimiter),                                             \
         .help = "between the fields of a .csv file; tab for a tab (default: found out)"},         \
    {                                                                                              \
        .name = "header", .type = OPTION_TEXT, .value = "yes|no",                                  \
        .field = offsetof(settings, table.header),                                                 \
        .help = "whether a .csv file begins with a header (default: found out)"                    \
    }

#define OPTION_ROW_TARGET(settings)                                                                \
    {                                                                                              \
        .name = "target", .type = OPTION_TEXT, .value = "A,B,...|FILE",                            \
        .field = offsetof(settings, table.target),                                                 \
        .help =                                                                                    \
            "what a classifier or a regression should give for DATA: its column, columns or a "    \
            "file"                                                                                 \
    }

#define OPTION_ROW_GROUP(settings, text)                                                           \
    {                                                                                              \
        .name = "group", .type = OPTION_TEXT, .value = "COLUMN",                                   \
        .field = offsetof(settings, table.groups), .help = text                                    \
    }

#define OPTION_HELP_GROUP                                                                          \
    "column whose groups were held out when the model was made (default: the model says it)"

/* Reads a table. A model, unless NULL, says which columns are looked for, where the table has names
 * and none were asked for; `missing` is what it does about missing cells. On failure says why and
 * returns 0. */
int table_read(tdrop_data **data, const char *source, tdrop_part part,
               const table_settings *settings, tdrop_missing missing, const tdrop_model *model);

/* Reads another table of the same kind: with the columns of `like`, where both have names, and the
 * target of the settings. On failure says why and returns 0. */
int table_read_like(tdrop_data **data, const char *source, const table_settings *settings,
                    tdrop_missing missing, const tdrop_data *like);

#endif
