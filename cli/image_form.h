/* SPDX-License-Identifier: MIT
 * Rows of data that are images. */
#ifndef TDROP_CLI_IMAGE_FORM_H
#define TDROP_CLI_IMAGE_FORM_H

#include "taildropout_model.h"

/* How the numbers of a row are an image. */
typedef struct image_form {
    size_t height, width, channels; /* channels 1 or 3 */
    int channels_first;
} image_form;

/* Nonzero when the rows are images: height and width, or these and 1 or 3 channels, last or first.
 */
int image_form_of(const tdrop_data_info *data, image_form *form);

#endif
