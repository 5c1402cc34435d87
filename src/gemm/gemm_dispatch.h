/* SPDX-License-Identifier: MIT
 * Which kernels serve an instruction set. */
#ifndef TDROP_GEMM_GEMM_DISPATCH_H
#define TDROP_GEMM_GEMM_DISPATCH_H

#include "kernels/gemm_kernels.h"
#include "taildropout.h"

/* The kernels of an instruction set, AUTO being the best here; NULL when they do not run here. */
const tdrop_gemm_kernels *tdrop_gemm_kernels_for(tdrop_isa isa);

#endif
