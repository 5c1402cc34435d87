/* SPDX-License-Identifier: MIT */
#include "report_labels.h"

#include "inputs.h"
#include "message.h"
#include "number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Colours that can still be told apart. */
enum { MOST_CLASSES = 20 };

void report_labels_clear(report_labels *labels) {
    free(labels->name);
    free(labels->group);
    *labels = (report_labels){0};
}

static int rising(const void *a, const void *b) {
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The different values, rising, in place; returns how many. */
static size_t make_distinct(float *values, size_t count) {
    size_t distinct = 0;
    qsort(values, count, sizeof *values, rising);
    for (size_t i = 0; i < count; i++)
        if (!distinct || values[i] != values[distinct - 1]) values[distinct++] = values[i];
    return distinct;
}

/* The labels that stand for the classes of a classifier, which are named by them. */
static size_t labels_of_classes(const tdrop_model_info *info, float *values) {
    for (size_t c = 0; c < info->classes; c++)
        values[c] = strtof(info->class_name[c], NULL);
    return info->classes;
}

static void name_class(report_labels *labels, size_t c, const char *name) {
    snprintf(labels->name[c], sizeof labels->name[c], "%s", name);
}

static void name_classes(report_labels *labels, const tdrop_model_info *info,
                         const float *class_label) {
    for (size_t c = 0; c < labels->classes; c++)
        name_class(labels, c,
                   info->classes ? info->class_name[c] : number_exact((double)class_label[c]).text);
}

static uint16_t class_of(float label, const float *class_label, size_t classes) {
    for (size_t c = 0; c < classes; c++)
        if (class_label[c] == label) return (uint16_t)c;
    return REPORT_NO_CLASS;
}

/* Room for so many classes and groups, unless they are too many to be told apart. */
static int begin_classes(report_labels *labels, const tdrop_model_info *info, size_t classes,
                         size_t count) {
    if ((classes > MOST_CLASSES && !info->classes) || classes >= REPORT_NO_CLASS) return 1;
    labels->name = calloc(classes, sizeof *labels->name);
    labels->group = calloc(count, sizeof *labels->group);
    if (!labels->name || !labels->group) return 0;
    labels->classes = classes;
    return 1;
}

static uint16_t class_named(const char *name, const char *const *names, size_t classes) {
    for (size_t c = 0; c < classes; c++)
        if (strcmp(names[c], name) == 0) return (uint16_t)c;
    return REPORT_NO_CLASS;
}

/* Of labels that are text row_label[count] are numbers of levels; classes are those of the
 * classifier, else all levels. */
static int find_named_classes(report_labels *labels, const tdrop_model_info *info,
                              const tdrop_column_info *column, const float *row_label,
                              size_t count) {
    const char *const *names = info->classes ? info->class_name : column->level;
    if (!begin_classes(labels, info, info->classes ? info->classes : column->levels, count))
        return message_memory();
    for (size_t c = 0; c < labels->classes; c++)
        name_class(labels, c, names[c]);
    for (size_t i = 0; labels->classes && i < count; i++)
        labels->group[i] = class_named(column->level[(size_t)row_label[i]], names, labels->classes);
    return 1;
}

/* row_label[count] are the labels of the rows, class_label has room for all classes. */
static int find_classes(report_labels *labels, const tdrop_model_info *info, const float *row_label,
                        size_t count, float *class_label) {
    memcpy(class_label, row_label, count * sizeof *class_label);
    const size_t classes =
        info->classes ? labels_of_classes(info, class_label) : make_distinct(class_label, count);
    if (!begin_classes(labels, info, classes, count)) return message_memory();
    if (!labels->classes) return 1;
    name_classes(labels, info, class_label);
    for (size_t i = 0; i < count; i++)
        labels->group[i] = class_of(row_label[i], class_label, classes);
    return 1;
}

static int read_labels(const tdrop_data *labels, const size_t *rows, size_t count, float *values) {
    tdrop_status status = TDROP_OK;
    for (size_t i = 0; i < count && status == TDROP_OK; i++)
        status = tdrop_data_get_rows(labels, rows[i], 1, values + i);
    return status == TDROP_OK ? 1 : message_library(status, NULL);
}

/* A table of one column and as many rows as the data. */
static int labels_fit(const report_source *source) {
    tdrop_data_info data, labels;
    if (!source->labels) return 0;
    tdrop_data_get_info(source->data, &data);
    tdrop_data_get_info(source->labels, &labels);
    return labels.columns == 1 && labels.rows == data.rows;
}

int report_labels_read(report_labels *labels, const report_source *source, const size_t *rows,
                       size_t count) {
    const size_t room = count > source->info->classes ? count : source->info->classes;
    *labels = (report_labels){0};
    if (!labels_fit(source)) return 1;
    float *row_label = inputs_floats(count, 1), *class_label = inputs_floats(room, 1);
    tdrop_column_info column = {.kind = TDROP_COLUMN_NUMBER};
    tdrop_data_get_column(source->labels, 0, &column);
    int done = row_label && class_label && read_labels(source->labels, rows, count, row_label);
    if (done && column.kind == TDROP_COLUMN_CATEGORY)
        done = find_named_classes(labels, source->info, &column, row_label, count);
    else if (done)
        done = find_classes(labels, source->info, row_label, count, class_label);
    free(row_label);
    free(class_label);
    if (!done) report_labels_clear(labels);
    return done;
}
