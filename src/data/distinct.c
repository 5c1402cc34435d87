/* SPDX-License-Identifier: MIT */
#include "data/distinct.h"

#include <stdlib.h>

static int rising(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

size_t tdrop_distinct(double *values, size_t count) {
    size_t distinct = 0;
    qsort(values, count, sizeof *values, rising);
    for (size_t i = 0; i < count; i++)
        if (distinct == 0 || values[i] != values[distinct - 1]) values[distinct++] = values[i];
    return distinct;
}

size_t tdrop_distinct_place(const double *distinct, size_t count, double value) {
    const double *found = bsearch(&value, distinct, count, sizeof *distinct, rising);
    return found ? (size_t)(found - distinct) : count;
}
