/* SPDX-License-Identifier: MIT */
#ifndef TDROP_TAIL_TAIL_DISPATCH_H
#define TDROP_TAIL_TAIL_DISPATCH_H

#include "kernels/tail_kernels.h"

/* The fastest kernels that run here. */
const tdrop_tail_kernels *tdrop_tail_kernels_best(void);

#endif
