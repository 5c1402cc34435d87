/* SPDX-License-Identifier: MIT
 * NumPy's .npz: a zip archive of .npy files, stored or deflated. */
#ifndef TDROP_DATA_NPZ_H
#define TDROP_DATA_NPZ_H

#include "data/bytes.h"

#include <stdbool.h>

/* Whether these bytes begin as a zip archive does. */
bool tdrop_npz_matches(const unsigned char *bytes, size_t size);

/* Replaces the archive by the array of that name in it; NULL: the only one. `name` is for messages.
 * Errors: FORMAT (damaged, of a kind that is not read, no such array), DATA (several arrays and no
 * name), MEMORY; then *bytes are as they were. */
tdrop_status tdrop_npz_extract(tdrop_bytes *bytes, const char *name, const char *array,
                               tdrop_error *error);

#endif
