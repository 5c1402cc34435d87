/* SPDX-License-Identifier: MIT
 * Adam over the flat vector of parameters, with a running average of the weights. */
#ifndef TDROP_MODEL_OPTIMIZER_H
#define TDROP_MODEL_OPTIMIZER_H

#include "model/pass.h"
#include "taildropout.h"

typedef struct tdrop_optimizer {
    size_t count;          /* parameters */
    size_t steps;          /* made so far */
    double power1, power2; /* beta1^steps, beta2^steps */
    double average_decay;  /* 0: no average */
    float *parameters, *gradient, *moment1, *moment2;
    float *average; /* of the parameters; the parameters themselves when there is no average */
    float *block;   /* owns the vectors above */
} tdrop_optimizer;

/* All vectors zero. Errors: MEMORY. */
tdrop_status tdrop_optimizer_create(tdrop_optimizer *optimizer, size_t count, double average_decay);
void tdrop_optimizer_clear(tdrop_optimizer *optimizer);

/* To be called when the parameters hold their first values. */
void tdrop_optimizer_start(tdrop_optimizer *optimizer);

/* One step along the gradient. */
void tdrop_optimizer_step(tdrop_optimizer *optimizer, double learning_rate,
                          const tdrop_pass_kernels *pass, const tdrop_parallel *parallel);

#endif
