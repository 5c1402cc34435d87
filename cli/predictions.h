/* SPDX-License-Identifier: MIT
 * The file of what a model gives for rows. */
#ifndef TDROP_CLI_PREDICTIONS_H
#define TDROP_CLI_PREDICTIONS_H

#include "inputs.h"
#include "table_output.h"

/* Writes values[in->data_info.rows, outputs]. Rows of an autoencoder have item_dims dims of
 * item_shape. In a classifier's .csv the most likely label of each row stands before the
 * probabilities. On failure says why and returns 0. */
int predictions_write(const table_output *output, const inputs *in, const float *values,
                      int item_dims, const size_t *item_shape);

#endif
