/* SPDX-License-Identifier: MIT
 * Between the columns of a table and the inputs of a network: a column of numbers is one input,
 * scaled; one of categories has an input for each level, 1 for that of the row and 0 for the
 * others, and only 0 for a level that was not there when the model was made. What is missing goes
 * in as the mean over the training rows. */
#ifndef TDROP_DATA_ENCODING_H
#define TDROP_DATA_ENCODING_H

#include "data/scaling.h"
#include "data/table.h"
#include "data/text_list.h"

typedef struct tdrop_encoded_column {
    tdrop_column_kind kind;
    size_t first, inputs; /* its inputs: one, or one a level */
    char **level;         /* [inputs] of categories, in one block; owned */
} tdrop_encoded_column;

typedef struct tdrop_encoding {
    tdrop_missing missing;
    bool unit_rows; /* rows go in divided by their length */
    size_t columns, inputs;
    char **names;                 /* [columns] in one block, owned; NULL: none */
    tdrop_encoded_column *column; /* [columns], owned */
    double *mean;                 /* [inputs] in the units of the data, owned */
    tdrop_scaling scaling;        /* of the inputs */
} tdrop_encoding;

/* Learns from the given rows of the data; AUTO chooses. Errors: DATA (cells missing, and `missing`
 * is ERROR), OVERFLOW, MEMORY. */
tdrop_status tdrop_encoding_learn(tdrop_encoding *encoding, tdrop_scale kind, tdrop_missing missing,
                                  const tdrop_data *data, const size_t *rows, size_t row_count,
                                  tdrop_error *error);

/* Room for an encoding of so many columns, each one number; the caller makes categories of some by
 * setting kind, inputs and level, and then calls the second, which finds first and the number of
 * inputs and makes room for mean (0) and scaling (shift 0, unit 1).
 * Errors: OVERFLOW (the second), MEMORY; clear it then. */
tdrop_status tdrop_encoding_begin(tdrop_encoding *encoding, size_t columns);
tdrop_status tdrop_encoding_complete(tdrop_encoding *encoding, tdrop_scale kind);

tdrop_status tdrop_encoding_copy(tdrop_encoding *to, const tdrop_encoding *from);
void tdrop_encoding_clear(tdrop_encoding *encoding);

/* from[rows, stride] as a network gives them back into to[rows, columns]: numbers in the data's
 * units, of categories the number of the level whose input is greatest. */
void tdrop_encoding_undo(const tdrop_encoding *encoding, size_t rows, const float *from,
                         size_t stride, float *to);

/* An encoding and a table that it is used on. */
typedef struct tdrop_encoder {
    const tdrop_encoding *encoding; /* both stay the caller's and have to stay */
    const tdrop_data *data;
    bool plain;             /* every column is an input, in this order, and nothing is missing */
    size_t *column_of;      /* [columns] in the table; owned */
    size_t **place_of;      /* [columns] of categories: where the table's levels stand in the
                             * encoding, `inputs` for none; in one block, owned */
    tdrop_text_list unseen; /* "column: level" for each that the encoding does not know */
} tdrop_encoder;

/* Finds each column of the encoding in the table: by name, where both have names, otherwise by
 * place. Errors: DATA (a column that is not there, or of another kind; cells missing that must not
 * be), MEMORY. */
tdrop_status tdrop_encoder_create(tdrop_encoder *encoder, const tdrop_encoding *encoding,
                                  const tdrop_data *data, tdrop_error *error);
void tdrop_encoder_clear(tdrop_encoder *encoder);

/* Writes how many levels are unseen into *count and as many as fit into text[size]. */
void tdrop_encoder_unseen(const tdrop_encoder *encoder, size_t *count, char *text, size_t size);

/* How many doubles a row takes on its way. */
size_t tdrop_encoder_buffer(const tdrop_encoder *encoder);

/* Row `row` of the table as inputs, into out[inputs]; absent[inputs], unless NULL: whether the
 * input stands for something that is missing. `buffer` has room for tdrop_encoder_buffer doubles.
 */
void tdrop_encoder_row(const tdrop_encoder *encoder, size_t row, double *buffer, float *out,
                       bool *absent);

/* The mean of each input over rows of the table, into mean[inputs]. `row` has room for the inputs.
 */
void tdrop_encoder_mean(const tdrop_encoder *encoder, const size_t *rows, size_t row_count,
                        double *buffer, float *row, double *mean);

/* Whether what is missing in the table has no part in a loss. */
bool tdrop_encoder_masks(const tdrop_encoder *encoder);

#endif
