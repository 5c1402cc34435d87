/* SPDX-License-Identifier: MIT
 * A training loop of one's own with nothing but taildropout.h: an autoencoder whose features come
 * in order, its scree curve, and a cut to the width that the curve suggests.
 *     cc own_loop.c $(pkg-config --cflags --libs taildropout) -o own_loop
 */
#include <stdio.h>
#include <stdlib.h>
#include <taildropout.h>

enum { ROWS = 256, COLUMNS = 12, FEATURES = 8, STEPS = 3000, DATA = 2 * ROWS * COLUMNS };
enum { AS_USED = TDROP_PACK_AS_USED };
enum { WEIGHTS = 2 * FEATURES * COLUMNS + FEATURES + COLUMNS };

#define CHECK(call) ((call) ? (fprintf(stderr, "failed: %s\n", #call), exit(1)) : (void)0)

/* y = W2 (W1 x + b1) + b2, a tail between the layers. Its floats are W1, b1, W2 and b2. */
typedef struct network {
    size_t n;
    float weights[WEIGHTS], *b1, *w2, *b2;
    tdrop_linear *encoder, *decoder;
} network;

/* Columns that follow from three numbers, and noise; ROWS to train on, then ROWS held out. */
static float data[DATA], y[ROWS * COLUMNS], dy[ROWS * COLUMNS];
static float z[ROWS * FEATURES], dz[ROWS * FEATURES], gradient[WEIGHTS];
static tdrop_staircase *front, *back; /* of the layers before and behind the tail */
static char memory[1 << 20];
#define SPACE memory, sizeof memory, NULL

static void make_data(void) {
    static double u[2 * ROWS][3 + COLUMNS];
    CHECK(tdrop_uniform(&(tdrop_draw){.purpose = TDROP_PURPOSE_USER}, 3 * 2 * ROWS + DATA, u[0]));
    for (int i = 0; i < DATA; i++) {
        const double *row = u[i / COLUMNS], x = (double)(i % COLUMNS) / COLUMNS;
        data[i] = (float)(row[0] * x + row[1] * (1 - x) + 4 * row[2] * x * (1 - x));
        data[i] += 0.1f * (float)row[3 + i % COLUMNS];
    }
}

static void create(network *net, size_t n) {
    net->n = n, net->b1 = net->weights + n * COLUMNS;
    net->w2 = net->b1 + n, net->b2 = net->w2 + n * COLUMNS;
    CHECK(tdrop_linear_create(&net->encoder, COLUMNS, n, NULL));
    CHECK(tdrop_linear_create(&net->decoder, n, COLUMNS, NULL));
}

/* The mean squared error on ROWS rows; row i uses its first keep[i] features, with NULL all. */
static double forward(network *net, const float *x, const int32_t *keep) {
    const size_t n = net->n;
    double loss = 0;
    CHECK(tdrop_staircase_set(front, ROWS, COLUMNS, NULL, n, keep));
    CHECK(tdrop_staircase_set(back, ROWS, n, keep, COLUMNS, NULL));
    CHECK(tdrop_linear_set_weights(net->encoder, net->weights, COLUMNS, net->b1, AS_USED, NULL,
                                   NULL));
    CHECK(tdrop_linear_set_weights(net->decoder, net->w2, n, net->b2, AS_USED, NULL, NULL));
    CHECK(tdrop_linear_forward(net->encoder, front, x, COLUMNS, z, n, SPACE));
    CHECK(tdrop_linear_forward(net->decoder, back, z, n, y, COLUMNS, SPACE));
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        dy[i] = 2 * (y[i] - x[i]) / (ROWS * COLUMNS);
        loss += (y[i] - x[i]) * (y[i] - x[i]) / (ROWS * COLUMNS);
    }
    return loss;
}

static void step(network *net, float rate, const int32_t *keep) {
    const size_t n = net->n, m = COLUMNS;
    float *dw1 = gradient, *db1 = dw1 + n * m, *dw2 = db1 + n, *db2 = dw2 + n * m;
    forward(net, data, keep);
    CHECK(tdrop_linear_backward_weights(net->decoder, back, dy, m, z, n, dw2, n, db2, SPACE));
    CHECK(tdrop_linear_backward_input(net->decoder, back, dy, m, NULL, dz, n, SPACE));
    CHECK(tdrop_linear_backward_weights(net->encoder, front, dz, n, data, m, dw1, m, db1, SPACE));
    for (int i = 0; i < WEIGHTS; i++)
        net->weights[i] -= rate * gradient[i];
}

/* The held-out loss when every row keeps k features. */
static tdrop_status loss_at(void *context, int32_t k, double *loss, double *se) {
    int32_t keep[ROWS];
    for (int i = 0; i < ROWS; i++)
        keep[i] = k;
    *se = 0;
    *loss = forward(context, data + DATA / 2, keep);
    return TDROP_OK;
}

int main(void) {
    static network whole, cut;
    double u[WEIGHTS], loss[FEATURES + 1];
    int32_t keep[ROWS], k = 0;
    tdrop_law *law = NULL;
    make_data();
    create(&whole, FEATURES);
    CHECK(tdrop_law_create(&law, FEATURES, &(tdrop_law_options){.p = 0.5}));
    CHECK(tdrop_staircase_create(&front, ROWS));
    CHECK(tdrop_staircase_create(&back, ROWS));
    CHECK(tdrop_uniform(&(tdrop_draw){.purpose = TDROP_PURPOSE_INIT}, WEIGHTS, u));
    for (int i = 0; i < WEIGHTS; i++)
        whole.weights[i] = (float)(0.5 * (u[i] - 0.5));
    for (uint32_t i = 0; i < STEPS; i++) {
        CHECK(tdrop_law_draw(law, &(tdrop_draw){.step = i, .batch = ROWS}, ROWS, keep));
        step(&whole, 0.2f, keep);
    }
    CHECK(tdrop_scree_by_callback(FEATURES, loss_at, &whole, loss, NULL));
    CHECK(tdrop_choose_k(&(tdrop_rule){.kind = TDROP_RULE_AUTO}, FEATURES, loss, NULL, &k));
    for (int i = 0; i <= FEATURES; i++)
        printf("k = %d   loss %.5f%s\n", i, loss[i], i == k ? "   <- chosen" : "");
    const size_t n = (size_t)k; /* the cut: rows of W1 and b1, columns of W2 */
    create(&cut, n);
    CHECK(tdrop_slice(whole.weights, COLUMNS, cut.weights, COLUMNS, n, COLUMNS, sizeof(float)));
    CHECK(tdrop_slice(whole.b1, FEATURES, cut.b1, n, 1, n, sizeof(float)));
    CHECK(tdrop_slice(whole.w2, FEATURES, cut.w2, n, COLUMNS, n, sizeof(float)));
    CHECK(tdrop_slice(whole.b2, COLUMNS, cut.b2, COLUMNS, 1, COLUMNS, sizeof(float)));
    const double after = forward(&cut, data + DATA / 2, NULL);
    printf("cut to %d: loss %.5f, %s bits\n", k, after, after == loss[k] ? "the same" : "other");
    tdrop_linear_destroy(whole.encoder), tdrop_linear_destroy(whole.decoder);
    tdrop_linear_destroy(cut.encoder), tdrop_linear_destroy(cut.decoder);
    tdrop_staircase_destroy(front), tdrop_staircase_destroy(back), tdrop_law_destroy(law);
    return after != loss[k];
}
