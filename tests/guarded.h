/* SPDX-License-Identifier: MIT
 * Buffers that notice who strays out of them. */
#ifndef TDROP_TESTS_GUARDED_H
#define TDROP_TESTS_GUARDED_H

#include <stdbool.h>
#include <stddef.h>

/* What a buffer and the zone before it are filled with, byte by byte. Four GUARDED_NAN make a NaN,
 * for what must not be read; four GUARDED_MARK a small number, for what must not be written. */
enum { GUARDED_MARK = 0xA5, GUARDED_NAN = 0xFF };

/* The last byte of data is the last of its page, and the page after it cannot be touched: one
 * element too far, read or written, is a segmentation fault. So cannot the page before the zone
 * that precedes data. The address of data is aligned as its size is, no better. */
typedef struct guarded {
    unsigned char *map;
    size_t map_size;
    unsigned char *data;
    size_t size;
    unsigned char fill;
} guarded;

/* Makes a buffer of `size` bytes, 0 included; ends the program where memory runs out. */
void guarded_create(guarded *buffer, size_t size, int fill);

/* Gives it back; a zeroed one is fine. */
void guarded_destroy(guarded *buffer);

/* Fills data again. */
void guarded_refill(guarded *buffer);

/* Whether data from byte `from` on, and the zone before data, hold the fill as at first. */
bool guarded_untouched(const guarded *buffer, size_t from);

#endif
