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
    tdrop_data *target; /* labels of the data; NULL when none were opened */
    compute compute;    /* not started when no settings were given */
} inputs;

#define OPERAND_HELP_DATA                                                                          \
    "a table: a path (.csv, .npy or IDX, also in gzip, told by content), - for standard input, "   \
    "or "                                                                                          \
    "fashion-mnist"
#define OPERAND_HELP_MODEL "a model made by taildropout fit or prune"

/* Reads a table. On failure says why and returns 0. */
int inputs_read_data(tdrop_data **data, const char *source, tdrop_part part);

/* Reads a model and, unless NULL, its data, and starts the threads for them. What is in `in` points
 * into itself: it must stay where it is. On failure says why, leaves nothing open and returns 0. */
int inputs_open(inputs *in, const char *model, const char *data, tdrop_part part,
                const compute_settings *settings);
void inputs_close(inputs *in);

/* The option for the labels of DATA; `settings` has a member `target`. */
#define OPTION_ROW_TARGET(settings)                                                                \
    {                                                                                              \
        .name = "target", .type = OPTION_TEXT, .value = "FILE",                                    \
        .field = offsetof(settings, target),                                                       \
        .help = "labels of DATA, one number for each row: for a classifier"                        \
    }

/* Where the labels of DATA stand: `target`, or those that belong to a data set known by name; NULL
 * when there are none. */
const char *inputs_target_of(const char *target, const char *source);

/* Reads the labels that a classifier is measured with, and has in->compute.use point to them. On
 * failure says why and returns 0; inputs_close frees them. */
int inputs_open_target(inputs *in, const char *target, const char *source);

/* The shape of what a model gives for so many rows; returns how many dims. Rows of an autoencoder
 * have the shape of the data, `item_dims` dims of `item_shape`; of a classifier, one number a
 * class. */
int inputs_output_shape(const tdrop_model_info *model, size_t rows, int item_dims,
                        const size_t *item_shape, size_t shape[8]);

/* Nonzero when the source is the data set that comes in two parts. */
int inputs_two_parts(const char *source);

/* Room for rows * columns floats. On failure says why and returns NULL. */
float *inputs_floats(size_t rows, size_t columns);

#endif
