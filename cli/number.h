/* SPDX-License-Identifier: MIT
 * Numbers from text and to text. The program never sets LC_NUMERIC, so a point is a point. */
#ifndef TDROP_CLI_NUMBER_H
#define TDROP_CLI_NUMBER_H

#include <stddef.h>
#include <stdint.h>

/* Reads all of `text` as decimal digits. Returns 0 when it is anything else or above 2^64 - 1. */
int number_parse_count(const char *text, uint64_t *value);

/* Reads all of `text` as a finite decimal number. Returns 0 when it is anything else. */
int number_parse_real(const char *text, double *value);

/* Reads all of `text` as a time above 0: a number and s, m, h or d. Returns 0 when it is anything
 * else. */
int number_parse_duration(const char *text, double *seconds);

/* A number as text, by value, so that a call can stand among the arguments of printf. */
typedef struct number_text {
    char text[40];
} number_text;

number_text number_short(double value);   /* 4 significant digits; "-" when not finite */
number_text number_plain(double value);   /* the same without trailing zeros: for axes */
number_text number_exact(double value);   /* the fewest digits that read back as the same double */
number_text number_grouped(size_t value); /* 1,234,567 */
number_text number_compact(double value); /* 3 digits: 152, 15.2k, 1.52M */
number_text number_percent(double share); /* 76.3 % */
number_text number_clock(double seconds); /* 1:02 or 1:02:03 */

#endif
