/* SPDX-License-Identifier: MIT */
#include "data/stream.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/sizes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER = 1 << 16 };

/* Reads once, into memory of anybody's. */
static tdrop_status read_source(tdrop_stream *stream, void *to, size_t room, size_t *got,
                                tdrop_error *error) {
    ssize_t count = 0;
    do
        count = stream->fd < 0 ? 0 : read(stream->fd, to, room);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        return tdrop_fail(error, TDROP_ERROR_FILE, "%s: cannot be read: %s", stream->name,
                          strerror(errno));
    stream->ended = count == 0;
    *got = (size_t)count;
    return TDROP_OK;
}

/* Puts more into the buffer, behind what is left there. */
static tdrop_status fill(tdrop_stream *stream, tdrop_error *error) {
    tdrop_bytes *buffer = &stream->buffer;
    if (stream->fd < 0) {
        stream->ended = true;
        return TDROP_OK;
    }
    size_t got = 0;
    if (stream->left > 0) memmove(buffer->data, stream->next, stream->left);
    stream->next = buffer->data;
    tdrop_status status = read_source(stream, buffer->data + stream->left,
                                      buffer->capacity - stream->left, &got, error);
    stream->left += got;
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
    return (unsigned)tdrop_least(size, most);
}

static tdrop_status gzip_error(const tdrop_stream *stream, int code, tdrop_error *error) {
    if (code == Z_MEM_ERROR) return tdrop_fail_memory(error, stream->name);
    if (code == Z_BUF_ERROR) /* it wants more input and there is none */
        return tdrop_fail(error, TDROP_ERROR_FORMAT, "%s: gzip data cut short; get the file again",
                          stream->name);
    return tdrop_fail(error, TDROP_ERROR_FORMAT, "%s: gzip data damaged (%s); get the file again",
                      stream->name,
                      stream->inflater.msg ? stream->inflater.msg : "no zlib message");
}

/* Begins to unpack when the first bytes are those of gzip. */
static tdrop_status look_for_gzip(tdrop_stream *stream, tdrop_error *error) {
    static const unsigned char magic[] = {0x1f, 0x8b};
    enum { GZIP_ONLY = 16 + MAX_WBITS };
    tdrop_status status = TDROP_OK;
    while (!status && !stream->ended && stream->left < sizeof magic)
        status = fill(stream, error);
    if (status || stream->left < sizeof magic || memcmp(stream->next, magic, sizeof magic) != 0)
        return status;
    stream->inflater = (z_stream){.zalloc = zlib_alloc, .zfree = zlib_free};
    int code = inflateInit2(&stream->inflater, GZIP_ONLY);
    if (code != Z_OK) return gzip_error(stream, code, error);
    stream->packed = true;
    stream->expected = 0;
    return TDROP_OK;
}

/* Inflates what is in the buffer into `to`, and says with zlib's code how that went. */
static int inflate_some(tdrop_stream *stream, void *to, size_t room, size_t *got) {
    z_stream *inflater = &stream->inflater;
    unsigned given = piece(stream->left), free = piece(room);
    inflater->next_in = stream->next;
    inflater->avail_in = given;
    inflater->next_out = to;
    inflater->avail_out = free;
    int code = inflate(inflater, Z_NO_FLUSH);
    stream->next += given - inflater->avail_in;
    stream->left -= given - inflater->avail_in;
    *got = free - inflater->avail_out;
    return code;
}

static tdrop_status unpack_some(tdrop_stream *stream, void *to, size_t room, size_t *got,
                                tdrop_error *error) {
    *got = 0;
    while (*got == 0) {
        if (stream->left == 0 && !stream->ended) {
            tdrop_status status = fill(stream, error);
            if (status) return status;
            continue;
        }
        if (stream->between_members) {
            if (stream->left == 0) return TDROP_OK;
            inflateReset(&stream->inflater);
            stream->between_members = false;
        }
        int code = inflate_some(stream, to, room, got);
        stream->between_members = code == Z_STREAM_END;
        if (code == Z_BUF_ERROR && !stream->ended) continue;
        if (code != Z_OK && code != Z_STREAM_END) return gzip_error(stream, code, error);
    }
    return TDROP_OK;
}

/* ---------------------------------------------------------------------------------------------
 * Streams
 */

/* A regular file says how large it is. */
static size_t size_of(int fd) {
    struct stat info;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size <= 0 ||
        (uintmax_t)info.st_size >= SIZE_MAX)
        return 0;
    return (size_t)info.st_size;
}

tdrop_status tdrop_stream_open(tdrop_stream *stream, const char *source, bool unpack,
                               tdrop_error *error) {
    const bool standard = strcmp(source, "-") == 0;
    *stream = (tdrop_stream){.name = standard ? "standard input" : source};
    stream->fd = standard ? STDIN_FILENO : open(source, O_RDONLY | O_CLOEXEC);
    if (stream->fd < 0)
        return tdrop_fail(error, TDROP_ERROR_FILE, "%s: cannot be opened: %s", stream->name,
                          strerror(errno));
    stream->opened = !standard;
    stream->expected = size_of(stream->fd);
    tdrop_status status = tdrop_bytes_reserve(&stream->buffer, BUFFER, stream->name, error);
    if (!status && unpack) status = look_for_gzip(stream, error);
    if (status) tdrop_stream_close(stream);
    return status;
}

tdrop_status tdrop_stream_open_bytes(tdrop_stream *stream, const char *name,
                                     const unsigned char *bytes, size_t size, tdrop_error *error) {
    *stream = (tdrop_stream){.name = name, .fd = -1, .next = bytes, .left = size};
    stream->expected = size;
    return look_for_gzip(stream, error);
}

void tdrop_stream_close(tdrop_stream *stream) {
    if (stream->packed) inflateEnd(&stream->inflater);
    if (stream->opened) close(stream->fd);
    tdrop_bytes_release(&stream->buffer);
}

tdrop_status tdrop_stream_read(tdrop_stream *stream, void *to, size_t room, size_t *got,
                               tdrop_error *error) {
    if (stream->packed) return unpack_some(stream, to, room, got, error);
    if (stream->left == 0) return read_source(stream, to, room, got, error);
    *got = tdrop_least(room, stream->left);
    memcpy(to, stream->next, *got);
    stream->next += *got;
    stream->left -= *got;
    return TDROP_OK;
}

/* For a file of known size, room for all of it and a byte more, so that its end shows without
 * growing; otherwise twice as much as before, which keeps the copying linear. */
static tdrop_status make_room(const tdrop_stream *stream, tdrop_bytes *bytes, size_t most,
                              tdrop_error *error) {
    size_t capacity = tdrop_most(bytes->capacity, BUFFER);
    if (bytes->size < bytes->capacity) return TDROP_OK;
    if (bytes->capacity > SIZE_MAX / 2)
        return tdrop_fail(error, TDROP_ERROR_OVERFLOW, "%s: more than this machine can address",
                          stream->name);
    if (bytes->capacity >= BUFFER) capacity = 2 * bytes->capacity;
    if (stream->expected >= capacity) capacity = stream->expected + 1;
    if (most < capacity - bytes->size) capacity = bytes->size + most;
    return tdrop_bytes_reserve(bytes, capacity, stream->name, error);
}

tdrop_status tdrop_stream_read_into(tdrop_stream *stream, tdrop_bytes *bytes, size_t most,
                                    tdrop_error *error) {
    size_t got = 1;
    while (got > 0 && most > 0) {
        tdrop_status status = make_room(stream, bytes, most, error);
        if (status) return status;
        size_t room = bytes->capacity - bytes->size;
        status = tdrop_stream_read(stream, bytes->data + bytes->size, tdrop_least(room, most), &got,
                                   error);
        if (status) return status;
        bytes->size += got;
        most -= got;
    }
    return TDROP_OK;
}
