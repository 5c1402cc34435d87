/* SPDX-License-Identifier: MIT
 * An array as a file holds it, once the file's header has been understood. Every reader ends
 * here. */
#ifndef TDROP_DATA_ARRAY_H
#define TDROP_DATA_ARRAY_H

#include "data/elements.h"

enum { TDROP_ARRAY_DIMS = 8 };

typedef struct tdrop_array {
    const char *name; /* for messages and for the table */
    tdrop_number number;
    bool big_endian;
    bool fortran; /* the first index runs fastest */
    int dims;
    size_t shape[TDROP_ARRAY_DIMS];
    const unsigned char *bytes; /* what follows the header, to the end of the file */
    size_t size;
} tdrop_array;

/* Makes a table of an array; `bytes` must hold exactly what the shape asks for, which is checked
 * before anything is allocated. The caller owns the table.
 * Errors: FORMAT (bytes missing or left over), DATA, OVERFLOW, MEMORY. */
tdrop_status tdrop_array_to_table(tdrop_data **data, const tdrop_array *array,
                                  const tdrop_data_read_options *options, tdrop_error *error);

#endif
