/* SPDX-License-Identifier: MIT */
#include "model/layer_norm.h"

#include "base/parallel.h"
#include "base/sizes.h"

#include <math.h>

enum { COLUMNS = TDROP_NORM_COLUMNS };

typedef struct norm_job {
    const tdrop_net *net;
    const tdrop_step *step;
    const tdrop_edge *from, *to;
    const float *weight, *bias;
} norm_job;

static norm_job job_of(const tdrop_net *net, const tdrop_step *step) {
    const tdrop_parameter *tensor = &net->arch->tensors[step->layer->first_tensor];
    return (norm_job){.net = net,
                      .step = step,
                      .from = &net->edges[step->edge],
                      .to = &net->edges[step->edge + 1],
                      .weight = net->parameters + tensor[0].offset,
                      .bias = net->parameters + tensor[1].offset};
}

static void forward_row(void *arg, size_t row, unsigned worker) {
    const norm_job *job = arg;
    const size_t n = job->from->width;
    (void)worker;
    job->net->pass->layer_norm(n, job->from->values + row * n, job->weight, job->bias,
                               job->to->values + row * n, job->step->row_numbers + 2 * row);
}

void tdrop_layer_norm_forward(tdrop_net *net, const tdrop_step *step) {
    norm_job job = job_of(net, step);
    tdrop_run_tasks(net->parallel, net->rows, forward_row, &job);
}

static void backward_row(void *arg, size_t row, unsigned worker) {
    const norm_job *job = arg;
    const size_t n = job->from->width;
    (void)worker;
    job->net->pass->layer_norm_gradient(n, job->to->values + row * n, job->weight,
                                        job->step->row_numbers + 2 * row,
                                        job->from->values + row * n);
}

/* Gradients of weight and bias, some columns of them: over the rows in their order. */
static void backward_columns(void *arg, size_t index, unsigned worker) {
    const norm_job *job = arg;
    const size_t n = job->from->width, first = index * COLUMNS;
    (void)worker;
    job->net->pass->layer_norm_columns(job->net->rows, tdrop_least(n - first, COLUMNS), n,
                                       job->to->values + first, job->from->values + first,
                                       job->step->row_numbers, job->step->weight_gradient + first,
                                       job->step->bias_gradient + first);
}

/* The columns first: the rows put the gradient in the place of the input. */
void tdrop_layer_norm_backward(tdrop_net *net, const tdrop_step *step) {
    norm_job job = job_of(net, step);
    const size_t blocks = tdrop_divide_up(job.from->width, COLUMNS);
    tdrop_run_tasks(net->parallel, blocks, backward_columns, &job);
    if (step->edge > 0) tdrop_run_tasks(net->parallel, net->rows, backward_row, &job);
}

void tdrop_layer_norm_reference(const tdrop_reference *r, const double *in, double *out) {
    const size_t n = r->layer->inputs;
    for (size_t i = 0; i < r->rows; i++, in += n, out += n) {
        double mean = 0.0, square = 0.0;
        for (size_t j = 0; j < n; j++)
            mean += in[j] / (double)n;
        for (size_t j = 0; j < n; j++)
            square += (in[j] - mean) * (in[j] - mean) / (double)n;
        for (size_t j = 0; j < n; j++)
            out[j] = (in[j] - mean) / sqrt(square + 1e-5) * r->tensor[0][j] + r->tensor[1][j];
    }
}
