/* SPDX-License-Identifier: MIT
 * The loss of a model at each k. */
#ifndef TDROP_MODEL_SCREE_H
#define TDROP_MODEL_SCREE_H

#include "model/model.h"

/* Rows of a table, and what is measured on them. */
typedef struct tdrop_sample {
    const tdrop_encoder *encoder; /* of the data */
    const size_t *rows;           /* [row_count] */
    size_t row_count;
    const float *targets; /* of all rows of the data, NULL for an autoencoder: see tdrop_feed */
} tdrop_sample;

/* Loss, its standard error and, unless they are NULL, the metric and R squared of each target, for
 * k = first_k..last_k at one tail, into curve->loss[last_k - first_k + 1] and so on. Errors: ISA,
 * MEMORY. */
tdrop_status tdrop_scree_measure(const tdrop_model *model, const tdrop_sample *sample, size_t tail,
                                 size_t first_k, size_t last_k, const tdrop_curve *curve,
                                 const tdrop_use_options *options, tdrop_error *error);

#endif
