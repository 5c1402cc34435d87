/* SPDX-License-Identifier: MIT
 * The leading block of a matrix: what pruning keeps of a buffer. */
#include "base/memory.h"

#include "taildropout.h"

#include <stdint.h>
#include <string.h>

tdrop_status tdrop_slice(const void *from, size_t from_stride, void *to, size_t to_stride,
                         size_t rows, size_t columns, size_t element_size) {
    size_t from_bytes, to_bytes, bytes, all;
    if (rows == 0 || columns == 0) return TDROP_OK;
    if (!from || !to) return TDROP_ERROR_NULL;
    if (from_stride < columns || to_stride < columns || (from == to && to_stride > from_stride))
        return TDROP_ERROR_SIZE;
    if (!tdrop_multiply(from_stride, element_size, &from_bytes) ||
        !tdrop_multiply(to_stride, element_size, &to_bytes) ||
        !tdrop_multiply(from_bytes, rows, &all) || !tdrop_multiply(to_bytes, rows, &all))
        return TDROP_ERROR_OVERFLOW;
    bytes = columns * element_size;
    for (size_t i = 0; i < rows; i++)
        memmove((char *)to + i * to_bytes, (const char *)from + i * from_bytes, bytes);
    return TDROP_OK;
}
