/* SPDX-License-Identifier: MIT */
#include "model/optimizer.h"

#include "base/memory.h"
#include "base/parallel.h"

#include <string.h>

static const double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;

/* Parameters in one task: their seven streams fit the second-level cache. */
enum { PART = 16384 };

tdrop_status tdrop_optimizer_create(tdrop_optimizer *optimizer, size_t count,
                                    double average_decay) {
    size_t vectors = average_decay > 0.0 ? 5 : 4;
    float *block = tdrop_alloc_zero(count, vectors * sizeof *block);
    if (!block) return TDROP_ERROR_MEMORY;
    *optimizer = (tdrop_optimizer){.count = count,
                                   .power1 = 1.0,
                                   .power2 = 1.0,
                                   .average_decay = average_decay,
                                   .parameters = block,
                                   .gradient = block + count,
                                   .moment1 = block + 2 * count,
                                   .moment2 = block + 3 * count,
                                   .average = vectors == 5 ? block + 4 * count : block,
                                   .block = block};
    return TDROP_OK;
}

void tdrop_optimizer_clear(tdrop_optimizer *optimizer) {
    tdrop_free(optimizer->block);
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
} step_job;

static void step_part(void *arg, size_t index, unsigned worker) {
    const step_job *job = arg;
    const tdrop_optimizer *o = job->optimizer;
    size_t first = index * PART, count = o->count - first < PART ? o->count - first : PART;
    float *average = o->average == o->parameters ? NULL : o->average + first;
    (void)worker;
    job->pass->adam(&job->adam, count, o->gradient + first, o->moment1 + first, o->moment2 + first,
                    o->parameters + first, average);
}

/* Early on the average follows closely: the first values should not linger in it. */
static double average_blend(const tdrop_optimizer *o) {
    double early = (1.0 + (double)o->steps) / (10.0 + (double)o->steps);
    return 1.0 - (early < o->average_decay ? early : o->average_decay);
}

void tdrop_optimizer_step(tdrop_optimizer *optimizer, double learning_rate,
                          const tdrop_pass_kernels *pass, const tdrop_parallel *parallel) {
    optimizer->steps++;
    optimizer->power1 *= beta1;
    optimizer->power2 *= beta2;
    step_job job = {.optimizer = optimizer, .pass = pass};
    job.adam = (tdrop_adam){.beta1 = (float)beta1,
                            .beta2 = (float)beta2,
                            .rate = (float)(learning_rate / (1.0 - optimizer->power1)),
                            .correct = (float)(1.0 / (1.0 - optimizer->power2)),
                            .epsilon = (float)epsilon,
                            .blend = (float)average_blend(optimizer)};
    tdrop_run_tasks(parallel, (optimizer->count + PART - 1) / PART, step_part, &job);
}
