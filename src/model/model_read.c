/* SPDX-License-Identifier: MIT
 * A model from a file, of which nothing is believed before it is checked. */
#include "base/digits.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/bytes.h"
#include "data/text_list.h"
#include "file/safetensors.h"
#include "model/checkpoint.h"
#include "model/model.h"
#include "model/model_keys.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A file being read. A value that is missing or of another kind marks it as wrong, naming the
 * key; the functions then go on with zeros. */
typedef struct reading {
    const char *path;
    tdrop_safetensors document;
    const char *wrong; /* key of the first value that is not what it should be */
    bool no_memory;
} reading;

/* The first key that is wrong is the one that is told. */
static void mark_wrong(reading *r, int key) {
    if (!r->wrong) r->wrong = tdrop_model_keys[key];
}

static bool has_text(const reading *r, int key) {
    return tdrop_safetensors_text(&r->document, tdrop_model_keys[key]) != NULL;
}

static const char *text_of(reading *r, int key) {
    const char *text = tdrop_safetensors_text(&r->document, tdrop_model_keys[key]);
    if (!text) mark_wrong(r, key);
    return text ? text : "";
}

static cJSON *object_of(reading *r, int key) {
    cJSON *object = cJSON_ParseWithOpts(text_of(r, key), NULL, true); /* and nothing behind it */
    if (!cJSON_IsObject(object)) mark_wrong(r, key);
    return object;
}

static double number_of(reading *r, int key, const cJSON *object, const char *name, double low,
                        double high) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (cJSON_IsNumber(item) && item->valuedouble >= low && item->valuedouble <= high)
        return item->valuedouble;
    mark_wrong(r, key);
    return low;
}

static size_t count_of(reading *r, int key, const cJSON *object, const char *name, double most) {
    double value = number_of(r, key, object, name, 0.0, most);
    if (value != floor(value)) mark_wrong(r, key);
    return (size_t)value;
}

static const char *string_of(reading *r, int key, const cJSON *object, const char *name) {
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    if (!text) mark_wrong(r, key);
    return text ? text : "";
}

static uint64_t integer_of(reading *r, int key, const char *text, int base) {
    uint64_t value = 0;
    if (!tdrop_digits_read(text, base, UINT64_MAX, &value)) mark_wrong(r, key);
    return value;
}

/* Exactly `count` finite numbers of an array. */
static void numbers_of(reading *r, int key, const cJSON *object, const char *name, size_t count,
                       double *values) {
    const cJSON *array = cJSON_GetObjectItemCaseSensitive(object, name), *item;
    size_t i = 0;
    bool good = cJSON_IsArray(array) && (size_t)cJSON_GetArraySize(array) == count;
    if (good) cJSON_ArrayForEach(item, array) {
            good = good && cJSON_IsNumber(item) && isfinite(item->valuedouble);
            values[i++] = item->valuedouble;
        }
    if (!good) mark_wrong(r, key);
}

/* Exactly `count` strings of an array, in one block; NULL where that is wrong or memory ran out. */
static char **strings_of(reading *r, int key, const cJSON *array, size_t count) {
    tdrop_text_list list = {0};
    char **strings = NULL;
    const cJSON *item;
    bool good = cJSON_IsArray(array) && (size_t)cJSON_GetArraySize(array) == count;
    if (good) cJSON_ArrayForEach(item, array) {
            const char *text = cJSON_GetStringValue(item);
            good = good && text;
            if (good && tdrop_text_list_add(&list, text, strlen(text))) r->no_memory = true;
        }
    if (!good) mark_wrong(r, key);
    if (good && !r->no_memory && tdrop_text_list_copy(&list, &strings)) r->no_memory = true;
    tdrop_text_list_clear(&list);
    return strings;
}

/* Strings that have to rise. */
static char **rising_strings_of(reading *r, int key, const cJSON *array, size_t count) {
    char **strings = strings_of(r, key, array, count);
    for (size_t i = 1; strings && i < count; i++)
        if (strcmp(strings[i - 1], strings[i]) >= 0) mark_wrong(r, key);
    return strings;
}

/* Sizes beyond this are not believed; doubles hold all below it exactly. */
#define MOST_SIZE 9007199254740992.0

static void read_shape(reading *r, const cJSON *data, tdrop_model_info *info) {
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(data, "item_shape"), *item;
    size_t product = 1;
    bool good = cJSON_IsArray(shape) && cJSON_GetArraySize(shape) <= 7;
    if (good) cJSON_ArrayForEach(item, shape) {
            double size = cJSON_IsNumber(item) ? item->valuedouble : 0.0;
            good = good && size >= 1.0 && size <= INT32_MAX && size == floor(size) &&
                   tdrop_multiply(product, (size_t)size, &product);
            if (good) info->item_shape[info->item_dims++] = (size_t)size;
        }
    if (!good || product != info->columns) mark_wrong(r, TDROP_MODEL_KEY_DATA);
}

static tdrop_status read_data(reading *r, tdrop_model *model) {
    cJSON *data = object_of(r, TDROP_MODEL_KEY_DATA);
    model->info.data_hash =
        integer_of(r, TDROP_MODEL_KEY_DATA, string_of(r, TDROP_MODEL_KEY_DATA, data, "hash"), 16);
    model->info.data_rows = count_of(r, TDROP_MODEL_KEY_DATA, data, "rows", MOST_SIZE);
    if (model->info.data_rows < 2) mark_wrong(r, TDROP_MODEL_KEY_DATA); /* one is held out */
    read_shape(r, data, &model->info);
    tdrop_status status =
        tdrop_model_name_data(model, string_of(r, TDROP_MODEL_KEY_DATA, data, "name"));
    cJSON_Delete(data);
    return status;
}

/* Whether these can be the weights of a table for n features. */
static bool are_weights(const tdrop_law_options *law, size_t n) {
    double sum = 0.0;
    bool some = false;
    for (size_t i = 0; i < law->weight_count; i++) {
        if (law->weights[i] < 0.0) return false;
        some = some || (i >= law->k_min && law->weights[i] > 0.0);
        sum += law->weights[i];
    }
    return law->weight_count == n + 1 && some && isfinite(sum);
}

/* Whether tdrop_law_create takes the law, for the n that was trained. It is not asked: it allocates
 * by an n that is only the file's word when the model was cut. */
static bool law_is_possible(const tdrop_law_options *law, const tdrop_model_info *info) {
    const size_t n = info->pruned_from ? info->pruned_from : info->features;
    if (n > INT32_MAX || law->k_min > n) return false;
    if (law->kind == TDROP_LAW_EXPONENTIAL) return law->p <= (double)(n - law->k_min) / (double)n;
    return law->kind != TDROP_LAW_TABLE || are_weights(law, n);
}

/* The law; its table stays whole when a model is cut. */
static tdrop_status read_law(reading *r, tdrop_model *model) {
    cJSON *object = object_of(r, TDROP_MODEL_KEY_LAW);
    const cJSON *weights = cJSON_GetObjectItemCaseSensitive(object, "weights");
    tdrop_law_options law = {.weight_count = (size_t)cJSON_GetArraySize(weights)};
    double *numbers = tdrop_alloc_zero(law.weight_count, sizeof *numbers);
    if (tdrop_law_kind_parse(string_of(r, TDROP_MODEL_KEY_LAW, object, "name"), &law.kind))
        mark_wrong(r, TDROP_MODEL_KEY_LAW);
    law.p = number_of(r, TDROP_MODEL_KEY_LAW, object, "p", 0.0, 1.0);
    law.rate = number_of(r, TDROP_MODEL_KEY_LAW, object, "rate", 0.0, 1.0);
    law.k_min = (uint32_t)count_of(r, TDROP_MODEL_KEY_LAW, object, "k_min", UINT32_MAX);
    if (numbers && law.kind == TDROP_LAW_TABLE)
        numbers_of(r, TDROP_MODEL_KEY_LAW, object, "weights", law.weight_count, numbers);
    law.weights = numbers;
    if (law.kind != TDROP_LAW_TABLE) law.weight_count = 0;
    if (numbers && !law_is_possible(&law, &model->info)) mark_wrong(r, TDROP_MODEL_KEY_LAW);
    tdrop_status status = numbers ? tdrop_model_set_law(model, &law) : TDROP_ERROR_MEMORY;
    tdrop_free(numbers);
    cJSON_Delete(object);
    return status;
}

static tdrop_status read_class_labels(reading *r, const cJSON *object, size_t count,
                                      tdrop_classes *classes) {
    double *labels = tdrop_alloc_zero(count, sizeof *labels);
    if (!labels) return TDROP_ERROR_MEMORY;
    numbers_of(r, TDROP_MODEL_KEY_CLASSES, object, "labels", count, labels);
    for (size_t i = 1; i < count; i++)
        if (!(labels[i] > labels[i - 1])) mark_wrong(r, TDROP_MODEL_KEY_CLASSES);
    tdrop_status status = tdrop_classes_create(classes, count, labels);
    tdrop_free(labels);
    return status;
}

static tdrop_status read_class_names(reading *r, const cJSON *array, size_t count,
                                     tdrop_classes *classes) {
    char **names = rising_strings_of(r, TDROP_MODEL_KEY_CLASSES, array, count);
    *classes = (tdrop_classes){0};
    tdrop_status status = TDROP_OK;
    if (names) status = tdrop_classes_of_names(classes, count, (const char *const *)names);
    tdrop_free(names);
    return r->no_memory ? TDROP_ERROR_MEMORY : status;
}

static uint64_t split_hash_of(reading *r, const cJSON *split) {
    return integer_of(r, TDROP_MODEL_KEY_SPLIT, string_of(r, TDROP_MODEL_KEY_SPLIT, split, "hash"),
                      16);
}

/* The column whose groups were held out, where groups were, and their hash, which files did not
 * have from the beginning. */
static void read_groups(reading *r, const cJSON *split, tdrop_model *model) {
    if (!cJSON_HasObjectItem(split, "groups")) return;
    const char *name = string_of(r, TDROP_MODEL_KEY_SPLIT, split, "groups");
    if (!r->wrong && tdrop_model_name_groups(model, name)) r->no_memory = true;
    if (cJSON_HasObjectItem(split, "hash")) model->info.split_hash = split_hash_of(r, split);
}

/* Without a kind it is one of rows, or of groups where these have a name. */
static void read_kind(reading *r, const cJSON *split, tdrop_model *model) {
    tdrop_model_info *info = &model->info;
    if (!cJSON_HasObjectItem(split, "kind")) return;
    tdrop_status unknown =
        tdrop_split_kind_parse(string_of(r, TDROP_MODEL_KEY_SPLIT, split, "kind"), &info->split);
    if (unknown || info->split == TDROP_SPLIT_GROUPS) mark_wrong(r, TDROP_MODEL_KEY_SPLIT);
    info->split_hash = split_hash_of(r, split);
    if (info->split == TDROP_SPLIT_TABLE &&
        tdrop_model_name_valid(model, string_of(r, TDROP_MODEL_KEY_SPLIT, split, "name")))
        r->no_memory = true;
}

static void read_history(reading *r, tdrop_model *model) {
    tdrop_model_info *info = &model->info;
    cJSON *training = object_of(r, TDROP_MODEL_KEY_TRAINING);
    cJSON *split = object_of(r, TDROP_MODEL_KEY_SPLIT);
    info->seed = integer_of(r, TDROP_MODEL_KEY_SEED, text_of(r, TDROP_MODEL_KEY_SEED), 10);
    info->epochs = (uint32_t)count_of(r, TDROP_MODEL_KEY_TRAINING, training, "epochs", UINT32_MAX);
    info->flops = number_of(r, TDROP_MODEL_KEY_TRAINING, training, "flops", 0.0, 1e300);
    if (cJSON_GetObjectItemCaseSensitive(training, "tuned"))
        info->tuned =
            (uint32_t)count_of(r, TDROP_MODEL_KEY_TRAINING, training, "tuned", info->epochs);
    info->valid_share = number_of(r, TDROP_MODEL_KEY_SPLIT, split, "valid_share", 0.0, 1.0);
    info->split_seed = integer_of(r, TDROP_MODEL_KEY_SPLIT,
                                  string_of(r, TDROP_MODEL_KEY_SPLIT, split, "seed"), 10);
    read_kind(r, split, model);
    read_groups(r, split, model);
    if (has_text(r, TDROP_MODEL_KEY_PRUNED_FROM)) {
        info->pruned_from = (size_t)integer_of(r, TDROP_MODEL_KEY_PRUNED_FROM,
                                               text_of(r, TDROP_MODEL_KEY_PRUNED_FROM), 10);
        if (info->pruned_from <= info->features) mark_wrong(r, TDROP_MODEL_KEY_PRUNED_FROM);
    }
    cJSON_Delete(training);
    cJSON_Delete(split);
}

static tdrop_status read_curve(reading *r, tdrop_model *model) {
    size_t n = model->arch.features;
    tdrop_curve curve;
    if (!has_text(r, TDROP_MODEL_KEY_VALIDATION)) return TDROP_OK;
    cJSON *validation = object_of(r, TDROP_MODEL_KEY_VALIDATION);
    const char *metric = model->info.metric;
    bool with_pca = cJSON_HasObjectItem(validation, "pca");
    tdrop_status status = tdrop_curve_create(&curve, n, with_pca, metric != NULL);
    if (!status) {
        size_t rows = count_of(r, TDROP_MODEL_KEY_VALIDATION, validation, "rows", MOST_SIZE);
        numbers_of(r, TDROP_MODEL_KEY_VALIDATION, validation, "loss", n + 1, curve.loss);
        numbers_of(r, TDROP_MODEL_KEY_VALIDATION, validation, "se", n + 1, curve.se);
        if (with_pca)
            numbers_of(r, TDROP_MODEL_KEY_VALIDATION, validation, "pca", n + 1, curve.pca);
        if (metric)
            numbers_of(r, TDROP_MODEL_KEY_VALIDATION, validation, metric, n + 1, curve.metric);
        tdrop_model_set_curve(model, &curve, rows);
    }
    cJSON_Delete(validation);
    return status;
}

static void read_scaling(reading *r, int key, const cJSON *object, tdrop_scaling *scaling) {
    tdrop_scale kind = TDROP_SCALE_AUTO;
    size_t inputs = scaling->columns;
    tdrop_status unknown = tdrop_scale_parse(string_of(r, key, object, "kind"), &kind);
    if (unknown || kind == TDROP_SCALE_AUTO) mark_wrong(r, key);
    scaling->kind = kind;
    if (kind == TDROP_SCALE_STANDARD || kind == TDROP_SCALE_MINMAX) {
        numbers_of(r, key, object, "shift", inputs, scaling->shift);
        numbers_of(r, key, object, "unit", inputs, scaling->unit);
        for (size_t j = 0; j < inputs; j++)
            if (!(scaling->unit[j] > 0.0 && isfinite(1.0 / scaling->unit[j]))) mark_wrong(r, key);
    }
}

/* Bytes are divided by 255, what stands for a level is not. */
static void scale_bytes(tdrop_encoding *encoding) {
    for (size_t j = 0; j < encoding->columns; j++)
        if (encoding->column[j].kind == TDROP_COLUMN_NUMBER)
            encoding->scaling.unit[encoding->column[j].first] = 255.0;
}

/* The levels of the columns that are categories. */
static void read_levels(reading *r, const cJSON *object, tdrop_encoding *encoding) {
    const cJSON *levels = cJSON_GetObjectItemCaseSensitive(object, "levels"), *item;
    if (!cJSON_IsObject(levels)) { /* what an array holds has no names */
        mark_wrong(r, TDROP_MODEL_KEY_COLUMNS);
        return;
    }
    cJSON_ArrayForEach(item, levels) {
        size_t at = (size_t)integer_of(r, TDROP_MODEL_KEY_COLUMNS, item->string, 10);
        size_t count = cJSON_IsArray(item) ? (size_t)cJSON_GetArraySize(item) : 0;
        bool good = at < encoding->columns && count > 0 && !encoding->column[at].level;
        if (!good) mark_wrong(r, TDROP_MODEL_KEY_COLUMNS);
        if (!good) continue;
        encoding->column[at].kind = TDROP_COLUMN_CATEGORY;
        encoding->column[at].inputs = count;
        encoding->column[at].level = rising_strings_of(r, TDROP_MODEL_KEY_COLUMNS, item, count);
    }
}

/* The columns, for a network of so many inputs. To be cleared, whatever came of it. */
static tdrop_status read_columns(reading *r, size_t inputs, tdrop_encoding *encoding) {
    bool described = has_text(r, TDROP_MODEL_KEY_COLUMNS);
    cJSON *object = described ? object_of(r, TDROP_MODEL_KEY_COLUMNS) : NULL;
    size_t columns =
        described ? count_of(r, TDROP_MODEL_KEY_COLUMNS, object, "count", (double)inputs) : inputs;
    tdrop_status status = tdrop_encoding_begin(encoding, columns);
    if (!status && described) {
        const cJSON *names = cJSON_GetObjectItemCaseSensitive(object, "names");
        if (tdrop_missing_parse(string_of(r, TDROP_MODEL_KEY_COLUMNS, object, "missing"),
                                &encoding->missing))
            mark_wrong(r, TDROP_MODEL_KEY_COLUMNS);
        if (names) encoding->names = strings_of(r, TDROP_MODEL_KEY_COLUMNS, names, columns);
        read_levels(r, object, encoding);
    }
    if (!status) status = tdrop_encoding_complete(encoding, TDROP_SCALE_NONE);
    if (!status && described && encoding->inputs == inputs)
        numbers_of(r, TDROP_MODEL_KEY_COLUMNS, object, "mean", inputs, encoding->mean);
    if (!status && (encoding->inputs != inputs || columns == 0))
        mark_wrong(r, TDROP_MODEL_KEY_COLUMNS);
    cJSON *scaling = object_of(r, TDROP_MODEL_KEY_SCALING);
    if (!status) read_scaling(r, TDROP_MODEL_KEY_SCALING, scaling, &encoding->scaling);
    cJSON_Delete(scaling);
    if (!status && encoding->scaling.kind == TDROP_SCALE_BYTE) scale_bytes(encoding);
    if (!status) tdrop_scaling_finish(&encoding->scaling);
    cJSON_Delete(object);
    return r->no_memory ? TDROP_ERROR_MEMORY : status;
}

static tdrop_status read_classes(reading *r, tdrop_model *model) {
    size_t outputs = model->arch.outputs;
    tdrop_classes classes;
    cJSON *object = object_of(r, TDROP_MODEL_KEY_CLASSES);
    const cJSON *names = cJSON_GetObjectItemCaseSensitive(object, "names");
    tdrop_status status = names ? read_class_names(r, names, outputs, &classes)
                                : read_class_labels(r, object, outputs, &classes);
    if (!status) {
        status = tdrop_model_set_classes(model, &classes);
        tdrop_classes_clear(&classes);
    }
    cJSON_Delete(object);
    return status;
}

/* A column of numbers for each output. */
static tdrop_status read_targets(reading *r, tdrop_model *model) {
    tdrop_encoding targets;
    cJSON *object = object_of(r, TDROP_MODEL_KEY_TARGETS);
    const cJSON *names = cJSON_GetObjectItemCaseSensitive(object, "names");
    tdrop_status status = tdrop_encoding_begin(&targets, model->arch.outputs);
    if (!status && names)
        targets.names = strings_of(r, TDROP_MODEL_KEY_TARGETS, names, targets.columns);
    if (!status) status = tdrop_encoding_complete(&targets, TDROP_SCALE_NONE);
    if (!status) {
        read_scaling(r, TDROP_MODEL_KEY_TARGETS,
                     cJSON_GetObjectItemCaseSensitive(object, "scaling"), &targets.scaling);
        tdrop_scaling_finish(&targets.scaling);
        status = tdrop_model_set_targets(model, &targets);
    }
    tdrop_encoding_clear(&targets);
    cJSON_Delete(object);
    return r->no_memory ? TDROP_ERROR_MEMORY : status;
}

/* What the task asks of the outputs: as many as columns, or one for each class or target. */
static tdrop_status read_task(reading *r, tdrop_model *model) {
    tdrop_task task = TDROP_TASK_AUTOENCODE;
    tdrop_task_parse(text_of(r, TDROP_MODEL_KEY_TASK), &task);
    if (task == TDROP_TASK_CLASSIFY) return read_classes(r, model);
    if (task == TDROP_TASK_REGRESS) return read_targets(r, model);
    if (model->arch.outputs != model->arch.inputs) mark_wrong(r, TDROP_MODEL_KEY_ARCH);
    return TDROP_OK;
}

/* Whether a fit could have been made with this loss. */
static bool loss_is_possible(tdrop_loss_kind loss, const tdrop_model *model) {
    const tdrop_scale scale = tdrop_model_output(model)->scaling.kind;
    return loss != TDROP_LOSS_AUTO && tdrop_loss_fits(loss, model->info.task) &&
           tdrop_loss_takes_scale(loss, scale);
}

/* The loss, where it is not the one that the task has by default. */
static void read_loss(reading *r, tdrop_model *model) {
    tdrop_loss_kind loss = TDROP_LOSS_AUTO;
    if (!has_text(r, TDROP_MODEL_KEY_LOSS)) return;
    cJSON *object = object_of(r, TDROP_MODEL_KEY_LOSS);
    tdrop_loss_kind_parse(string_of(r, TDROP_MODEL_KEY_LOSS, object, "name"), &loss);
    const bool possible = loss_is_possible(loss, model);
    const double delta = possible && loss == TDROP_LOSS_HUBER
                             ? number_of(r, TDROP_MODEL_KEY_LOSS, object, "delta", 1e-30, 1e30)
                             : 0.0;
    cJSON_Delete(object);
    if (possible)
        tdrop_model_set_loss(model, loss, delta);
    else
        mark_wrong(r, TDROP_MODEL_KEY_LOSS);
}

static tdrop_status wrong_metadata(const reading *r, tdrop_error *error) {
    return tdrop_fail(error, TDROP_ERROR_FORMAT,
                      "%s: its metadata '%s' is missing or not what it should be", r->path,
                      r->wrong);
}

static bool same_shape(const tdrop_tensor *found, const tdrop_parameter *wanted) {
    if (found->dims != wanted->dims) return false;
    for (int i = 0; i < wanted->dims; i++)
        if (found->shape[i] != wanted->shape[i]) return false;
    return true;
}

/* Before any memory is asked for by what the file says of itself. */
static tdrop_status check_tensors(const reading *r, const tdrop_arch *arch, tdrop_error *error) {
    if (r->document.tensor_count != arch->tensor_count)
        return tdrop_fail(error, TDROP_ERROR_FORMAT,
                          "%s: it holds %zu tensors, but its architecture %s has %zu", r->path,
                          r->document.tensor_count, arch->text, arch->tensor_count);
    for (size_t t = 0; t < arch->tensor_count; t++) {
        const tdrop_parameter *wanted = &arch->tensors[t];
        const tdrop_tensor *found = tdrop_safetensors_tensor(&r->document, wanted->name);
        if (!found || !same_shape(found, wanted))
            return tdrop_fail(error, TDROP_ERROR_FORMAT,
                              "%s: tensor %s is missing or not of the shape that its architecture "
                              "%s asks for",
                              r->path, wanted->name, arch->text);
    }
    return TDROP_OK;
}

static tdrop_status check_numbers(const reading *r, const tdrop_model *model, tdrop_error *error) {
    for (size_t t = 0; t < model->arch.tensor_count; t++) {
        const tdrop_parameter *tensor = &model->arch.tensors[t];
        const float *values = model->parameters + tensor->offset;
        for (size_t i = 0; i < tensor->count; i++) {
            if (!isfinite(values[i]))
                return tdrop_fail(error, TDROP_ERROR_FORMAT,
                                  "%s: it holds a weight that is not finite", r->path);
            if (tensor->kind->is_variance && values[i] < 0.0f)
                return tdrop_fail(error, TDROP_ERROR_FORMAT,
                                  "%s: a variance in its tensor %s is below 0", r->path,
                                  tensor->name);
        }
    }
    return TDROP_OK;
}

static tdrop_status read_tensors(const reading *r, tdrop_model *model, tdrop_error *error) {
    const tdrop_arch *arch = &model->arch;
    for (size_t t = 0; t < arch->tensor_count; t++) {
        const tdrop_parameter *wanted = &arch->tensors[t];
        const tdrop_tensor *found = tdrop_safetensors_tensor(&r->document, wanted->name);
        memcpy(model->parameters + wanted->offset, found->data, wanted->count * sizeof(float));
    }
    return check_numbers(r, model, error);
}

/* A width in a written-out architecture: its first number is that of the data, its last that of the
 * outputs. */
static size_t width_at(const char *text) {
    unsigned long width = strtoul(text, NULL, 10);
    return width <= INT32_MAX ? (size_t)width : 0;
}

static size_t last_width(const char *arch) {
    const char *last = strrchr(arch, '-');
    return last ? width_at(last + 1) : 0;
}

/* An empty model from the architecture and the columns of the file. */
static tdrop_status create_from(reading *r, tdrop_model **model, tdrop_error *error) {
    const char *text = text_of(r, TDROP_MODEL_KEY_ARCH);
    tdrop_arch arch;
    tdrop_encoding encoding = {.columns = 0};
    tdrop_error reason;
    if (tdrop_arch_parse(&arch, text, width_at(text), last_width(text), true, &reason))
        return tdrop_fail(
            error, reason.status == TDROP_ERROR_MEMORY ? TDROP_ERROR_MEMORY : TDROP_ERROR_FORMAT,
            "%s: %.900s", r->path, reason.message);
    tdrop_status status = check_tensors(r, &arch, error);
    if (!status && read_columns(r, arch.inputs, &encoding))
        status = tdrop_fail_memory(error, r->path);
    if (!status && r->wrong) status = wrong_metadata(r, error);
    if (!status) status = tdrop_model_create(model, &arch, arch.features, &encoding, error);
    tdrop_encoding_clear(&encoding);
    tdrop_arch_clear(&arch);
    return status;
}

static tdrop_status check_version(reading *r, tdrop_error *error) {
    const char *version =
        tdrop_safetensors_text(&r->document, tdrop_model_keys[TDROP_MODEL_KEY_VERSION]);
    const char *task = tdrop_safetensors_text(&r->document, tdrop_model_keys[TDROP_MODEL_KEY_TASK]);
    tdrop_task known;
    if (tdrop_safetensors_text(&r->document, TDROP_CHECKPOINT_VERSION_KEY))
        return tdrop_fail(error, TDROP_ERROR_FORMAT,
                          "%s: a checkpoint of a fit, not a model: go on from it, which makes the "
                          "model",
                          r->path);
    if (!version)
        return tdrop_fail(error, TDROP_ERROR_FORMAT,
                          "%s: a safetensors file, but not a model of taildropout", r->path);
    if (strcmp(version, TDROP_MODEL_VERSION) || !task || tdrop_task_parse(task, &known))
        return tdrop_fail(
            error, TDROP_ERROR_FORMAT,
            "%s: a model of format version %.20s, task %.20s; this program (%s) reads "
            "version " TDROP_MODEL_VERSION ", tasks autoencode, classify and regress",
            r->path, version, task ? task : "unknown", tdrop_version());
    return TDROP_OK;
}

static tdrop_status read_model(reading *r, tdrop_model **model, tdrop_error *error) {
    tdrop_model *made;
    tdrop_status status = check_version(r, error);
    if (!status) status = create_from(r, &made, error);
    if (status) return status;
    read_history(r, made);
    status =
        r->no_memory || read_data(r, made) || read_task(r, made) ? TDROP_ERROR_MEMORY : TDROP_OK;
    if (!status) read_loss(r, made);
    if (status || read_law(r, made) || read_curve(r, made))
        status = tdrop_fail_memory(error, r->path);
    if (made->info.split == TDROP_SPLIT_CLASSES && !made->info.classes)
        mark_wrong(r, TDROP_MODEL_KEY_SPLIT);
    if (!status && r->wrong) status = wrong_metadata(r, error);
    if (!status) status = read_tensors(r, made, error);
    if (status)
        tdrop_model_destroy(made);
    else
        *model = made;
    return status;
}

tdrop_status tdrop_model_load(tdrop_model **model, const char *path, tdrop_error *error) {
    tdrop_bytes bytes;
    if (!model || !path) return tdrop_fail(error, TDROP_ERROR_NULL, "load: no path or result");
    tdrop_status status = tdrop_bytes_read(&bytes, path, error);
    if (status) return status;
    reading r = {.path = path};
    status = tdrop_safetensors_parse(&r.document, path, bytes.data, bytes.size, error);
    tdrop_bytes_release(&bytes);
    if (status) return status;
    status = read_model(&r, model, error);
    tdrop_safetensors_release(&r.document);
    return status;
}
