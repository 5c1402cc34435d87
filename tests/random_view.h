/* SPDX-License-Identifier: MIT
 * Views of any shape and any strides, each on memory of its own that ends where the view does. */
#ifndef TDROP_TESTS_RANDOM_VIEW_H
#define TDROP_TESTS_RANDOM_VIEW_H

#include "taildropout.h"

/* Bytes that decide what is made, a fuzzer's or random ones; zeros when they are used up. */
typedef struct byte_source {
    const uint8_t *bytes;
    size_t left;
} byte_source;

/* The next number below n, 1 <= n <= 65536. */
size_t byte_source_below(byte_source *source, size_t n);

/* A view and the memory under it, from its first element to its last. */
typedef struct random_view {
    tdrop_view view;
    unsigned char *memory;
    size_t size;
} random_view;

/* Element size, dims and shape, at most some thousand elements; strides and data are left. */
tdrop_view random_shape(byte_source *source);

/* Puts such a view into memory: dims in any order, some backward, some with gaps between. Its bytes
 * are random; among the floats they make are NaN and -0.0. */
void random_view_place(random_view *made, byte_source *source, const tdrop_view *shape);

void random_view_free(random_view *made);

/* Good dims for a view of so many; where `any` is nonzero, bad ones, too. */
tdrop_dims random_dims(byte_source *source, int dims, int any);

#endif
