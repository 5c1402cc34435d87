/* SPDX-License-Identifier: MIT */
#include "model/width_bias.h"

#include "base/parallel.h"
#include "base/sizes.h"
#include "model/net.h"

#include <string.h>

enum { COLUMNS_PER_TASK = 64 };

typedef struct bias_pass {
    const tdrop_net *net;
    const tdrop_step *step;
    const tdrop_edge *from, *to;
} bias_pass;

static bias_pass pass_of(const tdrop_net *net, const tdrop_step *step) {
    return (bias_pass){net, step, &net->edges[step->edge], &net->edges[step->edge + 1]};
}

/* What a row keeps at a tail. */
static size_t width_of(const tdrop_net *net, int tail, size_t row) {
    return net->keep[tail] ? (size_t)net->keep[tail][row] : net->kept[tail];
}

static const float *table_of(const bias_pass *pass) {
    const tdrop_net *net = pass->net;
    return net->parameters + net->arch->tensors[pass->step->layer->first_tensor].offset;
}

static void forward_row(void *arg, size_t row, unsigned worker) {
    const bias_pass *pass = arg;
    size_t width = pass->to->width, k = width_of(pass->net, pass->step->layer->tail, row);
    (void)worker;
    pass->net->pass->add_bias(width, pass->from->values + row * width, table_of(pass) + k * width,
                              false, pass->to->values + row * width);
}

void tdrop_width_bias_forward(tdrop_net *net, const tdrop_step *step) {
    bias_pass pass = pass_of(net, step);
    tdrop_run_tasks(net->parallel, net->rows, forward_row, &pass);
}

/* Some columns of all rows, whose gradients are summed in the order of the rows. */
static void backward_columns(void *arg, size_t index, unsigned worker) {
    const bias_pass *pass = arg;
    size_t width = pass->to->width, first = index * COLUMNS_PER_TASK;
    size_t count = tdrop_least(width - first, COLUMNS_PER_TASK);
    int tail = pass->step->layer->tail;
    size_t rows_of_table = pass->net->arch->tails[tail].features + 1;
    (void)worker;
    for (size_t k = 0; k < rows_of_table; k++)
        memset(pass->step->weight_gradient + k * width + first, 0, count * sizeof(float));
    for (size_t row = 0; row < pass->net->rows; row++) {
        const float *dy = pass->to->values + row * width + first;
        float *sum = pass->step->weight_gradient + width_of(pass->net, tail, row) * width + first;
        for (size_t j = 0; j < count; j++)
            sum[j] += dy[j];
        memcpy(pass->from->values + row * width + first, dy, count * sizeof *dy);
    }
}

void tdrop_width_bias_backward(tdrop_net *net, const tdrop_step *step) {
    bias_pass pass = pass_of(net, step);
    tdrop_run_tasks(net->parallel, tdrop_divide_up(pass.to->width, COLUMNS_PER_TASK),
                    backward_columns, &pass);
}

void tdrop_width_bias_reference(const tdrop_reference *r, const double *in, double *out) {
    const size_t width = r->layer->outputs;
    for (size_t i = 0; i < r->rows; i++)
        for (size_t j = 0; j < width; j++, in++, out++)
            *out = *in + r->tensor[0][width_of(r->net, r->layer->tail, i) * width + j];
}
