/* SPDX-License-Identifier: MIT
 * A scree curve as a picture of lines. */
#ifndef TDROP_CLI_CURVE_SVG_H
#define TDROP_CLI_CURVE_SVG_H

#include "curve.h"

/* Writes a self-contained SVG. Path "-" is standard output. On failure says why and returns 0. */
int curve_svg_write(const char *path, int force, const curve *c);

#endif
