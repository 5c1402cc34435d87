/* SPDX-License-Identifier: MIT
 * The weights of a product as the panels that its tiles read. */
#ifndef TDROP_GEMM_PANELS_H
#define TDROP_GEMM_PANELS_H

#include "kernels/gemm_kernels.h"

/* B [inner, columns] of a product C = A B: W of a layer, or its transpose. */
typedef struct tdrop_panels {
    const tdrop_gemm_kernels *kernels;
    const float *w;
    size_t w_stride;
    bool transposed; /* column j of the product is row j of W */
    size_t columns;
    size_t inner; /* leading indices that are packed: a panel has inner * nr floats */
} tdrop_panels;

/* Packs panels first..end-1, one behind the other, with zeros behind the last column. */
void tdrop_panels_pack(const tdrop_panels *panels, size_t first, size_t end, float *to);

#endif
