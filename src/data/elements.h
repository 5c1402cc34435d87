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

#endif
