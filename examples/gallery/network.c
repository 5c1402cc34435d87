/* SPDX-License-Identifier: MIT
 * A training loop of one's own on taildropout.h alone. */
#include "network.h"

#include "experiment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct network_layer {
    size_t inputs, outputs;
    float *w, *b, *dw, *db; /* parts of the flat vectors below */
    float *out, *dout;      /* [rows, outputs]: after activation and dropping; gradient before */
    tdrop_linear *linear;
    tdrop_staircase *stairs;
} network_layer;

struct network {
    network_options options;
    network_layer layer[NETWORK_MOST_LAYERS];
    size_t parameters, n;
    uint32_t steps, epochs;
    float *weights, *gradient, *mean, *square;
    double decay1, decay2; /* powers of Adam's decays */
    tdrop_law *law;
    int32_t *keep;
    float *factor; /* [rows, n]: what ordinary dropout multiplies each feature by */
    double *u, gain;
    float *x, *target; /* a batch, gathered */
    void *workspace;
    size_t workspace_size;
};

/* e^v = 2^i e^r for |v| <= 80, the second by its series: no libm, so the same everywhere. */
static float exponential(float v) {
    const float bounded = v < -80 ? -80 : v > 80 ? 80 : v;
    const int32_t i = (int32_t)(bounded * 1.44269504f + (bounded < 0 ? -0.5f : 0.5f));
    const float r = bounded - (float)i * 0.693359375f + (float)i * 2.12194440e-4f;
    const float series =
        1 + r * (1 + r * (0.5f + r * (1 / 6.0f + r * (1 / 24.0f + r * (1 / 120.0f + r / 720)))));
    const int32_t bits = (i + 127) * (1 << 23);
    float power;
    memcpy(&power, &bits, sizeof power);
    return power * series;
}

static float hyperbolic_tangent(float v) {
    return 1 - 2 / (1 + exponential(2 * v));
}

static size_t outputs_of(const network *net) {
    return net->layer[net->options.layers - 1].outputs;
}

/* ------------------------------------------------------------------------------------------------
 * Making one
 */

static void create_layer(network *net, size_t l, size_t inputs, size_t first) {
    network_layer *layer = &net->layer[l];
    const network_options *options = &net->options;
    const size_t outputs = options->outputs[l], rows = options->most_rows;
    const int relu = options->shape[l] == ACTIVATION_RELU;
    *layer = (network_layer){.inputs = inputs, .outputs = outputs};
    layer->w = net->weights + first, layer->b = layer->w + inputs * outputs;
    layer->dw = net->gradient + first, layer->db = layer->dw + inputs * outputs;
    layer->out = experiment_memory(rows * outputs, sizeof(float));
    layer->dout = experiment_memory(rows * outputs, sizeof(float));
    CHECK(tdrop_linear_create(&layer->linear, inputs, outputs,
                              &(tdrop_linear_options){.activation = relu}));
    CHECK(tdrop_staircase_create(&layer->stairs, rows));
    const size_t workspace = tdrop_linear_workspace(layer->linear, rows, 1);
    if (workspace > net->workspace_size) net->workspace_size = workspace;

    /* He's uniform start before a relu, Glorot's otherwise; the bias starts at 0. */
    const double reach = sqrt(relu ? 6.0 / (double)inputs : 6.0 / (double)(inputs + outputs));
    double *u = experiment_memory(inputs * outputs, sizeof *u);
    const tdrop_draw draw = {
        .seed = options->seed, .layer = (uint32_t)l, .purpose = TDROP_PURPOSE_INIT};
    CHECK(tdrop_uniform(&draw, inputs * outputs, u));
    for (size_t i = 0; i < inputs * outputs; i++)
        layer->w[i] = (float)(reach * (2 * u[i] - 1));
    free(u);
}

static void pack(network *net) {
    for (size_t l = 0; l < net->options.layers; l++)
        CHECK(tdrop_linear_set_weights(net->layer[l].linear, net->layer[l].w, net->layer[l].inputs,
                                       net->layer[l].b, TDROP_PACK_AS_USED, NULL, NULL));
}

static void create_dropping(network *net) {
    const network_options *options = &net->options;
    const size_t rows = options->most_rows, n = net->n;
    net->keep = experiment_memory(rows, sizeof *net->keep);
    net->factor = experiment_memory(rows * n, sizeof *net->factor);
    net->u = experiment_memory(rows * n, sizeof *net->u);
    net->x = experiment_memory(rows * options->inputs, sizeof *net->x);
    net->target = experiment_memory(rows * outputs_of(net), sizeof *net->target);
    net->workspace = experiment_memory(net->workspace_size, 1);
    net->gain = 1;
    if (options->kind == DROP_TAIL) CHECK(tdrop_law_create(&net->law, n, &options->law));
}

network *network_create(const network_options *options) {
    network *net = experiment_memory(1, sizeof *net);
    net->options = *options;
    net->n = options->outputs[options->dropped];
    size_t inputs = options->inputs;
    for (size_t l = 0; l < options->layers; inputs = options->outputs[l++])
        net->parameters += (inputs + 1) * options->outputs[l];
    net->weights = experiment_memory(net->parameters, sizeof(float));
    net->gradient = experiment_memory(net->parameters, sizeof(float));
    net->mean = experiment_memory(net->parameters, sizeof(float));
    net->square = experiment_memory(net->parameters, sizeof(float));
    net->decay1 = net->decay2 = 1;
    size_t first = 0;
    inputs = options->inputs;
    for (size_t l = 0; l < options->layers; inputs = options->outputs[l++]) {
        create_layer(net, l, inputs, first);
        first += (inputs + 1) * options->outputs[l];
    }
    create_dropping(net);
    pack(net);
    return net;
}

void network_destroy(network *net) {
    for (size_t l = 0; l < net->options.layers; l++) {
        free(net->layer[l].out), free(net->layer[l].dout);
        tdrop_linear_destroy(net->layer[l].linear);
        tdrop_staircase_destroy(net->layer[l].stairs);
    }
    tdrop_law_destroy(net->law);
    free(net->weights), free(net->gradient), free(net->mean), free(net->square);
    free(net->keep), free(net->factor), free(net->u), free(net->x), free(net->target);
    free(net->workspace);
    free(net);
}

/* ------------------------------------------------------------------------------------------------
 * Forward
 */

/* tanh, and ordinary dropout's factors, on the outputs that are there. */
static void finish_layer(network *net, size_t l, size_t rows, const int32_t *keep,
                         const float *factor) {
    const network_layer *layer = &net->layer[l];
    for (size_t i = 0; i < rows; i++) {
        float *out = layer->out + i * layer->outputs;
        const size_t kept = keep ? (size_t)keep[i] : layer->outputs;
        if (net->options.shape[l] == ACTIVATION_TANH)
            for (size_t j = 0; j < kept; j++)
                out[j] = hyperbolic_tangent(out[j]);
        if (factor)
            for (size_t j = 0; j < kept; j++)
                out[j] *= factor[i * layer->outputs + j];
    }
}

static void forward(network *net, const float *x, size_t rows, const int32_t *keep,
                    const float *factor) {
    const size_t dropped = net->options.dropped;
    for (size_t l = 0; l < net->options.layers; l++) {
        network_layer *layer = &net->layer[l];
        const int32_t *keep_in = l == dropped + 1 ? keep : NULL;
        const int32_t *keep_out = l == dropped ? keep : NULL;
        CHECK(tdrop_staircase_set(layer->stairs, rows, layer->inputs, keep_in, layer->outputs,
                                  keep_out));
        CHECK(tdrop_linear_forward(layer->linear, layer->stairs, l ? layer[-1].out : x,
                                   layer->inputs, layer->out, layer->outputs, net->workspace,
                                   net->workspace_size, NULL));
        finish_layer(net, l, rows, keep_out, l == dropped ? factor : NULL);
    }
}

/* ------------------------------------------------------------------------------------------------
 * Losses, and their gradients at the last layer
 */

static double squared_error(size_t outputs, const float *y, const float *target, double share,
                            float *dy) {
    double loss = 0;
    for (size_t j = 0; j < outputs; j++) {
        const double difference = (double)y[j] - (double)target[j];
        loss += difference * difference / (double)outputs;
        dy[j] = (float)(2 * difference * share / (double)outputs);
    }
    return loss;
}

static double cross_entropy(size_t outputs, const float *y, const float *target, double share,
                            float *dy) {
    const size_t class = (size_t)*target;
    float highest = y[0], sum = 0;
    for (size_t j = 1; j < outputs; j++)
        highest = y[j] > highest ? y[j] : highest;
    for (size_t j = 0; j < outputs; j++)
        sum += dy[j] = exponential(y[j] - highest);
    for (size_t j = 0; j < outputs; j++)
        dy[j] = (float)share * (dy[j] / sum - (j == class ? 1.0f : 0.0f));
    return log((double)sum) - (double)(y[class] - highest); /* libm's: it is only reported */
}

static size_t target_width(const network *net) {
    return net->options.loss == LOSS_CROSS_ENTROPY ? 1 : outputs_of(net);
}

/* The sum over rows of the losses; the gradient of their mean goes to the last layer's dout. */
static double losses(network *net, const float *target, size_t rows) {
    const network_layer *last = &net->layer[net->options.layers - 1];
    const size_t outputs = last->outputs, width = target_width(net);
    double sum = 0;
    for (size_t i = 0; i < rows; i++)
        sum += (net->options.loss == LOSS_CROSS_ENTROPY ? cross_entropy : squared_error)(
            outputs, last->out + i * outputs, target + i * width, 1 / (double)rows,
            last->dout + i * outputs);
    return sum;
}

/* ------------------------------------------------------------------------------------------------
 * Backward
 */

/* From the gradient at a layer's output to that before its dropping and tanh; a relu is seen to by
 * the product. */
static void unfinish_layer(network *net, size_t l, size_t rows, const int32_t *keep,
                           const float *factor) {
    const network_layer *layer = &net->layer[l];
    for (size_t i = 0; i < rows; i++) {
        const size_t kept = keep ? (size_t)keep[i] : layer->outputs, row = i * layer->outputs;
        float *dout = layer->dout + row;
        const float *out = layer->out + row;
        if (net->options.shape[l] == ACTIVATION_TANH)
            for (size_t j = 0; j < kept; j++) {
                const float scale = factor ? factor[row + j] : 1;
                const float t = scale > 0 ? out[j] / scale : 0;
                dout[j] *= 1 - t * t;
            }
        if (factor)
            for (size_t j = 0; j < kept; j++)
                dout[j] *= factor[row + j];
    }
}

static void backward(network *net, const float *x, size_t rows, const int32_t *keep,
                     const float *factor) {
    const size_t dropped = net->options.dropped;
    for (size_t l = net->options.layers; l-- > 0;) {
        network_layer *layer = &net->layer[l];
        const float *in = l ? layer[-1].out : x;
        CHECK(tdrop_linear_backward_weights(
            layer->linear, layer->stairs, layer->dout, layer->outputs, in, layer->inputs, layer->dw,
            layer->inputs, layer->db, net->workspace, net->workspace_size, NULL));
        if (l == 0) break;
        const int relu = net->options.shape[l - 1] == ACTIVATION_RELU;
        CHECK(tdrop_linear_backward_input(layer->linear, layer->stairs, layer->dout, layer->outputs,
                                          relu ? in : NULL, layer[-1].dout, layer->inputs,
                                          net->workspace, net->workspace_size, NULL));
        const int at_tail = l - 1 == dropped;
        unfinish_layer(net, l - 1, rows, at_tail ? keep : NULL, at_tail ? factor : NULL);
    }
}

/* ------------------------------------------------------------------------------------------------
 * Training
 */

/* What this step drops: keeps, or factors of ordinary dropout, or nothing. */
static void draw_dropping(network *net, size_t rows, const int32_t **keep, const float **factor) {
    const network_options *options = &net->options;
    tdrop_draw draw = {.seed = options->seed, .step = net->steps, .batch = (uint32_t)rows};
    *keep = NULL, *factor = NULL;
    if (options->kind == DROP_TAIL) {
        CHECK(tdrop_law_draw(net->law, &draw, rows, net->keep));
        *keep = net->keep;
    } else if (options->kind == DROP_ORDINARY) {
        draw.batch = 0;
        CHECK(tdrop_uniform(&draw, rows * net->n, net->u));
        const double p = options->law.p;
        for (size_t i = 0; i < rows * net->n; i++)
            net->factor[i] = net->u[i] < p ? 0 : (float)(1 / (1 - p));
        *factor = net->factor;
    }
}

/* Adam (Kingma and Ba, arXiv:1412.6980) with its usual decays. */
static void descend(network *net, double rate) {
    net->decay1 *= 0.9, net->decay2 *= 0.999;
    const float pace = (float)(rate / (1 - net->decay1));
    const float scale = (float)(1 / sqrt(1 - net->decay2));
    for (size_t i = 0; i < net->parameters; i++) {
        const float g = net->gradient[i];
        net->mean[i] = 0.9f * net->mean[i] + 0.1f * g;
        net->square[i] = 0.999f * net->square[i] + 0.001f * g * g;
        net->weights[i] -= pace * net->mean[i] / (sqrtf(net->square[i]) * scale + 1e-8f);
    }
    pack(net);
}

double network_step(network *net, const samples *batch, double rate) {
    const int32_t *keep;
    const float *factor;
    draw_dropping(net, batch->rows, &keep, &factor);
    forward(net, batch->x, batch->rows, keep, factor);
    const double loss = losses(net, batch->target, batch->rows) / (double)batch->rows;
    backward(net, batch->x, batch->rows, keep, factor);
    descend(net, rate);
    net->steps++;
    return loss;
}

/* Rows first.. of this epoch's order, gathered. */
static samples gather(network *net, const samples *set, size_t first, size_t rows) {
    const size_t inputs = net->options.inputs, width = target_width(net);
    const tdrop_draw draw = {
        .seed = net->options.seed, .step = net->epochs, .purpose = TDROP_PURPOSE_SHUFFLE};
    for (size_t i = 0; i < rows; i++) {
        const size_t from = (size_t)tdrop_permute(&draw, set->rows, first + i);
        memcpy(net->x + i * inputs, set->x + from * inputs, inputs * sizeof(float));
        memcpy(net->target + i * width, set->target + from * width, width * sizeof(float));
    }
    return (samples){net->x, net->target, rows};
}

void network_train(network *net, const samples *set, size_t epochs, size_t batch, double rate) {
    const size_t each = set->rows / batch, steps = each * epochs, rise = steps / 10 + 1;
    for (size_t step = 0; step < steps; step++) {
        const double up = (double)(step + 1) / (double)rise;
        const double down = (double)(steps - step) / (double)(steps - rise + 1);
        const samples rows = gather(net, set, step % each * batch, batch);
        network_step(net, &rows, rate * (up < down ? up : down < 1 ? down : 1));
        if ((step + 1) % each == 0) net->epochs++;
    }
}

/* ------------------------------------------------------------------------------------------------
 * Use
 */

const float *network_run(network *net, const float *x, size_t rows, size_t k) {
    for (size_t i = 0; i < rows; i++)
        net->keep[i] = (int32_t)k;
    if (net->gain != 1)
        for (size_t i = 0; i < rows * net->n; i++)
            net->factor[i] = (float)net->gain;
    forward(net, x, rows, net->keep, net->gain != 1 ? net->factor : NULL);
    return net->layer[net->options.layers - 1].out;
}

const float *network_features(const network *net) {
    return net->layer[net->options.dropped].out;
}

double network_loss(network *net, const samples *set, size_t k, double *accuracy) {
    const size_t most = net->options.most_rows, width = target_width(net);
    const size_t outputs = outputs_of(net);
    double sum = 0;
    size_t right = 0;
    for (size_t first = 0; first < set->rows; first += most) {
        const size_t rows = set->rows - first < most ? set->rows - first : most;
        const float *y = network_run(net, set->x + first * net->options.inputs, rows, k);
        const float *target = set->target + first * width;
        sum += losses(net, target, rows);
        for (size_t i = 0; accuracy && i < rows; i++, y += outputs) {
            size_t best = 0;
            for (size_t j = 1; j < outputs; j++)
                best = y[j] > y[best] ? j : best;
            right += (float)best == target[i];
        }
    }
    if (accuracy) *accuracy = (double)right / (double)set->rows;
    return sum / (double)set->rows;
}

const float *network_weights(const network *net, size_t layer, const float **bias) {
    if (bias) *bias = net->layer[layer].b;
    return net->layer[layer].w;
}

void network_set_gain(network *net, double gain) {
    net->gain = gain;
}
