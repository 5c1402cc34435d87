/* SPDX-License-Identifier: MIT
 * Tables of vectors without a mark of their own. */
#include "data/vectors.h"
#include "reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static const tdrop_data_read_options options = {.missing = TDROP_MISSING_MASK};
    try_reader(tdrop_fvecs_parse, bytes, size, &options);
    try_reader(tdrop_fbin_parse, bytes, size, &options);
    return 0;
}
