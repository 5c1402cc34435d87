/* SPDX-License-Identifier: MIT
 * The body of pass_<isa>.c, which defines TDROP_PASS_KERNELS, the name of its table. Plain loops:
 * the compiler makes vectors of them as wide as that file's flags allow. */
#include "kernels/pass_kernels.h"

#include "base/elementary.h"
#include "base/philox.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static void relu(size_t n, const float *x, float *y) {
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] < 0.0f ? 0.0f : x[i];
}

static void relu_gradient(size_t n, const float *dy, const float *x, float *dx) {
    for (size_t i = 0; i < n; i++)
        dx[i] = x[i] > 0.0f ? dy[i] : 0.0f;
}

static void gelu(size_t n, const float *restrict x, float *restrict y) {
    float slope;
    for (size_t i = 0; i < n; i++)
        y[i] = tdrop_gelu_float(x[i], &slope);
}

static void gelu_slope(size_t n, float *restrict x, float *restrict y) {
    for (size_t i = 0; i < n; i++) {
        float slope;
        y[i] = tdrop_gelu_float(x[i], &slope);
        x[i] = slope;
    }
}

static void sigmoid(size_t n, const float *restrict x, float *restrict y) {
    for (size_t i = 0; i < n; i++)
        y[i] = tdrop_sigmoid_float(x[i]);
}

static void sigmoid_slope(size_t n, float *restrict x, float *restrict y) {
    for (size_t i = 0; i < n; i++) {
        const float value = tdrop_sigmoid_float(x[i]);
        y[i] = value;
        x[i] = value * (1.0f - value);
    }
}

static void hyperbolic_tangent(size_t n, const float *restrict x, float *restrict y) {
    for (size_t i = 0; i < n; i++)
        y[i] = tdrop_tanh_float(x[i]);
}

static void hyperbolic_tangent_slope(size_t n, float *restrict x, float *restrict y) {
    for (size_t i = 0; i < n; i++) {
        const float value = tdrop_tanh_float(x[i]);
        y[i] = value;
        x[i] = 1.0f - value * value;
    }
}

enum { COUNTERS = 16 };

/* The words of COUNTERS counters, of which the first is number `first` of the row. */
static void dropout_words(const tdrop_dropout *d, uint32_t first,
                          uint32_t out[restrict COUNTERS * 4]) {
    uint32_t word[4][COUNTERS];
    for (uint32_t i = 0; i < COUNTERS; i++) {
        word[0][i] = d->counter[0];
        word[1][i] = d->counter[1];
        word[2][i] = d->counter[2] | ((first + i) & 0xffffffu);
        word[3][i] = d->counter[3];
    }
    uint32_t key0 = d->key[0], key1 = d->key[1];
    for (int round = 0; round < TDROP_PHILOX_ROUNDS; round++) {
        for (int i = 0; i < COUNTERS; i++) {
            uint32_t one[4] = {word[0][i], word[1][i], word[2][i], word[3][i]};
            tdrop_philox_round(one, key0, key1);
            word[0][i] = one[0], word[1][i] = one[1], word[2][i] = one[2], word[3][i] = one[3];
        }
        key0 += TDROP_PHILOX_WEYL0;
        key1 += TDROP_PHILOX_WEYL1;
    }
    for (int i = 0; i < COUNTERS; i++)
        for (int j = 0; j < 4; j++)
            out[i * 4 + j] = word[j][i];
}

static void dropout(const tdrop_dropout *d, size_t n, float *restrict x, int keep_slope,
                    float *restrict y) {
    enum { BLOCK = COUNTERS * 4 };
    uint32_t word[BLOCK];
    float slope[BLOCK];
    for (size_t first = 0; first < n; first += BLOCK, x += BLOCK, y += BLOCK) {
        const size_t count = n - first < BLOCK ? n - first : BLOCK;
        dropout_words(d, (uint32_t)(first / 4), word);
        for (int i = 0; i < BLOCK; i++)
            slope[i] = word[i] < d->below ? 0.0f : d->factor;
        for (size_t i = 0; i < count; i++)
            y[i] = x[i] * slope[i];
        if (keep_slope) memcpy(x, slope, count * sizeof *x);
    }
}

static void multiply(size_t n, const float *restrict factor, float *restrict y) {
    for (size_t i = 0; i < n; i++)
        y[i] *= factor[i];
}

static void add_product(size_t n, float x, const float *restrict w, float *restrict sum) {
    for (size_t i = 0; i < n; i++)
        sum[i] = fmaf(x, w[i], sum[i]);
}

/* The bias is taken as in the products, where a bias of -0 counts as 0. */
static void add_bias(size_t n, const float *restrict sum, const float *restrict bias, int with_relu,
                     float *restrict y) {
    for (size_t i = 0; i < n; i++)
        y[i] = sum[i] + (bias[i] + 0.0f);
    if (with_relu) relu(n, y, y);
}

/* Partial sums, which do not wait for one another. A row of no more numbers has a part for each and
 * so is added up in order, as exponentials_across does. */
enum { PARTS = TDROP_PASS_COLUMNS };

/* Adds a term, made of i = 0..n-1, to part i % PARTS: rounds of all parts become vectors. */
#define ADD_TO_PARTS(part, n, term)                                                                \
    do {                                                                                           \
        size_t first = 0;                                                                          \
        for (; first + PARTS <= (n); first += PARTS)                                               \
            for (size_t j = 0; j < PARTS; j++) {                                                   \
                const size_t i = first + j;                                                        \
                (part)[j] += (term);                                                               \
            }                                                                                      \
        for (size_t i = first; i < (n); i++)                                                       \
            (part)[i - first] += (term);                                                           \
    } while (0)

static inline double square(double x) {
    return x * x;
}

static double add_parts(const double part[PARTS]) {
    double sum = 0.0;
    for (int i = 0; i < PARTS; i++)
        sum += part[i];
    return sum;
}

static void layer_norm(size_t n, const float *restrict x, const float *restrict weight,
                       const float *restrict bias, float *restrict y, float *restrict row) {
    double part[PARTS] = {0.0}, squares[PARTS] = {0.0};
    ADD_TO_PARTS(part, n, (double)x[i]);
    const double mean = add_parts(part) / (double)n;
    ADD_TO_PARTS(squares, n, square((double)x[i] - mean));
    const float middle = (float)mean;
    const float factor = (float)(1.0 / sqrt(add_parts(squares) / (double)n + 1e-5));
    for (size_t i = 0; i < n; i++)
        y[i] = (x[i] - middle) * factor * weight[i] + bias[i];
    row[0] = middle;
    row[1] = factor;
}

/* With g = dy weight and h the normalised x: factor (g - mean(g) - h mean(g h)). */
static void layer_norm_gradient(size_t n, const float *restrict dy, const float *restrict weight,
                                const float *restrict row, float *restrict x) {
    const float middle = row[0], factor = row[1];
    double part[PARTS] = {0.0}, product[PARTS] = {0.0};
    ADD_TO_PARTS(part, n, (double)(dy[i] * weight[i]));
    ADD_TO_PARTS(product, n, (double)(dy[i] * weight[i]) * (double)((x[i] - middle) * factor));
    const float mean = (float)(add_parts(part) / (double)n);
    const float along = (float)(add_parts(product) / (double)n);
    for (size_t i = 0; i < n; i++)
        x[i] = factor * (dy[i] * weight[i] - mean - (x[i] - middle) * factor * along);
}

static void layer_norm_columns(size_t rows, size_t n, size_t stride, const float *restrict dy,
                               const float *restrict x, const float *restrict row,
                               float *restrict dweight, float *restrict dbias) {
    double weight_sum[TDROP_NORM_COLUMNS] = {0.0}, bias_sum[TDROP_NORM_COLUMNS] = {0.0};
    for (size_t i = 0; i < rows; i++, dy += stride, x += stride)
        for (size_t j = 0; j < n; j++) {
            weight_sum[j] += (double)dy[j] * (double)((x[j] - row[2 * i]) * row[2 * i + 1]);
            bias_sum[j] += (double)dy[j];
        }
    for (size_t j = 0; j < n; j++) {
        dweight[j] = (float)weight_sum[j];
        dbias[j] = (float)bias_sum[j];
    }
}

static void column_sums(size_t n, const float *restrict x, double *restrict sum) {
    for (size_t j = 0; j < n; j++)
        sum[j] += (double)x[j];
}

static void column_squares(size_t n, const float *restrict x, const double *restrict mean,
                           double *restrict sum) {
    for (size_t j = 0; j < n; j++)
        sum[j] += square((double)x[j] - mean[j]);
}

static void normalise(size_t n, const float *restrict x, const float *restrict mean,
                      const float *restrict factor, const float *restrict weight,
                      const float *restrict bias, float *restrict y) {
    for (size_t j = 0; j < n; j++)
        y[j] = (x[j] - mean[j]) * factor[j] * weight[j] + bias[j];
}

static void normalise_sums(size_t n, const float *restrict dy, const float *restrict x,
                           const float *restrict mean, const float *restrict factor,
                           double *restrict dweight, double *restrict dbias) {
    for (size_t j = 0; j < n; j++) {
        dweight[j] += (double)dy[j] * (double)((x[j] - mean[j]) * factor[j]);
        dbias[j] += (double)dy[j];
    }
}

static void normalise_gradient(size_t n, const float *restrict dy, const float *restrict mean,
                               const float *restrict factor, const float *restrict weight,
                               const float *restrict middle, const float *restrict along,
                               float *restrict x) {
    for (size_t j = 0; j < n; j++) {
        const float h = (x[j] - mean[j]) * factor[j];
        x[j] = factor[j] * weight[j] * (dy[j] - middle[j] - h * along[j]);
    }
}

static double squared_error(size_t n, const float *restrict y, const float *restrict target) {
    double part[PARTS] = {0.0};
    ADD_TO_PARTS(part, n, square((double)y[i] - (double)target[i]));
    return add_parts(part);
}

static void squared_error_gradient(size_t n, float scale, float *restrict y,
                                   const float *restrict target) {
    for (size_t i = 0; i < n; i++)
        y[i] = scale * (y[i] - target[i]);
}

static inline double huber_of(float y, float target, double delta) {
    const double distance = fabs((double)y - (double)target);
    const double within = distance < delta ? distance : delta;
    return within * (distance - 0.5 * within);
}

static double huber(size_t n, float delta, const float *y, const float *target) {
    double part[PARTS] = {0.0};
    ADD_TO_PARTS(part, n, huber_of(y[i], target[i], (double)delta));
    return add_parts(part);
}

static void huber_gradient(size_t n, float scale, float delta, float *restrict y,
                           const float *restrict target) {
    for (size_t i = 0; i < n; i++) {
        const float d = y[i] - target[i], high = d > delta ? delta : d;
        y[i] = scale * (high < -delta ? -delta : high);
    }
}

static inline float within_one(float target) {
    const float high = target > 1.0f ? 1.0f : target;
    return high < 0.0f ? 0.0f : high;
}

/* From e^-|y|, which cannot grow too large: log(1 + e^y) = max(y, 0) + log(1 + e^-|y|). */
static inline double binary_of(float y, float target) {
    const double power = (double)tdrop_exp_float(-fabsf(y));
    const double above = (double)(y > 0.0f ? y : 0.0f);
    return above - (double)y * (double)within_one(target) + tdrop_log(1.0 + power);
}

static double binary(size_t n, const float *y, const float *target) {
    double part[PARTS] = {0.0};
    ADD_TO_PARTS(part, n, binary_of(y[i], target[i]));
    return add_parts(part);
}

static void binary_gradient(size_t n, float scale, float *restrict y,
                            const float *restrict target) {
    for (size_t i = 0; i < n; i++)
        y[i] = scale * (tdrop_sigmoid_float(y[i]) - within_one(target[i]));
}

static void products(size_t n, const float *y, const float *target, double sum[3]) {
    double both[PARTS] = {0.0}, of_y[PARTS] = {0.0}, of_target[PARTS] = {0.0};
    ADD_TO_PARTS(both, n, (double)y[i] * (double)target[i]);
    ADD_TO_PARTS(of_y, n, square((double)y[i]));
    ADD_TO_PARTS(of_target, n, square((double)target[i]));
    sum[0] = add_parts(both);
    sum[1] = add_parts(of_y);
    sum[2] = add_parts(of_target);
}

static void combine(size_t n, float a, float *restrict y, float b, const float *restrict target) {
    for (size_t i = 0; i < n; i++)
        y[i] = a * y[i] + b * target[i];
}

/* One row of any length. */
static void exponentials_of_row(size_t n, float *z, float *greatest, double *sum) {
    double part[PARTS] = {0.0};
    float most = z[0];
    for (size_t i = 1; i < n; i++)
        most = z[i] > most ? z[i] : most;
    for (size_t i = 0; i < n; i++)
        z[i] = tdrop_exp_float(z[i] - most);
    ADD_TO_PARTS(part, n, (double)z[i]);
    *greatest = most;
    *sum = add_parts(part);
}

enum { ROWS = TDROP_PASS_ROWS };

/* A loop over rows that is to become vectors, rather than be unrolled into single numbers first. */
#define EACH_ROW _Pragma("GCC unroll 1") for (size_t i = 0; i < ROWS; i++)

static void add_products(size_t n, const float *restrict x, const float *restrict w,
                         float *restrict sum) {
    for (size_t j = 0; j < n; j++, sum += ROWS)
        EACH_ROW sum[i] = fmaf(x[i], w[j], sum[i]);
}

/* Of a bias of -0 as above. */
static void add_biases(size_t n, const float *restrict sum, const float *restrict bias,
                       float *restrict y) {
    for (size_t j = 0; j < n; j++, sum += ROWS, y += ROWS)
        EACH_ROW y[i] = sum[i] + (bias[j] + 0.0f);
}

static void exponentials_across(size_t n, float *restrict z, float *restrict greatest,
                                double *restrict sum, int32_t *restrict first) {
    EACH_ROW {
        greatest[i] = z[i];
        first[i] = (int32_t)n;
        sum[i] = 0.0;
    }
    for (size_t j = 1; j < n; j++)
        EACH_ROW greatest[i] = z[j * ROWS + i] > greatest[i] ? z[j * ROWS + i] : greatest[i];
    for (size_t j = 0; j < n; j++)
        EACH_ROW {
            const float power = tdrop_exp_float(z[j * ROWS + i] - greatest[i]);
            const int32_t found = power == 1.0f ? (int32_t)j : (int32_t)n;
            z[j * ROWS + i] = power;
            sum[i] += (double)power;
            first[i] = found < first[i] ? found : first[i];
        }
}

/* Short rows, of at most PARTS numbers, stood side by side for the while. */
static void exponentials_of_columns(size_t rows, size_t n, float *z, float *greatest, double *sum) {
    float across[PARTS * ROWS] = {0.0f}, most[ROWS];
    double total[ROWS];
    int32_t first[ROWS];
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < n; j++)
            across[j * ROWS + i] = z[i * n + j];
    exponentials_across(n, across, most, total, first);
    for (size_t i = 0; i < rows; i++) {
        greatest[i] = most[i];
        sum[i] = total[i];
        for (size_t j = 0; j < n; j++)
            z[i * n + j] = across[j * ROWS + i];
    }
}

static void exponentials(size_t rows, size_t n, float *z, float *greatest, double *sum) {
    if (n <= PARTS)
        exponentials_of_columns(rows, n, z, greatest, sum);
    else
        for (size_t i = 0; i < rows; i++)
            exponentials_of_row(n, z + i * n, &greatest[i], &sum[i]);
}

static void logarithms(size_t n, double *x) {
    double block[ROWS];
    for (int i = 0; i < ROWS; i++)
        block[i] = (size_t)i < n ? x[i] : 1.0;
    for (int i = 0; i < ROWS; i++)
        block[i] = tdrop_log(block[i]);
    for (size_t i = 0; i < n; i++)
        x[i] = block[i];
}

static void scale(size_t n, float factor, float *y) {
    for (size_t i = 0; i < n; i++)
        y[i] *= factor;
}

static void subtract_multiple(size_t n, double factor, const double *restrict x,
                              float *restrict y) {
    for (size_t i = 0; i < n; i++)
        y[i] = (float)(y[i] - factor * x[i]);
}

/* A moment of a gradient that has been zero for long would fade through the denormals, which many
 * processors handle a hundred times slower: it ends at zero instead. */
static inline float fade(float moment) {
    return fabsf(moment) < 1e-30f ? 0.0f : moment;
}

/* The vectors of an optimiser are far longer than a cache. What processors fetch ahead by
 * themselves is too little for so many of them at once, so their lines are asked for: so many
 * floats before they are due, a block at a time. */
enum { BLOCK = 64, AHEAD = 512, LINE = 16 };

#define INLINE static inline __attribute__((always_inline))

INLINE void ask_for(const float *first) {
    for (size_t i = 0; i < BLOCK; i += LINE)
        __builtin_prefetch(first + i, 1);
}

/* `averaged`, here and below, is a constant: so no loop has a question in it. */
INLINE void adam_some(const tdrop_adam *adam, size_t n, const float *restrict gradient,
                      float *restrict moment1, float *restrict moment2, float *restrict parameter,
                      float *restrict average, const int averaged) {
    const float b1 = adam->beta1, b2 = adam->beta2, c1 = 1.0f - b1, c2 = 1.0f - b2;
    const float rate = adam->rate, correct = adam->correct, epsilon = adam->epsilon;
    const float blend = adam->blend;
    const int nesterov = adam->nesterov;
    for (size_t i = 0; i < n; i++) {
        const float g = gradient[i];
        const float m = fade(b1 * moment1[i] + c1 * g);
        const float v = fade(b2 * moment2[i] + c2 * (g * g));
        const float along = nesterov ? b1 * m + c1 * g : m;
        const float p = parameter[i] - rate * along / (sqrtf(v * correct) + epsilon);
        moment1[i] = m;
        moment2[i] = v;
        parameter[i] = p;
        if (averaged) average[i] += blend * (p - average[i]);
    }
}

INLINE void adam_all(const tdrop_adam *step, size_t n, const float *gradient, float *moment1,
                     float *moment2, float *parameter, float *average, const int averaged) {
    size_t i = 0;
    for (; i + BLOCK <= n; i += BLOCK) {
        const size_t next = i + AHEAD + BLOCK <= n ? i + AHEAD : i;
        ask_for(gradient + next);
        ask_for(moment1 + next);
        ask_for(moment2 + next);
        ask_for(parameter + next);
        if (averaged) ask_for(average + next);
        adam_some(step, BLOCK, gradient + i, moment1 + i, moment2 + i, parameter + i,
                  averaged ? average + i : NULL, averaged);
    }
    adam_some(step, n - i, gradient + i, moment1 + i, moment2 + i, parameter + i,
              averaged ? average + i : NULL, averaged);
}

static void adam(const tdrop_adam *step, size_t n, const float *gradient, float *moment1,
                 float *moment2, float *parameter, float *average) {
    if (average)
        adam_all(step, n, gradient, moment1, moment2, parameter, average, 1);
    else
        adam_all(step, n, gradient, moment1, moment2, parameter, NULL, 0);
}

INLINE void momentum_some(const tdrop_adam *step, size_t n, const float *restrict gradient,
                          float *restrict moment, float *restrict parameter,
                          float *restrict average, const int averaged) {
    const float beta = step->beta1, rate = step->rate, blend = step->blend;
    for (size_t i = 0; i < n; i++) {
        const float m = fade(beta * moment[i] + gradient[i]), p = parameter[i] - rate * m;
        moment[i] = m;
        parameter[i] = p;
        if (averaged) average[i] += blend * (p - average[i]);
    }
}

static void momentum(const tdrop_adam *step, size_t n, const float *gradient, float *moment,
                     float *parameter, float *average) {
    if (average)
        momentum_some(step, n, gradient, moment, parameter, average, 1);
    else
        momentum_some(step, n, gradient, moment, parameter, NULL, 0);
}

static double square_sum(size_t n, const float *x) {
    double part[PARTS] = {0.0};
    ADD_TO_PARTS(part, n, square((double)x[i]));
    return add_parts(part);
}

const tdrop_pass_kernels TDROP_PASS_KERNELS = {
    .relu = relu,
    .relu_gradient = relu_gradient,
    .activation = {[TDROP_PASS_GELU] = gelu,
                   [TDROP_PASS_SIGMOID] = sigmoid,
                   [TDROP_PASS_TANH] = hyperbolic_tangent},
    .activation_slope = {[TDROP_PASS_GELU] = gelu_slope,
                         [TDROP_PASS_SIGMOID] = sigmoid_slope,
                         [TDROP_PASS_TANH] = hyperbolic_tangent_slope},
    .dropout = dropout,
    .layer_norm = layer_norm,
    .layer_norm_gradient = layer_norm_gradient,
    .layer_norm_columns = layer_norm_columns,
    .column_sums = column_sums,
    .column_squares = column_squares,
    .normalise = normalise,
    .normalise_sums = normalise_sums,
    .normalise_gradient = normalise_gradient,
    .multiply = multiply,
    .add_product = add_product,
    .add_bias = add_bias,
    .squared_error = squared_error,
    .squared_error_gradient = squared_error_gradient,
    .huber = huber,
    .huber_gradient = huber_gradient,
    .binary = binary,
    .binary_gradient = binary_gradient,
    .products = products,
    .combine = combine,
    .exponentials = exponentials,
    .add_products = add_products,
    .add_biases = add_biases,
    .exponentials_across = exponentials_across,
    .logarithms = logarithms,
    .scale = scale,
    .subtract_multiple = subtract_multiple,
    .adam = adam,
    .momentum = momentum,
    .square_sum = square_sum,
};
