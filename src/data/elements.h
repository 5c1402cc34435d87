/* SPDX-License-Identifier: MIT
 * Numbers as files hold them, and their conversion to the three types that a table holds. */
#ifndef TDROP_DATA_ELEMENTS_H
#define TDROP_DATA_ELEMENTS_H

#include "data/table.h"

#include <stdbool.h>
#include <stddef.h>

/* Types of numbers in files. */
typedef enum tdrop_number {
    TDROP_NUMBER_BOOL, /* one byte, 0 or not 0 */
    TDROP_NUMBER_U8,
    TDROP_NUMBER_I8,
    TDROP_NUMBER_U16,
    TDROP_NUMBER_I16,
    TDROP_NUMBER_U32,
    TDROP_NUMBER_I32,
    TDROP_NUMBER_U64, /* integers beyond 2^53 lose their last bits in a double, */
    TDROP_NUMBER_I64, /* which is far below what any fit could see */
    TDROP_NUMBER_F16,
    TDROP_NUMBER_F32,
    TDROP_NUMBER_F64
} tdrop_number;

/* Size of one number in the file, in bytes. */
size_t tdrop_number_size(tdrop_number number);

/* The type that a table keeps such numbers in: the narrowest that holds them. A bool becomes a
 * float, since bytes are taken for pixels and divided by 255. */
tdrop_element tdrop_number_element(tdrop_number number);

/* Converts `count` numbers that stand one after the other at `in` (at any address) into
 * out[0], out[stride], out[2 * stride], ... of the type tdrop_number_element gives. */
void tdrop_numbers_convert(tdrop_number number, bool big_endian, const unsigned char *in,
                           size_t count, void *out, size_t stride);

/* Whether this machine keeps the highest byte of a number first. */
static inline bool tdrop_host_is_big_endian(void) {
    return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
}

/* Copies `count` numbers of `size` bytes (1, 2, 4 or 8), the bytes of each in reverse order. */
void tdrop_reverse_bytes(unsigned char *to, const unsigned char *from, size_t count, size_t size);

#endif
