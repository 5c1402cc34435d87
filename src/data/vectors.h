/* SPDX-License-Identifier: MIT
 * The two formats of benchmarks of nearest neighbours, without any mark of their own: .fvecs, each
 * row its length as 4 bytes and then so many floats, and .fbin, the numbers of rows and columns as
 * 4 bytes each and then the floats. Lowest byte first. */
#ifndef TDROP_DATA_VECTORS_H
#define TDROP_DATA_VECTORS_H

#include "taildropout_model.h"

#include <stddef.h>

/* Make a table of a whole file; `name` is for messages and for the table, which the caller owns;
 * the options may be NULL. Errors: FORMAT, DATA, OVERFLOW, MEMORY. */
tdrop_status tdrop_fvecs_parse(tdrop_data **data, const char *name, const unsigned char *bytes,
                               size_t size, const tdrop_data_read_options *options,
                               tdrop_error *error);
tdrop_status tdrop_fbin_parse(tdrop_data **data, const char *name, const unsigned char *bytes,
                              size_t size, const tdrop_data_read_options *options,
                              tdrop_error *error);

#endif
