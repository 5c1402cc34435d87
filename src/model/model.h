/* SPDX-License-Identifier: MIT
 * A model: an architecture, its numbers, and what has to be known to use it. */
#ifndef TDROP_MODEL_MODEL_H
#define TDROP_MODEL_MODEL_H

#include "data/encoding.h"
#include "data/split.h"
#include "model/arch.h"
#include "model/runner.h"
#include "model/target.h"
#include "taildropout_model.h"

/* A curve over k = 0..n, [n + 1] each, in one block that `loss` owns; pca and metric are NULL when
 * there is none. */
typedef struct tdrop_curve {
    double *loss, *se, *pca, *metric;
    double *target_r2; /* [n + 1, targets] of a regression, a block of its own; NULL: not kept */
} tdrop_curve;

struct tdrop_model {
    tdrop_arch arch;
    float *parameters; /* flat, as arch.tensors say */
    tdrop_encoding encoding;
    tdrop_curve curve;
    char *data_name, *groups, *valid_name;
    double *law_weights;    /* of a TABLE law */
    tdrop_classes classes;  /* of a classifier */
    tdrop_encoding targets; /* of a regression */
    tdrop_model_info info;  /* its pointers lead into the above */
};

/* Room for a curve over n features. Errors: MEMORY. */
tdrop_status tdrop_curve_create(tdrop_curve *curve, size_t n, bool with_pca, bool with_metric);

/* A model of this architecture with k features at its first tail, and of this encoding; both are
 * copied. The parameters are not filled in; info holds what follows from the two. Errors: ARCH,
 * MEMORY. */
tdrop_status tdrop_model_create(tdrop_model **model, const tdrop_arch *arch, size_t k,
                                const tdrop_encoding *encoding, tdrop_error *error);

/* Remembers the table of the held-out rows: the last part of a path. Errors: MEMORY. */
tdrop_status tdrop_model_name_valid(tdrop_model *model, const char *name);

/* Remembers what the model was fitted to: the last part of a path. Errors: MEMORY. */
tdrop_status tdrop_model_name_data(tdrop_model *model, const char *name);

/* The column whose groups were held out whole. Errors: MEMORY. */
tdrop_status tdrop_model_name_groups(tdrop_model *model, const char *name);

/* Remembers the law, its table copied. Errors: MEMORY. */
tdrop_status tdrop_model_set_law(tdrop_model *model, const tdrop_law_options *law);

/* Makes it a classifier of these classes, which are copied. Errors: MEMORY. */
tdrop_status tdrop_model_set_classes(tdrop_model *model, const tdrop_classes *classes);

/* Makes it a regression to these targets, which are copied. Errors: MEMORY. */
tdrop_status tdrop_model_set_targets(tdrop_model *model, const tdrop_encoding *targets);

/* Sets the loss, which fits the task; called when classes or targets are known. `delta` is HUBER's,
 * else 0. */
void tdrop_model_set_loss(tdrop_model *model, tdrop_loss_kind loss, double delta);

/* What the model's network is fed with. */
tdrop_feed tdrop_model_feed(const tdrop_model *model, const tdrop_encoder *encoder,
                            const float *targets);

/* What the outputs of a model that is no classifier stand for. */
static inline const tdrop_encoding *tdrop_model_output(const tdrop_model *model) {
    return model->info.task == TDROP_TASK_REGRESS ? &model->targets : &model->encoding;
}

/* Takes over a curve. */
void tdrop_model_set_curve(tdrop_model *model, const tdrop_curve *curve, size_t rows);

/* Options of use, defaults where NULL. Errors: RESERVED. */
tdrop_status tdrop_use_resolve(const tdrop_use_options *options, tdrop_use_options *resolved,
                               tdrop_error *error);

/* Rows in a batch when a model is used. */
enum { TDROP_USE_BATCH = 256 };

#endif
