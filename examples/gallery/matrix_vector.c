/* SPDX-License-Identifier: MIT
 * Gallery 6: matrix multiplication 101. y = W x is a walk: feature j goes x[j] times the way that
 * column j of W points. A moving picture of the walk in two small networks that learnt the same
 * map, one with a tail behind its ten features, one with ordinary dropout. */
#include "experiment.h"
#include "network.h"
#include "svg.h"

#include <stdlib.h>

enum { FEATURES = 10, ROWS = 1024, EPOCHS = 300, SHORT_EPOCHS = 2, BATCH = 64, DRAWS = 8 };
enum { FRAMES = FEATURES + 1 + DRAWS, SIZE = 330, TOP = 96, SHOWN = 8 };

static const double p = 0.5;

/* What one network does with one input: its arrows, and which of them each frame shows. */
typedef struct walk {
    const char *name;
    dropping kind;
    double left;
    double arrow[FEATURES][2], bias[2], target[2];
    double scale[FRAMES][FEATURES]; /* 0: dropped */
    double miss[FEATURES + 1];      /* mean squared distance from the target, over all rows */
} walk;

static void make_samples(float *x, float *target) {
    experiment_normal(6, 0, 2 * ROWS, x);
    for (int i = 0; i < ROWS; i++) { /* a bent map of the plane */
        const float a = x[2 * i], b = x[2 * i + 1];
        target[2 * i] = a + 0.5f * b * b - 0.5f;
        target[2 * i + 1] = b - 0.4f * a * b;
    }
}

/* Frames 0..FEATURES add one feature at a time; those behind are masks as training draws them. */
static void choose_frames(walk *path) {
    tdrop_law *law = NULL;
    double u[DRAWS * FEATURES];
    int32_t keep[DRAWS];
    CHECK(tdrop_law_create(&law, FEATURES, &(tdrop_law_options){.p = p}));
    CHECK(tdrop_law_draw(law, &(tdrop_draw){.seed = 6, .batch = DRAWS}, DRAWS, keep));
    tdrop_law_destroy(law);
    experiment_uniform(6, 1, DRAWS * FEATURES, u);
    for (int frame = 0; frame < FRAMES; frame++)
        for (int j = 0; j < FEATURES; j++) {
            const int draw = frame - FEATURES - 1;
            double *scale = &path->scale[frame][j];
            if (draw < 0)
                *scale = j < frame;
            else if (path->kind == DROP_TAIL)
                *scale = j < keep[draw];
            else
                *scale = u[draw * FEATURES + j] < p ? 0 : 1 / (1 - p);
        }
}

static void learn(walk *path, const samples *set, size_t epochs, int shown) {
    const network_options options = {.inputs = 2,
                                     .layers = 3,
                                     .outputs = {64, FEATURES, 2},
                                     .shape = {ACTIVATION_TANH, ACTIVATION_TANH, ACTIVATION_LINEAR},
                                     .dropped = 1,
                                     .kind = path->kind,
                                     .law = {.p = p},
                                     .most_rows = ROWS,
                                     .seed = 6};
    const float *bias;
    network *net = network_create(&options);
    network_train(net, set, epochs, BATCH, 1e-2);
    for (size_t k = 0; k <= FEATURES; k++)
        path->miss[k] = network_loss(net, set, k, NULL) * 2;
    network_run(net, set->x, ROWS, FEATURES);
    const float *feature = network_features(net) + shown * FEATURES;
    const float *w = network_weights(net, 2, &bias);
    for (int i = 0; i < 2; i++) {
        path->bias[i] = (double)bias[i], path->target[i] = (double)set->target[shown * 2 + i];
        for (int j = 0; j < FEATURES; j++)
            path->arrow[j][i] = (double)w[i * FEATURES + j] * (double)feature[j];
    }
    network_destroy(net);
}

static svg_plot plot_of(const walk *path) {
    return (svg_plot){.left = path->left,
                      .top = TOP,
                      .width = SIZE,
                      .height = SIZE,
                      .x = {.low = -0.5, .high = 3.5, .tick = 1, .title = "first output"},
                      .y = {.low = -2,
                            .high = 2,
                            .tick = 1,
                            .title = path->kind == DROP_TAIL ? "second output" : NULL},
                      .title = path->name};
}

/* One frame of a walk: from the bias on, an arrow for each feature that is kept. */
static void draw_walk(FILE *file, const walk *path, int frame) {
    const svg_plot plot = plot_of(path);
    double at[2] = {path->bias[0], path->bias[1]};
    fprintf(file,
            "<path class=\"line %s solid\" marker-mid=\"url(#head)\" marker-end=\"url(#head)\" "
            "d=\"M%.1f %.1f",
            path->kind == DROP_TAIL ? "blue" : "orange", svg_x(&plot, at[0]), svg_y(&plot, at[1]));
    for (int j = 0; j < FEATURES; j++) {
        if (path->scale[frame][j] == 0) continue;
        for (int i = 0; i < 2; i++)
            at[i] += path->scale[frame][j] * path->arrow[j][i];
        fprintf(file, "L%.1f %.1f", svg_x(&plot, at[0]), svg_y(&plot, at[1]));
    }
    fprintf(file, "\"/>\n");
    svg_text(file, path->left, TOP + SIZE + 62, SVG_START, "kept:");
    for (int j = 0; j < FEATURES; j++)
        if (path->scale[frame][j] != 0)
            svg_text(file, path->left + 58 + 27 * j, TOP + SIZE + 62, SVG_MIDDLE, "%d", j + 1);
}

/* A group that is seen during its frame; a program that does not move pictures shows the last step
 * of the walk. */
static void draw_frame(FILE *file, const walk *left, const walk *right, int frame) {
    fprintf(file,
            "<g visibility=\"%s\"><animate attributeName=\"visibility\" dur=\"%ds\" "
            "calcMode=\"discrete\" repeatCount=\"indefinite\" values=\"",
            frame == FEATURES ? "visible" : "hidden", FRAMES);
    for (int i = 0; i < FRAMES; i++)
        fprintf(file, "%s%s", i ? ";" : "", i == frame ? "visible" : "hidden");
    fprintf(file, "\"/>\n");
    if (frame == 0)
        svg_text(file, 20, 54, SVG_START, "the bias alone");
    else if (frame <= FEATURES)
        svg_text(file, 20, 54, SVG_START, "the first %d of %d features, added one at a time", frame,
                 FEATURES);
    else
        svg_text(file, 20, 54, SVG_START, "as training sees it: mask %d of %d, p = 0.5",
                 frame - FEATURES, DRAWS);
    draw_walk(file, left, frame);
    draw_walk(file, right, frame);
    fprintf(file, "</g>\n");
}

static void draw(const char *name, const walk *tail, const walk *ordinary) {
    const walk *const both[] = {tail, ordinary};
    FILE *file =
        svg_open(name, 800, 500, "y = W x, one column of W at a time",
                 "A moving picture: with a tail the first few steps lead to the target and "
                 "the others are corrections; with ordinary dropout every step leads a "
                 "tenth of the way.");
    fprintf(file,
            "<defs><marker id=\"head\" orient=\"auto\" markerUnits=\"userSpaceOnUse\" "
            "markerWidth=\"9\" markerHeight=\"8\" refX=\"8\" refY=\"4\"><path "
            "class=\"grey fill solid\" stroke-width=\"0\" d=\"M0 0L9 4L0 8z\"/></marker></defs>\n");
    for (int i = 0; i < 2; i++) {
        const svg_plot plot = plot_of(both[i]);
        const double x = svg_x(&plot, both[i]->target[0]), y = svg_y(&plot, both[i]->target[1]);
        svg_draw_plot(file, &plot);
        fprintf(file, "<circle class=\"line green solid\" cx=\"%.1f\" cy=\"%.1f\" r=\"9\"/>\n", x,
                y);
        svg_text(file, x, y + 26, SVG_MIDDLE, "target");
    }
    for (int frame = 0; frame < FRAMES; frame++)
        draw_frame(file, tail, ordinary, frame);
    svg_close(file);
}

int main(int argc, char **argv) {
    static float x[2 * ROWS], target[2 * ROWS];
    static walk tail = {.name = "TailDropout", .kind = DROP_TAIL, .left = 64};
    static walk ordinary = {.name = "ordinary dropout", .kind = DROP_ORDINARY, .left = 450};
    bool small;
    const char *path = experiment_arguments(argc, argv, &small);
    make_samples(x, target);
    const samples set = {x, target, ROWS};
    printf("mean squared distance from the target, k = 0..%d\n", FEATURES);
    for (walk *w = &tail; w; w = w == &tail ? &ordinary : NULL) {
        learn(w, &set, small ? SHORT_EPOCHS : EPOCHS, SHOWN);
        choose_frames(w);
        printf("%-17s", w->name);
        for (int k = 0; k <= FEATURES; k++)
            printf(" %.3f", w->miss[k]);
        printf("\n");
    }
    draw(path, &tail, &ordinary);
    return 0;
}
