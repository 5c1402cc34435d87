/* SPDX-License-Identifier: MIT */
#include "model/optimizer.h"

#include "base/memory.h"
#include "base/names.h"
#include "base/parallel.h"
#include "base/sizes.h"

#include <math.h>
#include <string.h>

static const double beta1 = 0.9, epsilon = 1e-8;

/* Of the squares. A longer memory than some hundred steps holds what gradients were before the
 * network changed. */
static double beta2_of(tdrop_optimizer_kind kind) {
    return kind == TDROP_OPTIMIZER_NADAM ? 0.99 : 0.999;
}

/* Parameters in one task: their seven streams fit the second-level cache. */
enum { PART = 16384 };

static const char *const kind_names[] = {
    [TDROP_OPTIMIZER_AUTO] = "auto", [TDROP_OPTIMIZER_NADAM] = "nadam",
    [TDROP_OPTIMIZER_ADAM] = "adam", [TDROP_OPTIMIZER_ADAMW] = "adamw",
    [TDROP_OPTIMIZER_SGD] = "sgd",
};
enum { KINDS = sizeof kind_names / sizeof *kind_names };

const char *tdrop_optimizer_kind_name(tdrop_optimizer_kind kind) {
    return tdrop_name_of(kind_names, KINDS, (unsigned)kind);
}

tdrop_status tdrop_optimizer_kind_parse(const char *name, tdrop_optimizer_kind *kind) {
    unsigned number = 0;
    if (!kind) return TDROP_ERROR_NULL;
    tdrop_status status = tdrop_name_find(kind_names, KINDS, name, &number);
    if (!status) *kind = (tdrop_optimizer_kind)number;
    return status;
}

static size_t parts_of(size_t count) {
    return tdrop_divide_up(count, PART);
}

tdrop_status tdrop_optimizer_create(tdrop_optimizer *optimizer, size_t count,
                                    const tdrop_optimizer_options *options) {
    tdrop_optimizer made = {.options = *options, .count = count, .power1 = 1.0, .power2 = 1.0};
    const bool with_average = options->average_decay > 0.0;
    const bool with_second = options->kind != TDROP_OPTIMIZER_SGD;
    made.vectors = 3u + with_second + with_average;
    made.block = tdrop_alloc_zero(count, made.vectors * sizeof *made.block);
    if (options->clip_norm > 0.0) made.squares = tdrop_alloc(parts_of(count), sizeof(double));
    if (!made.block || (options->clip_norm > 0.0 && !made.squares)) {
        tdrop_optimizer_clear(&made);
        return TDROP_ERROR_MEMORY;
    }
    made.parameters = made.block;
    made.gradient = made.block + count;
    made.moment1 = made.block + 2 * count;
    made.moment2 = with_second ? made.block + 3 * count : NULL;
    made.average = with_average ? made.block + (made.vectors - 1) * count : made.block;
    *optimizer = made;
    return TDROP_OK;
}

void tdrop_optimizer_clear(tdrop_optimizer *optimizer) {
    tdrop_free(optimizer->block);
    tdrop_free(optimizer->squares);
    *optimizer = (tdrop_optimizer){0};
}

void tdrop_optimizer_start(tdrop_optimizer *optimizer) {
    if (optimizer->average != optimizer->parameters)
        memcpy(optimizer->average, optimizer->parameters,
               optimizer->count * sizeof *optimizer->average);
}

/* A step's numbers, and where it works. */
typedef struct step_job {
    tdrop_optimizer *optimizer;
    const tdrop_pass_kernels *pass;
    tdrop_adam adam;
    float shorten; /* factor of the gradient */
    float shrink;  /* factor of weights that decay */
} step_job;

static size_t part_size(const tdrop_optimizer *o, size_t first) {
    return tdrop_least(o->count - first, PART);
}

static void square_part(void *arg, size_t index, unsigned worker) {
    const step_job *job = arg;
    const tdrop_optimizer *o = job->optimizer;
    (void)worker;
    o->squares[index] =
        job->pass->square_sum(part_size(o, index * PART), o->gradient + index * PART);
}

/* By how much the gradient has to be shortened: the length of all of it, part after part. */
static float find_shortening(step_job *job, const tdrop_parallel *parallel) {
    const tdrop_optimizer *o = job->optimizer;
    const size_t parts = parts_of(o->count);
    double square = 0.0;
    if (!o->squares) return 1.0f;
    tdrop_run_tasks(parallel, parts, square_part, job);
    for (size_t i = 0; i < parts; i++)
        square += o->squares[i];
    const double norm = sqrt(square);
    return norm > o->options.clip_norm ? (float)(o->options.clip_norm / norm) : 1.0f;
}

/* Decay of what lies of the weights in first..first+count-1; biases and norms do not decay. */
static void shrink_weights(const step_job *job, size_t first, size_t count) {
    const tdrop_optimizer *o = job->optimizer;
    const tdrop_arch *arch = o->options.arch;
    for (size_t t = 0; t < arch->tensor_count; t++) {
        const tdrop_parameter *tensor = &arch->tensors[t];
        const size_t end = tensor->offset + tensor->count;
        const size_t from = tdrop_most(tensor->offset, first);
        const size_t to = tdrop_least(end, first + count);
        if (tensor->kind->by_output && tensor->kind->by_input && from < to)
            job->pass->scale(to - from, job->shrink, o->parameters + from);
    }
}

static void step_part(void *arg, size_t index, unsigned worker) {
    const step_job *job = arg;
    const tdrop_optimizer *o = job->optimizer;
    const size_t first = index * PART, count = part_size(o, first);
    float *average = o->average == o->parameters ? NULL : o->average + first;
    float *gradient = o->gradient + first;
    (void)worker;
    if (job->shorten < 1.0f) job->pass->scale(count, job->shorten, gradient);
    if (job->shrink < 1.0f) shrink_weights(job, first, count);
    if (o->moment2)
        job->pass->adam(&job->adam, count, gradient, o->moment1 + first, o->moment2 + first,
                        o->parameters + first, average);
    else
        job->pass->momentum(&job->adam, count, gradient, o->moment1 + first, o->parameters + first,
                            average);
}

/* Early on the average follows closely: the first values should not linger in it. */
static double average_blend(const tdrop_optimizer *o) {
    const double decay = o->options.average_decay;
    double early = (1.0 + (double)o->steps) / (10.0 + (double)o->steps);
    return 1.0 - (early < decay ? early : decay);
}

/* The learning rate corrected for moments that began at zero; of SGD as it is. */
static tdrop_adam numbers_of_step(const tdrop_optimizer *o, double learning_rate) {
    if (!o->moment2)
        return (tdrop_adam){.beta1 = o->options.momentum > 0.0 ? (float)o->options.momentum : 0.0f,
                            .rate = (float)learning_rate,
                            .blend = (float)average_blend(o)};
    return (tdrop_adam){.beta1 = (float)beta1,
                        .beta2 = (float)beta2_of(o->options.kind),
                        .rate = (float)(learning_rate / (1.0 - o->power1)),
                        .correct = (float)(1.0 / (1.0 - o->power2)),
                        .epsilon = (float)epsilon,
                        .nesterov = o->options.kind == TDROP_OPTIMIZER_NADAM,
                        .blend = (float)average_blend(o)};
}

void tdrop_optimizer_step(tdrop_optimizer *optimizer, double learning_rate,
                          const tdrop_pass_kernels *pass, const tdrop_parallel *parallel) {
    const tdrop_optimizer_options *options = &optimizer->options;
    step_job job = {.optimizer = optimizer, .pass = pass, .shrink = 1.0f};
    optimizer->steps++;
    optimizer->power1 *= beta1;
    optimizer->power2 *= beta2_of(options->kind);
    job.adam = numbers_of_step(optimizer, learning_rate);
    if (options->kind == TDROP_OPTIMIZER_ADAMW && options->arch && options->weight_decay > 0.0)
        job.shrink = (float)(1.0 - learning_rate * options->weight_decay);
    job.shorten = find_shortening(&job, parallel);
    tdrop_run_tasks(parallel, parts_of(optimizer->count), step_part, &job);
}
