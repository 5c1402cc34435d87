/* SPDX-License-Identifier: MIT
 * A training loop of one's own on taildropout.h alone: a stack of linear layers with Adam, one
 * layer of which drops features: none, the tail, or each by itself as ordinary dropout does.
 * Everything else is the same for the three, so what differs in a picture comes from the dropping.
 * Weights never depend on a function of libm but sqrt, so a picture is the same on every processor.
 */
#ifndef GALLERY_NETWORK_H
#define GALLERY_NETWORK_H

#include <stddef.h>
#include <stdint.h>
#include <taildropout.h>

enum { NETWORK_MOST_LAYERS = 4 };

typedef enum activation { ACTIVATION_LINEAR, ACTIVATION_RELU, ACTIVATION_TANH } activation;
typedef enum dropping { DROP_NOTHING, DROP_TAIL, DROP_ORDINARY } dropping;
typedef enum loss_kind { LOSS_SQUARED_ERROR, LOSS_CROSS_ENTROPY } loss_kind;

typedef struct network_options {
    size_t inputs, layers;
    size_t outputs[NETWORK_MOST_LAYERS];
    activation shape[NETWORK_MOST_LAYERS];
    size_t dropped; /* the layer, 0-based, whose outputs are the features; not the last */
    dropping kind;
    tdrop_law_options law; /* of k under DROP_TAIL; its p is the share dropped by DROP_ORDINARY */
    loss_kind loss;
    size_t most_rows; /* at a time */
    uint64_t seed;
} network_options;

/* target: [rows, outputs of the last layer], or with LOSS_CROSS_ENTROPY the class, [rows]. */
typedef struct samples {
    const float *x, *target;
    size_t rows;
} samples;

typedef struct network network;

network *network_create(const network_options *options);
void network_destroy(network *net);

/* One step of Adam on all the rows. The loss before it. */
double network_step(network *net, const samples *batch, double rate);

/* Epochs in random order, the rate rising over the first tenth of the steps and falling to 0 over
 * the others, both in straight lines. */
void network_train(network *net, const samples *set, size_t epochs, size_t batch, double rate);

/* Outputs [rows, outputs] when every row keeps its first k features; good until the next call. */
const float *network_run(network *net, const float *x, size_t rows, size_t k);

/* The features [rows, n] of the last call of network_run with k = n. */
const float *network_features(const network *net);

/* The mean loss with the first k features: squared error over entries, or cross-entropy in nats.
 * *accuracy (may be NULL) is the share of classes told right. */
double network_loss(network *net, const samples *set, size_t k, double *accuracy);

/* Weights [outputs, inputs] and bias of a layer. */
const float *network_weights(const network *net, size_t layer, const float **bias);

/* Multiplies what is kept by this in network_run and network_loss, until told otherwise. */
void network_set_gain(network *net, double gain);

#endif
