/* SPDX-License-Identifier: MIT
 * Training a model for all its features, once it has been cut. */
#include "base/error.h"
#include "model/held_out.h"
#include "model/model.h"

static tdrop_status check(const tdrop_model *model, const tdrop_data *data,
                          const tdrop_tune_options *options, tdrop_error *error) {
    size_t held_out;
    tdrop_use_options use;
    for (size_t i = 0; i < sizeof options->reserved / sizeof *options->reserved; i++)
        if (options->reserved[i])
            return tdrop_fail(error, TDROP_ERROR_RESERVED, "a reserved field is not 0");
    if (tdrop_use_resolve(&options->use, &use, error)) return TDROP_ERROR_RESERVED;
    if (!options->epochs) return tdrop_fail(error, TDROP_ERROR_SIZE, "tune: no epochs");
    if (model->info.split == TDROP_SPLIT_TABLE)
        return tdrop_fail(error, TDROP_ERROR_DATA,
                          "tune: the held-out rows of this model are another table's (%.200s), so "
                          "there are none to measure with: fit anew with --init",
                          model->info.valid_name);
    if (!tdrop_model_was_fitted_to(model, data))
        return tdrop_fail(error, TDROP_ERROR_DATA,
                          "%.200s: not what the model was fitted to (%.200s, as its hash says), so "
                          "which rows are held out cannot be told: give that table",
                          data->info.name, model->info.data_name ? model->info.data_name : "?");
    const tdrop_status status = tdrop_model_held_out(model, data, &options->use, &held_out, NULL);
    if (status == TDROP_ERROR_MEMORY) return tdrop_fail_memory(error, "held-out rows");
    if (status)
        return tdrop_fail(error, TDROP_ERROR_DATA,
                          "%.200s: which rows are held out was decided by labels or groups, which "
                          "are not given or not those of the fit: give these",
                          data->info.name);
    return TDROP_OK;
}

/* Everything as at the fit, but begun with the weights there are, and nothing dropped. */
static tdrop_fit_options options_of(const tdrop_model *model, const tdrop_tune_options *tune) {
    const tdrop_model_info *info = &model->info;
    const bool labelled = info->task != TDROP_TASK_AUTOENCODE;
    return (tdrop_fit_options){.task = info->task,
                               .target = labelled ? tune->use.target : NULL,
                               .groups = info->groups ? tune->use.groups : NULL,
                               .loss = info->loss,
                               .huber_delta = info->huber_delta,
                               .no_drop = 1,
                               .epochs = tune->epochs,
                               .learning_rate = tune->learning_rate,
                               .seed = tune->seed,
                               .valid_share = info->valid_share,
                               .split_seed = info->split_seed,
                               .scale = info->scale,
                               .missing = info->missing,
                               .isa = tune->use.isa,
                               .parallel = tune->use.parallel,
                               .init = model};
}

/* Training adds up; the rest was so before. */
static tdrop_status take_history(tdrop_model *tuned, const tdrop_model *model, uint32_t epochs) {
    const tdrop_model_info *before = &model->info;
    tuned->info.seed = before->seed;
    tuned->info.pruned_from = before->pruned_from;
    tuned->info.epochs = before->epochs + epochs;
    tuned->info.tuned = before->tuned + epochs;
    tuned->info.flops += before->flops;
    return tdrop_model_set_law(tuned, &before->law);
}

/* Whether the held-out loss with all features is lower. */
static bool is_better(const tdrop_model *tuned, const tdrop_model *model) {
    const size_t n = model->arch.features;
    return !model->curve.loss || tuned->curve.loss[n] < model->curve.loss[n];
}

tdrop_status tdrop_model_tune(tdrop_model **tuned, const tdrop_model *model, const tdrop_data *data,
                              const tdrop_tune_options *options, const tdrop_fit_observer *observer,
                              tdrop_error *error) {
    tdrop_model *trained = NULL;
    if (!tuned || !model || !data || !options)
        return tdrop_fail(error, TDROP_ERROR_NULL, "tune: no model, data or options");
    tdrop_status status = check(model, data, options, error);
    if (status) return status;
    const tdrop_fit_options fit = options_of(model, options);
    status = tdrop_fit(&trained, data, &fit, observer, error);
    if (!status && !is_better(trained, model)) {
        tdrop_model_destroy(trained);
        return tdrop_model_prune(tuned, model, model->arch.features, error);
    }
    if (!status && take_history(trained, model, trained->info.epochs))
        status = tdrop_fail_memory(error, "tune");
    if (status)
        tdrop_model_destroy(trained);
    else
        *tuned = trained;
    return status;
}
