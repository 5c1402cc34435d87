/* SPDX-License-Identifier: MIT */
#include "base/byte_order.h"

/* Inlined with a constant size, so that the inner loop becomes one instruction. */
static inline void reverse_each(unsigned char *to, const unsigned char *from, size_t count,
                                size_t size) {
    for (size_t i = 0; i < count; i++)
        for (size_t b = 0; b < size; b++)
            to[i * size + b] = from[i * size + size - 1 - b];
}

void tdrop_reverse_bytes(void *to, const void *from, size_t count, size_t size) {
    switch (size) {
    case 2:
        reverse_each(to, from, count, 2);
        break;
    case 4:
        reverse_each(to, from, count, 4);
        break;
    case 8:
        reverse_each(to, from, count, 8);
        break;
    default:
        memcpy(to, from, count);
        break;
    }
}
