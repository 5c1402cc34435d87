/* SPDX-License-Identifier: MIT
 * IDX files. */
#include "data/idx.h"
#include "reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static const tdrop_data_read_options options = {.missing = TDROP_MISSING_MASK};
    try_reader(tdrop_idx_parse, bytes, size, &options);
    return 0;
}
