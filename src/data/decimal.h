/* SPDX-License-Identifier: MIT
 * Decimal numbers as text: read to the nearest double, whatever the locale. */
#ifndef TDROP_DATA_DECIMAL_H
#define TDROP_DATA_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>

/* Reads the number that begins at `at`: an optional sign, digits with at most one point among
 * them, an optional exponent. *value: the double nearest to it, ties to even; infinite beyond the
 * range. Returns where it ends (never beyond `end`), or NULL when no number begins there. */
const char *tdrop_decimal_read(const char *at, const char *end, double *value);

/* A number of more characters than this is not taken for one. */
enum { TDROP_DECIMAL_MOST = 1023 };

/* Writes the shortest text that reads back as the same float, ended by a zero; returns its length.
 * value is finite. To be called under the "C" locale, see tdrop_decimal_locale. */
enum { TDROP_DECIMAL_TEXT = 24 };
size_t tdrop_decimal_write(float value, char text[TDROP_DECIMAL_TEXT]);

#endif
