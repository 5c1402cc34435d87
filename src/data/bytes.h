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

/* Reads a file, a pipe or, for "-", standard input to its end. The memory grows with what arrives.
 * The caller releases *bytes. (A file is read, not mapped: one that somebody cuts short meanwhile
 * would kill the process that mapped it.) Errors: FILE, OVERFLOW, MEMORY. */
tdrop_status tdrop_bytes_read(tdrop_bytes *bytes, const char *source, tdrop_error *error);

/* When the bytes are gzip, told by their content, replaces them by what they hold (of all members);
 * other bytes are left alone. `name` is for messages.
 * Errors: FORMAT (cut short or damaged), OVERFLOW, MEMORY; then *bytes are as they were. */
tdrop_status tdrop_bytes_gunzip(tdrop_bytes *bytes, const char *name, tdrop_error *error);

/* Frees the bytes and leaves {0}. */
void tdrop_bytes_release(tdrop_bytes *bytes);

#endif
