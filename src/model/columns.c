/* SPDX-License-Identifier: MIT */
#include "model/columns.h"

#include "base/memory.h"
#include "base/parallel.h"
#include "base/sizes.h"

#include <string.h>

enum { ROWS_PER_TASK = TDROP_PASS_ROWS };

static const tdrop_step *find_consumer(const tdrop_net *net, size_t tail) {
    const tdrop_step *step = &net->steps[net->tail_edge[tail]];
    while (!step->linear)
        step++;
    return step;
}

/* Rows, made up to those of whole tasks. */
static size_t whole_tasks(size_t rows) {
    return tdrop_round_up(rows, ROWS_PER_TASK);
}

static void transpose(size_t rows, size_t columns, const float *from, float *to) {
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            to[j * rows + i] = from[i * columns + j];
}

tdrop_status tdrop_columns_create(tdrop_columns *columns, tdrop_net *net, size_t tail,
                                  const float *parameters) {
    tdrop_columns made = {.net = net, .consumer = find_consumer(net, tail), .tail = tail};
    const tdrop_arch_layer *layer = made.consumer->layer;
    const tdrop_parameter *tensor = &net->arch->tensors[layer->first_tensor];
    made.weights = tdrop_alloc(layer->inputs, layer->outputs * sizeof *made.weights);
    made.sums = tdrop_alloc(whole_tasks(net->max_rows), layer->outputs * sizeof *made.sums);
    made.bias = parameters + tensor[1].offset;
    if (!made.weights || !made.sums) {
        tdrop_columns_clear(&made);
        return TDROP_ERROR_MEMORY;
    }
    transpose(layer->outputs, layer->inputs, parameters + tensor[0].offset, made.weights);
    *columns = made;
    return TDROP_OK;
}

void tdrop_columns_clear(tdrop_columns *columns) {
    tdrop_free(columns->weights);
    tdrop_free(columns->sums);
    *columns = (tdrop_columns){0};
}

void tdrop_columns_start(tdrop_columns *columns, size_t tail) {
    tdrop_net *net = columns->net;
    tdrop_net_forward(net, net->tail_edge[tail], columns->consumer->edge);
    memset(columns->sums, 0,
           whole_tasks(net->rows) * columns->consumer->layer->outputs * sizeof *columns->sums);
    columns->k = 0;
}

typedef struct advance_job {
    const tdrop_columns *columns;
    size_t k; /* to be reached */
} advance_job;

static void advance_row(const advance_job *job, size_t row) {
    const tdrop_columns *c = job->columns;
    const tdrop_net *net = c->net;
    const tdrop_edge *from = &net->edges[c->consumer->edge], *to = from + 1;
    float *sums = c->sums + row * to->width, *out = to->values + row * to->width;
    for (size_t j = c->k; j < job->k; j++)
        net->pass->add_product(to->width, from->values[row * from->width + j],
                               c->weights + j * to->width, sums);
    net->pass->add_bias(to->width, sums, c->bias, c->consumer->fused_relu, out);
}

static void advance_rows(void *arg, size_t index, unsigned worker) {
    const advance_job *job = arg;
    const size_t first = index * ROWS_PER_TASK;
    const size_t last = tdrop_least(first + ROWS_PER_TASK, job->columns->net->rows);
    (void)worker;
    for (size_t row = first; row < last; row++)
        advance_row(job, row);
}

size_t tdrop_columns_advance(tdrop_columns *columns, size_t k) {
    tdrop_net *net = columns->net;
    advance_job job = {columns, k};
    tdrop_run_tasks(net->parallel, tdrop_divide_up(net->rows, ROWS_PER_TASK), advance_rows, &job);
    columns->k = net->kept[columns->tail] = k;
    return columns->consumer->edge + 1;
}
