/* SPDX-License-Identifier: MIT */
#include "data/csv_field.h"

#include "base/error.h"
#include "base/memory.h"

#include <string.h>

size_t tdrop_csv_line(const tdrop_csv_cursor *cursor, const char *at) {
    size_t line = 1;
    for (const char *p = cursor->start; p < at; p++)
        line += *p == '\n' || (*p == '\r' && (p + 1 == cursor->end || p[1] != '\n'));
    return line;
}

size_t tdrop_csv_count_lines(const tdrop_csv_cursor *cursor) {
    size_t lines = 1;
    const char *p = cursor->at, *end = cursor->end;
    if (memchr(p, '\r', (size_t)(end - p))) {
        for (; p < end; p++)
            lines += *p == '\n' || *p == '\r';
        return lines;
    }
    while ((p = memchr(p, '\n', (size_t)(end - p)))) {
        lines++;
        if (++p == end) break;
    }
    return lines;
}

bool tdrop_csv_next_record(tdrop_csv_cursor *cursor) {
    while (cursor->at < cursor->end && (*cursor->at == '\n' || *cursor->at == '\r'))
        cursor->at++;
    return cursor->at < cursor->end;
}

/* Room for a field of `size` bytes. */
static tdrop_status reserve(tdrop_csv_cursor *cursor, size_t size, tdrop_error *error) {
    tdrop_bytes *scratch = &cursor->scratch;
    if (size <= scratch->capacity) return TDROP_OK;
    unsigned char *room = tdrop_alloc(size, 2); /* twice, so that it seldom has to grow */
    if (!room) return tdrop_fail_memory(error, cursor->name);
    tdrop_free(scratch->data);
    *scratch = (tdrop_bytes){.data = room, .capacity = 2 * size};
    return TDROP_OK;
}

/* A copy with one quote for every two. */
static tdrop_status make_quotes_single(tdrop_csv_cursor *cursor, tdrop_csv_field *field,
                                       tdrop_error *error) {
    tdrop_status status = reserve(cursor, field->length, error);
    if (status) return status;
    char *to = (char *)cursor->scratch.data;
    size_t length = 0;
    for (size_t i = 0; i < field->length; i++) {
        to[length++] = field->text[i];
        i += field->text[i] == '"';
    }
    *field = (tdrop_csv_field){to, length, true};
    return TDROP_OK;
}

static tdrop_status read_quoted(tdrop_csv_cursor *cursor, tdrop_csv_field *field,
                                tdrop_error *error) {
    const char *open = cursor->at, *p = open + 1;
    bool doubled = false;
    while ((p = memchr(p, '"', (size_t)(cursor->end - p))) && p + 1 < cursor->end && p[1] == '"') {
        doubled = true;
        p += 2;
    }
    if (!p)
        return tdrop_fail(error, TDROP_ERROR_FORMAT,
                          "%s: line %zu: a quote is opened and never closed", cursor->name,
                          tdrop_csv_line(cursor, open));
    *field = (tdrop_csv_field){open + 1, (size_t)(p - open) - 1, true};
    cursor->at = p + 1;
    if (!tdrop_csv_at_record_end(cursor) && *cursor->at != cursor->delimiter)
        return tdrop_fail(error, TDROP_ERROR_FORMAT,
                          "%s: line %zu: text behind a closing quote; quotes within a field are "
                          "written twice",
                          cursor->name, tdrop_csv_line(cursor, p));
    return doubled ? make_quotes_single(cursor, field, error) : TDROP_OK;
}

tdrop_status tdrop_csv_read_field(tdrop_csv_cursor *cursor, tdrop_csv_field *field,
                                  tdrop_error *error) {
    if (cursor->at < cursor->end && *cursor->at == '"') return read_quoted(cursor, field, error);
    const char *start = cursor->at;
    while (!tdrop_csv_at_record_end(cursor) && *cursor->at != cursor->delimiter)
        cursor->at++;
    *field = (tdrop_csv_field){start, (size_t)(cursor->at - start), false};
    return TDROP_OK;
}
