/* SPDX-License-Identifier: MIT
 * IDX, the format of MNIST: two zero bytes, a byte for the type, a byte for the number of
 * dimensions, the dimensions as 4-byte numbers, the values; everything highest byte first. */
#ifndef TDROP_DATA_IDX_H
#define TDROP_DATA_IDX_H

#include "taildropout_model.h"

#include <stdbool.h>
#include <stddef.h>

/* Whether these bytes begin as an IDX file does. */
bool tdrop_idx_matches(const unsigned char *bytes, size_t size);

/* Makes a table of a whole IDX file; `name` is for messages and for the table, which the caller
 * owns; the options may be NULL. Errors: FORMAT, DATA, OVERFLOW, MEMORY. */
tdrop_status tdrop_idx_parse(tdrop_data **data, const char *name, const unsigned char *bytes,
                             size_t size, const tdrop_data_read_options *options,
                             tdrop_error *error);

#endif
