/* SPDX-License-Identifier: MIT
 * Batch normalisation (Ioffe and Szegedy, arXiv:1502.03167): each column has its mean taken off and
 * is divided by its standard deviation, then scaled and shifted. As torch's BatchNorm1d: epsilon
 * 1e-5, and running averages of momentum 0.1, of the unbiased variance, for use.
 *
 * Column j depends on column j alone, so a tail passes: what is dropped is not computed, and the
 * statistics of a column are those of the rows that keep it. In training a column that fewer than
 * two rows of the batch keep has no statistics of its own; it is taken by its running averages,
 * which then stay as they are. */
#ifndef TDROP_MODEL_BATCH_NORM_H
#define TDROP_MODEL_BATCH_NORM_H

#include "model/net.h"

void tdrop_batch_norm_forward(tdrop_net *net, const tdrop_step *step);
void tdrop_batch_norm_backward(tdrop_net *net, const tdrop_step *step);
void tdrop_batch_norm_reference(const tdrop_reference *r, const double *in, double *out);

/* Moves the running averages towards the statistics of the batch, which a step in training leaves
 * where their gradients would be, and makes these gradients zero. */
void tdrop_batch_norm_follow(const tdrop_arch *arch, float *gradient, float *parameters);

#endif
