/* SPDX-License-Identifier: MIT
 * The products of layers beside a tail against OpenBLAS, which computes all of them densely. */
#include "bench.h"
#include "layers.h"

static void *set_up_layer(const bench_row *row, const char **why) {
    (void)why;
    return bench_layers_create(BENCH_AFTER, 1024, 1024, row->p);
}

static void *set_up_forward(const bench_row *row, const char **why) {
    bench_layers *layers = set_up_layer(row, why);
    if (layers) layers->forward_only = true;
    return layers;
}

static void *set_up_both_sides(const bench_row *row, const char **why) {
    (void)why;
    return bench_layers_create(BENCH_BOTH_SIDES, 1024, 1024, row->p);
}

static void *set_up_small(const bench_row *row, const char **why) {
    (void)why;
    return bench_layers_create(BENCH_BOTH_SIDES, 64, 256, row->p);
}

static void *set_up_two_tails(const bench_row *row, const char **why) {
    (void)why;
    return bench_layers_create(BENCH_TWO_TAILS, 1024, 1024, row->p);
}

#define ROW(row_name, rival_name, rival_function, dropped, set_up_it, bar, share)                  \
    {                                                                                              \
        .name = row_name, .rival = rival_name, .threads = 1, .set_up = set_up_it,                  \
        .ours = bench_layers_ours, .theirs = rival_function, .tear_down = bench_layers_destroy,    \
        .at_least = bar, .p = dropped, .operations = bench_layers_operations,                      \
        .share_at_least = share                                                                    \
    }
#define DENSE(name, p, set_up, bar, share)                                                         \
    ROW(name, "openblas", bench_layers_openblas, p, set_up, bar, share)
#define MASKED(name, p, set_up)                                                                    \
    ROW(name, "openblas-masked", bench_layers_openblas_masked, p, set_up, 0.0, 0.0)

/* Rows called products are six products: three of the layer before the tail, three of the layer
 * behind it. */
const bench_row bench_product_rows[] = {
    DENSE("dense-forward", 0.0, set_up_forward, 0.95, 0.0),
    DENSE("layer-p0", 0.0, set_up_layer, 0.0, 0.0),
    DENSE("layer-p0.5", 0.5, set_up_layer, 1.70, 0.0),
    DENSE("products-p0", 0.0, set_up_both_sides, 1.00, 0.0),
    DENSE("products-p0.001", 0.001, set_up_both_sides, 1.00, 0.0),
    DENSE("products-p0.2", 0.2, set_up_both_sides, 1.20, 0.0),
    DENSE("products-p0.5", 0.5, set_up_both_sides, 1.85, 0.88),
    DENSE("products-p0.8", 0.8, set_up_both_sides, 4.2, 0.83),
    DENSE("products-p0.95", 0.95, set_up_both_sides, 12.0, 0.70),
    DENSE("products-small-p0.5", 0.5, set_up_small, 1.5, 0.0),
    DENSE("two-tails-p0.5", 0.5, set_up_two_tails, 3.0, 0.0),
    MASKED("products-p0.5-masked", 0.5, set_up_both_sides),
    {.name = NULL},
};
