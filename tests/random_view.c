/* SPDX-License-Identifier: MIT */
#include "random_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned next_byte(byte_source *source) {
    if (source->left == 0) return 0;
    source->left--;
    return *source->bytes++;
}

size_t byte_source_below(byte_source *source, size_t n) {
    size_t value = next_byte(source);
    if (n > 256) value = value << 8 | next_byte(source);
    return value % n;
}

/* The more dims, the shorter each. */
tdrop_view random_shape(byte_source *source) {
    static const size_t longest[TDROP_MOST_DIMS + 1] = {1, 600, 70, 12, 7, 5, 4, 3, 3};
    tdrop_view view = {.element_size = (size_t)1 << byte_source_below(source, 4),
                       .dims = 1 + (int)byte_source_below(source, TDROP_MOST_DIMS)};
    for (int d = 0; d < view.dims; d++)
        view.shape[d] = byte_source_below(source, longest[view.dims] + 1);
    return view;
}

/* A random order of the dims, in which strides grow. */
static void shuffle(byte_source *source, int dims, int *order) {
    for (int d = 0; d < dims; d++) {
        int place = (int)byte_source_below(source, (size_t)d + 1);
        order[d] = order[place];
        order[place] = d;
    }
}

static void fill(byte_source *source, unsigned char *memory, size_t size) {
    static const uint32_t special[] = {0x7FC00000, 0x80000000, 0xFFFFFFFF, 0};
    uint32_t state = (uint32_t)byte_source_below(source, 256) + 1;
    for (size_t i = 0; i < size; i += sizeof state) {
        state = state * 1664525u + 1013904223u;
        const uint32_t word = state >> 28 ? state : special[state >> 26];
        memcpy(memory + i, &word, size - i < sizeof word ? size - i : sizeof word);
    }
}

void random_view_place(random_view *made, byte_source *source, const tdrop_view *shape) {
    int order[TDROP_MOST_DIMS] = {0};
    size_t elements = 1, first = 0, last = 0;
    made->view = *shape;
    shuffle(source, shape->dims, order);
    for (int i = 0; i < shape->dims; i++) {
        int d = order[i];
        unsigned how = (unsigned)byte_source_below(source, 16); /* 1 in 4 backward, in 4 gaps */
        size_t reach = shape->shape[d] ? (shape->shape[d] - 1) * elements : 0;
        made->view.stride[d] = how & 3 ? (ptrdiff_t)elements : -(ptrdiff_t)elements;
        *(how & 3 ? &last : &first) += reach;
        elements *= shape->shape[d];
        if (how < 4) elements += 1 + how;
    }
    int empty = 0;
    for (int d = 0; d < shape->dims; d++)
        empty |= shape->shape[d] == 0;
    made->size = empty ? 0 : (first + last + 1) * shape->element_size;
    made->memory = malloc(made->size ? made->size : 1);
    if (!made->memory) {
        fprintf(stderr, "random_view_place: memory ran out\n");
        abort();
    }
    fill(source, made->memory, made->size);
    made->view.data = empty ? NULL : made->memory + first * shape->element_size;
}

void random_view_free(random_view *made) {
    free(made->memory);
}

tdrop_dims random_dims(byte_source *source, int dims, int any) {
    tdrop_dims made = {.given = byte_source_below(source, 8) > 0};
    int order[TDROP_MOST_DIMS] = {0};
    shuffle(source, dims, order);
    made.batch_count = (int)byte_source_below(source, (size_t)dims + 1);
    for (int i = 0; i < made.batch_count; i++)
        made.batch[i] = order[i] - (byte_source_below(source, 2) ? dims : 0);
    made.dropout = (int)byte_source_below(source, 2 * (size_t)dims) - dims;
    if (any && byte_source_below(source, 8) == 0) {
        int *const fields[] = {&made.batch_count, &made.batch[0], &made.batch[1], &made.dropout};
        *fields[byte_source_below(source, 4)] = (int)byte_source_below(source, 24) - 12;
    }
    return made;
}
