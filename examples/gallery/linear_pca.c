/* SPDX-License-Identifier: MIT
 * Gallery 5: a linear network with a tail is PCA. 64 columns with a known spectrum, sixteen
 * directions above a floor of noise; the network has 16 features. Its loss at each k beside the
 * best that any k features can reach, and each feature beside its eigenvector. */
#include "experiment.h"
#include "network.h"
#include "svg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 64, FEATURES = 16, BATCH = 256, STEPS = 40000, SHORT_STEPS = 2000 };

/* The data, known: direction i (a row of `vector`, all orthonormal) has variance `variance[i]`. */
static double variance[COLUMNS], vector[COLUMNS][COLUMNS];

/* Random directions made orthonormal one after the other (Gram and Schmidt, twice for rounding). */
static void make_spectrum(void) {
    float start[COLUMNS * COLUMNS];
    experiment_normal(5, 0, COLUMNS * COLUMNS, start);
    double signal = 4;
    for (int i = 0; i < COLUMNS; i++, signal *= 0.75) {
        variance[i] = 0.01 + (i < FEATURES ? signal : 0);
        for (int j = 0; j < COLUMNS; j++)
            vector[i][j] = (double)start[i * COLUMNS + j];
        for (int other = 0; other < 2 * i; other++) {
            double along = 0;
            for (int j = 0; j < COLUMNS; j++)
                along += vector[i][j] * vector[other % i][j];
            for (int j = 0; j < COLUMNS; j++)
                vector[i][j] -= along * vector[other % i][j];
        }
        double length = 0;
        for (int j = 0; j < COLUMNS; j++)
            length += vector[i][j] * vector[i][j];
        for (int j = 0; j < COLUMNS; j++)
            vector[i][j] /= sqrt(length);
    }
}

/* New rows each time: independent uniform numbers of these variances, turned. */
static void make_rows(uint32_t step, float *x) {
    static double u[BATCH * COLUMNS];
    experiment_uniform(5, step + 1, BATCH * COLUMNS, u);
    for (int row = 0; row < BATCH; row++) {
        double sum[COLUMNS] = {0};
        for (int i = 0; i < COLUMNS; i++) {
            const double length = sqrt(12 * variance[i]) * (u[row * COLUMNS + i] - 0.5);
            for (int j = 0; j < COLUMNS; j++)
                sum[j] += length * vector[i][j];
        }
        for (int j = 0; j < COLUMNS; j++)
            x[row * COLUMNS + j] = (float)sum[j];
    }
}

static network *learn(int steps) {
    static float x[BATCH * COLUMNS];
    const network_options options = {.inputs = COLUMNS,
                                     .layers = 2,
                                     .outputs = {FEATURES, COLUMNS},
                                     .kind = DROP_TAIL,
                                     .law = {.kind = TDROP_LAW_UNIFORM},
                                     .most_rows = BATCH,
                                     .seed = 5};
    network *net = network_create(&options);
    const samples batch = {x, x, BATCH};
    for (int step = 0; step < steps; step++) {
        const double left = 1 - (double)step / steps;
        make_rows((uint32_t)step, x);
        network_step(net, &batch, 5e-3 * left * left);
    }
    return net;
}

/* The expected loss with k features, exactly: with R = I - D E the sum over directions of
 * variance * |R v|^2, and what the biases leave, by column. */
static double loss_at(const network *net, int k) {
    const float *b1, *b2, *e = network_weights(net, 0, &b1), *d = network_weights(net, 1, &b2);
    double loss = 0;
    for (int i = 0; i <= COLUMNS; i++) { /* the last: the mean, which is 0 and comes back as bias */
        double rest[COLUMNS];
        for (int j = 0; j < COLUMNS; j++)
            rest[j] = i < COLUMNS ? vector[i][j] : -(double)b2[j];
        for (int feature = 0; feature < k; feature++) {
            double z = i < COLUMNS ? 0 : (double)b1[feature];
            for (int j = 0; i < COLUMNS && j < COLUMNS; j++)
                z += (double)e[feature * COLUMNS + j] * vector[i][j];
            for (int j = 0; j < COLUMNS; j++)
                rest[j] -= z * (double)d[j * FEATURES + feature];
        }
        for (int j = 0; j < COLUMNS; j++)
            loss += (i < COLUMNS ? variance[i] : 1) * rest[j] * rest[j] / COLUMNS;
    }
    return loss;
}

static double pca_loss_at(int k) {
    double loss = 0;
    for (int i = k; i < COLUMNS; i++)
        loss += variance[i] / COLUMNS;
    return loss;
}

/* |cosine| between what feature f writes (column f of the decoder) and eigenvector i. */
static double cosine(const network *net, int f, int i) {
    const float *d = network_weights(net, 1, NULL);
    double along = 0, length = 0;
    for (int j = 0; j < COLUMNS; j++) {
        const double value = (double)d[j * FEATURES + f];
        along += value * vector[i][j], length += value * value;
    }
    return fabs(along) / sqrt(length);
}

/* A square for each feature and eigenvector, the fuller the more parallel. */
static void draw_cosines(FILE *file, const network *net) {
    const svg_plot plot = {
        .left = 520,
        .top = 92,
        .width = 256,
        .height = 256,
        .x = {.low = 0.5, .high = FEATURES + 0.5, .tick = 3, .title = "eigenvector"},
        .y = {.low = FEATURES + 0.5, .high = 0.5, .tick = -3, .title = "feature"},
        .title = "|cosine|: none 0, full 1"};
    svg_draw_plot(file, &plot);
    for (int f = 0; f < FEATURES; f++)
        for (int i = 0; i < FEATURES; i++)
            fprintf(file,
                    "<rect class=\"blue fill solid\" stroke-width=\"0\" fill-opacity=\"%.3f\" "
                    "x=\"%.1f\" y=\"%.1f\" width=\"15\" height=\"15\"/>\n",
                    cosine(net, f, i), svg_x(&plot, i + 0.53), svg_y(&plot, f + 0.53));
}

static void draw(const char *path, const network *net) {
    double k[FEATURES + 1], ours[FEATURES + 1], pca[FEATURES + 1];
    for (int i = 0; i <= FEATURES; i++)
        k[i] = i, ours[i] = loss_at(net, i), pca[i] = pca_loss_at(i);
    FILE *file = svg_open(path, 800, 420, "A linear network with a tail, and PCA",
                          "The two curves of loss lie on each other, and each feature is parallel "
                          "to its eigenvector.");
    const svg_plot plot = {
        .left = 78,
        .top = 92,
        .width = 330,
        .height = 256,
        .x = {.high = FEATURES, .tick = 2, .title = "features kept, k"},
        .y = {.low = 0.001, .high = 1, .logarithmic = true, .title = "mean squared error"},
        .title = "expected loss"};
    svg_draw_plot(file, &plot);
    svg_curve(file, &plot, SVG_BLUE, FEATURES + 1, k, ours);
    svg_points(file, &plot, SVG_ORANGE, FEATURES + 1, k, pca, NULL);
    svg_key(file, 78, 60, SVG_BLUE, "network with a tail");
    fprintf(file, "<circle class=\"orange fill solid\" cx=\"286\" cy=\"56\" r=\"3\"/>\n");
    svg_text(file, 297, 60, SVG_START, "PCA");
    draw_cosines(file, net);
    svg_close(file);
}

int main(int argc, char **argv) {
    bool small;
    const char *path = experiment_arguments(argc, argv, &small);
    double worst = 0, least = 1;
    make_spectrum();
    network *net = learn(small ? SHORT_STEPS : STEPS);
    printf(" k  network      PCA    ratio  |cosine| of feature and eigenvector k\n");
    for (int k = 0; k <= FEATURES; k++) {
        const double ours = loss_at(net, k), pca = pca_loss_at(k);
        const double parallel = k ? cosine(net, k - 1, k - 1) : 1;
        printf("%2d  %.5f  %.5f  %.4f", k, ours, pca, ours / pca);
        if (k) printf("  %.4f", parallel);
        printf("\n");
        worst = ours / pca > worst ? ours / pca : worst;
        least = parallel < least ? parallel : least;
    }
    printf("worst ratio %.4f, least cosine %.4f\n", worst, least);
    draw(path, net);
    network_destroy(net);
    return worst > (small ? 1.15 : 1.02);
}
