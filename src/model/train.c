/* SPDX-License-Identifier: MIT */
#include "model/train.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/sizes.h"
#include "model/batch_norm.h"
#include "model/checkpoint.h"
#include "model/model.h"
#include "model/pca_start.h"
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
    return tdrop_divide_up(t->split->train_count, t->options->batch);
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
        tdrop_width_weights_create(&t->weights, arch->features,
                                   options->balance > 0.0 ? options->balance : 0.0,
                                   options->batch) ||
        tdrop_centering_create(&t->centering, arch, feed, t->split, !options->no_center,
                               options->parallel) ||
        !(t->best = tdrop_alloc(arch->parameters, sizeof *t->best)) ||
        !(t->batch_rows = tdrop_alloc(options->batch, sizeof *t->batch_rows)))
        return tdrop_fail_memory(error, "training");
    tdrop_net_options net = {.max_rows = options->batch,
                             .isa = options->isa,
                             .parallel = options->parallel,
                             .gradient = t->optimizer.gradient};
    tdrop_status status = tdrop_runner_create(&t->runner, arch, feed, &net, error);
    if (!status && tdrop_runner_admit(&t->runner, t->valid_feed.encoder))
        status = tdrop_fail_memory(error, "training");
    return status;
}

static tdrop_status set_first_values(tdrop_trainer *t) {
    const tdrop_fit_options *options = t->options;
    const tdrop_arch *arch = t->runner.net->arch;
    float *parameters = t->optimizer.parameters;
    if (options->init) {
        memcpy(parameters, options->init->parameters, arch->parameters * sizeof *parameters);
        tdrop_centering_take(&t->centering, parameters);
        return TDROP_OK;
    }
    tdrop_arch_init(arch, options->seed, parameters);
    tdrop_centering_start(&t->centering, parameters);
    if (options->start != TDROP_START_PCA) return TDROP_OK;
    tdrop_centering_show(&t->centering, parameters);
    const tdrop_use_options use = {.isa = options->isa, .parallel = options->parallel};
    tdrop_status status = tdrop_pca_start(arch, t->feed.encoder, t->split, options->seed, &use,
                                          parameters, &t->runner.net->flops);
    tdrop_centering_take(&t->centering, parameters);
    return status;
}

tdrop_status tdrop_trainer_create(tdrop_trainer *trainer, const tdrop_fit_options *options,
                                  const tdrop_arch *arch, const tdrop_feed *feed,
                                  const tdrop_feed *valid_feed, const tdrop_split *split,
                                  const tdrop_law *const *laws, tdrop_error *error) {
    tdrop_trainer made = {
        .options = options, .split = split, .laws = laws, .feed = *feed, .valid_feed = *valid_feed};
    tdrop_status status = allocate(&made, arch, feed, error);
    if (!status && set_first_values(&made)) status = tdrop_fail_memory(error, "first weights");
    if (status) {
        tdrop_trainer_clear(&made);
        return status;
    }
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
    tdrop_centering_clear(&trainer->centering);
    tdrop_width_weights_clear(&trainer->weights);
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

/* Lets every width have its say in the gradient, which lies in the last edge. */
static void balance_widths(tdrop_trainer *t, size_t count) {
    const tdrop_net *net = t->runner.net;
    if (t->weights.power == 0.0) return;
    tdrop_width_weights_find(&t->weights, count, t->runner.keep[0], t->runner.results);
    tdrop_width_weights_apply(&t->weights, net->pass, t->options->parallel, count,
                              net->arch->outputs, tdrop_net_edge(net, net->step_count));
}

/* The network gets these parameters as they are without centring. */
static tdrop_status show_parameters(tdrop_trainer *t, float *parameters, bool training) {
    tdrop_centering_show(&t->centering, parameters);
    tdrop_status status = tdrop_net_set_parameters(t->runner.net, parameters, training);
    tdrop_centering_hide(&t->centering, parameters);
    return status;
}

static tdrop_status train_step(tdrop_trainer *t, size_t first) {
    const tdrop_fit_options *options = t->options;
    tdrop_net *net = t->runner.net;
    size_t count = tdrop_least(t->split->train_count - first, options->batch);
    tdrop_draw draw = {.seed = options->seed,
                       .step = t->progress.epoch,
                       .purpose = TDROP_PURPOSE_KEEP,
                       .batch = options->independent ? 0 : (uint32_t)options->batch};
    choose_rows(t, first, count);
    tdrop_runner_load(&t->runner, t->batch_rows, 0, count);
    tdrop_status status = begin_batch(t, draw, first, count);
    if (!status) status = show_parameters(t, t->optimizer.parameters, true);
    if (status) return status;
    tdrop_net_forward(net, 0, net->step_count);
    tdrop_runner_loss(&t->runner, count, true);
    note_train_loss(t, count);
    balance_widths(t, count);
    tdrop_net_backward(net);
    tdrop_batch_norm_follow(net->arch, t->optimizer.gradient, t->optimizer.parameters);
    tdrop_centering_turn(&t->centering, net->pass, t->optimizer.gradient);
    double rate = tdrop_schedule_rate_warm(options->schedule, options->learning_rate,
                                           options->warm_up, t->progress.step, t->progress.steps);
    tdrop_optimizer_step(&t->optimizer, rate, net->pass, options->parallel);
    t->flops = net->flops;
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
    tdrop_status status = show_parameters(t, t->optimizer.average, false);
    t->runner.feed = t->valid_feed;
    for (size_t first = 0, count; first < split->valid_count && !status; first += count) {
        count = tdrop_least(split->valid_count - first, net->max_rows);
        tdrop_runner_load(&t->runner, split->valid + first, 0, count);
        status = begin_batch(t, draw, first, count);
        if (status) break;
        tdrop_net_forward(net, 0, net->step_count);
        tdrop_runner_loss(&t->runner, count, false);
        tdrop_mean_add(&mean, count, t->runner.results);
    }
    t->runner.feed = t->feed;
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
    bool better = progress->valid_loss < progress->best_loss || isnan(progress->best_loss);
    if (better) {
        progress->best_loss = progress->valid_loss;
        t->since_best = 0;
    }
    if (better || t->options->keep_last) {
        memcpy(t->best, t->optimizer.average, t->optimizer.count * sizeof *t->best);
        tdrop_centering_show(&t->centering, t->best);
    }
    return TDROP_OK;
}

/* ---------------------------------------------------------------------------------------------
 * The course of training
 */

bool tdrop_trainer_is_done(const tdrop_trainer *t) {
    uint32_t patience = t->options->patience;
    return t->progress.step >= t->progress.steps || (patience && t->since_best >= patience);
}

/* Epoch and rows follow from the step. */
static void count_rows(tdrop_trainer *t) {
    size_t in_epoch = steps_in_epoch(t), step = t->progress.step;
    size_t rows = step % in_epoch * t->options->batch; /* of the epoch that is not over */
    t->progress.epoch = (uint32_t)(step ? (step - 1) / in_epoch : 0);
    t->progress.rows = (uint64_t)(step / in_epoch) * t->split->train_count + rows;
}

tdrop_status tdrop_trainer_resume(tdrop_trainer *trainer, tdrop_error *error) {
    const char *path = trainer->options->checkpoint.resume;
    if (!path) return TDROP_OK;
    tdrop_status status = tdrop_checkpoint_read(trainer, path, error);
    if (status) return status;
    trainer->runner.net->flops = trainer->flops;
    count_rows(trainer);
    return TDROP_OK;
}

/* A run of the trainer, which may be one of several that the training takes. */
typedef struct training_run {
    tdrop_trainer *trainer;
    const tdrop_fit_observer *observer;
    double start;        /* on the clock, as though all training had been in this run */
    double last_seconds; /* where the last checkpoint was tried */
    size_t last_step;
    bool written; /* the last checkpoint is on the disk */
    int answer;   /* of the observer */
} training_run;

static void begin_run(training_run *run, tdrop_trainer *t, const tdrop_fit_observer *observer) {
    const tdrop_checkpoint_options *checkpoint = &t->options->checkpoint;
    *run = (training_run){.trainer = t,
                          .observer = observer,
                          .start = seconds_now() - t->progress.seconds,
                          .last_seconds = t->progress.seconds,
                          .last_step = t->progress.step};
    run->written =
        checkpoint->resume && checkpoint->path && strcmp(checkpoint->resume, checkpoint->path) == 0;
}

static void note_time(training_run *run) {
    run->trainer->progress.seconds = seconds_now() - run->start;
}

static void write_checkpoint(training_run *run) {
    tdrop_trainer *t = run->trainer;
    const char *path = t->options->checkpoint.path;
    tdrop_error error;
    if (!path || (run->written && run->last_step == t->progress.step)) return;
    run->written = tdrop_checkpoint_write(t, path, &error) == TDROP_OK;
    run->last_step = t->progress.step;
    run->last_seconds = t->progress.seconds;
    if (!run->observer || !run->observer->checkpoint) return;
    const tdrop_fit_checkpoint told = {.path = path,
                                       .failure = run->written ? NULL : &error,
                                       .progress = &t->progress,
                                       .done = tdrop_trainer_is_done(t)};
    run->observer->checkpoint(run->observer->context, &told);
}

static bool checkpoint_is_due(const training_run *run) {
    const tdrop_checkpoint_options *checkpoint = &run->trainer->options->checkpoint;
    const tdrop_fit_progress *progress = &run->trainer->progress;
    double seconds = checkpoint->every_seconds;
    uint64_t steps = checkpoint->every_steps;
    return (steps > 0 && progress->step - run->last_step >= steps) ||
           (seconds > 0.0 && progress->seconds - run->last_seconds >= seconds);
}

/* Between two steps: what the observer says, and a checkpoint when it is time for one. Done again
 * after a resume from there, nothing differs. */
static void pause_between_steps(training_run *run) {
    const tdrop_fit_observer *observer = run->observer;
    if (observer && observer->progress)
        run->answer = observer->progress(observer->context, &run->trainer->progress);
    if (run->answer || checkpoint_is_due(run)) write_checkpoint(run);
}

/* The rest of the epoch that training stands in; where the observer stops it within, what there is
 * of it counts too. */
static tdrop_status train_epoch(training_run *run, tdrop_error *error) {
    tdrop_trainer *t = run->trainer;
    tdrop_fit_progress *progress = &t->progress;
    size_t batch = t->options->batch, in_epoch = steps_in_epoch(t);
    progress->epoch = (uint32_t)(progress->step / in_epoch);
    for (size_t i = progress->step % in_epoch; i < in_epoch; i++) {
        if (train_step(t, i * batch)) return tdrop_fail_memory(error, "training");
        note_time(run);
        if (i + 1 < in_epoch) pause_between_steps(run);
        if (run->answer) break;
    }
    if (run->answer == TDROP_FIT_LEAVE && run->written) return TDROP_OK;
    tdrop_status status = validate_and_keep_best(t, error);
    if (status || run->answer) return status;
    note_time(run);
    progress->epoch_ended = true;
    pause_between_steps(run);
    progress->epoch_ended = false;
    return TDROP_OK;
}

tdrop_status tdrop_trainer_run(tdrop_trainer *trainer, const tdrop_fit_observer *observer,
                               tdrop_error *error) {
    training_run run;
    begin_run(&run, trainer, observer);
    while (!tdrop_trainer_is_done(trainer) && !run.answer) {
        tdrop_status status = train_epoch(&run, error);
        if (status) return status;
    }
    if (run.answer == TDROP_FIT_LEAVE && run.written && !tdrop_trainer_is_done(trainer))
        return tdrop_fail(error, TDROP_ERROR_STOPPED, "%s: the fit can go on from here in epoch %u",
                          trainer->options->checkpoint.path, trainer->progress.epoch + 1);
    if (!run.answer) write_checkpoint(&run);
    return TDROP_OK;
}
