/* SPDX-License-Identifier: MIT
 * Some of the held-out rows of a table, to be shown. */
#ifndef TDROP_CLI_HELD_OUT_H
#define TDROP_CLI_HELD_OUT_H

#include "taildropout_model.h"

/* At most `most` of them, spread over all, for files are often sorted; in rising order. *rows is to
 * be freed with free(). On failure says why and returns 0. */
int held_out_spread(const tdrop_model *model, const tdrop_data *data, const tdrop_use_options *use,
                    size_t most, size_t **rows, size_t *count);

/* These rows as a table of floats. On failure says why and returns 0. */
int held_out_table(const tdrop_data *data, const size_t *rows, size_t count, tdrop_data **table);

#endif
