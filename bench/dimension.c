/* SPDX-License-Identifier: MIT
 *
 * taildropout_dimension [--seeds N] [--threads N]      at most 1,000 seeds
 *
 * Does `auto` find how many numbers are in the data? Points of a curved manifold of known dimension
 * in 64 columns, with noise, are fitted with the defaults, and the rule chooses k from the held-out
 * rows. Prints for each dimension and noise how often it is right, how often off by one, and each
 * k. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <taildropout_model.h>

enum { COLUMNS = 64, ROWS = 4000, MOST_DIMENSION = 16, MOST_SEEDS = 1000 };

static const int dimensions[] = {2, 5, 10};
static const double noises[] = {0.01, 0.05, 0.2};
#define COUNT(array) (sizeof(array) / sizeof *(array))

static void fail(const char *what) {
    fprintf(stderr, "taildropout_dimension: %s\n", what);
    exit(1);
}

/* Numbers in [-1, 1) that depend on seed, stream and place alone. */
static void draw(uint64_t seed, uint32_t stream, size_t count, double *values) {
    const tdrop_draw from = {.seed = seed, .layer = stream, .purpose = TDROP_PURPOSE_USER};
    if (tdrop_uniform(&from, count, values)) fail("no numbers");
    for (size_t i = 0; i < count; i++)
        values[i] = 2.0 * values[i] - 1.0;
}

/* Column j is a sum over the coordinates z of a z + b sin(2 z + c), with its own a, b, c: curved,
 * and no coordinate can be left out. Noise is uniform, its size that of its standard deviation;
 * columns have a variance of about 1 without it. */
static float *make_rows(int dimension, double noise, uint64_t seed) {
    static double z[ROWS * MOST_DIMENSION], mix[3 * COLUMNS * MOST_DIMENSION], off[ROWS * COLUMNS];
    float *rows = malloc(ROWS * COLUMNS * sizeof *rows);
    if (!rows) fail("out of memory");
    draw(seed, 1, (size_t)(ROWS * dimension), z);
    draw(seed, 2, (size_t)(3 * COLUMNS * dimension), mix);
    draw(seed, 3, ROWS * COLUMNS, off);
    const double scale = 1.0 / sqrt(dimension / 3.0);
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < COLUMNS; j++) {
            double sum = 0.0;
            for (int d = 0; d < dimension; d++) {
                const double *m = mix + 3 * (j * (size_t)dimension + (size_t)d);
                const double at = z[i * (size_t)dimension + (size_t)d];
                sum += m[0] * at * 1.4 + m[1] * sin(2.0 * at + 3.0 * m[2]);
            }
            rows[i * COLUMNS + j] = (float)(sum * scale + noise * sqrt(3.0) * off[i * COLUMNS + j]);
        }
    return rows;
}

/* Rows as a table. */
static tdrop_data *make_table(int dimension, double noise, uint64_t seed) {
    tdrop_data *data = NULL;
    tdrop_error error;
    float *rows = make_rows(dimension, noise, seed);
    if (tdrop_data_from_floats(&data, rows, ROWS, COLUMNS, COLUMNS, &error)) fail(error.message);
    free(rows);
    return data;
}

static int choose(int dimension, double noise, uint64_t seed, const tdrop_parallel *parallel) {
    tdrop_data *data = make_table(dimension, noise, seed);
    const tdrop_fit_options options = {.seed = seed, .parallel = parallel};
    tdrop_model *model = NULL;
    tdrop_model_info info;
    tdrop_rule rule;
    tdrop_error error;
    int32_t k;
    if (tdrop_fit(&model, data, &options, NULL, &error)) fail(error.message);
    tdrop_model_get_info(model, &info);
    if (tdrop_rule_parse("auto", &rule) ||
        tdrop_choose_k(&rule, info.features, info.valid_loss, info.valid_se, &k))
        fail("the rule cannot choose");
    tdrop_model_destroy(model);
    tdrop_data_destroy(data);
    return k;
}

static void measure(int dimension, double noise, unsigned seeds, const tdrop_parallel *parallel) {
    unsigned right = 0, near = 0;
    int list[MOST_SEEDS];
    for (unsigned seed = 0; seed < seeds; seed++) {
        const int k = choose(dimension, noise, seed, parallel);
        right += k == dimension;
        near += abs(k - dimension) <= 1;
        list[seed] = k;
    }
    printf("| %d | %g | %u | %u |", dimension, noise, right, near);
    for (unsigned seed = 0; seed < seeds; seed++)
        printf("%s %d", seed ? "," : "", list[seed]);
    puts(" |");
    fflush(stdout);
}

int main(int argc, char **argv) {
    unsigned seeds = 10, threads = 1;
    tdrop_pool *pool = NULL;
    for (int i = 1; i + 1 < argc; i += 2) {
        const unsigned value = (unsigned)strtoul(argv[i + 1], NULL, 10);
        if (!strcmp(argv[i], "--seeds") && value <= MOST_SEEDS)
            seeds = value;
        else if (!strcmp(argv[i], "--threads"))
            threads = value;
        else
            fail("usage: taildropout_dimension [--seeds N] [--threads N]");
    }
    if (tdrop_pool_create(&pool, threads)) fail("no threads");
    const tdrop_parallel parallel = tdrop_pool_parallel(pool);
    printf("| dimension | noise | right | at most one off | k of each seed "
           "|\n|---|---|---|---|---|\n");
    for (size_t d = 0; d < COUNT(dimensions); d++)
        for (size_t n = 0; n < COUNT(noises); n++)
            measure(dimensions[d], noises[n], seeds, &parallel);
    tdrop_pool_destroy(pool);
    return 0;
}
