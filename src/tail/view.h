/* SPDX-License-Identifier: MIT
 * Views and dims: what is refused, and what negative dims mean. */
#ifndef TDROP_TAIL_VIEW_H
#define TDROP_TAIL_VIEW_H

#include "taildropout.h"

#include <stdbool.h>

/* Dims of a view with its default and negative ones resolved. */
typedef struct tdrop_resolved_dims {
    bool is_batch[TDROP_MOST_DIMS];
    int dropout;
    bool overlap;      /* the dropout dim is a batch dim, too */
    size_t keep_count; /* product of the batch dims' sizes */
} tdrop_resolved_dims;

/* Errors: NULL, ELEMENT, SHAPE, OVERFLOW. */
tdrop_status tdrop_view_check(const tdrop_view *view);

/* Two checked views: the same shape and elements; the same memory or memory that does not meet.
 * *same says which. Errors: SHAPE, ELEMENT, ALIAS. */
tdrop_status tdrop_view_check_pair(const tdrop_view *x, const tdrop_view *y, bool *same);

/* How many elements a checked view has. */
size_t tdrop_view_elements(const tdrop_view *view);

/* Dims of a checked view; dims may be NULL for the default. Errors: DIM, DIM_REPEATED. */
tdrop_status tdrop_dims_resolve(const tdrop_view *view, const tdrop_dims *dims,
                                tdrop_resolved_dims *resolved);

#endif
