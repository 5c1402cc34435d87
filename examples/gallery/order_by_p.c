/* SPDX-License-Identifier: MIT
 * Gallery 10: how much order a given p makes. The autoencoder of Fashion-MNIST, 784-256-64-256-784,
 * with p from 0 to 0.5. Order is the mean over k = 1..64 of the share explained by the first k of
 * what all 64 explain (a negative share counts as 0): near 1 when the first features do it all. */
#include "experiment.h"
#include "fashion_mnist.h"
#include "network.h"
#include "svg.h"

#include <stdlib.h>

enum { FEATURES = 64, HIDDEN = 256, EPOCHS = 5, BATCH = 256, MOST_ROWS = 2000 };
enum { NETWORKS = 9 };

typedef struct subject {
    double p;
    bool drawn; /* its curve is in the picture */
    svg_hue hue;
    const char *name;
    double
        explained[FEATURES + 1]; /* share of the variance about the mean of the training images */
    double order, rows_dropped;  /* the latter: expected number of rows with k < n */
    int enough;                  /* first k with 95 % of what all explain */
} subject;

/* Mean squared difference of the images from the training images' mean. */
static double variance_of(const images *train, const images *test) {
    double mean[PIXELS] = {0}, sum = 0;
    for (size_t i = 0; i < train->rows * PIXELS; i++)
        mean[i % PIXELS] += (double)train->pixel[i] / (double)train->rows;
    for (size_t i = 0; i < test->rows * PIXELS; i++) {
        const double difference = (double)test->pixel[i] - mean[i % PIXELS];
        sum += difference * difference;
    }
    return sum / (double)(test->rows * PIXELS);
}

static void judge(subject *who) {
    const double *explained = who->explained;
    for (int k = 1; k <= FEATURES; k++)
        if (explained[k] > 0) who->order += explained[k] / explained[FEATURES] / FEATURES;
    who->enough = FEATURES;
    while (who->enough > 0 && explained[who->enough - 1] >= 0.95 * explained[FEATURES])
        who->enough--;
}

static double chance_of_dropping(double p) {
    double probability[FEATURES + 1];
    tdrop_law *law = NULL;
    CHECK(tdrop_law_create(&law, FEATURES, &(tdrop_law_options){.p = p}));
    tdrop_law_probabilities(law, probability);
    tdrop_law_destroy(law);
    return 1 - probability[FEATURES];
}

static void learn(subject *who, const images *train, const images *test, double variance,
                  size_t epochs) {
    const network_options options = {
        .inputs = PIXELS,
        .layers = 4,
        .outputs = {HIDDEN, FEATURES, HIDDEN, PIXELS},
        .shape = {ACTIVATION_RELU, ACTIVATION_LINEAR, ACTIVATION_RELU, ACTIVATION_LINEAR},
        .dropped = 1,
        .kind = who->p > 0 ? DROP_TAIL : DROP_NOTHING,
        .law = {.p = who->p},
        .most_rows = MOST_ROWS,
        .seed = 10};
    const samples set = {train->pixel, train->pixel, train->rows};
    const samples held_out = {test->pixel, test->pixel, test->rows};
    network *net = network_create(&options);
    network_train(net, &set, epochs, BATCH, 2e-3);
    for (size_t k = 0; k <= FEATURES; k++)
        who->explained[k] = 1 - network_loss(net, &held_out, k, NULL) / variance;
    network_destroy(net);
    who->rows_dropped = chance_of_dropping(who->p) * (double)(train->rows / BATCH * BATCH * epochs);
    judge(who);
}

/* The explained share against k, of the networks that are drawn. */
static void draw_curves(FILE *file, const subject *subjects) {
    const svg_plot plot = {.left = 78,
                           .top = 138,
                           .width = 320,
                           .height = 270,
                           .x = {.high = FEATURES, .tick = 8, .title = "features kept, k"},
                           .y = {.high = 100, .tick = 20, .title = "% of the variance explained"},
                           .title = "held-out images"};
    int drawn = 0;
    svg_draw_plot(file, &plot);
    for (int i = 0; i < NETWORKS; i++) {
        const subject *who = &subjects[i];
        double k[FEATURES + 1], share[FEATURES + 1];
        if (!who->drawn) continue;
        for (int j = 0; j <= FEATURES; j++)
            k[j] = j, share[j] = 100 * who->explained[j];
        svg_curve(file, &plot, who->hue, FEATURES + 1, k, share);
        svg_key(file, 78 + 150 * (drawn % 2), 58 + 22 * (drawn / 2), who->hue, who->name);
        drawn++;
    }
}

/* Order against p, and as a level that without a tail. */
static void draw_order(FILE *file, const subject *subjects) {
    const svg_plot plot = {
        .left = 478,
        .top = 138,
        .width = 300,
        .height = 270,
        .x = {.low = 1e-5, .high = 1, .logarithmic = true, .title = "share dropped, p"},
        .y = {.high = 1, .tick = 0.2, .title = "order"},
        .title = "order (0 none, 1 full)"};
    const double ends[] = {1e-5, 1}, none[] = {subjects[0].order, subjects[0].order};
    double p[NETWORKS], order[NETWORKS];
    for (int i = 1; i < NETWORKS; i++)
        p[i] = subjects[i].p, order[i] = subjects[i].order;
    svg_draw_plot(file, &plot);
    svg_curve(file, &plot, SVG_GREY, 2, ends, none);
    svg_curve(file, &plot, SVG_BLUE, NETWORKS - 1, p + 1, order + 1);
    svg_points(file, &plot, SVG_BLUE, NETWORKS - 1, p + 1, order + 1, NULL);
    svg_key(file, 478, 58, SVG_BLUE, "with a tail");
    svg_key(file, 478, 80, SVG_GREY, "nothing dropped");
}

static void draw(const char *path, const subject *subjects) {
    FILE *file = svg_open(path, 800, 470, "How much order a given p makes",
                          "The smaller p, the less the first features explain; from about one in a "
                          "thousand on there is order.");
    draw_curves(file, subjects);
    draw_order(file, subjects);
    svg_close(file);
}

int main(int argc, char **argv) {
    static subject subjects[NETWORKS] = {
        {.p = 0, .drawn = true, .hue = SVG_GREY, .name = "p = 0"},
        {.p = 1e-5},
        {.p = 1e-4, .drawn = true, .hue = SVG_PURPLE, .name = "p = 0.0001"},
        {.p = 1e-3, .drawn = true, .hue = SVG_GREEN, .name = "p = 0.001"},
        {.p = 1e-2, .drawn = true, .hue = SVG_ORANGE, .name = "p = 0.01"},
        {.p = 0.05},
        {.p = 0.1},
        {.p = 0.2},
        {.p = 0.5, .drawn = true, .hue = SVG_BLUE, .name = "p = 0.5"}};
    bool small;
    const char *path = experiment_arguments(argc, argv, &small);
    images train =
        fashion_mnist_read(small ? TDROP_PART_TEST : TDROP_PART_TRAIN, small ? 256 : 60000);
    images test = fashion_mnist_read(TDROP_PART_TEST, small ? 20 : 2000);
    const double variance = variance_of(&train, &test);
    printf(
        "      p   rows with k < n  order  k for 95 %%   explained by  1      4     16     64\n");
    for (int i = 0; i < NETWORKS; i++) {
        subject *who = &subjects[i];
        learn(who, &train, &test, variance, small ? 1 : EPOCHS);
        printf("%7g  %16.0f  %5.3f  %10d  %14.1f %% %4.1f %% %4.1f %% %4.1f %%\n", who->p,
               who->rows_dropped, who->order, who->enough, 100 * who->explained[1],
               100 * who->explained[4], 100 * who->explained[16], 100 * who->explained[64]);
    }
    draw(path, subjects);
    fashion_mnist_free(&train), fashion_mnist_free(&test);
    return 0;
}
