/* SPDX-License-Identifier: MIT */
#include "models.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "data/table.h"
#include "scratch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void check(tdrop_status status, const tdrop_error *error) {
    if (status) fail_msg("%s: %s", tdrop_status_name(status), error->message);
}

/* ---- tables ---- */

void models_numbers(uint64_t seed, size_t count, double *values) {
    const tdrop_draw draw = {.seed = seed, .purpose = TDROP_PURPOSE_USER};
    assert_int_equal(tdrop_uniform(&draw, count, values), TDROP_OK);
    for (size_t i = 0; i < count; i++)
        values[i] = 2.0 * values[i] - 1.0;
}

static double *allocate(size_t count) {
    double *values = calloc(count, sizeof *values);
    assert_non_null(values);
    return values;
}

/* [rows, columns]; free with free(). */
static double *low_rank(size_t rows, size_t columns, size_t rank, double noise, uint64_t seed) {
    double *hidden = allocate(rows * rank), *mix = allocate(rank * columns);
    double *values = allocate(rows * columns);
    models_numbers(3 * seed, rows * rank, hidden);
    models_numbers(3 * seed + 1, rank * columns, mix);
    models_numbers(3 * seed + 2, rows * columns, values);
    for (size_t i = 0; i < rows * columns; i++) {
        double strength = 1.0;
        values[i] *= noise;
        for (size_t r = 0; r < rank; r++, strength *= 0.7)
            values[i] += strength * hidden[i / columns * rank + r] * mix[r * columns + i % columns];
    }
    free(hidden);
    free(mix);
    return values;
}

static tdrop_data *empty_table(tdrop_element element, size_t rows, size_t columns) {
    tdrop_data *data = NULL;
    tdrop_error error = {0};
    check(
        tdrop_table_create(&data, "folder/made up", element, 2, (size_t[]){rows, columns}, &error),
        &error);
    return data;
}

static tdrop_data *finished(tdrop_data *data, double *values) {
    tdrop_error error = {0};
    check(tdrop_table_finish(data, &error), &error);
    free(values);
    return data;
}

tdrop_data *models_table(size_t rows, size_t columns, size_t rank, double noise, uint64_t seed) {
    double *values = low_rank(rows, columns, rank, noise, seed);
    tdrop_data *data = empty_table(TDROP_ELEMENT_F32, rows, columns);
    for (size_t i = 0; i < rows * columns; i++)
        ((float *)data->values)[i] = (float)values[i];
    return finished(data, values);
}

tdrop_data *models_byte_table(size_t rows, size_t columns, size_t rank, uint64_t seed) {
    double *values = low_rank(rows, columns, rank, 0.02, seed);
    tdrop_data *data = empty_table(TDROP_ELEMENT_U8, rows, columns);
    for (size_t i = 0; i < rows * columns; i++) {
        double byte = 128.0 + 90.0 * values[i];
        ((uint8_t *)data->values)[i] = (uint8_t)(byte < 0.0 ? 0.0 : byte > 255.0 ? 255.0 : byte);
    }
    return finished(data, values);
}

tdrop_data *models_double_table(size_t rows, size_t columns, size_t rank, double offset,
                                double factor, uint64_t seed) {
    double *values = low_rank(rows, columns, rank, 0.02, seed);
    tdrop_data *data = empty_table(TDROP_ELEMENT_F64, rows, columns);
    for (size_t i = 0; i < rows * columns; i++)
        ((double *)data->values)[i] = offset + factor * values[i];
    return finished(data, values);
}

tdrop_data *models_table_of(const float *values, size_t rows, size_t columns) {
    tdrop_data *data = NULL;
    tdrop_error error = {0};
    check(tdrop_data_from_floats(&data, values, rows, columns, columns, &error), &error);
    return data;
}

tdrop_data *models_labels(const tdrop_data *data) {
    static const float labels[3] = {5.0f, 7.0f, -2.0f};
    size_t rows = data->info.rows, columns = data->info.columns;
    float *values = calloc(rows * columns, sizeof *values);
    assert_true(values && columns >= 3);
    assert_int_equal(tdrop_data_get_rows(data, 0, rows, values), TDROP_OK);
    for (size_t i = 0; i < rows; i++) {
        const float *row = values + i * columns;
        size_t best = row[1] > row[0] ? 1 : 0;
        values[i] = labels[row[2] > row[best] ? 2 : best]; /* row i is read, row 0..i-1 may go */
    }
    tdrop_data *made = models_table_of(values, rows, 1);
    free(values);
    return made;
}

size_t models_isas(tdrop_isa isas[MODELS_MOST_ISAS]) {
    static const tdrop_isa all[] = {TDROP_ISA_C, TDROP_ISA_AVX2, TDROP_ISA_AVX512};
    size_t count = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        tdrop_linear *layer = NULL;
        const tdrop_linear_options options = {.isa = all[i]};
        if (tdrop_linear_create(&layer, 1, 1, &options) == TDROP_OK) isas[count++] = all[i];
        tdrop_linear_destroy(layer);
    }
    return count;
}

/* ---- models ---- */

tdrop_model *models_fit(const tdrop_data *data, const tdrop_fit_options *options) {
    tdrop_model *model = NULL;
    tdrop_error error = {0};
    check(tdrop_fit(&model, data, options, NULL, &error), &error);
    return model;
}

tdrop_model *models_load(const char *path) {
    tdrop_model *model = NULL;
    tdrop_error error = {0};
    check(tdrop_model_load(&model, path, &error), &error);
    return model;
}

void models_save(const tdrop_model *model, const char *path) {
    tdrop_error error = {0};
    check(tdrop_model_save(model, path, 1, &error), &error);
}

tdrop_model *models_prune(const tdrop_model *model, size_t k) {
    tdrop_model *pruned = NULL;
    tdrop_error error = {0};
    check(tdrop_model_prune(&pruned, model, k, &error), &error);
    return pruned;
}

tdrop_scree models_scree(const tdrop_model *model, const tdrop_data *data,
                         const tdrop_data *train) {
    tdrop_scree scree = {0};
    tdrop_error error = {0};
    check(tdrop_model_scree(&scree, model, data, train, NULL, &error), &error);
    return scree;
}

tdrop_model_info models_info(const tdrop_model *model) {
    tdrop_model_info info;
    tdrop_model_get_info(model, &info);
    return info;
}

tdrop_data_info models_data_info(const tdrop_data *data) {
    tdrop_data_info info;
    tdrop_data_get_info(data, &info);
    return info;
}

/* Room for what a model gives, exactly, so that a checker of memory sees one number too many. */
static float *outputs(size_t rows, size_t columns) {
    float *values = malloc(rows * columns > 0 ? rows * columns * sizeof *values : 1);
    assert_non_null(values);
    return values;
}

float *models_encode(const tdrop_model *model, const tdrop_data *data, size_t first, size_t rows,
                     size_t k, const tdrop_use_options *options) {
    float *codes = outputs(rows, k);
    tdrop_error error = {0};
    check(tdrop_model_encode(model, data, first, rows, k, codes, options, &error), &error);
    return codes;
}

float *models_predict(const tdrop_model *model, const tdrop_data *data, size_t first, size_t rows,
                      size_t k, const tdrop_use_options *options) {
    float *values = outputs(rows, models_info(model).outputs);
    tdrop_error error = {0};
    check(tdrop_model_predict(model, data, first, rows, k, values, options, &error), &error);
    return values;
}

float *models_decode(const tdrop_model *model, const float *codes, size_t rows, size_t k,
                     const tdrop_use_options *options) {
    float *values = outputs(rows, models_info(model).outputs);
    tdrop_error error = {0};
    check(tdrop_model_decode(model, codes, rows, k, values, options, &error), &error);
    return values;
}

unsigned char *models_bytes(const tdrop_model *model, size_t *size) {
    models_save(model, "scratch");
    return scratch_read("scratch", size);
}

int models_same_file(const tdrop_model *a, const tdrop_model *b) {
    size_t a_size = 0, b_size = 0;
    unsigned char *a_bytes = models_bytes(a, &a_size), *b_bytes = models_bytes(b, &b_size);
    int same = a_size == b_size && memcmp(a_bytes, b_bytes, a_size) == 0;
    free(a_bytes);
    free(b_bytes);
    return same;
}

void models_assert_refused(tdrop_status status, tdrop_status expected, const tdrop_error *error,
                           const char *text) {
    if (status != expected || error->status != expected || !strstr(error->message, text))
        fail_msg("expected %s with \"%s\", got %s: %s", tdrop_status_name(expected), text,
                 tdrop_status_name(status), error->message);
    if (strstr(error->message, "(null)")) fail_msg("%s", error->message);
    for (const char *c = error->message; *c; c++)
        if ((unsigned char)*c < 0x20) fail_msg("byte %d in: %s", *c, error->message);
}
