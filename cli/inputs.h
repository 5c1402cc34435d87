/* SPDX-License-Identifier: MIT
 * A model, the data it is to be used on and the threads to do it, as most subcommands take them. */
#ifndef TDROP_CLI_INPUTS_H
#define TDROP_CLI_INPUTS_H

#include "compute.h"
#include "table.h"

typedef struct inputs {
    tdrop_model *model;
    tdrop_model_info model_info;
    tdrop_data *data;
    tdrop_data_info data_info;
    tdrop_data *target; /* labels of the data; NULL when none were opened */
    tdrop_data *groups; /* likewise */
    tdrop_part part;    /* of a data set that comes in two */
    compute compute;    /* not started when no settings were given */
} inputs;

#define OPERAND_HELP_DATA                                                                          \
    "a table: a path (.csv, .npy, .npz, IDX, .fvecs or .fbin, also in gzip), FILE.npz:NAME, - "    \
    "for standard input, or fashion-mnist"
#define OPERAND_HELP_MODEL "a model made by taildropout fit or prune"

/* Reads a table by the defaults. On failure says why and returns 0. */
int inputs_read_data(tdrop_data **data, const char *source, tdrop_part part);

/* Reads a model and, unless NULL, its data as `table` says (NULL: by the defaults), and starts the
 * threads for them. What is in `in` points into itself: it must stay where it is. On failure says
 * why, leaves nothing open and returns 0. */
int inputs_open(inputs *in, const char *model, const char *data, tdrop_part part,
                const table_settings *table, const compute_settings *settings);
void inputs_close(inputs *in);

/* Where the labels of DATA stand: `target`, or those that belong to a data set known by name; NULL
 * when there are none. */
const char *inputs_target_of(const char *target, const char *source);

/* What a source may be a file for: the source, or NULL where it is a data set known by name. */
const char *inputs_file_of(const char *source);

/* Whether `target` names a column of a table, or the columns in a list. */
int inputs_has_target(const tdrop_data *data, const char *target);

/* Opens the labels of a table: takes the column `target` out of *data where it has one, or those of
 * a list "A,B,C", otherwise reads the file of that name. On failure says why and returns 0. */
int inputs_read_target(tdrop_data **labels, tdrop_data *data, const char *target, tdrop_part part);

/* Opens the labels or numbers that a classifier or a regression is measured with, and has
 * in->compute.use point to them. On failure says why and returns 0; inputs_close frees them. */
int inputs_open_target(inputs *in, const char *target, const char *source);

/* Takes the column that decided which rows were held out, `column` or the one that the model names,
 * out of the data, where it is there; in->compute.use points to it. On failure, also where `column`
 * is given and not there, says why and returns 0; inputs_close frees it. */
int inputs_open_groups(inputs *in, const char *column);

/* Says which levels of the data's categories the model does not know, once target and groups are
 * taken out. On failure, also where the columns do not fit the model, says why and returns 0. */
int inputs_note_unseen(const inputs *in);

/* The columns of what a model gives back, [info->outputs], for a .csv file: of an autoencoder those
 * of its data; free() them. On failure says why and returns 0. */
int inputs_output_columns(const inputs *in, tdrop_column_info **columns);

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
