/* SPDX-License-Identifier: MIT
 * What a training step is made of: gradients, loss, optimizer, learning rates; each against plain
 * code in double. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/philox.h"
#include "model/batch_norm.h"
#include "model/loss.h"
#include "model/net.h"
#include "model/optimizer.h"
#include "model/pass_dispatch.h"
#include "model/schedule.h"
#include "models.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *allocate(size_t count, size_t size) {
    void *memory = calloc(count ? count : 1, size);
    assert_non_null(memory);
    return memory;
}

static void numbers(uint64_t seed, size_t count, float *values) {
    double *wide = allocate(count, sizeof *wide);
    models_numbers(seed, count, wide);
    for (size_t i = 0; i < count; i++)
        values[i] = (float)wide[i];
    free(wide);
}

static void assert_close(double found, double expected, double tolerance, const char *what,
                         size_t at) {
    if (!(fabs(found - expected) <= tolerance))
        fail_msg("%s %zu: %.17g instead of %.17g", what, at, found, expected);
}

/* ---------------------------------------------------------------------------------------------
 * Gradients
 */

static const struct {
    const char *arch;
    size_t columns, rows;
} nets[] = {
    {"[4]", 6, 9},                             /* two layers and nothing else */
    {"[1]", 5, 4},                             /* keeps of 0 and 1 */
    {"[1]", 1, 2},                             /* one column */
    {"8-[4]-8", 6, 11},                        /* relus of their own step */
    {"8-relu-[4]-8-relu", 6, 11},              /* fused ones */
    {"7-relu-6-relu-[5]-6-relu-7-relu", 5, 8}, /* fused, one behind the other */
    {"8-4-relu-tail-8", 6, 11},                /* a relu directly before the tail */
    {"8-[4]-relu-8", 6, 11},                   /* behind it */
    {"8-relu-4-relu-tail-relu-8-relu", 6, 11}, /* on both sides */
    {"8-4-relu-relu-tail-relu-relu-8", 6, 11}, /* two of them */
    {"8-relu-relu-[3]-8-relu-relu-7", 6, 11},  /* two in a row elsewhere */
    {"relu-[4]", 6, 9},                        /* first of all */
    {"8-8-[8]-8-8-relu", 3, 10},               /* wider than the data */
    {"21-relu-[18]-21-relu", 5, 20},           /* beyond a tile of every kernel */
    {"[3]-[4]-[2]", 5, 12},                    /* several tails */
    {"8-[4]-8-relu-relu-6-relu-tail-relu-7-[5]", 6, 12},
    {"6-relu-[65]-6-relu", 3, 6}, /* many features, few rows */
    {"8-gelu-[4]-8-tanh", 6, 11}, /* smooth activations */
    {"gelu-[4]-sigmoid", 6, 9},   /* first of all, and directly behind the tail */
    {"8-sigmoid-4-sigmoid-tail-sigmoid-8-gelu-gelu", 6, 11},
    {"33-tanh-relu-[17]-tanh-33-relu-gelu", 5, 20},
    {"layer-norm-8-layer-norm-gelu-[4]-9-relu-layer-norm", 6, 11},
    {"70-layer-norm-tanh-[4]-8-layer-norm-relu-8", 5, 9}, /* beyond a block of columns */
    {"1-layer-norm-[4]-8-layer-norm-dropout:0.5-6-tail-8", 6, 11},
    {"dropout:0.25-8-dropout:0.5-tail-dropout:0.3-9-gelu", 6, 11},
    {"150-dropout:0.1-relu-[4]-8-relu-dropout:0.9", 5, 12}, /* beyond a vector of counters */
    {"8-gelu-[4]-gelu-8-tanh-6-tanh-tail-tanh-7-sigmoid-[5]", 6, 12},
    {"8-[4]-8-widthbias", 6, 11}, /* biases by width */
    {"8-relu-[4]-8-widthbias-relu-70-widthbias-relu-8-relu", 6, 11},
    {"6-[3]-5-widthbias-[4]-8-widthbias-relu-8", 5, 12}, /* by either tail */
    /* norms over the batch, which a walk row by row does not know, from here on */
    {"8-batch-norm-relu-[4]-9-batch-norm-relu", 6, 11},
    {"70-batch-norm-tanh-[4]-batch-norm-8-batch-norm", 5, 9}, /* beyond a block of columns */
    {"66-batch-norm-tail-3-batch-norm", 3, 24},               /* likewise, ragged */
    {"batch-norm-5-tanh-[4]-batch-norm-6-batch-norm-layer-norm-3-tail-gelu-batch-norm-5", 6, 12},
    {"5-batch-norm-[4]-6-batch-norm", 5, 1},               /* one row */
    {"5-batch-norm-2-batch-norm-tail-6-batch-norm", 5, 3}, /* columns of two rows, of one */
};
enum { NETS = sizeof nets / sizeof *nets, BATCH_NETS = 6 };

static void the_checker_agrees(void **state) {
    (void)state;
    tdrop_isa isas[MODELS_MOST_ISAS];
    size_t count = models_isas(isas);
    for (size_t i = 0; i < NETS * count; i++) {
        const char *arch = nets[i / count].arch;
        tdrop_isa isa = isas[i % count];
        double worst = -1.0;
        tdrop_error error = {0};
        if (tdrop_check_gradients(arch, nets[i / count].columns, nets[i / count].rows,
                                  TDROP_LOSS_AUTO, i, isa, &worst, &error))
            fail_msg("%s: %s", arch, error.message);
        if (!(worst >= 0.0 && worst < 1e-5))
            fail_msg("%s, %s: worst %g", arch, tdrop_isa_name(isa), worst);
    }
}

static void the_checker_agrees_on_every_loss(void **state) {
    (void)state;
    static const struct {
        const char *arch;
        size_t columns, rows;
    } few[] = {{"8-gelu-[4]-8-tanh", 6, 11}, {"[3]-5-widthbias", 21, 24}, {"4-[2]", 1, 5}};
    tdrop_isa isas[MODELS_MOST_ISAS];
    const size_t count = models_isas(isas), nets_count = sizeof few / sizeof *few;
    for (int kind = TDROP_LOSS_SQUARED; kind <= TDROP_LOSS_CROSS_ENTROPY; kind++)
        for (size_t i = 0; i < nets_count * count; i++) {
            const size_t net = i / count;
            const tdrop_loss_kind loss = (tdrop_loss_kind)kind;
            double worst = -1.0;
            if (kind >= TDROP_LOSS_COSINE && few[net].columns == 1) continue; /* nothing to learn */
            assert_int_equal(tdrop_check_gradients(few[net].arch, few[net].columns, few[net].rows,
                                                   loss, i, isas[i % count], &worst, NULL),
                             TDROP_OK);
            if (!(worst >= 0.0 && worst < 1e-5))
                fail_msg("%s, %s: worst %g", few[net].arch, tdrop_loss_kind_name(loss), worst);
        }
}

static void the_checker_refuses(void **state) {
    (void)state;
    double worst = -1.0;
    tdrop_error error = {0};
    const tdrop_isa best = TDROP_ISA_AUTO;
    models_assert_refused(
        tdrop_check_gradients(NULL, 3, 3, TDROP_LOSS_AUTO, 0, best, &worst, &error),
        TDROP_ERROR_NULL, &error, "");
    models_assert_refused(
        tdrop_check_gradients("[2]", 3, 3, TDROP_LOSS_AUTO, 0, best, NULL, &error),
        TDROP_ERROR_NULL, &error, "");
    models_assert_refused(
        tdrop_check_gradients("[2", 3, 3, TDROP_LOSS_AUTO, 0, best, &worst, &error),
        TDROP_ERROR_ARCH, &error, "'[2' at character 1");
    models_assert_refused(
        tdrop_check_gradients("[2]", 0, 3, TDROP_LOSS_AUTO, 0, best, &worst, &error),
        TDROP_ERROR_SIZE, &error, "columns");
    models_assert_refused(
        tdrop_check_gradients("[2]", 3, 0, TDROP_LOSS_AUTO, 0, best, &worst, &error),
        TDROP_ERROR_SIZE, &error, "rows");
    models_assert_refused(
        tdrop_check_gradients("[2]", 3, 3, TDROP_LOSS_AUTO, 0, (tdrop_isa)99, &worst, &error),
        TDROP_ERROR_ISA, &error, "");
    assert_true(worst == -1.0);
}

/* A network walked plainly in double, forward and back, one row at a time. Nothing of it is shared
 * with the checker of the library. */
typedef struct plain {
    const tdrop_arch *arch;
    const float *parameters;
    double *gradient;   /* [parameters], added up over rows */
    size_t row;         /* in the batch */
    double **values;    /* [layers + 1], of the row */
    double **gradients; /* likewise */
} plain;

static size_t width_at(const tdrop_arch *arch, size_t layer) {
    return layer ? arch->layers[layer - 1].outputs : arch->inputs;
}

static plain plain_create(const tdrop_arch *arch, const float *parameters) {
    plain p = {.arch = arch,
               .parameters = parameters,
               .gradient = allocate(arch->parameters, sizeof(double)),
               .values = allocate(arch->layer_count + 1, sizeof(double *)),
               .gradients = allocate(arch->layer_count + 1, sizeof(double *))};
    for (size_t i = 0; i <= arch->layer_count; i++) {
        p.values[i] = allocate(width_at(arch, i), sizeof(double));
        p.gradients[i] = allocate(width_at(arch, i), sizeof(double));
    }
    return p;
}

static void plain_destroy(plain *p) {
    for (size_t i = 0; i <= p->arch->layer_count; i++) {
        free(p->values[i]);
        free(p->gradients[i]);
    }
    free(p->values);
    free(p->gradients);
    free(p->gradient);
}

/* How many features layer i has in front of it, or lets through: behind a tail, with nothing but
 * activations between, those it keeps. */
static size_t plain_kept(const tdrop_arch *arch, size_t i, const size_t *keep) {
    for (size_t at = i + 1; at-- > 0 && arch->layers[at].op != tdrop_op_linear;)
        for (size_t tail = 0; tail < arch->tail_count; tail++)
            if (arch->tails[tail].layer == at) return keep[tail];
    return arch->layers[i].outputs;
}

/* What an activation makes of one number, and its slope there. */
static double activate(const char *name, double x, double *slope) {
    const double bell = exp(-0.5 * x * x) / sqrt(2.0 * acos(-1.0));
    double y = x;
    *slope = 1.0;
    if (!strcmp(name, "relu")) y = x > 0.0 ? x : 0.0, *slope = x > 0.0;
    if (!strcmp(name, "tanh")) y = tanh(x), *slope = 1.0 - y * y;
    if (!strcmp(name, "sigmoid")) y = 1.0 / (1.0 + exp(-x)), *slope = y * (1.0 - y);
    if (!strcmp(name, "gelu"))
        y = x * 0.5 * erfc(-x / sqrt(2.0)), *slope = 0.5 * erfc(-x / sqrt(2.0)) + x * bell;
    return y;
}

/* Where the batches of these tests stand among all draws. */
static const tdrop_draw place = {.seed = UINT64_C(0x123456789abcdef), .step = 3, .first = 40};

/* Dropout of layer i with probability p: the word of Philox at (step, row, layer and column / 4,
 * purpose) says whether. */
static double drop(const plain *p, size_t i, size_t feature, double x, double *slope) {
    const uint32_t key[2] = {(uint32_t)place.seed, (uint32_t)(place.seed >> 32)};
    const uint32_t counter[4] = {place.step, place.first + (uint32_t)p->row,
                                 (uint32_t)(i << 24 | feature / 4), TDROP_PURPOSE_DROPOUT};
    const double own = (double)p->arch->layers[i].billionths / 1e9;
    uint32_t word[4];
    tdrop_philox(counter, key, word);
    *slope = (double)word[feature % 4] < own * 0x1p32 ? 0.0 : 1.0 / (1.0 - own);
    return x * *slope;
}

static double activate_kept(const plain *p, size_t i, size_t feature, double x, const size_t *keep,
                            double *slope) {
    const char *name = p->arch->layers[i].op->name;
    if (feature >= plain_kept(p->arch, i, keep)) return *slope = 0.0;
    return strcmp(name, "dropout") ? activate(name, x, slope) : drop(p, i, feature, x, slope);
}

static bool is_norm(const tdrop_arch_layer *layer) {
    return !strcmp(layer->op->name, "layer-norm");
}

/* What the row's numbers are taken off and multiplied by. */
static double norm_factor(size_t n, const double *x, double *mean) {
    double square = 0.0;
    *mean = 0.0;
    for (size_t i = 0; i < n; i++)
        *mean += x[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        square += (x[i] - *mean) * (x[i] - *mean) / (double)n;
    return 1.0 / sqrt(square + 1e-5);
}

static void plain_norm(const plain *p, const tdrop_arch_layer *layer, const double *x, double *y) {
    const tdrop_parameter *tensor = &p->arch->tensors[layer->first_tensor];
    double mean;
    const double factor = norm_factor(layer->inputs, x, &mean);
    for (size_t i = 0; i < layer->inputs; i++)
        y[i] = (x[i] - mean) * factor * (double)p->parameters[tensor[0].offset + i] +
               (double)p->parameters[tensor[1].offset + i];
}

/* By the whole matrix of derivatives: dy_i / dx_j = w_i f (delta_ij - 1/n - h_i h_j / n). */
static void plain_norm_backward(const plain *p, const tdrop_arch_layer *layer, const double *x,
                                double *dx, const double *dy) {
    const tdrop_parameter *tensor = &p->arch->tensors[layer->first_tensor];
    const size_t n = layer->inputs;
    double mean;
    const double factor = norm_factor(n, x, &mean), share = 1.0 / (double)n;
    memset(dx, 0, n * sizeof *dx);
    for (size_t i = 0; i < n; i++) {
        const double h = (x[i] - mean) * factor;
        p->gradient[tensor[0].offset + i] += dy[i] * h;
        p->gradient[tensor[1].offset + i] += dy[i];
        for (size_t j = 0; j < n; j++)
            dx[j] += dy[i] * (double)p->parameters[tensor[0].offset + i] * factor *
                     ((i == j) - share - h * (x[j] - mean) * factor * share);
    }
}

/* Where the bias by width of one output lies. */
static size_t bias_at(const plain *p, const tdrop_arch_layer *layer, size_t o, const size_t *keep) {
    return p->arch->tensors[layer->first_tensor].offset + keep[layer->tail] * layer->outputs + o;
}

static void plain_forward(const plain *p, const size_t *keep) {
    for (size_t i = 0; i < p->arch->layer_count; i++) {
        const tdrop_arch_layer *layer = &p->arch->layers[i];
        const double *in = p->values[i];
        double *out = p->values[i + 1], slope;
        if (is_norm(layer)) {
            plain_norm(p, layer, in, out);
            continue;
        }
        const tdrop_parameter *tensor = &p->arch->tensors[layer->first_tensor];
        for (size_t o = 0; o < layer->outputs; o++) {
            if (layer->op != tdrop_op_linear) {
                out[o] = activate_kept(p, i, o, in[o], keep, &slope);
                if (layer->op->reads_k) out[o] += (double)p->parameters[bias_at(p, layer, o, keep)];
                continue;
            }
            const float *weight = p->parameters + tensor[0].offset + o * layer->inputs;
            out[o] = (double)p->parameters[tensor[1].offset + o];
            for (size_t j = 0; j < layer->inputs; j++)
                out[o] += (double)weight[j] * in[j];
        }
    }
}

static void plain_backward_linear(const plain *p, const tdrop_arch_layer *layer, const double *in,
                                  double *in_gradient, const double *out_gradient) {
    const tdrop_parameter *tensor = &p->arch->tensors[layer->first_tensor];
    memset(in_gradient, 0, layer->inputs * sizeof *in_gradient);
    for (size_t o = 0; o < layer->outputs; o++) {
        size_t row = tensor[0].offset + o * layer->inputs;
        p->gradient[tensor[1].offset + o] += out_gradient[o];
        for (size_t j = 0; j < layer->inputs; j++) {
            p->gradient[row + j] += out_gradient[o] * in[j];
            in_gradient[j] += out_gradient[o] * (double)p->parameters[row + j];
        }
    }
}

/* From the gradient in the last layer's place. */
static void plain_backward(const plain *p, const size_t *keep) {
    for (size_t i = p->arch->layer_count; i-- > 0;) {
        const tdrop_arch_layer *layer = &p->arch->layers[i];
        double *in = p->values[i], *to = p->gradients[i], *from = p->gradients[i + 1];
        if (is_norm(layer)) plain_norm_backward(p, layer, in, to, from);
        if (layer->op == tdrop_op_linear) plain_backward_linear(p, layer, in, to, from);
        if (layer->op->tensors && !layer->op->reads_k) continue;
        for (size_t j = 0; j < layer->inputs; j++) {
            if (layer->op->reads_k) p->gradient[bias_at(p, layer, j, keep)] += from[j];
            activate_kept(p, i, j, in[j], keep, &to[j]);
            to[j] *= from[j];
        }
    }
}

/* Gradient of the mean squared error; the outputs of row r are left in p->values[layers]. */
static void plain_row(const plain *p, const float *input, const float *target, size_t rows,
                      const size_t *keep) {
    size_t last = p->arch->layer_count;
    for (size_t j = 0; j < p->arch->inputs; j++)
        p->values[0][j] = (double)input[j];
    plain_forward(p, keep);
    for (size_t j = 0; j < p->arch->outputs; j++)
        p->gradients[last][j] = 2.0 * (p->values[last][j] - (double)target[j]) /
                                ((double)rows * (double)p->arch->outputs);
    plain_backward(p, keep);
}

/* One step of the library's network. */
typedef struct step_run {
    tdrop_arch arch;
    tdrop_net *net;
    size_t rows;
    float *parameters, *gradient, *input, *target, *output;
    tdrop_row_result *results;
    int32_t *keep[TDROP_MOST_TAILS]; /* NULL: everything */
} step_run;

/* In place: the net keeps a pointer to the architecture. */
static void step_create(step_run *run, size_t which, tdrop_isa isa, const tdrop_parallel *parallel,
                        bool with_keep) {
    tdrop_error error = {0};
    *run = (step_run){.rows = nets[which].rows};
    if (tdrop_arch_parse(&run->arch, nets[which].arch, nets[which].columns, nets[which].columns,
                         false, &error))
        fail_msg("%s", error.message);
    run->parameters = allocate(run->arch.parameters, sizeof(float));
    run->gradient = allocate(run->arch.parameters, sizeof(float));
    run->input = allocate(run->rows * run->arch.inputs, sizeof(float));
    run->target = allocate(run->rows * run->arch.outputs, sizeof(float));
    run->output = allocate(run->rows * run->arch.outputs, sizeof(float));
    numbers(which + 100, run->arch.parameters, run->parameters);
    for (size_t t = 0; t < run->arch.tensor_count; t++)
        for (size_t i = 0; i < run->arch.tensors[t].count; i++) {
            float *value = run->parameters + run->arch.tensors[t].offset + i;
            if (run->arch.tensors[t].kind->is_variance) *value = fabsf(*value);
        }
    numbers(which + 200, run->rows * run->arch.inputs, run->input);
    numbers(which + 300, run->rows * run->arch.outputs, run->target);
    run->results = allocate(run->rows, sizeof *run->results);
    for (size_t t = 0; with_keep && t < run->arch.tail_count; t++) {
        run->keep[t] = allocate(run->rows, sizeof *run->keep[t]);
        for (size_t i = 0; i < run->rows; i++) /* 0, n, and what is between */
            run->keep[t][i] = (int32_t)((i * 5 + t) % (run->arch.tails[t].features + 1));
    }
    const tdrop_net_options options = {
        .max_rows = run->rows + 3, .isa = isa, .parallel = parallel, .gradient = run->gradient};
    assert_int_equal(tdrop_net_create(&run->net, &run->arch, &options, NULL), TDROP_OK);
}

static void step_destroy(step_run *run) {
    tdrop_net_destroy(run->net);
    tdrop_arch_clear(&run->arch);
    free(run->parameters);
    free(run->gradient);
    free(run->input);
    free(run->target);
    free(run->output);
    free(run->results);
    for (size_t t = 0; t < TDROP_MOST_TAILS; t++)
        free(run->keep[t]);
}

/* Whatever stood in the matrices before must not matter, what was dropped included. */
static void step_fill_with_nan(const step_run *run) {
    for (size_t e = 0; e <= run->net->step_count; e++)
        for (size_t i = 0; i < run->net->max_rows * run->net->edges[e].width; i++)
            run->net->edges[e].values[i] = NAN;
    for (size_t i = 0; i < run->arch.parameters; i++)
        run->gradient[i] = NAN;
}

static void step_run_once(step_run *run) {
    tdrop_net *net = run->net;
    step_fill_with_nan(run);
    tdrop_net_place(net, &place);
    assert_int_equal(tdrop_net_begin(net, run->rows, (const int32_t *const *)run->keep), TDROP_OK);
    assert_int_equal(tdrop_net_set_parameters(net, run->parameters, true), TDROP_OK);
    memcpy(tdrop_net_edge(net, 0), run->input, run->rows * run->arch.inputs * sizeof(float));
    tdrop_net_forward(net, 0, net->step_count);
    /* the first edge may be the target: no slope may take its place */
    assert_memory_equal(tdrop_net_edge(net, 0), run->input,
                        run->rows * run->arch.inputs * sizeof(float));
    float *output = tdrop_net_edge(net, net->step_count);
    memcpy(run->output, output, run->rows * run->arch.outputs * sizeof(float));
    tdrop_loss(tdrop_loss_of(TDROP_LOSS_SQUARED), 0.0, net->pass, net->parallel, run->rows,
               run->arch.outputs, output, run->target, run->results, true);
    tdrop_net_backward(net);
}

static double largest_of(size_t count, const double *values) {
    double largest = 0.0;
    for (size_t i = 0; i < count; i++)
        if (fabs(values[i]) > largest) largest = fabs(values[i]);
    return largest;
}

static void compare_with_plain(const step_run *run, const char *name) {
    plain p = plain_create(&run->arch, run->parameters);
    size_t columns = run->arch.inputs;
    for (size_t i = 0; i < run->rows; i++) {
        size_t keep[TDROP_MOST_TAILS];
        for (size_t t = 0; t < run->arch.tail_count; t++)
            keep[t] = run->keep[t] ? (size_t)run->keep[t][i] : run->arch.tails[t].features;
        p.row = i;
        plain_row(&p, run->input + i * columns, run->target + i * columns, run->rows, keep);
        for (size_t j = 0; j < columns; j++) {
            double expected = p.values[run->arch.layer_count][j];
            assert_close((double)run->output[i * columns + j], expected,
                         1e-5 * (1.0 + fabs(expected)), name, i * columns + j);
        }
    }
    double largest = largest_of(run->arch.parameters, p.gradient);
    assert_true(largest > 0.0);
    for (size_t i = 0; i < run->arch.parameters; i++)
        assert_close((double)run->gradient[i], p.gradient[i], 1e-5 * largest, name, i);
    plain_destroy(&p);
}

static void a_step_agrees_with_plain_code(void **state) {
    (void)state;
    tdrop_isa isas[MODELS_MOST_ISAS];
    size_t count = models_isas(isas);
    for (size_t i = 0; i < (NETS - BATCH_NETS) * count * 2; i++) {
        step_run run;
        step_create(&run, i / 2 / count, isas[i / 2 % count], NULL, i % 2);
        step_run_once(&run);
        compare_with_plain(&run, nets[i / 2 / count].arch);
        step_destroy(&run);
    }
}

/* ---- batch norm, column by column ---- */

/* The layer's own numbers before the step, and what a plain norm makes of one column of its input,
 * in which the first `kept` of the columns of each row are there. */
typedef struct plain_column {
    double mean, variance; /* biased */
    size_t rows;
} plain_column;

static plain_column plain_column_of(const step_run *run, const float *in, size_t width, size_t j) {
    plain_column c = {0};
    for (size_t i = 0; i < run->rows; i++)
        if (j < (size_t)run->keep[0][i]) c.mean += (double)in[i * width + j], c.rows++;
    c.mean = c.rows ? c.mean / (double)c.rows : 0.0;
    for (size_t i = 0; i < run->rows; i++)
        if (j < (size_t)run->keep[0][i])
            c.variance += pow((double)in[i * width + j] - c.mean, 2.0) / (double)c.rows;
    return c;
}

/* 7-batch-norm-tail, of which k rows keep column k: outputs, and where the running averages go. */
static void a_norm_takes_the_rows_that_keep_a_column(void **state) {
    (void)state;
    enum { WIDTH = 7, ROWS = 8, NORM = 1 }; /* column j is kept by ROWS - 1 - j rows or so */
    const size_t which = NETS;              /* seeds of its own */
    tdrop_error error = {0};
    step_run run = {.rows = ROWS};
    assert_int_equal(tdrop_arch_parse(&run.arch, "7-batch-norm-tail", 4, 4, false, &error), 0);
    run.parameters = allocate(run.arch.parameters, sizeof(float));
    run.gradient = allocate(run.arch.parameters, sizeof(float));
    numbers(which, run.arch.parameters, run.parameters);
    const tdrop_parameter *tensor = &run.arch.tensors[run.arch.layers[NORM].first_tensor];
    for (size_t j = 0; j < WIDTH; j++)
        run.parameters[tensor[3].offset + j] = 0.5f + (float)j;
    run.keep[0] = allocate(ROWS, sizeof(int32_t));
    for (size_t i = 0; i < ROWS; i++)
        run.keep[0][i] = (int32_t)i % WIDTH; /* the last column is dropped everywhere */
    const tdrop_net_options options = {.max_rows = ROWS, .gradient = run.gradient};
    assert_int_equal(tdrop_net_create(&run.net, &run.arch, &options, NULL), TDROP_OK);
    step_fill_with_nan(&run);
    assert_int_equal(tdrop_net_begin(run.net, ROWS, (const int32_t *const *)run.keep), TDROP_OK);
    assert_int_equal(tdrop_net_set_parameters(run.net, run.parameters, true), TDROP_OK);
    numbers(which + 1, ROWS * 4, tdrop_net_edge(run.net, 0));
    tdrop_net_forward(run.net, 0, 2);
    float before[4][WIDTH];
    for (size_t t = 0; t < 4; t++)
        memcpy(before[t], run.parameters + tensor[t].offset, sizeof before[t]);
    tdrop_batch_norm_follow(&run.arch, run.gradient, run.parameters);
    const float *in = tdrop_net_edge(run.net, 1), *out = tdrop_net_edge(run.net, 2);
    size_t few = 0;
    for (size_t j = 0; j < WIDTH; j++) {
        plain_column c = plain_column_of(&run, in, WIDTH, j);
        double mean = (double)before[2][j], variance = (double)before[3][j];
        const double rows = (double)c.rows;
        few += c.rows < 2;
        if (c.rows >= 2) {
            mean = 0.9 * mean + 0.1 * c.mean;
            variance = 0.9 * variance + 0.1 * c.variance * rows / (rows - 1.0);
        } else {
            c = (plain_column){mean, variance, c.rows};
        }
        assert_close((double)run.parameters[tensor[2].offset + j], mean, 1e-6, "mean", j);
        assert_close((double)run.parameters[tensor[3].offset + j], variance, 1e-5, "variance", j);
        assert_true(run.gradient[tensor[2].offset + j] == 0.0f);
        assert_true(run.gradient[tensor[3].offset + j] == 0.0f);
        for (size_t i = 0; i < ROWS; i++) {
            const double h = ((double)in[i * WIDTH + j] - c.mean) / sqrt(c.variance + 1e-5);
            if (j >= (size_t)run.keep[0][i])
                assert_true(isnan(out[i * WIDTH + j])); /* not computed */
            else
                assert_close((double)out[i * WIDTH + j],
                             h * (double)before[0][j] + (double)before[1][j], 1e-5, "output", i);
        }
    }
    assert_int_equal(few, 2); /* one column of one row, one of none */
    step_destroy(&run);
}

/* The same bits, whichever way they were computed. */
static void a_step_has_one_result(void **state) {
    (void)state;
    tdrop_isa isas[MODELS_MOST_ISAS];
    size_t count = models_isas(isas);
    tdrop_pool *pool = NULL;
    assert_int_equal(tdrop_pool_create(&pool, 3), TDROP_OK);
    tdrop_parallel parallel = tdrop_pool_parallel(pool);
    for (size_t which = 0; which < NETS; which++) {
        step_run first, other;
        step_create(&first, which, TDROP_ISA_C, NULL, true);
        step_run_once(&first);
        for (size_t i = 0; i < 2 * count; i++) {
            step_create(&other, which, isas[i / 2], i % 2 ? &parallel : NULL, true);
            step_run_once(&other);
            step_run_once(&other); /* and whatever was computed before */
            assert_memory_equal(other.output, first.output,
                                first.rows * first.arch.outputs * sizeof(float));
            assert_memory_equal(other.gradient, first.gradient,
                                first.arch.parameters * sizeof(float));
            assert_true(other.net->flops == 2.0 * first.net->flops);
            step_destroy(&other);
        }
        step_destroy(&first);
    }
    tdrop_pool_destroy(pool);
}

/* ---------------------------------------------------------------------------------------------
 * Loss and mean
 */

#define DELTA 0.5

typedef struct loss_case {
    const tdrop_loss_op *op;
    size_t rows, columns;
    float *y, *target, *gradient; /* gradient: a copy of y to be replaced */
    tdrop_row_result *results;
} loss_case;

static loss_case loss_create(tdrop_loss_kind kind, size_t rows, size_t columns) {
    size_t count = rows * columns;
    loss_case c = {tdrop_loss_of(kind),
                   rows,
                   columns,
                   allocate(count, sizeof(float)),
                   allocate(count, sizeof(float)),
                   allocate(count, sizeof(float)),
                   allocate(rows, sizeof(tdrop_row_result))};
    numbers(count, count, c.y);
    numbers(count + 1, count, c.target);
    for (size_t i = 0; c.op->target_is_share && i < count; i++) { /* logits beyond those of float */
        c.y[i] *= i % 7 == 3 ? 150.0f : 4.0f;
        c.target[i] = i % 5 ? 0.5f * c.target[i] + 0.5f : (float)(i % 2);
    }
    for (size_t i = 0; c.op->target_is_class && i < rows; i++) {
        c.target[i] = (float)(i * 7 % columns);
        for (size_t j = 0; j < columns; j++) /* outputs up to +-100 in some rows */
            c.y[i * columns + j] *= i % 3 == 2 ? 100.0f : 3.0f;
    }
    memcpy(c.gradient, c.y, count * sizeof *c.gradient);
    return c;
}

static void loss_destroy(loss_case *c) {
    free(c->y);
    free(c->target);
    free(c->gradient);
    free(c->results);
}

static void loss_run(const loss_case *c, tdrop_isa isa, const tdrop_parallel *parallel,
                     bool gradient) {
    tdrop_loss(c->op, DELTA, tdrop_pass_kernels_for(isa), parallel, c->rows, c->columns,
               c->gradient, c->target, c->results, gradient);
}

static void check_squared_error(const loss_case *c, size_t row) {
    double sum = 0.0;
    for (size_t at = row * c->columns; at < (row + 1) * c->columns; at++) {
        double difference = (double)c->y[at] - (double)c->target[at];
        double expected = 2.0 * difference / (double)(c->rows * c->columns);
        sum += difference * difference;
        assert_close((double)c->gradient[at], expected, 3e-7 * fabs(expected), "gradient", at);
    }
    sum /= (double)c->columns;
    assert_close(c->results[row].loss, sum, 1e-14 * sum, "loss of row", row);
}

static void check_cross_entropy(const loss_case *c, size_t row) {
    const float *y = c->y + row * c->columns;
    size_t right = (size_t)c->target[row], best = 0;
    double sum = 0.0;
    for (size_t j = 0; j < c->columns; j++)
        best = y[j] > y[best] ? j : best;
    for (size_t j = 0; j < c->columns; j++)
        sum += exp((double)y[j] - (double)y[best]);
    double loss = log(sum) + (double)y[best] - (double)y[right];
    assert_close(c->results[row].loss, loss, 1e-6 * (1.0 + loss), "cross-entropy of row", row);
    assert_true(c->results[row].metric == (best == right ? 1.0 : 0.0));
    for (size_t j = 0; j < c->columns; j++) {
        double expected = exp((double)y[j] - (double)y[best]) / sum - (j == right ? 1.0 : 0.0);
        assert_close((double)c->gradient[row * c->columns + j], expected / (double)c->rows,
                     5e-7 / (double)c->rows, "gradient of cross-entropy", j);
    }
}

static void check_huber(const loss_case *c, size_t row) {
    double sum = 0.0;
    for (size_t at = row * c->columns; at < (row + 1) * c->columns; at++) {
        double difference = (double)c->y[at] - (double)c->target[at], size = fabs(difference);
        double expected = (size > DELTA ? copysign(DELTA, difference) : difference) /
                          (double)(c->rows * c->columns);
        sum += size > DELTA ? DELTA * size - DELTA * DELTA / 2.0 : difference * difference / 2.0;
        assert_close((double)c->gradient[at], expected, 3e-7 * fabs(expected), "huber", at);
    }
    sum /= (double)c->columns;
    assert_close(c->results[row].loss, sum, 1e-14 * sum, "huber of row", row);
}

static void check_binary(const loss_case *c, size_t row) {
    double sum = 0.0;
    for (size_t at = row * c->columns; at < (row + 1) * c->columns; at++) {
        double y = (double)c->y[at], t = (double)c->target[at];
        double on = y > 0.0 ? log1p(exp(-y)) : log1p(exp(y)) - y,
               off = on + y; /* -log p, -log 1-p */
        double expected = 1.0 / (1.0 + exp(-y)) - t, share = 1.0 / (double)(c->rows * c->columns);
        sum += t * on + (1.0 - t) * off;
        assert_close((double)c->gradient[at], expected * share, 3e-7 * share, "binary", at);
    }
    sum /= (double)c->columns;
    assert_close(c->results[row].loss, sum, 1e-6 * sum + 1e-12, "binary of row", row);
}

static void check_cosine(const loss_case *c, size_t row) {
    const float *y = c->y + row * c->columns, *t = c->target + row * c->columns;
    double both = 0.0, of_y = 0.0, of_t = 0.0;
    for (size_t j = 0; j < c->columns; j++) {
        both += (double)y[j] * (double)t[j];
        of_y += (double)y[j] * (double)y[j];
        of_t += (double)t[j] * (double)t[j];
    }
    if (of_y < 1e-4) return; /* shorter than 0.01: see the_cosine_of_nothing_is_defined */
    const double cosine = both / sqrt(of_y) / sqrt(of_t), scale = 1.0 / (double)c->rows;
    assert_close(c->results[row].loss, 1.0 - cosine, 1e-12, "cosine of row", row);
    for (size_t j = 0; j < c->columns; j++) {
        double expected = (cosine * (double)y[j] / of_y - (double)t[j] / sqrt(of_y * of_t)) * scale;
        assert_close((double)c->gradient[row * c->columns + j], expected, 1e-6 * scale / sqrt(of_y),
                     "gradient of cosine", j);
    }
}

static void the_losses_agree_with_plain_code(void **state) {
    (void)state;
    static const size_t columns[] = {1, 2, 15, 16, 17, 31, 33, 784};
    tdrop_isa isas[MODELS_MOST_ISAS];
    size_t count = models_isas(isas);
    static void (*const checks[])(const loss_case *c, size_t row) = {
        [TDROP_LOSS_SQUARED] = check_squared_error,
        [TDROP_LOSS_HUBER] = check_huber,
        [TDROP_LOSS_BINARY] = check_binary,
        [TDROP_LOSS_COSINE] = check_cosine,
        [TDROP_LOSS_CROSS_ENTROPY] = check_cross_entropy,
    };
    for (size_t i = 0; i < sizeof columns / sizeof *columns * count * 5; i++) {
        const size_t kind = TDROP_LOSS_SQUARED + i % 5;
        loss_case c = loss_create((tdrop_loss_kind)kind, 1 + i * 5 % 131, columns[i / 5 / count]);
        loss_run(&c, isas[i / 5 % count], NULL, true);
        for (size_t row = 0; row < c.rows; row++)
            checks[kind](&c, row);
        loss_destroy(&c);
    }
}

/* Rows of zeros under the cosine, and outputs that are next to nothing. */
static void the_cosine_of_nothing_is_defined(void **state) {
    (void)state;
    enum { COLUMNS = 3 };
    loss_case c = loss_create(TDROP_LOSS_COSINE, 3, COLUMNS);
    memset(c.target, 0, COLUMNS * sizeof *c.target);               /* row 0 */
    memset(c.gradient + COLUMNS, 0, COLUMNS * sizeof *c.gradient); /* output of row 1 */
    for (size_t j = 0; j < COLUMNS; j++) /* of row 2: a hundredth of 0.01, towards the target */
        c.gradient[2 * COLUMNS + j] = c.target[2 * COLUMNS + j] = j ? 0.0f : 1e-4f;
    loss_run(&c, TDROP_ISA_AUTO, NULL, true);
    assert_true(c.results[0].loss == 1.0 && c.results[1].loss == 1.0);
    assert_close(c.results[2].loss, 0.99, 1e-6, "loss of a short output", 2);
    for (size_t j = 0; j < COLUMNS; j++) {
        const double t = (double)c.target[COLUMNS + j];
        assert_true(c.gradient[j] == 0.0f);
        assert_true(t * (double)c.gradient[COLUMNS + j] < 0.0); /* towards the target */
    }
    assert_close((double)c.gradient[2 * COLUMNS], -100.0 / 3.0, 1e-3, "its gradient", 0);
    loss_destroy(&c);
}

/* Within 2 units in the last place, in rows short and long. */
static void exponentials_are_close(void **state) {
    (void)state;
    const tdrop_pass_kernels *pass = tdrop_pass_kernels_for(TDROP_ISA_AUTO);
    for (size_t i = 0; i < 20000; i++) {
        float z[18] = {0.0f}, greatest = 1.0f, x = -86.9f * (float)i / 20000.0f;
        double sum = 0.0, expected = exp((double)x);
        size_t n = i % 2 ? 2 : 18, at = i % 2 ? 1 : 17;
        z[at] = x;
        pass->exponentials(1, n, z, &greatest, &sum);
        assert_close((double)z[at], expected, 2.4e-7 * expected, "exponential", i);
        assert_true(greatest == 0.0f && z[0] == 1.0f);
        assert_close(sum, (double)at + (double)z[at], 1e-14, "sum of exponentials", i);
    }
}

static void squared_errors_alone_leave_the_outputs(void **state) {
    (void)state;
    loss_case c = loss_create(TDROP_LOSS_SQUARED, 5, 19);
    loss_run(&c, TDROP_ISA_AUTO, NULL, false);
    assert_memory_equal(c.gradient, c.y, 5 * 19 * sizeof(float));
    tdrop_row_result before[5];
    memcpy(before, c.results, sizeof before);
    loss_run(&c, TDROP_ISA_AUTO, NULL, true);
    assert_memory_equal(c.results, before, sizeof before);
    loss_destroy(&c);
}

/* One output of NaN must not pass for a good loss. */
static void what_is_not_finite_is_no_loss(void **state) {
    (void)state;
    static const float bad[] = {NAN, INFINITY};
    for (size_t i = 0; i < 10 * 20; i++) {
        loss_case c = loss_create((tdrop_loss_kind)(TDROP_LOSS_SQUARED + i % 5), 3, 20);
        c.gradient[20 + i / 10] = bad[i / 5 % 2];
        loss_run(&c, TDROP_ISA_AUTO, NULL, true);
        assert_true(isfinite(c.results[0].loss) && isfinite(c.results[2].loss));
        assert_false(isfinite(c.results[1].loss));
        loss_destroy(&c);
    }
}

static void the_losses_have_one_result(void **state) {
    (void)state;
    tdrop_isa isas[MODELS_MOST_ISAS];
    size_t count = models_isas(isas);
    tdrop_pool *pool = NULL;
    assert_int_equal(tdrop_pool_create(&pool, 3), TDROP_OK);
    tdrop_parallel parallel = tdrop_pool_parallel(pool);
    for (int kind = TDROP_LOSS_SQUARED; kind <= TDROP_LOSS_CROSS_ENTROPY; kind++) {
        loss_case first = loss_create((tdrop_loss_kind)kind, 37, 29);
        loss_run(&first, TDROP_ISA_C, NULL, true);
        for (size_t i = 0; i < count; i++) {
            loss_case c = loss_create((tdrop_loss_kind)kind, 37, 29);
            loss_run(&c, isas[i], &parallel, true);
            assert_memory_equal(c.gradient, first.gradient, 37 * 29 * sizeof(float));
            assert_memory_equal(c.results, first.results, 37 * sizeof *c.results);
            loss_destroy(&c);
        }
        loss_destroy(&first);
    }
    tdrop_pool_destroy(pool);
}

/* Losses around an offset that would ruin the textbook formula with squares. */
static void check_mean(size_t count, double offset, double spread, size_t piece) {
    double *values = allocate(count, sizeof *values), sum = 0.0, square = 0.0;
    tdrop_row_result *rows = allocate(count, sizeof *rows);
    models_numbers(count, count, values);
    tdrop_mean mean = {0};
    for (size_t i = 0; i < count; i++)
        rows[i] = (tdrop_row_result){offset + spread * values[i], (double)(i % 2)};
    for (size_t first = 0; first < count; first += piece)
        tdrop_mean_add(&mean, count - first < piece ? count - first : piece, rows + first);
    for (size_t i = 0; i < count; i++)
        sum += rows[i].loss - offset;
    for (size_t i = 0; i < count; i++)
        square += pow(rows[i].loss - offset - sum / (double)count, 2.0);
    assert_int_equal(mean.count, count);
    double n = (double)count, expected = count ? offset + sum / n : 0.0;
    assert_close(mean.loss, expected, 1e-12 * fabs(offset) + 1e-14, "mean of", count);
    assert_close(mean.metric, count ? (double)(count / 2) / n : 0.0, 1e-12, "metric of", count);
    double se = count > 1 ? sqrt(square / (n - 1.0) / n) : 0.0;
    assert_close(tdrop_mean_se(&mean), se, 1e-8 * se, "standard error of", count);
    free(values);
    free(rows);
}

static void the_mean_agrees_with_plain_code(void **state) {
    (void)state;
    static const size_t counts[] = {0, 1, 2, 3, 10, 1000};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        check_mean(counts[i], 0.0, 1.0, 7);
        check_mean(counts[i], 1e6, 1e-1, 256);
        check_mean(counts[i], -3.0, 1e-6, 1);
    }
    const tdrop_row_result same[] = {{0.1, 1}, {0.1, 1}, {0.1, 1}, {0.1, 1}, {0.1, 1}};
    tdrop_mean mean = {0};
    tdrop_mean_add(&mean, 5, same);
    assert_close(mean.loss, 0.1, 1e-16, "mean of equal numbers", 5);
    assert_close(tdrop_mean_se(&mean), 0.0, 1e-16, "standard error of equal numbers", 5);
}

/* ---------------------------------------------------------------------------------------------
 * Optimizer
 */

static tdrop_status create_adam(tdrop_optimizer *o, size_t count, double average_decay) {
    return tdrop_optimizer_create(
        o, count,
        &(tdrop_optimizer_options){.kind = TDROP_OPTIMIZER_ADAM, .average_decay = average_decay});
}

/* Adam and the running average in double, as Kingma and Ba wrote it down. */
typedef struct plain_adam {
    size_t count;
    double decay, *parameter, *moment1, *moment2, *average;
} plain_adam;

static void plain_adam_step(plain_adam *a, size_t step, double rate, const float *gradient) {
    double early = (1.0 + (double)step) / (10.0 + (double)step);
    double kept = early < a->decay ? early : a->decay;
    for (size_t i = 0; i < a->count; i++) {
        double g = (double)gradient[i];
        a->moment1[i] = 0.9 * a->moment1[i] + 0.1 * g;
        a->moment2[i] = 0.999 * a->moment2[i] + 0.001 * g * g;
        double mean = a->moment1[i] / (1.0 - pow(0.9, (double)step));
        double square = a->moment2[i] / (1.0 - pow(0.999, (double)step));
        a->parameter[i] -= rate * mean / (sqrt(square) + 1e-8);
        a->average[i] = kept * a->average[i] + (1.0 - kept) * a->parameter[i];
    }
}

/* Gradients of every size: from 1e-9, where epsilon decides, to 100; each fourth is zero. */
static void draw_gradient(uint64_t seed, size_t count, float *gradient) {
    numbers(seed, count, gradient);
    for (size_t i = 0; i < count; i++)
        gradient[i] *= i % 4 == 3 ? 0.0f : (float)pow(10.0, (double)(i % 12) - 9.0);
}

static void check_optimizer(size_t count, double decay, tdrop_isa isa) {
    enum { STEPS = 25 };
    tdrop_optimizer o;
    plain_adam a = {count,
                    decay,
                    allocate(count, sizeof(double)),
                    allocate(count, sizeof(double)),
                    allocate(count, sizeof(double)),
                    allocate(count, sizeof(double))};
    assert_int_equal(create_adam(&o, count, decay), TDROP_OK);
    numbers(count, count, o.parameters);
    tdrop_optimizer_start(&o);
    for (size_t i = 0; i < count; i++)
        a.parameter[i] = a.average[i] = (double)o.parameters[i];
    for (size_t step = 1; step <= STEPS; step++) {
        double rate = 0.01 / (double)step;
        draw_gradient(step, count, o.gradient);
        plain_adam_step(&a, step, rate, o.gradient);
        tdrop_optimizer_step(&o, rate, tdrop_pass_kernels_for(isa), NULL);
        for (size_t i = 0; i < count; i++) {
            assert_close((double)o.parameters[i], a.parameter[i], 3e-6, "parameter", i);
            assert_close((double)o.average[i], decay > 0.0 ? a.average[i] : a.parameter[i], 3e-6,
                         "average", i);
        }
    }
    assert_int_equal(o.steps, STEPS);
    tdrop_optimizer_clear(&o);
    free(a.parameter);
    free(a.moment1);
    free(a.moment2);
    free(a.average);
}

static void the_optimizer_agrees_with_plain_code(void **state) {
    (void)state;
    static const size_t counts[] = {1, 17, 16384 + 5}; /* the last in two tasks */
    static const double decays[] = {0.99, 0.5, 0.05, -1.0};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        for (size_t d = 0; d < sizeof decays / sizeof *decays; d++)
            check_optimizer(counts[i], decays[d], TDROP_ISA_AUTO);
    check_optimizer(100, 0.9, TDROP_ISA_C);
}

/* A first step goes by the rate, whatever the gradient's size; against its sign. */
static void a_first_step_goes_by_the_rate(void **state) {
    (void)state;
    static const float gradient[] = {1e-3f, -1e-3f, 50.0f, -50.0f, 0.0f};
    tdrop_optimizer o;
    assert_int_equal(create_adam(&o, 5, -1.0), TDROP_OK);
    assert_ptr_equal(o.average, o.parameters);
    memcpy(o.gradient, gradient, sizeof gradient);
    tdrop_optimizer_step(&o, 0.125, tdrop_pass_kernels_for(TDROP_ISA_AUTO), NULL);
    for (size_t i = 0; i < 5; i++) {
        double expected = gradient[i] > 0.0f ? -0.125 : gradient[i] < 0.0f ? 0.125 : 0.0;
        assert_close((double)o.parameters[i], expected, 2e-6, "parameter", i);
    }
    tdrop_optimizer_clear(&o);
    tdrop_optimizer_clear(&o);
}

static void run_optimizer(tdrop_optimizer *o, size_t count, tdrop_isa isa,
                          const tdrop_parallel *parallel) {
    assert_int_equal(create_adam(o, count, 0.9), TDROP_OK);
    numbers(1, count, o->parameters);
    tdrop_optimizer_start(o);
    for (size_t step = 0; step < 4; step++) {
        draw_gradient(step, count, o->gradient);
        tdrop_optimizer_step(o, 0.01, tdrop_pass_kernels_for(isa), parallel);
    }
}

static void the_optimizer_has_one_result(void **state) {
    (void)state;
    enum { COUNT = 2 * 16384 + 3 };
    tdrop_isa isas[MODELS_MOST_ISAS];
    size_t count = models_isas(isas);
    tdrop_optimizer first, other;
    run_optimizer(&first, COUNT, TDROP_ISA_C, NULL);
    tdrop_pool *pool = NULL;
    assert_int_equal(tdrop_pool_create(&pool, 3), TDROP_OK);
    tdrop_parallel parallel = tdrop_pool_parallel(pool);
    for (size_t i = 0; i < 2 * count; i++) {
        run_optimizer(&other, COUNT, isas[i / 2], i % 2 ? &parallel : NULL);
        assert_memory_equal(other.block, first.block, 5 * COUNT * sizeof(float));
        tdrop_optimizer_clear(&other);
    }
    tdrop_pool_destroy(pool);
    tdrop_optimizer_clear(&first);
}

/* Moments without a gradient end at zero, not in denormals. */
static void moments_fade_to_zero(void **state) {
    (void)state;
    tdrop_optimizer o;
    assert_int_equal(create_adam(&o, 40, -1.0), TDROP_OK);
    for (size_t i = 0; i < 40; i++)
        o.moment1[i] = (i % 2 ? -1.0f : 1.0f) * (float)pow(10.0, -(double)i), o.moment2[i] = 1e-30f;
    for (int step = 0; step < 1000; step++) {
        tdrop_optimizer_step(&o, 0.01, tdrop_pass_kernels_for(TDROP_ISA_AUTO), NULL);
        for (size_t i = 0; i < 40; i++)
            assert_false(fpclassify(o.moment1[i]) == FP_SUBNORMAL ||
                         fpclassify(o.moment2[i]) == FP_SUBNORMAL);
    }
    for (size_t i = 0; i < 40; i++)
        assert_true(o.moment1[i] == 0.0f && o.moment2[i] == 0.0f && isfinite(o.parameters[i]));
    tdrop_optimizer_clear(&o);
}

/* ---------------------------------------------------------------------------------------------
 * Learning rates
 */

static double cosine_between(double from, double to, double t) {
    return from + (to - from) * 0.5 * (1.0 - cos(acos(-1.0) * t));
}

static double expected_rate(double highest, size_t step, size_t steps) {
    double first = highest / 25.0, last = first / 1e4, t = (double)step / (double)(steps - 1);
    return t < 0.3 ? cosine_between(first, highest, t / 0.3)
                   : cosine_between(highest, last, (t - 0.3) / 0.7);
}

static void one_cycle_follows_the_cosine(void **state) {
    (void)state;
    static const size_t steps[] = {2, 3, 11, 100, 2110, 100001};
    static const double highest[] = {2e-3, 1.0, 1000.0};
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++)
        for (size_t h = 0; h < 3; h++)
            for (size_t i = 0; i < steps[s]; i += 1 + steps[s] / 1000) {
                double found =
                    tdrop_schedule_rate(TDROP_SCHEDULE_ONE_CYCLE, highest[h], i, steps[s]);
                assert_close(found, expected_rate(highest[h], i, steps[s]), 1e-12 * highest[h],
                             "step", i);
            }
}

static void one_cycle_has_its_ends_and_peak(void **state) {
    (void)state;
    const tdrop_schedule cycle = TDROP_SCHEDULE_ONE_CYCLE;
    assert_close(tdrop_schedule_rate(cycle, 1.0, 0, 11), 0.04, 1e-15, "step", 0);
    assert_close(tdrop_schedule_rate(cycle, 1.0, 3, 11), 1.0, 1e-15, "step", 3);
    assert_close(tdrop_schedule_rate(cycle, 1.0, 10, 11), 4e-6, 1e-15, "step", 10);
    double before = 0.0;
    for (size_t i = 0; i < 1001; i++) {
        double rate = tdrop_schedule_rate(cycle, 1.0, i, 1001);
        assert_true(rate > 0.0 && rate <= 1.0);
        if (i > 0) assert_true(i <= 300 ? rate > before : rate < before);
        before = rate;
    }
    assert_true(tdrop_schedule_rate(cycle, 0.5, 0, 1) == 0.5);
}

static void constant_is_constant(void **state) {
    (void)state;
    for (size_t i = 0; i < 10; i++)
        assert_true(tdrop_schedule_rate(TDROP_SCHEDULE_CONSTANT, 0.7, i, 10) == 0.7);
}

static void schedules_have_names(void **state) {
    (void)state;
    tdrop_schedule schedule = TDROP_SCHEDULE_CONSTANT;
    assert_string_equal(tdrop_schedule_name(TDROP_SCHEDULE_ONE_CYCLE), "one-cycle");
    assert_string_equal(tdrop_schedule_name(TDROP_SCHEDULE_CONSTANT), "constant");
    assert_string_equal(tdrop_schedule_name(TDROP_SCHEDULE_COSINE), "cosine");
    assert_null(tdrop_schedule_name((tdrop_schedule)3));
    assert_null(tdrop_schedule_name((tdrop_schedule)-1));
    assert_int_equal(tdrop_schedule_parse("one-cycle", &schedule), TDROP_OK);
    assert_int_equal(schedule, TDROP_SCHEDULE_ONE_CYCLE);
    assert_int_equal(tdrop_schedule_parse("constant", &schedule), TDROP_OK);
    assert_int_equal(schedule, TDROP_SCHEDULE_CONSTANT);
    assert_int_equal(tdrop_schedule_parse("sine", &schedule), TDROP_ERROR_FORMAT);
    assert_int_equal(tdrop_schedule_parse("", &schedule), TDROP_ERROR_FORMAT);
    assert_int_equal(tdrop_schedule_parse(NULL, &schedule), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_schedule_parse("constant", NULL), TDROP_ERROR_NULL);
    assert_int_equal(schedule, TDROP_SCHEDULE_CONSTANT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_checker_agrees),
        cmocka_unit_test(the_checker_agrees_on_every_loss),
        cmocka_unit_test(the_checker_refuses),
        cmocka_unit_test(a_step_agrees_with_plain_code),
        cmocka_unit_test(a_norm_takes_the_rows_that_keep_a_column),
        cmocka_unit_test(a_step_has_one_result),
        cmocka_unit_test(the_losses_agree_with_plain_code),
        cmocka_unit_test(the_cosine_of_nothing_is_defined),
        cmocka_unit_test(exponentials_are_close),
        cmocka_unit_test(squared_errors_alone_leave_the_outputs),
        cmocka_unit_test(what_is_not_finite_is_no_loss),
        cmocka_unit_test(the_losses_have_one_result),
        cmocka_unit_test(the_mean_agrees_with_plain_code),
        cmocka_unit_test(the_optimizer_agrees_with_plain_code),
        cmocka_unit_test(a_first_step_goes_by_the_rate),
        cmocka_unit_test(the_optimizer_has_one_result),
        cmocka_unit_test(moments_fade_to_zero),
        cmocka_unit_test(one_cycle_follows_the_cosine),
        cmocka_unit_test(one_cycle_has_its_ends_and_peak),
        cmocka_unit_test(constant_is_constant),
        cmocka_unit_test(schedules_have_names),
    };
    return cmocka_run_group_tests_name("model_gradient", tests, NULL, NULL);
}
