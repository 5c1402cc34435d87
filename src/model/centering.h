/* SPDX-License-Identifier: MIT
 * Training as though the inputs had mean zero, while data and model stay as they are.
 *
 * Inputs that are mostly positive give the first layer one direction, along their mean m, that is
 * far steeper than all others, and a slow descent along those. With y = W (x - m) + c in place of
 * y = W x + b that direction is gone (LeCun et al., Efficient BackProp, 1998). So the optimizer
 * works on W and c; the network is shown b = c - W m, and its gradients turn into those by
 * dc = db, dW - db m'. The outputs of an autoencoder start at the mean of what they should give,
 * under the loss BINARY at the logit of that mean. */
#ifndef TDROP_MODEL_CENTERING_H
#define TDROP_MODEL_CENTERING_H

#include "data/split.h"
#include "model/runner.h"

typedef struct tdrop_centering {
    size_t inputs, outputs;            /* of the first layer; 0: nothing is centred */
    size_t weight_offset, bias_offset; /* its tensors, in the flat vector */
    size_t last_bias_offset;           /* of an autoencoder's last layer */
    bool has_last_bias;
    bool outputs_are_logits;
    double *mean; /* [inputs] of the training rows, scaled */
    float *bias;  /* [outputs] c, while b is shown */
    const tdrop_parallel *parallel;
} tdrop_centering;

/* Finds the mean. Not `wanted`, or a network that does not begin with a linear layer: nothing is
 * centred. `parallel` has to stay. Errors: MEMORY. */
tdrop_status tdrop_centering_create(tdrop_centering *centering, const tdrop_arch *arch,
                                    const tdrop_feed *feed, const tdrop_split *split, bool wanted,
                                    const tdrop_parallel *parallel);
void tdrop_centering_clear(tdrop_centering *centering);

/* What first values become: the last biases begin at the mean. */
void tdrop_centering_start(const tdrop_centering *centering, float *parameters);

/* What the values of a model become: b to c. */
void tdrop_centering_take(const tdrop_centering *centering, float *parameters);

/* c to b in place, and back to the c that was there. */
void tdrop_centering_show(const tdrop_centering *centering, float *parameters);
void tdrop_centering_hide(const tdrop_centering *centering, float *parameters);

/* The gradient at W and b to that at W and c. */
void tdrop_centering_turn(const tdrop_centering *centering, const tdrop_pass_kernels *kernels,
                          float *gradient);

#endif
