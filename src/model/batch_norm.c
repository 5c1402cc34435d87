/* SPDX-License-Identifier: MIT */
#include "model/batch_norm.h"

#include "base/parallel.h"
#include "base/sizes.h"

#include <math.h>
#include <string.h>

enum { COLUMNS = TDROP_NORM_COLUMNS };

/* A column's tensors, as ops.c lists them. */
enum { WEIGHT, BIAS, MEAN, VARIANCE };

static const double epsilon = 1e-5;
static const float momentum = 0.1f;

typedef struct norm_job {
    const tdrop_net *net;
    const tdrop_step *step;
    const tdrop_edge *from, *to;
    const float *weight, *bias, *running_mean, *running_variance;
    float *mean, *factor; /* [width] each, kept from the way there to the way back */
} norm_job;

static norm_job job_of(const tdrop_net *net, const tdrop_step *step) {
    const tdrop_parameter *tensor = &net->arch->tensors[step->layer->first_tensor];
    return (norm_job){.net = net,
                      .step = step,
                      .from = &net->edges[step->edge],
                      .to = &net->edges[step->edge + 1],
                      .weight = net->parameters + tensor[WEIGHT].offset,
                      .bias = net->parameters + tensor[BIAS].offset,
                      .running_mean = net->parameters + tensor[MEAN].offset,
                      .running_variance = net->parameters + tensor[VARIANCE].offset,
                      .mean = step->column_numbers,
                      .factor = step->column_numbers + step->layer->outputs};
}

/* Some columns of all rows: what one task works on, so that each sum runs over the rows in their
 * order, whoever adds it up. */
typedef struct block {
    const norm_job *job;
    size_t first, count;
    size_t rows[COLUMNS]; /* that keep each column */
} block;

/* How many columns of the block a row keeps. */
static size_t kept_of(const block *b, size_t row) {
    return tdrop_count_below(b->first, b->count, tdrop_net_kept(b->job->net, b->job->from, row));
}

static float *row_of(const block *b, const tdrop_edge *edge, size_t row) {
    return edge->values + row * edge->width + b->first;
}

static block block_of(const norm_job *job, size_t index) {
    const size_t first = index * COLUMNS, left = job->from->width - first;
    block b = {.job = job, .first = first, .count = tdrop_least(left, COLUMNS)};
    for (size_t row = 0; row < job->net->rows; row++) {
        const size_t kept = kept_of(&b, row);
        if (kept) b.rows[kept - 1]++;
    }
    for (size_t j = b.count; j-- > 1;) /* who keeps a column keeps those before it */
        b.rows[j - 1] += b.rows[j];
    return b;
}

/* Whether the column is normalised by the batch. */
static bool by_batch(const block *b, size_t j) {
    return b->job->net->training && b->rows[j] >= 2;
}

/* Mean and biased variance over the rows of the batch. */
static void find_statistics(const block *b, double *mean, double *variance) {
    const norm_job *job = b->job;
    for (size_t row = 0; row < job->net->rows; row++)
        job->net->pass->column_sums(kept_of(b, row), row_of(b, job->from, row), mean);
    for (size_t j = 0; j < b->count; j++)
        if (b->rows[j]) mean[j] /= (double)b->rows[j];
    for (size_t row = 0; row < job->net->rows; row++)
        job->net->pass->column_squares(kept_of(b, row), row_of(b, job->from, row), mean, variance);
    for (size_t j = 0; j < b->count; j++)
        if (b->rows[j]) variance[j] /= (double)b->rows[j];
}

/* What the running averages are to follow, in place of their gradients. */
static void leave_statistics(const block *b, const double *mean, const double *variance) {
    float *to_mean = b->job->step->statistics + b->first,
          *to_variance = to_mean + b->job->to->width;
    for (size_t j = 0; j < b->count; j++) {
        const double rows = (double)b->rows[j];
        const bool is_new = by_batch(b, j);
        to_mean[j] = is_new ? (float)mean[j] : b->job->running_mean[b->first + j];
        to_variance[j] = is_new ? (float)(variance[j] * (rows / (rows - 1.0)))
                                : b->job->running_variance[b->first + j];
    }
}

/* Mean and factor of each column. */
static void choose_statistics(const block *b) {
    const norm_job *job = b->job;
    double mean[COLUMNS] = {0.0}, variance[COLUMNS] = {0.0};
    if (job->net->training) {
        find_statistics(b, mean, variance);
        leave_statistics(b, mean, variance);
    }
    for (size_t j = 0; j < b->count; j++) {
        const size_t column = b->first + j;
        const bool batch = by_batch(b, j);
        const double v = batch ? variance[j] : (double)job->running_variance[column];
        job->mean[column] = batch ? (float)mean[j] : job->running_mean[column];
        job->factor[column] = (float)(1.0 / sqrt(v + epsilon));
    }
}

static void forward_block(void *arg, size_t index, unsigned worker) {
    const norm_job *job = arg;
    const block b = block_of(job, index);
    const size_t first = b.first;
    (void)worker;
    choose_statistics(&b);
    for (size_t row = 0; row < job->net->rows; row++)
        job->net->pass->normalise(kept_of(&b, row), row_of(&b, job->from, row), job->mean + first,
                                  job->factor + first, job->weight + first, job->bias + first,
                                  row_of(&b, job->to, row));
}

static size_t blocks_of(const norm_job *job) {
    return tdrop_divide_up(job->from->width, COLUMNS);
}

void tdrop_batch_norm_forward(tdrop_net *net, const tdrop_step *step) {
    norm_job job = job_of(net, step);
    tdrop_run_tasks(net->parallel, blocks_of(&job), forward_block, &job);
}

/* Gradients of weight and bias. */
static void find_gradients(const block *b, double *weight, double *bias) {
    const norm_job *job = b->job;
    for (size_t row = 0; row < job->net->rows; row++)
        job->net->pass->normalise_sums(kept_of(b, row), row_of(b, job->to, row),
                                       row_of(b, job->from, row), job->mean + b->first,
                                       job->factor + b->first, weight, bias);
    for (size_t j = 0; j < b->count; j++) {
        job->step->weight_gradient[b->first + j] = (float)weight[j];
        job->step->bias_gradient[b->first + j] = (float)bias[j];
    }
}

/* With h the normalised x: factor weight (dy - mean(dy) - h mean(dy h)); without the means where
 * the running averages were taken, which do not depend on x. */
static void backward_block(void *arg, size_t index, unsigned worker) {
    const norm_job *job = arg;
    const block b = block_of(job, index);
    double weight[COLUMNS] = {0.0}, bias[COLUMNS] = {0.0};
    float mean[COLUMNS], along[COLUMNS];
    (void)worker;
    find_gradients(&b, weight, bias);
    if (job->step->edge == 0) return;
    for (size_t j = 0; j < b.count; j++) {
        mean[j] = by_batch(&b, j) ? (float)(bias[j] / (double)b.rows[j]) : 0.0f;
        along[j] = by_batch(&b, j) ? (float)(weight[j] / (double)b.rows[j]) : 0.0f;
    }
    for (size_t row = 0; row < job->net->rows; row++)
        job->net->pass->normalise_gradient(
            kept_of(&b, row), row_of(&b, job->to, row), job->mean + b.first, job->factor + b.first,
            job->weight + b.first, mean, along, row_of(&b, job->from, row));
}

void tdrop_batch_norm_backward(tdrop_net *net, const tdrop_step *step) {
    norm_job job = job_of(net, step);
    tdrop_run_tasks(net->parallel, blocks_of(&job), backward_block, &job);
}

void tdrop_batch_norm_follow(const tdrop_arch *arch, float *gradient, float *parameters) {
    for (size_t t = 0; t < arch->tensor_count; t++) {
        const tdrop_parameter *tensor = &arch->tensors[t];
        if (!tensor->kind->is_statistic) continue;
        for (size_t i = tensor->offset; i < tensor->offset + tensor->count; i++)
            parameters[i] += momentum * (gradient[i] - parameters[i]);
        memset(gradient + tensor->offset, 0, tensor->count * sizeof *gradient);
    }
}

/* Mean and variance of a column over the rows that keep it; how many there are. */
static size_t reference_statistics(const tdrop_reference *r, const double *in, size_t j,
                                   double *mean, double *variance) {
    const size_t n = r->layer->inputs;
    size_t rows = 0;
    *mean = *variance = 0.0;
    for (size_t i = 0; i < r->rows; i++)
        if (j < r->keep[i]) *mean += in[i * n + j], rows++;
    *mean /= (double)rows;
    for (size_t i = 0; i < r->rows; i++)
        if (j < r->keep[i])
            *variance += (in[i * n + j] - *mean) * (in[i * n + j] - *mean) / (double)rows;
    return rows;
}

void tdrop_batch_norm_reference(const tdrop_reference *r, const double *in, double *out) {
    const size_t n = r->layer->inputs;
    for (size_t j = 0; j < n; j++) {
        double mean, variance;
        if (reference_statistics(r, in, j, &mean, &variance) < 2)
            mean = r->tensor[MEAN][j], variance = r->tensor[VARIANCE][j];
        for (size_t i = 0; i < r->rows; i++) {
            const double normal = (in[i * n + j] - mean) / sqrt(variance + epsilon);
            out[i * n + j] =
                j < r->keep[i] ? normal * r->tensor[WEIGHT][j] + r->tensor[BIAS][j] : 0.0;
        }
    }
}
