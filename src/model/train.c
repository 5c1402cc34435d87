/* SPDX-License-Identifier: MIT */
#include "model/train.h"

#include "base/error.h"
#include "base/memory.h"
#include "model/schedule.h"

#include <math.h>
#include <string.h>
#include <time.h>

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static size_t steps_in_epoch(const tdrop_trainer *t) {
    return (t->split->train_count + t->options->batch - 1) / t->options->batch;
}

static tdrop_status allocate(tdrop_trainer *t, const tdrop_arch *arch, const tdrop_feed *feed,
                             tdrop_error *error) {
    const tdrop_fit_options *options = t->options;
    const tdrop_optimizer_options optimizer = {.kind = options->optimizer,
                                               .average_decay = options->average,
                                               .weight_decay = options->weight_decay,
                                               .momentum = options->momentum,
                                               .clip_norm = options->clip_norm,
                                               .arch = arch};
    if (tdrop_optimizer_create(&t->optimizer, arch->parameters, &optimizer) ||
        !(t->best = tdrop_alloc(arch->parameters, sizeof *t->best)) ||
        !(t->batch_rows = tdrop_alloc(options->batch, sizeof *t->batch_rows)))
        return tdrop_fail_memory(error, "training");
    tdrop_net_options net = {.max_rows = options->batch,
                             .isa = options->isa,
                             .parallel = options->parallel,
                             .training = true,
                             .gradient = t->optimizer.gradient};
    return tdrop_runner_create(&t->runner, arch, feed, &net, error);
}

tdrop_status tdrop_trainer_create(tdrop_trainer *trainer, const tdrop_fit_options *options,
                                  const tdrop_arch *arch, const tdrop_feed *feed,
                                  const tdrop_split *split, const tdrop_law *const *laws,
                                  tdrop_error *error) {
    tdrop_trainer made = {.options = options, .split = split, .laws = laws};
    tdrop_status status = allocate(&made, arch, feed, error);
    if (status) {
        tdrop_trainer_clear(&made);
        return status;
    }
    tdrop_arch_init(arch, options->seed, made.optimizer.parameters);
    tdrop_optimizer_start(&made.optimizer);
    memcpy(made.best, made.optimizer.parameters, arch->parameters * sizeof *made.best);
    made.progress.steps = steps_in_epoch(&made) * options->epochs;
    made.progress.train_loss = made.progress.valid_loss = made.progress.best_loss = NAN;
    *trainer = made;
    return TDROP_OK;
}

void tdrop_trainer_clear(tdrop_trainer *trainer) {
    tdrop_runner_clear(&trainer->runner);
    tdrop_optimizer_clear(&trainer->optimizer);
    tdrop_free(trainer->best);
    tdrop_free(trainer->batch_rows);
    *trainer = (tdrop_trainer){0};
}

/* Draws k at every tail for rows first..first+count-1 of a step's order and begins the batch. */
static tdrop_status begin_batch(tdrop_trainer *t, tdrop_draw draw, size_t first, size_t count) {
    tdrop_runner *runner = &t->runner;
    draw.first = (uint32_t)first;
    tdrop_net_place(runner->net, &draw);
    if (t->options->no_drop) return tdrop_net_begin(runner->net, count, NULL);
    for (uint32_t tail = 0; tail < runner->net->arch->tail_count; tail++) {
        draw.layer = tail;
        tdrop_status status = tdrop_law_draw(t->laws[tail], &draw, count, runner->keep[tail]);
        if (status) return status;
    }
    return tdrop_net_begin(runner->net, count, (const int32_t *const *)runner->keep);
}

/* The rows of a step: a stretch of the epoch's permutation of the training rows. */
static void choose_rows(tdrop_trainer *t, size_t first, size_t count) {
    tdrop_draw draw = {
        .seed = t->options->seed, .step = t->progress.epoch, .purpose = TDROP_PURPOSE_SHUFFLE};
    for (size_t i = 0; i < count; i++)
        t->batch_rows[i] = t->split->train[tdrop_permute(&draw, t->split->train_count, first + i)];
}

static void note_train_loss(tdrop_trainer *t, size_t count) {
    tdrop_mean mean = {0};
    tdrop_mean_add(&mean, count, t->runner.results);
    double *running = &t->progress.train_loss;
    *running = isnan(*running) ? mean.loss : *running + 0.02 * (mean.loss - *running);
}

static tdrop_status train_step(tdrop_trainer *t, size_t first) {
    const tdrop_fit_options *options = t->options;
    tdrop_net *net = t->runner.net;
    size_t left = t->split->train_count - first;
    size_t count = left < options->batch ? left : options->batch;
    tdrop_draw draw = {.seed = options->seed,
                       .step = t->progress.epoch,
                       .purpose = TDROP_PURPOSE_KEEP,
                       .batch = options->independent ? 0 : (uint32_t)options->batch};
    choose_rows(t, first, count);
    tdrop_runner_load(&t->runner, t->batch_rows, 0, count);
    tdrop_status status = begin_batch(t, draw, first, count);
    if (!status) status = tdrop_net_set_parameters(net, t->optimizer.parameters, true);
    if (status) return status;
    tdrop_net_forward(net, 0, net->step_count);
    tdrop_runner_loss(&t->runner, count, true);
    note_train_loss(t, count);
    tdrop_net_backward(net);
    double rate = tdrop_schedule_rate_warm(options->schedule, options->learning_rate,
                                           options->warm_up, t->progress.step, t->progress.steps);
    tdrop_optimizer_step(&t->optimizer, rate, net->pass, options->parallel);
    t->progress.step++;
    t->progress.rows += count;
    return TDROP_OK;
}

/* Mean loss of the averaged weights over the held-out rows, k drawn once and for all. */
static tdrop_status validate(tdrop_trainer *t, double *loss) {
    const tdrop_split *split = t->split;
    tdrop_net *net = t->runner.net;
    tdrop_mean mean = {0};
    double flops = net->flops; /* of training: validation is not counted */
    tdrop_draw draw = {.seed = t->options->seed,
                       .purpose = TDROP_PURPOSE_VALID,
                       .batch = (uint32_t)split->valid_count};
    tdrop_status status = tdrop_net_set_parameters(net, t->optimizer.average, false);
    for (size_t first = 0, count; first < split->valid_count && !status; first += count) {
        size_t left = split->valid_count - first;
        count = left < net->max_rows ? left : net->max_rows;
        tdrop_runner_load(&t->runner, split->valid + first, 0, count);
        status = begin_batch(t, draw, first, count);
        if (status) break;
        tdrop_net_forward(net, 0, net->step_count);
        tdrop_runner_loss(&t->runner, count, false);
        tdrop_mean_add(&mean, count, t->runner.results);
    }
    net->flops = flops;
    *loss = mean.loss;
    return status;
}

static tdrop_status validate_and_keep_best(tdrop_trainer *t, tdrop_error *error) {
    tdrop_fit_progress *progress = &t->progress;
    if (validate(t, &progress->valid_loss)) return tdrop_fail_memory(error, "validation");
    if (!isfinite(progress->valid_loss))
        return tdrop_fail(error, TDROP_ERROR_DATA,
                          "training diverged in epoch %u: the loss is not finite; a lower "
                          "learning rate than %g may help",
                          progress->epoch + 1, t->options->learning_rate);
    t->since_best++;
    if (progress->valid_loss < progress->best_loss || isnan(progress->best_loss)) {
        progress->best_loss = progress->valid_loss;
        t->since_best = 0;
        memcpy(t->best, t->optimizer.average, t->optimizer.count * sizeof *t->best);
    }
    return TDROP_OK;
}

static bool tell(const tdrop_fit_observer *observer, const tdrop_fit_progress *progress) {
    return observer && observer->progress && observer->progress(observer->context, progress);
}

/* One epoch; *stopped says whether the observer ended it early. */
static tdrop_status train_epoch(tdrop_trainer *t, const tdrop_fit_observer *observer, double start,
                                bool *stopped, tdrop_error *error) {
    tdrop_fit_progress *progress = &t->progress;
    for (size_t first = 0; first < t->split->train_count; first += t->options->batch) {
        bool last = first + t->options->batch >= t->split->train_count;
        if (train_step(t, first)) return tdrop_fail_memory(error, "training");
        progress->seconds = seconds_now() - start;
        if (!last && (*stopped = tell(observer, progress))) break;
    }
    tdrop_status status = validate_and_keep_best(t, error);
    if (status || *stopped) return status;
    progress->seconds = seconds_now() - start;
    progress->epoch_ended = true;
    *stopped = tell(observer, progress);
    progress->epoch_ended = false;
    return TDROP_OK;
}

tdrop_status tdrop_trainer_run(tdrop_trainer *trainer, const tdrop_fit_observer *observer,
                               tdrop_error *error) {
    double start = seconds_now();
    uint32_t patience = trainer->options->patience;
    bool stopped = false;
    for (uint32_t epoch = 0; epoch < trainer->options->epochs && !stopped; epoch++) {
        trainer->progress.epoch = epoch;
        tdrop_status status = train_epoch(trainer, observer, start, &stopped, error);
        if (status) return status;
        if (patience && trainer->since_best >= patience) break;
    }
    return TDROP_OK;
}
