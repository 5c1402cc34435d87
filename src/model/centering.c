/* SPDX-License-Identifier: MIT */
#include "model/centering.h"

#include "base/elementary.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/sizes.h"

#include <string.h>

/* The mean of the training rows as the network sees them. */
static tdrop_status find_mean(tdrop_centering *c, const tdrop_feed *feed,
                              const tdrop_split *split) {
    double *buffer = tdrop_alloc(tdrop_encoder_buffer(feed->encoder), sizeof *buffer);
    float *row = tdrop_alloc(c->inputs, sizeof *row);
    const bool room = buffer && row;
    if (room)
        tdrop_encoder_mean(feed->encoder, split->train, split->train_count, buffer, row, c->mean);
    tdrop_free(buffer);
    tdrop_free(row);
    return room ? TDROP_OK : TDROP_ERROR_MEMORY;
}

tdrop_status tdrop_centering_create(tdrop_centering *centering, const tdrop_arch *arch,
                                    const tdrop_feed *feed, const tdrop_split *split, bool wanted,
                                    const tdrop_parallel *parallel) {
    const tdrop_arch_layer *first = &arch->layers[0], *last = &arch->layers[arch->layer_count - 1];
    tdrop_centering made = {.parallel = parallel};
    if (wanted && first->op == tdrop_op_linear) {
        made.inputs = first->inputs;
        made.outputs = first->outputs;
        made.weight_offset = arch->tensors[first->first_tensor].offset;
        made.bias_offset = arch->tensors[first->first_tensor + 1].offset;
        made.has_last_bias = last->op == tdrop_op_linear && feed->task == TDROP_TASK_AUTOENCODE;
        made.outputs_are_logits = feed->loss == TDROP_LOSS_BINARY;
        if (made.has_last_bias)
            made.last_bias_offset = arch->tensors[last->first_tensor + 1].offset;
        made.mean = tdrop_alloc(made.inputs, sizeof *made.mean);
        made.bias = tdrop_alloc(made.outputs, sizeof *made.bias);
        if (!made.mean || !made.bias || find_mean(&made, feed, split)) {
            tdrop_centering_clear(&made);
            return TDROP_ERROR_MEMORY;
        }
    }
    *centering = made;
    return TDROP_OK;
}

void tdrop_centering_clear(tdrop_centering *centering) {
    tdrop_free(centering->mean);
    tdrop_free(centering->bias);
    *centering = (tdrop_centering){0};
}

/* Of a column that is always 0 or 1 it is not infinite. */
static double logit(double share) {
    const double least = 1e-3, inner = share < least ? least : share;
    const double within = inner > 1.0 - least ? 1.0 - least : inner;
    return tdrop_log(within / (1.0 - within));
}

void tdrop_centering_start(const tdrop_centering *c, float *parameters) {
    for (size_t j = 0; c->has_last_bias && j < c->inputs; j++)
        parameters[c->last_bias_offset + j] +=
            (float)(c->outputs_are_logits ? logit(c->mean[j]) : c->mean[j]);
}

/* Both passes over W go a task of outputs after the other, each sum by itself; several sums side by
 * side, since an addition has to wait for the one before it in its sum. */
enum { OUTPUTS_PER_TASK = 16, SUMS = 4 };

typedef struct centering_pass {
    const tdrop_centering *centering;
    float *values; /* parameters, or a gradient */
    double sign;
    const tdrop_pass_kernels *kernels;
} centering_pass;

static size_t task_count(const tdrop_centering *c) {
    return tdrop_divide_up(c->outputs, OUTPUTS_PER_TASK);
}

/* W m of up to SUMS outputs; what is behind the last of them is that of the last again. */
static void multiply_mean(const tdrop_centering *c, const float *weight, size_t outputs,
                          double sum[SUMS]) {
    const float *row[SUMS];
    for (size_t s = 0; s < SUMS; s++) {
        row[s] = weight + tdrop_least(s, outputs - 1) * c->inputs;
        sum[s] = 0.0;
    }
    for (size_t j = 0; j < c->inputs; j++)
        for (size_t s = 0; s < SUMS; s++)
            sum[s] += row[s][j] * c->mean[j];
}

static void move_biases(void *arg, size_t index, unsigned worker) {
    const centering_pass *pass = arg;
    const tdrop_centering *c = pass->centering;
    const float *weight = pass->values + c->weight_offset;
    float *bias = pass->values + c->bias_offset;
    const size_t end = tdrop_least((index + 1) * OUTPUTS_PER_TASK, c->outputs);
    (void)worker;
    for (size_t o = index * OUTPUTS_PER_TASK, count; o < end; o += count) {
        double at_mean[SUMS];
        count = tdrop_least(end - o, SUMS);
        multiply_mean(c, weight + o * c->inputs, count, at_mean);
        for (size_t s = 0; s < count; s++)
            bias[o + s] = (float)(bias[o + s] + pass->sign * at_mean[s]);
    }
}

/* b += sign W m. */
static void move_bias(const tdrop_centering *c, float *parameters, double sign) {
    centering_pass pass = {.centering = c, .values = parameters, .sign = sign};
    tdrop_run_tasks(c->parallel, task_count(c), move_biases, &pass);
}

void tdrop_centering_take(const tdrop_centering *c, float *parameters) {
    if (c->inputs) move_bias(c, parameters, 1.0);
}

void tdrop_centering_show(const tdrop_centering *c, float *parameters) {
    if (!c->inputs) return;
    memcpy(c->bias, parameters + c->bias_offset, c->outputs * sizeof *c->bias);
    move_bias(c, parameters, -1.0);
}

void tdrop_centering_hide(const tdrop_centering *c, float *parameters) {
    if (c->inputs) memcpy(parameters + c->bias_offset, c->bias, c->outputs * sizeof *c->bias);
}

static void turn_gradients(void *arg, size_t index, unsigned worker) {
    const centering_pass *pass = arg;
    const tdrop_centering *c = pass->centering;
    const float *bias = pass->values + c->bias_offset;
    const size_t end = tdrop_least((index + 1) * OUTPUTS_PER_TASK, c->outputs);
    (void)worker;
    for (size_t o = index * OUTPUTS_PER_TASK; o < end; o++) {
        float *weight = pass->values + c->weight_offset + o * c->inputs;
        pass->kernels->subtract_multiple(c->inputs, bias[o], c->mean, weight);
    }
}

void tdrop_centering_turn(const tdrop_centering *c, const tdrop_pass_kernels *kernels,
                          float *gradient) {
    centering_pass pass = {.centering = c, .values = gradient, .kernels = kernels};
    if (c->inputs) tdrop_run_tasks(c->parallel, task_count(c), turn_gradients, &pass);
}
