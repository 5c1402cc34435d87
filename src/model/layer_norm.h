/* SPDX-License-Identifier: MIT
 * Layer normalisation (Ba, Kiros and Hinton, arXiv:1607.06450): each row has its mean taken off and
 * is divided by its standard deviation, then scaled and shifted column by column. As torch's
 * LayerNorm, epsilon 1e-5. It mixes columns, so what a tail drops must not reach it: the grammar
 * wants a linear layer between. */
#ifndef TDROP_MODEL_LAYER_NORM_H
#define TDROP_MODEL_LAYER_NORM_H

#include "model/net.h"

void tdrop_layer_norm_forward(tdrop_net *net, const tdrop_step *step);
void tdrop_layer_norm_backward(tdrop_net *net, const tdrop_step *step);
void tdrop_layer_norm_reference(const tdrop_reference *r, const double *in, double *out);

#endif
