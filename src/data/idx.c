/* SPDX-License-Identifier: MIT */
#include "data/idx.h"

#include "base/error.h"
#include "data/array.h"

#include <stdint.h>

enum { MAGIC_SIZE = 4, DIMENSION_SIZE = 4 };

static bool find_number(unsigned char code, tdrop_number *number) {
    static const struct {
        unsigned char code;
        tdrop_number number;
    } rows[] = {
        {0x08, TDROP_NUMBER_U8},  {0x09, TDROP_NUMBER_I8},  {0x0b, TDROP_NUMBER_I16},
        {0x0c, TDROP_NUMBER_I32}, {0x0d, TDROP_NUMBER_F32}, {0x0e, TDROP_NUMBER_F64},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].code != code) continue;
        *number = rows[i].number;
        return true;
    }
    return false;
}

bool tdrop_idx_matches(const unsigned char *bytes, size_t size) {
    tdrop_number number;
    return size >= MAGIC_SIZE && bytes[0] == 0 && bytes[1] == 0 && find_number(bytes[2], &number);
}

static size_t read_dimension(const unsigned char *bytes) {
    return (size_t)((uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
                    bytes[3]);
}

tdrop_status tdrop_idx_parse(tdrop_data **data, const char *name, const unsigned char *bytes,
                             size_t size, const tdrop_data_read_options *options,
                             tdrop_error *error) {
    tdrop_array array = {.name = name, .big_endian = true};
    if (!tdrop_idx_matches(bytes, size) || !find_number(bytes[2], &array.number))
        return tdrop_fail(error, TDROP_ERROR_FORMAT, "%s: not an IDX file", name);
    array.dims = bytes[3];
    if (array.dims < 1 || array.dims > TDROP_ARRAY_DIMS)
        return tdrop_fail(error, TDROP_ERROR_FORMAT,
                          "%s: IDX of %d dimensions; 1 to %d are read, reshape the array", name,
                          array.dims, TDROP_ARRAY_DIMS);
    size_t header = MAGIC_SIZE + (size_t)array.dims * DIMENSION_SIZE;
    if (size < header)
        return tdrop_fail(error, TDROP_ERROR_FORMAT,
                          "%s: cut short within the IDX header of %zu bytes; get it again", name,
                          header);
    for (int d = 0; d < array.dims; d++)
        array.shape[d] = read_dimension(bytes + MAGIC_SIZE + d * DIMENSION_SIZE);
    array.bytes = bytes + header;
    array.size = size - header;
    return tdrop_array_to_table(data, &array, options, error);
}
