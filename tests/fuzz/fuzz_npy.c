/* SPDX-License-Identifier: MIT
 * Arrays of NumPy. */
#include "data/npy.h"
#include "reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static const tdrop_data_read_options options = {.missing = TDROP_MISSING_MASK};
    try_reader(tdrop_npy_parse, bytes, size, NULL);
    try_reader(tdrop_npy_parse, bytes, size, &options);
    return 0;
}
