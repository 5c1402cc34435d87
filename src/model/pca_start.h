/* SPDX-License-Identifier: MIT
 * First values with which the untrained network is PCA at every width.
 *
 * relu(z) - relu(-z) = z, and so it is with gelu: a pair of units, one with the weights of the
 * other times -1, passes a number on as it is. With a pair for each of the n features in every
 * hidden layer the network takes the first n principal components of its input and puts together
 * what it is from the first k of them. Ordered it is so from the first step, and at large k, where
 * PCA is hard to beat and few rows are spent, most of the way is done; training bends it from
 * there. All other units begin at random, and have no say in code or output before training gives
 * them one.
 *
 * Pairs of that kind are the looks-linear start of Balduzzi et al., The shattered gradients
 * problem, 2017. */
#ifndef TDROP_MODEL_PCA_START_H
#define TDROP_MODEL_PCA_START_H

#include "data/split.h"
#include "model/runner.h"

/* Whether a network can begin so: an autoencoder whose outputs are no logits, of linear layers
 * alone, each but those of the code and the output at least 2 n wide, with a relu or gelu behind
 * it. Biases by width are fine. */
bool tdrop_pca_start_suits(const tdrop_arch *arch, tdrop_task task, tdrop_loss_kind loss);

/* Changes random first values into such ones, from at most a few thousand rows of the split's
 * training rows, chosen by the seed. The architecture has to suit. *flops grows by the operations.
 * Errors: ISA, MEMORY. */
tdrop_status tdrop_pca_start(const tdrop_arch *arch, const tdrop_encoder *encoder,
                             const tdrop_split *split, uint64_t seed,
                             const tdrop_use_options *options, float *parameters, double *flops);

#endif
