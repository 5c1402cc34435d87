/* SPDX-License-Identifier: MIT */
#include "base/cpu.h"

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
#include <cpuid.h>

/* Feature bits of CPUID, and state bits of XCR0 that the operating system sets when it saves those
 * registers: without them the instructions trap although CPUID lists them. */
enum { LEAF1_ECX_FMA = 1 << 12, LEAF1_ECX_OSXSAVE = 1 << 27 };
enum { LEAF7_EBX_AVX2 = 1 << 5, LEAF7_EBX_AVX512F = 1 << 16, LEAF7_EBX_AVX512DQ = 1 << 17 };
enum { LEAF7_EBX_AVX512BW = 1 << 30 };
#define LEAF7_EBX_AVX512VL (1u << 31)
enum { XCR0_YMM = 0x06, XCR0_ZMM = 0xe6 };

static uint64_t read_xcr0(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static bool has_all(uint64_t word, uint64_t bits) {
    return (word & bits) == bits;
}

bool tdrop_cpu_runs(tdrop_isa isa) {
    if (isa == TDROP_ISA_AUTO || isa == TDROP_ISA_C) return true;
    unsigned a, b, c, d, b7, unused;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !has_all(c, LEAF1_ECX_FMA | LEAF1_ECX_OSXSAVE) ||
        !__get_cpuid_count(7, 0, &a, &b7, &unused, &d))
        return false;
    uint64_t state = read_xcr0();
    bool avx2 = has_all(state, XCR0_YMM) && has_all(b7, LEAF7_EBX_AVX2);
    if (isa == TDROP_ISA_AVX2) return avx2;
    return isa == TDROP_ISA_AVX512 && avx2 && has_all(state, XCR0_ZMM) &&
           has_all(b7, LEAF7_EBX_AVX512F | LEAF7_EBX_AVX512DQ | LEAF7_EBX_AVX512BW) &&
           has_all(b7, LEAF7_EBX_AVX512VL);
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
