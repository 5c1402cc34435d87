/* SPDX-License-Identifier: MIT
 * A whole source in memory. */
#ifndef TDROP_DATA_BYTES_H
#define TDROP_DATA_BYTES_H

#include "taildropout_model.h"

#include <stddef.h>

/* Bytes that this struct owns; {0} holds none. */
typedef struct tdrop_bytes {
    unsigned char *data; /* aligned as base/memory.h aligns */
    size_t size;
    size_t capacity;
} tdrop_bytes;

/* Makes room for `capacity` bytes, keeping what is there. `name` is for messages. Errors: MEMORY.
 */
tdrop_status tdrop_bytes_reserve(tdrop_bytes *bytes, size_t capacity, const char *name,
                                 tdrop_error *error);

/* Reads a file, a pipe or, for "-", standard input to its end, as it is. The memory grows with what
 * arrives. The caller releases *bytes. Errors: FILE, OVERFLOW, MEMORY. */
tdrop_status tdrop_bytes_read(tdrop_bytes *bytes, const char *source, tdrop_error *error);

/* Frees the bytes and leaves {0}. */
void tdrop_bytes_release(tdrop_bytes *bytes);

#endif
