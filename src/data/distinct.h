/* SPDX-License-Identifier: MIT
 * The different values of a column. */
#ifndef TDROP_DATA_DISTINCT_H
#define TDROP_DATA_DISTINCT_H

#include <stddef.h>

/* Sorts values and leaves each once, rising, at their beginning; returns how many. None is NaN. */
size_t tdrop_distinct(double *values, size_t count);

/* Where `value` stands among distinct values; `count` where it is none of them. */
size_t tdrop_distinct_place(const double *distinct, size_t count, double value);

#endif
