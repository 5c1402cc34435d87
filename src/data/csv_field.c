/* SPDX-License-Identifier: MIT */
#include "data/csv_field.h"

#include "base/error.h"
#include "base/memory.h"

#include <string.h>

/* ---------------------------------------------------------------------------------------------
 * Parts of the text
 */

/* Where the last line of the window ends, "\r\n" not taken apart; 0 when none does from `from` on.
 */
static size_t last_line_end(const tdrop_bytes *window, size_t from) {
    for (size_t i = window->size; i-- > from;) {
        unsigned char c = window->data[i];
        if (c == '\n' || (c == '\r' && i + 1 < window->size)) return i + 1;
    }
    return 0;
}

/* Fills the window, which holds nothing but what is still to be read. */
static tdrop_status fill_window(tdrop_csv_cursor *cursor, tdrop_error *error) {
    tdrop_bytes *window = &cursor->window;
    size_t had = window->size, end = 0;
    while (end == 0 && !cursor->last) {
        size_t from = window->size > had ? window->size - 1 : had;
        size_t room = window->capacity - window->size;
        tdrop_status status = TDROP_OK;
        if (room <= window->capacity / 2) {
            size_t capacity = 0;
            if (!tdrop_multiply(window->capacity, 2, &capacity))
                return tdrop_fail_memory(error, cursor->name);
            status = tdrop_bytes_reserve(window, capacity, cursor->name, error);
            room = window->capacity - window->size;
        }
        size_t before = window->size;
        if (!status) status = tdrop_stream_read_into(cursor->stream, window, room, error);
        if (status) return status;
        cursor->last = window->size - before < room;
        end = last_line_end(window, from);
    }
    if (cursor->last) end = window->size;
    cursor->start = cursor->at = (const char *)window->data;
    cursor->end = cursor->start + end;
    return TDROP_OK;
}

tdrop_status tdrop_csv_begin(tdrop_csv_cursor *cursor, tdrop_stream *stream, size_t window,
                             tdrop_error *error) {
    cursor->stream = stream;
    tdrop_status status = tdrop_bytes_reserve(&cursor->window, window, cursor->name, error);
    return status ? status : fill_window(cursor, error);
}

tdrop_status tdrop_csv_go_on(tdrop_csv_cursor *cursor, bool keep, tdrop_error *error) {
    tdrop_bytes *window = &cursor->window;
    size_t done = (size_t)(cursor->at - cursor->start), forget = keep ? 0 : done;
    if (forget) {
        cursor->lines_before = tdrop_csv_line(cursor, cursor->at) - 1;
        window->size -= forget;
        memmove(window->data, window->data + forget, window->size);
    }
    cursor->cut = false;
    tdrop_status status = fill_window(cursor, error);
    if (!status) cursor->at += done - forget;
    return status;
}

void tdrop_csv_release(tdrop_csv_cursor *cursor) {
    tdrop_bytes_release(&cursor->window);
    tdrop_bytes_release(&cursor->scratch);
}

/* ---------------------------------------------------------------------------------------------
 * Lines
 */

/* How many line ends there are: "\n", "\r\n" or "\r". */
static size_t count_line_ends(const char *p, const char *end) {
    size_t count = 0;
    if (memchr(p, '\r', (size_t)(end - p))) {
        for (; p < end; p++)
            count += *p == '\n' || (*p == '\r' && (p + 1 == end || p[1] != '\n'));
        return count;
    }
    while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
        count++;
        p++;
    }
    return count;
}

size_t tdrop_csv_line(const tdrop_csv_cursor *cursor, const char *at) {
    return 1 + cursor->lines_before + (at > cursor->start ? count_line_ends(cursor->start, at) : 0);
}

size_t tdrop_csv_count_lines(const tdrop_csv_cursor *cursor) {
    return 1 + count_line_ends(cursor->at, cursor->end);
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
    *field = (tdrop_csv_field){to, length};
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
    cursor->cut = !p && !cursor->last;
    if (cursor->cut) return TDROP_ERROR_FORMAT;
    if (!p)
        return tdrop_fail(error, TDROP_ERROR_FORMAT,
                          "%s: line %zu: a quote is opened and never closed", cursor->name,
                          tdrop_csv_line(cursor, open));
    *field = (tdrop_csv_field){open + 1, (size_t)(p - open) - 1};
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
    *field = (tdrop_csv_field){start, (size_t)(cursor->at - start)};
    return TDROP_OK;
}
