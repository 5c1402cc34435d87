/* SPDX-License-Identifier: MIT
 * Gallery 8: dropping as regularisation. A classifier, 784-256-10, learns from 2,000 images;
 * accuracy on the 10,000 test images against p, for a tail, ordinary dropout and nothing behind the
 * hidden layer, five seeds each. All units are used in the end. */
#include "experiment.h"
#include "fashion_mnist.h"
#include "network.h"
#include "svg.h"

#include <math.h>

enum { HIDDEN = 256, TRAIN = 2000, EPOCHS = 40, BATCH = 50, MOST_ROWS = 2000 };
enum { POINTS = 8, SEEDS = 5, KINDS = 2 };

static const double share[POINTS] = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8};

/* Mean of the seeds, and their standard deviation, in % right. */
typedef struct spread {
    double mean, deviation;
} spread;

typedef struct subject {
    const char *name;
    dropping kind;
    svg_hue hue;
    spread at[POINTS];
} subject;

static double accuracy_of(dropping kind, double p, uint64_t seed, size_t epochs,
                          const samples *train, const samples *test) {
    const network_options options = {.inputs = PIXELS,
                                     .layers = 2,
                                     .outputs = {HIDDEN, CLASSES},
                                     .shape = {ACTIVATION_RELU, ACTIVATION_LINEAR},
                                     .kind = kind,
                                     .law = {.p = p},
                                     .loss = LOSS_CROSS_ENTROPY,
                                     .most_rows = MOST_ROWS,
                                     .seed = seed};
    double accuracy = 0;
    network *net = network_create(&options);
    network_train(net, train, epochs, BATCH, 2e-3);
    network_loss(net, test, HIDDEN, &accuracy);
    network_destroy(net);
    return 100 * accuracy;
}

/* Each seed draws other weights, orders and masks, and takes other images to learn from. */
static spread measure(dropping kind, double p, bool small, const images *train,
                      const samples *test) {
    const uint64_t seeds = small ? 1 : SEEDS;
    const size_t rows = small ? 200 : TRAIN;
    double sum = 0, squares = 0;
    for (uint64_t seed = 0; seed < seeds; seed++) {
        const samples set = {train->pixel + seed * rows * PIXELS, train->class + seed * rows, rows};
        const double accuracy = accuracy_of(kind, p, seed, small ? 1 : EPOCHS, &set, test);
        sum += accuracy, squares += accuracy * accuracy;
    }
    const double count = (double)seeds, mean = sum / count;
    const double variance = seeds > 1 ? (squares - count * mean * mean) / (count - 1) : 0;
    return (spread){mean, sqrt(variance > 0 ? variance : 0)};
}

static void draw(const char *path, const subject *subjects, spread none) {
    FILE *file = svg_open(path, 800, 420, "A classifier on 2,000 images, regularised",
                          "Held-out accuracy against p: ordinary dropout gains half a point, the "
                          "tail nothing.");
    const svg_plot plot = {
        .left = 78,
        .top = 90,
        .width = 680,
        .height = 260,
        .x = {.high = 0.9, .tick = 0.1, .title = "share dropped, p"},
        .y = {.low = 81.5, .high = 84.5, .tick = 0.5, .title = "% of test images right"}};
    const double p[] = {0, 0.9}, mean[] = {none.mean, none.mean}, start[] = {0};
    svg_draw_plot(file, &plot);
    svg_curve(file, &plot, SVG_GREY, 2, p, mean);
    svg_points(file, &plot, SVG_GREY, 1, start, &none.mean, &none.deviation);
    for (int i = 0; i < KINDS; i++) {
        double y[POINTS], deviation[POINTS], x[POINTS];
        for (int j = 0; j < POINTS; j++) {
            x[j] = share[j] + 0.004 * (i ? 1 : -1); /* whiskers beside each other */
            y[j] = subjects[i].at[j].mean, deviation[j] = subjects[i].at[j].deviation;
        }
        svg_curve(file, &plot, subjects[i].hue, POINTS, x, y);
        svg_points(file, &plot, subjects[i].hue, POINTS, x, y, deviation);
        svg_key(file, 78 + 140 * i, 64, subjects[i].hue, subjects[i].name);
    }
    svg_key(file, 388, 64, SVG_GREY, "nothing dropped");
    svg_text(file, 758, 64, SVG_END, "bars: deviation of %d seeds", SEEDS);
    svg_close(file);
}

int main(int argc, char **argv) {
    static subject subjects[KINDS] = {
        {.name = "TailDropout", .kind = DROP_TAIL, .hue = SVG_BLUE},
        {.name = "ordinary dropout", .kind = DROP_ORDINARY, .hue = SVG_ORANGE}};
    bool small;
    const char *path = experiment_arguments(argc, argv, &small);
    images train = fashion_mnist_read(small ? TDROP_PART_TEST : TDROP_PART_TRAIN, SEEDS * TRAIN);
    images test = fashion_mnist_read(TDROP_PART_TEST, small ? 200 : 10000);
    const samples held_out = {test.pixel, test.class, test.rows};
    const spread none = measure(DROP_NOTHING, 0, small, &train, &held_out);
    printf("nothing dropped  %.2f +- %.2f %% right\n    p  %-17s  %s\n", none.mean, none.deviation,
           subjects[0].name, subjects[1].name);
    for (int i = 0; i < POINTS; i++) {
        for (int j = 0; j < KINDS; j++)
            subjects[j].at[i] = measure(subjects[j].kind, share[i], small, &train, &held_out);
        printf("%5.2f  %6.2f +- %-8.2f  %6.2f +- %.2f\n", share[i], subjects[0].at[i].mean,
               subjects[0].at[i].deviation, subjects[1].at[i].mean, subjects[1].at[i].deviation);
    }
    draw(path, subjects, none);
    fashion_mnist_free(&train), fashion_mnist_free(&test);
    return none.mean < 50; /* it learns, in the short run too */
}
