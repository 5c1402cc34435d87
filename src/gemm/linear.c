/* SPDX-License-Identifier: MIT
 * The public face of the products: checks, packed weights, workspace. */
#include "gemm/linear.h"

#include "base/memory.h"
#include "base/parallel.h"
#include "base/sizes.h"
#include "gemm/gemm_dispatch.h"

#include <stdint.h>

enum { PACK_BOTH = TDROP_PACK_FORWARD | TDROP_PACK_BACKWARD };

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
    made->bias = tdrop_alloc_zero(tdrop_round_up(outputs, kernels->nr), sizeof *made->bias);
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

/* Panels in one task of packing. */
enum { PANELS_PER_TASK = 2 };

/* W as the weights of forward, whose columns are outputs, or of backward_input; of either so many
 * inner indices. */
static tdrop_panels panels_of(const tdrop_linear *layer, bool forward, size_t inner) {
    return (tdrop_panels){.kernels = layer->kernels,
                          .w = layer->w,
                          .w_stride = layer->w_stride,
                          .transposed = forward,
                          .columns = forward ? layer->outputs : layer->inputs,
                          .inner = inner};
}

/* One packing: all panels that hold the leading columns. */
typedef struct pack_job {
    tdrop_panels panels;
    size_t count;
    float *to;
} pack_job;

static void pack_task(void *arg, size_t index, unsigned worker) {
    const pack_job *job = arg;
    const size_t first = index * PANELS_PER_TASK,
                 floats = job->panels.inner * job->panels.kernels->nr;
    (void)worker;
    tdrop_panels_pack(&job->panels, first, tdrop_least(first + PANELS_PER_TASK, job->count),
                      job->to + first * floats);
}

static void pack(const tdrop_linear *layer, bool forward, const tdrop_parallel *parallel) {
    const size_t columns = forward ? layer->packed_outputs : layer->packed_inputs;
    const size_t inner = forward ? layer->packed_inputs : layer->packed_outputs;
    pack_job job = {.panels = panels_of(layer, forward, inner),
                    .count = tdrop_divide_up(columns, layer->kernels->nr),
                    .to = forward ? layer->forward : layer->backward};
    tdrop_run_tasks(parallel, tdrop_divide_up(job.count, PANELS_PER_TASK), pack_task, &job);
}

static tdrop_status ensure_panels(const tdrop_linear *layer, float **panels, size_t columns,
                                  size_t inner) {
    const size_t rows = tdrop_round_up(columns, layer->kernels->nr);
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

static bool packings_are_valid(unsigned packings) {
    return packings == TDROP_PACK_AS_USED || (packings && !(packings & ~(unsigned)PACK_BOTH));
}

tdrop_status tdrop_linear_set_weights(tdrop_linear *layer, const float *w, size_t w_stride,
                                      const float *bias, unsigned packings,
                                      const tdrop_staircase *stairs,
                                      const tdrop_parallel *parallel) {
    if (!layer || !w) return TDROP_ERROR_NULL;
    if (w_stride < layer->inputs || !packings_are_valid(packings)) return TDROP_ERROR_SIZE;
    if (stairs && !stairs->set) return TDROP_ERROR_ORDER;
    if (stairs && (stairs->inputs != layer->inputs || stairs->outputs != layer->outputs))
        return TDROP_ERROR_SIZE;
    tdrop_status status = ensure_packings(layer, packings);
    if (status) return status;
    const bool as_used = packings == TDROP_PACK_AS_USED;
    layer->packed = as_used ? PACK_BOTH : packings;
    layer->packed_inputs = stairs && !as_used ? stairs->most_in : layer->inputs;
    layer->packed_outputs = stairs && !as_used ? stairs->most_out : layer->outputs;
    layer->w = w;
    layer->w_stride = w_stride;
    if (packings & TDROP_PACK_FORWARD) pack(layer, true, parallel);
    if (packings & TDROP_PACK_BACKWARD) pack(layer, false, parallel);
    if (!as_used) layer->w = NULL;
    /* + 0 makes a bias of -0 a +0: added last, it then gives every empty sum the same zero. */
    for (size_t o = 0; o < layer->outputs; o++)
        layer->bias[o] = bias ? bias[o] + 0.0f : 0.0f;
    return TDROP_OK;
}

/* Floats of workspace that any product at so many rows gets for each worker. */
static size_t worker_floats(const tdrop_linear *layer, size_t rows) {
    return tdrop_most(
        tdrop_rows_product_floats(layer->kernels, tdrop_most(layer->inputs, layer->outputs)),
        tdrop_weights_product_floats(layer->kernels, rows, layer->inputs, layer->outputs));
}

size_t tdrop_linear_workspace(const tdrop_linear *layer, size_t rows, unsigned workers) {
    if (workers == 0) workers = 1; /* the caller's thread, see tdrop_parallel */
    return (size_t)workers * worker_floats(layer, rows) * sizeof(float) + TDROP_ALIGNMENT;
}

static float *aligned_workspace(void *workspace) {
    return (float *)tdrop_round_up((uintptr_t)workspace, TDROP_ALIGNMENT);
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

/* What forward and backward_input share: one product, with inputs and outputs exchanged. */
static tdrop_rows_product product_of(const tdrop_linear *layer, const tdrop_staircase *stairs,
                                     bool forward, void *workspace) {
    const bool as_used = layer->w != NULL;
    const size_t inputs = as_used ? stairs->most_in : layer->packed_inputs;
    const size_t outputs = as_used ? stairs->most_out : layer->packed_outputs;
    return (tdrop_rows_product){.rows = stairs->rows,
                                .order = stairs->order,
                                .inner = forward ? stairs->keep_in : stairs->keep_out,
                                .limit = forward ? stairs->keep_out : stairs->keep_in,
                                .b = panels_of(layer, forward, forward ? inputs : outputs),
                                .packed = as_used   ? NULL
                                          : forward ? layer->forward
                                                    : layer->backward,
                                .workspace = aligned_workspace(workspace),
                                .worker_floats = worker_floats(layer, stairs->rows)};
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
    tdrop_rows_product product = product_of(layer, stairs, true, workspace);
    product.a = x;
    product.a_stride = x_stride;
    product.bias = layer->bias;
    product.relu = layer->relu;
    product.c = y;
    product.c_stride = y_stride;
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
    tdrop_rows_product product = product_of(layer, stairs, false, workspace);
    product.a = dy;
    product.a_stride = dy_stride;
    product.gate = gate;
    product.c = dx;
    product.c_stride = dx_stride;
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
