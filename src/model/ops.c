/* SPDX-License-Identifier: MIT
 * The table of layers. */
#include "model/ops.h"

#include "base/parallel.h"
#include "model/batch_norm.h"
#include "model/dropout.h"
#include "model/layer_norm.h"
#include "model/net.h"
#include "model/width_bias.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

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

static void linear_reference(const tdrop_reference *r, const double *in, double *out) {
    const size_t inputs = r->layer->inputs, outputs = r->layer->outputs;
    const double *weight = r->tensor[0], *bias = r->tensor[1];
    for (size_t i = 0; i < r->rows; i++, in += inputs, out += outputs)
        for (size_t o = 0; o < outputs; o++) {
            out[o] = bias[o];
            for (size_t j = 0; j < r->keep[i]; j++)
                out[o] += weight[o * inputs + j] * in[j];
        }
}

/* Each kept number of its own, by a function; zeros beyond. */
static void reference_of_each(const tdrop_reference *r, double (*function)(double),
                              const double *in, double *out) {
    const size_t width = r->layer->outputs;
    for (size_t i = 0; i < r->rows; i++)
        for (size_t j = 0; j < width; j++)
            out[i * width + j] = j < r->keep[i] ? function(in[i * width + j]) : 0.0;
}

/* ---- relu: y = max(0, x) ---- */

/* Which way a pass over the rows of a step goes. */
typedef struct rows_pass {
    const tdrop_net *net;
    const tdrop_edge *from, *to;
    int kernel;      /* of an activation */
    bool keep_slope; /* likewise: its slope takes the place of its input */
} rows_pass;

static void relu_forward_row(void *arg, size_t row, unsigned worker) {
    const rows_pass *pass = arg;
    (void)worker;
    pass->net->pass->relu(tdrop_net_kept(pass->net, pass->from, row),
                          pass->from->values + row * pass->from->width,
                          pass->to->values + row * pass->to->width);
}

static void relu_backward_row(void *arg, size_t row, unsigned worker) {
    const rows_pass *pass = arg;
    float *from = pass->from->values + row * pass->from->width;
    (void)worker;
    pass->net->pass->relu_gradient(tdrop_net_kept(pass->net, pass->from, row),
                                   pass->to->values + row * pass->to->width, from, from);
}

static void relu_forward(tdrop_net *net, const tdrop_step *step) {
    rows_pass pass = {
        .net = net, .from = &net->edges[step->edge], .to = &net->edges[step->edge + 1]};
    tdrop_run_tasks(net->parallel, net->rows, relu_forward_row, &pass);
}

static void relu_backward(tdrop_net *net, const tdrop_step *step) {
    rows_pass pass = {
        .net = net, .from = &net->edges[step->edge], .to = &net->edges[step->edge + 1]};
    tdrop_run_tasks(net->parallel, net->rows, relu_backward_row, &pass);
}

static double relu_of(double x) {
    return x > 0.0 ? x : 0.0;
}

static void relu_reference(const tdrop_reference *r, const double *in, double *out) {
    reference_of_each(r, relu_of, in, out);
}

/* ---- gelu, sigmoid, tanh: on the way there the slope takes the place of the input, so that on the
 * way back the gradient is a product with it, and no values have to be kept ---- */

static void activation_forward_row(void *arg, size_t row, unsigned worker) {
    const rows_pass *pass = arg;
    const tdrop_pass_kernels *kernels = pass->net->pass;
    size_t kept = tdrop_net_kept(pass->net, pass->from, row);
    float *from = pass->from->values + row * pass->from->width;
    float *to = pass->to->values + row * pass->to->width;
    (void)worker;
    if (pass->keep_slope)
        kernels->activation_slope[pass->kernel](kept, from, to);
    else
        kernels->activation[pass->kernel](kept, from, to);
}

static void activation_forward(tdrop_net *net, const tdrop_step *step) {
    rows_pass pass = {.net = net,
                      .from = &net->edges[step->edge],
                      .to = &net->edges[step->edge + 1],
                      .kernel = step->op->pass,
                      .keep_slope = tdrop_net_keeps_slope(net, step)};
    tdrop_run_tasks(net->parallel, net->rows, activation_forward_row, &pass);
}

static void slope_backward_row(void *arg, size_t row, unsigned worker) {
    const rows_pass *pass = arg;
    (void)worker;
    pass->net->pass->multiply(tdrop_net_kept(pass->net, pass->from, row),
                              pass->to->values + row * pass->to->width,
                              pass->from->values + row * pass->from->width);
}

void tdrop_slope_backward(tdrop_net *net, const tdrop_step *step) {
    rows_pass pass = {
        .net = net, .from = &net->edges[step->edge], .to = &net->edges[step->edge + 1]};
    if (tdrop_net_keeps_slope(net, step))
        tdrop_run_tasks(net->parallel, net->rows, slope_backward_row, &pass);
}

static double gelu_of(double x) {
    return 0.5 * x * erfc(-x * 0.70710678118654752440);
}

static double sigmoid_of(double x) {
    return 1.0 / (1.0 + exp(-x));
}

static void gelu_reference(const tdrop_reference *r, const double *in, double *out) {
    reference_of_each(r, gelu_of, in, out);
}

static void sigmoid_reference(const tdrop_reference *r, const double *in, double *out) {
    reference_of_each(r, sigmoid_of, in, out);
}

static void tanh_reference(const tdrop_reference *r, const double *in, double *out) {
    reference_of_each(r, tanh, in, out);
}

/* ---- tail: y = the first keep of x, then zeros ---- */

static double same(double x) {
    return x;
}

static void tail_reference(const tdrop_reference *r, const double *in, double *out) {
    reference_of_each(r, same, in, out);
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
     .has_kink = true,
     .keep_passes = true,
     .passes_pairs = true,
     .forward = relu_forward,
     .backward = relu_backward,
     .reference = relu_reference},
    {.name = "gelu",
     .is_activation = true,
     .keep_passes = true,
     .passes_pairs = true,
     .pass = TDROP_PASS_GELU,
     .forward = activation_forward,
     .backward = tdrop_slope_backward,
     .reference = gelu_reference},
    {.name = "sigmoid",
     .is_activation = true,
     .keep_passes = true,
     .pass = TDROP_PASS_SIGMOID,
     .forward = activation_forward,
     .backward = tdrop_slope_backward,
     .reference = sigmoid_reference},
    {.name = "tanh",
     .is_activation = true,
     .keep_passes = true,
     .pass = TDROP_PASS_TANH,
     .forward = activation_forward,
     .backward = tdrop_slope_backward,
     .reference = tanh_reference},
    {.name = "layer-norm",
     .tensors = 2,
     .tensor = {{.name = "weight", .by_output = true, .begins_constant = true, .first = 1.0f},
                {.name = "bias", .by_output = true, .begins_constant = true}},
     .row_numbers = 2,
     .forward = tdrop_layer_norm_forward,
     .backward = tdrop_layer_norm_backward,
     .reference = tdrop_layer_norm_reference},
    {.name = "batch-norm",
     .is_affine = true,
     .keep_passes = true,
     .tensors = 4,
     .tensor = {{.name = "weight", .by_output = true, .begins_constant = true, .first = 1.0f},
                {.name = "bias", .by_output = true, .begins_constant = true},
                {.name = "running_mean",
                 .by_output = true,
                 .begins_constant = true,
                 .is_statistic = true},
                {.name = "running_var",
                 .by_output = true,
                 .begins_constant = true,
                 .first = 1.0f,
                 .is_statistic = true,
                 .is_variance = true}},
     .column_numbers = 2,
     .forward = tdrop_batch_norm_forward,
     .backward = tdrop_batch_norm_backward,
     .reference = tdrop_batch_norm_reference},
    {.name = "dropout",
     .has_share = true,
     .keep_passes = true,
     .forward = tdrop_dropout_forward,
     .backward = tdrop_slope_backward,
     .reference = tdrop_dropout_reference},
    {.name = "widthbias",
     .reads_k = true,
     .is_affine = true,
     .tensors = 1,
     .tensor = {{.name = "bias", .by_width = true, .by_output = true, .begins_constant = true}},
     .forward = tdrop_width_bias_forward,
     .backward = tdrop_width_bias_backward,
     .reference = tdrop_width_bias_reference},
    {.name = "tail", .is_tail = true, .keep_passes = true, .reference = tail_reference},
};

enum { OPS = sizeof ops / sizeof *ops };

const tdrop_op *const tdrop_op_linear = &ops[0];
const tdrop_op *const tdrop_op_relu = &ops[1];
const tdrop_op *const tdrop_op_tail = &ops[OPS - 1];

void tdrop_op_list(char *text, size_t size) {
    size_t used = 0;
    for (size_t i = 1; i < OPS && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s%s",
                                 i == 1        ? ""
                                 : i + 1 < OPS ? ", "
                                               : " and ",
                                 ops[i].name, ops[i].has_share ? ":P" : "");
}

size_t tdrop_op_item_length(const char *text) {
    for (size_t i = 0; i < OPS; i++) {
        const size_t length = strlen(ops[i].name);
        const bool is_it = strchr(ops[i].name, '-') && !strncmp(text, ops[i].name, length);
        if (is_it && strchr("-", text[length])) return length;
    }
    return strcspn(text, "-");
}

const tdrop_op *tdrop_op_find(const char *name, size_t length) {
    for (size_t i = 0; i < OPS; i++)
        if (strlen(ops[i].name) == length && !memcmp(ops[i].name, name, length)) return &ops[i];
    return NULL;
}
