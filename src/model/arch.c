/* SPDX-License-Identifier: MIT */
#include "model/arch.h"

#include "base/error.h"
#include "base/memory.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { MOST_LAYERS = 256 };

/* The layers of a text before their tensors are laid out. */
typedef struct arch_draft {
    const char *text;
    size_t place; /* of the item at hand, or of the error */
    size_t count;
    struct draft_layer {
        const tdrop_op *op;
        size_t width;        /* where the op has one */
        uint32_t billionths; /* likewise its share */
        size_t place;        /* of its item in the text */
    } layer[MOST_LAYERS];
    bool names_activation;
} arch_draft;

static tdrop_status add_layer(arch_draft *draft, const tdrop_op *op, size_t width,
                              uint32_t billionths, tdrop_error *error) {
    if (draft->count == MOST_LAYERS)
        return tdrop_fail(error, TDROP_ERROR_ARCH, "architecture '%.300s': more than %d layers",
                          draft->text, MOST_LAYERS);
    draft->layer[draft->count].op = op;
    draft->layer[draft->count].width = width;
    draft->layer[draft->count].billionths = billionths;
    draft->layer[draft->count].place = draft->place;
    draft->count++;
    draft->names_activation |= op->is_activation;
    return TDROP_OK;
}

/* Reads a width of 1 to 9 digits and nothing else; 0 when it is none. */
static size_t read_width(const char *item, size_t length) {
    size_t width = 0;
    if (length == 0 || length > 9) return 0;
    for (size_t i = 0; i < length; i++) {
        if (item[i] < '0' || item[i] > '9') return 0;
        width = width * 10 + (size_t)(item[i] - '0');
    }
    return width;
}

static size_t item_name_length(const char *item, size_t length) {
    const char *colon = memchr(item, ':', length);
    return colon ? (size_t)(colon - item) : length;
}

/* Reads a share as ":0" or ":0." and 1 to 9 digits. */
static bool read_share(const char *text, size_t length, uint32_t *billionths) {
    uint32_t value = 0, unit = 1000000000;
    if (length < 2 || length == 3 || length > 12 || memcmp(text, ":0", 2) ||
        (length > 2 && text[2] != '.'))
        return false;
    for (size_t i = 3; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        unit /= 10;
        value += (uint32_t)(text[i] - '0') * unit;
    }
    *billionths = value;
    return true;
}

static tdrop_status add_item(arch_draft *draft, const char *item, size_t length,
                             tdrop_error *error) {
    draft->place = (size_t)(item - draft->text);
    bool code = length > 2 && item[0] == '[' && item[length - 1] == ']';
    size_t width = code ? read_width(item + 1, length - 2) : read_width(item, length);
    if (width) {
        tdrop_status status = add_layer(draft, tdrop_op_linear, width, 0, error);
        return !status && code ? add_layer(draft, tdrop_op_tail, 0, 0, error) : status;
    }
    uint32_t billionths = 0;
    size_t name = item_name_length(item, length);
    const tdrop_op *op = tdrop_op_find(item, name);
    bool as_asked = op && (op->has_share ? read_share(item + name, length - name, &billionths)
                                         : length == name);
    if (as_asked && !op->has_width) return add_layer(draft, op, 0, billionths, error);
    char names[160];
    tdrop_op_list(names, sizeof names);
    return tdrop_fail(
        error, TDROP_ERROR_ARCH,
        "architecture '%.300s': item '%.*s' at character %zu is neither a width, a code "
        "as [64], nor one of %s",
        draft->text, (int)(length < 60 ? length : 60), item, draft->place + 1, names);
}

static tdrop_status read_items(arch_draft *draft, const char *text, tdrop_error *error) {
    for (const char *item = text;; item++) {
        size_t length = tdrop_op_item_length(item);
        tdrop_status status = add_item(draft, item, length, error);
        if (status) return status;
        item += length;
        if (!*item) return TDROP_OK;
    }
}

/* The first layer behind i that is no part of the linear layer there. */
static size_t behind_affine(const arch_draft *draft, size_t i) {
    do
        i++;
    while (i < draft->count && draft->layer[i].op->is_affine);
    return i;
}

/* Whether layer i is linear, and not the code. */
static bool is_hidden(const arch_draft *draft, size_t i) {
    const size_t next = behind_affine(draft, i);
    return draft->layer[i].op->has_width &&
           !(next < draft->count && draft->layer[next].op->is_tail);
}

/* Where no activation was named: a relu behind every linear layer but the code, and behind the
 * biases by width and batch norms that follow it. The layer to the output comes later and has none
 * either. */
static tdrop_status add_default_activations(arch_draft *d, tdrop_error *error) {
    if (d->names_activation) return TDROP_OK;
    arch_draft plain = *d;
    d->count = 0;
    for (size_t i = 0, start = 0; i < plain.count; i++) {
        const bool is_last = behind_affine(&plain, i) == i + 1;
        if (!plain.layer[i].op->is_affine) start = i;
        d->place = plain.layer[i].place;
        tdrop_status status =
            add_layer(d, plain.layer[i].op, plain.layer[i].width, plain.layer[i].billionths, error);
        if (!status && is_last && is_hidden(&plain, start))
            status = add_layer(d, tdrop_op_relu, 0, 0, error);
        if (status) return status;
    }
    return TDROP_OK;
}

/* The nearest layer that is linear, past ops that let keep pass; `step` is +1 or -1. */
static bool reaches_linear(const arch_draft *draft, size_t from, int step) {
    for (size_t i = from + (size_t)step; i < draft->count; i += (size_t)step) {
        if (draft->layer[i].op == tdrop_op_linear) return true;
        if (!draft->layer[i].op->keep_passes) return false;
    }
    return false;
}

/* At least one tail, not more than can be kept apart, each between linear layers. */
static tdrop_status check_tails(arch_draft *draft, tdrop_error *error) {
    size_t tails = 0;
    for (size_t i = 0; i < draft->count; i++) {
        if (!draft->layer[i].op->is_tail) continue;
        tails++;
        draft->place = draft->layer[i].place;
        if (!reaches_linear(draft, i, -1) || !reaches_linear(draft, i, 1))
            return tdrop_fail(
                error, TDROP_ERROR_ARCH,
                "architecture '%.300s': a tail needs a linear layer before it and one "
                "after it, with nothing between that mixes columns",
                draft->text);
        for (size_t j = i; j-- > 0 && draft->layer[j].op->keep_passes;)
            if (draft->layer[j].op->is_tail)
                return tdrop_fail(error, TDROP_ERROR_ARCH,
                                  "architecture '%.300s': two tails without a linear layer between "
                                  "them",
                                  draft->text);
    }
    if (tails >= 1 && tails <= TDROP_MOST_TAILS) return TDROP_OK;
    return tdrop_fail(
        error, TDROP_ERROR_ARCH,
        "architecture '%.300s': it has %zu tails, 1 to %d are needed; write the code as "
        "[64]",
        draft->text, tails, TDROP_MOST_TAILS);
}

/* Biases by width stand behind a tail and the linear layer that reads it. */
static tdrop_status check_width_biases(arch_draft *draft, tdrop_error *error) {
    bool tail = false;
    for (size_t i = 0; i < draft->count; i++) {
        tail = tail || draft->layer[i].op->is_tail;
        if (!draft->layer[i].op->reads_k) continue;
        if (tail && draft->layer[i - 1].op == tdrop_op_linear) continue;
        draft->place = draft->layer[i].place;
        return tdrop_fail(
            error, TDROP_ERROR_ARCH,
            "architecture '%.300s': widthbias has to stand behind a linear layer that "
            "comes after a tail",
            draft->text);
    }
    return TDROP_OK;
}

/* A name of the layer's tensor, and where its numbers lie; false when all of them together cannot
 * be addressed. */
static bool lay_out_tensor(tdrop_arch *arch, const tdrop_arch_layer *layer,
                           const tdrop_tensor_kind *kind) {
    tdrop_parameter *tensor = &arch->tensors[arch->tensor_count++];
    snprintf(tensor->name, sizeof tensor->name, "%s.%zu.%s", layer->part, layer->index, kind->name);
    tensor->kind = kind;
    tensor->dims = 0;
    if (kind->by_width) tensor->shape[tensor->dims++] = arch->tails[layer->tail].features + 1;
    if (kind->by_output) tensor->shape[tensor->dims++] = layer->outputs;
    if (kind->by_input) tensor->shape[tensor->dims++] = layer->inputs;
    if (!tdrop_multiply(tensor->shape[0], tensor->dims == 2 ? tensor->shape[1] : 1, &tensor->count))
        return false;
    tensor->offset = arch->parameters;
    tensor->fan_in = layer->inputs;
    if (tensor->count > SIZE_MAX / sizeof(float) - arch->parameters) return false;
    arch->parameters += tensor->count;
    return true;
}

static tdrop_status too_large(const char *text, tdrop_error *error) {
    return tdrop_fail(error, TDROP_ERROR_ARCH, "architecture '%.300s': too large to be addressed",
                      text);
}

/* Which part of the network layer i belongs to, and its number there. */
static void name_layer(const tdrop_arch *arch, size_t i, tdrop_arch_layer *layer) {
    bool encoder = arch->tail_count == 0 || i <= arch->tails[0].layer;
    layer->part = encoder ? "encoder" : "decoder";
    layer->index = encoder ? i : i - arch->tails[0].layer - 1;
}

/* Layers with their widths, and tensors with their places. */
static tdrop_status lay_out(tdrop_arch *arch, arch_draft *draft, size_t inputs,
                            tdrop_error *error) {
    size_t width = inputs;
    arch->inputs = inputs;
    for (size_t i = 0; i < draft->count; i++) {
        const tdrop_op *op = draft->layer[i].op;
        tdrop_arch_layer *layer = &arch->layers[i];
        draft->place = draft->layer[i].place;
        layer->op = op;
        layer->billionths = draft->layer[i].billionths;
        name_layer(arch, i, layer);
        layer->inputs = width;
        layer->outputs = width = op->has_width ? draft->layer[i].width : width;
        layer->tail = (int)arch->tail_count - 1;
        layer->first_tensor = arch->tensor_count;
        if (op->has_width && (double)layer->inputs * (double)layer->outputs > (double)INT32_MAX)
            return too_large(draft->text, error);
        for (size_t t = 0; t < op->tensors; t++)
            if (!lay_out_tensor(arch, layer, &op->tensor[t])) return too_large(draft->text, error);
        if (op->is_tail) arch->tails[arch->tail_count++] = (tdrop_arch_tail){i, width};
    }
    arch->layer_count = draft->count;
    arch->outputs = width;
    arch->features = arch->tails[0].features;
    return TDROP_OK;
}

/* One item and the dash before it; returns its length. */
static int write_item(char *text, size_t size, const tdrop_arch_layer *layer) {
    if (layer->op->has_width) return snprintf(text, size, "-%zu", layer->outputs);
    if (!layer->op->has_share) return snprintf(text, size, "-%s", layer->op->name);
    int used = snprintf(text, size, "-%s:0.%09u", layer->op->name, (unsigned)layer->billionths);
    while (text[used - 1] == '0' &&
           text[used - 2] != ':') /* 0.500000000 as 0.5, 0.000000000 as 0 */
        used -= text[used - 2] == '.' ? 2 : 1;
    text[used] = '\0';
    return used;
}

/* The text with every layer written: "784-512-relu-64-tail-784". */
static char *write_text(const tdrop_arch *arch) {
    enum { MOST_PER_LAYER = 24 };
    size_t size = (arch->layer_count + 1) * MOST_PER_LAYER, used;
    char *text = tdrop_alloc(size, 1);
    if (!text) return NULL;
    used = (size_t)snprintf(text, size, "%zu", arch->inputs);
    for (size_t i = 0; i < arch->layer_count; i++)
        used += (size_t)write_item(text + used, size - used, &arch->layers[i]);
    return text;
}

/* Turns a checked draft into an architecture. */
static tdrop_status build(tdrop_arch *arch, arch_draft *draft, size_t inputs, tdrop_error *error) {
    tdrop_arch made = {0};
    tdrop_status status = check_tails(draft, error);
    if (!status) status = check_width_biases(draft, error);
    if (status) return status;
    made.layers = tdrop_alloc_zero(draft->count, sizeof *made.layers);
    made.tensors = tdrop_alloc_zero(draft->count * TDROP_MOST_TENSORS, sizeof *made.tensors);
    status = made.layers && made.tensors ? lay_out(&made, draft, inputs, error)
                                         : tdrop_fail_memory(error, "architecture");
    if (!status && !(made.text = write_text(&made)))
        status = tdrop_fail_memory(error, "architecture");
    if (status)
        tdrop_arch_clear(&made);
    else
        *arch = made;
    return status;
}

/* A written-out text begins with the input's width and ends with the output's. */
static tdrop_status check_ends(const arch_draft *draft, size_t first, size_t inputs, size_t outputs,
                               tdrop_error *error) {
    size_t last = draft->count ? draft->layer[draft->count - 1].width : 0;
    if (first && last && first == inputs && last == outputs) return TDROP_OK;
    return tdrop_fail(
        error, TDROP_ERROR_ARCH,
        "architecture '%.300s': it should begin with %zu, the width of the data, and end "
        "with %zu outputs",
        draft->text, inputs, outputs);
}

/* A text into a draft. */
static tdrop_status read_text(arch_draft *draft, size_t inputs, size_t outputs, bool written_out,
                              tdrop_error *error) {
    const char *text = draft->text;
    tdrop_status status;
    if (written_out) {
        size_t length = strcspn(text, "-");
        const char *rest = text[length] ? text + length + 1 : text + length;
        status = read_items(draft, rest, error);
        return status ? status
                      : check_ends(draft, read_width(text, length), inputs, outputs, error);
    }
    status = read_items(draft, text, error);
    if (!status) status = add_default_activations(draft, error);
    if (status) return status;
    draft->place = strlen(text);
    return add_layer(draft, tdrop_op_linear, outputs, 0, error);
}

static tdrop_status parse_placed(tdrop_arch *arch, const char *text, size_t inputs, size_t outputs,
                                 bool written_out, size_t *place, tdrop_error *error) {
    arch_draft draft = {.text = text};
    tdrop_status status = read_text(&draft, inputs, outputs, written_out, error);
    if (!status) status = build(arch, &draft, inputs, error);
    if (status) *place = draft.place;
    return status;
}

tdrop_status tdrop_arch_parse(tdrop_arch *arch, const char *text, size_t inputs, size_t outputs,
                              bool written_out, tdrop_error *error) {
    size_t place;
    return parse_placed(arch, text, inputs, outputs, written_out, &place, error);
}

tdrop_status tdrop_arch_check(const char *text, size_t *place, tdrop_error *error) {
    tdrop_arch arch;
    size_t found = 0;
    if (!text) return tdrop_fail(error, TDROP_ERROR_NULL, "no architecture");
    tdrop_status status = parse_placed(&arch, text, 1, 1, false, &found, error);
    if (!status)
        tdrop_arch_clear(&arch);
    else if (place)
        *place = found;
    return status;
}

tdrop_status tdrop_arch_with_features(tdrop_arch *cut, const tdrop_arch *arch, size_t tail,
                                      size_t k, tdrop_error *error) {
    arch_draft draft = {.text = arch->text};
    size_t producer = arch->tails[tail].layer;
    while (!arch->layers[producer].op->has_width)
        producer--;
    for (size_t i = 0; i < arch->layer_count; i++) {
        const tdrop_arch_layer *layer = &arch->layers[i];
        tdrop_status status = add_layer(&draft, layer->op, i == producer ? k : layer->outputs,
                                        layer->billionths, error);
        if (status) return status;
    }
    return build(cut, &draft, arch->inputs, error);
}

void tdrop_arch_clear(tdrop_arch *arch) {
    tdrop_free(arch->text);
    tdrop_free(arch->layers);
    tdrop_free(arch->tensors);
    *arch = (tdrop_arch){0};
}

char *tdrop_arch_default_text(size_t columns, size_t features, bool ordered) {
    enum { SIZE = 128, LEAST_MULTIPLE = 8, MOST_BY_COLUMNS = 512 };
    size_t outer = LEAST_MULTIPLE, below = 1;
    while (outer < LEAST_MULTIPLE * features)
        outer *= 2;
    while (below < columns - below && below < MOST_BY_COLUMNS)
        below *= 2;
    if (outer < below) outer = below;
    char *text = tdrop_alloc(SIZE, 1);
    if (text)
        snprintf(text, SIZE, "%zu-%zu-[%zu]-%zu%s-%zu", outer, outer / 2, features, outer / 2,
                 ordered ? "-widthbias" : "", outer);
    return text;
}

static void init_tensor(const tdrop_parameter *tensor, const tdrop_tensor_kind *kind,
                        tdrop_draw draw, float *values) {
    double bound = 1.0 / sqrt((double)tensor->fan_in);
    for (size_t i = 0; i < tensor->count; i++) {
        double u = 0.0;
        draw.first = (uint32_t)i;
        if (!kind->begins_constant) tdrop_uniform(&draw, 1, &u);
        values[i] = kind->begins_constant ? kind->first : (float)((2.0 * u - 1.0) * bound);
    }
}

void tdrop_arch_init(const tdrop_arch *arch, uint64_t seed, float *parameters) {
    for (size_t i = 0; i < arch->layer_count; i++) {
        const tdrop_arch_layer *layer = &arch->layers[i];
        for (size_t t = 0; t < layer->op->tensors; t++) {
            const tdrop_parameter *tensor = &arch->tensors[layer->first_tensor + t];
            const tdrop_draw draw = {.seed = seed,
                                     .layer = (uint32_t)(layer->first_tensor + t),
                                     .purpose = TDROP_PURPOSE_INIT};
            init_tensor(tensor, &layer->op->tensor[t], draw, parameters + tensor->offset);
        }
    }
}
