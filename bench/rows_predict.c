/* SPDX-License-Identifier: MIT
 * What a model makes of rows against the forward pass of its training over as many. */
#include "bench.h"
#include "model/model.h"
#include "model/runner.h"

#include <stdlib.h>

enum { ROWS = 2048, BATCH = 64 }; /* BATCH: rows in a step of the demo */

typedef struct predict {
    tdrop_data *data;
    tdrop_model *model;
    float *outputs;
    tdrop_encoder encoder;
    float *gradient;
    tdrop_runner runner; /* of training */
} predict;

static void tear_down(void *state) {
    predict *p = state;
    tdrop_runner_clear(&p->runner);
    tdrop_encoder_clear(&p->encoder);
    tdrop_model_destroy(p->model);
    tdrop_data_destroy(p->data);
    free(p->gradient);
    free(p->outputs);
    free(p);
}

/* The demo's network; what its weights are makes no difference to the time. */
static bool make_model(predict *p) {
    const tdrop_data_read_options test = {.part = TDROP_PART_TEST};
    const tdrop_fit_options fit = {.epochs = 1};
    return !tdrop_data_read(&p->data, "fashion-mnist", &test, NULL) &&
           !tdrop_fit(&p->model, p->data, &fit, NULL, NULL);
}

static bool make_runner(predict *p) {
    tdrop_model_info info;
    tdrop_model_get_info(p->model, &info);
    p->outputs = malloc((size_t)ROWS * info.outputs * sizeof *p->outputs);
    p->gradient = malloc(info.parameters * sizeof *p->gradient);
    if (!p->outputs || !p->gradient ||
        tdrop_encoder_create(&p->encoder, &p->model->encoding, p->data, NULL))
        return false;
    const tdrop_feed feed = {
        .task = TDROP_TASK_AUTOENCODE, .encoder = &p->encoder, .loss = TDROP_LOSS_SQUARED};
    const tdrop_net_options net = {.max_rows = BATCH, .gradient = p->gradient};
    return !tdrop_runner_create(&p->runner, &p->model->arch, &feed, &net, NULL) &&
           !tdrop_net_set_parameters(p->runner.net, p->model->parameters, false);
}

static void *set_up(const bench_row *row, const char **why) {
    predict *p = calloc(1, sizeof *p);
    (void)row;
    *why = "no Fashion-MNIST here (dataset-fashion-mnist), or memory ran out";
    if (p && make_model(p) && make_runner(p)) return p;
    if (p) tear_down(p);
    return NULL;
}

static void ours(void *state) {
    const predict *p = state;
    tdrop_model_predict(p->model, p->data, 0, ROWS, p->model->arch.features, p->outputs, NULL,
                        NULL);
}

/* Everything kept. As in training the weights are packed for each batch, for the way forward alone.
 */
static void theirs(void *state) {
    predict *p = state;
    tdrop_net *net = p->runner.net;
    for (size_t first = 0; first < ROWS; first += BATCH) {
        tdrop_runner_load(&p->runner, NULL, first, BATCH);
        tdrop_net_begin(net, BATCH, NULL);
        tdrop_net_set_parameters(net, p->model->parameters, false);
        tdrop_net_forward(net, 0, net->step_count);
    }
}

const bench_row bench_predict_rows[] = {
    {.name = "predict",
     .rival = "training-forward",
     .threads = 1,
     .set_up = set_up,
     .ours = ours,
     .theirs = theirs,
     .tear_down = tear_down,
     .at_least = 1.0},
    {.name = NULL},
};
