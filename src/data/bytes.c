/* SPDX-License-Identifier: MIT */
#include "data/bytes.h"

#include "base/error.h"
#include "base/memory.h"
#include "data/stream.h"

#include <stdint.h>
#include <string.h>

void tdrop_bytes_release(tdrop_bytes *bytes) {
    tdrop_free(bytes->data);
    *bytes = (tdrop_bytes){0};
}

tdrop_status tdrop_bytes_reserve(tdrop_bytes *bytes, size_t capacity, const char *name,
                                 tdrop_error *error) {
    if (capacity <= bytes->capacity) return TDROP_OK;
    unsigned char *data = tdrop_alloc(capacity, 1);
    if (!data) return tdrop_fail_memory(error, name);
    if (bytes->size > 0) memcpy(data, bytes->data, bytes->size);
    tdrop_free(bytes->data);
    bytes->data = data;
    bytes->capacity = capacity;
    return TDROP_OK;
}

tdrop_status tdrop_bytes_read(tdrop_bytes *bytes, const char *source, tdrop_error *error) {
    tdrop_stream stream;
    tdrop_bytes made = {0};
    tdrop_status status = tdrop_stream_open(&stream, source, false, error);
    if (status) return status;
    status = tdrop_stream_read_into(&stream, &made, SIZE_MAX, error);
    tdrop_stream_close(&stream);
    if (status)
        tdrop_bytes_release(&made);
    else
        *bytes = made;
    return status;
}
