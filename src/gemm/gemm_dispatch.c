/* SPDX-License-Identifier: MIT */
#include "gemm/gemm_dispatch.h"

#include "base/cpu.h"

const tdrop_gemm_kernels *tdrop_gemm_kernels_for(tdrop_isa isa) {
    if (!tdrop_cpu_runs(isa)) return NULL;
    switch (isa == TDROP_ISA_AUTO ? tdrop_cpu_best() : isa) {
#if defined(__aarch64__)
    case TDROP_ISA_NEON:
        return &tdrop_gemm_neon;
#elif defined(__x86_64__)
    case TDROP_ISA_AVX512:
        return &tdrop_gemm_avx512;
    case TDROP_ISA_AVX2:
        return &tdrop_gemm_avx2;
#endif
    default:
        return &tdrop_gemm_c;
    }
}

tdrop_isa tdrop_isa_best(void) {
    return tdrop_cpu_best();
}

const char *tdrop_isa_name(tdrop_isa isa) {
    return tdrop_cpu_isa_name(isa);
}
