/* SPDX-License-Identifier: MIT
 * The layer: mode, law, and the k of the last call. What it does to numbers is in apply.c. */
#include "base/memory.h"
#include "tail/law.h"
#include "tail/rng.h"
#include "tail/view.h"

#include <string.h>

/* What a call of forward did, so that backward can repeat it. */
typedef struct last_call {
    bool done;
    bool drawn; /* with keep[keep_count]; otherwise the same k everywhere */
    int32_t same_k;
    size_t keep_count;
    int dims;
    size_t shape[TDROP_MOST_DIMS];
} last_call;

struct tdrop_layer {
    tdrop_law_options law_options; /* its weights are owned */
    double *weights;
    tdrop_layer_options options;
    bool training;
    int32_t set_k;   /* -1: none */
    tdrop_draw draw; /* of the next call */
    tdrop_law *law;  /* for the n of the last draw, or NULL */
    int32_t *keep;
    size_t keep_capacity;
    last_call last;
};

static tdrop_status copy_weights(tdrop_layer *layer) {
    const tdrop_law_options *law = &layer->law_options;
    if (law->kind != TDROP_LAW_TABLE) return TDROP_OK;
    layer->weights = tdrop_alloc(law->weight_count, sizeof *layer->weights);
    if (!layer->weights) return TDROP_ERROR_MEMORY;
    memcpy(layer->weights, law->weights, law->weight_count * sizeof *layer->weights);
    layer->law_options.weights = layer->weights;
    return TDROP_OK;
}

/* A table says by itself what n it is for, so it can be refused at once. */
static tdrop_status check_table(const tdrop_law_options *options) {
    tdrop_law *law = NULL;
    if (options->kind != TDROP_LAW_TABLE) return TDROP_OK;
    if (options->weight_count < 2) return TDROP_ERROR_WEIGHTS;
    tdrop_status status = tdrop_law_create(&law, options->weight_count - 1, options);
    tdrop_law_destroy(law);
    return status;
}

tdrop_status tdrop_layer_create(tdrop_layer **layer, const tdrop_law_options *law,
                                const tdrop_layer_options *options) {
    static const tdrop_layer_options defaults = {.reserved = 0};
    if (!layer) return TDROP_ERROR_NULL;
    if (!options) options = &defaults;
    if (options->reserved) return TDROP_ERROR_RESERVED;
    tdrop_status status = tdrop_law_check(law);
    if (!status) status = check_table(law);
    if (status) return status;
    tdrop_layer *made = tdrop_alloc_zero(1, sizeof *made);
    if (!made) return TDROP_ERROR_MEMORY;
    made->law_options = *law;
    made->options = *options;
    made->training = true;
    made->set_k = -1;
    made->draw =
        (tdrop_draw){.seed = options->seed, .layer = options->layer, .purpose = TDROP_PURPOSE_KEEP};
    if (copy_weights(made)) {
        tdrop_layer_destroy(made);
        return TDROP_ERROR_MEMORY;
    }
    *layer = made;
    return TDROP_OK;
}

void tdrop_layer_destroy(tdrop_layer *layer) {
    if (!layer) return;
    tdrop_law_destroy(layer->law);
    tdrop_free(layer->weights);
    tdrop_free(layer->keep);
    tdrop_free(layer);
}

static void change_mode(tdrop_layer *layer, bool training) {
    layer->training = training;
    layer->set_k = -1;
}

void tdrop_layer_train(tdrop_layer *layer) {
    change_mode(layer, true);
}

void tdrop_layer_eval(tdrop_layer *layer) {
    change_mode(layer, false);
}

tdrop_status tdrop_layer_set_k(tdrop_layer *layer, int32_t k) {
    if (!layer) return TDROP_ERROR_NULL;
    if (k < 0) return TDROP_ERROR_K;
    layer->set_k = k;
    return TDROP_OK;
}

void tdrop_layer_set_position(tdrop_layer *layer, uint32_t step, uint32_t first, uint32_t batch) {
    layer->draw.step = step;
    layer->draw.first = first;
    layer->draw.batch = batch;
}

static tdrop_status ensure_law(tdrop_layer *layer, size_t n) {
    tdrop_law *law;
    if (layer->law && tdrop_law_features(layer->law) == n) return TDROP_OK;
    tdrop_status status = tdrop_law_create(&law, n, &layer->law_options);
    if (status) return status;
    tdrop_law_destroy(layer->law);
    layer->law = law;
    return TDROP_OK;
}

static tdrop_status ensure_keep(tdrop_layer *layer, size_t count) {
    if (count <= layer->keep_capacity) return TDROP_OK;
    int32_t *keep = tdrop_alloc(count, sizeof *keep);
    if (!keep) return TDROP_ERROR_MEMORY;
    tdrop_free(layer->keep);
    layer->keep = keep;
    layer->keep_capacity = count;
    return TDROP_OK;
}

/* Draws one k for each sample; the draw is only used up when all of it worked. */
static tdrop_status draw_keeps(tdrop_layer *layer, const tdrop_view *x,
                               const tdrop_resolved_dims *dims) {
    tdrop_draw draw = layer->draw;
    size_t count = dims->keep_count;
    if (dims->overlap) return TDROP_ERROR_DIM_OVERLAP;
    if (!layer->options.stratified)
        draw.batch = 0;
    else if (!draw.batch)
        draw.batch = (uint32_t)count;
    tdrop_status status = tdrop_draw_check(&draw, count);
    if (!status) status = ensure_law(layer, x->shape[dims->dropout]);
    if (!status) status = ensure_keep(layer, count); /* from here on the last keeps are gone */
    return status ? status : tdrop_law_draw(layer->law, &draw, count, layer->keep);
}

/* The k that every sample has alike, or -1 when k has to be drawn. */
static int32_t common_k(const tdrop_layer *layer, size_t n) {
    if (layer->set_k >= 0) return layer->set_k;
    if (!layer->training || tdrop_law_keeps_all(&layer->law_options)) return (int32_t)n;
    return tdrop_law_drops_all(&layer->law_options) ? 0 : -1;
}

static void remember(tdrop_layer *layer, const tdrop_view *x, bool drawn, int32_t same_k,
                     size_t keep_count) {
    layer->last = (last_call){.done = true,
                              .drawn = drawn,
                              .same_k = same_k,
                              .keep_count = drawn ? keep_count : 0,
                              .dims = x->dims};
    memcpy(layer->last.shape, x->shape, sizeof layer->last.shape);
}

/* Everything that can be refused is, before anything is drawn or written. */
static tdrop_status check_forward(const tdrop_layer *layer, const tdrop_view *x,
                                  const tdrop_view *y, tdrop_resolved_dims *dims) {
    bool same;
    if (!layer) return TDROP_ERROR_NULL;
    tdrop_status status = tdrop_view_check(x);
    if (!status) status = tdrop_view_check(y);
    if (!status) status = tdrop_view_check_pair(x, y, &same);
    if (!status) status = tdrop_dims_resolve(x, &layer->options.dims, dims);
    if (!status && x->shape[dims->dropout] > INT32_MAX) status = TDROP_ERROR_OVERFLOW;
    return status;
}

tdrop_status tdrop_layer_forward(tdrop_layer *layer, const tdrop_view *x, const tdrop_view *y) {
    tdrop_resolved_dims dims;
    tdrop_status status = check_forward(layer, x, y, &dims);
    if (status) return status;
    bool empty = tdrop_view_elements(x) == 0;
    int32_t same_k = common_k(layer, x->shape[dims.dropout]);
    bool drawn = same_k < 0 && !empty;
    if (empty && same_k < 0) same_k = 0;
    if (drawn) status = draw_keeps(layer, x, &dims);
    if (!status)
        status = tdrop_apply(x, y, &layer->options.dims, drawn ? layer->keep : NULL, same_k,
                             layer->options.parallel);
    if (status) return status;
    remember(layer, x, drawn, same_k, dims.keep_count);
    if (drawn) tdrop_layer_set_position(layer, layer->draw.step + 1, 0, 0);
    return TDROP_OK;
}

tdrop_status tdrop_layer_backward(const tdrop_layer *layer, const tdrop_view *dy,
                                  const tdrop_view *dx) {
    if (!layer || !dy) return TDROP_ERROR_NULL;
    const last_call *last = &layer->last;
    if (!last->done) return TDROP_ERROR_ORDER;
    if (dy->dims != last->dims) return TDROP_ERROR_SHAPE;
    for (int d = 0; d < last->dims; d++)
        if (dy->shape[d] != last->shape[d]) return TDROP_ERROR_SHAPE;
    return tdrop_apply(dy, dx, &layer->options.dims, last->drawn ? layer->keep : NULL, last->same_k,
                       layer->options.parallel);
}

const int32_t *tdrop_layer_keep(const tdrop_layer *layer, size_t *count) {
    if (count) *count = layer->last.keep_count;
    return layer->last.drawn ? layer->keep : NULL;
}
