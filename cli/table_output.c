/* SPDX-License-Identifier: MIT */
#include "table_output.h"

#include "command.h"
#include "inputs.h"
#include "message.h"
#include "output_file.h"

#include <math.h>
#include <string.h>

const char *table_format_choice(int number) {
    static const char *const names[] = {
        [TABLE_FORMAT_AUTO] = "auto", [TABLE_FORMAT_NPY] = "npy", [TABLE_FORMAT_CSV] = "csv"};
    return number >= 0 && number <= TABLE_FORMAT_CSV ? names[number] : NULL;
}

/* ASCII alone, whatever the locale. */
static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

static int same_word(const char *a, const char *b) {
    while (*a && lower(*a) == lower(*b))
        a++, b++;
    return lower(*a) == lower(*b);
}

/* What stands behind the last point of a file's name; "" where there is none. */
static const char *ending_of(const char *path) {
    const char *slash = strrchr(path, '/');
    const char *point = strrchr(slash ? slash : path, '.');
    return point ? point + 1 : "";
}

/* Whether an ending promises what is not written. A name may well have a point otherwise:
 * codes.v2. */
static int is_of_another_form(const char *ending) {
    static const char *const others[] = {
        "gz",      "bz2",   "xz",  "zst",    "zip", "7z",  "npz",  "txt",   "tsv",        "tab",
        "json",    "xls",   "ods", "xlsx",   "dat", "bin", "idx",  "fvecs", "fbin",       "parquet",
        "feather", "arrow", "pkl", "pickle", "pt",  "h5",  "hdf5", "mat",   "safetensors"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (same_word(ending, others[i])) return 1;
    return 0;
}

static int settle_format(table_output *output) {
    const char *ending = ending_of(output->path);
    if (output->format != TABLE_FORMAT_AUTO) return 1;
    if (is_of_another_form(ending)) {
        message_error("option -o: '%s' ends in .%s, but what is written is .npy or .csv: give a "
                      "name that ends so, or --format npy or csv",
                      output->path, ending);
        return 0;
    }
    output->format = same_word(ending, "csv") ? TABLE_FORMAT_CSV : TABLE_FORMAT_NPY;
    return 1;
}

int table_output_check(table_output *output, const table_sources *sources, int *exit_code) {
    const output_wish wishes[] = {{"MODEL", sources->model, OUTPUT_SPARES},
                                  {sources->table, inputs_file_of(sources->data), OUTPUT_SPARES},
                                  {"-o", output->path, 0},
                                  {0}};
    *exit_code = EXIT_USAGE;
    return settle_format(output) && output_check(wishes, output->force, exit_code);
}

/* Says how many rows the model could not compute, as it cannot where the data go beyond what a
 * float holds. */
static void note_not_finite(const char *path, const float *values, size_t rows, size_t width) {
    size_t count = 0, first = 0;
    for (size_t i = 0; i < rows; i++, values += width) {
        size_t j = 0;
        while (j < width && isfinite(values[j]))
            j++;
        if (j < width && count++ == 0) first = i + 1;
    }
    if (count)
        message_note("%s: %zu of %zu rows hold numbers that are not finite, the first is row %zu: "
                     "the data are too large for the model",
                     path, count, rows, first);
}

int table_output_write(const table_output *output, const float *values, int dims,
                       const size_t *shape, const tdrop_column_info *columns,
                       const tdrop_data *ids) {
    const tdrop_csv_options options = {.columns = columns, .ids = ids};
    tdrop_error error = {TDROP_OK, ""};
    size_t width = 1;
    for (int d = 1; d < dims; d++)
        width *= shape[d];
    const tdrop_status status =
        output->format == TABLE_FORMAT_CSV
            ? tdrop_csv_write(output->path, values, shape[0], width, &options, output->force,
                              &error)
            : tdrop_npy_write(output->path, values, dims, shape, output->force, &error);
    if (status != TDROP_OK) return message_library(status, &error);
    note_not_finite(output->path, values, shape[0], width);
    return 1;
}
