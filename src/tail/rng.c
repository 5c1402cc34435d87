/* SPDX-License-Identifier: MIT */
#include "tail/rng.h"

#include "base/philox.h"
#include "tail/tail_dispatch.h"

#include <string.h>

static void draw_words(const tdrop_draw *draw, uint32_t row, uint32_t purpose, uint32_t out[4]) {
    uint32_t key[2] = {(uint32_t)draw->seed, (uint32_t)(draw->seed >> 32)};
    uint32_t counter[4] = {draw->step, row, draw->layer, purpose};
    tdrop_philox(counter, key, out);
}

/* Purposes from this bit on belong to tdrop_permute, so that a permutation and the numbers of the
 * same draw do not share words: FIRST_OWN_PURPOSE times 1, 2 or 3 on top of the draw's purpose. */
enum { FIRST_OWN_PURPOSE = 1 << 30, ROUNDS = 6 };

/* The permutation of one draw: a Feistel network on 2 * half_bits bits, then a shift. The round
 * keys are drawn once; the rounds mix with multiplications (the finaliser of MurmurHash3), since a
 * whole Philox per round would cost more than all else. A network on a few bits favours some
 * places; the shift makes every place of an index exactly as likely as any other. */
typedef struct permutation {
    uint64_t count;
    uint64_t shift;
    int half_bits;
    uint32_t round_key[ROUNDS];
} permutation;

static void permutation_start(permutation *p, const tdrop_draw *draw, uint64_t count) {
    uint32_t words[12];
    for (uint32_t i = 0; i < 3; i++)
        draw_words(draw, draw->first, draw->purpose + (i + 1) * FIRST_OWN_PURPOSE, words + 4 * i);
    memcpy(p->round_key, words, sizeof p->round_key);
    p->shift = ((uint64_t)words[10] << 32 | words[11]) % count;
    p->count = count;
    p->half_bits = 1;
    while (p->half_bits < 32 && (uint64_t)1 << 2 * p->half_bits < count)
        p->half_bits++;
}

static uint32_t mix(uint32_t value, uint32_t key) {
    value = (value ^ key) * 0x85EBCA6Bu;
    value = (value ^ value >> 13) * 0xC2B2AE35u;
    return value ^ value >> 16;
}

static uint64_t feistel(const permutation *p, uint64_t i) {
    uint32_t mask = (uint32_t)(((uint64_t)1 << p->half_bits) - 1);
    uint32_t left = (uint32_t)(i >> p->half_bits), right = (uint32_t)i & mask;
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t next = left ^ mix(right, p->round_key[round]) >> (32 - p->half_bits);
        left = right;
        right = next & mask;
    }
    return (uint64_t)left << p->half_bits | right;
}

/* Walks until the place is one of the first `count`: the domain is at most four times as large, so
 * a few steps do. */
static uint64_t permutation_apply(const permutation *p, uint64_t i) {
    do
        i = feistel(p, i);
    while (i >= p->count);
    return i < p->count - p->shift ? i + p->shift : i - (p->count - p->shift);
}

uint64_t tdrop_permute(const tdrop_draw *draw, uint64_t count, uint64_t i) {
    if (i >= count) return i;
    permutation p;
    tdrop_draw whole = *draw;
    whole.first = 0;
    permutation_start(&p, &whole, count);
    return permutation_apply(&p, i);
}

/* The permutation of the batch that `row` falls into: `first` serves as the batch's number. */
static void batch_permutation(permutation *p, const tdrop_draw *draw, uint32_t row) {
    tdrop_draw batch = *draw;
    batch.first = row / draw->batch;
    permutation_start(p, &batch, draw->batch);
}

/* From independent numbers to those where each row of a batch has a part of [0, 1) to itself. */
static void stratify(const tdrop_draw *draw, size_t rows, double *u) {
    permutation p;
    for (size_t i = 0; i < rows; i++) {
        const uint32_t row = draw->first + (uint32_t)i;
        if (i == 0 || row % draw->batch == 0) batch_permutation(&p, draw, row);
        u[i] = ((double)permutation_apply(&p, row % draw->batch) + u[i]) / draw->batch;
        if (u[i] >= 1.0) u[i] = 1.0 - 0x1p-53; /* the sum was rounded up to the whole batch */
    }
}

tdrop_status tdrop_draw_check(const tdrop_draw *draw, size_t rows) {
    if (draw->reserved) return TDROP_ERROR_RESERVED;
    if (draw->purpose >= FIRST_OWN_PURPOSE) return TDROP_ERROR_SIZE;
    if (rows > (uint64_t)UINT32_MAX + 1 - draw->first) return TDROP_ERROR_OVERFLOW;
    return TDROP_OK;
}

tdrop_status tdrop_uniform(const tdrop_draw *draw, size_t rows, double *u) {
    if (!draw || (!u && rows)) return TDROP_ERROR_NULL;
    tdrop_status status = tdrop_draw_check(draw, rows);
    if (status) return status;
    const uint32_t key[2] = {(uint32_t)draw->seed, (uint32_t)(draw->seed >> 32)};
    const uint32_t counter[4] = {draw->step, draw->first, draw->layer, draw->purpose};
    tdrop_tail_kernels_best()->uniform(counter, key, rows, u);
    if (draw->batch) stratify(draw, rows, u);
    return TDROP_OK;
}
