/* SPDX-License-Identifier: MIT
 * A law of k as text: NAME, geometric:RATE, mixed:SHARE or table:FILE. */
#ifndef TDROP_CLI_LAW_TEXT_H
#define TDROP_CLI_LAW_TEXT_H

#include "taildropout_model.h"

#include <stdio.h>

/* Reads --law into law->kind, rate and weights; NULL leaves the default; law->p is what
 * --p says, 0 where it says nothing. The weights of a table are
 * *weights, to be freed by the caller. On failure says why, sets *exit_code and returns 0. */
int law_text_read(const char *text, tdrop_law_options *law, double **weights, int *exit_code);

/* "exponential, p = 0.5, k from 0", or what the law has instead of p. */
void law_text_write(FILE *out, const tdrop_law_options *law);

/* The same of a model, or that nothing was dropped. */
void law_text_write_model(FILE *out, const tdrop_model_info *info);

#endif
