/* SPDX-License-Identifier: MIT
 * A model, the data it is to be used on and the threads to do it, as most subcommands take them. */
#ifndef TDROP_CLI_INPUTS_H
#define TDROP_CLI_INPUTS_H

#include "compute.h"

typedef struct inputs {
    tdrop_model *model;
    tdrop_model_info model_info;
    tdrop_data *data;
    tdrop_data_info data_info;
    compute compute; /* not started when no settings were given */
} inputs;

#define OPERAND_HELP_DATA                                                                          \
    "a table: a path (.npy, IDX or IDX.gz, told by content), - for standard input, or "            \
    "fashion-mnist"
#define OPERAND_HELP_MODEL "a model made by taildropout fit or prune"

/* Reads a table. On failure says why and returns 0. */
int inputs_read_data(tdrop_data **data, const char *source, tdrop_part part);

/* Reads a model and, unless NULL, its data, and starts the threads for them. What is in `in` points
 * into itself: it must stay where it is. On failure says why, leaves nothing open and returns 0. */
int inputs_open(inputs *in, const char *model, const char *data, tdrop_part part,
                const compute_settings *settings);
void inputs_close(inputs *in);

/* Nonzero when the source is the data set that comes in two parts. */
int inputs_two_parts(const char *source);

/* Room for rows * columns floats. On failure says why and returns NULL. */
float *inputs_floats(size_t rows, size_t columns);

#endif
