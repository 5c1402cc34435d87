/* SPDX-License-Identifier: MIT */
#include "data/array.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/sizes.h"
#include "data/select.h"

static tdrop_status check_size(const tdrop_array *array, tdrop_error *error) {
    size_t wanted = tdrop_number_size(array->number);
    for (int d = 0; d < array->dims; d++)
        if (!tdrop_multiply(wanted, array->shape[d], &wanted))
            return tdrop_fail(error, TDROP_ERROR_OVERFLOW,
                              "%s: the shape in the header is beyond what this machine can address",
                              array->name);
    if (array->size < wanted)
        return tdrop_fail(error, TDROP_ERROR_FORMAT,
                          "%s: cut short, %zu of the %zu bytes of numbers are there; get it again",
                          array->name, array->size, wanted);
    if (array->size > wanted)
        return tdrop_fail(error, TDROP_ERROR_FORMAT,
                          "%s: its %zu bytes of numbers are followed by %zu more; get it again",
                          array->name, wanted, array->size - wanted);
    return TDROP_OK;
}

/* Where column `column`, counted with the last index fastest, stands when the first is fastest. */
static size_t fortran_column(const tdrop_data_info *info, size_t column) {
    size_t at = 0;
    for (int d = info->item_dims - 1; d >= 0; d--) {
        at = at * info->item_shape[d] + column % info->item_shape[d];
        column /= info->item_shape[d];
    }
    return at;
}

/* In Fortran order each column of the table stands in one piece. A block of rows at a time, so that
 * the scattered writes stay in the cache. */
static void fill_by_columns(const tdrop_array *array, tdrop_data *data) {
    enum { BLOCK = 256 };
    const size_t rows = data->info.rows, columns = data->info.columns;
    const size_t size = tdrop_number_size(array->number);
    unsigned char *out = data->values;
    for (size_t first = 0; first < rows; first += BLOCK) {
        size_t n = tdrop_least(rows - first, BLOCK);
        for (size_t column = 0; column < columns; column++) {
            size_t from = fortran_column(&data->info, column) * rows + first;
            tdrop_numbers_convert(array->number, array->big_endian, array->bytes + from * size, n,
                                  out + (first * columns + column) * data->element, columns);
        }
    }
}

tdrop_status tdrop_array_to_table(tdrop_data **data, const tdrop_array *array,
                                  const tdrop_data_read_options *options, tdrop_error *error) {
    options = tdrop_read_options(options);
    tdrop_status status = check_size(array, error);
    if (status) return status;
    tdrop_data *made = NULL;
    status = tdrop_table_create(&made, array->name, tdrop_number_element(array->number),
                                array->dims, array->shape, error);
    if (status) return status;
    if (array->fortran)
        fill_by_columns(array, made);
    else
        tdrop_numbers_convert(array->number, array->big_endian, array->bytes,
                              made->info.rows * made->info.columns, made->values, 1);
    made->may_miss = options->missing != TDROP_MISSING_ERROR;
    status = tdrop_select_in_table(made, options, error);
    if (!status) status = tdrop_table_finish(made, error);
    if (status) {
        tdrop_data_destroy(made);
        return status;
    }
    *data = made;
    return TDROP_OK;
}
