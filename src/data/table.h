/* SPDX-License-Identifier: MIT
 * The table that every reader fills: rows of numbers in the narrowest type that holds them. */
#ifndef TDROP_DATA_TABLE_H
#define TDROP_DATA_TABLE_H

#include "taildropout_model.h"

#include <stdint.h>

/* How the numbers of a table are kept; the value is the size of one in bytes. */
typedef enum tdrop_element {
    TDROP_ELEMENT_U8 = 1,
    TDROP_ELEMENT_F32 = 4,
    TDROP_ELEMENT_F64 = 8
} tdrop_element;

struct tdrop_data {
    tdrop_data_info info; /* info.name is owned */
    tdrop_element element;
    void *values; /* [rows, columns], owned */
};

/* Makes a table of rows * columns uninitialised elements for a reader to fill. `shape` is that of
 * the whole array, shape[0] the rows; dims >= 1. No rows or columns is an error (DATA). */
tdrop_status tdrop_table_create(tdrop_data **data, const char *name, tdrop_element element,
                                int dims, const size_t *shape, tdrop_error *error);

/* To be called when the values are filled in: refuses numbers that are not finite (naming the first
 * row and column, counted from 1) and computes the hash. */
tdrop_status tdrop_table_finish(tdrop_data *data, tdrop_error *error);

/* Copies row `row` into out[columns] as double. */
void tdrop_table_row(const tdrop_data *data, size_t row, double *out);

#endif
