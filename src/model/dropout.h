/* SPDX-License-Identifier: MIT
 * Ordinary dropout (Srivastava et al., JMLR 2014), to compare tails with: in training each number
 * is dropped with probability p and those kept are divided by 1 - p; in use nothing happens. */
#ifndef TDROP_MODEL_DROPOUT_H
#define TDROP_MODEL_DROPOUT_H

#include "model/net.h"

void tdrop_dropout_forward(tdrop_net *net, const tdrop_step *step);
void tdrop_dropout_reference(const tdrop_reference *r, const double *in, double *out);

#endif
