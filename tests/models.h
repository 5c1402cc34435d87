/* SPDX-License-Identifier: MIT
 * What tests of whole models share: tables of numbers, fits, and how both are compared. Everything
 * here fails the running test when it does not work. */
#ifndef TDROP_TESTS_MODELS_H
#define TDROP_TESTS_MODELS_H

#include "taildropout_model.h"

#include <stddef.h>
#include <stdint.h>

/* `count` numbers in [-1, 1) that depend on the seed alone. */
void models_numbers(uint64_t seed, size_t count, double *values);

/* A table of floats: `rank` hidden numbers a row, each weaker than the one before, mixed into the
 * columns, and noise of that size. */
tdrop_data *models_table(size_t rows, size_t columns, size_t rank, double noise, uint64_t seed);

/* The same numbers as bytes (from 0 to 255), and as doubles: offset + factor * number. */
tdrop_data *models_byte_table(size_t rows, size_t columns, size_t rank, uint64_t seed);
tdrop_data *models_double_table(size_t rows, size_t columns, size_t rank, double offset,
                                double factor, uint64_t seed);

/* Labels for the rows of a table, one of 5, 7 and -2 each: which of the first three columns is the
 * greatest. */
tdrop_data *models_labels(const tdrop_data *data);

/* A table of these floats. */
tdrop_data *models_table_of(const float *values, size_t rows, size_t columns);

/* The instruction sets that run here, at most 3, plain C first; returns how many. */
enum { MODELS_MOST_ISAS = 3 };
size_t models_isas(tdrop_isa isas[MODELS_MOST_ISAS]);

tdrop_model *models_fit(const tdrop_data *data, const tdrop_fit_options *options);
tdrop_model *models_load(const char *path);
void models_save(const tdrop_model *model, const char *path);
tdrop_model *models_prune(const tdrop_model *model, size_t k);
tdrop_scree models_scree(const tdrop_model *model, const tdrop_data *data, const tdrop_data *train);
tdrop_model_info models_info(const tdrop_model *model);
tdrop_data_info models_data_info(const tdrop_data *data);

/* rows first..first+rows-1 (predictions: rows of outputs), to be freed with free(). */
float *models_encode(const tdrop_model *model, const tdrop_data *data, size_t first, size_t rows,
                     size_t k, const tdrop_use_options *options);
float *models_predict(const tdrop_model *model, const tdrop_data *data, size_t first, size_t rows,
                      size_t k, const tdrop_use_options *options);
float *models_decode(const tdrop_model *model, const float *codes, size_t rows, size_t k,
                     const tdrop_use_options *options);

/* The file of a model; saved as `scratch` in the current folder. Free with free(). */
unsigned char *models_bytes(const tdrop_model *model, size_t *size);

/* Whether the files of two models are the same. */
int models_same_file(const tdrop_model *a, const tdrop_model *b);

/* The status, and a message that has the text in it and is one line of printable characters. */
void models_assert_refused(tdrop_status status, tdrop_status expected, const tdrop_error *error,
                           const char *text);

#endif
