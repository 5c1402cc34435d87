/* SPDX-License-Identifier: MIT
 * A scree curve as a small plot of characters. */
#ifndef TDROP_CLI_CURVE_TEXT_H
#define TDROP_CLI_CURVE_TEXT_H

#include "curve.h"

#include <stdio.h>

/* Braille dots where the locale is UTF-8, else plain ASCII; colour where the terminal takes it.
 * The model is a line, PCA is dotted. */
void curve_text_write(FILE *out, const curve *c);

#endif
