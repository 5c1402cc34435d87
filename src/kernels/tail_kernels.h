/* SPDX-License-Identifier: MIT
 * What the layer does in bulk, for each instruction set. All give the same bits. */
#ifndef TDROP_KERNELS_TAIL_KERNELS_H
#define TDROP_KERNELS_TAIL_KERNELS_H

#include <stddef.h>
#include <stdint.h>

typedef struct tdrop_tail_kernels {
    /* u[i] in [0, 1): 53 bits of Philox4x32-10 at `counter` with i added to its word 1, which must
     * not pass 2^32. */
    void (*uniform)(const uint32_t counter[4], const uint32_t key[2], size_t rows, double *u);
    /* y[0, kept) = x[0, kept), y[kept, whole) = 0, in bytes. x has `whole` bytes, all of which may
     * be read, and does not meet y. */
    void (*copy_head)(const char *x, char *y, size_t kept, size_t whole);
    /* Row i of `count` begins at y + i * step, has `whole` bytes and keeps keep[i] * block of them,
     * a multiple of `block`; the others become 0. */
    void (*clear_tails)(char *y, ptrdiff_t step, size_t count, const int32_t *keep, size_t block,
                        size_t whole);
} tdrop_tail_kernels;

extern const tdrop_tail_kernels tdrop_tail_c;
extern const tdrop_tail_kernels tdrop_tail_avx2;

#endif
