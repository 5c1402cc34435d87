/* SPDX-License-Identifier: MIT */
#include "training.h"

#include "model/target.h"

#include <stdlib.h>

struct bench_training {
    bench_training_options options;
    tdrop_pool *pool;
    tdrop_parallel parallel;
    tdrop_data *data, *labels;
    float *targets;
    tdrop_classes classes;
    tdrop_arch arch;
    tdrop_encoding encoding;
    tdrop_encoder encoder;
    tdrop_law *laws[TDROP_MOST_TAILS];
    tdrop_runner runner;
    tdrop_optimizer optimizer;
    size_t *rows; /* [batch] of this step */
    uint32_t step;
};

bench_training_options bench_wide_mlp(double p, unsigned threads) {
    return (bench_training_options){.arch = "2048-relu-tail-2048-relu-tail",
                                    .task = TDROP_TASK_CLASSIFY,
                                    .batch = 512,
                                    .p = p,
                                    .threads = threads};
}

static bool read_data(bench_training *t) {
    tdrop_data_info info;
    if (tdrop_data_read(&t->data, "fashion-mnist", NULL, NULL)) return false;
    if (t->options.task != TDROP_TASK_CLASSIFY) return true;
    if (tdrop_data_read(&t->labels, "fashion-mnist:labels", NULL, NULL)) return false;
    tdrop_data_get_info(t->labels, &info);
    return (t->targets = malloc(info.rows * sizeof *t->targets)) &&
           !tdrop_classes_find(&t->classes, t->labels, NULL) &&
           !tdrop_classes_index(&t->classes, t->labels, t->targets, NULL);
}

static bool make_laws(bench_training *t) {
    const tdrop_law_options law = {.p = t->options.p};
    for (size_t i = 0; i < t->arch.tail_count; i++)
        if (tdrop_law_create(&t->laws[i], t->arch.tails[i].features, &law)) return false;
    return true;
}

static bool make_network(bench_training *t) {
    tdrop_data_info info;
    tdrop_data_get_info(t->data, &info);
    size_t outputs = t->labels ? t->classes.count : info.columns;
    if (tdrop_arch_parse(&t->arch, t->options.arch, info.columns, outputs, false, NULL) ||
        tdrop_encoding_learn(&t->encoding, TDROP_SCALE_BYTE, TDROP_MISSING_ERROR, t->data, NULL, 0,
                             NULL) ||
        tdrop_encoder_create(&t->encoder, &t->encoding, t->data, NULL) ||
        tdrop_optimizer_create(&t->optimizer, t->arch.parameters,
                               &(tdrop_optimizer_options){.average_decay = 0.99}) ||
        !make_laws(t))
        return false;
    const tdrop_feed feed = {
        .task = t->options.task, .encoder = &t->encoder, .targets = t->targets};
    const tdrop_net_options net = {.max_rows = t->options.batch,
                                   .parallel = t->pool ? &t->parallel : NULL,
                                   .gradient = t->optimizer.gradient};
    tdrop_arch_init(&t->arch, 1, t->optimizer.parameters);
    tdrop_optimizer_start(&t->optimizer);
    return !tdrop_runner_create(&t->runner, &t->arch, &feed, &net, NULL);
}

static bool make_threads(bench_training *t) {
    if (t->options.threads < 2) return true;
    if (tdrop_pool_create(&t->pool, t->options.threads)) return false;
    t->parallel = tdrop_pool_parallel(t->pool);
    return true;
}

bench_training *bench_training_create(const bench_training_options *options, const char **why) {
    bench_training *t = calloc(1, sizeof *t);
    *why = "memory ran out";
    if (!t) return NULL;
    t->options = *options;
    bool good = (t->rows = calloc(options->batch, sizeof *t->rows)) && make_threads(t);
    if (good && !read_data(t)) {
        *why = "no Fashion-MNIST here (dataset-fashion-mnist)";
        good = false;
    }
    if (good && make_network(t)) return t;
    bench_training_destroy(t);
    return NULL;
}

void bench_training_destroy(bench_training *t) {
    tdrop_runner_clear(&t->runner);
    tdrop_optimizer_clear(&t->optimizer);
    tdrop_encoder_clear(&t->encoder);
    tdrop_encoding_clear(&t->encoding);
    tdrop_arch_clear(&t->arch);
    tdrop_classes_clear(&t->classes);
    tdrop_data_destroy(t->data);
    tdrop_data_destroy(t->labels);
    for (size_t i = 0; i < TDROP_MOST_TAILS; i++)
        tdrop_law_destroy(t->laws[i]);
    tdrop_pool_destroy(t->pool);
    free(t->targets);
    free(t->rows);
    free(t);
}

static void choose_rows(bench_training *t) {
    tdrop_data_info info;
    tdrop_data_get_info(t->data, &info);
    const tdrop_draw draw = {.seed = 1, .purpose = TDROP_PURPOSE_SHUFFLE};
    for (size_t i = 0; i < t->options.batch; i++) {
        size_t place = (t->step * t->options.batch + i) % info.rows;
        t->rows[i] = tdrop_permute(&draw, info.rows, place);
    }
}

static void begin(bench_training *t) {
    tdrop_net *net = t->runner.net;
    size_t batch = t->options.batch;
    tdrop_draw draw = {
        .seed = 1, .step = t->step, .purpose = TDROP_PURPOSE_KEEP, .batch = (uint32_t)batch};
    if (t->options.no_drop) {
        tdrop_net_begin(net, batch, NULL);
        return;
    }
    for (uint32_t i = 0; i < t->arch.tail_count; i++) {
        draw.layer = i;
        tdrop_law_draw(t->laws[i], &draw, batch, t->runner.keep[i]);
    }
    tdrop_net_begin(net, batch, (const int32_t *const *)t->runner.keep);
}

void bench_training_step(bench_training *t) {
    tdrop_net *net = t->runner.net;
    choose_rows(t);
    tdrop_runner_load(&t->runner, t->rows, 0, t->options.batch);
    begin(t);
    tdrop_net_set_parameters(net, t->optimizer.parameters, true);
    tdrop_net_forward(net, 0, net->step_count);
    tdrop_runner_loss(&t->runner, t->options.batch, true);
    tdrop_net_backward(net);
    tdrop_optimizer_step(&t->optimizer, 1e-3, net->pass, t->runner.parallel);
    t->step++;
}

double bench_training_operations(const bench_training *t) {
    return t->runner.net->flops;
}
