/* SPDX-License-Identifier: MIT
 * Which kernels of passes serve an instruction set. */
#ifndef TDROP_MODEL_PASS_DISPATCH_H
#define TDROP_MODEL_PASS_DISPATCH_H

#include "kernels/pass_kernels.h"
#include "taildropout.h"

/* The kernels of an instruction set, AUTO being the best here; NULL when they do not run here. */
const tdrop_pass_kernels *tdrop_pass_kernels_for(tdrop_isa isa);

#endif
