/* SPDX-License-Identifier: MIT
 * Steps of training a network on Fashion-MNIST, one call each: what a fit does between two of its
 * reports. */
#ifndef TDROP_BENCH_TRAINING_H
#define TDROP_BENCH_TRAINING_H

#include "model/train.h"

typedef struct bench_training_options {
    const char *arch; /* without inputs and outputs */
    tdrop_task task;
    size_t batch;
    double p;
    bool no_drop;
    unsigned threads;
} bench_training_options;

typedef struct bench_training bench_training;

/* NULL, with *why, when it cannot be made. */
bench_training *bench_training_create(const bench_training_options *options, const char **why);
void bench_training_destroy(bench_training *training);

/* Rows loaded, k drawn, weights packed, forward, loss, backward, a step of Adam. */
void bench_training_step(bench_training *training);

/* Operations of the products so far. */
double bench_training_operations(const bench_training *training);

/* The step of the network 784-2048-tail-2048-tail-10 at 512 rows. */
bench_training_options bench_wide_mlp(double p, unsigned threads);

#endif
