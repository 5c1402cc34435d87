/* SPDX-License-Identifier: MIT
 * Of a zip archive the directory at its end counts: it says where each file begins and how large it
 * is. What the file's own header says before its bytes is only used to step over it. */
#include "data/npz.h"

#include "base/byte_order.h"
#include "base/error.h"
#include "base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define ZLIB_CONST
#include <zlib.h>

enum { END_SIZE = 22, ENTRY_SIZE = 46, LOCAL_SIZE = 30, MOST_COMMENT = 0xffff };
enum { STORED = 0, DEFLATED = 8 };

typedef struct archive {
    const unsigned char *bytes;
    size_t size;
    const char *name;
    tdrop_error *error;
} archive;

/* A file in the archive. */
typedef struct entry {
    const char *name; /* name_length bytes */
    size_t name_length;
    unsigned flags, method;
    uint32_t crc, packed, size, local;
} entry;

static uint32_t number(const unsigned char *bytes, size_t width) {
    return (uint32_t)tdrop_read_little(bytes, width);
}

static bool begins_with(const unsigned char *bytes, const char *mark) {
    return memcmp(bytes, mark, 4) == 0;
}

bool tdrop_npz_matches(const unsigned char *bytes, size_t size) {
    return size >= END_SIZE && (begins_with(bytes, "PK\3\4") || begins_with(bytes, "PK\5\6"));
}

static tdrop_status damaged(const archive *a) {
    return tdrop_fail(a->error, TDROP_ERROR_FORMAT,
                      "%s: a zip archive that is cut short or damaged; get it again", a->name);
}

/* The record at the end, which a comment may follow; NULL when there is none. */
static const unsigned char *find_end(const archive *a) {
    for (size_t back = END_SIZE; back <= a->size && back <= END_SIZE + MOST_COMMENT; back++) {
        const unsigned char *at = a->bytes + a->size - back;
        if (begins_with(at, "PK\5\6") && number(at + 20, 2) == back - END_SIZE) return at;
    }
    return NULL;
}

/* Reads the entry at *at of the directory and steps over it. */
static tdrop_status read_entry(const archive *a, size_t *at, entry *e) {
    if (a->size - *at < ENTRY_SIZE || !begins_with(a->bytes + *at, "PK\1\2")) return damaged(a);
    const unsigned char *p = a->bytes + *at;
    size_t length = number(p + 28, 2);
    size_t whole = ENTRY_SIZE + length + number(p + 30, 2) + number(p + 32, 2);
    if (whole > a->size - *at) return damaged(a);
    *e = (entry){.name = (const char *)p + ENTRY_SIZE,
                 .name_length = length,
                 .flags = number(p + 8, 2),
                 .method = number(p + 10, 2),
                 .crc = number(p + 16, 4),
                 .packed = number(p + 20, 4),
                 .size = number(p + 24, 4),
                 .local = number(p + 42, 4)};
    *at += whole;
    return TDROP_OK;
}

/* "name" and "name.npy" are the same. */
static bool is_called(const entry *e, const char *wanted) {
    static const char ending[] = ".npy";
    size_t length = strlen(wanted), end = sizeof ending - 1;
    if (e->name_length == length) return memcmp(e->name, wanted, length) == 0;
    return e->name_length == length + end && memcmp(e->name, wanted, length) == 0 &&
           memcmp(e->name + length, ending, end) == 0;
}

/* Adds a name to a list for a message. */
static void list_name(char *list, size_t size, const entry *e) {
    size_t used = strlen(list);
    snprintf(list + used, size - used, "%s%.*s", used ? ", " : "",
             (int)(e->name_length < 60 ? e->name_length : 60), e->name);
}

static tdrop_status find_entry(const archive *a, const char *wanted, entry *found) {
    const unsigned char *end = find_end(a);
    if (!end) return damaged(a);
    size_t count = number(end + 10, 2), at = number(end + 16, 4), matching = 0;
    char names[400] = "";
    if (at > (size_t)(end - a->bytes)) return damaged(a);
    for (size_t i = 0; i < count; i++) {
        entry e;
        tdrop_status status = read_entry(a, &at, &e);
        if (status) return status;
        list_name(names, sizeof names, &e);
        if (wanted && !is_called(&e, wanted)) continue;
        *found = e;
        matching++;
    }
    if (matching == 1) return TDROP_OK;
    if (wanted && matching == 0)
        return tdrop_fail(a->error, TDROP_ERROR_FORMAT, "%s: no array '%s'; it holds %s", a->name,
                          wanted, names);
    return tdrop_fail(a->error, TDROP_ERROR_DATA,
                      "%s: %zu arrays (%s); say which, as file.npz:name", a->name, matching, names);
}

/* Where the bytes of a file begin; they all are there. */
static tdrop_status find_bytes(const archive *a, const entry *e, const unsigned char **packed) {
    enum { ENCRYPTED = 1 };
    if (e->packed == UINT32_MAX || e->size == UINT32_MAX || e->local == UINT32_MAX)
        return tdrop_fail(a->error, TDROP_ERROR_FORMAT,
                          "%s: a zip archive beyond 4 GB; save the array as .npy", a->name);
    if ((e->flags & ENCRYPTED) || (e->method != STORED && e->method != DEFLATED))
        return tdrop_fail(a->error, TDROP_ERROR_FORMAT,
                          "%s: encrypted, or packed in another way than numpy's savez does",
                          a->name);
    if (e->local > a->size || a->size - e->local < LOCAL_SIZE ||
        !begins_with(a->bytes + e->local, "PK\3\4"))
        return damaged(a);
    const unsigned char *local = a->bytes + e->local;
    size_t left = a->size - e->local - LOCAL_SIZE;
    size_t skip = (size_t)number(local + 26, 2) + number(local + 28, 2);
    if (skip > left || e->packed > left - skip) return damaged(a);
    *packed = local + LOCAL_SIZE + skip;
    return TDROP_OK;
}

/* Deflate packs at most 1032 to 1, so no small file can ask for much memory. */
static bool is_likely(const entry *e) {
    enum { MOST_RATIO = 1032 };
    if (e->method == STORED) return e->size == e->packed;
    return e->size / MOST_RATIO <= e->packed;
}

static tdrop_status inflate_all(const archive *a, const entry *e, const unsigned char *packed,
                                unsigned char *out) {
    z_stream stream = {.next_in = packed, .avail_in = e->packed};
    int code = inflateInit2(&stream, -MAX_WBITS);
    if (code != Z_OK) return tdrop_fail_memory(a->error, a->name);
    stream.next_out = out;
    stream.avail_out = e->size;
    code = inflate(&stream, Z_FINISH);
    size_t made = e->size - stream.avail_out;
    inflateEnd(&stream);
    if (code == Z_MEM_ERROR) return tdrop_fail_memory(a->error, a->name);
    return code == Z_STREAM_END && made == e->size ? TDROP_OK : damaged(a);
}

static tdrop_status unpack(const archive *a, const entry *e, tdrop_bytes *out) {
    const unsigned char *packed = NULL;
    tdrop_status status = find_bytes(a, e, &packed);
    if (status) return status;
    if (!is_likely(e)) return damaged(a);
    tdrop_bytes made = {.size = e->size, .capacity = e->size};
    made.data = tdrop_alloc(e->size, 1);
    if (!made.data) return tdrop_fail_memory(a->error, a->name);
    if (e->method == STORED)
        memcpy(made.data, packed, e->size);
    else
        status = inflate_all(a, e, packed, made.data);
    if (!status && crc32_z(crc32_z(0, NULL, 0), made.data, made.size) != e->crc)
        status = damaged(a);
    if (status)
        tdrop_bytes_release(&made);
    else
        *out = made;
    return status;
}

tdrop_status tdrop_npz_extract(tdrop_bytes *bytes, const char *name, const char *array,
                               tdrop_error *error) {
    archive a = {bytes->data, bytes->size, name, error};
    entry found = {.name = NULL};
    tdrop_bytes out;
    tdrop_status status = find_entry(&a, array, &found);
    if (!status) status = unpack(&a, &found, &out);
    if (status) return status;
    tdrop_bytes_release(bytes);
    *bytes = out;
    return TDROP_OK;
}
