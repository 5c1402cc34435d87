/* SPDX-License-Identifier: MIT */
#include "model/target.h"

#include "base/error.h"
#include "base/memory.h"
#include "data/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 32 };

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static tdrop_status check_column(const tdrop_data *target, tdrop_error *error) {
    if (target->info.columns == 1) return TDROP_OK;
    return tdrop_fail(error, TDROP_ERROR_DATA,
                      "%s: labels are one column, but its rows have %zu columns", target->info.name,
                      target->info.columns);
}

tdrop_status tdrop_classes_create(tdrop_classes *classes, size_t count, const double *labels) {
    size_t per_class = sizeof(double) + sizeof(char *) + NAME_SIZE;
    double *block = tdrop_alloc(count, per_class);
    if (!block) return TDROP_ERROR_MEMORY;
    *classes = (tdrop_classes){count, block, (char **)(block + count)};
    char *names = (char *)(classes->name + count);
    for (size_t i = 0; i < count; i++, names += NAME_SIZE) {
        classes->label[i] = labels[i];
        classes->name[i] = names;
        snprintf(names, NAME_SIZE, "%.17g", labels[i]);
    }
    return TDROP_OK;
}

void tdrop_classes_clear(tdrop_classes *classes) {
    tdrop_free(classes->label); /* the block holds the names, too */
    *classes = (tdrop_classes){0};
}

/* Different values of a column, sorted in place; returns how many. */
static size_t unique_values(double *values, size_t count) {
    size_t unique = 0;
    qsort(values, count, sizeof *values, compare_doubles);
    for (size_t i = 0; i < count; i++)
        if (unique == 0 || values[i] != values[unique - 1]) values[unique++] = values[i];
    return unique;
}

tdrop_status tdrop_classes_find(tdrop_classes *classes, const tdrop_data *target,
                                tdrop_error *error) {
    size_t rows = target->info.rows;
    tdrop_status status = check_column(target, error);
    if (status) return status;
    double *values = tdrop_alloc(rows, sizeof *values);
    if (!values) return tdrop_fail_memory(error, "labels");
    for (size_t i = 0; i < rows; i++)
        tdrop_table_row(target, i, &values[i]);
    size_t count = unique_values(values, rows);
    if (count < 2)
        status = tdrop_fail(error, TDROP_ERROR_DATA,
                            "%s: every label is the same; at least 2 classes are needed",
                            target->info.name);
    else if (count > TDROP_MOST_CLASSES)
        status = tdrop_fail(error, TDROP_ERROR_DATA,
                            "%s: %zu different labels, at most %d can be told apart; is this a "
                            "number to predict, or an id?",
                            target->info.name, count, TDROP_MOST_CLASSES);
    else if (tdrop_classes_create(classes, count, values))
        status = tdrop_fail_memory(error, "labels");
    tdrop_free(values);
    return status;
}

tdrop_status tdrop_classes_index(const tdrop_classes *classes, const tdrop_data *target,
                                 float *class_of, tdrop_error *error) {
    tdrop_status status = check_column(target, error);
    for (size_t i = 0; i < target->info.rows && !status; i++) {
        double value;
        tdrop_table_row(target, i, &value);
        const double *found = bsearch(&value, classes->label, classes->count,
                                      sizeof *classes->label, compare_doubles);
        if (!found)
            status = tdrop_fail(error, TDROP_ERROR_DATA,
                                "%s: row %zu has the label %g, which the model does not know",
                                target->info.name, i + 1, value);
        else
            class_of[i] = (float)(found - classes->label);
    }
    return status;
}
