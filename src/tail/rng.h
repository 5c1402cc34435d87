/* SPDX-License-Identifier: MIT
 * Random numbers that depend on where they stand and on nothing else. */
#ifndef TDROP_TAIL_RNG_H
#define TDROP_TAIL_RNG_H

#include "taildropout.h"

/* What tdrop_uniform refuses, before anything is written. Errors: RESERVED, SIZE, OVERFLOW. */
tdrop_status tdrop_draw_check(const tdrop_draw *draw, size_t rows);

#endif
