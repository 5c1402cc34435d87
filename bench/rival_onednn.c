/* SPDX-License-Identifier: MIT
 * oneDNN's inner product. Weights and their gradient lie in the order that it likes best, rows of
 * activations one behind the other. */
#include "rivals.h"

#include <dnnl.h>
#include <omp.h>
#include <stdlib.h>

enum { PRODUCTS = 3, MOST_MEMORIES = PRODUCTS * 4, MOST_ARGS = 4 };

typedef struct product {
    dnnl_primitive_t primitive;
    dnnl_exec_arg_t arg[MOST_ARGS];
    int args;
} product;

typedef struct onednn {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    product product[BENCH_MOST_LAYERS][PRODUCTS];
    dnnl_memory_t memory[BENCH_MOST_LAYERS * MOST_MEMORIES];
    size_t memories;
} onednn;

static dnnl_memory_desc_t matrix(size_t rows, size_t columns, bool any) {
    dnnl_memory_desc_t made;
    const dnnl_dims_t dims = {(dnnl_dim_t)rows, (dnnl_dim_t)columns};
    dnnl_memory_desc_init_by_tag(&made, 2, dims, dnnl_f32, any ? dnnl_format_tag_any : dnnl_ab);
    return made;
}

static dnnl_memory_desc_t vector(size_t size) {
    dnnl_memory_desc_t made;
    const dnnl_dims_t dims = {(dnnl_dim_t)size};
    dnnl_memory_desc_init_by_tag(&made, 1, dims, dnnl_f32, dnnl_a);
    return made;
}

/* `values` NULL: memory of its own. */
static bool add_argument(onednn *rival, product *p, dnnl_primitive_desc_t desc, dnnl_query_t what,
                         int index, int argument, float *values) {
    const dnnl_memory_desc_t *layout = dnnl_primitive_desc_query_md(desc, what, index);
    dnnl_memory_t *memory = &rival->memory[rival->memories];
    if (dnnl_memory_create(memory, layout, rival->engine, values ? values : DNNL_MEMORY_ALLOCATE))
        return false;
    rival->memories++;
    p->arg[p->args++] = (dnnl_exec_arg_t){argument, *memory};
    return true;
}

static bool prepare_forward(onednn *rival, const bench_layer *l, product *p,
                            dnnl_primitive_desc_t *desc) {
    dnnl_inner_product_desc_t op;
    const dnnl_memory_desc_t x = matrix(l->rows, l->inputs, false), bias = vector(l->outputs);
    const dnnl_memory_desc_t w = matrix(l->outputs, l->inputs, true);
    const dnnl_memory_desc_t y = matrix(l->rows, l->outputs, false);
    return !dnnl_inner_product_forward_desc_init(&op, dnnl_forward_training, &x, &w, &bias, &y) &&
           !dnnl_primitive_desc_create(desc, &op, NULL, rival->engine, NULL) &&
           !dnnl_primitive_create(&p->primitive, *desc) &&
           add_argument(rival, p, *desc, dnnl_query_src_md, 0, DNNL_ARG_SRC, l->x) &&
           add_argument(rival, p, *desc, dnnl_query_weights_md, 0, DNNL_ARG_WEIGHTS, NULL) &&
           add_argument(rival, p, *desc, dnnl_query_weights_md, 1, DNNL_ARG_BIAS, l->bias) &&
           add_argument(rival, p, *desc, dnnl_query_dst_md, 0, DNNL_ARG_DST, l->y);
}

static bool prepare_backward_input(onednn *rival, const bench_layer *l, product *p,
                                   dnnl_primitive_desc_t forward) {
    dnnl_inner_product_desc_t op;
    dnnl_primitive_desc_t desc = NULL;
    const dnnl_memory_desc_t dx = matrix(l->rows, l->inputs, false);
    const dnnl_memory_desc_t w = matrix(l->outputs, l->inputs, true);
    const dnnl_memory_desc_t dy = matrix(l->rows, l->outputs, false);
    bool good = !dnnl_inner_product_backward_data_desc_init(&op, &dx, &w, &dy) &&
                !dnnl_primitive_desc_create(&desc, &op, NULL, rival->engine, forward) &&
                !dnnl_primitive_create(&p->primitive, desc) &&
                add_argument(rival, p, desc, dnnl_query_diff_dst_md, 0, DNNL_ARG_DIFF_DST, l->y) &&
                add_argument(rival, p, desc, dnnl_query_weights_md, 0, DNNL_ARG_WEIGHTS, NULL) &&
                add_argument(rival, p, desc, dnnl_query_diff_src_md, 0, DNNL_ARG_DIFF_SRC, l->dx);
    dnnl_primitive_desc_destroy(desc);
    return good;
}

static bool prepare_backward_weights(onednn *rival, const bench_layer *l, product *p,
                                     dnnl_primitive_desc_t forward) {
    dnnl_inner_product_desc_t op;
    dnnl_primitive_desc_t desc = NULL;
    const dnnl_memory_desc_t x = matrix(l->rows, l->inputs, false), db = vector(l->outputs);
    const dnnl_memory_desc_t dw = matrix(l->outputs, l->inputs, true);
    const dnnl_memory_desc_t dy = matrix(l->rows, l->outputs, false);
    bool good =
        !dnnl_inner_product_backward_weights_desc_init(&op, &x, &dw, &db, &dy) &&
        !dnnl_primitive_desc_create(&desc, &op, NULL, rival->engine, forward) &&
        !dnnl_primitive_create(&p->primitive, desc) &&
        add_argument(rival, p, desc, dnnl_query_src_md, 0, DNNL_ARG_SRC, l->x) &&
        add_argument(rival, p, desc, dnnl_query_diff_dst_md, 0, DNNL_ARG_DIFF_DST, l->y) &&
        add_argument(rival, p, desc, dnnl_query_diff_weights_md, 0, DNNL_ARG_DIFF_WEIGHTS, NULL) &&
        add_argument(rival, p, desc, dnnl_query_diff_weights_md, 1, DNNL_ARG_DIFF_BIAS, l->db);
    dnnl_primitive_desc_destroy(desc);
    return good;
}

static bool prepare_layer(onednn *rival, const bench_layer *l, product product[PRODUCTS]) {
    dnnl_primitive_desc_t forward = NULL;
    bool good = prepare_forward(rival, l, &product[0], &forward) &&
                prepare_backward_input(rival, l, &product[1], forward) &&
                prepare_backward_weights(rival, l, &product[2], forward);
    dnnl_primitive_desc_destroy(forward);
    return good;
}

bool bench_onednn_prepare(bench_layers *layers) {
    onednn *rival = layers->rival = calloc(1, sizeof *rival);
    omp_set_num_threads(1);
    bool good = rival && !dnnl_engine_create(&rival->engine, dnnl_cpu, 0) &&
                !dnnl_stream_create(&rival->stream, rival->engine, dnnl_stream_default_flags);
    for (size_t i = 0; i < layers->count && good; i++)
        good = prepare_layer(rival, &layers->layer[i], rival->product[i]);
    return good;
}

void bench_onednn_run(void *layers) {
    const bench_layers *s = layers;
    const onednn *rival = s->rival;
    for (size_t i = 0; i < s->count; i++)
        for (size_t j = 0; j < PRODUCTS; j++) {
            const product *p = &rival->product[i][j];
            dnnl_primitive_execute(p->primitive, rival->stream, p->args, p->arg);
        }
    dnnl_stream_wait(rival->stream);
}

void bench_onednn_destroy(void *layers) {
    bench_layers *s = layers;
    onednn *rival = s->rival;
    for (size_t i = 0; i < BENCH_MOST_LAYERS * PRODUCTS && rival; i++)
        dnnl_primitive_destroy(rival->product[i / PRODUCTS][i % PRODUCTS].primitive);
    for (size_t i = 0; rival && i < rival->memories; i++)
        dnnl_memory_destroy(rival->memory[i]);
    if (rival && rival->stream) dnnl_stream_destroy(rival->stream);
    if (rival && rival->engine) dnnl_engine_destroy(rival->engine);
    free(rival);
    bench_layers_destroy(s);
}
