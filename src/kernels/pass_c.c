/* SPDX-License-Identifier: MIT */
#define TDROP_PASS_KERNELS tdrop_pass_c
#include "kernels/pass_body.h"
