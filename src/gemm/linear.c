/* SPDX-License-Identifier: MIT
 * The public face of the products: checks, packed weights, workspace. */
#include "gemm/linear.h"

#include "base/memory.h"
#include "base/parallel.h"
#include "base/sizes.h"
#include "gemm/gemm_dispatch.h"

#include <stdint.h>
#include <string.h>

enum { PACK_BOTH = TDROP_PACK_FORWARD | TDROP_PACK_BACKWARD };

/* Floats in what is asked for at a time. */
enum { FLOATS_PER_LINE = 16 };

/* Panels that hold so many columns. */
static size_t panels_of(const tdrop_linear *layer, size_t columns) {
    return tdrop_divide_up(columns, layer->kernels->nr);
}

tdrop_status tdrop_linear_create(tdrop_linear **layer, size_t inputs, size_t outputs,
                                 const tdrop_linear_options *options) {
    static const tdrop_linear_options defaults = {0};
    if (!layer) return TDROP_ERROR_NULL;
    if (!options) options = &defaults;
    if (options->reserved[0] || options->reserved[1]) return TDROP_ERROR_RESERVED;
    if (inputs == 0 || outputs == 0 || inputs > INT32_MAX || outputs > INT32_MAX)
        return TDROP_ERROR_SIZE;
    if ((unsigned)options->activation > TDROP_ACTIVATION_RELU) return TDROP_ERROR_SIZE;
    const tdrop_gemm_kernels *kernels = tdrop_gemm_kernels_for(options->isa);
    if (!kernels) return TDROP_ERROR_ISA;
    tdrop_linear *made = tdrop_alloc_zero(1, sizeof *made);
    if (!made) return TDROP_ERROR_MEMORY;
    *made = (tdrop_linear){.inputs = inputs,
                           .outputs = outputs,
                           .kernels = kernels,
                           .relu = options->activation == TDROP_ACTIVATION_RELU};
    made->bias = tdrop_alloc_zero(panels_of(made, outputs) * kernels->nr, sizeof *made->bias);
    if (!made->bias) {
        tdrop_linear_destroy(made);
        return TDROP_ERROR_MEMORY;
    }
    *layer = made;
    return TDROP_OK;
}

void tdrop_linear_destroy(tdrop_linear *layer) {
    if (!layer) return;
    tdrop_free(layer->forward);
    tdrop_free(layer->backward);
    tdrop_free(layer->bias);
    tdrop_free(layer);
}

/* Packing goes over W in blocks of nr by nr, each of which is read once for both packings; a task
 * is a few blocks side by side. */
enum { BLOCKS_PER_TASK = 8 };

typedef struct pack_job {
    const tdrop_linear *layer;
    const float *w;
    size_t w_stride;
    bool forward, backward;
    size_t tasks_across; /* tasks that a row of blocks is cut into */
} pack_job;

/* A block of W: so many rows from output on and columns from input on, both below nr. */
typedef struct weights_block {
    size_t output, rows, input, columns;
} weights_block;

/* Whole lines, which are few: a call for each would cost more than copying them does. */
static void copy_lines(float *to, const float *from, size_t floats) {
    for (size_t j = 0; j < floats; j += FLOATS_PER_LINE)
        memcpy(to + j, from + j, FLOATS_PER_LINE * sizeof *to);
}

/* Row r of the block goes to place r of the panel; the block behind is asked for. */
static void pack_backward(const pack_job *job, const weights_block *block) {
    const tdrop_linear *layer = job->layer;
    const size_t nr = layer->kernels->nr;
    const float *row = job->w + block->output * job->w_stride + block->input;
    const size_t behind = block->input + nr < layer->packed_inputs ? nr : 0;
    float *to = layer->backward + block->input * layer->outputs + block->output * nr;
    for (size_t r = 0; r < block->rows; r++, row += job->w_stride, to += nr) {
        for (size_t j = 0; j < block->columns; j += FLOATS_PER_LINE)
            __builtin_prefetch(row + behind + j);
        if (block->columns == nr) {
            copy_lines(to, row, nr);
        } else {
            memcpy(to, row, block->columns * sizeof *to);
            memset(to + block->columns, 0, (nr - block->columns) * sizeof *to);
        }
    }
}

static void pack_forward(const pack_job *job, const weights_block *block) {
    const tdrop_linear *layer = job->layer;
    const float *from = job->w + block->output * job->w_stride + block->input;
    float *panel = layer->forward + block->output * layer->inputs;
    layer->kernels->pack_transposed(block->rows, block->columns, from, job->w_stride,
                                    panel + block->input * layer->kernels->nr);
}

static void pack_task(void *arg, size_t index, unsigned worker) {
    const pack_job *job = arg;
    const tdrop_linear *layer = job->layer;
    const size_t nr = layer->kernels->nr, end = layer->packed_inputs;
    weights_block block = {.output = index / job->tasks_across * nr,
                           .input = index % job->tasks_across * BLOCKS_PER_TASK * nr};
    block.rows = tdrop_least(layer->outputs - block.output, nr);
    (void)worker;
    for (size_t i = 0; i < BLOCKS_PER_TASK && block.input < end; i++, block.input += nr) {
        block.columns = tdrop_least(layer->inputs - block.input, nr);
        if (job->backward) pack_backward(job, &block);
        if (job->forward) pack_forward(job, &block);
    }
}

static tdrop_status ensure_panels(const tdrop_linear *layer, float **panels, size_t columns,
                                  size_t inner) {
    size_t rows = panels_of(layer, columns) * layer->kernels->nr;
    if (*panels) return TDROP_OK;
    size_t count = 0;
    if (!tdrop_multiply(rows, inner, &count)) return TDROP_ERROR_OVERFLOW;
    *panels = tdrop_alloc(count, sizeof **panels);
    return *panels ? TDROP_OK : TDROP_ERROR_MEMORY;
}

static tdrop_status ensure_packings(tdrop_linear *layer, unsigned packings) {
    tdrop_status status = TDROP_OK;
    if (packings & TDROP_PACK_FORWARD)
        status = ensure_panels(layer, &layer->forward, layer->outputs, layer->inputs);
    if (!status && packings & TDROP_PACK_BACKWARD)
        status = ensure_panels(layer, &layer->backward, layer->inputs, layer->outputs);
    return status;
}

tdrop_status tdrop_linear_set_weights(tdrop_linear *layer, const float *w, size_t w_stride,
                                      const float *bias, unsigned packings,
                                      const tdrop_staircase *stairs,
                                      const tdrop_parallel *parallel) {
    if (!layer || !w) return TDROP_ERROR_NULL;
    if (w_stride < layer->inputs || !packings || packings & ~(unsigned)PACK_BOTH)
        return TDROP_ERROR_SIZE;
    if (stairs && !stairs->set) return TDROP_ERROR_ORDER;
    if (stairs && (stairs->inputs != layer->inputs || stairs->outputs != layer->outputs))
        return TDROP_ERROR_SIZE;
    tdrop_status status = ensure_packings(layer, packings);
    if (status) return status;
    layer->packed_inputs = stairs ? stairs->most_in : layer->inputs;
    layer->packed_outputs = stairs ? stairs->most_out : layer->outputs;
    pack_job job = {.layer = layer,
                    .w = w,
                    .w_stride = w_stride,
                    .forward = packings & TDROP_PACK_FORWARD,
                    .backward = packings & TDROP_PACK_BACKWARD};
    const size_t blocks_across = panels_of(layer, layer->packed_inputs);
    job.tasks_across = tdrop_divide_up(blocks_across, BLOCKS_PER_TASK);
    const size_t tasks = panels_of(layer, layer->packed_outputs) * job.tasks_across;
    tdrop_run_tasks(parallel, tasks, pack_task, &job);
    /* + 0 makes a bias of -0 a +0: added last, it then gives every empty sum the same zero. */
    for (size_t o = 0; o < layer->outputs; o++)
        layer->bias[o] = bias ? bias[o] + 0.0f : 0.0f;
    layer->packed = packings;
    return TDROP_OK;
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

size_t tdrop_linear_workspace(const tdrop_linear *layer, size_t rows, unsigned workers) {
    size_t inner = larger(layer->inputs, layer->outputs);
    size_t floats =
        larger(tdrop_rows_product_floats(layer->kernels, inner),
               tdrop_weights_product_floats(layer->kernels, rows, layer->inputs, layer->outputs));
    return (size_t)workers * floats * sizeof(float) + TDROP_ALIGNMENT;
}

static float *aligned_workspace(void *workspace) {
    return (float *)tdrop_round_up_aligned((uintptr_t)workspace);
}

/* The checks that the three products share, before any pointer is followed. */
static tdrop_status check_product(const tdrop_linear *layer, const tdrop_staircase *stairs,
                                  unsigned packing, void *workspace, size_t workspace_size,
                                  const tdrop_parallel *parallel) {
    if (!layer || !stairs) return TDROP_ERROR_NULL;
    if (!stairs->set || (layer->packed & packing) != packing) return TDROP_ERROR_ORDER;
    if (stairs->inputs != layer->inputs || stairs->outputs != layer->outputs)
        return TDROP_ERROR_SIZE;
    if (packing &&
        (stairs->most_in > layer->packed_inputs || stairs->most_out > layer->packed_outputs))
        return TDROP_ERROR_ORDER;
    if (stairs->rows == 0) return TDROP_OK;
    if (!workspace) return TDROP_ERROR_NULL;
    if (workspace_size < tdrop_linear_workspace(layer, stairs->rows, tdrop_workers(parallel)))
        return TDROP_ERROR_WORKSPACE;
    return TDROP_OK;
}

tdrop_status tdrop_linear_forward(const tdrop_linear *layer, const tdrop_staircase *stairs,
                                  const float *x, size_t x_stride, float *y, size_t y_stride,
                                  void *workspace, size_t workspace_size,
                                  const tdrop_parallel *parallel) {
    tdrop_status status =
        check_product(layer, stairs, TDROP_PACK_FORWARD, workspace, workspace_size, parallel);
    if (status || stairs->rows == 0) return status;
    if (!x || !y) return TDROP_ERROR_NULL;
    if (x_stride < layer->inputs || y_stride < layer->outputs) return TDROP_ERROR_SIZE;
    tdrop_rows_product product = {.kernels = layer->kernels,
                                  .rows = stairs->rows,
                                  .order = stairs->order,
                                  .inner = stairs->keep_in,
                                  .limit = stairs->keep_out,
                                  .inner_size = layer->inputs,
                                  .columns = layer->outputs,
                                  .a = x,
                                  .a_stride = x_stride,
                                  .panels = layer->forward,
                                  .bias = layer->bias,
                                  .relu = layer->relu,
                                  .c = y,
                                  .c_stride = y_stride,
                                  .workspace = aligned_workspace(workspace)};
    tdrop_rows_product_run(&product, parallel);
    return TDROP_OK;
}

tdrop_status tdrop_linear_backward_input(const tdrop_linear *layer, const tdrop_staircase *stairs,
                                         const float *dy, size_t dy_stride, const float *gate,
                                         float *dx, size_t dx_stride, void *workspace,
                                         size_t workspace_size, const tdrop_parallel *parallel) {
    tdrop_status status =
        check_product(layer, stairs, TDROP_PACK_BACKWARD, workspace, workspace_size, parallel);
    if (status || stairs->rows == 0) return status;
    if (!dy || !dx) return TDROP_ERROR_NULL;
    if (dy_stride < layer->outputs || dx_stride < layer->inputs) return TDROP_ERROR_SIZE;
    tdrop_rows_product product = {.kernels = layer->kernels,
                                  .rows = stairs->rows,
                                  .order = stairs->order,
                                  .inner = stairs->keep_out,
                                  .limit = stairs->keep_in,
                                  .inner_size = layer->outputs,
                                  .columns = layer->inputs,
                                  .a = dy,
                                  .a_stride = dy_stride,
                                  .panels = layer->backward,
                                  .gate = gate,
                                  .c = dx,
                                  .c_stride = dx_stride,
                                  .workspace = aligned_workspace(workspace)};
    tdrop_rows_product_run(&product, parallel);
    return TDROP_OK;
}

tdrop_status tdrop_linear_backward_weights(const tdrop_linear *layer, const tdrop_staircase *stairs,
                                           const float *dy, size_t dy_stride, const float *x,
                                           size_t x_stride, float *dw, size_t dw_stride, float *db,
                                           void *workspace, size_t workspace_size,
                                           const tdrop_parallel *parallel) {
    tdrop_status status = check_product(layer, stairs, 0, workspace, workspace_size, parallel);
    if (status) return status;
    if (!dw || (stairs->rows && (!dy || !x))) return TDROP_ERROR_NULL;
    if (dy_stride < layer->outputs || x_stride < layer->inputs || dw_stride < layer->inputs)
        return TDROP_ERROR_SIZE;
    tdrop_weights_product product = {.kernels = layer->kernels,
                                     .stairs = stairs,
                                     .dy = dy,
                                     .dy_stride = dy_stride,
                                     .x = x,
                                     .x_stride = x_stride,
                                     .dw = dw,
                                     .dw_stride = dw_stride,
                                     .db = db,
                                     .workspace = aligned_workspace(workspace)};
    tdrop_weights_product_run(&product, parallel);
    return TDROP_OK;
}
