/* SPDX-License-Identifier: MIT
 * Philox4x32-10: four random words for a counter under a key (Salmon, Moraes, Dror and Shaw,
 * "Parallel random numbers: as easy as 1, 2, 3", 2011). */
#ifndef TDROP_BASE_PHILOX_H
#define TDROP_BASE_PHILOX_H

#include <stdint.h>

enum { TDROP_PHILOX_ROUNDS = 10 };
#define TDROP_PHILOX_MULTIPLIER0 0xD2511F53u
#define TDROP_PHILOX_MULTIPLIER1 0xCD9E8D57u
#define TDROP_PHILOX_WEYL0       0x9E3779B9u /* golden ratio */
#define TDROP_PHILOX_WEYL1       0xBB67AE85u /* sqrt(3) - 1 */

/* One round: two 32x32 bit products whose halves are crossed with the other words. */
static inline void tdrop_philox_round(uint32_t word[4], uint32_t key0, uint32_t key1) {
    uint64_t a = (uint64_t)TDROP_PHILOX_MULTIPLIER0 * word[0];
    uint64_t b = (uint64_t)TDROP_PHILOX_MULTIPLIER1 * word[2];
    word[0] = (uint32_t)(b >> 32) ^ word[1] ^ key0;
    word[2] = (uint32_t)(a >> 32) ^ word[3] ^ key1;
    word[1] = (uint32_t)b;
    word[3] = (uint32_t)a;
}

static inline void tdrop_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    uint32_t key0 = key[0], key1 = key[1];
    for (int i = 0; i < 4; i++)
        out[i] = counter[i];
    for (int round = 0; round < TDROP_PHILOX_ROUNDS; round++) {
        tdrop_philox_round(out, key0, key1);
        key0 += TDROP_PHILOX_WEYL0;
        key1 += TDROP_PHILOX_WEYL1;
    }
}

/* The upper 53 bits of two words as a fraction in [0, 1). */
static inline double tdrop_philox_unit(uint32_t high, uint32_t low) {
    return (double)((uint64_t)high << 21 | low >> 11) * 0x1p-53;
}

#endif
