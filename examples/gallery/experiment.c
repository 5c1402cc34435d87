/* SPDX-License-Identifier: MIT
 * What every experiment of the gallery does alike. */
#include "experiment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void experiment_fail(const char *what) {
    fprintf(stderr, "failed: %s\n", what);
    exit(1);
}

const char *experiment_arguments(int argc, char **argv, bool *small) {
    setvbuf(stdout, NULL, _IOLBF, 0); /* rows of a table are seen as they come */
    *small = argc == 3 && strcmp(argv[2], "short") == 0;
    if (argc == 2 || *small) return argv[1];
    fprintf(stderr, "usage: %s OUT.svg [short]\n", argv[0]);
    exit(EXPERIMENT_USAGE);
}

void *experiment_memory(size_t count, size_t element_size) {
    void *memory = calloc(count, element_size);
    if (!memory) experiment_fail("out of memory");
    return memory;
}

void experiment_uniform(uint64_t seed, uint32_t stream, size_t count, double *u) {
    const tdrop_draw draw = {.seed = seed, .step = stream, .purpose = EXPERIMENT_PURPOSE};
    CHECK(tdrop_uniform(&draw, count, u));
}

void experiment_normal(uint64_t seed, uint32_t stream, size_t count, float *values) {
    enum { TERMS = 12 };
    double *u = experiment_memory(count, TERMS * sizeof *u);
    experiment_uniform(seed, stream, TERMS * count, u);
    for (size_t i = 0; i < count; i++) {
        double sum = -TERMS / 2.0;
        for (size_t j = 0; j < TERMS; j++)
            sum += u[i * TERMS + j];
        values[i] = (float)sum;
    }
    free(u);
}
