/* SPDX-License-Identifier: MIT */
#include "reference_products.h"

#include <math.h>

size_t reference_kept_in(const reference_shape *shape, size_t row) {
    return shape->keep_in != NULL ? (size_t)shape->keep_in[row] : shape->inputs;
}

size_t reference_kept_out(const reference_shape *shape, size_t row) {
    return shape->keep_out != NULL ? (size_t)shape->keep_out[row] : shape->outputs;
}

double reference_work(const reference_shape *shape) {
    double work = 0;
    for (size_t i = 0; i < shape->rows; i++)
        work += (double)reference_kept_in(shape, i) * (double)reference_kept_out(shape, i);
    return work;
}

static float activate(tdrop_activation activation, float v) {
    return activation == TDROP_ACTIVATION_RELU && v < 0 ? 0 : v;
}

void reference_forward(const reference_shape *shape, reference_matrix x, reference_matrix w,
                       const float *bias, tdrop_activation activation, float *y, size_t y_stride) {
    for (size_t i = 0; i < shape->rows; i++)
        for (size_t o = 0; o < reference_kept_out(shape, i); o++) {
            float sum = 0;
            for (size_t j = 0; j < reference_kept_in(shape, i); j++)
                sum = fmaf(x.at[i * x.stride + j], w.at[o * w.stride + j], sum);
            sum += (bias != NULL ? bias[o] : 0.0f) + 0.0f; /* never -0.0 */
            y[i * y_stride + o] = activate(activation, sum);
        }
}

void reference_backward_input(const reference_shape *shape, reference_matrix dy, reference_matrix w,
                              const float *gate, float *dx, size_t dx_stride) {
    for (size_t i = 0; i < shape->rows; i++)
        for (size_t j = 0; j < reference_kept_in(shape, i); j++) {
            float sum = 0;
            for (size_t o = 0; o < reference_kept_out(shape, i); o++)
                sum = fmaf(dy.at[i * dy.stride + o], w.at[o * w.stride + j], sum);
            const size_t at = i * dx_stride + j;
            const int open = gate == NULL || gate[at] > 0;
            dx[at] = open ? sum + 0.0f : 0.0f;
        }
}

/* Row o of dw grows in place, one row of the batch after the other. */
static void weights_of_output(const reference_shape *shape, const uint32_t *order, size_t o,
                              reference_matrix dy, reference_matrix x, float *dw) {
    for (size_t j = 0; j < shape->inputs; j++)
        dw[j] = 0;
    for (size_t t = 0; t < shape->rows; t++) {
        const size_t i = order[t];
        if (reference_kept_out(shape, i) <= o) continue;
        for (size_t j = 0; j < reference_kept_in(shape, i); j++)
            dw[j] = fmaf(dy.at[i * dy.stride + o], x.at[i * x.stride + j], dw[j]);
    }
    for (size_t j = 0; j < shape->inputs; j++)
        dw[j] += 0.0f;
}

static float bias_of_output(const reference_shape *shape, const uint32_t *order, size_t o,
                            reference_matrix dy) {
    float sum = 0;
    for (size_t t = 0; t < shape->rows; t++)
        if (reference_kept_out(shape, order[t]) > o) sum += dy.at[order[t] * dy.stride + o];
    return sum + 0.0f;
}

void reference_backward_weights(const reference_shape *shape, const uint32_t *order,
                                reference_matrix dy, reference_matrix x, float *dw,
                                size_t dw_stride, float *db) {
    for (size_t o = 0; o < shape->outputs; o++) {
        weights_of_output(shape, order, o, dy, x, dw + o * dw_stride);
        if (db != NULL) db[o] = bias_of_output(shape, order, o, dy);
    }
}

void reference_forward_double(const reference_shape *shape, reference_matrix x, reference_matrix w,
                              const float *bias, double *y) {
    for (size_t i = 0; i < shape->rows; i++)
        for (size_t o = 0; o < reference_kept_out(shape, i); o++) {
            double sum = bias != NULL ? bias[o] : 0.0;
            for (size_t j = 0; j < reference_kept_in(shape, i); j++)
                sum += (double)x.at[i * x.stride + j] * w.at[o * w.stride + j];
            y[i * shape->outputs + o] = sum;
        }
}

void reference_backward_input_double(const reference_shape *shape, reference_matrix dy,
                                     reference_matrix w, double *dx) {
    for (size_t i = 0; i < shape->rows; i++)
        for (size_t j = 0; j < reference_kept_in(shape, i); j++) {
            double sum = 0;
            for (size_t o = 0; o < reference_kept_out(shape, i); o++)
                sum += (double)dy.at[i * dy.stride + o] * w.at[o * w.stride + j];
            dx[i * shape->inputs + j] = sum;
        }
}

void reference_backward_weights_double(const reference_shape *shape, reference_matrix dy,
                                       reference_matrix x, double *dw, double *db) {
    for (size_t o = 0; o < shape->outputs; o++) {
        db[o] = 0;
        for (size_t j = 0; j < shape->inputs; j++)
            dw[o * shape->inputs + j] = 0;
        for (size_t i = 0; i < shape->rows; i++) {
            if (reference_kept_out(shape, i) <= o) continue;
            const double d = dy.at[i * dy.stride + o];
            db[o] += d;
            for (size_t j = 0; j < reference_kept_in(shape, i); j++)
                dw[o * shape->inputs + j] += d * x.at[i * x.stride + j];
        }
    }
}

uint64_t reference_random(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

size_t reference_random_below(uint64_t *state, size_t n) {
    return (size_t)(reference_random(state) % n);
}
