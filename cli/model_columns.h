/* SPDX-License-Identifier: MIT
 * What a model is for and which columns it knows: task, labels or targets, names and categories. */
#ifndef TDROP_CLI_MODEL_COLUMNS_H
#define TDROP_CLI_MODEL_COLUMNS_H

#include "number.h"
#include "report_json.h"
#include "taildropout_model.h"

#include <stdio.h>

/* The name of a target, 0-based; its number, counted from 1 and put into *number, where it has
 * none. */
const char *model_columns_target(const tdrop_model *model, size_t target, number_text *number);

/* "task          classify, 2 classes: ham, spam". A long list ends in how many more there are. */
void model_columns_write_task(FILE *out, const tdrop_model *model);

/* "columns       3: age, kind (ham, spam), size", or the shape of a row where they have no names.
 */
void model_columns_write(FILE *out, const tdrop_model *model);

/* "task", "classes" or "targets", "columns", "item_shape", "column_list", "inputs", all of them
 * whole. */
void model_columns_json(report_json *r, const tdrop_model *model);

#endif
