/* SPDX-License-Identifier: MIT
 * Gallery 4: a network memorises 1,000 random points: 50 inputs, 100 tanh hidden units, one output,
 * p = 0.2. How many of the hidden units does it need? With a tail, with ordinary dropout, with
 * nothing dropped. */
#include "experiment.h"
#include "network.h"
#include "svg.h"

#include <stdlib.h>

enum { POINTS = 1000, INPUTS = 50, HIDDEN = 100, STEPS = 20000, SHORT_STEPS = 50, NETWORKS = 3 };

static const double rate = 1e-4; /* the original's, as are the sizes and the steps */

typedef struct subject {
    const char *name;
    dropping kind;
    svg_hue hue;
    double loss[HIDDEN + 1];
} subject;

static void memorise(subject *who, const samples *points, int steps) {
    const network_options options = {.inputs = INPUTS,
                                     .layers = 2,
                                     .outputs = {HIDDEN, 1},
                                     .shape = {ACTIVATION_TANH, ACTIVATION_LINEAR},
                                     .kind = who->kind,
                                     .law = {.p = 0.2},
                                     .most_rows = POINTS,
                                     .seed = 4};
    network *net = network_create(&options);
    for (int step = 0; step < steps; step++)
        network_step(net, points, rate);
    for (size_t k = 0; k <= HIDDEN; k++)
        who->loss[k] = network_loss(net, points, k, NULL);
    network_destroy(net);
}

/* The first k with at most this share of the fall from k = 0 to all units missing. */
static int enough(const subject *who, double share) {
    const double bound = who->loss[HIDDEN] + share * (who->loss[0] - who->loss[HIDDEN]);
    int k = HIDDEN;
    while (k > 0 && who->loss[k - 1] <= bound)
        k--;
    return k;
}

static void draw(const char *path, const subject *subjects) {
    double k[HIDDEN + 1];
    FILE *file = svg_open(path, 800, 420, "1,000 random points memorised with 100 hidden units",
                          "The loss of the network with a tail falls with the first units and is "
                          "flat behind them; without a tail all units are needed.");
    const svg_plot plot = {.left = 78,
                           .top = 90,
                           .width = 680,
                           .height = 260,
                           .x = {.high = HIDDEN, .tick = 10, .title = "hidden units kept, k"},
                           .y = {.high = 2, .tick = 0.5, .title = "mean squared error"}};
    svg_draw_plot(file, &plot);
    svg_mark(file, &plot, 40, SVG_START, "40, the original's figure");
    for (int i = 0; i <= HIDDEN; i++)
        k[i] = i;
    for (int i = 0; i < NETWORKS; i++) {
        svg_curve(file, &plot, subjects[i].hue, HIDDEN + 1, k, subjects[i].loss);
        svg_key(file, 78 + 220 * i, 64, subjects[i].hue, subjects[i].name);
    }
    svg_close(file);
}

int main(int argc, char **argv) {
    static subject subjects[NETWORKS] = {{"TailDropout", DROP_TAIL, SVG_BLUE, {0}},
                                         {"ordinary dropout", DROP_ORDINARY, SVG_ORANGE, {0}},
                                         {"nothing dropped", DROP_NOTHING, SVG_GREY, {0}}};
    bool small;
    const char *path = experiment_arguments(argc, argv, &small);
    float *x = experiment_memory(POINTS * INPUTS, sizeof *x), target[POINTS];
    experiment_normal(4, 0, POINTS * INPUTS, x);
    experiment_normal(4, 1, POINTS, target);
    const samples points = {x, target, POINTS};
    printf("mean squared error    k = 0      10      20      40      60     100   within 5 %%  2 "
           "%%\n");
    for (int i = 0; i < NETWORKS; i++) {
        const double *loss = subjects[i].loss;
        memorise(&subjects[i], &points, small ? SHORT_STEPS : STEPS);
        printf("%-18s  %7.4f %7.4f %7.4f %7.4f %7.4f %7.4f %9d %6d\n", subjects[i].name, loss[0],
               loss[10], loss[20], loss[40], loss[60], loss[100], enough(&subjects[i], 0.05),
               enough(&subjects[i], 0.02));
    }
    draw(path, subjects);
    free(x);
    return 0;
}
