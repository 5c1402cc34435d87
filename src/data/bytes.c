/* SPDX-License-Identifier: MIT */
#include "data/bytes.h"

#include "base/error.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ZLIB_CONST
#include <zlib.h>

enum { FIRST_CAPACITY = 1 << 16 };

void tdrop_bytes_release(tdrop_bytes *bytes) {
    tdrop_free(bytes->data);
    *bytes = (tdrop_bytes){0};
}

/* Makes room for `capacity` bytes, keeping what is there. */
static tdrop_status reserve(tdrop_bytes *bytes, size_t capacity, const char *name,
                            tdrop_error *error) {
    unsigned char *data = tdrop_alloc(capacity, 1);
    if (!data) return tdrop_fail_memory(error, name);
    if (bytes->size > 0) memcpy(data, bytes->data, bytes->size);
    tdrop_free(bytes->data);
    bytes->data = data;
    bytes->capacity = capacity;
    return TDROP_OK;
}

/* Makes room for at least one byte more; doubling keeps the copying linear. */
static tdrop_status make_room(tdrop_bytes *bytes, const char *name, tdrop_error *error) {
    if (bytes->size < bytes->capacity) return TDROP_OK;
    if (bytes->capacity > SIZE_MAX / 2)
        return tdrop_fail(error, TDROP_ERROR_OVERFLOW, "%s: more than this machine can address",
                          name);
    size_t capacity = bytes->capacity ? bytes->capacity * 2 : FIRST_CAPACITY;
    return reserve(bytes, capacity, name, error);
}

/* ---------------------------------------------------------------------------------------------
 * Reading
 */

/* For a regular file, room for all of it and a byte more, so that its end shows without growing. */
static tdrop_status reserve_for_file(tdrop_bytes *bytes, int fd, const char *name,
                                     tdrop_error *error) {
    struct stat info;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size <= 0 ||
        (uintmax_t)info.st_size >= SIZE_MAX)
        return TDROP_OK;
    return reserve(bytes, (size_t)info.st_size + 1, name, error);
}

static tdrop_status read_to_end(tdrop_bytes *bytes, int fd, const char *name, tdrop_error *error) {
    for (;;) {
        tdrop_status status = make_room(bytes, name, error);
        if (status) return status;
        ssize_t got = read(fd, bytes->data + bytes->size, bytes->capacity - bytes->size);
        if (got == 0) return TDROP_OK;
        if (got > 0)
            bytes->size += (size_t)got;
        else if (errno != EINTR)
            return tdrop_fail(error, TDROP_ERROR_FILE, "%s: cannot be read: %s", name,
                              strerror(errno));
    }
}

tdrop_status tdrop_bytes_read(tdrop_bytes *bytes, const char *source, tdrop_error *error) {
    bool from_stdin = strcmp(source, "-") == 0;
    const char *name = from_stdin ? "standard input" : source;
    int fd = from_stdin ? STDIN_FILENO : open(source, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return tdrop_fail(error, TDROP_ERROR_FILE, "%s: cannot be opened: %s", name,
                          strerror(errno));
    tdrop_bytes made = {0};
    tdrop_status status = reserve_for_file(&made, fd, name, error);
    if (!status) status = read_to_end(&made, fd, name, error);
    if (!from_stdin) close(fd);
    if (status)
        tdrop_bytes_release(&made);
    else
        *bytes = made;
    return status;
}

/* ---------------------------------------------------------------------------------------------
 * gzip
 */

static void *zlib_alloc(void *unused, unsigned count, unsigned size) {
    (void)unused;
    return tdrop_alloc(count, size);
}

static void zlib_free(void *unused, void *memory) {
    (void)unused;
    tdrop_free(memory);
}

/* zlib counts in 32 bits: larger pieces are handed over in turns. */
static unsigned piece(size_t size) {
    const size_t most = (size_t)1 << 30;
    return (unsigned)(size < most ? size : most);
}

/* Inflates into the room that there is, and says with zlib's code how that went. */
static int inflate_some(z_stream *stream, tdrop_bytes *out) {
    unsigned room = piece(out->capacity - out->size);
    stream->next_out = out->data + out->size;
    stream->avail_out = room;
    int code = inflate(stream, Z_NO_FLUSH);
    out->size += room - stream->avail_out;
    return code;
}

static tdrop_status gzip_error(const z_stream *stream, int code, const char *name,
                               tdrop_error *error) {
    if (code == Z_MEM_ERROR) return tdrop_fail_memory(error, name);
    if (code == Z_BUF_ERROR) /* it wants more input and there is none */
        return tdrop_fail(error, TDROP_ERROR_FORMAT, "%s: gzip data cut short; get the file again",
                          name);
    return tdrop_fail(error, TDROP_ERROR_FORMAT, "%s: gzip data damaged (%s); get the file again",
                      name, stream->msg ? stream->msg : "no zlib message");
}

static tdrop_status inflate_all(z_stream *stream, const tdrop_bytes *in, tdrop_bytes *out,
                                const char *name, tdrop_error *error) {
    size_t fed = 0;
    for (;;) {
        tdrop_status status = make_room(out, name, error);
        if (status) return status;
        if (stream->avail_in == 0) {
            stream->next_in = in->data + fed;
            stream->avail_in = piece(in->size - fed);
            fed += stream->avail_in;
        }
        int code = inflate_some(stream, out);
        if (code == Z_STREAM_END) {
            if (stream->avail_in == 0 && fed == in->size) return TDROP_OK;
            code = inflateReset(stream); /* the next member */
        }
        if (code != Z_OK) return gzip_error(stream, code, name, error);
    }
}

tdrop_status tdrop_bytes_gunzip(tdrop_bytes *bytes, const char *name, tdrop_error *error) {
    static const unsigned char magic[] = {0x1f, 0x8b};
    enum { GZIP_ONLY = 16 + MAX_WBITS };
    if (bytes->size < sizeof magic || memcmp(bytes->data, magic, sizeof magic) != 0)
        return TDROP_OK;
    z_stream stream = {.zalloc = zlib_alloc, .zfree = zlib_free};
    int code = inflateInit2(&stream, GZIP_ONLY);
    if (code != Z_OK) return gzip_error(&stream, code, name, error);
    tdrop_bytes out = {0};
    tdrop_status status = reserve(&out, bytes->size, name, error);
    if (!status) status = inflate_all(&stream, bytes, &out, name, error);
    inflateEnd(&stream);
    tdrop_bytes_release(status ? &out : bytes);
    if (!status) *bytes = out;
    return status;
}
