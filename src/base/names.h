/* SPDX-License-Identifier: MIT
 * The names of an enumeration whose numbers count from 0, in a table of as many texts. */
#ifndef TDROP_BASE_NAMES_H
#define TDROP_BASE_NAMES_H

#include "taildropout.h"

#include <string.h>

/* The name of a number, or NULL. */
static inline const char *tdrop_name_of(const char *const *names, size_t count, unsigned number) {
    return number < count ? names[number] : NULL;
}

/* The number of a name. Errors: NULL, FORMAT (no such name). */
static inline tdrop_status tdrop_name_find(const char *const *names, size_t count, const char *name,
                                           unsigned *number) {
    if (!name) return TDROP_ERROR_NULL;
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(name, names[i]) != 0) continue;
        *number = i;
        return TDROP_OK;
    }
    return TDROP_ERROR_FORMAT;
}

#endif
