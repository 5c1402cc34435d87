/* SPDX-License-Identifier: MIT */
#include "curve.h"

#include <math.h>

const char *curve_not_pca(const tdrop_model_info *info) {
    const int squared = info->loss == TDROP_LOSS_SQUARED;
    return info->task == TDROP_TASK_AUTOENCODE && !squared ? tdrop_loss_kind_name(info->loss)
                                                           : NULL;
}

curve curve_of_validation(const tdrop_model_info *info) {
    return (curve){
        .n = info->features,
        .rows = info->valid_rows,
        .rows_are = "held-out rows",
        .loss = info->valid_loss,
        .se = info->valid_se,
        .pca = info->valid_pca,
        .metric = info->valid_metric,
        .metric_name = info->metric,
        .unit = info->unit,
        .not_pca = curve_not_pca(info),
        .source = info->split == TDROP_SPLIT_TABLE ? info->valid_name : info->data_name,
    };
}

size_t curve_pca_needs(const curve *c) {
    size_t k = 0;
    while (k <= c->n && !(c->pca[k] <= c->loss[c->chosen.k]))
        k++;
    return k;
}

size_t curve_next_k(const curve *c, size_t k) {
    if (k >= c->n) return c->n + 1;
    const size_t next = k ? 2 * k : 1;
    return next < c->n ? next : c->n;
}

double curve_explained(const curve *c, size_t k) {
    return c->loss[0] > 0 ? 1 - c->loss[k] / c->loss[0] : NAN;
}
