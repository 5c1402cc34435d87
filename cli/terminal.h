/* SPDX-License-Identifier: MIT
 * What the terminal can show. */
#ifndef TDROP_CLI_TERMINAL_H
#define TDROP_CLI_TERMINAL_H

#include <stdio.h>

/* Nonzero when the locale's characters are UTF-8. main() has set LC_CTYPE. */
int terminal_utf8(void);

/* Nonzero when the stream is a terminal that understands control sequences. */
int terminal_live(FILE *stream);

/* Nonzero when the stream may be coloured: live, and NO_COLOR unset or empty (no-color.org). */
int terminal_colour(FILE *stream);

/* Columns of the terminal behind the stream; 80 when it does not say. */
int terminal_columns(FILE *stream);

#endif
