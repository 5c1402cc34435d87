/* SPDX-License-Identifier: MIT
 * Which columns of a table are read. */
#ifndef TDROP_DATA_SELECT_H
#define TDROP_DATA_SELECT_H

#include "taildropout_model.h"

#include <stdbool.h>
#include <stddef.h>

/* Marks in keep[count] the columns that the options ask for; `names` are those of the columns, NULL
 * where they have none. *id: the column of ids, which is not kept unless it is that of groups too;
 * `count` when there is none.
 * `source` is for messages. Errors: DATA (no such column, none left). */
tdrop_status tdrop_select(const tdrop_data_read_options *options, const char *source,
                          const char *const *names, size_t count, bool *keep, size_t *id,
                          tdrop_error *error);

/* The column of groups; `count` when there is none. */
size_t tdrop_select_groups(const tdrop_data_read_options *options, const char *const *names,
                           size_t count);

/* Does that to a table without names and ids, not finished yet. Errors: DATA, MEMORY. */
tdrop_status tdrop_select_in_table(tdrop_data *data, const tdrop_data_read_options *options,
                                   tdrop_error *error);

/* The options, or their defaults where NULL. */
const tdrop_data_read_options *tdrop_read_options(const tdrop_data_read_options *options);

#endif
