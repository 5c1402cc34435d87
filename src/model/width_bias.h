/* SPDX-License-Identifier: MIT
 * A bias for each k behind the layer that reads a tail: y = x + bias[k], k being what the row
 * keeps.
 *
 * A layer that reads a tail cannot tell a feature that was dropped from one that is 0. Its bias by
 * width tells it: which outputs are of use differs from k to k, and what a dropped feature has on
 * average is made up for. */
#ifndef TDROP_MODEL_WIDTH_BIAS_H
#define TDROP_MODEL_WIDTH_BIAS_H

#include "model/ops.h"

void tdrop_width_bias_forward(struct tdrop_net *net, const struct tdrop_step *step);
void tdrop_width_bias_backward(struct tdrop_net *net, const struct tdrop_step *step);
void tdrop_width_bias_reference(const tdrop_reference *r, const double *in, double *out);

#endif
