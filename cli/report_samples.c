/* SPDX-License-Identifier: MIT
 * Some held-out rows, and the means to show what the model makes of them at any k. */
#include "held_out.h"
#include "image_form.h"
#include "inputs.h"
#include "message.h"
#include "report_labels.h"
#include "report_rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SAMPLES = 16, MOST_LINES = 8, FEWEST_SAMPLES = 4, MOST_STOPS = 40 };
enum { MOST_CELLS = 100, MOST_LEVELS = 1000 }; /* of rows that are shown cell by cell */

/* What cli/page/report.js can compute, and the tensors that it reads there, all that the layer has.
 */
enum { MOST_TENSORS = 4 };
typedef struct page_op {
    const char *name, *tensor[MOST_TENSORS];
    int dims[MOST_TENSORS];
} page_op;

static const page_op page_ops[] = {
    {"linear", {"weight", "bias"}, {2, 1}},
    {"widthbias", {"bias"}, {2}},
    {"batch-norm", {"weight", "bias", "running_mean", "running_var"}, {1, 1, 1, 1}},
    {.name = "relu"},
    {.name = "gelu"},
    {.name = "tanh"},
    {.name = "sigmoid"},
    {.name = "tail"},
};

/* What is being made. */
typedef struct samples {
    report_numbers *numbers;
    const report_cells *cells;
    const report_source *source;
    int image;
    size_t rows, columns, outputs, features;
    size_t *row;  /* [rows], numbers of the rows */
    float *data;  /* [rows, columns] */
    float *codes; /* [rows, features] */
    int computed; /* nonzero: the page gets the decoder */
    size_t stops; /* how many k are stored otherwise */
    size_t stop[MOST_STOPS];
} samples;

/* ---------------------------------------------------------------------------------------------
 * The decoder
 */

static int in_decoder(const tdrop_layer_info *layer) {
    return strcmp(layer->part, "decoder") == 0;
}

/* How many tensors a layer has, and the one that is called `what`. */
static size_t tensors_of(const tdrop_model *model, const tdrop_layer_info *layer, const char *what,
                         tdrop_tensor_info *found) {
    char prefix[64];
    size_t count = 0;
    tdrop_tensor_info tensor;
    const int length = snprintf(prefix, sizeof prefix, "%s.%zu.", layer->part, layer->index);
    for (size_t i = 0; tdrop_model_get_tensor(model, i, &tensor) == TDROP_OK; i++) {
        if (strncmp(tensor.name, prefix, (size_t)length) != 0) continue;
        count++;
        if (strcmp(tensor.name + length, what) == 0) *found = tensor;
    }
    return count;
}

/* NULL when there is none. */
static const page_op *page_op_of(const tdrop_layer_info *layer) {
    for (size_t i = 0; i < sizeof page_ops / sizeof *page_ops; i++)
        if (strcmp(layer->op, page_ops[i].name) == 0) return &page_ops[i];
    return NULL;
}

static int page_knows(const tdrop_model *model, const tdrop_layer_info *layer) {
    const page_op *op = page_op_of(layer);
    size_t known = 0;
    if (!op) return 0;
    for (; known < MOST_TENSORS && op->tensor[known]; known++) {
        tdrop_tensor_info tensor = {0};
        tensors_of(model, layer, op->tensor[known], &tensor);
        if (tensor.dims != op->dims[known]) return 0;
    }
    return tensors_of(model, layer, "", &(tdrop_tensor_info){0}) == known;
}

/* Numbers in the decoder, or 0 when the page cannot compute it. */
static size_t decoder_numbers(const tdrop_model *model) {
    size_t sum = 0;
    tdrop_layer_info layer;
    for (size_t i = 0; tdrop_model_get_layer(model, i, &layer) == TDROP_OK; i++) {
        if (!in_decoder(&layer)) continue;
        if (!page_knows(model, &layer)) return 0;
        sum += layer.parameters;
    }
    return sum;
}

static void add_tensor(report_numbers *n, cJSON *entry, const tdrop_model *model,
                       const tdrop_layer_info *layer, const char *what) {
    tdrop_tensor_info tensor;
    tensors_of(model, layer, what, &tensor);
    const size_t count = tensor.shape[0] * (tensor.dims == 2 ? tensor.shape[1] : 1);
    report_json_text(n->json, entry, what, tensor.name);
    report_numbers_floats(n, tensor.name, tensor.values, count);
}

static void add_decoder(const samples *s) {
    report_numbers *n = s->numbers;
    cJSON *layers = report_json_array(n->json, "decoder");
    tdrop_layer_info layer;
    for (size_t i = 0; tdrop_model_get_layer(s->source->model, i, &layer) == TDROP_OK; i++) {
        if (!in_decoder(&layer)) continue;
        cJSON *entry = report_json_element(n->json, layers);
        report_json_text(n->json, entry, "op", layer.op);
        report_json_count(n->json, entry, "inputs", layer.inputs);
        report_json_count(n->json, entry, "outputs", layer.outputs);
        const page_op *op = page_op_of(&layer);
        for (size_t t = 0; t < MOST_TENSORS && op->tensor[t]; t++)
            add_tensor(n, entry, s->source->model, &layer, op->tensor[t]);
    }
    report_numbers_floats(n, "codes", s->codes, s->rows * s->features);
}

/* ---------------------------------------------------------------------------------------------
 * The other way: values at some k, in steps of 1/65535 of their range
 */

/* k = 0, 1, 2, 4, ..., n and the chosen one. */
static void find_stops(samples *s) {
    const curve *c = s->source->curve;
    s->stops = 0;
    for (size_t k = 0, next; k <= c->n && s->stops + 1 < MOST_STOPS; k = next) {
        next = curve_next_k(c, k);
        s->stop[s->stops++] = k;
        if (k < c->chosen.k && c->chosen.k < next) s->stop[s->stops++] = c->chosen.k;
    }
}

static int predict_stops(const samples *s, float *values) {
    for (size_t at = 0; at < s->stops; at++)
        for (size_t i = 0; i < s->rows; i++, values += s->outputs) {
            tdrop_error error = {TDROP_OK, ""};
            const tdrop_status status =
                tdrop_model_predict(s->source->model, s->source->data, s->row[i], 1, s->stop[at],
                                    values, s->source->use, &error);
            if (status != TDROP_OK) return message_library(status, &error);
        }
    return 1;
}

static void find_range(const float *values, size_t count, float *low, float *high) {
    *low = INFINITY, *high = -INFINITY;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) continue;
        if (values[i] < *low) *low = values[i];
        if (values[i] > *high) *high = values[i];
    }
    if (*low > *high) *low = *high = 0;
    if (*low == *high) *high = *low + 1;
}

static void add_stored(const samples *s, const float *values, uint16_t *steps) {
    report_json *json = s->numbers->json;
    const size_t count = s->stops * s->rows * s->outputs;
    float low, high;
    find_range(values, count, &low, &high);
    for (size_t i = 0; i < count; i++) {
        const double place = ((double)values[i] - (double)low) / ((double)high - (double)low);
        steps[i] = (uint16_t)(65535 * (place > 0 ? place < 1 ? place : 1 : 0) + 0.5);
    }
    cJSON *stored = report_json_object(json, NULL, "stored");
    cJSON *list = report_json_array_in(json, stored, "k");
    for (size_t at = 0; at < s->stops; at++)
        report_json_append_count(json, list, s->stop[at]);
    report_json_number(json, stored, "low", (double)low);
    report_json_number(json, stored, "high", (double)high);
    report_numbers_words(s->numbers, "stored", steps, count);
}

static int store(const samples *s) {
    float *values = inputs_floats(s->stops * s->rows, s->outputs);
    uint16_t *steps = calloc(s->stops * s->rows, s->outputs * sizeof *steps);
    const int done = values && (steps || message_memory()) && predict_stops(s, values);
    if (done) add_stored(s, values, steps);
    free(values);
    free(steps);
    return done;
}

/* ---------------------------------------------------------------------------------------------
 * What fits: the one place that decides
 */

static int fits(const samples *s, size_t rows, size_t bytes_a_row, size_t bytes, size_t budget) {
    bytes += 2 * s->source->info->inputs * sizeof(float);
    bytes_a_row += s->columns * sizeof(float);
    return bytes_a_row < SIZE_MAX / 4 / MOST_SAMPLES &&
           report_numbers_size(bytes + rows * bytes_a_row) <= budget;
}

/* Whether the rows are shown cell by cell, each column in units of its own. */
static int shows_cells(const samples *s) {
    return !s->cells->plain && !s->image && s->source->info->task == TDROP_TASK_AUTOENCODE;
}

/* The decoder rather than values at some k, even for fewer rows. Sets s->rows, 0 when neither has
 * room. */
static void plan(samples *s, size_t held_out, size_t budget) {
    const size_t decoder = decoder_numbers(s->source->model);
    const size_t fewest = held_out < FEWEST_SAMPLES ? held_out : FEWEST_SAMPLES;
    s->rows = 0;
    if (shows_cells(s) && (s->columns > MOST_CELLS || s->cells->all_levels > MOST_LEVELS)) return;
    find_stops(s);
    for (s->computed = decoder > 0; s->computed >= 0; s->computed--) {
        if (!s->computed && shows_cells(s)) break; /* steps of a common range are too coarse */
        const size_t bytes = s->computed ? decoder * sizeof(float) : 0;
        const size_t bytes_a_row =
            s->computed ? s->features * sizeof(float) : s->stops * s->outputs * sizeof(uint16_t);
        for (s->rows = held_out; s->rows >= fewest && s->rows; s->rows /= 2)
            if (fits(s, s->rows, bytes_a_row, bytes, budget)) return;
    }
    s->rows = 0;
}

/* ---------------------------------------------------------------------------------------------
 * The rows
 */

static int read_rows(samples *s) {
    s->data = inputs_floats(s->rows, s->columns);
    s->codes = s->data ? inputs_floats(s->rows, s->features) : NULL;
    if (!s->codes) return 0;
    for (size_t i = 0; i < s->rows; i++)
        if (!report_cells_read(s->cells, s->row[i], s->data + i * s->columns)) return 0;
    return !s->computed || report_cells_use(s->cells, tdrop_model_encode, s->row, s->rows,
                                            s->features, s->features, s->codes);
}

/* Bytes are shown as they are; of other data, the images' own darkest and lightest span the range.
 */
static void add_image(const samples *s, cJSON *object) {
    report_json *json = s->numbers->json;
    tdrop_data_info info;
    image_form form;
    float low = 0, high = 255;
    tdrop_data_get_info(s->source->data, &info);
    if (!image_form_of(&info, &form)) return;
    if (info.element_size != 1) find_range(s->data, s->rows * s->columns, &low, &high);
    cJSON *image = report_json_object(json, object, "image");
    report_json_count(json, image, "height", form.height);
    report_json_count(json, image, "width", form.width);
    report_json_count(json, image, "channels", form.channels);
    report_json_count(json, image, "channels_first", (uint64_t)form.channels_first);
    report_json_number(json, image, "low", (double)low);
    report_json_number(json, image, "high", (double)high);
}

static int add_labels(const samples *s, cJSON *object) {
    report_labels labels;
    if (s->source->info->task != TDROP_TASK_CLASSIFY) return 1;
    if (!report_labels_read(&labels, s->source, s->row, s->rows)) return 0;
    if (labels.classes) {
        cJSON *list = report_json_array_in(s->numbers->json, object, "label");
        for (size_t i = 0; i < s->rows; i++)
            report_json_append_count(s->numbers->json, list, labels.group[i]);
    }
    report_labels_clear(&labels);
    return 1;
}

static int add_rows(const samples *s) {
    report_json *json = s->numbers->json;
    const double *shift, *unit;
    cJSON *object = report_json_object(json, NULL, "samples");
    cJSON *list = report_json_array_in(json, object, "rows");
    for (size_t i = 0; i < s->rows; i++)
        report_json_append_count(json, list, s->row[i]);
    add_image(s, object);
    report_numbers_floats(s->numbers, "data", s->data, s->rows * s->columns);
    tdrop_model_get_scaling(s->source->model, &shift, &unit);
    report_numbers_doubles(s->numbers, "shift", shift, s->source->info->inputs);
    report_numbers_doubles(s->numbers, "unit", unit, s->source->info->inputs);
    if (shows_cells(s)) report_cells_add(s->cells, json);
    return add_labels(s, object);
}

static int add(samples *s) {
    if (!read_rows(s) || !add_rows(s)) return 0;
    if (!s->computed) return store(s);
    add_decoder(s);
    return 1;
}

/* Images and classes are small; the lines of an autoencoder of other data need more room. */
static size_t most_samples(const samples *s) {
    const int lines = s->source->info->task == TDROP_TASK_AUTOENCODE && !s->image;
    return lines ? MOST_LINES : MOST_SAMPLES;
}

static samples samples_of(report_numbers *n, const report_cells *cells) {
    const tdrop_model_info *info = cells->source->info;
    tdrop_data_info data;
    image_form form;
    tdrop_data_get_info(cells->source->data, &data);
    return (samples){.numbers = n,
                     .cells = cells,
                     .source = cells->source,
                     .image = image_form_of(&data, &form),
                     .columns = info->columns,
                     .outputs = info->outputs,
                     .features = info->features};
}

int report_samples_add(report_numbers *n, const report_cells *cells, size_t budget) {
    const report_source *source = cells->source;
    samples s = samples_of(n, cells);
    size_t held_out;
    if (source->info->task == TDROP_TASK_REGRESS)
        return 1; /* a few numbers, which the curve sums up */
    if (!held_out_spread(source->model, source->data, source->use, most_samples(&s), &s.row,
                         &held_out))
        return 0;
    plan(&s, held_out, budget);
    free(s.row);
    s.row = NULL;
    if (s.rows == 0) return 1;
    const int done =
        held_out_spread(source->model, source->data, source->use, s.rows, &s.row, &s.rows) &&
        add(&s);
    free(s.row);
    free(s.data);
    free(s.codes);
    return done;
}
