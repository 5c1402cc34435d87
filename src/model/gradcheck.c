/* SPDX-License-Identifier: MIT
 * Gradients against numeric ones: the same network, walked plainly in double by the reference
 * function of each op. */
#include "base/error.h"
#include "base/memory.h"
#include "model/runner.h"

#include <math.h>
#include <string.h>

/* Of HUBER: most differences lie on either side of it. */
#define DELTA 0.5

enum { PURPOSE_DATA = TDROP_PURPOSE_USER, PURPOSE_TARGET, PURPOSE_CONSTANT };

typedef struct check {
    tdrop_arch arch;
    size_t rows;
    const tdrop_loss_op *loss;
    tdrop_net *net;
    float *parameters, *gradient;
    float *input, *target;           /* [rows, inputs], [rows, target columns] */
    tdrop_row_result *results;       /* [rows] */
    double *wide_parameters;         /* the parameters in double */
    double *values[2];               /* a layer's input and output, [rows, its width] */
    size_t *kept;                    /* [rows] of the layer's input */
    int32_t *keep[TDROP_MOST_TAILS]; /* [rows] each, in one block that the first owns */
} check;

static void clear(check *c) {
    tdrop_net_destroy(c->net);
    tdrop_arch_clear(&c->arch);
    tdrop_free(c->parameters);
    tdrop_free(c->gradient);
    tdrop_free(c->input);
    tdrop_free(c->target);
    tdrop_free(c->wide_parameters);
    tdrop_free(c->results);
    tdrop_free(c->values[0]);
    tdrop_free(c->values[1]);
    tdrop_free(c->kept);
    tdrop_free(c->keep[0]);
}

static size_t widest(const tdrop_arch *arch) {
    size_t width = arch->inputs;
    for (size_t i = 0; i < arch->layer_count; i++)
        if (arch->layers[i].outputs > width) width = arch->layers[i].outputs;
    return width;
}

static tdrop_status allocate(check *c, tdrop_isa isa, tdrop_error *error) {
    const tdrop_arch *arch = &c->arch;
    c->parameters = tdrop_alloc(arch->parameters, sizeof *c->parameters);
    c->gradient = tdrop_alloc(arch->parameters, sizeof *c->gradient);
    c->wide_parameters = tdrop_alloc(arch->parameters, sizeof *c->wide_parameters);
    c->results = tdrop_alloc(c->rows, sizeof *c->results);
    c->input = tdrop_alloc(c->rows, arch->inputs * sizeof *c->input);
    c->target = tdrop_alloc(c->rows, arch->outputs * sizeof *c->target);
    c->values[0] = tdrop_alloc(c->rows, widest(arch) * sizeof *c->values[0]);
    c->values[1] = tdrop_alloc(c->rows, widest(arch) * sizeof *c->values[1]);
    c->kept = tdrop_alloc(c->rows, sizeof *c->kept);
    c->keep[0] = tdrop_alloc(c->rows, arch->tail_count * sizeof *c->keep[0]);
    if (!c->parameters || !c->gradient || !c->wide_parameters || !c->results || !c->input ||
        !c->target || !c->values[0] || !c->values[1] || !c->kept || !c->keep[0])
        return tdrop_fail_memory(error, "gradient check");
    tdrop_net_options options = {.max_rows = c->rows, .isa = isa, .gradient = c->gradient};
    return tdrop_net_create(&c->net, arch, &options, error);
}

static void draw_numbers(uint64_t seed, uint32_t purpose, size_t count, float *values) {
    tdrop_draw draw = {.seed = seed, .purpose = purpose};
    for (size_t i = 0; i < count; i++) {
        double u = 0.0;
        draw.first = (uint32_t)i;
        tdrop_uniform(&draw, 1, &u);
        values[i] = (float)(2.0 * u - 1.0);
    }
}

/* What begins at zero or one does not stay there. */
static void draw_parameters(check *c, uint64_t seed) {
    tdrop_arch_init(&c->arch, seed, c->parameters);
    for (size_t t = 0; t < c->arch.tensor_count; t++) {
        const tdrop_parameter *tensor = &c->arch.tensors[t];
        float *values = c->parameters + tensor->offset;
        if (!tensor->kind->begins_constant) continue;
        draw_numbers(seed + t, PURPOSE_CONSTANT, tensor->count, values);
        for (size_t i = 0; i < tensor->count; i++)
            values[i] = tensor->kind->first + 0.5f * values[i];
    }
}

/* Numbers in [-1, 1], or what the loss asks for: shares, classes. */
static void draw_targets(check *c, uint64_t seed) {
    const size_t columns = tdrop_loss_target_columns(c->loss, c->arch.outputs);
    draw_numbers(seed, PURPOSE_TARGET, c->rows * columns, c->target);
    for (size_t i = 0; i < c->rows * columns; i++) {
        const float share = 0.5f * (c->target[i] + 1.0f);
        if (c->loss->target_is_share) c->target[i] = share;
        if (c->loss->target_is_class)
            c->target[i] = floorf(share * 0.999f * (float)c->arch.outputs);
    }
}

/* Keeps from 0 to n in turn, so that both ends occur. */
static void draw_all(check *c, uint64_t seed) {
    draw_parameters(c, seed);
    draw_numbers(seed, PURPOSE_DATA, c->rows * c->arch.inputs, c->input);
    draw_targets(c, seed);
    for (size_t i = 0; i < c->arch.parameters; i++)
        c->wide_parameters[i] = c->parameters[i];
    for (uint32_t t = 0; t < c->arch.tail_count; t++) {
        tdrop_draw draw = {.seed = seed, .layer = t, .purpose = TDROP_PURPOSE_KEEP};
        uint64_t widths = c->arch.tails[t].features + 1;
        c->keep[t] = c->keep[0] + t * c->rows;
        for (size_t i = 0; i < c->rows; i++)
            c->keep[t][i] = (int32_t)tdrop_permute(&draw, widths, i % widths);
    }
}

static tdrop_status find_gradient(check *c, tdrop_error *error) {
    tdrop_net *net = c->net;
    if (tdrop_net_begin(net, c->rows, (const int32_t *const *)c->keep) ||
        tdrop_net_set_parameters(net, c->parameters, true))
        return tdrop_fail_memory(error, "gradient check");
    memcpy(tdrop_net_edge(net, 0), c->input, c->rows * c->arch.inputs * sizeof *c->input);
    tdrop_net_forward(net, 0, net->step_count);
    tdrop_loss(c->loss, DELTA, net->pass, NULL, c->rows, c->arch.outputs,
               tdrop_net_edge(net, net->step_count), c->target, c->results, true);
    tdrop_net_backward(net);
    return TDROP_OK;
}

/* The tail that what comes out of a layer meets before any layer that mixes columns; -1: none. */
static int tail_behind(const tdrop_arch *arch, const tdrop_arch_layer *layer) {
    const tdrop_arch_layer *end = arch->layers + arch->layer_count;
    while (++layer < end && layer->op->keep_passes)
        if (layer->op->is_tail) return layer->tail + 1;
    return -1;
}

/* How much each row keeps behind a layer: behind one that mixes columns everything, or what a tail
 * keeps that comes next; behind any other what it kept before. */
static void note_kept(check *c, const tdrop_arch_layer *layer) {
    const int tail = tail_behind(&c->arch, layer);
    for (size_t i = 0; !layer->op->keep_passes && i < c->rows; i++)
        c->kept[i] = tail < 0 ? layer->outputs : (size_t)c->keep[tail][i];
}

/* A layer of all rows: values[0] to values[1]. What is dropped is zero behind the tail, and nothing
 * asks for it before. */
static void reference_layer(check *c, const tdrop_arch_layer *layer) {
    tdrop_reference r = {.net = c->net, .layer = layer, .rows = c->rows, .keep = c->kept};
    for (size_t t = 0; t < layer->op->tensors; t++)
        r.tensor[t] = c->wide_parameters + c->arch.tensors[layer->first_tensor + t].offset;
    layer->op->reference(&r, c->values[0], c->values[1]);
    note_kept(c, layer);
}

/* A mark of which relus are on, mixed over all rows: two losses on the same piece have the same. */
typedef struct reference_loss {
    double loss;
    uint64_t pieces;
} reference_loss;

static void note_piece(reference_loss *result, const tdrop_arch_layer *layer, size_t count,
                       const double *in) {
    for (size_t i = 0; layer->op->has_kink && i < count; i++)
        result->pieces = (result->pieces ^ (uint64_t)(in[i] > 0.0)) * 1099511628211u;
}

static reference_loss find_loss(check *c) {
    reference_loss result = {0.0, 14695981039346656037u};
    const tdrop_arch *arch = &c->arch;
    const size_t targets = tdrop_loss_target_columns(c->loss, arch->outputs);
    for (size_t i = 0; i < c->rows * arch->inputs; i++)
        c->values[0][i] = c->input[i];
    for (size_t i = 0; i < c->rows; i++)
        c->kept[i] = arch->inputs;
    for (size_t i = 0; i < arch->layer_count; i++) {
        note_piece(&result, &arch->layers[i], c->rows * arch->layers[i].inputs, c->values[0]);
        reference_layer(c, &arch->layers[i]);
        double *swap = c->values[0];
        c->values[0] = c->values[1];
        c->values[1] = swap;
    }
    for (size_t i = 0; i < c->rows; i++)
        result.loss += c->loss->reference(DELTA, arch->outputs, c->values[0] + i * arch->outputs,
                                          c->target + i * targets);
    result.loss /= (double)c->rows;
    return result;
}

/* Whether parameter i is learnt by gradient. */
static bool is_learnt(const tdrop_arch *arch, size_t i) {
    size_t t = 0;
    while (i >= arch->tensors[t].offset + arch->tensors[t].count)
        t++;
    return !arch->tensors[t].kind->is_statistic;
}

/* The largest difference over all parameters, as a share of the largest gradient. */
static double compare(check *c) {
    const double nudge = 1e-5;
    double worst = 0.0, largest = 0.0;
    for (size_t i = 0; i < c->arch.parameters; i++) {
        double *parameter = &c->wide_parameters[i], value = *parameter;
        if (!is_learnt(&c->arch, i)) continue;
        *parameter = value + nudge;
        reference_loss above = find_loss(c);
        *parameter = value - nudge;
        reference_loss below = find_loss(c);
        *parameter = value;
        if (above.pieces != below.pieces) continue;
        double numeric = (above.loss - below.loss) / (2.0 * nudge);
        double difference = fabs(numeric - (double)c->gradient[i]);
        if (!(difference <= worst)) worst = difference; /* NaN too */
        if (fabs(numeric) > largest) largest = fabs(numeric);
    }
    return largest > 0.0 ? worst / largest : worst;
}

tdrop_status tdrop_check_gradients(const char *arch, size_t columns, size_t rows,
                                   tdrop_loss_kind loss, uint64_t seed, tdrop_isa isa,
                                   double *worst, tdrop_error *error) {
    check c = {.rows = rows};
    if (!arch || !worst) return tdrop_fail(error, TDROP_ERROR_NULL, "no architecture or result");
    if (!rows || !columns) return tdrop_fail(error, TDROP_ERROR_SIZE, "no rows or no columns");
    if (!tdrop_loss_kind_name(loss)) return tdrop_fail(error, TDROP_ERROR_SIZE, "no such loss");
    c.loss = tdrop_loss_of(tdrop_loss_resolve(loss, TDROP_TASK_AUTOENCODE));
    tdrop_status status = tdrop_arch_parse(&c.arch, arch, columns, columns, false, error);
    if (!status) status = allocate(&c, isa, error);
    if (!status) {
        draw_all(&c, seed);
        status = find_gradient(&c, error);
    }
    if (!status) *worst = compare(&c);
    clear(&c);
    return status;
}
