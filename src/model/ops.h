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
enum { TDROP_MOST_TENSORS = 2 };

/* A tensor of a kind of layer. */
typedef struct tdrop_tensor_kind {
    const char *name;         /* as torch.nn names it */
    bool by_output, by_input; /* its dims: outputs, inputs, or outputs by inputs. Pruning takes the
                               * first rows of the one and columns of the other. */
} tdrop_tensor_kind;

typedef struct tdrop_op {
    const char *name;   /* in architecture texts and in `info` */
    bool has_width;     /* its outputs are given by the text; otherwise outputs = inputs */
    bool is_tail;       /* drops the tail of its input */
    bool is_activation; /* names an activation, so that none is put in by default */
    bool keep_passes;   /* output j depends on input j alone, so what is dropped stays dropped */
    size_t tensors;     /* how many it owns */
    tdrop_tensor_kind tensor[TDROP_MOST_TENSORS];
    size_t (*multiply_adds)(size_t inputs, size_t outputs); /* for one row; NULL: none */

    /* One step of a planned network (model/net.h): from its input edge to its output edge, and the
     * gradient the other way. NULL: the plan has no step for it (tail). */
    void (*forward)(struct tdrop_net *net, const struct tdrop_step *step);
    void (*backward)(struct tdrop_net *net, const struct tdrop_step *step);

    /* One row in double, plainly, for the gradient check: out[outputs] from in[inputs], of which
     * the first `keep` are used. tensor[i] are its tensors. */
    void (*reference)(size_t inputs, size_t outputs, size_t keep, const double *const *tensor,
                      const double *in, double *out);
} tdrop_op;

/* The op of that name (`length` characters), or NULL. */
const tdrop_op *tdrop_op_find(const char *name, size_t length);

/* The linear layer, which the text writes as its width alone; and the tail. */
extern const tdrop_op *const tdrop_op_linear;
extern const tdrop_op *const tdrop_op_relu;
extern const tdrop_op *const tdrop_op_tail;

#endif
