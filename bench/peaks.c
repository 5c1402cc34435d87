/* SPDX-License-Identifier: MIT
 * What the machine can do at most: fused multiply-adds on registers, and bytes copied. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>
#include <taildropout.h>

enum { CHAINS = 24, LANES = 16, ROUNDS = 400000, TRIES = 7 };
typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));

/* Chains of multiply-adds that do not wait for each other. The compiler makes one, two or four
 * instructions of each vector, as the instruction set allows. */
#define SPIN(name, attributes)                                                                     \
    attributes static float name(void) {                                                           \
        lanes sum[CHAINS], factor, term;                                                           \
        for (int j = 0; j < LANES; j++)                                                            \
            factor[j] = 0.999f, term[j] = 1e-3f;                                                   \
        for (int i = 0; i < CHAINS; i++)                                                           \
            sum[i] = factor;                                                                       \
        for (int round = 0; round < ROUNDS; round++)                                               \
            _Pragma("GCC unroll 24") for (int i = 0; i < CHAINS; i++) sum[i] =                     \
                sum[i] * factor + term;                                                            \
        for (int i = 1; i < CHAINS; i++)                                                           \
            sum[0] += sum[i];                                                                      \
        return sum[0][0];                                                                          \
    }

#if defined(__x86_64__)
SPIN(spin_avx512, __attribute__((target("avx512f,prefer-vector-width=512"))))
#endif
SPIN(spin_plain, )

#if defined(__x86_64__)
typedef float lanes8 __attribute__((vector_size(32)));
enum { CHAINS_AVX2 = 12 };

/* AVX2 has 16 registers: 12 chains of 8 lanes. */
__attribute__((target("avx2,fma"))) static float spin_avx2(void) {
    lanes8 sum[CHAINS_AVX2], factor, term;
    for (int j = 0; j < 8; j++)
        factor[j] = 0.999f, term[j] = 1e-3f;
    for (int i = 0; i < CHAINS_AVX2; i++)
        sum[i] = factor;
    for (int round = 0; round < ROUNDS; round++)
        _Pragma("GCC unroll 12") for (int i = 0; i < CHAINS_AVX2; i++) sum[i] =
            sum[i] * factor + term;
    for (int i = 1; i < CHAINS_AVX2; i++)
        sum[0] += sum[i];
    return sum[0][0];
}
#endif

static volatile float sink;

double bench_spin(void) {
    switch (tdrop_isa_best()) {
#if defined(__x86_64__)
    case TDROP_ISA_AVX512:
        sink = spin_avx512();
        break;
    case TDROP_ISA_AVX2:
        sink = spin_avx2();
        return 2.0 * CHAINS_AVX2 * 8 * ROUNDS;
#endif
    default:
        sink = spin_plain();
        break;
    }
    return 2.0 * CHAINS * LANES * ROUNDS;
}

static void spin_task(void *arg, size_t index, unsigned worker) {
    double *operations = arg;
    (void)worker;
    operations[index] = bench_spin();
}

static double measure_flops(unsigned threads) {
    double operations[64] = {0.0}, best = 0.0;
    tdrop_pool *pool = NULL;
    if (threads > 64) threads = 64;
    if (tdrop_pool_create(&pool, threads)) exit(1);
    tdrop_parallel parallel = tdrop_pool_parallel(pool);
    for (int i = 0; i < TRIES; i++) {
        double start = bench_seconds(), all = 0.0;
        parallel.run(parallel.context, threads, spin_task, operations);
        double seconds = bench_seconds() - start;
        for (unsigned t = 0; t < threads; t++)
            all += operations[t];
        if (all / seconds > best) best = all / seconds;
    }
    tdrop_pool_destroy(pool);
    return best;
}

static double measure_bytes(void) {
    const size_t count = (size_t)32 << 20; /* 128 MiB: beyond every cache */
    float *from = bench_floats(count), *to = bench_floats(count);
    double best = 0.0;
    for (int i = 0; i < TRIES; i++) {
        double start = bench_seconds();
        memcpy(to, from, count * sizeof *to);
        sink = to[(size_t)i * 4711];
        double rate = 2.0 * (double)(count * sizeof *to) / (bench_seconds() - start);
        if (rate > best) best = rate;
    }
    free(from);
    free(to);
    return best;
}

bench_peaks bench_measure_peaks(void) {
    tdrop_pool *pool = NULL;
    if (tdrop_pool_create(&pool, 0)) exit(1);
    bench_peaks peaks = {.threads = tdrop_pool_parallel(pool).workers};
    tdrop_pool_destroy(pool);
    peaks.flops = measure_flops(1);
    peaks.flops_all = measure_flops(peaks.threads);
    peaks.bytes = measure_bytes();
    return peaks;
}
