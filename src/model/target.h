/* SPDX-License-Identifier: MIT
 * What the rows of a table should give, as numbers for a loss. */
#ifndef TDROP_MODEL_TARGET_H
#define TDROP_MODEL_TARGET_H

#include "data/encoding.h"
#include "taildropout_model.h"

#include <stdbool.h>

/* The classes that a table of labels holds, in rising order of their numbers or names. */
typedef struct tdrop_classes {
    size_t count;
    bool named;    /* labels are text, and label[i] is i */
    double *label; /* [count] the number in the data, owned */
    char **name;   /* [count] the label as text, in one block; owned */
} tdrop_classes;

enum { TDROP_MOST_CLASSES = 10000 };

/* Finds the classes of a table with one column. Errors: DATA (more columns, cells missing, more
 * than TDROP_MOST_CLASSES, one class only), MEMORY. */
tdrop_status tdrop_classes_find(tdrop_classes *classes, const tdrop_data *target,
                                tdrop_error *error);

/* Classes of these labels, rising, or of these names. Errors: MEMORY. */
tdrop_status tdrop_classes_create(tdrop_classes *classes, size_t count, const double *labels);
tdrop_status tdrop_classes_of_names(tdrop_classes *classes, size_t count, const char *const *names);
tdrop_status tdrop_classes_copy(tdrop_classes *to, const tdrop_classes *from);
void tdrop_classes_clear(tdrop_classes *classes);

/* The index of each row's class, into class_of[rows]. Errors: DATA (a label that is none of the
 * classes, or another number of columns). */
tdrop_status tdrop_classes_index(const tdrop_classes *classes, const tdrop_data *target,
                                 float *class_of, tdrop_error *error);

/* Learns the targets of a regression from the given rows of a table, each column scaled by its
 * standard deviation, or not where `scale` is NONE. Errors: DATA (a column of text, cells missing,
 * all rows alike), OVERFLOW, MEMORY. */
tdrop_status tdrop_targets_learn(tdrop_encoding *targets, tdrop_scale scale,
                                 const tdrop_data *target, const size_t *rows, size_t row_count,
                                 tdrop_error *error);

/* All rows of a table of targets as they are in the loss, into values[rows, targets->columns]; they
 * may have to be `shares`, in [0, 1]. Errors: DATA (a column that is not there or is text, cells
 * missing, no share), MEMORY. */
tdrop_status tdrop_targets_read(const tdrop_encoding *targets, bool shares,
                                const tdrop_data *target, float *values, tdrop_error *error);

/* Whether all numbers of a table that a model gives back are in [0, 1], where the scaling does not
 * see to it. Errors: DATA, MEMORY. */
tdrop_status tdrop_check_shares(const tdrop_encoder *encoder, tdrop_error *error);

#endif
