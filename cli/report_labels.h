/* SPDX-License-Identifier: MIT
 * Which class each of some rows is of. */
#ifndef TDROP_CLI_REPORT_LABELS_H
#define TDROP_CLI_REPORT_LABELS_H

#include "report_source.h"

#include <stdint.h>

/* Not among the classes. */
enum { REPORT_NO_CLASS = UINT16_MAX };

typedef struct report_labels {
    size_t classes; /* 0: no labels, or too many different ones to tell apart */
    char (*name)[40];
    uint16_t *group; /* of each row asked for, a number below classes or REPORT_NO_CLASS */
} report_labels;

/* The classes are those of a classifier, else the numbers that occur, rising. On failure says why
 * and returns 0; otherwise to be freed with report_labels_clear. */
int report_labels_read(report_labels *labels, const report_source *source, const size_t *rows,
                       size_t count);
void report_labels_clear(report_labels *labels);

#endif
