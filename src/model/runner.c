/* SPDX-License-Identifier: MIT */
#include "model/runner.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"

#include <string.h>

static size_t target_columns(const tdrop_runner *runner) {
    return tdrop_loss_target_columns(runner->loss, runner->net->arch->outputs);
}

static bool allocate(tdrop_runner *runner, const tdrop_arch *arch, size_t rows) {
    const tdrop_encoder *encoder = runner->feed.encoder;
    bool masks =
        encoder && tdrop_encoder_masks(encoder) && runner->feed.task == TDROP_TASK_AUTOENCODE;
    if (encoder)
        runner->buffers = tdrop_alloc(tdrop_workers(runner->parallel),
                                      tdrop_encoder_buffer(encoder) * sizeof *runner->buffers);
    if (masks) runner->absent = tdrop_alloc_zero(rows, arch->inputs * sizeof *runner->absent);
    runner->results = tdrop_alloc(rows, sizeof *runner->results);
    runner->keep[0] = tdrop_alloc(rows, arch->tail_count * sizeof *runner->keep[0]);
    for (size_t t = 1; runner->keep[0] && t < arch->tail_count; t++)
        runner->keep[t] = runner->keep[0] + t * rows;
    if (runner->feed.targets || masks)
        runner->targets = tdrop_alloc(rows, target_columns(runner) * sizeof *runner->targets);
    return (runner->buffers || !encoder) && (runner->absent || !masks) && runner->results &&
           runner->keep[0] && (runner->targets || !(runner->feed.targets || masks));
}

tdrop_status tdrop_runner_create(tdrop_runner *runner, const tdrop_arch *arch,
                                 const tdrop_feed *feed, const tdrop_net_options *options,
                                 tdrop_error *error) {
    tdrop_runner made = {.feed = *feed,
                         .loss = tdrop_loss_of(tdrop_loss_resolve(feed->loss, feed->task)),
                         .parallel = options->parallel};
    tdrop_status status = tdrop_net_create(&made.net, arch, options, error);
    if (status) return status;
    if (!allocate(&made, arch, options->max_rows)) {
        tdrop_runner_clear(&made);
        return tdrop_fail_memory(error, "network");
    }
    *runner = made;
    return TDROP_OK;
}

tdrop_status tdrop_runner_admit(tdrop_runner *runner, const tdrop_encoder *encoder) {
    const tdrop_net *net = runner->net;
    if (tdrop_encoder_buffer(encoder) > tdrop_encoder_buffer(runner->feed.encoder)) {
        tdrop_free(runner->buffers);
        runner->buffers = tdrop_alloc(tdrop_workers(runner->parallel),
                                      tdrop_encoder_buffer(encoder) * sizeof *runner->buffers);
        if (!runner->buffers) return TDROP_ERROR_MEMORY;
    }
    if (runner->absent || !tdrop_encoder_masks(encoder) ||
        runner->feed.task != TDROP_TASK_AUTOENCODE)
        return TDROP_OK;
    runner->targets = tdrop_alloc(net->max_rows, target_columns(runner) * sizeof *runner->targets);
    runner->absent = tdrop_alloc_zero(net->max_rows, net->arch->inputs * sizeof *runner->absent);
    return runner->targets && runner->absent ? TDROP_OK : TDROP_ERROR_MEMORY;
}

void tdrop_runner_clear(tdrop_runner *runner) {
    tdrop_net_destroy(runner->net);
    tdrop_free(runner->buffers);
    tdrop_free(runner->results);
    tdrop_free(runner->targets);
    tdrop_free(runner->absent);
    tdrop_free(runner->keep[0]);
    *runner = (tdrop_runner){0};
}

typedef struct load_job {
    tdrop_runner *runner;
    const size_t *rows;
    size_t first;
} load_job;

/* The row as its own target, in which nothing stands for what is absent. */
static void make_target(const tdrop_runner *runner, size_t index, size_t inputs) {
    const float *row = tdrop_net_edge(runner->net, 0) + index * inputs;
    const bool *absent = runner->absent + index * inputs;
    float *target = runner->targets + index * inputs;
    for (size_t j = 0; j < inputs; j++)
        target[j] = absent[j] ? 0.0f : row[j];
}

static void load_row(void *arg, size_t index, unsigned worker) {
    const load_job *job = arg;
    const tdrop_runner *runner = job->runner;
    const tdrop_feed *feed = &runner->feed;
    size_t inputs = feed->encoder->encoding->inputs, targets = target_columns(runner);
    size_t row = job->rows ? job->rows[index] : job->first + index;
    tdrop_encoder_row(feed->encoder, row,
                      runner->buffers + worker * tdrop_encoder_buffer(feed->encoder),
                      tdrop_net_edge(runner->net, 0) + index * inputs,
                      runner->absent ? runner->absent + index * inputs : NULL);
    if (feed->targets)
        memcpy(runner->targets + index * targets, feed->targets + row * targets,
               targets * sizeof *runner->targets);
    if (runner->absent) make_target(runner, index, inputs);
}

void tdrop_runner_load(tdrop_runner *runner, const size_t *rows, size_t first, size_t count) {
    load_job job = {runner, rows, first};
    tdrop_run_tasks(runner->parallel, count, load_row, &job);
}

tdrop_status tdrop_runner_begin_at(tdrop_runner *runner, size_t count, size_t tail, size_t k) {
    const int32_t *keep[TDROP_MOST_TAILS] = {NULL};
    for (size_t i = 0; i < count; i++)
        runner->keep[tail][i] = (int32_t)k;
    keep[tail] = runner->keep[tail];
    return tdrop_net_begin(runner->net, count, keep);
}

/* An output of which nothing is known, and whose target is 0, is set to what leaves loss and
 * gradient alone. */
static void leave_out_absent(const tdrop_runner *runner, size_t count) {
    float *y = tdrop_net_edge(runner->net, runner->net->step_count);
    for (size_t i = 0; i < count * runner->net->arch->outputs; i++)
        if (runner->absent[i]) y[i] = runner->loss->absent;
}

/* Means over all columns become means over those that are there; a row without any keeps 0. */
static void weigh_rows(tdrop_runner *runner, size_t count, int gradient) {
    const size_t columns = runner->net->arch->outputs;
    const bool *absent = runner->absent;
    float *y = tdrop_net_edge(runner->net, runner->net->step_count);
    for (size_t i = 0; i < count; i++, y += columns, absent += columns) {
        size_t present = 0;
        for (size_t j = 0; j < columns; j++)
            present += !absent[j];
        if (present == columns || present == 0) continue;
        double weight = (double)columns / (double)present;
        runner->results[i].loss *= weight;
        if (gradient) runner->net->pass->scale(columns, (float)weight, y);
    }
}

void tdrop_runner_loss(tdrop_runner *runner, size_t count, int gradient) {
    const tdrop_net *net = runner->net;
    if (runner->absent) leave_out_absent(runner, count);
    tdrop_loss(runner->loss, runner->feed.huber_delta, net->pass, runner->parallel, count,
               net->arch->outputs, tdrop_net_edge(net, net->step_count),
               runner->targets ? runner->targets : tdrop_net_edge(net, 0), runner->results,
               gradient);
    if (runner->absent && runner->loss->mean_over_columns) weigh_rows(runner, count, gradient);
}

void tdrop_runner_finish(tdrop_runner *runner, size_t count) {
    const tdrop_net *net = runner->net;
    if (runner->loss->finish)
        runner->loss->finish(net->pass, count, net->arch->outputs,
                             tdrop_net_edge(net, net->step_count));
}
