/* SPDX-License-Identifier: MIT
 * libxsmm's kernel that sums up products of small blocks. Every matrix lies in square blocks, one
 * behind the other, and is transposed beforehand where a product wants it so.
 *
 * A block of rows is, read by columns as libxsmm reads, the transposed block: C = A B by rows is
 * computed as C' = B' A'. */
#include "rivals.h"

#include "bench.h"

#include <libxsmm.h>
#include <stdlib.h>

enum { BLOCK = 64, AREA = BLOCK * BLOCK };

typedef struct libxsmm {
    libxsmm_smmfunction_reducebatch_strd multiply;
    float *a, *b, *c; /* in blocks, [rows/BLOCK][columns/BLOCK][BLOCK][BLOCK] */
} libxsmm;

static bool prepare_kernel(libxsmm *rival) {
    const libxsmm_blasint stride = AREA * sizeof(float), lead = BLOCK;
    const float one = 1.0f, zero = 0.0f;
    const int flags = LIBXSMM_GEMM_FLAG_NONE, prefetch = LIBXSMM_GEMM_PREFETCH_NONE;
    rival->multiply = libxsmm_smmdispatch_reducebatch_strd(
        BLOCK, BLOCK, BLOCK, stride, stride, &lead, &lead, &lead, &one, &zero, &flags, &prefetch);
    return rival->multiply != NULL;
}

bool bench_libxsmm_prepare(bench_layers *layers) {
    const bench_layer *l = &layers->layer[0];
    libxsmm *rival = layers->rival = calloc(1, sizeof *rival);
    if (!rival || l->rows % BLOCK || l->inputs % BLOCK || l->outputs % BLOCK) return false;
    size_t largest = l->rows > l->inputs ? l->rows : l->inputs;
    rival->a = bench_floats(largest * largest);
    rival->b = bench_floats(largest * largest);
    rival->c = bench_floats(largest * largest);
    libxsmm_init();
    return prepare_kernel(rival);
}

/* c [rows, columns] = a [rows, inner] b, with b in the order [columns / BLOCK][inner / BLOCK]. */
static void product(const libxsmm *rival, size_t rows, size_t columns, size_t inner) {
    const unsigned long long blocks = inner / BLOCK;
    for (size_t j = 0; j < columns / BLOCK; j++)
        for (size_t i = 0; i < rows / BLOCK; i++)
            rival->multiply(rival->b + j * blocks * AREA, rival->a + i * blocks * AREA,
                            rival->c + (i * (columns / BLOCK) + j) * AREA, &blocks);
}

void bench_libxsmm_run(void *layers) {
    const bench_layers *s = layers;
    for (size_t i = 0; i < s->count; i++) {
        const bench_layer *l = &s->layer[i];
        product(s->rival, l->rows, l->outputs, l->inputs);
        product(s->rival, l->rows, l->inputs, l->outputs);
        product(s->rival, l->outputs, l->inputs, l->rows);
    }
}

void bench_libxsmm_destroy(void *layers) {
    bench_layers *s = layers;
    libxsmm *rival = s->rival;
    if (rival) {
        free(rival->a);
        free(rival->b);
        free(rival->c);
        free(rival);
    }
    bench_layers_destroy(s);
}
