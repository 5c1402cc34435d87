/* SPDX-License-Identifier: MIT
 * What the rows of a table should give, as numbers for a loss. */
#ifndef TDROP_MODEL_TARGET_H
#define TDROP_MODEL_TARGET_H

#include "taildropout_model.h"

/* The classes that a table of labels holds, in rising order of their numbers. */
typedef struct tdrop_classes {
    size_t count;
    double *label; /* [count] the number in the data, owned */
    char **name;   /* [count] the same as text, in one block that label owns */
} tdrop_classes;

enum { TDROP_MOST_CLASSES = 10000 };

/* Finds the classes of a table with one column. Errors: DATA (more columns, more than
 * TDROP_MOST_CLASSES, one class only), MEMORY. */
tdrop_status tdrop_classes_find(tdrop_classes *classes, const tdrop_data *target,
                                tdrop_error *error);

/* Classes of these labels, rising. Errors: MEMORY. */
tdrop_status tdrop_classes_create(tdrop_classes *classes, size_t count, const double *labels);
void tdrop_classes_clear(tdrop_classes *classes);

/* The index of each row's class, into class_of[rows]. Errors: DATA (a label that is none of the
 * classes, or another number of columns). */
tdrop_status tdrop_classes_index(const tdrop_classes *classes, const tdrop_data *target,
                                 float *class_of, tdrop_error *error);

#endif
