/* SPDX-License-Identifier: MIT */
#include "data/select.h"

#include "base/error.h"
#include "base/memory.h"
#include "data/table.h"

#include <stdio.h>
#include <string.h>

const tdrop_data_read_options *tdrop_read_options(const tdrop_data_read_options *options) {
    static const tdrop_data_read_options defaults = {.part = TDROP_PART_TRAIN};
    return options ? options : &defaults;
}

static size_t find_column(const char *wanted, const char *const *names, size_t count) {
    if (!names) return tdrop_column_number(wanted, count);
    size_t at = 0;
    while (at < count && strcmp(names[at], wanted) != 0)
        at++;
    return at;
}

size_t tdrop_select_groups(const tdrop_data_read_options *options, const char *const *names,
                           size_t count) {
    return options->groups ? find_column(options->groups, names, count) : count;
}

static tdrop_status no_such_column(const char *source, const char *wanted, const char *const *names,
                                   size_t count, tdrop_error *error) {
    enum { SHOWN = 8 };
    char list[512] = "";
    size_t used = 0;
    if (!names)
        return tdrop_fail(error, TDROP_ERROR_DATA,
                          "%s: no column '%s'; it has no names, so give a number from 1 to %zu",
                          source, wanted, count);
    for (size_t i = 0; i < count && i < SHOWN && used < sizeof list; i++)
        used +=
            (size_t)snprintf(list + used, sizeof list - used, "%s'%.60s'", i ? ", " : "", names[i]);
    return tdrop_fail(error, TDROP_ERROR_DATA, "%s: no column '%s'; its %zu columns are %s%s",
                      source, wanted, count, list, count > SHOWN ? ", ..." : "");
}

/* Marks each of `wanted`; NULL: none. */
static tdrop_status mark(const char *source, const char *const *wanted, size_t wanted_count,
                         const char *const *names, size_t count, bool *keep, bool value,
                         tdrop_error *error) {
    for (size_t i = 0; wanted && i < wanted_count; i++) {
        size_t at = find_column(wanted[i], names, count);
        if (at == count) return no_such_column(source, wanted[i], names, count, error);
        keep[at] = value;
    }
    return TDROP_OK;
}

tdrop_status tdrop_select(const tdrop_data_read_options *options, const char *source,
                          const char *const *names, size_t count, bool *keep, size_t *id,
                          tdrop_error *error) {
    size_t id_column = count, kept = 0;
    const bool chosen = options->columns && (names || !options->named_only);
    for (size_t j = 0; j < count; j++)
        keep[j] = !chosen;
    tdrop_status status = TDROP_OK;
    if (chosen)
        status =
            mark(source, options->columns, options->column_count, names, count, keep, true, error);
    if (!status)
        status = mark(source, options->drop, options->drop_count, names, count, keep, false, error);
    for (size_t i = 0; options->targets && i < options->target_count && !status; i++) {
        size_t target = find_column(options->targets[i], names, count);
        if (target < count) keep[target] = true;
    }
    if (!status && options->id) {
        id_column = find_column(options->id, names, count);
        if (id_column == count) return no_such_column(source, options->id, names, count, error);
        keep[id_column] = false;
    }
    const size_t groups = tdrop_select_groups(options, names, count);
    if (groups < count) keep[groups] = true;
    if (status) return status;
    for (size_t j = 0; j < count; j++)
        kept += keep[j];
    if (kept == 0) return tdrop_fail(error, TDROP_ERROR_DATA, "%s: no column is left", source);
    *id = id_column;
    return TDROP_OK;
}

tdrop_status tdrop_select_in_table(tdrop_data *data, const tdrop_data_read_options *options,
                                   tdrop_error *error) {
    size_t columns = data->info.columns, id;
    if (options->id)
        return tdrop_fail(error, TDROP_ERROR_DATA,
                          "%s: ids come from .csv files only; this is another format",
                          data->info.name);
    if (!options->columns && !options->drop_count) return TDROP_OK;
    bool *keep = tdrop_alloc(columns, sizeof *keep);
    if (!keep) return tdrop_fail_memory(error, data->info.name);
    tdrop_status status = tdrop_select(options, data->info.name, NULL, columns, keep, &id, error);
    if (!status) status = tdrop_table_keep_columns(data, keep, error);
    tdrop_free(keep);
    return status;
}
