/* SPDX-License-Identifier: MIT */
#include "data/vectors.h"

#include "base/byte_order.h"
#include "base/error.h"
#include "data/array.h"
#include "data/select.h"

enum { WORD = 4 };

static size_t read_word(const unsigned char *bytes) {
    return (size_t)tdrop_read_little(bytes, WORD);
}

static tdrop_status too_short(const char *name, tdrop_error *error) {
    return tdrop_fail(error, TDROP_ERROR_FORMAT, "%s: cut short within the header; get it again",
                      name);
}

tdrop_status tdrop_fbin_parse(tdrop_data **data, const char *name, const unsigned char *bytes,
                              size_t size, const tdrop_data_read_options *options,
                              tdrop_error *error) {
    if (size < 2 * WORD) return too_short(name, error);
    const tdrop_array array = {.name = name,
                               .number = TDROP_NUMBER_F32,
                               .dims = 2,
                               .shape = {read_word(bytes), read_word(bytes + WORD)},
                               .bytes = bytes + 2 * WORD,
                               .size = size - 2 * WORD};
    return tdrop_array_to_table(data, &array, options, error);
}

/* Rows of equal length; the first word of each says so. */
static tdrop_status fill(tdrop_data *data, const unsigned char *bytes, tdrop_error *error) {
    const size_t columns = data->info.columns;
    float *to = data->values;
    for (size_t row = 0; row < data->info.rows; row++, to += columns) {
        size_t length = read_word(bytes);
        if (length != columns)
            return tdrop_fail(error, TDROP_ERROR_FORMAT,
                              "%s: row %zu has %zu numbers, but the first has %zu; get it again",
                              data->info.name, row + 1, length, columns);
        tdrop_numbers_convert(TDROP_NUMBER_F32, false, bytes + WORD, columns, to, 1);
        bytes += WORD + columns * sizeof *to;
    }
    return TDROP_OK;
}

tdrop_status tdrop_fvecs_parse(tdrop_data **data, const char *name, const unsigned char *bytes,
                               size_t size, const tdrop_data_read_options *options,
                               tdrop_error *error) {
    if (size < WORD) return too_short(name, error);
    options = tdrop_read_options(options);
    size_t columns = read_word(bytes), row_size = WORD + columns * sizeof(float);
    if (columns > (SIZE_MAX - WORD) / sizeof(float) || size % row_size != 0)
        return tdrop_fail(error, TDROP_ERROR_FORMAT,
                          "%s: %zu bytes are no whole rows of %zu numbers; get it again", name,
                          size, columns);
    tdrop_data *made = NULL;
    tdrop_status status = tdrop_table_create(&made, name, TDROP_ELEMENT_F32, 2,
                                             (size_t[]){size / row_size, columns}, error);
    if (status) return status;
    made->may_miss = options->missing != TDROP_MISSING_ERROR;
    status = fill(made, bytes, error);
    if (!status) status = tdrop_select_in_table(made, options, error);
    if (!status) status = tdrop_table_finish(made, error);
    if (status)
        tdrop_data_destroy(made);
    else
        *data = made;
    return status;
}
