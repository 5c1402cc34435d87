/* SPDX-License-Identifier: MIT
 * Which rows were held out, in words. */
#ifndef TDROP_CLI_SPLIT_TEXT_H
#define TDROP_CLI_SPLIT_TEXT_H

#include "taildropout_model.h"

#include <stdio.h>

/* "a share of 0.1 held out, split seed 0", and of what that is a share. */
void split_text_write(FILE *out, const tdrop_model_info *info);

/* What the rows of a table that are measured are to a model: "held-out rows", "rows that were
 * trained on", where those held out are in a table of their own, or no more than "rows": of another
 * table nobody knows whether they were trained on. */
const char *split_rows_text(const tdrop_model_info *model, const tdrop_data_info *data);

#endif
