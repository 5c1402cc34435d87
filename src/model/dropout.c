/* SPDX-License-Identifier: MIT */
#include "model/dropout.h"

#include "base/parallel.h"
#include "base/philox.h"

#include <string.h>

/* The layer's numbers; which of them a row drops depends on these and on its place alone. */
static tdrop_dropout dropout_of(const tdrop_net *net, const tdrop_arch_layer *layer) {
    const uint64_t billion = 1000000000u;
    const uint32_t number = (uint32_t)(layer - net->arch->layers);
    return (tdrop_dropout){
        .key = {(uint32_t)net->place.seed, (uint32_t)(net->place.seed >> 32)},
        .counter = {net->place.step, net->place.first, number << 24, TDROP_PURPOSE_DROPOUT},
        .below = (uint32_t)(((uint64_t)layer->billionths << 32) / billion),
        .factor = (float)(1.0 / (1.0 - (double)layer->billionths / 1e9))};
}

typedef struct dropout_job {
    const tdrop_net *net;
    const tdrop_edge *from, *to;
    tdrop_dropout dropout;
    bool keep_slope;
} dropout_job;

static void dropout_row(void *arg, size_t row, unsigned worker) {
    const dropout_job *job = arg;
    tdrop_dropout dropout = job->dropout;
    size_t kept = tdrop_net_kept(job->net, job->from, row);
    float *from = job->from->values + row * job->from->width;
    float *to = job->to->values + row * job->to->width;
    (void)worker;
    dropout.counter[1] += (uint32_t)row;
    if (job->net->training)
        job->net->pass->dropout(&dropout, kept, from, job->keep_slope, to);
    else
        memcpy(to, from, kept * sizeof *to);
}

void tdrop_dropout_forward(tdrop_net *net, const tdrop_step *step) {
    dropout_job job = {.net = net,
                       .from = &net->edges[step->edge],
                       .to = &net->edges[step->edge + 1],
                       .dropout = dropout_of(net, step->layer),
                       .keep_slope = tdrop_net_keeps_slope(net, step)};
    tdrop_run_tasks(net->parallel, net->rows, dropout_row, &job);
}

/* One word of four for each number. */
static bool is_dropped(const tdrop_dropout *dropout, size_t row, size_t column) {
    uint32_t word[4];
    const uint32_t counter[4] = {dropout->counter[0], dropout->counter[1] + (uint32_t)row,
                                 dropout->counter[2] | (column / 4 & 0xffffffu),
                                 dropout->counter[3]};
    tdrop_philox(counter, dropout->key, word);
    return word[column % 4] < dropout->below;
}

void tdrop_dropout_reference(const tdrop_reference *r, const double *in, double *out) {
    const tdrop_dropout dropout = dropout_of(r->net, r->layer);
    const double kept_share = 1.0 - (double)r->layer->billionths / 1e9;
    const size_t width = r->layer->outputs;
    for (size_t i = 0; i < r->rows; i++)
        for (size_t j = 0; j < width; j++) {
            const bool gone = j >= r->keep[i] || is_dropped(&dropout, i, j);
            out[i * width + j] = gone ? 0.0 : in[i * width + j] / kept_share;
        }
}
