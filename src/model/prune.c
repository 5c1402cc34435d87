/* SPDX-License-Identifier: MIT
 * Cutting a model to its first k features. */
#include "base/error.h"
#include "model/model.h"

#include <string.h>

/* The leading block of a tensor that its smaller twin holds. Twins have the same dims. */
static void copy_leading(const tdrop_parameter *from, const float *from_numbers,
                         const tdrop_parameter *to, float *to_numbers) {
    size_t from_row = from->dims == 2 ? from->shape[1] : 1;
    size_t to_row = to->dims == 2 ? to->shape[1] : 1;
    tdrop_slice(from_numbers + from->offset, from_row, to_numbers + to->offset, to_row,
                to->shape[0], to_row, sizeof(float));
}

static tdrop_status cut_curve(const tdrop_model *model, size_t k, tdrop_model *cut) {
    const tdrop_curve *from = &model->curve;
    tdrop_curve curve;
    if (!from->loss) return TDROP_OK;
    if (tdrop_curve_create(&curve, k, from->pca != NULL, from->metric != NULL))
        return TDROP_ERROR_MEMORY;
    memcpy(curve.loss, from->loss, (k + 1) * sizeof *curve.loss);
    memcpy(curve.se, from->se, (k + 1) * sizeof *curve.se);
    if (curve.pca) memcpy(curve.pca, from->pca, (k + 1) * sizeof *curve.pca);
    if (curve.metric) memcpy(curve.metric, from->metric, (k + 1) * sizeof *curve.metric);
    tdrop_model_set_curve(cut, &curve, model->info.valid_rows);
    return TDROP_OK;
}

/* What stays the same: everything that is known about how the model was made. */
static void copy_history(const tdrop_model *model, tdrop_model *cut) {
    tdrop_model_info kept = cut->info;
    cut->info = model->info;
    cut->info.arch = kept.arch;
    cut->info.features = kept.features;
    cut->info.parameters = kept.parameters;
    cut->info.data_name = cut->info.groups = cut->info.valid_name = NULL;
    cut->info.law.weights = NULL;
    cut->info.class_name = NULL;
    cut->info.valid_loss = cut->info.valid_se = NULL;
    cut->info.valid_pca = cut->info.valid_metric = NULL;
    if (!cut->info.pruned_from && kept.features < model->info.features)
        cut->info.pruned_from = model->info.features;
}

tdrop_status tdrop_model_prune(tdrop_model **pruned, const tdrop_model *model, size_t k,
                               tdrop_error *error) {
    tdrop_model *cut;
    if (!pruned || !model) return tdrop_fail(error, TDROP_ERROR_NULL, "prune: no model");
    if (k == 0 || k > model->arch.features)
        return tdrop_fail(error, TDROP_ERROR_K,
                          "prune: k = %zu, but this model can keep 1 to %zu features", k,
                          model->arch.features);
    tdrop_status status = tdrop_model_create(&cut, &model->arch, k, &model->encoding, error);
    if (status) return status;
    for (size_t t = 0; t < cut->arch.tensor_count; t++)
        copy_leading(&model->arch.tensors[t], model->parameters, &cut->arch.tensors[t],
                     cut->parameters);
    copy_history(model, cut);
    if (cut_curve(model, k, cut) || tdrop_model_set_law(cut, &model->info.law) ||
        (model->classes.count && tdrop_model_set_classes(cut, &model->classes)) ||
        (model->targets.columns && tdrop_model_set_targets(cut, &model->targets)) ||
        (model->groups && tdrop_model_name_groups(cut, model->groups)) ||
        (model->valid_name && tdrop_model_name_valid(cut, model->valid_name)) ||
        (model->data_name && tdrop_model_name_data(cut, model->data_name))) {
        tdrop_model_destroy(cut);
        return tdrop_fail_memory(error, "prune");
    }
    tdrop_model_set_loss(cut, model->info.loss, model->info.huber_delta);
    *pruned = cut;
    return TDROP_OK;
}
