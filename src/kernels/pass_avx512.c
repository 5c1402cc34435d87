/* SPDX-License-Identifier: MIT */
#if !defined(__AVX512F__)
#error "this file has to be compiled for its instruction set"
#endif
#define TDROP_PASS_KERNELS tdrop_pass_avx512
#include "kernels/pass_body.h"
