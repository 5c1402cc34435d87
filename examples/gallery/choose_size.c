/* SPDX-License-Identifier: MIT
 * Gallery 9: train a network that is much too large until it overfits, then choose the size that
 * generalises. 400 noisy points of a function that three hidden units make, 20 inputs, 200 hidden
 * units. The size is chosen on 1,000 points and judged on 10,000 others. */
#include "experiment.h"
#include "network.h"
#include "svg.h"

#include <math.h>
#include <stdlib.h>

enum { INPUTS = 20, TEACHER = 3, HIDDEN = 200, EPOCHS = 3000, BATCH = 400, MOST_ROWS = 1000 };
enum { TRAIN = 400, CHOOSE = 1000, JUDGE = 10000, ROWS = TRAIN + CHOOSE + JUDGE, NETWORKS = 3 };

static const double noise = 0.5; /* deviation; no network's expected loss is below its square */

typedef struct subject {
    const char *name;
    dropping kind;
    svg_hue hue;
    double train[HIDDEN + 1], choose[HIDDEN + 1], judge[HIDDEN + 1];
    int k; /* where `choose` is least */
} subject;

/* y = sum of three bent directions and noise. */
static void make_points(float *x, float *target) {
    float w[TEACHER * INPUTS];
    experiment_normal(9, 0, TEACHER * INPUTS, w);
    experiment_normal(9, 1, ROWS * INPUTS, x);
    experiment_normal(9, 2, ROWS, target);
    for (int i = 0; i < ROWS; i++) {
        double y = noise * (double)target[i];
        for (int unit = 0; unit < TEACHER; unit++) {
            double z = 0;
            for (int j = 0; j < INPUTS; j++)
                z += (double)w[unit * INPUTS + j] * (double)x[i * INPUTS + j] / sqrt(INPUTS);
            y += 2 * z / (1 + fabs(z)); /* as tanh, without libm */
        }
        target[i] = (float)y;
    }
}

static void learn(subject *who, const samples *train, const samples *choose, const samples *judge,
                  size_t epochs) {
    const network_options options = {.inputs = INPUTS,
                                     .layers = 2,
                                     .outputs = {HIDDEN, 1},
                                     .shape = {ACTIVATION_TANH, ACTIVATION_LINEAR},
                                     .kind = who->kind,
                                     .law = {.p = 0.5},
                                     .most_rows = MOST_ROWS,
                                     .seed = 9};
    network *net = network_create(&options);
    network_train(net, train, epochs, BATCH, 5e-3);
    for (int k = 0; k <= HIDDEN; k++) {
        who->train[k] = network_loss(net, train, (size_t)k, NULL);
        who->choose[k] = network_loss(net, choose, (size_t)k, NULL);
        who->judge[k] = network_loss(net, judge, (size_t)k, NULL);
        if (who->choose[k] < who->choose[who->k]) who->k = k;
    }
    network_destroy(net);
}

static void draw(const char *path, const subject *subjects) {
    double k[HIDDEN + 1];
    FILE *file = svg_open(path, 800, 430, "Train a network that is too large, then choose its size",
                          "With a tail the held-out loss is least at a few units and rises behind "
                          "them; without one no small size is of use.");
    const svg_plot plot = {
        .left = 78,
        .top = 106,
        .width = 680,
        .height = 260,
        .x = {.low = 1, .high = HIDDEN, .logarithmic = true, .title = "hidden units kept, k"},
        .y = {.high = 3, .tick = 0.5, .title = "mean squared error"}};
    svg_draw_plot(file, &plot);
    for (int i = 0; i <= HIDDEN; i++)
        k[i] = i;
    for (int i = 0; i < NETWORKS; i++) {
        svg_curve(file, &plot, subjects[i].hue, HIDDEN, k + 1, subjects[i].judge + 1);
        svg_key(file, 78 + 240 * i, 60, subjects[i].hue, subjects[i].name);
    }
    svg_curve(file, &plot, SVG_GREEN, HIDDEN, k + 1, subjects[0].train + 1);
    svg_key(file, 78, 84, SVG_GREEN, "TailDropout, training points");
    svg_mark(file, &plot, subjects[0].k, SVG_START, "size chosen");
    svg_close(file);
}

int main(int argc, char **argv) {
    static subject subjects[NETWORKS] = {
        {.name = "TailDropout, held out", .kind = DROP_TAIL, .hue = SVG_BLUE},
        {.name = "ordinary, held out", .kind = DROP_ORDINARY, .hue = SVG_ORANGE},
        {.name = "nothing dropped, held out", .kind = DROP_NOTHING, .hue = SVG_GREY}};
    bool small;
    const char *path = experiment_arguments(argc, argv, &small);
    float *x = experiment_memory(ROWS * INPUTS, sizeof *x);
    float *target = experiment_memory(ROWS, sizeof *target);
    make_points(x, target);
    const samples train = {x, target, TRAIN};
    const samples choose = {x + TRAIN * INPUTS, target + TRAIN, CHOOSE};
    const samples judge = {x + (TRAIN + CHOOSE) * INPUTS, target + TRAIN + CHOOSE,
                           small ? 200 : JUDGE};
    printf("%28s  train at n  held out at n  chosen k  held out at k\n", "");
    for (int i = 0; i < NETWORKS; i++) {
        subject *who = &subjects[i];
        learn(who, &train, &choose, &judge, small ? 5 : EPOCHS);
        printf("%-28s  %10.4f  %13.4f  %8d  %13.4f\n", who->name, who->train[HIDDEN],
               who->judge[HIDDEN], who->k, who->judge[who->k]);
    }
    draw(path, subjects);
    free(x), free(target);
    return 0;
}
