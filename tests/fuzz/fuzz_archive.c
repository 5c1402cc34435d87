/* SPDX-License-Identifier: MIT
 * Archives and gzip, and the arrays in them. */
#include "base/memory.h"
#include "data/npy.h"
#include "data/npz.h"
#include "data/stream.h"
#include "reader.h"

/* A copy that the readers may replace. */
static tdrop_bytes copy_of(const uint8_t *bytes, size_t size) {
    tdrop_bytes copy = {.data = tdrop_alloc(size, 1), .size = size, .capacity = size};
    REQUIRE(copy.data);
    if (size) memcpy(copy.data, bytes, size);
    return copy;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static const char *const names[] = {NULL, "x"};
    for (size_t i = 0; i < 2; i++) {
        tdrop_bytes copy = copy_of(bytes, size);
        if (tdrop_npz_matches(copy.data, copy.size) &&
            tdrop_npz_extract(&copy, "input", names[i], NULL) == TDROP_OK)
            try_reader(tdrop_npy_parse, copy.data, copy.size, NULL);
        tdrop_bytes_release(&copy);
    }
    tdrop_stream stream;
    tdrop_bytes unpacked = {0};
    if (tdrop_stream_open_bytes(&stream, "input", bytes, size, NULL) == TDROP_OK) {
        tdrop_stream_read_into(&stream, &unpacked, SIZE_MAX, NULL);
        tdrop_stream_close(&stream);
    }
    tdrop_bytes_release(&unpacked);
    return 0;
}
