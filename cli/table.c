/* SPDX-License-Identifier: MIT */
#include "table.h"

#include "message.h"
#include "name_list.h"

#include <stdlib.h>
#include <string.h>

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

static int read_header(const char *text, tdrop_header *header) {
    *header = TDROP_HEADER_AUTO;
    if (!text) return 1;
    *header = strcmp(text, "yes") == 0 ? TDROP_HEADER_YES : TDROP_HEADER_NO;
    if (strcmp(text, "yes") == 0 || strcmp(text, "no") == 0) return 1;
    message_error("option --header: '%s' is neither yes nor no", text);
    return 0;
}

/* The column of groups, if one is asked for. */
static const char *groups_of(const table_settings *settings, const tdrop_model *model) {
    tdrop_model_info info;
    if (settings->groups || !settings->with_groups || !model) return settings->groups;
    tdrop_model_get_info(model, &info);
    return info.groups;
}

/* Every column that a target may mean: the names in its list, and the whole of it, for the name of
 * a column may hold a comma. A list has room for one more. */
static int names_of_target(name_list *list, const char *target) {
    if (!name_list_split(list, target)) return 0;
    if (target) list->names[list->count++] = target;
    return 1;
}

/* The library knows no options: which of them would help is said here, behind its line. */
static const char *hint_for(tdrop_status status, const table_settings *settings,
                            const tdrop_model *model) {
    if (settings->of_fit && status == TDROP_ERROR_MISSING)
        return ", or let such cells in by --missing mean or mask";
    if (settings->of_fit && status == TDROP_ERROR_LEVELS) return " (--drop or --id)";
    if (model && status == TDROP_ERROR_MISSING)
        return "; a model fitted with --missing mean or mask takes such cells, this one does not";
    return NULL;
}

/* Reads the listed columns and those beside them; `options` has the rest. */
static int read_listed(tdrop_data **data, const char *source, const table_settings *settings,
                       const tdrop_model *model, const name_list *columns, const name_list *drop,
                       tdrop_data_read_options options) {
    name_list targets = {0};
    tdrop_error error = {TDROP_OK, ""};
    int done = names_of_target(&targets, settings->target) &&
               read_delimiter(settings->delimiter, &options.delimiter) &&
               read_header(settings->header, &options.header);
    if (done) {
        options.columns = columns->names;
        options.column_count = columns->count;
        options.drop = drop->names;
        options.drop_count = drop->count;
        options.targets = targets.names;
        options.target_count = targets.count;
        options.groups = groups_of(settings, model);
        const tdrop_status status = tdrop_data_read(data, source, &options, &error);
        done = status == TDROP_OK ||
               message_library_and(status, &error, hint_for(status, settings, model));
    }
    name_list_clear(&targets);
    return done;
}

int table_read(tdrop_data **data, const char *source, tdrop_part part,
               const table_settings *settings, tdrop_missing missing, const tdrop_model *model) {
    static const table_settings nothing = {0};
    name_list columns = {0}, drop = {0};
    if (!settings) settings = &nothing;
    const int by_model = model && !settings->columns && !settings->drop;
    const tdrop_data_read_options options = {
        .part = part, .missing = missing, .named_only = by_model, .id = settings->id};
    const int done = (by_model ? name_list_of_model(&columns, model)
                               : name_list_split(&columns, settings->columns)) &&
                     name_list_split(&drop, settings->drop) &&
                     read_listed(data, source, settings, model, &columns, &drop, options);
    name_list_clear(&columns);
    name_list_clear(&drop);
    return done;
}

/* The columns of a table that has names. */
static int name_list_of_table(name_list *list, const tdrop_data *data) {
    tdrop_data_info info;
    tdrop_data_get_info(data, &info);
    if (!info.named) return 1;
    list->names = calloc(info.columns, sizeof *list->names);
    if (!list->names) return message_memory();
    for (; list->count < info.columns; list->count++) {
        tdrop_column_info column;
        if (tdrop_data_get_column(data, list->count, &column) != TDROP_OK) return 0;
        list->names[list->count] = column.name;
    }
    return 1;
}

int table_read_like(tdrop_data **data, const char *source, const table_settings *settings,
                    tdrop_missing missing, const tdrop_data *like) {
    tdrop_data_info info;
    tdrop_data_get_info(like, &info);
    if (!info.named) return table_read(data, source, TDROP_PART_TRAIN, settings, missing, NULL);
    const tdrop_data_read_options options = {.missing = missing, .named_only = 1};
    const name_list no_drop = {0};
    name_list columns = {0};
    const int done = name_list_of_table(&columns, like) &&
                     read_listed(data, source, settings, NULL, &columns, &no_drop, options);
    name_list_clear(&columns);
    return done;
}
