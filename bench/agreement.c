/* SPDX-License-Identifier: MIT
 *
 * taildropout_agreement [--seeds N] [--threads N]
 *
 * Does feature j mean the same in every training? Fashion-MNIST is fitted with several seeds, each
 * with its own first weights, order of rows and held-out tenth, and the features of the test images
 * are compared for each pair of seeds by the size of Spearman's rank correlation: what is left of
 * sign and of any monotone map. Two numbers for each j: feature j against feature j, and against
 * whichever feature of the other seed is most like it. Ours with the defaults, the same network
 * with nothing dropped, and PCA of each seed's training rows. */
#include "data/encoding.h"
#include "model/pca.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <taildropout_model.h>

enum { FEATURES = 64, MOST_SEEDS = 8, SIDES = 3 };

static const int places[] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64};
static const char *const side_names[SIDES] = {"ours", "nothing dropped", "PCA"};
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* What all trainings share. */
typedef struct tables {
    tdrop_data *train, *test;
    size_t test_rows;
    tdrop_use_options use;
} tables;

static void fail(const char *what) {
    fprintf(stderr, "taildropout_agreement: %s\n", what);
    exit(1);
}

static void *floats(size_t count) {
    void *made = malloc(count * sizeof(float));
    if (!made) fail("out of memory");
    return made;
}

/* ---- features of one training on the test rows: codes[test_rows, FEATURES] ---- */

static float *network_codes(const tables *t, unsigned seed, bool nothing_dropped) {
    const tdrop_fit_options options = {.seed = seed,
                                       .split_seed = seed,
                                       .no_drop = nothing_dropped,
                                       .features = FEATURES,
                                       .parallel = t->use.parallel};
    tdrop_model *model = NULL;
    tdrop_error error;
    float *codes = floats(t->test_rows * FEATURES);
    if (tdrop_fit(&model, t->train, &options, NULL, &error) ||
        tdrop_model_encode(model, t->test, 0, t->test_rows, FEATURES, codes, &t->use, &error))
        fail(error.message);
    tdrop_model_destroy(model);
    return codes;
}

/* Nine rows of ten, by a permutation of the seed. */
static size_t *training_rows(size_t rows, unsigned seed, size_t *count) {
    const tdrop_draw draw = {.seed = seed, .purpose = TDROP_PURPOSE_USER};
    size_t *chosen = malloc(rows * sizeof *chosen);
    if (!chosen) fail("out of memory");
    *count = 0;
    for (size_t i = 0; i < rows; i++)
        if (tdrop_permute(&draw, rows, i) >= rows / 10) chosen[(*count)++] = i;
    return chosen;
}

static float component(const tdrop_pca *pca, size_t j, const float *row) {
    double sum = 0.0;
    for (size_t i = 0; i < pca->columns; i++)
        sum += ((double)row[i] - pca->mean[i]) * (double)pca->vector[j * pca->columns + i];
    return (float)sum;
}

static void project(const tables *t, const tdrop_encoding *encoding, const tdrop_pca *pca,
                    float *codes) {
    tdrop_encoder encoder;
    if (tdrop_encoder_create(&encoder, encoding, t->test, NULL)) fail("out of memory");
    float *row = floats(pca->columns);
    double *buffer = malloc(tdrop_encoder_buffer(&encoder) * sizeof *buffer);
    if (!buffer) fail("out of memory");
    for (size_t i = 0; i < t->test_rows; i++) {
        tdrop_encoder_row(&encoder, i, buffer, row, NULL);
        for (size_t j = 0; j < FEATURES; j++)
            codes[i * FEATURES + j] = component(pca, j, row);
    }
    free(buffer);
    free(row);
    tdrop_encoder_clear(&encoder);
}

static float *pca_codes(const tables *t, unsigned seed) {
    tdrop_encoding encoding;
    tdrop_encoder encoder;
    tdrop_pca pca;
    tdrop_data_info info;
    size_t count;
    tdrop_data_get_info(t->train, &info);
    size_t *rows = training_rows(info.rows, seed, &count);
    float *codes = floats(t->test_rows * FEATURES);
    if (tdrop_encoding_learn(&encoding, TDROP_SCALE_MINMAX, TDROP_MISSING_ERROR, t->train, rows,
                             count, NULL) ||
        tdrop_encoder_create(&encoder, &encoding, t->train, NULL) ||
        tdrop_pca_fit(&pca, &encoder, rows, count, FEATURES, &t->use, NULL))
        fail("no principal components");
    project(t, &encoding, &pca, codes);
    tdrop_pca_clear(&pca);
    tdrop_encoder_clear(&encoder);
    tdrop_encoding_clear(&encoding);
    free(rows);
    return codes;
}

/* ---- ranks, and how they agree ---- */

typedef struct placed {
    float value;
    size_t row;
} placed;

static int by_value(const void *a, const void *b) {
    const float x = ((const placed *)a)->value, y = ((const placed *)b)->value;
    return (x > y) - (x < y);
}

/* Ranks of one feature, equal values with the mean of theirs, moved and scaled to mean 0 and length
 * 1; all zero where the feature is constant. */
static void rank(const float *codes, size_t rows, size_t feature, placed *order, double *ranks) {
    for (size_t i = 0; i < rows; i++)
        order[i] = (placed){codes[i * FEATURES + feature], i};
    qsort(order, rows, sizeof *order, by_value);
    const double middle = ((double)rows - 1.0) / 2.0;
    double square = 0.0;
    for (size_t first = 0, last; first < rows; first = last) {
        for (last = first + 1; last < rows && order[last].value == order[first].value;)
            last++;
        const double shared = ((double)first + (double)last - 1.0) / 2.0 - middle;
        square += shared * shared * (double)(last - first);
        for (size_t i = first; i < last; i++)
            ranks[order[i].row] = shared;
    }
    for (size_t i = 0; i < rows && square > 0.0; i++)
        ranks[i] /= sqrt(square);
}

/* Ranks of all features, feature after feature. */
static double *rank_all(float *codes, size_t rows) {
    double *ranks = malloc(FEATURES * rows * sizeof *ranks);
    placed *order = malloc(rows * sizeof *order);
    if (!ranks || !order) fail("out of memory");
    for (size_t j = 0; j < FEATURES; j++)
        rank(codes, rows, j, order, ranks + j * rows);
    free(order);
    free(codes);
    return ranks;
}

static double likeness(const double *a, const double *b, size_t rows) {
    double sum = 0.0;
    for (size_t i = 0; i < rows; i++)
        sum += a[i] * b[i];
    return fabs(sum);
}

/* Of a feature: beside the one of the same number, and beside the most similar one. */
typedef struct agreement {
    double same, best;
} agreement;

static agreement compare(const double *a, const double *b, size_t feature, size_t rows) {
    agreement found = {0.0, 0.0};
    for (size_t j = 0; j < FEATURES; j++) {
        const double alike = likeness(a + feature * rows, b + j * rows, rows);
        if (j == feature) found.same = alike;
        if (alike > found.best) found.best = alike;
    }
    return found;
}

/* Means over all ordered pairs of seeds. */
static agreement mean_agreement(double *const ranks[], unsigned seeds, size_t feature,
                                size_t rows) {
    agreement mean = {0.0, 0.0};
    const double pairs = (double)seeds * (double)(seeds - 1);
    for (unsigned a = 0; a < seeds; a++)
        for (unsigned b = 0; b < seeds; b++) {
            if (a == b) continue;
            const agreement one = compare(ranks[a], ranks[b], feature, rows);
            mean.same += one.same / pairs;
            mean.best += one.best / pairs;
        }
    return mean;
}

static void print_side(const char *name, double *const ranks[], unsigned seeds, size_t rows) {
    agreement found[COUNT(places)];
    for (size_t i = 0; i < COUNT(places); i++)
        found[i] = mean_agreement(ranks, seeds, (size_t)places[i] - 1, rows);
    printf("| %s, feature j beside feature j |", name);
    for (size_t i = 0; i < COUNT(places); i++)
        printf(" %.2f |", found[i].same);
    printf("\n| %s, beside the most similar |", name);
    for (size_t i = 0; i < COUNT(places); i++)
        printf(" %.2f |", found[i].best);
    printf("\n");
    fflush(stdout);
}

static void measure_side(const tables *t, int side, unsigned seeds) {
    double *ranks[MOST_SEEDS];
    for (unsigned seed = 0; seed < seeds; seed++) {
        float *codes = side == 2 ? pca_codes(t, seed) : network_codes(t, seed, side == 1);
        ranks[seed] = rank_all(codes, t->test_rows);
    }
    print_side(side_names[side], ranks, seeds, t->test_rows);
    for (unsigned seed = 0; seed < seeds; seed++)
        free(ranks[seed]);
}

static void parse(int argc, char **argv, unsigned *seeds, unsigned *threads) {
    for (int i = 1; i < argc; i += 2) {
        char *end = NULL;
        const unsigned long value = i + 1 < argc ? strtoul(argv[i + 1], &end, 10) : 0;
        const bool number = end && *end == '\0' && value > 0;
        if (number && !strcmp(argv[i], "--seeds") && value >= 2 && value <= MOST_SEEDS)
            *seeds = (unsigned)value;
        else if (number && !strcmp(argv[i], "--threads") && value <= 1024)
            *threads = (unsigned)value;
        else
            fail("usage: taildropout_agreement [--seeds 2..8] [--threads N]");
    }
}

int main(int argc, char **argv) {
    unsigned seeds = 3, threads = 1;
    tables t = {0};
    tdrop_pool *pool = NULL;
    tdrop_error error;
    tdrop_data_info info;
    parse(argc, argv, &seeds, &threads);
    if (tdrop_pool_create(&pool, threads)) fail("no threads");
    const tdrop_parallel parallel = tdrop_pool_parallel(pool);
    t.use.parallel = &parallel;
    const tdrop_data_read_options test = {.part = TDROP_PART_TEST};
    if (tdrop_data_read(&t.train, "fashion-mnist", NULL, &error) ||
        tdrop_data_read(&t.test, "fashion-mnist", &test, &error))
        fail(error.message);
    tdrop_data_get_info(t.test, &info);
    t.test_rows = info.rows;
    printf("| j |");
    for (size_t i = 0; i < COUNT(places); i++)
        printf(" %d |", places[i]);
    printf("\n|---|");
    for (size_t i = 0; i < COUNT(places); i++)
        printf("---|");
    printf("\n");
    for (int side = SIDES - 1; side >= 0; side--)
        measure_side(&t, side, seeds);
    tdrop_data_destroy(t.train);
    tdrop_data_destroy(t.test);
    tdrop_pool_destroy(pool);
    return 0;
}
