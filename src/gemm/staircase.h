/* SPDX-License-Identifier: MIT
 * The rows of a step in the order in which products walk them.
 *
 *   one tail     rows sorted by what they keep, most first: one bucket
 *   two tails    buckets of keep_in, most first; within each, rows sorted by keep_out, most first
 *   no tail      rows as they come: one bucket
 *
 * A tail at which no row drops anything is none.
 *
 * Sorting is stable and buckets depend on the number of rows alone, so the order, and with it the
 * bits of the weight gradients, is the same everywhere. */
#ifndef TDROP_GEMM_STAIRCASE_H
#define TDROP_GEMM_STAIRCASE_H

#include "taildropout.h"

#include <stdbool.h>

enum { TDROP_MOST_BUCKETS = 8 };

struct tdrop_staircase {
    size_t max_rows, rows, inputs, outputs;
    bool set; /* tdrop_staircase_set has succeeded */
    bool tail_in, tail_out;
    uint32_t *order;   /* [rows] row at each place of the staircase */
    int32_t *keep_in;  /* [rows] of the row at that place; inputs where there is no tail */
    int32_t *keep_out; /* [rows] likewise */
    size_t buckets;
    size_t bucket[TDROP_MOST_BUCKETS + 1]; /* first place of each, and rows behind the last */
    int32_t bucket_in[TDROP_MOST_BUCKETS]; /* highest keep_in of each */
    size_t most_in, most_out;              /* highest keep_in and keep_out of all */
    double work;
    uint32_t *spare; /* [max_rows] second order while sorting */
    uint32_t *count; /* [count_size] for the counting sort */
    size_t count_size;
};

/* How many places from the start of a bucket on have keep_in > input and keep_out > output, or, in
 * a bucket sorted by only one of them, may have: no place behind them does. */
size_t tdrop_staircase_prefix(const tdrop_staircase *stairs, size_t bucket, size_t input,
                              size_t output);

#endif
