/* SPDX-License-Identifier: MIT
 * A scree curve as a table. */
#ifndef TDROP_CLI_CURVE_TABLE_H
#define TDROP_CLI_CURVE_TABLE_H

#include "curve.h"

#include <stdio.h>

/* The table at k = 0, 1, 2, 4, ..., n, and at the chosen k, with the size of the file when the
 * model is cut to k. */
void curve_table_short(FILE *out, const curve *c, const tdrop_model *model);

/* The table at every k, with standard errors. */
void curve_table_full(FILE *out, const curve *c);

#endif
