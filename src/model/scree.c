/* SPDX-License-Identifier: MIT */
#include "model/scree.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/sizes.h"
#include "model/across.h"
#include "model/columns.h"
#include "model/held_out.h"
#include "model/pca.h"
#include "model/runner.h"

#include <string.h>

/* Widths whose results are found before any is gathered, where that goes. */
enum { WIDTHS_AT_A_TIME = 64 };

/* What is gathered at each width. */
typedef struct gathered {
    size_t first_k, last_k;
    tdrop_mean *mean; /* [widths] */
    double *left;     /* [widths, targets] of a regression: squares that are not explained */
    tdrop_row_result *results; /* [WIDTHS_AT_A_TIME, TDROP_USE_BATCH] where widths are found across
                                * (model/across.h), else NULL */
} gathered;

static void gathered_clear(gathered *g) {
    tdrop_free(g->mean);
    tdrop_free(g->left);
    tdrop_free(g->results);
}

/* The targets are those of a regression, else 0. */
static tdrop_status gathered_create(gathered *g, size_t first_k, size_t last_k, size_t targets) {
    const size_t widths = last_k - first_k + 1;
    *g = (gathered){.first_k = first_k, .last_k = last_k};
    g->mean = tdrop_alloc_zero(widths, sizeof *g->mean);
    if (targets) g->left = tdrop_alloc_zero(widths, targets * sizeof *g->left);
    if (g->mean && (g->left || !targets)) return TDROP_OK;
    gathered_clear(g);
    return TDROP_ERROR_MEMORY;
}

/* Squares of what the outputs of a batch, which lie in the last edge, are beside their targets. */
static void add_squares(const tdrop_runner *runner, size_t count, double *left) {
    const size_t targets = runner->net->arch->outputs;
    const float *y = tdrop_net_edge(runner->net, runner->net->step_count);
    const float *target = runner->targets;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < targets; j++, y++, target++)
            left[j] += ((double)*y - (double)*target) * ((double)*y - (double)*target);
}

/* The layer behind the tail a column at a time, the rest for every k. */
static void measure_widths(tdrop_runner *runner, tdrop_columns *columns, size_t count,
                           const gathered *g) {
    tdrop_net *net = runner->net;
    for (size_t k = g->first_k; k <= g->last_k; k++) {
        const size_t at = k - g->first_k;
        tdrop_net_forward(net, tdrop_columns_advance(columns, k), net->step_count);
        tdrop_runner_loss(runner, count, false);
        tdrop_mean_add(&g->mean[at], count, runner->results);
        if (!g->left) continue;
        tdrop_runner_finish(runner, count);
        add_squares(runner, count, g->left + at * net->arch->outputs);
    }
}

/* The same where nothing is behind that layer. */
static void measure_widths_across(const tdrop_runner *runner, tdrop_columns *columns, size_t count,
                                  const gathered *g) {
    for (size_t k = g->first_k, widths; k <= g->last_k; k += widths) {
        widths = tdrop_least(g->last_k - k + 1, WIDTHS_AT_A_TIME);
        tdrop_across_advance(columns, runner->loss, runner->targets, k, k + widths - 1, g->results);
        for (size_t i = 0; i < widths; i++)
            tdrop_mean_add(&g->mean[k - g->first_k + i], count, g->results + i * count);
    }
}

/* One batch: everything before the tail once, then the widths. */
static tdrop_status measure_batch(tdrop_runner *runner, tdrop_columns *columns, const size_t *rows,
                                  size_t count, size_t tail, const gathered *g) {
    tdrop_net *net = runner->net;
    tdrop_runner_load(runner, rows, 0, count);
    tdrop_status status = tdrop_net_begin(net, count, NULL);
    if (status) return status;
    tdrop_net_forward(net, 0, net->tail_edge[tail]);
    tdrop_columns_start(columns, tail);
    if (g->results)
        measure_widths_across(runner, columns, count, g);
    else
        measure_widths(runner, columns, count, g);
    return TDROP_OK;
}

static tdrop_status measure_batches(tdrop_runner *runner, const tdrop_model *model,
                                    const tdrop_sample *sample, size_t tail, gathered *g) {
    tdrop_columns columns;
    tdrop_status status = tdrop_net_set_parameters(runner->net, model->parameters, false);
    if (!status) status = tdrop_columns_create(&columns, runner->net, tail, model->parameters);
    if (status) return status;
    if (tdrop_across_fits(&columns, runner->loss)) {
        g->results = tdrop_alloc(WIDTHS_AT_A_TIME, TDROP_USE_BATCH * sizeof *g->results);
        if (!g->results) status = TDROP_ERROR_MEMORY;
    }
    for (size_t first = 0, count; first < sample->row_count && !status; first += count) {
        count = tdrop_least(sample->row_count - first, TDROP_USE_BATCH);
        status = measure_batch(runner, &columns, sample->rows + first, count, tail, g);
    }
    tdrop_columns_clear(&columns);
    return status;
}

/* Squares of a target beside its mean over the rows of the sample: what a model that always gives
 * this mean would leave. */
static double squares_of(const tdrop_sample *sample, size_t columns, size_t j) {
    double mean = 0.0, squares = 0.0;
    for (size_t i = 0; i < sample->row_count; i++)
        mean += (double)sample->targets[sample->rows[i] * columns + j];
    mean /= (double)sample->row_count;
    for (size_t i = 0; i < sample->row_count; i++) {
        double beside = (double)sample->targets[sample->rows[i] * columns + j] - mean;
        squares += beside * beside;
    }
    return squares;
}

/* The share that is explained; 0 where there is nothing to explain. */
static double share_explained(double left, double all) {
    return all > 0.0 ? 1.0 - left / all : 0.0;
}

/* R squared of all targets together and, where they are kept, of each. */
static tdrop_status write_r2(const gathered *g, const tdrop_sample *sample, size_t targets,
                             const tdrop_curve *curve) {
    const size_t widths = g->last_k - g->first_k + 1;
    double *squares = tdrop_alloc(targets, sizeof *squares), sum = 0.0;
    if (!squares) return TDROP_ERROR_MEMORY;
    for (size_t j = 0; j < targets; j++)
        sum += squares[j] = squares_of(sample, targets, j);
    for (size_t at = 0; at < widths; at++) {
        const double *left = g->left + at * targets;
        double left_sum = 0.0;
        for (size_t j = 0; j < targets; j++) {
            left_sum += left[j];
            if (curve->target_r2)
                curve->target_r2[at * targets + j] = share_explained(left[j], squares[j]);
        }
        curve->metric[at] = share_explained(left_sum, sum);
    }
    tdrop_free(squares);
    return TDROP_OK;
}

static void write_curve(const tdrop_mean *mean, size_t count, const tdrop_curve *curve) {
    for (size_t i = 0; i < count; i++) {
        curve->loss[i] = mean[i].loss;
        curve->se[i] = tdrop_mean_se(&mean[i]);
        if (curve->metric) curve->metric[i] = mean[i].metric;
    }
}

static tdrop_status measure(tdrop_runner *runner, const tdrop_model *model,
                            const tdrop_sample *sample, size_t tail, gathered *g,
                            const tdrop_curve *curve) {
    tdrop_status status = measure_batches(runner, model, sample, tail, g);
    if (status) return status;
    write_curve(g->mean, g->last_k - g->first_k + 1, curve);
    return g->left ? write_r2(g, sample, model->arch.outputs, curve) : TDROP_OK;
}

tdrop_status tdrop_scree_measure(const tdrop_model *model, const tdrop_sample *sample, size_t tail,
                                 size_t first_k, size_t last_k, const tdrop_curve *curve,
                                 const tdrop_use_options *options, tdrop_error *error) {
    tdrop_runner runner;
    gathered g;
    tdrop_feed feed = tdrop_model_feed(model, sample->encoder, sample->targets);
    tdrop_net_options net = {
        .max_rows = TDROP_USE_BATCH, .isa = options->isa, .parallel = options->parallel};
    tdrop_status status = tdrop_runner_create(&runner, &model->arch, &feed, &net, error);
    if (status) return status;
    const bool has_r2 = curve->metric && model->info.task == TDROP_TASK_REGRESS;
    status = gathered_create(&g, first_k, last_k, has_r2 ? model->arch.outputs : 0);
    if (!status) {
        status = measure(&runner, model, sample, tail, &g, curve);
        gathered_clear(&g);
    }
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
    const bool shares = tdrop_loss_of(model->info.loss)->target_is_share;
    if (model->info.task == TDROP_TASK_AUTOENCODE)
        return shares ? tdrop_check_shares(&h->encoder, error) : TDROP_OK;
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
                   : tdrop_targets_read(&model->targets, shares, target, h->targets, error);
}

/* The rows of the data that were not trained on. To be cleared, whatever came of it. */
static tdrop_status find_held_out(held_out *h, const tdrop_model *model, const tdrop_data *data,
                                  const tdrop_use_options *use, tdrop_error *error) {
    *h = (held_out){.rows = NULL};
    tdrop_status status = tdrop_encoder_create(&h->encoder, &model->encoding, data, error);
    if (status) return status;
    h->sample.encoder = &h->encoder;
    status = find_targets(h, model, data, use->target, error);
    if (status) return status;
    const tdrop_split_inputs inputs = {use->groups, h->targets};
    status = tdrop_model_find_held_out(model, data, &inputs, &h->rows, &h->sample.row_count, error);
    h->sample.rows = h->rows;
    return status;
}

/* PCA of the training rows, measured on the sample. */
static tdrop_status measure_pca(const tdrop_curve *curve, const tdrop_model *model,
                                const tdrop_sample *sample, const tdrop_data *train,
                                const tdrop_use_options *options, tdrop_error *error) {
    tdrop_split split;
    tdrop_pca pca;
    tdrop_encoder encoder;
    size_t n = model->arch.features;
    tdrop_status status = tdrop_encoder_create(&encoder, &model->encoding, train, error);
    if (status) return status;
    status = tdrop_model_split(&split, model, train, &(tdrop_split_inputs){options->groups, NULL},
                               error);
    if (!status) {
        status = tdrop_pca_fit(&pca, &encoder, split.train, split.train_count, n, options, error);
        tdrop_split_clear(&split);
    }
    tdrop_encoder_clear(&encoder);
    if (status) return status;
    status = tdrop_pca_loss(&pca, sample->encoder, sample->rows, sample->row_count, n, curve->pca,
                            options, error);
    tdrop_pca_clear(&pca);
    return status;
}

static bool can_fit_pca(const tdrop_model *model, const tdrop_data *train,
                        const tdrop_use_options *options) {
    return model->info.loss == TDROP_LOSS_SQUARED && model->info.task == TDROP_TASK_AUTOENCODE &&
           train && model->encoding.inputs <= TDROP_PCA_MOST_COLUMNS &&
           tdrop_model_was_fitted_to(model, train) && (!model->groups || options->groups);
}

static tdrop_status measure_all(tdrop_curve *curve, const tdrop_model *model,
                                const tdrop_sample *sample, const tdrop_data *train,
                                const tdrop_use_options *options, tdrop_error *error) {
    size_t n = model->arch.features;
    if (tdrop_curve_create(curve, n, can_fit_pca(model, train, options),
                           model->info.metric != NULL))
        return tdrop_fail_memory(error, "scree");
    if (model->info.task == TDROP_TASK_REGRESS) {
        curve->target_r2 = tdrop_alloc(n + 1, model->arch.outputs * sizeof *curve->target_r2);
        if (!curve->target_r2) return tdrop_fail_memory(error, "scree");
    }
    tdrop_status status = tdrop_scree_measure(model, sample, 0, 0, n, curve, options, error);
    if (status || !curve->pca) return status;
    return measure_pca(curve, model, sample, train, options, error);
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
    if (!status) status = find_held_out(&h, model, data, &use, error);
    if (!status) status = measure_all(&curve, model, &h.sample, train, &use, error);
    size_t rows = h.sample.row_count;
    held_out_clear(&h);
    if (status) {
        tdrop_free(curve.loss);
        tdrop_free(curve.target_r2);
    } else
        *scree = (tdrop_scree){.n = model->arch.features,
                               .rows = rows,
                               .loss = curve.loss,
                               .se = curve.se,
                               .pca = curve.pca,
                               .metric = curve.metric,
                               .targets = curve.target_r2 ? model->arch.outputs : 0,
                               .target_r2 = curve.target_r2};
    return status;
}

void tdrop_scree_destroy(tdrop_scree *scree) {
    if (!scree) return;
    tdrop_free(scree->loss); /* the block holds all but one of them */
    tdrop_free(scree->target_r2);
    *scree = (tdrop_scree){0};
}

/* One point of the curve, of so many rows. */
static tdrop_status measure_point(const tdrop_curve *point, size_t *rows, const tdrop_model *model,
                                  const tdrop_data *data, size_t k,
                                  const tdrop_use_options *options, tdrop_error *error) {
    tdrop_use_options use;
    held_out h = {.rows = NULL};
    if (k > model->arch.features)
        return tdrop_fail(error, TDROP_ERROR_K, "k = %zu, but this model has %zu features", k,
                          model->arch.features);
    tdrop_status status = tdrop_use_resolve(options, &use, error);
    if (!status) status = find_held_out(&h, model, data, &use, error);
    if (!status) status = tdrop_scree_measure(model, &h.sample, 0, k, k, point, &use, error);
    *rows = h.sample.row_count;
    held_out_clear(&h);
    return status;
}

tdrop_status tdrop_model_evaluate(tdrop_measure *measure, const tdrop_model *model,
                                  const tdrop_data *data, size_t k,
                                  const tdrop_use_options *options, tdrop_error *error) {
    tdrop_measure made = {.rows = 0};
    const tdrop_curve point = {.loss = &made.loss, .se = &made.se, .metric = &made.metric};
    if (!measure || !model || !data)
        return tdrop_fail(error, TDROP_ERROR_NULL, "evaluate: no model, data or result");
    tdrop_status status = measure_point(&point, &made.rows, model, data, k, options, error);
    if (!status) *measure = made;
    return status;
}

tdrop_status tdrop_model_target_r2(double *r2, const tdrop_model *model, const tdrop_data *data,
                                   size_t k, const tdrop_use_options *options, tdrop_error *error) {
    tdrop_measure all;
    if (!r2 || !model || !data)
        return tdrop_fail(error, TDROP_ERROR_NULL, "R squared: no model, data or result");
    if (model->info.task != TDROP_TASK_REGRESS)
        return tdrop_fail(error, TDROP_ERROR_DATA,
                          "R squared of each target: the task of this model is %s, not regress",
                          tdrop_task_name(model->info.task));
    double *found = tdrop_alloc(model->arch.outputs, sizeof *found);
    if (!found) return tdrop_fail_memory(error, "R squared");
    const tdrop_curve point = {
        .loss = &all.loss, .se = &all.se, .metric = &all.metric, .target_r2 = found};
    tdrop_status status = measure_point(&point, &all.rows, model, data, k, options, error);
    if (!status) memcpy(r2, found, model->arch.outputs * sizeof *r2);
    tdrop_free(found);
    return status;
}
