/* SPDX-License-Identifier: MIT */
#include "image_form.h"

static int channel_count(size_t dim) {
    return dim == 1 || dim == 3;
}

int image_form_of(const tdrop_data_info *data, image_form *form) {
    const size_t *shape = data->item_shape;
    if (data->item_dims == 2)
        *form = (image_form){shape[0], shape[1], 1, 0};
    else if (data->item_dims == 3 && channel_count(shape[2]))
        *form = (image_form){shape[0], shape[1], shape[2], 0};
    else if (data->item_dims == 3 && channel_count(shape[0]))
        *form = (image_form){shape[1], shape[2], shape[0], 1};
    else
        return 0;
    return 1;
}
