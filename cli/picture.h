/* SPDX-License-Identifier: MIT
 * Rows of data that are images, above what the model makes of them with 1, 2, 4, ..., n features.
 */
#ifndef TDROP_CLI_PICTURE_H
#define TDROP_CLI_PICTURE_H

#include "inputs.h"

/* Nonzero when the model gives back its rows and these are images: height and width, or these and 1
 * or 3 channels, last or first. Otherwise says why not and returns 0. */
int picture_can_be_made(const tdrop_model_info *model, const tdrop_data_info *data);

/* Writes a PNG of about ten held-out rows. Path "-" is standard output. On failure says why and
 * returns 0. */
int picture_write(const char *path, int force, const inputs *in);

#endif
