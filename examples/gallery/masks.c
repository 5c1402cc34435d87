/* SPDX-License-Identifier: MIT
 * Gallery 1: the masks of ordinary dropout and of TailDropout beside each other, 200 rows of 100
 * features, p = 0.5. */
#include "experiment.h"
#include "svg.h"

#include <stdlib.h>

enum { ROWS = 200, FEATURES = 100 };
enum { SCALE_X = 330, SCALE_Y = 400, LEFT = 62, TOP = 74, GAP = 380 };

static const double p = 0.5;

/* kept[ROWS * FEATURES]: each feature by itself, as torch.nn.Dropout does. */
static void draw_ordinary(uint8_t *kept) {
    double u[ROWS * FEATURES];
    experiment_uniform(1, 0, ROWS * FEATURES, u);
    for (int i = 0; i < ROWS * FEATURES; i++)
        kept[i] = u[i] >= p;
}

/* The layer itself at work on rows of ones. */
static void draw_tail(uint8_t *kept) {
    const tdrop_view view = tdrop_view_of(kept, 1, 2, (size_t[]){ROWS, FEATURES});
    tdrop_layer *layer = NULL;
    for (int i = 0; i < ROWS * FEATURES; i++)
        kept[i] = 1;
    CHECK(tdrop_layer_create(&layer, &(tdrop_law_options){.p = p},
                             &(tdrop_layer_options){.seed = 1}));
    CHECK(tdrop_layer_forward(layer, &view, &view));
    tdrop_layer_destroy(layer);
}

static double share_kept(const uint8_t *kept) {
    int sum = 0;
    for (int i = 0; i < ROWS * FEATURES; i++)
        sum += kept[i];
    return (double)sum / (ROWS * FEATURES);
}

static void draw_panel(FILE *file, const char *title, double left, const uint8_t *kept) {
    const svg_plot plot = {
        .left = left,
        .top = TOP,
        .width = SCALE_X,
        .height = SCALE_Y,
        .x = {.high = FEATURES, .tick = 20, .title = "feature"},
        .y = {.low = ROWS, .tick = -50, .title = left < GAP ? "row of the batch" : NULL},
        .title = title};
    svg_draw_plot(file, &plot);
    svg_bitmap(file, left, TOP, SCALE_X, SCALE_Y, kept, FEATURES, ROWS, true);
}

int main(int argc, char **argv) {
    static uint8_t ordinary[ROWS * FEATURES], tail[ROWS * FEATURES];
    bool small;
    const char *path = experiment_arguments(argc, argv, &small);
    draw_ordinary(ordinary);
    draw_tail(tail);
    FILE *file = svg_open(path, 800, 530, "Masks, p = 0.5: blue is kept",
                          "Ordinary dropout's mask looks like noise; TailDropout keeps a first "
                          "part of each row.");
    draw_panel(file, "ordinary dropout", LEFT, ordinary);
    draw_panel(file, "TailDropout", LEFT + GAP, tail);
    svg_close(file);
    printf("kept: ordinary dropout %.1f %%, TailDropout %.1f %% of %d x %d\n",
           100 * share_kept(ordinary), 100 * share_kept(tail), ROWS, FEATURES);
    return 0;
}
