/* SPDX-License-Identifier: MIT
 * A scree curve as the program shows it: table, plot, picture and JSON all take this. */
#ifndef TDROP_CLI_CURVE_H
#define TDROP_CLI_CURVE_H

#include "choice.h"

typedef struct curve {
    size_t n;             /* features; each array has n + 1 numbers, at k = 0..n */
    size_t rows;          /* measured */
    const char *rows_are; /* what they are to the model: "held-out rows", "rows" */
    const double *loss;
    const double *se;        /* standard error of loss */
    const double *pca;       /* loss of the first k principal components; NULL when there is none */
    const double *metric;    /* share that the metric gives; NULL when there is none */
    const char *metric_name; /* "accuracy" or "r2" */
    size_t targets;          /* of a regression that was measured target by target; else 0 */
    const double *target_r2; /* [n + 1, targets] R squared of each; NULL when there are none */
    const char *unit;        /* of the loss */
    const char *not_pca;     /* the loss, where it is none that PCA is compared in; else NULL */
    const char *source;      /* name of the data */
    width_choice chosen;
} curve;

/* The curve in a model, on its held-out rows; `chosen` is left empty. Good as long as the model. */
curve curve_of_validation(const tdrop_model_info *info);

/* `not_pca` of a model's curve. */
const char *curve_not_pca(const tdrop_model_info *info);

/* The smallest k at which PCA is as good as the model at k = chosen; n + 1 when it never is. */
size_t curve_pca_needs(const curve *c);

/* The next k to show in short: 0, 1, 2, 4, ..., n; n + 1 after the last. */
size_t curve_next_k(const curve *c, size_t k);

/* The share of the loss at k = 0 that the first k features explain; NaN when that loss is 0. */
double curve_explained(const curve *c, size_t k);

#endif
