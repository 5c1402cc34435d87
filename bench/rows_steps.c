/* SPDX-License-Identifier: MIT
 * Whole training steps with tails against the same network without them. */
#include "bench.h"
#include "training.h"

#include <stdlib.h>

typedef struct pair {
    bench_training *ours, *dense;
    size_t calls; /* of ours */
} pair;

static void destroy(void *state) {
    pair *s = state;
    if (s->ours) bench_training_destroy(s->ours);
    if (s->dense) bench_training_destroy(s->dense);
    free(s);
}

static void *create(bench_training_options options, const char **why) {
    pair *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    s->ours = bench_training_create(&options, why);
    options.no_drop = true;
    if (s->ours && (s->dense = bench_training_create(&options, why))) return s;
    destroy(s);
    return NULL;
}

static void *set_up_mlp(const bench_row *row, const char **why) {
    return create(bench_wide_mlp(row->p, 1), why);
}

/* The demo's network, with the program's defaults. */
static void *set_up_autoencoder(const bench_row *row, const char **why) {
    return create((bench_training_options){.arch = "512-256-[64]-256-512",
                                           .task = TDROP_TASK_AUTOENCODE,
                                           .batch = 64,
                                           .p = row->p,
                                           .threads = 1},
                  why);
}

static void ours(void *state) {
    pair *s = state;
    s->calls++;
    bench_training_step(s->ours);
}

static void own_dense(void *state) {
    bench_training_step(((pair *)state)->dense);
}

static double operations(const void *state) {
    const pair *s = state;
    return bench_training_operations(s->ours) / (double)s->calls;
}

#define STEP(row_name, dropped, set_up_it, bar)                                                    \
    {                                                                                              \
        .name = row_name, .rival = "own-dense", .threads = 1, .set_up = set_up_it, .ours = ours,   \
        .theirs = own_dense, .tear_down = destroy, .at_least = bar, .p = dropped,                  \
        .operations = operations                                                                   \
    }

const bench_row bench_step_rows[] = {
    STEP("mlp-step-p0.5", 0.5, set_up_mlp, 2.2),
    STEP("mlp-step-p0", 0.0, set_up_mlp, 0.98),
    STEP("ae-step", 0.5, set_up_autoencoder, 1.00),
    {.name = NULL},
};
