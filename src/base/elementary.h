/* SPDX-License-Identifier: MIT
 * Elementary functions of + - * / alone, which every processor rounds alike. libm's may differ in
 * the last bit from processor to processor, and with it every number that follows. Inline, so that
 * loops over them become vectors. */
#ifndef TDROP_BASE_ELEMENTARY_H
#define TDROP_BASE_ELEMENTARY_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* x = m 2^e with m in [sqrt(1/2), sqrt(2)), by its bits. */
static inline double tdrop_split_exponent(double x, double *exponent) {
    const uint64_t sqrt_half_bits = 0x3fe6a09e667f3bcd;
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int64_t shifted = (int64_t)(bits - sqrt_half_bits) >> 52;
    bits -= (uint64_t)shifted << 52;
    *exponent = (double)shifted;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The natural logarithm of a finite x > 0 that is no denormal, to about 1e-15 of its value:
 * log(m 2^e) = e log 2 + 2 artanh(s), s = (m - 1) / (m + 1), |s| < 0.172, of whose series
 * s + s^3 / 3 + s^5 / 5 + ... eleven terms are enough. */
static inline double tdrop_log(double x) {
    const double log_2 = 0.69314718055994530942;
    double exponent, m = tdrop_split_exponent(x, &exponent);
    double s = (m - 1.0) / (m + 1.0), square = s * s, sum = 1.0 / 21;
    sum = sum * square + 1.0 / 19;
    sum = sum * square + 1.0 / 17;
    sum = sum * square + 1.0 / 15;
    sum = sum * square + 1.0 / 13;
    sum = sum * square + 1.0 / 11;
    sum = sum * square + 1.0 / 9;
    sum = sum * square + 1.0 / 7;
    sum = sum * square + 1.0 / 5;
    sum = sum * square + 1.0 / 3;
    return exponent * log_2 + (2.0 * s + 2.0 * s * (sum * square));
}

/* 2^n for -127 < n < 128; for any other n some number. */
static inline float tdrop_power_of_two(uint32_t n) {
    uint32_t bits = (n + 127u) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    return power;
}

/* e^x within 1 ulp, over all floats: denormals, 0 and infinity where they belong. x = n log 2 + r
 * with |r| <= log(2) / 2, of whose series eight terms are enough; 2^n comes in two halves, so that
 * neither leaves the range of floats where the result does not. */
static inline float tdrop_exp_float(float x) {
    const float round_up = 12582912.0f; /* 1.5 * 2^23: adding it leaves whole numbers */
    const float high = x > 90.0f ? 90.0f : x, clamped = high < -105.0f ? -105.0f : high;
    const float shifted = clamped * 1.44269504f + round_up, n = shifted - round_up;
    const float near = clamped - n * 0.693359375f, step = n * -2.12194440e-4f, r = near - step;
    const float r_rest = (near - r) - step; /* what the difference lost */
    float p = 1.98412698e-4f;
    p = p * r + 1.38888889e-3f;
    p = p * r + 8.33333333e-3f;
    p = p * r + 4.16666667e-2f;
    p = p * r + 1.66666667e-1f;
    p = p * r + 0.5f;
    int32_t whole; /* n, from the low bits of the sum: what is no number converts to nothing */
    memcpy(&whole, &shifted, sizeof whole);
    whole -= 0x4b400000;
    const int32_t half = whole / 2;
    const float sum = 1.0f + r, sum_rest = r - (sum - 1.0f);
    return (sum + (sum_rest + r_rest + (p * r) * r)) * tdrop_power_of_two((uint32_t)half) *
           tdrop_power_of_two((uint32_t)(whole - half));
}

/* 1 / (1 + e^-x) within 2 ulp: from e^-|x|, which cannot grow too large. What 1 + e^-|x| lost to
 * rounding comes off the quotient in the end. */
static inline float tdrop_sigmoid_float(float x) {
    const float power = tdrop_exp_float(-fabsf(x)), sum = 1.0f + power;
    const float rest = power - (sum - 1.0f), quotient = (x < 0.0f ? power : 1.0f) / sum;
    const float inverse = x < 0.0f ? 1.0f - quotient : quotient; /* 1 / sum */
    return quotient - quotient * (rest * inverse);
}

/* tanh x within 2 ulp: an odd polynomial (minimax) near 0, where 1 - 2 / (e^2x + 1) cancels. */
static inline float tdrop_tanh_float(float x) {
    const float square = x * x, size = fabsf(x);
    float p = -5.70498692e-3f;
    p = p * square + 2.06390872e-2f;
    p = p * square - 5.37397150e-2f;
    p = p * square + 1.33314422e-1f;
    p = p * square - 3.33332819e-1f;
    const float near = size + size * (square * p);
    const float far = 1.0f - 2.0f / (tdrop_exp_float(2.0f * size) + 1.0f);
    return copysignf(size < 0.625f ? near : far, x);
}

/* Phi(x), the share of the normal distribution below x, to 1e-7: 1/2 plus an odd polynomial near 0;
 * farther out the tail, e^(-x^2 / 2) times Mills' ratio, which is a polynomial in 1 / (1 + 0.4 |x|)
 * (both minimax). `bell` is e^(-x^2 / 2). */
static inline float tdrop_normal_share(float x, float bell) {
    const float square = x * x, t = 1.0f / (1.0f + 0.4f * fabsf(x));
    float p = 4.76074961e-7f, m = 6.87602047e-2f;
    p = p * square - 9.05844159e-6f;
    p = p * square + 1.15032158e-4f;
    p = p * square - 1.18710961e-3f;
    p = p * square + 9.97349993e-3f;
    p = p * square - 6.64903744e-2f;
    p = p * square + 3.98942280e-1f;
    m = m * t - 1.88037395e-1f;
    m = m * t + 1.06987722e-1f;
    m = m * t + 5.47029741e-2f;
    m = m * t + 1.39233970e-1f;
    m = m * t + 1.59067525e-1f;
    m = m * t + 1.59597579e-1f;
    const float tail = m * t * bell, far = x < 0.0f ? tail : 1.0f - tail;
    return fabsf(x) < 1.25f ? 0.5f + x * p : far;
}

/* x Phi(x), the exact gelu (Hendrycks and Gimpel, arXiv:1606.08415), within 2 ulp of |x|, and its
 * derivative Phi(x) + x e^(-x^2 / 2) / sqrt(2 pi), to 2e-7. */
static inline float tdrop_gelu_float(float x, float *derivative) {
    const float bell = tdrop_exp_float(-0.5f * (x * x)), share = tdrop_normal_share(x, bell);
    const float least = x < -40.0f ? -40.0f : x, bounded = least > 40.0f ? 40.0f : least;
    *derivative = share + bounded * (0.398942280f * bell);
    return least * share; /* infinity times 0 would be no number */
}

#endif
