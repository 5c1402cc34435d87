/* SPDX-License-Identifier: MIT
 * Which rows a model was not trained on. */
#ifndef TDROP_MODEL_HELD_OUT_H
#define TDROP_MODEL_HELD_OUT_H

#include "data/split.h"
#include "model/model.h"

/* Tells the classes of all rows from others. */
uint64_t tdrop_hash_classes(const float *class_of, size_t rows);

/* Whether these are the data that the model was fitted to. */
bool tdrop_model_was_fitted_to(const tdrop_model *model, const tdrop_data *data);

/* What decides beside the data; each may be NULL where nothing is asked of it. */
typedef struct tdrop_split_inputs {
    const tdrop_data *groups;
    const float *class_of; /* [rows], of a classifier */
} tdrop_split_inputs;

/* The split of the data of the fit, made again, with none held out where another table was.
 * Errors: DATA (groups or classes missing, or others than the fit had), MEMORY. */
tdrop_status tdrop_model_split(tdrop_split *split, const tdrop_model *model, const tdrop_data *data,
                               const tdrop_split_inputs *inputs, tdrop_error *error);

/* The rows to measure, tdrop_free(*rows): of the data of the fit those that the split holds out,
 * all where another table was; of other data all. Errors: as tdrop_model_split. */
tdrop_status tdrop_model_find_held_out(const tdrop_model *model, const tdrop_data *data,
                                       const tdrop_split_inputs *inputs, size_t **rows,
                                       size_t *count, tdrop_error *error);

#endif
