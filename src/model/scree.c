/* SPDX-License-Identifier: MIT */
#include "model/scree.h"

#include "base/error.h"
#include "base/memory.h"
#include "data/split.h"
#include "model/pca.h"
#include "model/runner.h"

/* One batch: the encoder once, then what lies behind the tail for every k. */
static tdrop_status measure_batch(tdrop_runner *runner, const size_t *rows, size_t count,
                                  size_t tail, size_t first_k, size_t last_k, tdrop_mean *mean) {
    tdrop_net *net = runner->net;
    tdrop_runner_load(runner, rows, 0, count);
    tdrop_status status = tdrop_runner_begin_at(runner, count, tail, last_k);
    if (status) return status;
    tdrop_net_forward(net, 0, net->tail_edge[tail]);
    for (size_t k = first_k; k <= last_k; k++) {
        status = tdrop_runner_begin_at(runner, count, tail, k);
        if (status) return status;
        tdrop_net_forward(net, net->tail_edge[tail], net->step_count);
        tdrop_runner_loss(runner, count, false);
        tdrop_mean_add(&mean[k - first_k], count, runner->row_loss);
    }
    return TDROP_OK;
}

tdrop_status tdrop_scree_measure(const tdrop_model *model, const tdrop_data *data,
                                 const size_t *rows, size_t row_count, size_t tail, size_t first_k,
                                 size_t last_k, double *loss, double *se,
                                 const tdrop_use_options *options, tdrop_error *error) {
    tdrop_runner runner;
    tdrop_net_options net = {
        .max_rows = TDROP_USE_BATCH, .isa = options->isa, .parallel = options->parallel};
    tdrop_status status =
        tdrop_runner_create(&runner, &model->arch, &model->scaling, data, &net, error);
    if (status) return status;
    tdrop_mean *mean = tdrop_alloc_zero(last_k - first_k + 1, sizeof *mean);
    status =
        mean ? tdrop_net_set_parameters(runner.net, model->parameters, false) : TDROP_ERROR_MEMORY;
    for (size_t first = 0, count; first < row_count && !status; first += count) {
        count = row_count - first < TDROP_USE_BATCH ? row_count - first : TDROP_USE_BATCH;
        status = measure_batch(&runner, rows + first, count, tail, first_k, last_k, mean);
    }
    for (size_t i = 0; !status && i <= last_k - first_k; i++) {
        loss[i] = mean[i].mean;
        se[i] = tdrop_mean_se(&mean[i]);
    }
    tdrop_free(mean);
    tdrop_runner_clear(&runner);
    return status ? tdrop_fail_memory(error, "scree") : TDROP_OK;
}

/* The rows of the data that were not trained on. Free with tdrop_free. */
static tdrop_status held_out(const tdrop_model *model, const tdrop_data *data, size_t *count,
                             size_t **rows, tdrop_error *error) {
    if (data->info.columns != model->arch.inputs)
        return tdrop_fail(error, TDROP_ERROR_DATA,
                          "%s: its rows have %zu columns, but the model was made for %zu",
                          data->info.name, data->info.columns, model->arch.inputs);
    tdrop_status status = tdrop_model_held_out(model, data, count, NULL);
    if (!status && !(*rows = tdrop_alloc(*count, sizeof **rows))) status = TDROP_ERROR_MEMORY;
    if (!status) status = tdrop_model_held_out(model, data, count, *rows);
    return status ? tdrop_fail_memory(error, "held-out rows") : TDROP_OK;
}

/* PCA of the training rows, measured on the held-out rows. */
static tdrop_status measure_pca(tdrop_scree *scree, const tdrop_model *model,
                                const tdrop_data *data, const size_t *rows, const tdrop_data *train,
                                const tdrop_use_options *options) {
    tdrop_split split;
    tdrop_pca pca;
    tdrop_status status = tdrop_split_make(&split, train->info.rows, model->info.valid_share,
                                           model->info.split_seed, NULL);
    if (status) return status;
    status = tdrop_pca_fit(&pca, &model->scaling, train, split.train, split.train_count, scree->n,
                           options);
    tdrop_split_clear(&split);
    if (status) return status;
    status = tdrop_pca_loss(&pca, &model->scaling, data, rows, scree->rows, scree->n, scree->pca,
                            options);
    tdrop_pca_clear(&pca);
    return status;
}

static bool can_fit_pca(const tdrop_model *model, const tdrop_data *train) {
    return train && train->info.columns <= TDROP_PCA_MOST_COLUMNS &&
           train->info.hash == model->info.data_hash && train->info.rows == model->info.data_rows;
}

static tdrop_status allocate_curves(tdrop_scree *scree, bool with_pca) {
    tdrop_curve curve;
    if (tdrop_curve_create(&curve, scree->n, with_pca)) return TDROP_ERROR_MEMORY;
    scree->loss = curve.loss;
    scree->se = curve.se;
    scree->pca = curve.pca;
    return TDROP_OK;
}

static tdrop_status measure_all(tdrop_scree *scree, const tdrop_model *model,
                                const tdrop_data *data, const size_t *rows, const tdrop_data *train,
                                const tdrop_use_options *options, tdrop_error *error) {
    if (allocate_curves(scree, can_fit_pca(model, train))) return tdrop_fail_memory(error, "scree");
    tdrop_status status = tdrop_scree_measure(model, data, rows, scree->rows, 0, 0, scree->n,
                                              scree->loss, scree->se, options, error);
    if (!status && scree->pca && measure_pca(scree, model, data, rows, train, options))
        status = tdrop_fail_memory(error, "principal components");
    return status;
}

tdrop_status tdrop_model_scree(tdrop_scree *scree, const tdrop_model *model, const tdrop_data *data,
                               const tdrop_data *train, const tdrop_use_options *options,
                               tdrop_error *error) {
    tdrop_use_options resolved;
    size_t *rows = NULL;
    if (!scree || !model || !data)
        return tdrop_fail(error, TDROP_ERROR_NULL, "scree: no model, data or result");
    tdrop_scree made = {.n = model->arch.features};
    tdrop_status status = tdrop_use_resolve(options, &resolved, error);
    if (!status) status = held_out(model, data, &made.rows, &rows, error);
    if (!status) status = measure_all(&made, model, data, rows, train, &resolved, error);
    tdrop_free(rows);
    if (status)
        tdrop_scree_destroy(&made);
    else
        *scree = made;
    return status;
}

void tdrop_scree_destroy(tdrop_scree *scree) {
    if (!scree) return;
    tdrop_free(scree->loss); /* the block holds all three */
    *scree = (tdrop_scree){0};
}

tdrop_status tdrop_model_evaluate(const tdrop_model *model, const tdrop_data *data, size_t k,
                                  double *loss, double *se, size_t *rows,
                                  const tdrop_use_options *options, tdrop_error *error) {
    tdrop_use_options resolved;
    size_t *numbers = NULL, count = 0;
    double loss_at_k, se_at_k;
    if (!model || !data || !loss || !se || !rows)
        return tdrop_fail(error, TDROP_ERROR_NULL, "evaluate: no model, data or result");
    if (k > model->arch.features)
        return tdrop_fail(error, TDROP_ERROR_K, "k = %zu, but this model has %zu features", k,
                          model->arch.features);
    tdrop_status status = tdrop_use_resolve(options, &resolved, error);
    if (!status) status = held_out(model, data, &count, &numbers, error);
    if (!status)
        status = tdrop_scree_measure(model, data, numbers, count, 0, k, k, &loss_at_k, &se_at_k,
                                     &resolved, error);
    tdrop_free(numbers);
    if (status) return status;
    *loss = loss_at_k;
    *se = se_at_k;
    *rows = count;
    return TDROP_OK;
}
