/* SPDX-License-Identifier: MIT */
#include "model/pca_start.h"

#include "base/memory.h"
#include "base/names.h"
#include "base/sizes.h"
#include "model/pca.h"

#include <string.h>

static const char *const start_names[] = {
    [TDROP_START_AUTO] = "auto",
    [TDROP_START_RANDOM] = "random",
    [TDROP_START_PCA] = "pca",
};
enum { STARTS = sizeof start_names / sizeof *start_names };

const char *tdrop_start_name(tdrop_start start) {
    return tdrop_name_of(start_names, STARTS, (unsigned)start);
}

tdrop_status tdrop_start_parse(const char *name, tdrop_start *start) {
    unsigned number = 0;
    if (!start) return TDROP_ERROR_NULL;
    tdrop_status status = tdrop_name_find(start_names, STARTS, name, &number);
    if (!status) *start = (tdrop_start)number;
    return status;
}

/* Rows that the components are found from: they need not be exact. */
enum { MOST_ROWS = 4096 };

/* How the features are held between two linear layers: as entries of the data, as the pair 2j and
 * 2j + 1 for feature j, or as the code. */
typedef enum form { FORM_DATA, FORM_PAIRS, FORM_CODE } form;

/* The layer behind linear layer i and its biases by width; layer_count when there is none. */
static size_t behind(const tdrop_arch *arch, size_t i) {
    do
        i++;
    while (i < arch->layer_count && arch->layers[i].op->reads_k);
    return i;
}

/* In which form the output of linear layer i is. */
static form form_behind(const tdrop_arch *arch, size_t i) {
    const size_t next = behind(arch, i);
    if (next == arch->layer_count) return FORM_DATA;
    return arch->layers[next].op->is_tail ? FORM_CODE : FORM_PAIRS;
}

bool tdrop_pca_start_suits(const tdrop_arch *arch, tdrop_task task, tdrop_loss_kind loss) {
    if (task != TDROP_TASK_AUTOENCODE || loss == TDROP_LOSS_BINARY || arch->tail_count != 1)
        return false;
    for (size_t i = 0, next; i < arch->layer_count; i = next) {
        const tdrop_arch_layer *layer = &arch->layers[i];
        if (layer->op != tdrop_op_linear) return false;
        next = behind(arch, i);
        if (form_behind(arch, i) == FORM_PAIRS &&
            !(arch->layers[next].op->passes_pairs && layer->outputs >= 2 * arch->features))
            return false;
        if (next < arch->layer_count) next++;
    }
    return true;
}

/* Weights with which a unit takes so much of feature j from pairs or the code. */
static void take_feature(form from, size_t j, float much, float *row) {
    if (from == FORM_PAIRS) {
        row[2 * j] = much;
        row[2 * j + 1] = -much;
    } else {
        row[j] = much;
    }
}

/* Weights of a unit that is sign times feature j. */
static void fill_row(const tdrop_pca *pca, form from, size_t j, float sign, size_t inputs,
                     float *row) {
    memset(row, 0, inputs * sizeof *row);
    if (from != FORM_DATA) {
        take_feature(from, j, sign, row);
        return;
    }
    for (size_t i = 0; i < inputs; i++)
        row[i] = sign * pca->vector[j * inputs + i];
}

/* What makes up for the mean of the data, of which the features hold nothing. */
static float bias_of(const tdrop_pca *pca, form from, size_t inputs, const float *row) {
    double at_mean = 0.0;
    for (size_t i = 0; from == FORM_DATA && i < inputs; i++)
        at_mean += (double)row[i] * pca->mean[i];
    return (float)-at_mean;
}

/* Units of a layer to pairs or the code; the others stay as they are. */
static void fill_units(const tdrop_pca *pca, form from, form to, size_t inputs, float *weight,
                       float *bias) {
    const size_t units = to == FORM_PAIRS ? 2 : 1;
    for (size_t j = 0; j < pca->components; j++)
        for (size_t u = 0; u < units; u++) {
            const size_t unit = units * j + u;
            float *row = weight + unit * inputs;
            fill_row(pca, from, j, u ? -1.0f : 1.0f, inputs, row);
            bias[unit] = bias_of(pca, from, inputs, row);
        }
}

/* The output: the mean, and each component times its feature. */
static void fill_output(const tdrop_pca *pca, form from, size_t inputs, float *weight,
                        float *bias) {
    memset(weight, 0, pca->columns * inputs * sizeof *weight);
    for (size_t i = 0; i < pca->columns; i++) {
        float *row = weight + i * inputs;
        bias[i] = (float)pca->mean[i];
        for (size_t j = 0; j < pca->components; j++)
            take_feature(from, j, pca->vector[j * pca->columns + i], row);
    }
}

static void fill_layers(const tdrop_arch *arch, const tdrop_pca *pca, float *parameters) {
    form from = FORM_DATA;
    for (size_t i = 0; i < arch->layer_count; i++) {
        const tdrop_arch_layer *layer = &arch->layers[i];
        if (layer->op != tdrop_op_linear) continue;
        const form to = form_behind(arch, i);
        const tdrop_parameter *tensor = &arch->tensors[layer->first_tensor];
        float *weight = parameters + tensor[0].offset, *bias = parameters + tensor[1].offset;
        if (to == FORM_DATA)
            fill_output(pca, from, layer->inputs, weight, bias);
        else
            fill_units(pca, from, to, layer->inputs, weight, bias);
        from = to;
    }
}

/* Some of the training rows, each of them as likely as any other. */
static size_t *choose_rows(const tdrop_split *split, uint64_t seed, size_t *count) {
    const tdrop_draw draw = {.seed = seed, .purpose = TDROP_PURPOSE_INIT};
    *count = tdrop_least(split->train_count, MOST_ROWS);
    size_t *rows = tdrop_alloc(*count, sizeof *rows);
    for (size_t i = 0; rows && i < *count; i++)
        rows[i] = split->train[tdrop_permute(&draw, split->train_count, i)];
    return rows;
}

tdrop_status tdrop_pca_start(const tdrop_arch *arch, const tdrop_encoder *encoder,
                             const tdrop_split *split, uint64_t seed,
                             const tdrop_use_options *options, float *parameters, double *flops) {
    tdrop_pca pca;
    size_t count, *rows = choose_rows(split, seed, &count);
    if (!rows) return TDROP_ERROR_MEMORY;
    tdrop_status status =
        tdrop_pca_approach(&pca, encoder, rows, count, arch->features, seed, options, flops);
    tdrop_free(rows);
    if (status) return status;
    fill_layers(arch, &pca, parameters);
    tdrop_pca_clear(&pca);
    return TDROP_OK;
}
