/* SPDX-License-Identifier: MIT
 * Text as UTF-8: no surrogates, nothing overlong, no zero. */
#ifndef TDROP_BASE_UTF8_H
#define TDROP_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* How many bytes the character that `text`, of size > 0, begins with has; 0 when it is none. */
size_t tdrop_utf8_length(const char *text, size_t size);

/* Whether all of the text are such characters. */
bool tdrop_utf8_is_valid(const char *text, size_t size);

#endif
