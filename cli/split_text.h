/* SPDX-License-Identifier: MIT
 * Which rows were held out, in words. */
#ifndef TDROP_CLI_SPLIT_TEXT_H
#define TDROP_CLI_SPLIT_TEXT_H

#include "taildropout_model.h"

#include <stdio.h>

/* "a share of 0.1 held out, split seed 0", and of what that is a share. */
void split_text_write(FILE *out, const tdrop_model_info *info);

/* Whether all of the data that are measured were trained on, the held-out rows being elsewhere. */
int split_is_elsewhere(const tdrop_model_info *model, const tdrop_data_info *data);

#endif
