/* SPDX-License-Identifier: MIT
 * Random numbers that depend on where they stand and on nothing else. */
#ifndef TDROP_TAIL_RNG_H
#define TDROP_TAIL_RNG_H

#include "taildropout.h"

/* Philox4x32-10 (Salmon et al. 2011): four random words for a counter under a key. */
void tdrop_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* The draw's number for row `row` of its step: u in [0, 1), stratified as the draw says. */
double tdrop_uniform_row(const tdrop_draw *draw, uint32_t row);

#endif
