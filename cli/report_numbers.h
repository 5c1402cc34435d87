/* SPDX-License-Identifier: MIT
 * The arrays of an HTML report: one block of bytes, lowest byte first, in base64, and a list in the
 * report's JSON of what lies where: "arrays": [{"name", "type", "first", "count"}]. */
#ifndef TDROP_CLI_REPORT_NUMBERS_H
#define TDROP_CLI_REPORT_NUMBERS_H

#include "report_json.h"

#include <stdint.h>
#include <stdio.h>

typedef struct report_numbers {
    report_json *json;
    cJSON *list;
    unsigned char *bytes;
    size_t used, room;
} report_numbers;

/* Adds the list to the report. What goes wrong from here on is noted in it. */
void report_numbers_begin(report_numbers *n, report_json *json);

/* Adds an array of 4-byte floats ("f32") or 2-byte numbers ("u16"). */
void report_numbers_floats(report_numbers *n, const char *name, const float *values, size_t count);
void report_numbers_doubles(report_numbers *n, const char *name, const double *values,
                            size_t count); /* as floats */
void report_numbers_words(report_numbers *n, const char *name, const uint16_t *values,
                          size_t count);

/* Writes the block in base64. */
void report_numbers_write(const report_numbers *n, FILE *out);

/* Characters that so many bytes take in base64. */
size_t report_numbers_size(size_t bytes);

void report_numbers_clear(report_numbers *n);

#endif
