/* SPDX-License-Identifier: MIT */
#include "model/runner.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"

tdrop_status tdrop_runner_create(tdrop_runner *runner, const tdrop_arch *arch,
                                 const tdrop_scaling *scaling, const tdrop_data *data,
                                 const tdrop_net_options *options, tdrop_error *error) {
    tdrop_runner made = {.scaling = scaling, .data = data, .parallel = options->parallel};
    tdrop_status status = tdrop_net_create(&made.net, arch, options, error);
    if (status) return status;
    made.buffers = tdrop_alloc(tdrop_workers(options->parallel), arch->inputs * sizeof(double));
    made.row_loss = tdrop_alloc(options->max_rows, sizeof *made.row_loss);
    made.keep[0] = tdrop_alloc(options->max_rows, arch->tail_count * sizeof *made.keep[0]);
    if (!made.buffers || !made.row_loss || !made.keep[0]) {
        tdrop_runner_clear(&made);
        return tdrop_fail_memory(error, "network");
    }
    for (size_t t = 1; t < arch->tail_count; t++)
        made.keep[t] = made.keep[0] + t * options->max_rows;
    *runner = made;
    return TDROP_OK;
}

void tdrop_runner_clear(tdrop_runner *runner) {
    tdrop_net_destroy(runner->net);
    tdrop_free(runner->buffers);
    tdrop_free(runner->row_loss);
    tdrop_free(runner->keep[0]);
    *runner = (tdrop_runner){0};
}

typedef struct load_job {
    tdrop_runner *runner;
    const size_t *rows;
    size_t first;
} load_job;

static void load_row(void *arg, size_t index, unsigned worker) {
    const load_job *job = arg;
    const tdrop_runner *runner = job->runner;
    size_t columns = runner->scaling->columns;
    size_t row = job->rows ? job->rows[index] : job->first + index;
    tdrop_scaling_row(runner->scaling, runner->data, row, runner->buffers + worker * columns,
                      tdrop_net_edge(runner->net, 0) + index * columns);
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

void tdrop_runner_loss(tdrop_runner *runner, size_t count, int gradient) {
    const tdrop_net *net = runner->net;
    tdrop_loss(net->pass, runner->parallel, count, net->arch->outputs,
               tdrop_net_edge(net, net->step_count), tdrop_net_edge(net, 0), runner->row_loss,
               gradient);
}
