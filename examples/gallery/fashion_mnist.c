/* SPDX-License-Identifier: MIT
 * Fashion-MNIST for the experiments that learn from images. */
#include "fashion_mnist.h"

#include "experiment.h"

#include <stdio.h>
#include <stdlib.h>

/* The first rows of a table; *rows becomes how many there are. */
static float *read_rows(const char *source, tdrop_part part, size_t *rows) {
    tdrop_data *data = NULL;
    tdrop_data_info info;
    tdrop_error error;
    const tdrop_data_read_options options = {.part = part};
    if (tdrop_data_read(&data, source, &options, &error)) {
        fprintf(stderr, "%s\n", error.message);
        exit(EXPERIMENT_NO_DATA);
    }
    tdrop_data_get_info(data, &info);
    *rows = *rows < info.rows ? *rows : info.rows;
    float *values = experiment_memory(*rows * info.columns, sizeof *values);
    CHECK(tdrop_data_get_rows(data, 0, *rows, values));
    tdrop_data_destroy(data);
    return values;
}

images fashion_mnist_read(tdrop_part part, size_t most) {
    images set = {.rows = most};
    set.pixel = read_rows("fashion-mnist", part, &set.rows);
    set.class = read_rows("fashion-mnist:labels", part, &set.rows);
    for (size_t i = 0; i < set.rows * PIXELS; i++)
        set.pixel[i] /= 255;
    return set;
}

void fashion_mnist_free(images *set) {
    free(set->pixel), free(set->class);
    *set = (images){0};
}
