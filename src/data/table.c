/* SPDX-License-Identifier: MIT */
#include "data/table.h"

#include "base/error.h"
#include "base/memory.h"
#include "data/elements.h"

#include <math.h>
#include <string.h>
#include <zlib.h>

enum { ITEM_DIMS = sizeof((tdrop_data_info){0}.item_shape) / sizeof(size_t) };

/* ---------------------------------------------------------------------------------------------
 * Making
 */

/* Fills rows, columns and the shape of a row from the shape of the whole array. */
static tdrop_status set_shape(tdrop_data_info *info, const char *name, int dims,
                              const size_t *shape, tdrop_error *error) {
    if (dims < 1 || dims > ITEM_DIMS + 1)
        return tdrop_fail(error, TDROP_ERROR_FORMAT,
                          "%s: %d dimensions where 1 to %d are read; reshape the array", name, dims,
                          ITEM_DIMS + 1);
    info->rows = shape[0];
    info->columns = 1;
    info->item_dims = dims - 1;
    for (int d = 1; d < dims; d++) {
        info->item_shape[d - 1] = shape[d];
        if (!tdrop_multiply(info->columns, shape[d], &info->columns))
            return tdrop_fail(error, TDROP_ERROR_OVERFLOW,
                              "%s: a row of more columns than this machine can address", name);
    }
    if (info->rows == 0)
        return tdrop_fail(error, TDROP_ERROR_DATA, "%s: no rows; at least one is needed", name);
    if (info->columns == 0)
        return tdrop_fail(error, TDROP_ERROR_DATA, "%s: no columns; at least one is needed", name);
    return TDROP_OK;
}

tdrop_status tdrop_table_create(tdrop_data **data, const char *name, tdrop_element element,
                                int dims, const size_t *shape, tdrop_error *error) {
    tdrop_data_info info = {.element_size = element};
    tdrop_status status = set_shape(&info, name, dims, shape, error);
    if (status) return status;
    size_t count = 0, bytes = 0;
    if (!tdrop_multiply(info.rows, info.columns, &count) || !tdrop_multiply(count, element, &bytes))
        return tdrop_fail(error, TDROP_ERROR_OVERFLOW,
                          "%s: %zu rows of %zu columns are more than this machine can address",
                          name, info.rows, info.columns);
    tdrop_data *made = tdrop_alloc_zero(1, sizeof *made);
    if (!made) return tdrop_fail_memory(error, name);
    made->info = info;
    made->element = element;
    made->info.name = tdrop_copy_string(name);
    made->values = tdrop_alloc(count, element);
    if (!made->info.name || !made->values) {
        tdrop_data_destroy(made);
        return tdrop_fail_memory(error, name);
    }
    *data = made;
    return TDROP_OK;
}

void tdrop_data_destroy(tdrop_data *data) {
    if (!data) return;
    tdrop_free(data->values);
    /* the public struct calls the name const; it is ours */
    char *name;
    memcpy(&name, &data->info.name, sizeof name);
    tdrop_free(name);
    tdrop_free(data);
}

/* ---------------------------------------------------------------------------------------------
 * Finishing: only finite numbers, and the hash
 */

static size_t first_not_finite_f32(const float *values, size_t count) {
    size_t i = 0;
    while (i < count && isfinite(values[i]))
        i++;
    return i;
}

static size_t first_not_finite_f64(const double *values, size_t count) {
    size_t i = 0;
    while (i < count && isfinite(values[i]))
        i++;
    return i;
}

static tdrop_status check_finite(const tdrop_data *data, tdrop_error *error) {
    size_t count = data->info.rows * data->info.columns, at = count;
    double value = 0;
    if (data->element == TDROP_ELEMENT_F32) {
        const float *values = data->values;
        at = first_not_finite_f32(values, count);
        if (at < count) value = (double)values[at];
    } else if (data->element == TDROP_ELEMENT_F64) {
        const double *values = data->values;
        at = first_not_finite_f64(values, count);
        if (at < count) value = values[at];
    }
    if (at == count) return TDROP_OK;
    const char *word = isnan(value) ? "NaN" : value > 0 ? "infinite" : "minus infinite";
    return tdrop_fail(
        error, TDROP_ERROR_DATA, "%s: row %zu, column %zu is %s; drop that row or fill in a number",
        data->info.name, at / data->info.columns + 1, at % data->info.columns + 1, word);
}

/* Two checksums of a different kind over the same bytes. CRC-32 catches every change within four
 * bytes; what it lets through by chance, Adler-32 hardly lets through as well. (Two CRCs of
 * different seeds would be one: their differences are the same.) */
typedef struct checksums {
    uLong crc, adler;
} checksums;

static void add_bytes(checksums *sums, const unsigned char *bytes, size_t size) {
    sums->crc = crc32_z(sums->crc, bytes, size);
    sums->adler = adler32_z(sums->adler, bytes, size);
}

/* Adds numbers lowest byte first, so that a hash is the same on every machine. */
static void add_numbers(checksums *sums, const void *numbers, size_t count, size_t size) {
    enum { CHUNK = 512, WIDEST = 8 };
    const unsigned char *bytes = numbers;
    if (!tdrop_host_is_big_endian()) {
        add_bytes(sums, bytes, count * size);
        return;
    }
    unsigned char chunk[CHUNK * WIDEST];
    for (size_t done = 0; done < count; done += CHUNK) {
        size_t n = count - done < CHUNK ? count - done : CHUNK;
        tdrop_reverse_bytes(chunk, bytes + done * size, n, size);
        add_bytes(sums, chunk, n * size);
    }
}

static uint64_t compute_hash(const tdrop_data *data) {
    const tdrop_data_info *info = &data->info;
    uint64_t header[3 + ITEM_DIMS] = {info->element_size, (uint64_t)info->item_dims, info->rows};
    for (int d = 0; d < info->item_dims; d++)
        header[3 + d] = info->item_shape[d];
    checksums sums = {crc32(0, NULL, 0), adler32(0, NULL, 0)};
    add_numbers(&sums, header, sizeof header / sizeof *header, sizeof *header);
    add_numbers(&sums, data->values, info->rows * info->columns, info->element_size);
    return (uint64_t)sums.crc << 32 | (uint64_t)sums.adler;
}

tdrop_status tdrop_table_finish(tdrop_data *data, tdrop_error *error) {
    tdrop_status status = check_finite(data, error);
    if (status) return status;
    data->info.hash = compute_hash(data);
    return TDROP_OK;
}

/* ---------------------------------------------------------------------------------------------
 * Reading out
 */

/* One loop for each pair of types. From double to float, what is too large becomes infinite. */
#define DEFINE_COPY(name, from, to)                                                                \
    static void name(const from *in, size_t count, to *out) {                                      \
        for (size_t i = 0; i < count; i++)                                                         \
            out[i] = (to)in[i];                                                                    \
    }

DEFINE_COPY(copy_u8_f32, uint8_t, float)
DEFINE_COPY(copy_f64_f32, double, float)
DEFINE_COPY(copy_u8_f64, uint8_t, double)
DEFINE_COPY(copy_f32_f64, float, double)

void tdrop_table_row(const tdrop_data *data, size_t row, double *out) {
    size_t columns = data->info.columns, at = row * columns;
    switch (data->element) {
    case TDROP_ELEMENT_U8:
        copy_u8_f64((const uint8_t *)data->values + at, columns, out);
        break;
    case TDROP_ELEMENT_F32:
        copy_f32_f64((const float *)data->values + at, columns, out);
        break;
    case TDROP_ELEMENT_F64:
        memcpy(out, (const double *)data->values + at, columns * sizeof *out);
        break;
    }
}

tdrop_status tdrop_data_get_rows(const tdrop_data *data, size_t first, size_t rows, float *values) {
    if (!data || !values) return TDROP_ERROR_NULL;
    if (first > data->info.rows || rows > data->info.rows - first) return TDROP_ERROR_SIZE;
    size_t count = rows * data->info.columns, at = first * data->info.columns;
    switch (data->element) {
    case TDROP_ELEMENT_U8:
        copy_u8_f32((const uint8_t *)data->values + at, count, values);
        break;
    case TDROP_ELEMENT_F32:
        memcpy(values, (const float *)data->values + at, count * sizeof *values);
        break;
    case TDROP_ELEMENT_F64:
        copy_f64_f32((const double *)data->values + at, count, values);
        break;
    }
    return TDROP_OK;
}

void tdrop_data_get_info(const tdrop_data *data, tdrop_data_info *info) {
    *info = data->info;
}

tdrop_status tdrop_data_from_floats(tdrop_data **data, const float *values, size_t rows,
                                    size_t columns, size_t stride, tdrop_error *error) {
    if (!data || !values)
        return tdrop_fail(error, TDROP_ERROR_NULL, "memory: the table or the values are NULL");
    if (stride < columns)
        return tdrop_fail(error, TDROP_ERROR_SIZE,
                          "memory: a row stride of %zu is below the %zu columns", stride, columns);
    tdrop_data *made = NULL;
    tdrop_status status =
        tdrop_table_create(&made, "memory", TDROP_ELEMENT_F32, 2, (size_t[]){rows, columns}, error);
    if (status) return status;
    float *to = made->values;
    for (size_t row = 0; row < rows; row++)
        memcpy(to + row * columns, values + row * stride, columns * sizeof *to);
    status = tdrop_table_finish(made, error);
    if (status) {
        tdrop_data_destroy(made);
        return status;
    }
    *data = made;
    return TDROP_OK;
}
