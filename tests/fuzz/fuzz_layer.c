/* SPDX-License-Identifier: MIT
 * The layer on any view, with any dims, law, mode and k: what it refuses is what it should, and
 * what it writes is what index arithmetic writes, gaps between elements included. */
#include "random_view.h"
#include "reference_layer.h"
#include "taildropout.h"
#include "target.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned char *copy_of(const random_view *from) {
    unsigned char *copy = malloc(from->size + 1);
    REQUIRE(copy);
    memcpy(copy, from->memory, from->size);
    return copy;
}

/* What the layer was told, and so has to do. */
typedef struct layer_orders {
    tdrop_dims dims;
    double p; /* of an exponential law, or above 1 for a law without p */
    bool training;
    int32_t set_k; /* -1: none */
} layer_orders;

static tdrop_layer *make_layer(byte_source *source, const tdrop_view *shape, layer_orders *told) {
    static const double shares[] = {0, 1, 0.5, 0.01, 0.99, 2};
    static const tdrop_law_kind others[] = {TDROP_LAW_GEOMETRIC, TDROP_LAW_UNIFORM,
                                            TDROP_LAW_LOG_UNIFORM, TDROP_LAW_POW2, TDROP_LAW_MIXED};
    told->dims = random_dims(source, shape->dims, 1);
    told->p = shares[byte_source_below(source, 6)];
    told->training = true;
    told->set_k = -1;
    tdrop_law_options law = {.rate = 0.25};
    if (told->p > 1)
        law.kind = others[byte_source_below(source, 5)];
    else
        law.p = told->p;
    const tdrop_layer_options options = {.dims = told->dims,
                                         .seed = byte_source_below(source, 256),
                                         .stratified = (int)byte_source_below(source, 2)};
    tdrop_layer *layer = NULL;
    REQUIRE(tdrop_layer_create(&layer, &law, &options) == TDROP_OK);
    return layer;
}

static void change_mode(byte_source *source, size_t n, tdrop_layer *layer, layer_orders *told) {
    switch (byte_source_below(source, 4)) {
    case 0:
        tdrop_layer_eval(layer);
        told->training = false;
        told->set_k = -1;
        break;
    case 1:
        told->set_k = (int32_t)byte_source_below(source, n + 2);
        REQUIRE(tdrop_layer_set_k(layer, told->set_k) == TDROP_OK);
        break;
    case 2:
        tdrop_layer_set_position(layer, (uint32_t)byte_source_below(source, 256),
                                 (uint32_t)byte_source_below(source, 256),
                                 (uint32_t)byte_source_below(source, 256));
        break;
    default:
        tdrop_layer_train(layer);
        told->training = true;
        told->set_k = -1;
    }
}

static bool is_empty(const tdrop_view *view) {
    for (int d = 0; d < view->dims; d++)
        if (view->shape[d] == 0) return true;
    return false;
}

/* The status that has to come back; *same_k is what all samples keep, -1 where k is drawn. */
static tdrop_status foretell(const layer_orders *told, const tdrop_view *view, int32_t *same_k) {
    size_t count, n;
    int overlap;
    const tdrop_status status = reference_dims(view, &told->dims, &count, &overlap, &n);
    if (status) return status;
    if (told->set_k >= 0)
        *same_k = told->set_k;
    else if (!told->training || told->p == 0)
        *same_k = (int32_t)n;
    else
        *same_k = told->p == 1 ? 0 : -1;
    if (*same_k > (int32_t)n) return TDROP_ERROR_K;
    return *same_k < 0 && overlap && !is_empty(view) ? TDROP_ERROR_DIM_OVERLAP : TDROP_OK;
}

/* The keeps to expect, after a call that has to have drawn some. */
static const int32_t *keeps_of(const tdrop_layer *layer, const layer_orders *told,
                               const tdrop_view *view) {
    size_t said, count = 0, n = 0;
    int overlap;
    const int32_t *keep = tdrop_layer_keep(layer, &said);
    reference_dims(view, &told->dims, &count, &overlap, &n);
    REQUIRE(keep && said == count);
    for (size_t i = 0; i < count; i++)
        REQUIRE(keep[i] >= 0 && keep[i] <= (int32_t)n);
    return keep;
}

/* Forward (or backward) from `from` to `to`, which may be one view: what is in memory has to be
 * what the reference makes of it. */
static void call_and_compare(tdrop_layer *layer, bool backward, const layer_orders *told,
                             random_view *from, random_view *to) {
    unsigned char *before = copy_of(from), *to_before = copy_of(to);
    int32_t same_k = 0;
    const tdrop_status expected = foretell(told, &from->view, &same_k);
    const tdrop_status status = backward ? tdrop_layer_backward(layer, &from->view, &to->view)
                                         : tdrop_layer_forward(layer, &from->view, &to->view);
    REQUIRE(status == expected);
    unsigned char *got = copy_of(to);
    if (from != to) REQUIRE(!memcmp(from->memory, before, from->size));
    memcpy(to->memory, to_before, to->size);
    if (status == TDROP_OK && !is_empty(&from->view)) {
        const int32_t *keep = same_k < 0 ? keeps_of(layer, told, &from->view) : NULL;
        reference_apply(&from->view, &to->view, &told->dims, keep, same_k);
    }
    REQUIRE(!memcmp(to->memory, got, to->size));
    free(before);
    free(to_before);
    free(got);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    byte_source source = {bytes, size};
    const tdrop_view shape = random_shape(&source);
    random_view x, y;
    layer_orders told;
    size_t count, n = 0;
    int overlap, good = 0;
    random_view_place(&x, &source, &shape);
    random_view_place(&y, &source, &shape);
    tdrop_layer *layer = make_layer(&source, &shape, &told);
    if (reference_dims(&shape, &told.dims, &count, &overlap, &n) != TDROP_OK) n = 0;
    for (size_t calls = 1 + byte_source_below(&source, 4); calls > 0; calls--) {
        int32_t same_k;
        change_mode(&source, n, layer, &told);
        random_view *to = byte_source_below(&source, 2) ? &x : &y;
        call_and_compare(layer, false, &told, &x, to);
        good = foretell(&told, &shape, &same_k) == TDROP_OK;
        if (good) call_and_compare(layer, true, &told, &y, byte_source_below(&source, 2) ? &y : &x);
    }
    tdrop_layer_destroy(layer);
    random_view_free(&x);
    random_view_free(&y);
    return 0;
}
