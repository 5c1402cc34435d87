/* SPDX-License-Identifier: MIT
 * Tables of text: as they are found, with options, and with the delimiter given; each at once and
 * in pieces, which has to come to the same. */
#include "data/csv.h"
#include "data/table.h"
#include "reader.h"

static void try_both(const uint8_t *bytes, size_t size, const tdrop_data_read_options *options) {
    tdrop_data *whole = NULL, *pieces = NULL;
    tdrop_error error = {TDROP_OK, ""}, other = {TDROP_OK, ""};
    tdrop_bytes begin = {0};
    tdrop_stream stream = {.name = "input", .fd = -1, .next = bytes, .left = size};
    const size_t window = 1 + (size ? bytes[size - 1] % 32 : 0);
    try_reader(tdrop_csv_parse, bytes, size, options);
    tdrop_csv_parse(&whole, "input", bytes, size, options, &error);
    tdrop_csv_read(&pieces, "input", &begin, &stream, window, options, &other);
    REQUIRE(!strcmp(error.message, other.message));
    REQUIRE(!whole == !pieces && (!whole || whole->info.hash == pieces->info.hash));
    tdrop_data_destroy(whole);
    tdrop_data_destroy(pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static const char *const drop[] = {"b"};
    static const tdrop_data_read_options some = {
        .id = "id", .drop = drop, .drop_count = 1, .missing = TDROP_MISSING_MASK};
    static const tdrop_data_read_options tabs = {.delimiter = '\t', .missing = TDROP_MISSING_MEAN};
    try_both(bytes, size, NULL);
    try_both(bytes, size, &some);
    try_both(bytes, size, &tabs);
    return 0;
}
