/* SPDX-License-Identifier: MIT */
#include "table.h"

#include "message.h"

#include <stdlib.h>
#include <string.h>

/* Names in a list, and the text that they point into. */
typedef struct name_list {
    char *text;
    const char **names;
    size_t count;
} name_list;

static void name_list_clear(name_list *list) {
    free(list->text);
    free(list->names);
    *list = (name_list){0};
}

/* "a,b,c"; NULL makes an empty list. */
static int name_list_split(name_list *list, const char *text) {
    if (!text) return 1;
    list->text = strdup(text);
    list->names = calloc(strlen(text) + 1, sizeof *list->names);
    if (!list->text || !list->names) return message_memory();
    for (char *name = list->text, *comma; name; name = comma) {
        comma = strchr(name, ',');
        if (comma) *comma++ = '\0';
        list->names[list->count++] = name;
    }
    return 1;
}

/* The columns of a model that has names. */
static int name_list_of_model(name_list *list, const tdrop_model *model) {
    tdrop_model_info info;
    tdrop_model_get_info(model, &info);
    if (!info.named) return 1;
    list->names = calloc(info.columns, sizeof *list->names);
    if (!list->names) return message_memory();
    for (; list->count < info.columns; list->count++) {
        tdrop_column_info column;
        if (tdrop_model_get_column(model, list->count, &column) != TDROP_OK) return 0;
        list->names[list->count] = column.name;
    }
    return 1;
}

static int read_delimiter(const char *text, char *delimiter) {
    *delimiter = 0;
    if (!text) return 1;
    *delimiter = strcmp(text, "tab") == 0 ? '\t' : text[0];
    if (strcmp(text, "tab") == 0 || (text[0] && !text[1])) return 1;
    message_error("option --delimiter: '%s' is not one character: give one, or the word tab", text);
    return 0;
}

int table_read(tdrop_data **data, const char *source, tdrop_part part,
               const table_settings *settings, tdrop_missing missing, const tdrop_model *model) {
    static const table_settings nothing = {0};
    tdrop_data_read_options options = {.part = part, .missing = missing};
    name_list columns = {0}, drop = {0};
    tdrop_error error = {TDROP_OK, ""};
    if (!settings) settings = &nothing;
    const int by_model = model && !settings->columns && !settings->drop;
    int done = (by_model ? name_list_of_model(&columns, model)
                         : name_list_split(&columns, settings->columns)) &&
               name_list_split(&drop, settings->drop) &&
               read_delimiter(settings->delimiter, &options.delimiter);
    if (done) {
        options.columns = columns.names;
        options.column_count = columns.count;
        options.named_only = by_model;
        options.drop = drop.names;
        options.drop_count = drop.count;
        options.id = settings->id;
        options.target = settings->target;
        const tdrop_status status = tdrop_data_read(data, source, &options, &error);
        done = status == TDROP_OK ? 1 : message_library(status, &error);
    }
    name_list_clear(&columns);
    name_list_clear(&drop);
    return done;
}

int table_is_csv(const char *path) {
    static const char ending[] = ".csv";
    const size_t length = strlen(path), end = sizeof ending - 1;
    return length >= end && strcmp(path + length - end, ending) == 0;
}

tdrop_status table_write(const char *path, const float *values, int dims, const size_t *shape,
                         const tdrop_column_info *columns, const tdrop_data *ids, int force,
                         tdrop_error *error) {
    if (!table_is_csv(path)) return tdrop_npy_write(path, values, dims, shape, force, error);
    const tdrop_csv_options options = {.columns = columns, .ids = ids};
    size_t width = 1;
    for (int d = 1; d < dims; d++)
        width *= shape[d];
    return tdrop_csv_write(path, values, shape[0], width, &options, force, error);
}
