/* SPDX-License-Identifier: MIT
 * The loss of a classifier at every k against a dense forward pass for each k. */
#include "bench.h"
#include "model/runner.h"
#include "model/scree.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { FEATURES = 512, COLUMNS = 784, CLASSES = 10, ROWS = 10000, MOST_PASSES = 15 };

typedef struct scree {
    tdrop_data *data;
    float *targets; /* [ROWS] classes */
    size_t *rows;   /* [ROWS] all of them */
    tdrop_encoding encoding;
    tdrop_encoder encoder;
    tdrop_arch arch;
    tdrop_model *model;
    tdrop_runner runner; /* of the rival */
} scree;

static void clear(scree *s) {
    tdrop_runner_clear(&s->runner);
    tdrop_model_destroy(s->model);
    tdrop_arch_clear(&s->arch);
    tdrop_encoder_clear(&s->encoder);
    tdrop_encoding_clear(&s->encoding);
    tdrop_data_destroy(s->data);
    free(s->targets);
    free(s->rows);
}

static bool make_data(scree *s) {
    float *values = bench_floats((size_t)ROWS * COLUMNS);
    tdrop_status status = tdrop_data_from_floats(&s->data, values, ROWS, COLUMNS, COLUMNS, NULL);
    free(values);
    s->targets = bench_floats(ROWS);
    s->rows = malloc(ROWS * sizeof *s->rows);
    for (size_t i = 0; i < ROWS && s->rows; i++) {
        s->targets[i] = (float)(i % CLASSES);
        s->rows[i] = i;
    }
    return !status && s->rows;
}

static bool make_model(scree *s) {
    static const double labels[CLASSES] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    tdrop_classes classes;
    if (tdrop_arch_parse(&s->arch, "512-relu-tail", COLUMNS, CLASSES, false, NULL) ||
        tdrop_encoding_learn(&s->encoding, TDROP_SCALE_NONE, TDROP_MISSING_ERROR, s->data, NULL, 0,
                             NULL) ||
        tdrop_encoder_create(&s->encoder, &s->encoding, s->data, NULL) ||
        tdrop_model_create(&s->model, &s->arch, FEATURES, &s->encoding, NULL) ||
        tdrop_classes_create(&classes, CLASSES, labels))
        return false;
    tdrop_status status = tdrop_model_set_classes(s->model, &classes);
    tdrop_classes_clear(&classes);
    tdrop_arch_init(&s->arch, 1, s->model->parameters);
    return status == TDROP_OK;
}

static bool make_runner(scree *s) {
    const tdrop_feed feed = {
        .task = TDROP_TASK_CLASSIFY, .encoder = &s->encoder, .targets = s->targets};
    const tdrop_net_options net = {.max_rows = TDROP_USE_BATCH};
    return !tdrop_runner_create(&s->runner, &s->arch, &feed, &net, NULL) &&
           !tdrop_net_set_parameters(s->runner.net, s->model->parameters, false);
}

/* Seconds for the loss and accuracy at all k. */
static double time_ours(const scree *s) {
    double loss[FEATURES + 1], se[FEATURES + 1], metric[FEATURES + 1];
    const tdrop_curve curve = {.loss = loss, .se = se, .metric = metric};
    const tdrop_sample sample = {&s->encoder, s->rows, ROWS, s->targets};
    const tdrop_use_options use = {.isa = TDROP_ISA_AUTO};
    double start = bench_thread_seconds();
    if (tdrop_scree_measure(s->model, &sample, 0, 0, FEATURES, &curve, &use, NULL)) return NAN;
    return bench_thread_seconds() - start;
}

/* Seconds for the loss and accuracy with everything kept, weights packed beforehand. */
static double time_forward(scree *s) {
    tdrop_net *net = s->runner.net;
    tdrop_mean mean = {0};
    double start = bench_thread_seconds();
    for (size_t first = 0; first < ROWS; first += TDROP_USE_BATCH) {
        size_t count = ROWS - first < TDROP_USE_BATCH ? ROWS - first : TDROP_USE_BATCH;
        tdrop_runner_load(&s->runner, NULL, first, count);
        tdrop_net_begin(net, count, NULL);
        tdrop_net_forward(net, 0, net->step_count);
        tdrop_runner_loss(&s->runner, count, false);
        tdrop_mean_add(&mean, count, s->runner.results);
    }
    return isnan(mean.loss) ? NAN : bench_thread_seconds() - start;
}

static bool measure(const bench_row *row, const bench_peaks *peaks, bool quick, double *ours_ms,
                    double *theirs_ms) {
    scree s = {.data = NULL};
    double ours[MOST_PASSES], forward[MOST_PASSES];
    size_t passes = quick ? 5 : MOST_PASSES;
    (void)peaks;
    bool good = make_data(&s) && make_model(&s) && make_runner(&s);
    if (good) time_forward(&s);
    for (size_t i = 0; i < passes && good; i++) {
        ours[i] = 1e3 * time_ours(&s);
        forward[i] = 1e3 * time_forward(&s);
        good = !isnan(ours[i]) && !isnan(forward[i]);
    }
    clear(&s);
    if (!good) {
        fprintf(stderr, "taildropout_bench: %s left out: memory ran out\n", row->name);
        return false;
    }
    *ours_ms = bench_median(ours, passes);
    *theirs_ms = (FEATURES + 1) * bench_median(forward, passes);
    return true;
}

const bench_row bench_scree_rows[] = {
    {.name = "scree-n512", .rival = "forward", .threads = 1, .measure = measure, .at_least = 150.0},
    {.name = NULL},
};
