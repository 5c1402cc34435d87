/* SPDX-License-Identifier: MIT
 * Tables of text: as they are found, with options, and with the delimiter given. */
#include "data/csv.h"
#include "reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static const char *const drop[] = {"b"};
    static const tdrop_data_read_options some = {
        .id = "id", .drop = drop, .drop_count = 1, .missing = TDROP_MISSING_MASK};
    static const tdrop_data_read_options tabs = {.delimiter = '\t', .missing = TDROP_MISSING_MEAN};
    try_reader(tdrop_csv_parse, bytes, size, NULL);
    try_reader(tdrop_csv_parse, bytes, size, &some);
    try_reader(tdrop_csv_parse, bytes, size, &tabs);
    return 0;
}
