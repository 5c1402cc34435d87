/* SPDX-License-Identifier: MIT
 * The training loop: epochs of steps, validation after each, the best weights kept. */
#ifndef TDROP_MODEL_TRAIN_H
#define TDROP_MODEL_TRAIN_H

#include "data/split.h"
#include "model/centering.h"
#include "model/fit_terms.h"
#include "model/optimizer.h"
#include "model/runner.h"
#include "model/width_weights.h"

typedef struct tdrop_trainer {
    const tdrop_fit_options *options; /* resolved: no defaults left to fill in */
    const tdrop_split *split;
    const tdrop_law *const *laws; /* one for each tail */
    const tdrop_fit_terms *terms; /* what a checkpoint is of */
    tdrop_runner runner;
    tdrop_feed feed, valid_feed; /* of the rows that are trained on and of those held out */
    tdrop_optimizer optimizer;
    tdrop_centering centering;
    tdrop_width_weights weights; /* by the first tail */
    float *best; /* weights of the lowest validation loss so far, or with keep_last the last */
    size_t *batch_rows; /* [batch] rows of the data in this step */
    tdrop_fit_progress progress;
    uint32_t since_best; /* epochs */
    double flops;        /* of the training so far */
} tdrop_trainer;

/* Weights at their first values: those of options->init or else as options->start says. All of it
 * has to stay. Held-out rows come from valid_feed, which may be the same table. Errors: ISA,
 * MEMORY. */
tdrop_status tdrop_trainer_create(tdrop_trainer *trainer, const tdrop_fit_options *options,
                                  const tdrop_arch *arch, const tdrop_feed *feed,
                                  const tdrop_feed *valid_feed, const tdrop_split *split,
                                  const tdrop_law *const *laws, tdrop_error *error);
void tdrop_trainer_clear(tdrop_trainer *trainer);

/* Has the trainer, just created, go on from options->checkpoint.resume, where there is one.
 * trainer->terms is set. Errors: FILE, FORMAT, MEMORY. */
tdrop_status tdrop_trainer_resume(tdrop_trainer *trainer, tdrop_error *error);

/* Whether there is nothing left to train. */
bool tdrop_trainer_is_done(const tdrop_trainer *trainer);

/* Trains to the end, or until patience or the observer stops it, and writes checkpoints where they
 * are asked for; trainer->best holds the result.
 * Errors: MEMORY, DATA (the loss is not finite any more), STOPPED (TDROP_FIT_LEAVE). */
tdrop_status tdrop_trainer_run(tdrop_trainer *trainer, const tdrop_fit_observer *observer,
                               tdrop_error *error);

#endif
