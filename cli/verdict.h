/* SPDX-License-Identifier: MIT
 * What a scree curve comes to, in a sentence or two. */
#ifndef TDROP_CLI_VERDICT_H
#define TDROP_CLI_VERDICT_H

#include "curve.h"

#include <stdio.h>

/* "Keep 14 of 64: within 2 % of the best. PCA needs 37 for the same loss." and, when `model` is
 * the path of the model and not NULL, the command that cuts it. */
void verdict_write(FILE *out, const curve *c, const char *model);

#endif
