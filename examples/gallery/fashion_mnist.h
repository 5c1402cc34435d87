/* SPDX-License-Identifier: MIT
 * Fashion-MNIST for the experiments that learn from images. */
#ifndef GALLERY_FASHION_MNIST_H
#define GALLERY_FASHION_MNIST_H

#include <taildropout_model.h>

enum { PIXELS = 784, SIDE = 28, CLASSES = 10 };

typedef struct images {
    float *pixel; /* [rows, PIXELS], in [0, 1] */
    float *class; /* [rows] */
    size_t rows;
} images;

/* At most `most` of the first images of a part. Exits with EXPERIMENT_NO_DATA, and says what to
 * install, when the data set is not there. */
images fashion_mnist_read(tdrop_part part, size_t most);
void fashion_mnist_free(images *set);

#endif
