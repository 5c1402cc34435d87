/* SPDX-License-Identifier: MIT */
#include "inputs.h"

#include "message.h"
#include "name_list.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int inputs_read_data(tdrop_data **data, const char *source, tdrop_part part) {
    return table_read(data, source, part, NULL, TDROP_MISSING_ERROR, NULL);
}

static int open_model(inputs *in, const char *model) {
    tdrop_error error = {TDROP_OK, ""};
    const tdrop_status status = tdrop_model_load(&in->model, model, &error);
    if (status != TDROP_OK) return message_library(status, &error);
    tdrop_model_get_info(in->model, &in->model_info);
    return 1;
}

static int open_data(inputs *in, const char *data, tdrop_part part, const table_settings *table) {
    if (!table_read(&in->data, data, part, table, in->model_info.missing, in->model)) return 0;
    tdrop_data_get_info(in->data, &in->data_info);
    return 1;
}

int inputs_open(inputs *in, const char *model, const char *data, tdrop_part part,
                const table_settings *table, const compute_settings *settings) {
    *in = (inputs){.part = part};
    if (open_model(in, model) && (!data || open_data(in, data, part, table)) &&
        (!settings || compute_open(&in->compute, settings)))
        return 1;
    inputs_close(in);
    return 0;
}

void inputs_close(inputs *in) {
    compute_close(&in->compute);
    tdrop_model_destroy(in->model);
    tdrop_data_destroy(in->data);
    tdrop_data_destroy(in->target);
    tdrop_data_destroy(in->groups);
    *in = (inputs){0};
}

const char *inputs_target_of(const char *target, const char *source) {
    if (target) return target;
    return inputs_two_parts(source) ? "fashion-mnist:labels" : NULL;
}

/* Whether a target that is no column of the data could not be a file either, nor a part of one
 * (names with a colon): then it was meant for a column. */
static int is_nowhere(const tdrop_data_info *data, const char *target) {
    return data->named && strcmp(target, "-") != 0 && !strchr(target, ':') &&
           access(target, F_OK) != 0;
}

/* Takes the columns of a list that names at least one of the table. On failure, also where it does
 * not name columns alone, says why and returns 0. */
static int take_listed(tdrop_data **labels, tdrop_data *data, const char *target,
                       const name_list *list) {
    tdrop_error error = {TDROP_OK, ""};
    tdrop_data_info info;
    tdrop_data_get_info(data, &info);
    for (size_t i = 0; i < list->count; i++)
        if (!tdrop_data_find_column(data, list->names[i], NULL)) {
            message_error("target %s: %s has no column '%s'; name columns of it alone, or "
                          "one file",
                          target, info.name, list->names[i]);
            return 0;
        }
    const tdrop_status status =
        tdrop_data_take_columns(data, list->names, list->count, labels, &error);
    return status == TDROP_OK ? 1 : message_library(status, &error);
}

static size_t columns_named(const tdrop_data *data, const name_list *list) {
    size_t found = 0;
    for (size_t i = 0; i < list->count; i++)
        found += tdrop_data_find_column(data, list->names[i], NULL) != 0;
    return found;
}

int inputs_has_target(const tdrop_data *data, const char *target) {
    name_list list = {0};
    if (tdrop_data_find_column(data, target, NULL)) return 1;
    if (!name_list_split(&list, target)) return 0;
    const int found = list.count && columns_named(data, &list) == list.count;
    name_list_clear(&list);
    return found;
}

static int read_target(tdrop_data **labels, tdrop_data *data, const char *target, tdrop_part part,
                       const name_list *list) {
    tdrop_data_info info;
    tdrop_data_get_info(data, &info);
    if (columns_named(data, list) && access(target, F_OK) != 0)
        return take_listed(labels, data, target, list);
    if (!is_nowhere(&info, target)) return inputs_read_data(labels, target, part);
    message_error("target %s: %s has no column of that name, and there is no such "
                  "file: name one of the two",
                  target, info.name);
    return 0;
}

int inputs_read_target(tdrop_data **labels, tdrop_data *data, const char *target, tdrop_part part) {
    tdrop_error error = {TDROP_OK, ""};
    name_list list = {0};
    if (tdrop_data_find_column(data, target, NULL)) {
        const tdrop_status status = tdrop_data_take_column(data, target, labels, &error);
        return status == TDROP_OK ? 1 : message_library(status, &error);
    }
    const int done =
        name_list_split(&list, target) && read_target(labels, data, target, part, &list);
    name_list_clear(&list);
    return done;
}

/* The groups of a fit are no column of its model, so one that is cannot tell what was held out. */
static int is_read_by_model(const inputs *in, const char *name) {
    tdrop_column_info column;
    for (size_t j = 0; tdrop_model_get_column(in->model, j, &column) == TDROP_OK; j++)
        if (column.name && strcmp(column.name, name) == 0) return 1;
    return 0;
}

int inputs_open_groups(inputs *in, const char *column) {
    tdrop_error error = {TDROP_OK, ""};
    const char *name = column ? column : in->model_info.groups;
    if (!name || (!column && !tdrop_data_find_column(in->data, name, NULL))) return 1;
    if (in->data_info.named && is_read_by_model(in, name)) {
        message_error(
            "option --group: the model reads column '%s' of %s, so no groups of it were held "
            "out: leave the option out",
            name, in->data_info.name);
        return 0;
    }
    const tdrop_status status = tdrop_data_take_column(in->data, name, &in->groups, &error);
    if (status != TDROP_OK) return message_library(status, &error);
    tdrop_data_get_info(in->data, &in->data_info);
    in->compute.use.groups = in->groups;
    return 1;
}

/* Columns without names go by their place, so that a table which still has the fit's target among
 * its columns has one too many. */
static const char *hint_for_columns(const inputs *in) {
    const int by_name = in->data_info.named && in->model_info.named;
    if (by_name || in->data_info.columns <= in->model_info.columns) return NULL;
    return ": leave out by --drop what the fit did not read";
}

int inputs_note_unseen(const inputs *in) {
    size_t count = 0;
    char levels[400];
    tdrop_error error = {TDROP_OK, ""};
    const tdrop_status status =
        tdrop_model_unseen(in->model, in->data, &count, levels, sizeof levels, &error);
    if (status != TDROP_OK) return message_library_and(status, &error, hint_for_columns(in));
    if (count)
        message_note("%s: levels that the model does not know count as none (%zu): %s%s",
                     in->data_info.name, count, levels,
                     strlen(levels) + 1 == sizeof levels ? " ..." : "");
    return 1;
}

int inputs_output_columns(const inputs *in, tdrop_column_info **columns) {
    const tdrop_model_info *info = &in->model_info;
    tdrop_column_info *made = calloc(info->outputs, sizeof *made);
    if (!made) return message_memory();
    for (size_t j = 0; j < info->outputs; j++)
        if (info->task == TDROP_TASK_AUTOENCODE)
            tdrop_model_get_column(in->model, j, &made[j]);
        else if (info->task == TDROP_TASK_REGRESS)
            tdrop_model_get_target(in->model, j, &made[j]);
        else
            made[j].name = info->class_name[j];
    *columns = made;
    return 1;
}

int inputs_open_target(inputs *in, const char *target, const char *source) {
    const int classify = in->model_info.task == TDROP_TASK_CLASSIFY;
    if (in->model_info.task == TDROP_TASK_AUTOENCODE) {
        if (target) message_note("%s is not read: the model is an autoencoder", target);
        return 1;
    }
    if (classify) target = inputs_target_of(target, source);
    if (!target) {
        message_error("the model is a %s: give the %s of %s by --target",
                      classify ? "classifier" : "regression", classify ? "labels" : "targets",
                      source);
        return 0;
    }
    if (!inputs_read_target(&in->target, in->data, target, in->part)) return 0;
    tdrop_data_get_info(in->data, &in->data_info);
    in->compute.use.target = in->target;
    return 1;
}

int inputs_output_shape(const tdrop_model_info *model, size_t rows, int item_dims,
                        const size_t *item_shape, size_t shape[8]) {
    shape[0] = rows;
    if (model->task != TDROP_TASK_AUTOENCODE) {
        shape[1] = model->outputs;
        return 2;
    }
    memcpy(shape + 1, item_shape, (size_t)item_dims * sizeof *shape);
    return item_dims + 1;
}

int inputs_two_parts(const char *source) {
    return strcmp(source, "fashion-mnist") == 0;
}

const char *inputs_file_of(const char *source) {
    const int known =
        source && (inputs_two_parts(source) || !strcmp(source, "fashion-mnist:labels"));
    return known ? NULL : source;
}

float *inputs_floats(size_t rows, size_t columns) {
    float *values = NULL;
    const size_t row_size = columns * sizeof *values;
    if (row_size / sizeof *values == columns && (!row_size || rows <= SIZE_MAX / row_size))
        values = malloc(rows * row_size > 0 ? rows * row_size : 1);
    if (!values) message_memory();
    return values;
}
