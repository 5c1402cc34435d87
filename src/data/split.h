/* SPDX-License-Identifier: MIT
 * Which rows are held out. */
#ifndef TDROP_DATA_SPLIT_H
#define TDROP_DATA_SPLIT_H

#include "taildropout_model.h"

/* What decides, beside the number of rows. */
typedef struct tdrop_split_rule {
    const char *name; /* of the data, for messages; NULL: they do without */
    double share;     /* of the rows, to be held out */
    uint64_t seed;
    const float *class_of; /* [rows] whole numbers below `classes`; NULL: rows are of no class */
    size_t classes;
    const tdrop_data *groups; /* one column: rows with the same cell are never parted; NULL: each
                               * row stands for itself */
} tdrop_split_rule;

/* Row numbers in rising order. */
typedef struct tdrop_split {
    size_t train_count, valid_count; /* at least 1 each, unless of two tables */
    size_t *train, *valid;           /* owned */
    uint64_t groups_hash; /* tells which rows are of one group from others; 0: of no groups */
} tdrop_split;

/* Holds out a share of the rows (rounded, at least 1, at most all but 1), chosen by a permutation
 * of the row numbers. Of classes: the same of each on its own, and none of a class of one row. Of
 * groups, whatever the classes: whole ones in the order of a permutation, numbered as their cells
 * rise, until the share is reached or nearest to it, at least one of them and not all. Errors: DATA
 * (a single row; of groups: another number of rows, more columns than one, cells missing, a single
 * group), MEMORY. */
tdrop_status tdrop_split_make(tdrop_split *split, size_t rows, const tdrop_split_rule *rule,
                              tdrop_error *error);

/* Row numbers of two tables: all of the one are trained on, all of the other are held out.
 * Errors: MEMORY. */
tdrop_status tdrop_split_of_tables(tdrop_split *split, size_t rows, size_t valid_rows,
                                   tdrop_error *error);

void tdrop_split_clear(tdrop_split *split);

#endif
