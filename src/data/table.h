/* SPDX-License-Identifier: MIT
 * The table that every reader fills: rows of numbers in the narrowest type that holds them. */
#ifndef TDROP_DATA_TABLE_H
#define TDROP_DATA_TABLE_H

#include "taildropout_model.h"

#include <stdbool.h>
#include <stdint.h>

/* How the numbers of a table are kept; the value is the size of one in bytes. */
typedef enum tdrop_element {
    TDROP_ELEMENT_U8 = 1,
    TDROP_ELEMENT_F32 = 4,
    TDROP_ELEMENT_F64 = 8
} tdrop_element;

/* What is known about a column; {0}: numbers, no name, none missing. */
typedef struct tdrop_column {
    char *name; /* owned; NULL: none */
    tdrop_column_kind kind;
    size_t missing, level_count;
    char **level; /* [level_count] in rising order, in one block; owned */
} tdrop_column;

struct tdrop_data {
    tdrop_data_info info; /* info.name and info.id_name are owned */
    tdrop_element element;
    bool may_miss;         /* NaN is a missing cell, not an error */
    bool finite;           /* all numbers are, as the reader knows */
    void *values;          /* [rows, columns], owned; where nothing stands: NaN, of one kind only */
    tdrop_column *columns; /* [columns], owned; NULL: all {0} */
    char **ids;            /* [rows] in one block, owned; NULL: none */
};

/* From here on a double becomes an infinite float: FLT_MAX and half of its last place. */
#define TDROP_BEYOND_FLOAT 0x1.ffffffp127
#define TDROP_TOO_LARGE    "is beyond what a float holds (3.4e38); divide that column"

static inline bool tdrop_is_beyond_float(double value) {
    return value >= TDROP_BEYOND_FLOAT || value <= -TDROP_BEYOND_FLOAT;
}

/* Makes a table of rows * columns uninitialised elements for a reader to fill. `shape` is that of
 * the whole array, shape[0] the rows; dims >= 1. No rows or columns is an error (DATA). */
tdrop_status tdrop_table_create(tdrop_data **data, const char *name, tdrop_element element,
                                int dims, const size_t *shape, tdrop_error *error);

/* To be called when the values are filled in: refuses numbers that are infinite as floats and,
 * unless may_miss, NaN (naming the first row and column, counted from 1), counts what is missing
 * and computes the hash. Errors: DATA, MEMORY. */
tdrop_status tdrop_table_finish(tdrop_data *data, tdrop_error *error);

/* Keeps the columns for which keep[column] is true, in place. Errors: DATA (rows of more than one
 * dimension; none is left). Where it fails the table is as it was. */
tdrop_status tdrop_table_keep_columns(tdrop_data *data, const bool *keep, tdrop_error *error);

/* The place of a column called by its number, counted from 1; `count` when it is none of so many.
 */
size_t tdrop_column_number(const char *text, size_t count);

/* Copies row `row` into out[columns] as double, NaN where nothing stands. */
void tdrop_table_row(const tdrop_data *data, size_t row, double *out);

#endif
