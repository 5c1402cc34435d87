/* SPDX-License-Identifier: MIT */
#include "model/net.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "model/pass_dispatch.h"

/* The next layer that has a step of its own, from i on; layer_count when there is none. */
static size_t next_stepped(const tdrop_arch *arch, size_t i) {
    while (i < arch->layer_count && !arch->layers[i].op->forward)
        i++;
    return i;
}

static const tdrop_op *op_at(const tdrop_arch *arch, size_t i) {
    return i < arch->layer_count ? arch->layers[i].op : NULL;
}

/* Tails between layer `last`, whose output is the newest edge, and layer `next`. */
static void note_tails(tdrop_net *net, size_t last, size_t next) {
    for (size_t t = 0; t < net->arch->tail_count; t++)
        if (last < net->arch->tails[t].layer && net->arch->tails[t].layer < next)
            net->tail_edge[t] = net->step_count;
}

/* Layers to steps: which are fused, and where the tails fall. */
static void plan_steps(tdrop_net *net) {
    const tdrop_arch *arch = net->arch;
    size_t i = next_stepped(arch, 0);
    net->edges[0] = (tdrop_edge){.width = arch->inputs, .tail = -1};
    while (i < arch->layer_count) {
        tdrop_step *step = &net->steps[net->step_count];
        const tdrop_arch_layer *layer = &arch->layers[i];
        *step = (tdrop_step){.op = layer->op, .layer = layer, .edge = net->step_count};
        step->gate_input = net->step_count > 0 && step[-1].fused_relu;
        size_t next = next_stepped(arch, i + 1), after = next_stepped(arch, next + 1);
        /* Not across a tail: the code is what stands before the relu then. */
        step->fused_relu = next == i + 1 && layer->op == tdrop_op_linear &&
                           op_at(arch, next) == tdrop_op_relu &&
                           op_at(arch, after) == tdrop_op_linear;
        net->edges[++net->step_count] = (tdrop_edge){.width = layer->outputs, .tail = -1};
        size_t last = step->fused_relu ? next : i; /* layer whose output is the step's */
        i = step->fused_relu ? after : next;
        note_tails(net, last, i);
    }
}

/* A tail's edge, and those that lie beyond steps that let keep pass, hold kept columns only. */
static void spread_tail(tdrop_net *net, int tail) {
    size_t edge = net->tail_edge[tail];
    net->edges[edge].tail = tail;
    for (size_t s = edge; net->steps[s].op->keep_passes; s++)
        net->edges[s + 1].tail = tail;
    for (size_t s = edge; net->steps[s - 1].op->keep_passes; s--)
        net->edges[s - 1].tail = tail;
}

static tdrop_status create_linear(tdrop_net *net, tdrop_step *step,
                                  const tdrop_net_options *options) {
    tdrop_linear_options linear = {.isa = options->isa};
    if (step->fused_relu) linear.activation = TDROP_ACTIVATION_RELU;
    tdrop_status status =
        tdrop_linear_create(&step->linear, step->layer->inputs, step->layer->outputs, &linear);
    if (!status) status = tdrop_staircase_create(&step->stairs, net->max_rows);
    if (status) return status;
    size_t size =
        tdrop_linear_workspace(step->linear, net->max_rows, tdrop_workers(options->parallel));
    if (size > net->workspace_size) net->workspace_size = size;
    return TDROP_OK;
}

/* Where the gradient of each tensor of a step lies; those that its op has not stay NULL. */
static void place_gradients(const tdrop_net *net, tdrop_step *step, float *gradient) {
    float **const place[] = {&step->weight_gradient, &step->bias_gradient, &step->statistics};
    const tdrop_parameter *tensor = &net->arch->tensors[step->layer->first_tensor];
    for (size_t i = 0; i < step->op->tensors && i < sizeof place / sizeof *place; i++)
        *place[i] = gradient + tensor[i].offset;
}

/* What a step owns. */
static tdrop_status create_step(tdrop_net *net, tdrop_step *step,
                                const tdrop_net_options *options) {
    if (options->gradient) place_gradients(net, step, options->gradient);
    if (step->op->row_numbers) {
        step->row_numbers =
            tdrop_alloc(net->max_rows, step->op->row_numbers * sizeof *step->row_numbers);
        if (!step->row_numbers) return TDROP_ERROR_MEMORY;
    }
    if (step->op->column_numbers) {
        step->column_numbers = tdrop_alloc(step->layer->outputs,
                                           step->op->column_numbers * sizeof *step->column_numbers);
        if (!step->column_numbers) return TDROP_ERROR_MEMORY;
    }
    return step->op == tdrop_op_linear ? create_linear(net, step, options) : TDROP_OK;
}

/* One block for all edges. */
static tdrop_status allocate_values(tdrop_net *net) {
    size_t width = 0;
    for (size_t e = 0; e <= net->step_count; e++)
        width += net->edges[e].width;
    if (!(net->values = tdrop_alloc(net->max_rows, width * sizeof(float))))
        return TDROP_ERROR_MEMORY;
    float *next = net->values;
    for (size_t e = 0; e <= net->step_count; e++) {
        net->edges[e].values = next;
        next += net->max_rows * net->edges[e].width;
    }
    return TDROP_OK;
}

static tdrop_status build(tdrop_net *net, const tdrop_net_options *options) {
    tdrop_status status = TDROP_OK;
    net->steps = tdrop_alloc_zero(net->arch->layer_count, sizeof *net->steps);
    net->edges = tdrop_alloc_zero(net->arch->layer_count + 1, sizeof *net->edges);
    if (!net->steps || !net->edges) return TDROP_ERROR_MEMORY;
    plan_steps(net);
    for (size_t t = 0; t < net->arch->tail_count; t++)
        spread_tail(net, (int)t);
    for (size_t s = 0; s < net->step_count && !status; s++)
        status = create_step(net, &net->steps[s], options);
    if (!status) status = allocate_values(net);
    if (!status && !(net->workspace = tdrop_alloc(net->workspace_size, 1)))
        status = TDROP_ERROR_MEMORY;
    return status;
}

tdrop_status tdrop_net_create(tdrop_net **net, const tdrop_arch *arch,
                              const tdrop_net_options *options, tdrop_error *error) {
    const tdrop_pass_kernels *pass = tdrop_pass_kernels_for(options->isa);
    if (!tdrop_isa_name(options->isa))
        return tdrop_fail(error, TDROP_ERROR_ISA, "no instruction set number %d",
                          (int)options->isa);
    if (!pass)
        return tdrop_fail(error, TDROP_ERROR_ISA, "this processor does not run %s",
                          tdrop_isa_name(options->isa));
    tdrop_net *made = tdrop_alloc_zero(1, sizeof *made);
    if (!made) return tdrop_fail_memory(error, "network");
    made->arch = arch;
    made->parallel = options->parallel;
    made->pass = pass;
    made->max_rows = options->max_rows;
    tdrop_status status = build(made, options);
    if (status) {
        tdrop_net_destroy(made);
        return tdrop_fail_memory(error, "network");
    }
    *net = made;
    return TDROP_OK;
}

void tdrop_net_destroy(tdrop_net *net) {
    if (!net) return;
    for (size_t s = 0; s < net->step_count; s++) {
        tdrop_linear_destroy(net->steps[s].linear);
        tdrop_staircase_destroy(net->steps[s].stairs);
        tdrop_free(net->steps[s].row_numbers);
        tdrop_free(net->steps[s].column_numbers);
    }
    tdrop_free(net->steps);
    tdrop_free(net->edges);
    tdrop_free(net->values);
    tdrop_free(net->workspace);
    tdrop_free(net);
}

tdrop_status tdrop_net_set_parameters(tdrop_net *net, const float *parameters, bool training) {
    tdrop_status status = TDROP_OK;
    net->parameters = parameters;
    net->training = training;
    for (size_t s = 0; s < net->step_count && !status; s++) {
        const tdrop_step *step = &net->steps[s];
        const tdrop_parameter *tensor = &net->arch->tensors[step->layer->first_tensor];
        if (!step->linear) continue;
        status = tdrop_linear_set_weights(step->linear, parameters + tensor[0].offset,
                                          step->layer->inputs, parameters + tensor[1].offset,
                                          training ? TDROP_PACK_AS_USED : TDROP_PACK_FORWARD, NULL,
                                          net->parallel);
    }
    return status;
}

static const int32_t *keep_at(const tdrop_net *net, const tdrop_edge *edge) {
    return edge->tail < 0 ? NULL : net->keep[edge->tail];
}

tdrop_status tdrop_net_begin(tdrop_net *net, size_t rows, const int32_t *const *keep) {
    tdrop_status status = TDROP_OK;
    net->rows = rows;
    for (size_t t = 0; t < net->arch->tail_count; t++) {
        net->keep[t] = keep ? keep[t] : NULL;
        net->kept[t] = net->arch->tails[t].features;
    }
    for (size_t s = 0; s < net->step_count && !status; s++) {
        const tdrop_step *step = &net->steps[s];
        const tdrop_edge *from = &net->edges[step->edge], *to = from + 1;
        if (step->linear)
            status = tdrop_staircase_set(step->stairs, rows, from->width, keep_at(net, from),
                                         to->width, keep_at(net, to));
    }
    return status;
}

void tdrop_net_place(tdrop_net *net, const tdrop_draw *draw) {
    net->place.seed = draw->seed;
    net->place.step = draw->step;
    net->place.first = draw->first;
}

float *tdrop_net_edge(const tdrop_net *net, size_t edge) {
    return net->edges[edge].values;
}

void tdrop_net_forward(tdrop_net *net, size_t from_edge, size_t to_edge) {
    for (size_t s = from_edge; s < to_edge; s++)
        net->steps[s].op->forward(net, &net->steps[s]);
}

void tdrop_net_backward(tdrop_net *net) {
    for (size_t s = net->step_count; s-- > 0;)
        net->steps[s].op->backward(net, &net->steps[s]);
}
