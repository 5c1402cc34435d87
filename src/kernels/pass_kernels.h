/* SPDX-License-Identifier: MIT
 * Passes over vectors at memory speed. One body (pass_body.h) is compiled once for each instruction
 * set; without contraction or reassociation every one of them gives the same bits. */
#ifndef TDROP_KERNELS_PASS_KERNELS_H
#define TDROP_KERNELS_PASS_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/* One step of Adam (Kingma and Ba, arXiv:1412.6980, algorithm 1) and of the running average. */
typedef struct tdrop_adam {
    float beta1, beta2;
    float rate;    /* learning rate / (1 - beta1^t) */
    float correct; /* 1 / (1 - beta2^t) */
    float epsilon;
    float blend;  /* average += blend * (parameter - average) */
    int nesterov; /* the step goes along the moment as it would be after this gradient once more */
} tdrop_adam;

/* One row of dropout: a number is dropped where its word of Philox (base/philox.h) is below
 * `below`. Four numbers share a counter, whose third word goes on by one from four to four. */
typedef struct tdrop_dropout {
    uint32_t key[2], counter[4];
    uint32_t below;
    float factor; /* of the numbers that stay */
} tdrop_dropout;

/* Columns that the gradient of a norm takes at once, at most. */
enum { TDROP_NORM_COLUMNS = 64 };

/* Rows that some passes take at once. */
enum { TDROP_PASS_ROWS = 16 };

/* Numbers of such a row, at most, where the rows stand side by side. */
enum { TDROP_PASS_COLUMNS = 16 };

/* Activations that are passes of their own (base/elementary.h says how close each is). */
typedef enum tdrop_pass_activation {
    TDROP_PASS_GELU,
    TDROP_PASS_SIGMOID,
    TDROP_PASS_TANH,
    TDROP_PASS_ACTIVATIONS
} tdrop_pass_activation;

typedef struct tdrop_pass_kernels {
    /* y[i] = max(0, x[i]), NaN stays NaN. */
    void (*relu)(size_t n, const float *x, float *y);

    /* dx[i] = dy[i] where x[i] > 0, else 0. dx may be x. */
    void (*relu_gradient)(size_t n, const float *dy, const float *x, float *dx);

    /* y[i] = f(x[i]). */
    void (*activation[TDROP_PASS_ACTIVATIONS])(size_t n, const float *x, float *y);

    /* The same, and then x[i] = f'(x[i]): the slope takes the place of the input. */
    void (*activation_slope[TDROP_PASS_ACTIVATIONS])(size_t n, float *x, float *y);

    /* y[i] = slope[i] x[i], where slope[i] is 0 or the factor; with keep_slope, then x[i] =
     * slope[i]. */
    void (*dropout)(const tdrop_dropout *dropout, size_t n, float *x, int keep_slope, float *y);

    /* Layer norm of a row: y[i] = (x[i] - mean) / sqrt(variance + 1e-5) weight[i] + bias[i], sums
     * in 16 partial sums of double as below. row[0] = mean, row[1] = the factor 1 / sqrt(...). */
    void (*layer_norm)(size_t n, const float *x, const float *weight, const float *bias, float *y,
                       float *row);

    /* The way back of a row: x is replaced by the gradient. */
    void (*layer_norm_gradient)(size_t n, const float *dy, const float *weight, const float *row,
                                float *x);

    /* Up to TDROP_NORM_COLUMNS columns of x and dy, `stride` numbers from row to row: the gradients
     * of their weights and biases, added up over the rows in order, in double. row[2 i] and
     * row[2 i + 1] belong to row i. */
    void (*layer_norm_columns)(size_t rows, size_t n, size_t stride, const float *dy,
                               const float *x, const float *row, float *dweight, float *dbias);

    /* Batch norm, a row of up to TDROP_NORM_COLUMNS columns at a time: sum[j] += x[j]; */
    void (*column_sums)(size_t n, const float *x, double *sum);
    /* sum[j] += (x[j] - mean[j])^2; */
    void (*column_squares)(size_t n, const float *x, const double *mean, double *sum);
    /* y[j] = h[j] weight[j] + bias[j], where h[j] = (x[j] - mean[j]) factor[j]; */
    void (*normalise)(size_t n, const float *x, const float *mean, const float *factor,
                      const float *weight, const float *bias, float *y);
    /* dweight[j] += dy[j] h[j] and dbias[j] += dy[j]; */
    void (*normalise_sums)(size_t n, const float *dy, const float *x, const float *mean,
                           const float *factor, double *dweight, double *dbias);
    /* x[j] = factor[j] weight[j] (dy[j] - middle[j] - h[j] along[j]). */
    void (*normalise_gradient)(size_t n, const float *dy, const float *mean, const float *factor,
                               const float *weight, const float *middle, const float *along,
                               float *x);

    /* y[i] *= factor[i]. */
    void (*multiply)(size_t n, const float *factor, float *y);

    /* sum[i] = fma(x, w[i], sum[i]). */
    void (*add_product)(size_t n, float x, const float *w, float *sum);

    /* y[i] = sum[i] + bias[i], negative ones made 0 where relu is set. */
    void (*add_bias)(size_t n, const float *sum, const float *bias, int relu, float *y);

    /* Sum of (y[i] - target[i])^2, in 16 partial sums of double that are added up in a fixed
     * order. */
    double (*squared_error)(size_t n, const float *y, const float *target);

    /* y[i] = scale * (y[i] - target[i]): the gradient takes the place of the prediction. */
    void (*squared_error_gradient)(size_t n, float scale, float *y, const float *target);

    /* Sum of Huber's loss of d = y[i] - target[i], d^2 / 2 up to |d| = delta and delta (|d| - delta
     * / 2) beyond, in 16 partial sums as above; */
    double (*huber)(size_t n, float delta, const float *y, const float *target);
    /* y[i] = scale * d, d kept within +-delta. */
    void (*huber_gradient)(size_t n, float scale, float delta, float *y, const float *target);

    /* Sum of log(1 + e^y[i]) - y[i] t, t = target[i] kept within [0, 1], in 16 partial sums; */
    double (*binary)(size_t n, const float *y, const float *target);
    /* y[i] = scale * (1 / (1 + e^-y[i]) - t). */
    void (*binary_gradient)(size_t n, float scale, float *y, const float *target);

    /* Sums of y[i] target[i], y[i]^2 and target[i]^2, each in 16 partial sums. */
    void (*products)(size_t n, const float *y, const float *target, double sum[3]);
    /* y[i] = a y[i] + b target[i]. */
    void (*combine)(size_t n, float a, float *y, float b, const float *target);

    /* Up to TDROP_PASS_ROWS rows of n >= 1 numbers: z[i, j] = exp(z[i, j] - greatest[i]), where
     * greatest[i] is the row's greatest number; sum[i] of those, in 16 partial sums as above. */
    void (*exponentials)(size_t rows, size_t n, float *z, float *greatest, double *sum);

    /* TDROP_PASS_ROWS rows side by side: number j of row i is z[j * TDROP_PASS_ROWS + i]. For the
     * rows of x and n numbers of w, sum[j, i] = fma(x[i], w[j], sum[j, i]); */
    void (*add_products)(size_t n, const float *x, const float *w, float *sum);
    /* y[j, i] = sum[j, i] + bias[j]; */
    void (*add_biases)(size_t n, const float *sum, const float *bias, float *y);
    /* as exponentials, for n from 1 to TDROP_PASS_COLUMNS. first[i] is the first j at which 1 came
     * out, as it does at the greatest, and n where none did, as with NaN. */
    void (*exponentials_across)(size_t n, float *z, float *greatest, double *sum, int32_t *first);

    /* x[i] = log(x[i]) for up to TDROP_PASS_ROWS finite numbers above 0. */
    void (*logarithms)(size_t n, double *x);

    /* y[i] *= factor. */
    void (*scale)(size_t n, float factor, float *y);
    /* y[i] -= factor x[i], in double. */
    void (*subtract_multiple)(size_t n, double factor, const double *x, float *y);

    /* Moments, parameters and their average, in one pass. average may be NULL. */
    void (*adam)(const tdrop_adam *adam, size_t n, const float *gradient, float *moment1,
                 float *moment2, float *parameter, float *average);

    /* SGD with momentum: moment = beta1 moment + gradient, parameter -= rate moment, and the
     * average as above. */
    void (*momentum)(const tdrop_adam *step, size_t n, const float *gradient, float *moment,
                     float *parameter, float *average);

    /* Sum of x[i]^2, in 16 partial sums of double that are added up in a fixed order. */
    double (*square_sum)(size_t n, const float *x);
} tdrop_pass_kernels;

extern const tdrop_pass_kernels tdrop_pass_c;
extern const tdrop_pass_kernels tdrop_pass_avx2;
extern const tdrop_pass_kernels tdrop_pass_avx512;

#endif
