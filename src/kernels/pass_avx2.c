/* SPDX-License-Identifier: MIT */
#if !defined(__AVX2__)
#error "this file has to be compiled for its instruction set"
#endif
#define TDROP_PASS_KERNELS tdrop_pass_avx2
#include "kernels/pass_body.h"
