/* SPDX-License-Identifier: MIT */
#include "data/table.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/names.h"
#include "data/hash.h"
#include "data/text_list.h"

#include <math.h>
#include <string.h>

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

/* The public struct calls its strings const; they are ours. */
static void free_string(const char *text) {
    char *owned;
    memcpy(&owned, &text, sizeof owned);
    tdrop_free(owned);
}

static void clear_column(tdrop_column *column) {
    tdrop_free(column->name);
    tdrop_free(column->level);
    *column = (tdrop_column){0};
}

void tdrop_data_destroy(tdrop_data *data) {
    if (!data) return;
    for (size_t j = 0; data->columns && j < data->info.columns; j++)
        clear_column(&data->columns[j]);
    tdrop_free(data->columns);
    tdrop_free(data->ids);
    tdrop_free(data->values);
    free_string(data->info.name);
    free_string(data->info.id_name);
    tdrop_free(data);
}

/* ---------------------------------------------------------------------------------------------
 * Finishing: nothing infinite, what is missing counted, and the hash
 */

/* Numbers that are not finite have the largest exponent, and with the sign away the largest bits:
 * what is missing up to 2^31 or 2^63 carries them out. These loops are such that compilers turn
 * into vector instructions. */
static bool all_finite_f32(const float *values, size_t count) {
    const uint32_t exponent = 0x7f800000u, one = 0x00800000u;
    uint32_t carry = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        carry |= (bits & exponent) + one;
    }
    return !(carry >> 31);
}

/* Rows are handed out as floats, so a double has to be finite as a float, too. */
static bool all_finite_f64(const double *values, size_t count) {
    const double beyond = TDROP_BEYOND_FLOAT;
    uint64_t most, carry = 0;
    memcpy(&most, &beyond, sizeof most);
    const uint64_t sign = (uint64_t)1 << 63, to_sign = sign - most;
    for (size_t i = 0; i < count; i++) {
        uint64_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        carry |= (bits & ~sign) + to_sign;
    }
    return !(carry >> 63);
}

static bool all_finite(const tdrop_data *data, size_t at, size_t count) {
    switch (data->element) {
    case TDROP_ELEMENT_F32:
        return all_finite_f32((const float *)data->values + at, count);
    case TDROP_ELEMENT_F64:
        return all_finite_f64((const double *)data->values + at, count);
    case TDROP_ELEMENT_U8:
        break;
    }
    return true;
}

/* The first number from `at` on that is not finite as a float; `count` when all are. */
static size_t next_not_finite(const tdrop_data *data, size_t at, size_t count) {
    enum { AT_ONCE = 256 };
    while (count - at >= AT_ONCE && all_finite(data, at, AT_ONCE))
        at += AT_ONCE;
    while (at < count && all_finite(data, at, 1))
        at++;
    return at;
}

static double value_at(const tdrop_data *data, size_t at) {
    return data->element == TDROP_ELEMENT_F32 ? (double)((float *)data->values)[at]
                                              : ((double *)data->values)[at];
}

static tdrop_status not_finite(const tdrop_data *data, size_t at, double value,
                               tdrop_error *error) {
    const char *word = isnan(value) ? "NaN" : value > 0 ? "infinite" : "minus infinite";
    if (isfinite(value))
        return tdrop_fail(error, TDROP_ERROR_DATA, "%s: row %zu, column %zu: %g " TDROP_TOO_LARGE,
                          data->info.name, at / data->info.columns + 1, at % data->info.columns + 1,
                          value);
    return tdrop_fail(error, isnan(value) ? TDROP_ERROR_MISSING : TDROP_ERROR_DATA,
                      "%s: row %zu, column %zu is %s; drop that row or fill in a number",
                      data->info.name, at / data->info.columns + 1, at % data->info.columns + 1,
                      word);
}

/* There are many NaNs; one is kept, so that equal tables have equal bytes. */
static tdrop_status note_missing(tdrop_data *data, size_t at, tdrop_error *error) {
    if (!data->columns) data->columns = tdrop_alloc_zero(data->info.columns, sizeof *data->columns);
    if (!data->columns) return tdrop_fail_memory(error, data->info.name);
    if (data->element == TDROP_ELEMENT_F32)
        ((float *)data->values)[at] = NAN;
    else
        ((double *)data->values)[at] = (double)NAN;
    data->columns[at % data->info.columns].missing++;
    data->info.missing++;
    return TDROP_OK;
}

static tdrop_status check_values(tdrop_data *data, tdrop_error *error) {
    size_t count = data->finite ? 0 : data->info.rows * data->info.columns;
    tdrop_status status = TDROP_OK;
    for (size_t at = 0; !status && (at = next_not_finite(data, at, count)) < count; at++) {
        double value = value_at(data, at);
        status = data->may_miss && isnan(value) ? note_missing(data, at, error)
                                                : not_finite(data, at, value, error);
    }
    return status;
}

/* A column without a single cell has nothing to learn from. */
static tdrop_status check_columns(const tdrop_data *data, tdrop_error *error) {
    for (size_t j = 0; data->columns && j < data->info.columns; j++) {
        const tdrop_column *column = &data->columns[j];
        if (column->missing < data->info.rows) continue;
        return tdrop_fail(error, TDROP_ERROR_DATA,
                          "%s: column %zu%s%s%s: everything is missing; leave that column out",
                          data->info.name, j + 1, column->name ? " ('" : "",
                          column->name ? column->name : "", column->name ? "')" : "");
    }
    return TDROP_OK;
}

static uint64_t compute_hash(const tdrop_data *data) {
    const tdrop_data_info *info = &data->info;
    uint64_t header[3 + ITEM_DIMS] = {info->element_size, (uint64_t)info->item_dims, info->rows};
    for (int d = 0; d < info->item_dims; d++)
        header[3 + d] = info->item_shape[d];
    tdrop_hash hash = {{0}, 0};
    tdrop_hash_add(&hash, header, sizeof header / sizeof *header, sizeof *header);
    tdrop_hash_add(&hash, data->values, info->rows * info->columns, info->element_size);
    for (size_t j = 0; data->columns && j < info->columns; j++) {
        const tdrop_column *column = &data->columns[j];
        if (column->name) tdrop_hash_add_text(&hash, column->name);
        for (size_t l = 0; l < column->level_count; l++)
            tdrop_hash_add_text(&hash, column->level[l]);
    }
    return tdrop_hash_value(&hash);
}

tdrop_status tdrop_table_finish(tdrop_data *data, tdrop_error *error) {
    data->info.missing = 0;
    for (size_t j = 0; data->columns && j < data->info.columns; j++)
        data->columns[j].missing = 0;
    tdrop_status status = check_values(data, error);
    if (!status) status = check_columns(data, error);
    if (!status) data->info.hash = compute_hash(data);
    return status;
}

/* ---------------------------------------------------------------------------------------------
 * Columns
 */

static const char *const missing_names[] = {
    [TDROP_MISSING_ERROR] = "error",
    [TDROP_MISSING_MEAN] = "mean",
    [TDROP_MISSING_MASK] = "mask",
};
enum { MISSING_NAMES = sizeof missing_names / sizeof *missing_names };

const char *tdrop_missing_name(tdrop_missing missing) {
    return tdrop_name_of(missing_names, MISSING_NAMES, (unsigned)missing);
}

tdrop_status tdrop_missing_parse(const char *name, tdrop_missing *missing) {
    unsigned number = 0;
    if (!missing) return TDROP_ERROR_NULL;
    tdrop_status status = tdrop_name_find(missing_names, MISSING_NAMES, name, &number);
    if (!status) *missing = (tdrop_missing)number;
    return status;
}

tdrop_status tdrop_data_get_column(const tdrop_data *data, size_t column, tdrop_column_info *info) {
    if (!data || !info) return TDROP_ERROR_NULL;
    if (column >= data->info.columns) return TDROP_ERROR_SIZE;
    *info = (tdrop_column_info){.name = NULL};
    if (!data->columns) return TDROP_OK;
    const tdrop_column *from = &data->columns[column];
    *info = (tdrop_column_info){.name = from->name,
                                .kind = from->kind,
                                .missing = from->missing,
                                .levels = from->level_count,
                                .level = (const char *const *)from->level};
    return TDROP_OK;
}

const char *tdrop_data_get_id(const tdrop_data *data, size_t row) {
    return data && data->ids && row < data->info.rows ? data->ids[row] : NULL;
}

size_t tdrop_column_number(const char *text, size_t count) {
    size_t number = 0;
    for (; *text >= '0' && *text <= '9' && number <= count; text++)
        number = 10 * number + (size_t)(*text - '0');
    return *text || number < 1 || number > count ? count : number - 1;
}

int tdrop_data_find_column(const tdrop_data *data, const char *name, size_t *column) {
    size_t found = 0;
    if (!data || !name) return 0;
    if (data->info.named)
        while (found < data->info.columns && strcmp(data->columns[found].name, name) != 0)
            found++;
    else
        found = tdrop_column_number(name, data->info.columns);
    if (found >= data->info.columns) return 0;
    if (column) *column = found;
    return 1;
}

tdrop_status tdrop_table_keep_columns(tdrop_data *data, const bool *keep, tdrop_error *error) {
    const size_t columns = data->info.columns, size = data->element;
    size_t kept = 0;
    for (size_t j = 0; j < columns; j++)
        kept += keep[j];
    if (kept == columns) return TDROP_OK;
    if (data->info.item_dims > 1)
        return tdrop_fail(error, TDROP_ERROR_DATA,
                          "%s: rows of %d dimensions have no columns to choose from",
                          data->info.name, data->info.item_dims);
    if (kept == 0)
        return tdrop_fail(error, TDROP_ERROR_DATA, "%s: no column is left", data->info.name);
    unsigned char *to = data->values;
    const unsigned char *from = data->values;
    for (size_t row = 0; row < data->info.rows; row++)
        for (size_t j = 0; j < columns; j++, from += size)
            if (keep[j]) {
                memmove(to, from, size);
                to += size;
            }
    for (size_t j = 0, at = 0; data->columns && j < columns; j++) {
        if (!keep[j]) {
            clear_column(&data->columns[j]);
            continue;
        }
        tdrop_column column = data->columns[j];
        data->columns[j] = (tdrop_column){0};
        data->columns[at++] = column;
    }
    data->info.columns = data->info.item_shape[0] = kept;
    data->info.missing = 0;
    for (size_t j = 0; data->columns && j < kept; j++)
        data->info.missing += data->columns[j].missing;
    return TDROP_OK;
}

/* What is known of a column beyond its numbers. */
static tdrop_status copy_description(tdrop_column *to, const tdrop_column *from) {
    to->kind = from->kind;
    to->level_count = from->level_count;
    if ((from->name && !(to->name = tdrop_copy_string(from->name))) ||
        (from->level_count &&
         tdrop_texts_copy((const char *const *)from->level, from->level_count, &to->level)))
        return TDROP_ERROR_MEMORY;
    return TDROP_OK;
}

static void copy_numbers(const tdrop_data *data, const size_t *column, size_t count,
                         unsigned char *to) {
    const size_t size = data->element, row_size = data->info.columns * size;
    const unsigned char *from = data->values;
    for (size_t row = 0; row < data->info.rows; row++, from += row_size)
        for (size_t i = 0; i < count; i++, to += size)
            memcpy(to, from + column[i] * size, size);
}

/* A table of the columns column[0..count-1] alone, not finished. */
static tdrop_status copy_columns(const tdrop_data *data, const size_t *column, size_t count,
                                 tdrop_data **copy, tdrop_error *error) {
    tdrop_data *made = NULL;
    tdrop_status status =
        tdrop_table_create(&made, data->info.name, data->element, count > 1 ? 2 : 1,
                           (size_t[]){data->info.rows, count}, error);
    if (status) return status;
    copy_numbers(data, column, count, made->values);
    made->info.named = data->info.named;
    if (data->columns && !(made->columns = tdrop_alloc_zero(count, sizeof *made->columns)))
        status = TDROP_ERROR_MEMORY;
    for (size_t i = 0; data->columns && i < count && !status; i++)
        status = copy_description(&made->columns[i], &data->columns[column[i]]);
    if (status) {
        tdrop_data_destroy(made);
        return tdrop_fail_memory(error, data->info.name);
    }
    *copy = made;
    return TDROP_OK;
}

static tdrop_status cannot_take(const tdrop_data *data, const char *name, const char *why,
                                tdrop_error *error) {
    return tdrop_fail(error, TDROP_ERROR_DATA, "%s: column '%s' %s", data->info.name, name, why);
}

/* Finds the columns to be taken, and takes them off keep[columns of the table], all true. */
static tdrop_status find_taken(const tdrop_data *data, const char *const *names, size_t count,
                               size_t *column, bool *keep, tdrop_error *error) {
    for (size_t i = 0; i < count; i++) {
        if (!tdrop_data_find_column(data, names[i], &column[i]))
            return cannot_take(data, names[i], "is not there", error);
        if (data->info.item_dims > 1)
            return cannot_take(data, names[i],
                               "cannot be taken out of rows of more than one dimension", error);
        if (!keep[column[i]])
            return cannot_take(data, names[i], "is named twice; name it once", error);
        if (data->columns && data->columns[column[i]].missing)
            return cannot_take(data, names[i], "has cells in which nothing stands; fill them in",
                               error);
        keep[column[i]] = false;
    }
    if (data->info.columns > count) return TDROP_OK;
    if (count == 1)
        return cannot_take(data, names[0], "is the only one: without it nothing is left", error);
    return tdrop_fail(error, TDROP_ERROR_DATA,
                      "%s: all its %zu columns would be taken out; leave one in", data->info.name,
                      count);
}

static tdrop_status take(tdrop_data *data, const char *const *names, size_t count, size_t *column,
                         bool *keep, tdrop_data **taken, tdrop_error *error) {
    tdrop_data *made = NULL;
    for (size_t j = 0; j < data->info.columns; j++)
        keep[j] = true;
    tdrop_status status = find_taken(data, names, count, column, keep, error);
    if (!status) status = copy_columns(data, column, count, &made, error);
    if (!status) status = tdrop_table_finish(made, error);
    if (!status) status = tdrop_table_keep_columns(data, keep, error);
    if (status) {
        tdrop_data_destroy(made);
        return status;
    }
    data->info.hash = compute_hash(data);
    *taken = made;
    return TDROP_OK;
}

tdrop_status tdrop_data_take_columns(tdrop_data *data, const char *const *names, size_t count,
                                     tdrop_data **taken, tdrop_error *error) {
    if (!data || !names || !taken)
        return tdrop_fail(error, TDROP_ERROR_NULL, "columns to take: a pointer is NULL");
    if (count == 0)
        return tdrop_fail(error, TDROP_ERROR_SIZE, "%s: no column is asked for", data->info.name);
    for (size_t i = 0; i < count; i++)
        if (!names[i])
            return tdrop_fail(error, TDROP_ERROR_NULL, "columns to take: a name is NULL");
    bool *keep = tdrop_alloc(data->info.columns, sizeof *keep);
    size_t *column = tdrop_alloc(count, sizeof *column);
    tdrop_status status = keep && column ? take(data, names, count, column, keep, taken, error)
                                         : tdrop_fail_memory(error, data->info.name);
    tdrop_free(column);
    tdrop_free(keep);
    return status;
}

tdrop_status tdrop_data_take_column(tdrop_data *data, const char *name, tdrop_data **taken,
                                    tdrop_error *error) {
    return tdrop_data_take_columns(data, &name, 1, taken, error);
}

/* ---------------------------------------------------------------------------------------------
 * Reading out
 */

/* One loop for each pair of types. No double is too large for a float, see check_values. */
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
    size_t span = 0;
    if (!tdrop_multiply(rows ? rows - 1 : 0, stride, &span) ||
        !tdrop_multiply(span, sizeof *values, &span))
        return tdrop_fail(error, TDROP_ERROR_OVERFLOW,
                          "memory: %zu rows with a stride of %zu are more than this machine can "
                          "address",
                          rows, stride);
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
