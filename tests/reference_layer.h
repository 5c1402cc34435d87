/* SPDX-License-Identifier: MIT
 * The layer as the header of the library defines it: one element at a time, by index arithmetic. */
#ifndef TDROP_TESTS_REFERENCE_LAYER_H
#define TDROP_TESTS_REFERENCE_LAYER_H

#include "taildropout.h"

/* y = x with the tails zeroed. dims must be good, and may be NULL for the default; keep may be NULL
 * for same_k everywhere. */
void reference_apply(const tdrop_view *x, const tdrop_view *y, const tdrop_dims *dims,
                     const int32_t *keep, int32_t same_k);

/* What tdrop_keep_count makes of dims for a good view: OK with *count, DIM or DIM_REPEATED.
 * *overlap tells whether the dropout dim is a batch dim, *n how many features there are. */
tdrop_status reference_dims(const tdrop_view *view, const tdrop_dims *dims, size_t *count,
                            int *overlap, size_t *n);

#endif
