/* SPDX-License-Identifier: MIT
 * A hash over what the passes make of many floats. Tests on every processor compare it with the
 * number below, so the passes cannot round differently anywhere. */
#ifndef TDROP_TESTS_PASS_HASH_H
#define TDROP_TESTS_PASS_HASH_H

#include "kernels/pass_kernels.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#define PASS_HASH_EXPECTED UINT64_C(0xa77dcc6bca635a7d)

/* FNV-1a over the bits, a NaN counting as one and the same. */
static inline uint64_t pass_hash_add(uint64_t hash, size_t n, const float *x) {
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = 0x7fc00000u;
        if (!isnan(x[i])) memcpy(&bits, &x[i], sizeof bits);
        hash = (hash ^ bits) * UINT64_C(1099511628211);
    }
    return hash;
}

/* A layer norm of 33 rows and back; x and y have room for them. */
static inline uint64_t pass_hash_of_norm(const tdrop_pass_kernels *pass, uint64_t hash, float *x,
                                         float *y) {
    enum { ROWS = 33, WIDTH = 55 };
    float weight[WIDTH], bias[WIDTH], row[2 * ROWS];
    for (int j = 0; j < WIDTH; j++)
        weight[j] = 1.0f / (float)(j + 3), bias[j] = 0.1f * (float)j;
    for (int i = 0; i < ROWS * WIDTH; i++)
        x[i] = (float)((unsigned)i * 2654435761u % 1000003u) / 500001.5f - 1.0f;
    for (int i = 0; i < ROWS; i++)
        pass->layer_norm(WIDTH, x + i * WIDTH, weight, bias, y + i * WIDTH, row + 2 * i);
    hash = pass_hash_add(hash, ROWS * WIDTH, y);
    pass->layer_norm_columns(ROWS, WIDTH, WIDTH, y, x, row, weight, bias);
    hash = pass_hash_add(pass_hash_add(hash, WIDTH, weight), WIDTH, bias);
    for (int i = 0; i < ROWS; i++)
        pass->layer_norm_gradient(WIDTH, y + i * WIDTH, weight, row + 2 * i, x + i * WIDTH);
    return pass_hash_add(hash, ROWS * WIDTH, x);
}

/* A batch norm of 33 rows and back; x and y have room for them. */
static inline uint64_t pass_hash_of_columns(const tdrop_pass_kernels *pass, uint64_t hash, float *x,
                                            float *y) {
    enum { ROWS = 33, WIDTH = 55 };
    float mean[WIDTH], factor[WIDTH], weight[WIDTH], bias[WIDTH];
    double sum[WIDTH] = {0.0}, square[WIDTH] = {0.0}, along[WIDTH] = {0.0}, middle[WIDTH] = {0.0};
    for (int i = 0; i < ROWS; i++)
        pass->column_sums(WIDTH, x + i * WIDTH, sum);
    for (int j = 0; j < WIDTH; j++)
        sum[j] /= ROWS;
    for (int i = 0; i < ROWS; i++)
        pass->column_squares(WIDTH, x + i * WIDTH, sum, square);
    for (int j = 0; j < WIDTH; j++) {
        mean[j] = (float)sum[j], factor[j] = (float)(1.0 / sqrt(square[j] / ROWS + 1e-5));
        weight[j] = 1.0f / (float)(j + 3), bias[j] = 0.1f * (float)j;
    }
    for (int i = 0; i < ROWS; i++)
        pass->normalise(WIDTH, x + i * WIDTH, mean, factor, weight, bias, y + i * WIDTH);
    hash = pass_hash_add(hash, ROWS * WIDTH, y);
    for (int i = 0; i < ROWS; i++)
        pass->normalise_sums(WIDTH, y + i * WIDTH, x + i * WIDTH, mean, factor, along, middle);
    for (int j = 0; j < WIDTH; j++) /* from here on their means */
        bias[j] = (float)(along[j] / ROWS), sum[j] = middle[j] / ROWS;
    hash = pass_hash_add(hash, WIDTH, bias);
    for (int i = 0; i < ROWS; i++)
        pass->normalise_gradient(WIDTH, y + i * WIDTH, mean, factor, weight, mean, bias,
                                 x + i * WIDTH);
    return pass_hash_add(hash, ROWS * WIDTH, x);
}

static inline uint64_t pass_hash_add_sums(uint64_t hash, size_t n, const double *sum) {
    for (size_t i = 0; i < n; i++) {
        uint64_t bits;
        memcpy(&bits, &sum[i], sizeof bits);
        hash = (hash ^ bits) * UINT64_C(1099511628211);
    }
    return hash;
}

/* The losses of 1999 numbers between -20 and 20 and their gradients; x and y have room for them. */
static inline uint64_t pass_hash_of_losses(const tdrop_pass_kernels *pass, uint64_t hash, float *x,
                                           float *y) {
    enum { COUNT = 1999 };
    static float target[COUNT];
    static double multiple[COUNT];
    double sum[5];
    for (int i = 0; i < COUNT; i++) {
        x[i] = (float)((unsigned)i * 2654435761u % 1000003u) / 25000.1f - 20.0f;
        target[i] = (float)((unsigned)i * 40503u % 10007u) / 10007.0f;
    }
    sum[0] = pass->huber(COUNT, 0.75f, x, target);
    sum[1] = pass->binary(COUNT, x, target);
    pass->products(COUNT, x, target, sum + 2);
    hash = pass_hash_add_sums(hash, 5, sum);
    memcpy(y, x, COUNT * sizeof *y);
    pass->huber_gradient(COUNT, 0.3f, 0.75f, y, target);
    hash = pass_hash_add(hash, COUNT, y);
    memcpy(y, x, COUNT * sizeof *y);
    pass->binary_gradient(COUNT, 0.3f, y, target);
    hash = pass_hash_add(hash, COUNT, y);
    pass->combine(COUNT, 0.7f, x, -1.3f, target);
    hash = pass_hash_add(hash, COUNT, x);
    for (int i = 0; i < COUNT; i++)
        multiple[i] = target[i] / 3.0;
    pass->subtract_multiple(COUNT, 0.1, multiple, x);
    return pass_hash_add(hash, COUNT, x);
}

/* Each activation and its slope, on every 65521st float, dropout, the norms and the losses. */
static inline uint64_t pass_hash(const tdrop_pass_kernels *pass) {
    enum { COUNT = 65551 };
    static float x[COUNT], y[COUNT];
    uint64_t hash = UINT64_C(14695981039346656037);
    for (int which = 0; which < TDROP_PASS_ACTIVATIONS; which++) {
        for (uint32_t i = 0; i < COUNT; i++) {
            const uint32_t bits = i * 65521u;
            memcpy(&x[i], &bits, sizeof bits);
        }
        pass->activation_slope[which](COUNT, x, y);
        hash = pass_hash_add(pass_hash_add(hash, COUNT, x), COUNT, y);
    }
    const tdrop_dropout dropout = {{1, 2}, {3, 4, 5u << 24, 6}, 1u << 30, 4.0f / 3.0f};
    for (size_t i = 0; i < COUNT; i++)
        x[i] = (float)i;
    pass->dropout(&dropout, COUNT, x, 1, y);
    hash = pass_hash_add(pass_hash_add(hash, COUNT, x), COUNT, y);
    hash = pass_hash_of_columns(pass, pass_hash_of_norm(pass, hash, x, y), x, y);
    return pass_hash_of_losses(pass, hash, x, y);
}

#endif
