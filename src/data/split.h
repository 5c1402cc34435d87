/* SPDX-License-Identifier: MIT
 * Which rows are held out. */
#ifndef TDROP_DATA_SPLIT_H
#define TDROP_DATA_SPLIT_H

#include "taildropout_model.h"

/* Row numbers in rising order. */
typedef struct tdrop_split {
    size_t train_count, valid_count; /* at least 1 each */
    size_t *train, *valid;           /* owned */
} tdrop_split;

/* Holds out a share of the rows (rounded, at least 1, at most all but 1), chosen by a permutation
 * of the row numbers: nothing but rows, share and seed decides. Errors: DATA (a single row),
 * MEMORY. */
tdrop_status tdrop_split_make(tdrop_split *split, size_t rows, double share, uint64_t seed,
                              tdrop_error *error);

void tdrop_split_clear(tdrop_split *split);

#endif
