/* SPDX-License-Identifier: MIT */
#include "model/pass_dispatch.h"
#include "base/cpu.h"

#include <stddef.h>

const tdrop_pass_kernels *tdrop_pass_kernels_for(tdrop_isa isa) {
    if (!tdrop_cpu_runs(isa)) return NULL;
    switch (isa == TDROP_ISA_AUTO ? tdrop_cpu_best() : isa) {
#if defined(__x86_64__)
    case TDROP_ISA_AVX512:
        return &tdrop_pass_avx512;
    case TDROP_ISA_AVX2:
        return &tdrop_pass_avx2;
#endif
    default: /* of AArch64, where the plain loops are NEON, too */
        return &tdrop_pass_c;
    }
}
