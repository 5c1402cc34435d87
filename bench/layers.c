/* SPDX-License-Identifier: MIT */
#include "layers.h"

#include "bench.h"

#include <cblas.h>
#include <stdlib.h>

/* Draws for all rounds; `layer` tells the draws of two tails apart. NULL when memory ran out. */
static int32_t *draw_keeps(size_t rows, size_t n, double p, uint32_t layer) {
    tdrop_law *law = NULL;
    int32_t *keep = malloc(BENCH_ROUNDS * rows * sizeof *keep);
    tdrop_status status =
        keep ? tdrop_law_create(&law, n, &(tdrop_law_options){.p = p}) : TDROP_ERROR_MEMORY;
    for (uint32_t i = 0; i < BENCH_ROUNDS && !status; i++) {
        tdrop_draw draw = {.seed = 1, .step = i, .layer = layer, .batch = (uint32_t)rows};
        status = tdrop_law_draw(law, &draw, rows, keep + i * rows);
    }
    tdrop_law_destroy(law);
    if (!status) return keep;
    free(keep);
    return NULL;
}

static bool make_layer(bench_layer *layer, size_t rows, size_t size, double p, bool tail_in,
                       bool tail_out) {
    *layer = (bench_layer){.rows = rows, .inputs = size, .outputs = size};
    layer->x = bench_floats(rows * size);
    layer->y = bench_floats(rows * size);
    layer->w = bench_floats(size * size);
    layer->bias = bench_floats(size);
    layer->dx = bench_floats(rows * size);
    layer->dw = bench_floats(size * size);
    layer->db = bench_floats(size);
    if (p > 0.0 && tail_in && !(layer->keep_in = draw_keeps(rows, size, p, 0))) return false;
    if (p > 0.0 && tail_out && !(layer->keep_out = draw_keeps(rows, size, p, 1))) return false;
    return !tdrop_linear_create(&layer->linear, size, size, NULL) &&
           !tdrop_staircase_create(&layer->stairs, rows);
}

static bool make_layers(bench_layers *s, bench_layers_kind kind, size_t rows, size_t size,
                        double p) {
    s->count = 1;
    if (kind == BENCH_BOTH_SIDES) {
        s->count = 2;
        return make_layer(&s->layer[0], rows, size, p, false, true) &&
               make_layer(&s->layer[1], rows, size, p, true, false);
    }
    return make_layer(&s->layer[0], rows, size, p, true, kind == BENCH_TWO_TAILS);
}

bench_layers *bench_layers_create(bench_layers_kind kind, size_t rows, size_t size, double p) {
    bench_layers *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    bool made = make_layers(s, kind, rows, size, p);
    if (made) s->workspace_size = tdrop_linear_workspace(s->layer[0].linear, rows, 1);
    if (made && (s->workspace = malloc(s->workspace_size))) {
        openblas_set_num_threads(1);
        return s;
    }
    bench_layers_destroy(s);
    return NULL;
}

static void clear_layer(bench_layer *layer) {
    void *const owned[] = {layer->x,  layer->y,  layer->w,       layer->bias,    layer->dx,
                           layer->dw, layer->db, layer->keep_in, layer->keep_out};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        free(owned[i]);
    tdrop_linear_destroy(layer->linear);
    tdrop_staircase_destroy(layer->stairs);
}

void bench_layers_destroy(void *layers) {
    bench_layers *s = layers;
    for (size_t i = 0; i < BENCH_MOST_LAYERS; i++)
        clear_layer(&s->layer[i]);
    free(s->workspace);
    free(s);
}

static const int32_t *keep_of(const int32_t *keep, const bench_layer *layer, size_t round) {
    return keep ? keep + round % BENCH_ROUNDS * layer->rows : NULL;
}

static void set_staircase(const bench_layer *l, size_t round) {
    tdrop_staircase_set(l->stairs, l->rows, l->inputs, keep_of(l->keep_in, l, round), l->outputs,
                        keep_of(l->keep_out, l, round));
}

static void our_layer(const bench_layers *s, const bench_layer *l) {
    set_staircase(l, s->round);
    tdrop_linear_set_weights(l->linear, l->w, l->inputs, l->bias, TDROP_PACK_AS_USED, NULL, NULL);
    tdrop_linear_forward(l->linear, l->stairs, l->x, l->inputs, l->y, l->outputs, s->workspace,
                         s->workspace_size, NULL);
    if (s->forward_only) return;
    tdrop_linear_backward_input(l->linear, l->stairs, l->y, l->outputs, NULL, l->dx, l->inputs,
                                s->workspace, s->workspace_size, NULL);
    tdrop_linear_backward_weights(l->linear, l->stairs, l->y, l->outputs, l->x, l->inputs, l->dw,
                                  l->inputs, l->db, s->workspace, s->workspace_size, NULL);
}

void bench_layers_ours(void *layers) {
    bench_layers *s = layers;
    s->round++;
    for (size_t i = 0; i < s->count; i++)
        our_layer(s, &s->layer[i]);
}

/* The tail of a network is masked once on the way forward, behind the layer before it, and once on
 * the way back, behind the layer after it. */
static void mask(const bench_layer *l, const int32_t *keep, float *values, size_t columns) {
    for (size_t i = 0; i < l->rows; i++)
        for (size_t j = 0; j < columns; j++)
            values[i * columns + j] *= (int32_t)j < keep[i] ? 1.0f : 0.0f;
}

static void openblas_layer(const bench_layers *s, const bench_layer *l, bool masked) {
    int rows = (int)l->rows, inputs = (int)l->inputs, outputs = (int)l->outputs;
    const int32_t *keep_in = masked ? keep_of(l->keep_in, l, s->round) : NULL;
    const int32_t *keep_out = masked ? keep_of(l->keep_out, l, s->round) : NULL;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, outputs, inputs, 1.0f, l->x, inputs,
                l->w, inputs, 0.0f, l->y, outputs);
    if (keep_out) mask(l, keep_out, l->y, l->outputs);
    if (s->forward_only) return;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, inputs, outputs, 1.0f, l->y,
                outputs, l->w, inputs, 0.0f, l->dx, inputs);
    if (keep_in) mask(l, keep_in, l->dx, l->inputs);
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, outputs, inputs, rows, 1.0f, l->y, outputs,
                l->x, inputs, 0.0f, l->dw, inputs);
}

void bench_layers_openblas(void *layers) {
    const bench_layers *s = layers;
    for (size_t i = 0; i < s->count; i++)
        openblas_layer(s, &s->layer[i], false);
}

void bench_layers_openblas_masked(void *layers) {
    const bench_layers *s = layers;
    for (size_t i = 0; i < s->count; i++)
        openblas_layer(s, &s->layer[i], true);
}

double bench_layers_operations(const void *layers) {
    const bench_layers *s = layers;
    const double products = s->forward_only ? 1.0 : 3.0;
    double work = 0.0;
    for (size_t i = 0; i < s->count; i++)
        for (size_t round = 0; round < BENCH_ROUNDS; round++) {
            set_staircase(&s->layer[i], round);
            work += tdrop_staircase_work(s->layer[i].stairs);
        }
    return 2.0 * products * work / BENCH_ROUNDS;
}
