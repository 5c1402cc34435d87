/* SPDX-License-Identifier: MIT
 * Gallery 7: an autoencoder of Fashion-MNIST, 784-256-64-256-784, with a tail behind its code
 * (laws: log-uniform, and in numbers only the exponential with p = 0.5) and, otherwise the same,
 * with ordinary dropout there, p = 0.5. Reconstructions of held-out images from the first k
 * features, and what the first feature alone says about the class. */
#include "experiment.h"
#include "fashion_mnist.h"
#include "network.h"
#include "svg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FEATURES = 64, HIDDEN = 256, EPOCHS = 15, BATCH = 256, MOST_ROWS = 2000 };
enum { SHOWN = 6, WIDTHS = 7, CELLS = WIDTHS + 1, BINS = 40, SCALE = 47 };

static const size_t width[WIDTHS] = {1, 2, 4, 8, 16, 32, 64};

/* T-shirt, pullover, coat and shirt on one side; sandal, sneaker and ankle boot on the other. */
static const bool is_shirt[CLASSES] = {true, false, true, false, true, false, true};
static const bool is_shoe[CLASSES] = {[5] = true, [7] = true, [9] = true};

typedef struct subject {
    const char *name;
    dropping kind;
    tdrop_law_options law;
    network *net;
    double loss[WIDTHS], scaled_loss[WIDTHS]; /* the latter: features times n / k */
    float *first;                             /* feature 1 of each test image */
    double low, high;                         /* its range */
    double accuracy;           /* of the best threshold on it, shoes against shirts */
    double histogram[2][BINS]; /* shirts, shoes; in % of the images of that group */
} subject;

static network *learn(const images *train, const subject *who, size_t epochs) {
    const network_options options = {
        .inputs = PIXELS,
        .layers = 4,
        .outputs = {HIDDEN, FEATURES, HIDDEN, PIXELS},
        .shape = {ACTIVATION_RELU, ACTIVATION_LINEAR, ACTIVATION_RELU, ACTIVATION_LINEAR},
        .dropped = 1,
        .kind = who->kind,
        .law = who->law,
        .most_rows = MOST_ROWS,
        .seed = 7};
    network *net = network_create(&options);
    const samples set = {train->pixel, train->pixel, train->rows};
    network_train(net, &set, epochs, BATCH, 2e-3);
    return net;
}

static void measure_loss(subject *who, const images *test) {
    const samples set = {test->pixel, test->pixel, test->rows};
    for (int i = 0; i < WIDTHS; i++) {
        who->loss[i] = network_loss(who->net, &set, width[i], NULL);
        network_set_gain(who->net, (double)FEATURES / (double)width[i]);
        who->scaled_loss[i] = network_loss(who->net, &set, width[i], NULL);
        network_set_gain(who->net, 1);
    }
}

static void find_first_feature(subject *who, const images *test) {
    who->first = experiment_memory(test->rows, sizeof *who->first);
    for (size_t row = 0; row < test->rows; row += MOST_ROWS) {
        const size_t rows = test->rows - row < MOST_ROWS ? test->rows - row : MOST_ROWS;
        network_run(who->net, test->pixel + row * PIXELS, rows, FEATURES);
        for (size_t i = 0; i < rows; i++)
            who->first[row + i] = network_features(who->net)[i * FEATURES];
    }
    who->low = who->high = (double)who->first[0];
    for (size_t i = 0; i < test->rows; i++) {
        const double value = (double)who->first[i];
        who->low = value < who->low ? value : who->low;
        who->high = value > who->high ? value : who->high;
    }
}

/* Counts both groups in thin slices of the feature's range; the best threshold lies between two. */
static void judge_first_feature(subject *who, const images *test) {
    enum { SLICES = 4000 };
    static int count[2][SLICES];
    memset(count, 0, sizeof count);
    int total[2] = {0}, below[2] = {0}, best = 0;
    for (size_t i = 0; i < test->rows; i++) {
        const int class = (int)test->class[i];
        if (!is_shirt[class] && !is_shoe[class]) continue;
        const double share = ((double)who->first[i] - who->low) / (who->high - who->low);
        const int slice = share < 1 ? (int)(share * SLICES) : SLICES - 1;
        count[is_shoe[class]][slice]++, total[is_shoe[class]]++;
    }
    for (int slice = 0; slice < SLICES; slice++)
        for (int group = 0; group < 2; group++) {
            below[group] += count[group][slice];
            who->histogram[group][slice * BINS / SLICES] +=
                100.0 * count[group][slice] / total[group];
            const int right = below[0] + total[1] - below[1];
            const int either =
                right > total[0] + total[1] - right ? right : total[0] + total[1] - right;
            best = group == 1 && either > best ? either : best;
        }
    who->accuracy = (double)best / (total[0] + total[1]);
}

/* ------------------------------------------------------------------------------------------------
 * The picture
 */

/* Image number `at` of a strip becomes 16 levels. */
static void put_image(uint8_t *strip, size_t columns, size_t at, const float *pixel) {
    for (size_t i = 0; i < PIXELS; i++) {
        const float value = pixel[i] < 0 ? 0 : pixel[i] > 1 ? 1 : pixel[i];
        strip[i / SIDE * columns + at * SIDE + i % SIDE] = (uint8_t)(value * 15 + 0.5f);
    }
}

static size_t first_of_class(const images *test, int class) {
    size_t row = 0;
    while (row + 1 < test->rows && (int)test->class[row] != class)
        row++;
    return row;
}

/* A row of pictures for each shown class: the image, then its reconstructions. */
static void draw_strips(FILE *file, const subject *who, const images *test, double left, double top,
                        bool with_image) {
    static const int shown[SHOWN] = {9, 7, 0, 2, 1, 8};
    const size_t columns = SIDE * (WIDTHS + (with_image ? 1u : 0u));
    uint8_t strip[SIDE * SIDE * CELLS];
    for (int i = 0; i < SHOWN; i++) {
        const float *pixel = test->pixel + first_of_class(test, shown[i]) * PIXELS;
        if (with_image) put_image(strip, columns, 0, pixel);
        for (size_t j = 0; j < WIDTHS; j++)
            put_image(strip, columns, j + (with_image ? 1 : 0),
                      network_run(who->net, pixel, 1, width[j]));
        svg_bitmap(file, left, top + i * (SCALE + 2), (double)columns / SIDE * SCALE, SCALE, strip,
                   columns, SIDE, false);
    }
    for (size_t j = 0; j < WIDTHS; j++)
        svg_text(file, left + ((double)j + (with_image ? 1.5 : 0.5)) * SCALE, top - 8, SVG_MIDDLE,
                 j ? "%zu" : "k = %zu", width[j]);
    if (with_image) svg_text(file, left + SCALE / 2.0, top - 8, SVG_MIDDLE, "image");
    svg_text(file, left, top - 32, SVG_START, "%s", who->name);
}

static void draw_histogram(FILE *file, const subject *who, double left) {
    double highest = 0;
    for (int group = 0; group < 2; group++)
        for (int bin = 0; bin < BINS; bin++)
            highest = fmax(highest, who->histogram[group][bin]);
    const svg_plot plot = {
        .left = left,
        .top = 452,
        .width = 300,
        .height = 150,
        .x = {.low = who->low,
              .high = who->high,
              .title = "feature 1",
              .tick = who->high - who->low > 4     ? 2
                      : who->high - who->low > 1.6 ? 0.5
                                                   : 0.2},
        .y = {.high = 10 * (floor(highest / 10) + 1), .tick = 10, .title = "% of the group"},
        .title = who->name};
    svg_draw_plot(file, &plot);
    for (int group = 0; group < 2; group++)
        svg_stairs(file, &plot, group ? SVG_ORANGE : SVG_BLUE, BINS, who->low,
                   (who->high - who->low) / BINS, who->histogram[group]);
    svg_text(file, left + 8, plot.top + 18, SVG_START, "best threshold: %.1f %% right",
             100 * who->accuracy);
}

static void draw(const char *path, const subject *tail, const subject *ordinary,
                 const images *test) {
    FILE *file =
        svg_open(path, 800, 662, "An autoencoder of Fashion-MNIST: the first k of 64 features",
                 "With a tail the images become clearer with each feature, and the first "
                 "alone parts shoes from shirts; with ordinary dropout they appear only "
                 "when nearly all features are there.");
    draw_strips(file, tail, test, 34, 92, true);
    draw_strips(file, ordinary, test, 58 + CELLS * SCALE, 92, false);
    draw_histogram(file, tail, 74);
    draw_histogram(file, ordinary, 474);
    svg_key(file, 74, 424, SVG_BLUE, "T-shirt, pullover, coat, shirt");
    fprintf(file, "<path class=\"line orange solid\" d=\"M330 420h34\"/>\n");
    svg_text(file, 371, 424, SVG_START, "sandal, sneaker, ankle boot");
    svg_close(file);
}

static void report(const subject *who) {
    printf("%-25s loss", who->name);
    for (int i = 0; i < WIDTHS; i++)
        printf("  %.5f", who->loss[i]);
    printf("\n%-25s  n/k", "");
    for (int i = 0; i < WIDTHS; i++)
        printf("  %.5f", who->scaled_loss[i]);
    printf("\n%-25s feature 1 tells shoes from shirts: %.2f %% right\n", "", 100 * who->accuracy);
}

int main(int argc, char **argv) {
    enum { NETWORKS = 3 };
    static subject subjects[NETWORKS] = {
        {.name = "TailDropout, log-uniform",
         .kind = DROP_TAIL,
         .law = {.kind = TDROP_LAW_LOG_UNIFORM}},
        {.name = "ordinary dropout, p = 0.5", .kind = DROP_ORDINARY, .law = {.p = 0.5}},
        {.name = "TailDropout, p = 0.5", .kind = DROP_TAIL, .law = {.p = 0.5}}};
    bool small;
    const char *path = experiment_arguments(argc, argv, &small);
    images train =
        fashion_mnist_read(small ? TDROP_PART_TEST : TDROP_PART_TRAIN, small ? 512 : 60000);
    images test = fashion_mnist_read(TDROP_PART_TEST, small ? 200 : 10000);
    printf("k                                   1        2        4        8       16       32     "
           "  64\n");
    for (int i = 0; i < NETWORKS; i++) {
        subject *who = &subjects[i];
        who->net = learn(&train, who, small ? 1 : EPOCHS);
        measure_loss(who, &test);
        find_first_feature(who, &test);
        judge_first_feature(who, &test);
        report(who);
    }
    draw(path, &subjects[0], &subjects[1], &test);
    for (int i = 0; i < NETWORKS; i++)
        network_destroy(subjects[i].net), free(subjects[i].first);
    fashion_mnist_free(&train), fashion_mnist_free(&test);
    return 0;
}
