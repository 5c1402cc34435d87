/* SPDX-License-Identifier: MIT
 * The data of an HTML report in the columns that the model was made from. */
#ifndef TDROP_CLI_REPORT_CELLS_H
#define TDROP_CLI_REPORT_CELLS_H

#include "report_numbers.h"
#include "report_source.h"

typedef struct report_cells {
    const report_source *source;
    int plain;         /* columns of numbers, none missing, in the order of the table */
    size_t *place;     /* [columns] of the model's columns in the table */
    size_t *input;     /* [columns] the first input of each */
    size_t all_levels; /* of all categories together */
} report_cells;

/* Finds the columns: by name where both have names, otherwise by place. On failure says why and
 * returns 0; otherwise to be closed. */
int report_cells_open(report_cells *cells, const report_source *source);
void report_cells_close(report_cells *cells);

/* A row into values[columns]: numbers as they are, of categories the model's number of the level,
 * as many as it has levels for one that it does not know; NaN where nothing stands. On failure says
 * why and returns 0. */
int report_cells_read(const report_cells *cells, size_t row, float *values);

/* tdrop_model_encode or tdrop_model_predict of some rows, with k features, into values[count,
 * width]. On failure says why and returns 0. */
typedef tdrop_status report_cells_user(const tdrop_model *model, const tdrop_data *data,
                                       size_t first, size_t rows, size_t k, float *values,
                                       const tdrop_use_options *options, tdrop_error *error);
int report_cells_use(const report_cells *cells, report_cells_user *use, const size_t *rows,
                     size_t count, size_t k, size_t width, float *values);

/* What column j is called: its name, or its number counted from 1, into text[size]. */
const char *report_cells_name(const report_cells *cells, size_t j, char *text, size_t size);

/* "cells": [{"name", "input", "levels"}], a column each; nothing when they are plain. */
void report_cells_add(const report_cells *cells, report_json *json);

#endif
