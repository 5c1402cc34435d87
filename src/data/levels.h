/* SPDX-License-Identifier: MIT
 * The different texts of a column, while it is read. */
#ifndef TDROP_DATA_LEVELS_H
#define TDROP_DATA_LEVELS_H

#include "data/text_list.h"

#include <stdbool.h>
#include <stdint.h>

enum { TDROP_MOST_LEVELS = 10000 };

/* {0} holds none. */
typedef struct tdrop_levels {
    tdrop_text_list names; /* in the order in which they came */
    uint32_t *slots;       /* hash table: number of a name + 1, 0 where free; owned */
    size_t slot_count;     /* a power of two */
    bool unlimited;        /* they may be more than TDROP_MOST_LEVELS */
} tdrop_levels;

/* The number of a text, which is added when it is new. Errors: SIZE (one more than
 * TDROP_MOST_LEVELS), MEMORY. */
tdrop_status tdrop_levels_find(tdrop_levels *levels, const char *text, size_t length,
                               size_t *number);

/* The names in rising order of their bytes, in one block (tdrop_free(*names)), and for each number
 * the place that it has there, into place[count]. Errors: MEMORY. */
tdrop_status tdrop_levels_sort(const tdrop_levels *levels, char ***names, size_t *place);

void tdrop_levels_clear(tdrop_levels *levels);

/* Where `text` stands among names in rising order; `count` when it is not there. */
size_t tdrop_level_place(const char *const *names, size_t count, const char *text);

#endif
