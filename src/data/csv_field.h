/* SPDX-License-Identifier: MIT
 * Text of fields and records as RFC 4180 describes it, read field by field. */
#ifndef TDROP_DATA_CSV_FIELD_H
#define TDROP_DATA_CSV_FIELD_H

#include "data/bytes.h"
#include "data/stream.h"

#include <stdbool.h>

/* Where reading stands: at some place of a part of the text, which ends with a line or with the
 * text. */
typedef struct tdrop_csv_cursor {
    const char *name; /* for messages */
    const char *start, *at, *end;
    size_t lines_before; /* start */
    bool last;           /* nothing comes behind the end */
    bool cut;            /* the field that was read last goes on there */
    char delimiter;
    tdrop_stream *stream; /* where more comes from; NULL: there is no more */
    tdrop_bytes window;   /* what was read from there; owned */
    tdrop_bytes scratch;  /* a field whose doubled quotes had to be made single; owned */
} tdrop_csv_cursor;

/* Begins with what is in the window and what comes behind it, in all `window` bytes, if there are
 * as many, or as many as the first line takes. What the cursor owns is to be released in any case.
 * Errors: those of streams. */
tdrop_status tdrop_csv_begin(tdrop_csv_cursor *cursor, tdrop_stream *stream, size_t window,
                             tdrop_error *error);

/* Takes in more: another line at least. What was before the cursor is forgotten, unless `keep`; the
 * cursor stays at the same character. Not to be called on the last part. Errors: as above. */
tdrop_status tdrop_csv_go_on(tdrop_csv_cursor *cursor, bool keep, tdrop_error *error);

void tdrop_csv_release(tdrop_csv_cursor *cursor);

typedef struct tdrop_csv_field {
    const char *text; /* good until the next field is read */
    size_t length;
} tdrop_csv_field;

/* Reads the field that begins at the cursor and leaves the cursor at what ends it: a delimiter, a
 * line end or the end. Errors: FORMAT (a quote that is not closed, text behind a closing one),
 * MEMORY. With an error that cursor->cut goes with there is no message: the field has to be read
 * again when more has been taken in. */
tdrop_status tdrop_csv_read_field(tdrop_csv_cursor *cursor, tdrop_csv_field *field,
                                  tdrop_error *error);

/* Whether the cursor is at the end of a record: at "\n", "\r\n" or "\r", or at the end of all. */
static inline bool tdrop_csv_at_record_end(const tdrop_csv_cursor *cursor) {
    return cursor->at == cursor->end || *cursor->at == '\n' || *cursor->at == '\r';
}

/* Goes to the next record that is not an empty line; false at the end. */
bool tdrop_csv_next_record(tdrop_csv_cursor *cursor);

/* Number of the line, from 1, in which `at` lies. */
size_t tdrop_csv_line(const tdrop_csv_cursor *cursor, const char *at);

/* How many lines there are at most, from the cursor to the end. */
size_t tdrop_csv_count_lines(const tdrop_csv_cursor *cursor);

#endif
