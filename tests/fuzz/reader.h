/* SPDX-License-Identifier: MIT
 * What the targets of readers have in common. */
#ifndef TDROP_TESTS_FUZZ_READER_H
#define TDROP_TESTS_FUZZ_READER_H

#include "taildropout_model.h"
#include "target.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef tdrop_status reader(tdrop_data **data, const char *name, const unsigned char *bytes,
                            size_t size, const tdrop_data_read_options *options,
                            tdrop_error *error);

/* What was read is a table: cells are finite or missing, and those of categories are levels. */
static inline void check_table(const tdrop_data *data) {
    tdrop_data_info info;
    tdrop_data_get_info(data, &info);
    REQUIRE(info.rows > 0 && info.columns > 0);
    float *row = malloc(info.columns * sizeof *row);
    REQUIRE(row);
    size_t missing = 0;
    for (size_t i = 0; i < info.rows; i++) {
        REQUIRE(tdrop_data_get_rows(data, i, 1, row) == TDROP_OK);
        for (size_t j = 0; j < info.columns; j++) {
            tdrop_column_info column;
            REQUIRE(tdrop_data_get_column(data, j, &column) == TDROP_OK);
            missing += isnan(row[j]) != 0;
            if (column.levels && !isnan(row[j]))
                REQUIRE(row[j] >= 0 && row[j] < (float)column.levels);
        }
        REQUIRE(!info.id_name == !tdrop_data_get_id(data, i));
    }
    REQUIRE(missing == info.missing);
    free(row);
}

/* Reads, and looks at what came of it. */
static inline void try_reader(reader *read, const uint8_t *bytes, size_t size,
                              const tdrop_data_read_options *options) {
    tdrop_data *data = NULL;
    tdrop_error error = {TDROP_OK, ""};
    const tdrop_status status = read(&data, "input", bytes, size, options, &error);
    REQUIRE((status == TDROP_OK) == (data != NULL));
    REQUIRE(status == error.status && !strchr(error.message, '\n'));
    if (data) check_table(data);
    tdrop_data_destroy(data);
}

#endif
