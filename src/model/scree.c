/* SPDX-License-Identifier: MIT */
#include "model/scree.h"

#include "base/error.h"
#include "base/memory.h"
#include "data/split.h"
#include "model/columns.h"
#include "model/pca.h"
#include "model/runner.h"

/* One batch: everything before the tail once, the layer behind it a column at a time, the rest for
 * every k. */
static tdrop_status measure_batch(tdrop_runner *runner, tdrop_columns *columns, const size_t *rows,
                                  size_t count, size_t tail, size_t first_k, size_t last_k,
                                  tdrop_mean *mean) {
    tdrop_net *net = runner->net;
    tdrop_runner_load(runner, rows, 0, count);
    tdrop_status status = tdrop_net_begin(net, count, NULL);
    if (status) return status;
    tdrop_net_forward(net, 0, net->tail_edge[tail]);
    tdrop_columns_start(columns, tail);
    for (size_t k = first_k; k <= last_k; k++) {
        tdrop_net_forward(net, tdrop_columns_advance(columns, k), net->step_count);
        tdrop_runner_loss(runner, count, false);
        tdrop_mean_add(&mean[k - first_k], count, runner->results);
    }
    return TDROP_OK;
}

static tdrop_status measure_batches(tdrop_runner *runner, const tdrop_model *model,
                                    const tdrop_sample *sample, size_t tail, size_t first_k,
                                    size_t last_k, tdrop_mean *mean) {
    tdrop_columns columns;
    tdrop_status status = tdrop_net_set_parameters(runner->net, model->parameters, false);
    if (!status) status = tdrop_columns_create(&columns, runner->net, tail, model->parameters);
    if (status) return status;
    for (size_t first = 0, count; first < sample->row_count && !status; first += count) {
        size_t left = sample->row_count - first;
        count = left < TDROP_USE_BATCH ? left : TDROP_USE_BATCH;
        status = measure_batch(runner, &columns, sample->rows + first, count, tail, first_k, last_k,
                               mean);
    }
    tdrop_columns_clear(&columns);
    return status;
}

/* Mean square of the targets about their means, over the rows and columns of the sample: what a
 * model that always gives these means would lose. */
static double variance_of(const tdrop_sample *sample, size_t columns) {
    double square = 0.0;
    for (size_t j = 0; j < columns; j++) {
        double mean = 0.0;
        for (size_t i = 0; i < sample->row_count; i++)
            mean += (double)sample->targets[sample->rows[i] * columns + j];
        mean /= (double)sample->row_count;
        for (size_t i = 0; i < sample->row_count; i++) {
            double beside = (double)sample->targets[sample->rows[i] * columns + j] - mean;
            square += beside * beside;
        }
    }
    return square / ((double)sample->row_count * (double)columns);
}

/* 1 - loss / variance; 0 where there is no variance to explain. */
static void write_r2(const tdrop_mean *mean, size_t count, double variance, double *r2) {
    for (size_t i = 0; i < count; i++)
        r2[i] = variance > 0.0 ? 1.0 - mean[i].loss / variance : 0.0;
}

static void write_curve(const tdrop_mean *mean, size_t count, const tdrop_curve *curve) {
    for (size_t i = 0; i < count; i++) {
        curve->loss[i] = mean[i].loss;
        curve->se[i] = tdrop_mean_se(&mean[i]);
        if (curve->metric) curve->metric[i] = mean[i].metric;
    }
}

tdrop_status tdrop_scree_measure(const tdrop_model *model, const tdrop_sample *sample, size_t tail,
                                 size_t first_k, size_t last_k, const tdrop_curve *curve,
                                 const tdrop_use_options *options, tdrop_error *error) {
    tdrop_runner runner;
    size_t widths = last_k - first_k + 1;
    tdrop_feed feed = {model->info.task, sample->encoder, sample->targets};
    tdrop_net_options net = {
        .max_rows = TDROP_USE_BATCH, .isa = options->isa, .parallel = options->parallel};
    tdrop_status status = tdrop_runner_create(&runner, &model->arch, &feed, &net, error);
    if (status) return status;
    tdrop_mean *mean = tdrop_alloc_zero(widths, sizeof *mean);
    status = mean ? measure_batches(&runner, model, sample, tail, first_k, last_k, mean)
                  : TDROP_ERROR_MEMORY;
    if (!status) write_curve(mean, widths, curve);
    if (!status && curve->metric && runner.loss->metric_is_r2)
        write_r2(mean, widths, variance_of(sample, model->arch.outputs), curve->metric);
    tdrop_free(mean);
    tdrop_runner_clear(&runner);
    return status ? tdrop_fail_memory(error, "scree") : TDROP_OK;
}

/* A sample that owns what it points to. */
typedef struct held_out {
    tdrop_sample sample;
    tdrop_encoder encoder;
    size_t *rows;
    float *targets;
} held_out;

static void held_out_clear(held_out *h) {
    tdrop_encoder_clear(&h->encoder);
    tdrop_free(h->rows);
    tdrop_free(h->targets);
}

/* The targets of all rows of the data, as they are in the loss. */
static tdrop_status find_targets(held_out *h, const tdrop_model *model, const tdrop_data *data,
                                 const tdrop_data *target, tdrop_error *error) {
    const bool classes = model->info.task == TDROP_TASK_CLASSIFY;
    const char *what = classes ? "labels" : "targets";
    if (model->info.task == TDROP_TASK_AUTOENCODE) return TDROP_OK;
    if (!target)
        return tdrop_fail(error, TDROP_ERROR_DATA,
                          "%s: this model is a %s, and to measure it the %s are needed",
                          data->info.name, classes ? "classifier" : "regression", what);
    if (target->info.rows != data->info.rows)
        return tdrop_fail(error, TDROP_ERROR_DATA, "%s has %zu rows, but the %s %s have %zu",
                          data->info.name, data->info.rows, what, target->info.name,
                          target->info.rows);
    h->targets = tdrop_alloc(data->info.rows, (classes ? 1 : model->arch.outputs) * sizeof(float));
    if (!h->targets) return tdrop_fail_memory(error, what);
    h->sample.targets = h->targets;
    return classes ? tdrop_classes_index(&model->classes, target, h->targets, error)
                   : tdrop_targets_read(&model->targets, target, h->targets, error);
}

/* The rows of the data that were not trained on. To be cleared, whatever came of it. */
static tdrop_status find_held_out(held_out *h, const tdrop_model *model, const tdrop_data *data,
                                  const tdrop_data *target, tdrop_error *error) {
    size_t count = 0;
    *h = (held_out){.rows = NULL};
    tdrop_status status = tdrop_encoder_create(&h->encoder, &model->encoding, data, error);
    if (status) return status;
    h->sample.encoder = &h->encoder;
    status = tdrop_model_held_out(model, data, &count, NULL);
    if (!status && !(h->rows = tdrop_alloc(count, sizeof *h->rows))) status = TDROP_ERROR_MEMORY;
    if (!status) status = tdrop_model_held_out(model, data, &count, h->rows);
    if (status) return tdrop_fail_memory(error, "held-out rows");
    h->sample.rows = h->rows;
    h->sample.row_count = count;
    return find_targets(h, model, data, target, error);
}

/* PCA of the training rows, measured on the sample. */
static tdrop_status measure_pca(const tdrop_curve *curve, const tdrop_model *model,
                                const tdrop_sample *sample, const tdrop_data *train,
                                const tdrop_use_options *options) {
    tdrop_split split;
    tdrop_pca pca;
    tdrop_encoder encoder;
    size_t n = model->arch.features;
    tdrop_status status = tdrop_encoder_create(&encoder, &model->encoding, train, NULL);
    if (status) return status;
    status = tdrop_split_make(&split, train->info.rows, model->info.valid_share,
                              model->info.split_seed, NULL);
    if (!status) {
        status = tdrop_pca_fit(&pca, &encoder, split.train, split.train_count, n, options);
        tdrop_split_clear(&split);
    }
    tdrop_encoder_clear(&encoder);
    if (status) return status;
    status = tdrop_pca_loss(&pca, sample->encoder, sample->rows, sample->row_count, n, curve->pca,
                            options);
    tdrop_pca_clear(&pca);
    return status;
}

static bool can_fit_pca(const tdrop_model *model, const tdrop_data *train) {
    return model->info.task == TDROP_TASK_AUTOENCODE && train &&
           model->encoding.inputs <= TDROP_PCA_MOST_COLUMNS &&
           train->info.hash == model->info.data_hash && train->info.rows == model->info.data_rows;
}

static tdrop_status measure_all(tdrop_curve *curve, const tdrop_model *model,
                                const tdrop_sample *sample, const tdrop_data *train,
                                const tdrop_use_options *options, tdrop_error *error) {
    size_t n = model->arch.features;
    if (tdrop_curve_create(curve, n, can_fit_pca(model, train), model->info.metric != NULL))
        return tdrop_fail_memory(error, "scree");
    tdrop_status status = tdrop_scree_measure(model, sample, 0, 0, n, curve, options, error);
    if (!status && curve->pca && measure_pca(curve, model, sample, train, options))
        status = tdrop_fail_memory(error, "principal components");
    return status;
}

tdrop_status tdrop_model_scree(tdrop_scree *scree, const tdrop_model *model, const tdrop_data *data,
                               const tdrop_data *train, const tdrop_use_options *options,
                               tdrop_error *error) {
    tdrop_use_options use;
    held_out h = {.rows = NULL};
    tdrop_curve curve = {.loss = NULL};
    if (!scree || !model || !data)
        return tdrop_fail(error, TDROP_ERROR_NULL, "scree: no model, data or result");
    tdrop_status status = tdrop_use_resolve(options, &use, error);
    if (!status) status = find_held_out(&h, model, data, use.target, error);
    if (!status) status = measure_all(&curve, model, &h.sample, train, &use, error);
    size_t rows = h.sample.row_count;
    held_out_clear(&h);
    if (status)
        tdrop_free(curve.loss);
    else
        *scree = (tdrop_scree){.n = model->arch.features,
                               .rows = rows,
                               .loss = curve.loss,
                               .se = curve.se,
                               .pca = curve.pca,
                               .metric = curve.metric};
    return status;
}

void tdrop_scree_destroy(tdrop_scree *scree) {
    if (!scree) return;
    tdrop_free(scree->loss); /* the block holds all of them */
    *scree = (tdrop_scree){0};
}

tdrop_status tdrop_model_evaluate(tdrop_measure *measure, const tdrop_model *model,
                                  const tdrop_data *data, size_t k,
                                  const tdrop_use_options *options, tdrop_error *error) {
    tdrop_use_options use;
    held_out h = {.rows = NULL};
    tdrop_measure made = {.rows = 0};
    const tdrop_curve point = {.loss = &made.loss, .se = &made.se, .metric = &made.metric};
    if (!measure || !model || !data)
        return tdrop_fail(error, TDROP_ERROR_NULL, "evaluate: no model, data or result");
    if (k > model->arch.features)
        return tdrop_fail(error, TDROP_ERROR_K, "k = %zu, but this model has %zu features", k,
                          model->arch.features);
    tdrop_status status = tdrop_use_resolve(options, &use, error);
    if (!status) status = find_held_out(&h, model, data, use.target, error);
    if (!status) status = tdrop_scree_measure(model, &h.sample, 0, k, k, &point, &use, error);
    made.rows = h.sample.row_count;
    held_out_clear(&h);
    if (!status) *measure = made;
    return status;
}
