/* SPDX-License-Identifier: MIT
 * R squared of each target of a regression. */
#ifndef TDROP_CLI_TARGET_SCORES_H
#define TDROP_CLI_TARGET_SCORES_H

#include "curve.h"
#include "report_json.h"
#include "taildropout_model.h"

#include <stdio.h>

/* A line for each target, where there are several: its name and its r2[targets] at k. */
void target_scores_write(FILE *out, const tdrop_model *model, const double *r2, size_t k);

/* The curve of a regression on the rows held out of the data, with r2 of each target; of other
 * models nothing is done. On failure says why and returns 0. */
int target_scores_measure(tdrop_scree *scree, const tdrop_model *model, const tdrop_data *data,
                          const tdrop_use_options *use);

/* "targets": [{"name", "r2"}] of r2[targets]. */
void target_scores_json(report_json *r, const tdrop_model *model, const double *r2);

/* The same of a curve that has them, where "r2" is an array over k; else nothing. */
void target_scores_json_curve(report_json *r, const tdrop_model *model, const curve *c);

#endif
