/* SPDX-License-Identifier: MIT
 * Adam, AdamW, NAdam and SGD with momentum over the flat vector of parameters, with a running
 * average of the weights. */
#ifndef TDROP_MODEL_OPTIMIZER_H
#define TDROP_MODEL_OPTIMIZER_H

#include "kernels/pass_kernels.h"
#include "model/arch.h"
#include "taildropout_model.h"

typedef struct tdrop_optimizer_options {
    tdrop_optimizer_kind kind; /* not AUTO */
    double average_decay;      /* 0 or less: no average */
    double weight_decay;       /* of ADAMW; 0 or less: none */
    double momentum;           /* of SGD; 0 or less: none */
    double clip_norm;          /* longest gradient; 0: any */
    const tdrop_arch *arch;    /* whose weights decay, has to stay; NULL where none do */
} tdrop_optimizer_options;

/* All state is in `steps`, the two powers and the vectors of `block`, whichever the kind is: who
 * stores a run needs to know of nothing else here. */
typedef struct tdrop_optimizer {
    tdrop_optimizer_options options;
    size_t count;          /* parameters */
    size_t steps;          /* made so far */
    double power1, power2; /* beta1^steps, beta2^steps */
    float *parameters, *gradient, *moment1;
    float *moment2; /* of all but SGD, else NULL */
    float *average; /* of the parameters; the parameters themselves when there is no average */
    size_t vectors; /* how many the block holds, [count] each */
    float *block;   /* owns the vectors above */
    double
        *squares; /* [parts] of the gradient, to find its length; NULL where nothing is clipped */
} tdrop_optimizer;

/* All vectors zero. Errors: MEMORY. */
tdrop_status tdrop_optimizer_create(tdrop_optimizer *optimizer, size_t count,
                                    const tdrop_optimizer_options *options);
void tdrop_optimizer_clear(tdrop_optimizer *optimizer);

/* To be called when the parameters hold their first values. */
void tdrop_optimizer_start(tdrop_optimizer *optimizer);

/* One step along the gradient, which is shortened where it is too long. */
void tdrop_optimizer_step(tdrop_optimizer *optimizer, double learning_rate,
                          const tdrop_pass_kernels *pass, const tdrop_parallel *parallel);

#endif
