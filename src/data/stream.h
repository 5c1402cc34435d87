/* SPDX-License-Identifier: MIT
 * A source that is read piece by piece, and unpacked on the way when it is gzip. (A file is read,
 * not mapped: one that somebody cuts short meanwhile would kill the process that mapped it.) */
#ifndef TDROP_DATA_STREAM_H
#define TDROP_DATA_STREAM_H

#include "data/bytes.h"

#include <stdbool.h>

#define ZLIB_CONST
#include <zlib.h>

/* Not to be moved: zlib knows where its part of it is. */
typedef struct tdrop_stream {
    const char *name; /* for messages */
    int fd;           /* -1: all that comes is at `next` */
    bool opened;      /* by this stream, which closes it */
    bool ended;       /* nothing comes but what is at `next` */
    bool packed, between_members;
    tdrop_bytes buffer;
    const unsigned char *next; /* [left] read and not yet handed out */
    size_t left;
    size_t expected; /* how many bytes there will be in all; 0: not known */
    z_stream inflater;
} tdrop_stream;

/* Opens a file, a pipe or, for "-", standard input. Where it begins as gzip does it is unpacked if
 * `unpack`. `source` has to last as long as the stream. To be closed unless this fails.
 * Errors: FILE, FORMAT, MEMORY. */
tdrop_status tdrop_stream_open(tdrop_stream *stream, const char *source, bool unpack,
                               tdrop_error *error);

/* The same on bytes that last as long. Errors: FORMAT, MEMORY. */
tdrop_status tdrop_stream_open_bytes(tdrop_stream *stream, const char *name,
                                     const unsigned char *bytes, size_t size, tdrop_error *error);

/* Reads up to `room` bytes, more than 0; *got is 0 at the end only.
 * Errors: FILE, FORMAT (gzip that is cut short or damaged), MEMORY. */
tdrop_status tdrop_stream_read(tdrop_stream *stream, void *to, size_t room, size_t *got,
                               tdrop_error *error);

/* Adds what comes to bytes, at most `most` of it. Errors: as above, OVERFLOW. */
tdrop_status tdrop_stream_read_into(tdrop_stream *stream, tdrop_bytes *bytes, size_t most,
                                    tdrop_error *error);

void tdrop_stream_close(tdrop_stream *stream);

#endif
