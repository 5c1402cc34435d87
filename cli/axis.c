/* SPDX-License-Identifier: MIT */
#include "axis.h"

#include <math.h>

static const double log_span = 25;

/* The round number, 1, 2 or 5 times a power of ten, that is at least x > 0. */
static double round_above(double x) {
    const double unit = pow(10, floor(log10(x)));
    if (x <= unit) return unit;
    if (x <= 2 * unit) return 2 * unit;
    return x <= 5 * unit ? 5 * unit : 10 * unit;
}

static void add_tick(axis *a, double value) {
    if (a->ticks < AXIS_MOST_TICKS) a->tick[a->ticks++] = value;
}

static void set_linear(axis *a, double highest) {
    const double step = round_above(highest / 5);
    const int steps = (int)ceil(highest / step - 1e-9);
    for (int i = 0; i <= steps; i++)
        add_tick(a, i * step);
    a->low = 0;
    a->high = steps * step;
}

static void set_logarithmic(axis *a, double lowest, double highest) {
    static const double within[] = {1, 2, 5};
    a->logarithmic = 1;
    a->low = lowest / 1.25;
    a->high = highest * 1.25;
    const int first = (int)floor(log10(a->low)), last = (int)ceil(log10(a->high));
    const int each = last - first > 3 ? 1 : 3; /* ticks in a decade */
    const int skip = (last - first) / 20 + 1;
    for (int decade = first; decade <= last; decade += skip)
        for (int i = 0; i < each; i++) {
            const double value = within[i] * pow(10, decade);
            if (value >= a->low && value <= a->high) add_tick(a, value);
        }
}

static void widen(double *lowest, double *highest, const double *values, size_t count) {
    for (size_t i = 0; values && i < count; i++) {
        if (!isfinite(values[i])) continue;
        if (values[i] < *lowest) *lowest = values[i];
        if (values[i] > *highest) *highest = values[i];
    }
}

void axis_of_loss(axis *a, const curve *c) {
    double lowest = INFINITY, highest = 0;
    *a = (axis){0};
    widen(&lowest, &highest, c->loss, c->n + 1);
    /* PCA may end in rounding errors; that is no reason for ten decades */
    const double floor = lowest / 10;
    widen(&lowest, &highest, c->pca, c->n + 1);
    if (lowest < floor) lowest = floor;
    if (highest <= 0) highest = 1;
    if (lowest > 0 && highest > log_span * lowest)
        set_logarithmic(a, lowest, highest);
    else
        set_linear(a, highest);
}

void axis_of_k(axis *a, size_t n) {
    const int power_of_two = (n & (n - 1)) == 0;
    double step = power_of_two && n >= 8 ? (double)n / 8 : round_above((double)n / 8);
    if (step < 1) step = 1;
    *a = (axis){.low = 0, .high = (double)n};
    /* n always has a tick, and the last round number gives way when it comes too close */
    for (double k = 0; k < (double)n - 0.6 * step || k == 0; k += step)
        add_tick(a, k);
    add_tick(a, (double)n);
}

double axis_place(const axis *a, double value) {
    if (!a->logarithmic) return (value - a->low) / (a->high - a->low);
    return value > 0 ? log(value / a->low) / log(a->high / a->low) : 0;
}
