/* SPDX-License-Identifier: MIT */
#ifndef TDROP_TAIL_LAW_H
#define TDROP_TAIL_LAW_H

#include "taildropout.h"

#include <stdbool.h>

/* What can be refused before n is known. Errors: NULL, RESERVED, P, RATE, LAW,
 * WEIGHTS (no table where the law needs one). */
tdrop_status tdrop_law_check(const tdrop_law_options *options);

/* Whether every draw of the law gives n (nothing is dropped), or 0 (everything is), for any n. */
bool tdrop_law_keeps_all(const tdrop_law_options *options);
bool tdrop_law_drops_all(const tdrop_law_options *options);

#endif
