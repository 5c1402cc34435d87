/* SPDX-License-Identifier: MIT
 * Between the units of the data and the numbers that a network sees. */
#ifndef TDROP_DATA_SCALING_H
#define TDROP_DATA_SCALING_H

#include "data/table.h"
#include "taildropout_model.h"

/* scaled = (value - shift) / unit, column by column. */
typedef struct tdrop_scaling {
    tdrop_scale kind; /* never AUTO */
    size_t columns;
    double *shift, *unit;    /* [columns] each, owned */
    double *per_unit;        /* 1 / unit */
    size_t constant_columns; /* seen by STANDARD and MINMAX: one value only, so unit = 1 */
} tdrop_scaling;

/* Gives row `index` of those to be learnt from, NaN for what is missing. */
typedef void tdrop_row_source(void *context, size_t index, double *out);

/* Fills in the numbers of a scaling that was created: STANDARD and MINMAX learn them from row_count
 * rows, except in the columns that are `fixed`. The means over what is not missing go into
 * mean[columns], unless that is NULL. Errors: MEMORY. */
tdrop_status tdrop_scaling_learn(tdrop_scaling *scaling, double *mean, const bool *fixed,
                                 tdrop_row_source *source, void *context, size_t row_count);

/* Room for a scaling whose numbers the caller fills in (shift 0, unit 1), then
 * tdrop_scaling_finish. Errors: MEMORY. */
tdrop_status tdrop_scaling_create(tdrop_scaling *scaling, tdrop_scale kind, size_t columns);
void tdrop_scaling_finish(tdrop_scaling *scaling);

/* Copies a scaling. Errors: MEMORY. */
tdrop_status tdrop_scaling_copy(tdrop_scaling *to, const tdrop_scaling *from);

void tdrop_scaling_clear(tdrop_scaling *scaling);

/* Row `row` of the data, scaled, into out[columns]. `buffer` has room for columns doubles. */
void tdrop_scaling_row(const tdrop_scaling *scaling, const tdrop_data *data, size_t row,
                       double *buffer, float *out);

/* The same of numbers[columns] that are there already. */
void tdrop_scaling_numbers(const tdrop_scaling *scaling, const double *numbers, float *out);

#endif
