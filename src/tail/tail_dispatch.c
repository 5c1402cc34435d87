/* SPDX-License-Identifier: MIT */
#include "tail/tail_dispatch.h"

#include "base/cpu.h"

const tdrop_tail_kernels *tdrop_tail_kernels_best(void) {
#if defined(__x86_64__)
    if (tdrop_cpu_runs(TDROP_ISA_AVX2)) return &tdrop_tail_avx2;
#endif
    return &tdrop_tail_c;
}
