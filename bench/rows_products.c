/* SPDX-License-Identifier: MIT
 * The three products of a layer against OpenBLAS, which computes all of them densely. */
#include "bench.h"

#include <cblas.h>
#include <stdlib.h>
#include <taildropout.h>

enum { ROUNDS = 16 }; /* keeps drawn anew each time, from so many batches */

typedef struct products {
    size_t rows, inputs, outputs;
    float *x, *y, *w, *bias, *dx, *dw, *db;
    int32_t *keep_in[ROUNDS]; /* NULL: dense */
    size_t round;
    tdrop_linear *linear;
    tdrop_staircase *stairs;
    void *workspace;
    size_t workspace_size;
    bool forward_only;
} products;

static bool draw_keeps(products *s, double p) {
    tdrop_law *law = NULL;
    if (p == 0.0) return true;
    if (tdrop_law_create(&law, s->inputs, &(tdrop_law_options){.p = p})) return false;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        tdrop_draw draw = {.seed = 1, .step = i, .batch = (uint32_t)s->rows};
        s->keep_in[i] = malloc(s->rows * sizeof(int32_t));
        if (!s->keep_in[i] || tdrop_law_draw(law, &draw, s->rows, s->keep_in[i])) return false;
    }
    tdrop_law_destroy(law);
    return true;
}

static products *create(size_t rows, size_t inputs, size_t outputs, double p) {
    products *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    *s = (products){.rows = rows, .inputs = inputs, .outputs = outputs};
    s->x = bench_floats(rows * inputs);
    s->y = bench_floats(rows * outputs);
    s->w = bench_floats(inputs * outputs);
    s->bias = bench_floats(outputs);
    s->dx = bench_floats(rows * inputs);
    s->dw = bench_floats(inputs * outputs);
    s->db = bench_floats(outputs);
    if (!draw_keeps(s, p) || tdrop_linear_create(&s->linear, inputs, outputs, NULL) ||
        tdrop_staircase_create(&s->stairs, rows))
        return NULL;
    s->workspace_size = tdrop_linear_workspace(s->linear, rows, 1);
    s->workspace = malloc(s->workspace_size);
    openblas_set_num_threads(1);
    return s;
}

static void destroy(void *state) {
    products *s = state;
    float *const buffers[] = {s->x, s->y, s->w, s->bias, s->dx, s->dw, s->db};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        free(buffers[i]);
    for (size_t i = 0; i < ROUNDS; i++)
        free(s->keep_in[i]);
    tdrop_linear_destroy(s->linear);
    tdrop_staircase_destroy(s->stairs);
    free(s->workspace);
    free(s);
}

static void *set_up_layer(const bench_row *row, const char **why) {
    (void)why;
    return create(1024, 1024, 1024, row->p);
}

static void *set_up_forward(const bench_row *row, const char **why) {
    products *s = set_up_layer(row, why);
    if (s) s->forward_only = true;
    return s;
}

/* Everything that a training step would do for this layer: sort, pack, multiply. */
static void ours(void *state) {
    products *s = state;
    const int32_t *keep = s->keep_in[s->round++ % ROUNDS];
    unsigned packings = TDROP_PACK_FORWARD | (s->forward_only ? 0 : TDROP_PACK_BACKWARD);
    tdrop_staircase_set(s->stairs, s->rows, s->inputs, keep, s->outputs, NULL);
    tdrop_linear_set_weights(s->linear, s->w, s->inputs, s->bias, packings, NULL);
    tdrop_linear_forward(s->linear, s->stairs, s->x, s->inputs, s->y, s->outputs, s->workspace,
                         s->workspace_size, NULL);
    if (s->forward_only) return;
    tdrop_linear_backward_input(s->linear, s->stairs, s->y, s->outputs, NULL, s->dx, s->inputs,
                                s->workspace, s->workspace_size, NULL);
    tdrop_linear_backward_weights(s->linear, s->stairs, s->y, s->outputs, s->x, s->inputs, s->dw,
                                  s->inputs, s->db, s->workspace, s->workspace_size, NULL);
}

static void openblas(void *state) {
    products *s = state;
    int rows = (int)s->rows, inputs = (int)s->inputs, outputs = (int)s->outputs;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, outputs, inputs, 1.0f, s->x, inputs,
                s->w, inputs, 0.0f, s->y, outputs);
    if (s->forward_only) return;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, inputs, outputs, 1.0f, s->y,
                outputs, s->w, inputs, 0.0f, s->dx, inputs);
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, outputs, inputs, rows, 1.0f, s->y, outputs,
                s->x, inputs, 0.0f, s->dw, inputs);
}

#define LAYER(row_name, dropped, set_up_it, bar)                                                   \
    {                                                                                              \
        .name = row_name, .rival = "openblas", .threads = 1, .set_up = set_up_it, .ours = ours,    \
        .theirs = openblas, .tear_down = destroy, .at_least = bar, .p = dropped                    \
    }

const bench_row bench_product_rows[] = {
    LAYER("dense-forward", 0.0, set_up_forward, 0.95),
    LAYER("layer-p0", 0.0, set_up_layer, 0.0),
    LAYER("layer-p0.5", 0.5, set_up_layer, 1.70),
    {.name = NULL},
};
