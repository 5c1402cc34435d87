/* SPDX-License-Identifier: MIT
 * Random numbers that depend on where they stand and on nothing else. */
#ifndef TDROP_TAIL_RNG_H
#define TDROP_TAIL_RNG_H

#include "taildropout.h"

/* Philox4x32-10 (Salmon et al. 2011): four random words for a counter under a key. */
void tdrop_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* What tdrop_uniform refuses, before anything is written. Errors: RESERVED, SIZE, OVERFLOW. */
tdrop_status tdrop_draw_check(const tdrop_draw *draw, size_t rows);

#endif
