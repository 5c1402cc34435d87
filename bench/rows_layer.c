/* SPDX-License-Identifier: MIT
 * The layer against memcpy of the whole tensor. A layer that multiplied by a mask could not be
 * faster than that; ours writes tails alone.
 *
 * Each call takes the next of several tensors, on both sides, and keeps that are new. With three
 * tensors of 2 MiB and three to copy to, all lie behind the second-level cache of a core, and in
 * the last-level cache of a server: as in training, where the layer before has just written what
 * this one takes. The rows called cold go through 64 of each instead, 256 MiB, so that every byte
 * comes from memory; layer-images does so by its size. layer-single, which is about what a call
 * costs beside the work, stays in the first-level cache. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>
#include <taildropout.h>

enum { WARM = 3, COLD = 64, KEEP_ROUNDS = 64, SINGLE_COPY_BYTES = 64 << 10 };

typedef struct layer_case {
    const char *name;
    int dims;
    size_t shape[4];
    size_t tensors;
    tdrop_dims tail;
    bool keeps_given, out_of_place;
} layer_case;

#define TABLE_SHAPE .dims = 2, .shape = {1024, 512}

static const layer_case cases[] = {
    {.name = "layer-inplace", TABLE_SHAPE, .tensors = WARM, .keeps_given = true},
    {.name = "layer-inplace-cold", TABLE_SHAPE, .tensors = COLD, .keeps_given = true},
    {.name = "layer-inplace-draw", TABLE_SHAPE, .tensors = WARM},
    {.name = "layer-inplace-draw-cold", TABLE_SHAPE, .tensors = COLD},
    {.name = "layer-copy", TABLE_SHAPE, .tensors = WARM, .out_of_place = true},
    {.name = "layer-copy-cold", TABLE_SHAPE, .tensors = COLD, .out_of_place = true},
    {.name = "layer-images",
     .dims = 4,
     .shape = {64, 256, 28, 28},
     .tensors = 4,
     .tail = {.given = 1, .batch_count = 1, .batch = {0}, .dropout = 1}},
    {.name = "layer-single", .dims = 2, .shape = {1, 64}, .tensors = 1},
};

typedef struct layer_state {
    const layer_case *which;
    tdrop_layer *layer;
    float *x[COLD], *y[COLD];
    int32_t *keep; /* [KEEP_ROUNDS][keep_count] */
    size_t keep_count, copied_bytes, round;
} layer_state;

static void destroy(void *state) {
    layer_state *s = state;
    for (size_t i = 0; i < COLD; i++) {
        free(s->x[i]);
        free(s->y[i]);
    }
    free(s->keep);
    tdrop_layer_destroy(s->layer);
    free(s);
}

static const layer_case *find_case(const char *name) {
    const layer_case *which = cases;
    while (strcmp(which->name, name))
        which++;
    return which;
}

static tdrop_view view_of(const layer_state *s, float *values) {
    return tdrop_view_of(values, sizeof(float), s->which->dims, s->which->shape);
}

static void make_tensors(layer_state *s, bool single) {
    size_t elements = single ? SINGLE_COPY_BYTES / sizeof(float) : 1;
    for (int d = 0; d < s->which->dims && !single; d++)
        elements *= s->which->shape[d];
    for (size_t i = 0; i < s->which->tensors; i++) {
        s->x[i] = bench_floats(elements);
        s->y[i] = bench_floats(elements);
    }
    s->copied_bytes = elements * sizeof(float);
}

static bool draw_keeps(layer_state *s) {
    tdrop_law *law = NULL;
    size_t n = s->which->shape[1];
    s->keep = malloc(KEEP_ROUNDS * s->keep_count * sizeof *s->keep);
    if (!s->keep || tdrop_law_create(&law, n, &(tdrop_law_options){.p = 0.5})) return false;
    tdrop_status status =
        tdrop_law_draw(law, &(tdrop_draw){.seed = 1}, KEEP_ROUNDS * s->keep_count, s->keep);
    tdrop_law_destroy(law);
    return status == TDROP_OK;
}

static void *set_up(const bench_row *row, const char **why) {
    layer_state *s = calloc(1, sizeof *s);
    (void)why;
    if (!s) return NULL;
    s->which = find_case(row->name);
    make_tensors(s, s->which->shape[0] == 1);
    tdrop_view x = view_of(s, s->x[0]);
    const tdrop_layer_options options = {.dims = s->which->tail, .seed = 1};
    if (!tdrop_keep_count(&x, &s->which->tail, &s->keep_count) && draw_keeps(s) &&
        !tdrop_layer_create(&s->layer, &(tdrop_law_options){.p = row->p}, &options))
        return s;
    destroy(s);
    return NULL;
}

static void ours(void *state) {
    layer_state *s = state;
    size_t round = s->round++, i = round % s->which->tensors;
    tdrop_view x = view_of(s, s->x[i]), y = view_of(s, s->which->out_of_place ? s->y[i] : s->x[i]);
    if (s->which->keeps_given)
        tdrop_apply(&x, &y, &s->which->tail, s->keep + round % KEEP_ROUNDS * s->keep_count, -1,
                    NULL);
    else
        tdrop_layer_forward(s->layer, &x, &y);
}

static void copy_whole(void *state) {
    layer_state *s = state;
    size_t i = s->round++ % s->which->tensors;
    memcpy(s->y[i], s->x[i], s->copied_bytes);
}

/* `share` is how much of the rival's time ours may take; none is promised where memory is cold, for
 * there both sides wait for the same lines. */
#define LAYER(row_name, bar)                                                                       \
    {                                                                                              \
        .name = row_name, .rival = "memcpy", .threads = 1, .set_up = set_up, .ours = ours,         \
        .theirs = copy_whole, .tear_down = destroy, .at_least = bar, .p = 0.5                      \
    }
#define SHARE(share) (1.0 / (share))

const bench_row bench_layer_rows[] = {
    LAYER("layer-inplace", SHARE(0.40)),
    LAYER("layer-inplace-cold", 0.0),
    LAYER("layer-inplace-draw", SHARE(0.50)),
    LAYER("layer-inplace-draw-cold", 0.0),
    LAYER("layer-copy", SHARE(1.10)),
    LAYER("layer-copy-cold", 0.0),
    LAYER("layer-images", SHARE(0.50)),
    LAYER("layer-single", SHARE(3.0)),
    {.name = NULL},
};
