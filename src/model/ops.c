/* SPDX-License-Identifier: MIT
 * The table of layers. */
#include "model/ops.h"

#include "base/parallel.h"
#include "model/net.h"

#include <string.h>

/* How many columns of row i of an edge hold anything. */
static size_t kept_columns(const tdrop_net *net, const tdrop_edge *edge, size_t row) {
    const int32_t *keep = edge->tail < 0 ? NULL : net->keep[edge->tail];
    return keep ? (size_t)keep[row] : edge->width;
}

/* ---- linear: y = W x + b ---- */

static size_t linear_multiply_adds(size_t inputs, size_t outputs) {
    return inputs * outputs;
}

static void linear_forward(tdrop_net *net, const tdrop_step *step) {
    const tdrop_edge *from = &net->edges[step->edge], *to = from + 1;
    tdrop_linear_forward(step->linear, step->stairs, from->values, from->width, to->values,
                         to->width, net->workspace, net->workspace_size, net->parallel);
    net->flops += 2.0 * tdrop_staircase_work(step->stairs);
}

static void linear_backward(tdrop_net *net, const tdrop_step *step) {
    const tdrop_edge *from = &net->edges[step->edge], *to = from + 1;
    double work = 2.0 * tdrop_staircase_work(step->stairs);
    tdrop_linear_backward_weights(step->linear, step->stairs, to->values, to->width, from->values,
                                  from->width, step->weight_gradient, step->layer->inputs,
                                  step->bias_gradient, net->workspace, net->workspace_size,
                                  net->parallel);
    net->flops += work;
    if (step->edge == 0) return; /* nobody asks for the gradient of the data */
    tdrop_linear_backward_input(step->linear, step->stairs, to->values, to->width,
                                step->gate_input ? from->values : NULL, from->values, from->width,
                                net->workspace, net->workspace_size, net->parallel);
    net->flops += work;
}

static void linear_reference(size_t inputs, size_t outputs, size_t keep,
                             const double *const *tensor, const double *in, double *out) {
    const double *weight = tensor[0], *bias = tensor[1];
    for (size_t o = 0; o < outputs; o++) {
        out[o] = bias[o];
        for (size_t i = 0; i < keep; i++)
            out[o] += weight[o * inputs + i] * in[i];
    }
}

/* ---- relu: y = max(0, x) ---- */

/* Which way a pass over the rows of a step goes. */
typedef struct rows_pass {
    const tdrop_net *net;
    const tdrop_edge *from, *to;
} rows_pass;

static void relu_forward_row(void *arg, size_t row, unsigned worker) {
    const rows_pass *pass = arg;
    (void)worker;
    pass->net->pass->relu(kept_columns(pass->net, pass->from, row),
                          pass->from->values + row * pass->from->width,
                          pass->to->values + row * pass->to->width);
}

static void relu_backward_row(void *arg, size_t row, unsigned worker) {
    const rows_pass *pass = arg;
    float *from = pass->from->values + row * pass->from->width;
    (void)worker;
    pass->net->pass->relu_gradient(kept_columns(pass->net, pass->from, row),
                                   pass->to->values + row * pass->to->width, from, from);
}

static void relu_forward(tdrop_net *net, const tdrop_step *step) {
    rows_pass pass = {net, &net->edges[step->edge], &net->edges[step->edge + 1]};
    tdrop_run_tasks(net->parallel, net->rows, relu_forward_row, &pass);
}

static void relu_backward(tdrop_net *net, const tdrop_step *step) {
    rows_pass pass = {net, &net->edges[step->edge], &net->edges[step->edge + 1]};
    tdrop_run_tasks(net->parallel, net->rows, relu_backward_row, &pass);
}

static void relu_reference(size_t inputs, size_t outputs, size_t keep, const double *const *tensor,
                           const double *in, double *out) {
    (void)inputs, (void)keep, (void)tensor;
    for (size_t i = 0; i < outputs; i++)
        out[i] = in[i] > 0.0 ? in[i] : 0.0;
}

/* ---- tail: y = the first keep of x, then zeros ---- */

static void tail_reference(size_t inputs, size_t outputs, size_t keep, const double *const *tensor,
                           const double *in, double *out) {
    (void)inputs, (void)tensor;
    for (size_t i = 0; i < outputs; i++)
        out[i] = i < keep ? in[i] : 0.0;
}

static const tdrop_op ops[] = {
    {.name = "linear",
     .has_width = true,
     .tensors = 2,
     .tensor = {{.name = "weight", .by_output = true, .by_input = true},
                {.name = "bias", .by_output = true}},
     .multiply_adds = linear_multiply_adds,
     .forward = linear_forward,
     .backward = linear_backward,
     .reference = linear_reference},
    {.name = "relu",
     .is_activation = true,
     .keep_passes = true,
     .forward = relu_forward,
     .backward = relu_backward,
     .reference = relu_reference},
    {.name = "tail", .is_tail = true, .keep_passes = true, .reference = tail_reference},
};

const tdrop_op *const tdrop_op_linear = &ops[0];
const tdrop_op *const tdrop_op_relu = &ops[1];
const tdrop_op *const tdrop_op_tail = &ops[2];

const tdrop_op *tdrop_op_find(const char *name, size_t length) {
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        if (strlen(ops[i].name) == length && !memcmp(ops[i].name, name, length)) return &ops[i];
    return NULL;
}
