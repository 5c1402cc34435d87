/* SPDX-License-Identifier: MIT */
#include "model/centering.h"

#include "base/elementary.h"
#include "base/memory.h"

#include <string.h>

/* The mean of the training rows as the network sees them. */
static tdrop_status find_mean(tdrop_centering *c, const tdrop_feed *feed,
                              const tdrop_split *split) {
    double *buffer = tdrop_alloc(tdrop_encoder_buffer(feed->encoder), sizeof *buffer);
    float *row = tdrop_alloc(c->inputs, sizeof *row);
    for (size_t i = 0; buffer && row && i < split->train_count; i++) {
        tdrop_encoder_row(feed->encoder, split->train[i], buffer, row, NULL);
        for (size_t j = 0; j < c->inputs; j++)
            c->mean[j] += row[j];
    }
    for (size_t j = 0; j < c->inputs; j++)
        c->mean[j] /= (double)split->train_count;
    tdrop_status status = buffer && row ? TDROP_OK : TDROP_ERROR_MEMORY;
    tdrop_free(buffer);
    tdrop_free(row);
    return status;
}

tdrop_status tdrop_centering_create(tdrop_centering *centering, const tdrop_arch *arch,
                                    const tdrop_feed *feed, const tdrop_split *split, bool wanted) {
    const tdrop_arch_layer *first = &arch->layers[0], *last = &arch->layers[arch->layer_count - 1];
    tdrop_centering made = {0};
    if (wanted && first->op == tdrop_op_linear) {
        made.inputs = first->inputs;
        made.outputs = first->outputs;
        made.weight_offset = arch->tensors[first->first_tensor].offset;
        made.bias_offset = arch->tensors[first->first_tensor + 1].offset;
        made.has_last_bias = last->op == tdrop_op_linear && feed->task == TDROP_TASK_AUTOENCODE;
        made.outputs_are_logits = feed->loss == TDROP_LOSS_BINARY;
        if (made.has_last_bias)
            made.last_bias_offset = arch->tensors[last->first_tensor + 1].offset;
        made.mean = tdrop_alloc_zero(made.inputs, sizeof *made.mean);
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

/* b += sign W m. */
static void move_bias(const tdrop_centering *c, float *parameters, double sign) {
    float *bias = parameters + c->bias_offset;
    const float *weight = parameters + c->weight_offset;
    for (size_t o = 0; o < c->outputs; o++, weight += c->inputs) {
        double at_mean = 0.0;
        for (size_t j = 0; j < c->inputs; j++)
            at_mean += weight[j] * c->mean[j];
        bias[o] = (float)(bias[o] + sign * at_mean);
    }
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

void tdrop_centering_turn(const tdrop_centering *c, float *gradient) {
    float *weight = gradient + c->weight_offset;
    const float *bias = gradient + c->bias_offset;
    for (size_t o = 0; o < c->outputs; o++, weight += c->inputs)
        for (size_t j = 0; j < c->inputs; j++)
            weight[j] = (float)(weight[j] - bias[o] * c->mean[j]);
}
