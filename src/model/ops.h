/* SPDX-License-Identifier: MIT
 * What layers can be: one row of a table for each kind, and everything that has to know about kinds
 * of layers (plan, gradient check, prune, files) reads it there. */
#ifndef TDROP_MODEL_OPS_H
#define TDROP_MODEL_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tdrop_net;
struct tdrop_step;

/* Most tensors that a kind of layer owns. */
enum { TDROP_MOST_TENSORS = 4 };

/* A tensor of a kind of layer. */
typedef struct tdrop_tensor_kind {
    const char *name;         /* as torch.nn names it */
    bool by_width;            /* it has a row for each k = 0..n of the tail before the layer */
    bool by_output, by_input; /* its dims: outputs, inputs, or outputs by inputs. Pruning takes the
                               * first rows of the one and columns of the other. */
    bool begins_constant;     /* its first values are `first`; otherwise random (model/arch.h) */
    float first;
    bool is_statistic; /* of the data that went through, not learnt by gradient */
    bool is_variance;  /* of these, one that is never below 0 */
} tdrop_tensor_kind;

/* A layer of a whole batch, for the plain references. */
typedef struct tdrop_reference {
    const struct tdrop_net *net; /* whose batch it is */
    const struct tdrop_arch_layer *layer;
    size_t rows;
    const size_t *keep; /* [rows]: how many of the layer's inputs are there, the others dropped; of
                         * a tail, how many it keeps */
    const double *tensor[TDROP_MOST_TENSORS];
} tdrop_reference;

typedef struct tdrop_op {
    const char *name; /* in architecture texts and in `info` */
    bool has_width;   /* its outputs are given by the text; otherwise outputs = inputs */
    bool has_share;   /* the text gives a share behind its name and a colon */
    bool is_tail;     /* drops the tail of its input */
    bool reads_k;     /* goes by how much each row keeps at the tail before it */
    bool is_affine;   /* belongs to the linear layer before it: a default activation comes behind */
    bool is_activation; /* names an activation, so that none is put in by default */
    bool has_kink;      /* its derivative jumps at 0 */
    bool keep_passes;   /* output j depends on input j alone, so what is dropped stays dropped */
    bool passes_pairs;  /* f(z) - f(-z) = z: a pair passes a number on */
    size_t tensors;     /* how many it owns */
    tdrop_tensor_kind tensor[TDROP_MOST_TENSORS];
    size_t
        row_numbers; /* floats that a step keeps of each row, from the way there to the way back */
    size_t column_numbers; /* likewise of each column */
    int pass;              /* of an activation: which pass it is (kernels/pass_kernels.h) */
    size_t (*multiply_adds)(size_t inputs, size_t outputs); /* for one row; NULL: none */

    /* One step of a planned network (model/net.h): from its input edge to its output edge, and the
     * gradient the other way. NULL: the plan has no step for it (tail). */
    void (*forward)(struct tdrop_net *net, const struct tdrop_step *step);
    void (*backward)(struct tdrop_net *net, const struct tdrop_step *step);

    /* The batch in double, plainly, for the gradient check: out [rows, outputs] from in [rows,
     * inputs]. What is dropped is written as zero. */
    void (*reference)(const tdrop_reference *r, const double *in, double *out);
} tdrop_op;

/* The op of that name (`length` characters), or NULL. */
const tdrop_op *tdrop_op_find(const char *name, size_t length);

/* How long the item is that a text begins with: to the next '-' that is not within a name. */
size_t tdrop_op_item_length(const char *text);

/* The way back of an op that left its slope in its input edge: see model/net.h. */
void tdrop_slope_backward(struct tdrop_net *net, const struct tdrop_step *step);

/* The names that a text may use, for messages: "relu, gelu, ... and tail". */
void tdrop_op_list(char *text, size_t size);

/* The linear layer, which the text writes as its width alone; the activation that is put in where
 * none is named; the tail. */
extern const tdrop_op *const tdrop_op_linear;
extern const tdrop_op *const tdrop_op_relu;
extern const tdrop_op *const tdrop_op_tail;

#endif
