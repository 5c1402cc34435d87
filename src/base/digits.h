/* SPDX-License-Identifier: MIT
 * Whole numbers of 64 bits, which those of JSON cannot hold, as digits in a text. */
#ifndef TDROP_BASE_DIGITS_H
#define TDROP_BASE_DIGITS_H

#include <stdbool.h>
#include <stdint.h>

/* The number that all of `text` makes: in base 10, or in base 16 as 16 digits in lower case. False
 * when it is anything else or above `most`; *value is left alone then. */
bool tdrop_digits_read(const char *text, int base, uint64_t most, uint64_t *value);

#endif
