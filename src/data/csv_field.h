/* SPDX-License-Identifier: MIT
 * Text of fields and records as RFC 4180 describes it, read field by field. */
#ifndef TDROP_DATA_CSV_FIELD_H
#define TDROP_DATA_CSV_FIELD_H

#include "data/bytes.h"

#include <stdbool.h>

/* Where reading stands. */
typedef struct tdrop_csv_cursor {
    const char *name; /* for messages */
    const char *start, *at, *end;
    char delimiter;
    tdrop_bytes scratch; /* a field whose doubled quotes had to be made single; owned */
} tdrop_csv_cursor;

typedef struct tdrop_csv_field {
    const char *text; /* good until the next field is read */
    size_t length;
    bool quoted;
} tdrop_csv_field;

/* Reads the field that begins at the cursor and leaves the cursor at what ends it: a delimiter, a
 * line end or the end. Errors: FORMAT (a quote that is not closed, text behind a closing one),
 * MEMORY. */
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

/* How many lines there are at most. */
size_t tdrop_csv_count_lines(const tdrop_csv_cursor *cursor);

#endif
