/* SPDX-License-Identifier: MIT
 * The axes of a plot: where they end, where their ticks are. */
#ifndef TDROP_CLI_AXIS_H
#define TDROP_CLI_AXIS_H

#include "curve.h"

enum { AXIS_MOST_TICKS = 40 };

typedef struct axis {
    int logarithmic;
    double low, high; /* low < high */
    size_t ticks;
    double tick[AXIS_MOST_TICKS];
} axis;

/* For the losses of a curve: from 0, or logarithmic when they span more than a factor of 25. PCA
 * may lie below the low end. */
void axis_of_loss(axis *a, const curve *c);

/* For k = 0..n. */
void axis_of_k(axis *a, size_t n);

/* Where a value is: 0 at the low end, 1 at the high end. */
double axis_place(const axis *a, double value);

#endif
