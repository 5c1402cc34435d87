/* SPDX-License-Identifier: MIT
 * An architecture: the layers from input to output, and the tensors they own. Training, use, scree,
 * prune and files all walk these two lists. */
#ifndef TDROP_MODEL_ARCH_H
#define TDROP_MODEL_ARCH_H

#include "model/ops.h"
#include "taildropout_model.h"

#include <stdbool.h>

/* A layer of a network. Layers up to and including the first tail are the encoder, those behind it
 * the decoder, numbered from 0 in each as torch.nn.Sequential does. */
typedef struct tdrop_arch_layer {
    const tdrop_op *op;
    const char *part;
    size_t index;
    size_t inputs, outputs;
    uint32_t billionths; /* the op's share, where it has one: exact, however it was written */
    int tail;            /* the last one before it; -1: none */
    size_t first_tensor; /* of op->tensors in the list below */
} tdrop_arch_layer;

/* A tensor within the flat vector of parameters. Gradients, moments and averages are vectors of the
 * same layout. */
typedef struct tdrop_parameter {
    char name[48]; /* "encoder.0.weight" */
    int dims;
    size_t shape[2];
    size_t offset, count;
    size_t fan_in; /* inputs that each output sums over: scales the first values */
    const tdrop_tensor_kind *kind;
} tdrop_parameter;

/* Most tails in one network. */
enum { TDROP_MOST_TAILS = 8 };

typedef struct tdrop_arch_tail {
    size_t layer;    /* its place among the layers */
    size_t features; /* n: width there */
} tdrop_arch_tail;

typedef struct tdrop_arch {
    char *text; /* written out: "784-512-relu-64-tail-784" */
    size_t layer_count, tensor_count;
    tdrop_arch_layer *layers;
    tdrop_parameter *tensors;
    size_t tail_count; /* at least 1 */
    tdrop_arch_tail tails[TDROP_MOST_TAILS];
    size_t inputs, outputs;
    size_t features;   /* n of the first tail */
    size_t parameters; /* numbers in all tensors */
} tdrop_arch;

/* Builds an architecture from its text (grammar in taildropout_model.h) for so many inputs and
 * outputs. `written_out`: the text names both, as tdrop_arch.text does.
 * Errors: ARCH (naming the item and what would do), MEMORY. */
tdrop_status tdrop_arch_parse(tdrop_arch *arch, const char *text, size_t inputs, size_t outputs,
                              bool written_out, tdrop_error *error);

/* The default for data of so many columns and n features: hidden layers of H and H/2 in front of
 * the code, the same behind it. H is the larger of the largest power of two below the columns (but
 * at most 512) and 8 n, n rounded up to a power of two. 784 columns and n = 64 give
 * 512-256-[64]-256-512, or when `ordered` 512-256-[64]-256-widthbias-512. Free with tdrop_free;
 * NULL when memory ran out. */
char *tdrop_arch_default_text(size_t columns, size_t features, bool ordered);

/* The same architecture with k features at one of its tails. */
tdrop_status tdrop_arch_with_features(tdrop_arch *cut, const tdrop_arch *arch, size_t tail,
                                      size_t k, tdrop_error *error);

/* Frees what an architecture holds. All zero is fine. */
void tdrop_arch_clear(tdrop_arch *arch);

/* The first values of all parameters: uniform in +-1/sqrt(fan_in), weights and biases alike, as
 * torch.nn.Linear has them (He et al., ICCV 2015, with a = sqrt(5)); of norms ones and zeros. */
void tdrop_arch_init(const tdrop_arch *arch, uint64_t seed, float *parameters);

#endif
