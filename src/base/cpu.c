/* SPDX-License-Identifier: MIT */
#include "base/cpu.h"

#include <stddef.h>

#if defined(__x86_64__)

/* The compiler's own runtime asked the processor and the operating system (which has to save the
 * wide registers) when the program was loaded, so a question costs no more than a load. */
bool tdrop_cpu_runs(tdrop_isa isa) {
    if (isa == TDROP_ISA_AUTO || isa == TDROP_ISA_C) return true;
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (isa == TDROP_ISA_AVX2) return avx2;
    return isa == TDROP_ISA_AVX512 && avx2 && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}

void tdrop_cpu_relax(void) {
    __builtin_ia32_pause();
}

#else

bool tdrop_cpu_runs(tdrop_isa isa) {
#if defined(__aarch64__) /* which always has NEON */
    if (isa == TDROP_ISA_NEON) return true;
#endif
    return isa == TDROP_ISA_AUTO || isa == TDROP_ISA_C;
}

void tdrop_cpu_relax(void) {
#if defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#endif

tdrop_isa tdrop_cpu_best(void) {
    static const tdrop_isa best_first[] = {TDROP_ISA_AVX512, TDROP_ISA_AVX2, TDROP_ISA_NEON};
    for (size_t i = 0; i < sizeof best_first / sizeof *best_first; i++)
        if (tdrop_cpu_runs(best_first[i])) return best_first[i];
    return TDROP_ISA_C;
}

const char *tdrop_cpu_isa_name(tdrop_isa isa) {
    static const char *const names[] = {"auto", "c", "avx2", "avx512", "neon"};
    return (unsigned)isa <= TDROP_ISA_NEON ? names[isa] : NULL;
}
