/* SPDX-License-Identifier: MIT
 * NumPy's .npy, versions 1.0, 2.0 and 3.0. */
#ifndef TDROP_DATA_NPY_H
#define TDROP_DATA_NPY_H

#include "taildropout_model.h"

#include <stdbool.h>
#include <stddef.h>

/* Whether these bytes begin as a .npy file does. */
bool tdrop_npy_matches(const unsigned char *bytes, size_t size);

/* Makes a table of a whole .npy file; `name` is for messages and for the table, which the caller
 * owns; the options may be NULL. Errors: FORMAT, DATA, OVERFLOW, MEMORY. */
tdrop_status tdrop_npy_parse(tdrop_data **data, const char *name, const unsigned char *bytes,
                             size_t size, const tdrop_data_read_options *options,
                             tdrop_error *error);

#endif
