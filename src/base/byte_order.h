/* SPDX-License-Identifier: MIT
 * Numbers in memory and in files, whichever byte comes first. */
#ifndef TDROP_BASE_BYTE_ORDER_H
#define TDROP_BASE_BYTE_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Whether this machine keeps the highest byte of a number first. */
static inline bool tdrop_host_is_big_endian(void) {
    return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
}

/* Eight bytes at any address as one number, the first of them lowest. */
static inline uint64_t tdrop_load_word(const void *at) {
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return tdrop_host_is_big_endian() ? __builtin_bswap64(word) : word;
}

/* The number that `size` bytes, at most 8, make, the first of them lowest; */
static inline uint64_t tdrop_read_little(const unsigned char *bytes, size_t size) {
    uint64_t number = 0;
    for (size_t i = size; i-- > 0;)
        number = number << 8 | bytes[i];
    return number;
}

/* and the other way. */
static inline void tdrop_write_little(unsigned char *bytes, size_t size, uint64_t number) {
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(number >> 8 * i);
}

/* Copies `count` numbers of `size` bytes (1, 2, 4 or 8), the bytes of each in reverse order. */
void tdrop_reverse_bytes(void *to, const void *from, size_t count, size_t size);

/* Copies such numbers from this machine's order to lowest byte first, or back. */
static inline void tdrop_copy_little(void *to, const void *from, size_t count, size_t size) {
    if (tdrop_host_is_big_endian())
        tdrop_reverse_bytes(to, from, count, size);
    else
        memcpy(to, from, count * size);
}

#endif
