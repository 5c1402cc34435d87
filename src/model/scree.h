/* SPDX-License-Identifier: MIT
 * The loss of a model at each k. */
#ifndef TDROP_MODEL_SCREE_H
#define TDROP_MODEL_SCREE_H

#include "model/model.h"

/* Mean loss and its standard error over rows of the data, for k = first_k..last_k at one tail, into
 * loss[last_k - first_k + 1] and se likewise. Errors: ISA, MEMORY. */
tdrop_status tdrop_scree_measure(const tdrop_model *model, const tdrop_data *data,
                                 const size_t *rows, size_t row_count, size_t tail, size_t first_k,
                                 size_t last_k, double *loss, double *se,
                                 const tdrop_use_options *options, tdrop_error *error);

#endif
