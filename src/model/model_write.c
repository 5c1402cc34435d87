/* SPDX-License-Identifier: MIT
 * A model to a file: tensors named as torch.nn.Sequential would, and what model_keys.h lists. */
#include "base/decimal.h"
#include "base/error.h"
#include "base/memory.h"
#include "file/safetensors.h"
#include "model/model.h"
#include "model/model_keys.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>

/* The texts of a document under construction; those made of JSON are owned. */
typedef struct texts {
    tdrop_text text[TDROP_MODEL_KEYS];
    size_t count;
    char *owned[TDROP_MODEL_KEYS];
    size_t owned_count;
    bool failed;
} texts;

/* Memory may have run out for what should have been added. */
static void note(texts *t, const cJSON *added) {
    t->failed |= !added;
}

static void add_number(texts *t, cJSON *object, const char *name, double value) {
    char text[TDROP_DECIMAL_TEXT];
    note(t, cJSON_AddRawToObject(object, name, tdrop_decimal_text(value, text)));
}

/* 64 bits do not fit the numbers of JSON. */
static void add_integer_text(texts *t, cJSON *object, const char *name, uint64_t value, int base) {
    char text[32];
    snprintf(text, sizeof text, base == 16 ? "%016" PRIx64 : "%" PRIu64, value);
    note(t, cJSON_AddStringToObject(object, name, text));
}

static void add_numbers(texts *t, cJSON *object, const char *name, size_t count,
                        const double *values) {
    cJSON *array = cJSON_AddArrayToObject(object, name);
    note(t, array);
    for (size_t i = 0; i < count; i++) {
        char text[TDROP_DECIMAL_TEXT];
        cJSON *item = cJSON_CreateRaw(tdrop_decimal_text(values[i], text));
        note(t, item);
        if (!cJSON_AddItemToArray(array, item)) cJSON_Delete(item);
    }
}

static void add_strings(texts *t, cJSON *object, const char *name, size_t count,
                        const char *const *strings) {
    cJSON *array = cJSON_AddArrayToObject(object, name);
    note(t, array);
    for (size_t i = 0; i < count; i++) {
        cJSON *item = cJSON_CreateString(strings[i]);
        note(t, item);
        if (!cJSON_AddItemToArray(array, item)) cJSON_Delete(item);
    }
}

static cJSON *law_object(texts *t, const tdrop_model_info *info) {
    cJSON *law = cJSON_CreateObject();
    note(t, cJSON_AddStringToObject(law, "name", tdrop_law_kind_name(info->law.kind)));
    add_number(t, law, "p", info->law.p);
    add_number(t, law, "rate", info->law.rate);
    add_number(t, law, "k_min", info->law.k_min);
    if (info->law.kind == TDROP_LAW_TABLE)
        add_numbers(t, law, "weights", info->law.weight_count, info->law.weights);
    return law;
}

static cJSON *loss_object(texts *t, const tdrop_model_info *info) {
    cJSON *loss = cJSON_CreateObject();
    note(t, cJSON_AddStringToObject(loss, "name", tdrop_loss_kind_name(info->loss)));
    if (info->loss == TDROP_LOSS_HUBER) add_number(t, loss, "delta", info->huber_delta);
    return loss;
}

static cJSON *training_object(texts *t, const tdrop_model_info *info) {
    cJSON *training = cJSON_CreateObject();
    add_number(t, training, "epochs", info->epochs);
    add_number(t, training, "flops", info->flops);
    if (info->tuned) add_number(t, training, "tuned", info->tuned);
    return training;
}

static cJSON *scaling_object(texts *t, const tdrop_scaling *scaling) {
    cJSON *object = cJSON_CreateObject();
    note(t, cJSON_AddStringToObject(object, "kind", tdrop_scale_name(scaling->kind)));
    if (scaling->kind == TDROP_SCALE_STANDARD || scaling->kind == TDROP_SCALE_MINMAX) {
        add_numbers(t, object, "shift", scaling->columns, scaling->shift);
        add_numbers(t, object, "unit", scaling->columns, scaling->unit);
    }
    return object;
}

/* Numbers without names of which none may be missing need not be described. */
static bool is_described(const tdrop_encoding *encoding) {
    return encoding->names || encoding->missing != TDROP_MISSING_ERROR ||
           encoding->inputs != encoding->columns;
}

static cJSON *columns_object(texts *t, const tdrop_encoding *encoding) {
    cJSON *object = cJSON_CreateObject(), *levels;
    add_number(t, object, "count", (double)encoding->columns);
    note(t, cJSON_AddStringToObject(object, "missing", tdrop_missing_name(encoding->missing)));
    if (encoding->names)
        add_strings(t, object, "names", encoding->columns, (const char *const *)encoding->names);
    note(t, levels = cJSON_AddObjectToObject(object, "levels"));
    for (size_t j = 0; j < encoding->columns; j++) {
        char place[32];
        const tdrop_encoded_column *column = &encoding->column[j];
        snprintf(place, sizeof place, "%zu", j);
        if (column->kind == TDROP_COLUMN_CATEGORY)
            add_strings(t, levels, place, column->inputs, (const char *const *)column->level);
    }
    add_numbers(t, object, "mean", encoding->inputs, encoding->mean);
    return object;
}

static cJSON *data_object(texts *t, const tdrop_model_info *info) {
    cJSON *data = cJSON_CreateObject();
    note(t, cJSON_AddStringToObject(data, "name", info->data_name ? info->data_name : ""));
    add_integer_text(t, data, "hash", info->data_hash, 16);
    add_number(t, data, "rows", (double)info->data_rows);
    double shape[7];
    for (int i = 0; i < info->item_dims; i++)
        shape[i] = (double)info->item_shape[i];
    add_numbers(t, data, "item_shape", (size_t)info->item_dims, shape);
    return data;
}

static cJSON *split_object(texts *t, const tdrop_model_info *info) {
    cJSON *split = cJSON_CreateObject();
    if (info->split == TDROP_SPLIT_CLASSES || info->split == TDROP_SPLIT_TABLE) {
        note(t, cJSON_AddStringToObject(split, "kind", tdrop_split_kind_name(info->split)));
        add_integer_text(t, split, "hash", info->split_hash, 16);
    }
    add_number(t, split, "valid_share", info->valid_share);
    add_integer_text(t, split, "seed", info->split_seed, 10);
    if (info->valid_name) note(t, cJSON_AddStringToObject(split, "name", info->valid_name));
    if (info->groups) note(t, cJSON_AddStringToObject(split, "groups", info->groups));
    if (info->groups && info->split_hash) add_integer_text(t, split, "hash", info->split_hash, 16);
    return split;
}

static cJSON *validation_object(texts *t, const tdrop_model_info *info) {
    cJSON *validation = cJSON_CreateObject();
    add_number(t, validation, "rows", (double)info->valid_rows);
    add_numbers(t, validation, "loss", info->features + 1, info->valid_loss);
    add_numbers(t, validation, "se", info->features + 1, info->valid_se);
    if (info->valid_pca) add_numbers(t, validation, "pca", info->features + 1, info->valid_pca);
    if (info->valid_metric)
        add_numbers(t, validation, info->metric, info->features + 1, info->valid_metric);
    return validation;
}

static cJSON *classes_object(texts *t, const tdrop_classes *classes) {
    cJSON *object = cJSON_CreateObject();
    if (classes->named)
        add_strings(t, object, "names", classes->count, (const char *const *)classes->name);
    else
        add_numbers(t, object, "labels", classes->count, classes->label);
    return object;
}

static cJSON *targets_object(texts *t, const tdrop_encoding *targets) {
    cJSON *object = cJSON_CreateObject();
    if (targets->names)
        add_strings(t, object, "names", targets->columns, (const char *const *)targets->names);
    cJSON *scaling = scaling_object(t, &targets->scaling);
    if (!cJSON_AddItemToObject(object, "scaling", scaling)) {
        cJSON_Delete(scaling);
        t->failed = true;
    }
    return object;
}

static void add_text(texts *t, int key, const char *value) {
    t->text[t->count++] = (tdrop_text){tdrop_model_keys[key], value};
}

/* Prints the object and frees it. */
static void add_object(texts *t, int key, cJSON *object) {
    char *printed = cJSON_PrintUnformatted(object);
    cJSON_Delete(object);
    if (!printed) {
        t->failed = true;
        return;
    }
    t->owned[t->owned_count++] = printed;
    add_text(t, key, printed);
}

static void clear_texts(texts *t) {
    for (size_t i = 0; i < t->owned_count; i++)
        cJSON_free(t->owned[i]);
}

static void describe(const tdrop_model *model, texts *t, char seed[32], char pruned_from[32]) {
    const tdrop_model_info *info = &model->info;
    snprintf(seed, 32, "%" PRIu64, info->seed);
    snprintf(pruned_from, 32, "%zu", info->pruned_from);
    add_text(t, TDROP_MODEL_KEY_VERSION, TDROP_MODEL_VERSION);
    add_text(t, TDROP_MODEL_KEY_TASK, tdrop_task_name(info->task));
    if (info->loss != tdrop_loss_resolve(TDROP_LOSS_AUTO, info->task))
        add_object(t, TDROP_MODEL_KEY_LOSS, loss_object(t, info));
    if (model->classes.count)
        add_object(t, TDROP_MODEL_KEY_CLASSES, classes_object(t, &model->classes));
    if (model->targets.columns)
        add_object(t, TDROP_MODEL_KEY_TARGETS, targets_object(t, &model->targets));
    add_text(t, TDROP_MODEL_KEY_ARCH, model->arch.text);
    add_object(t, TDROP_MODEL_KEY_LAW, law_object(t, info));
    add_text(t, TDROP_MODEL_KEY_SEED, seed);
    add_object(t, TDROP_MODEL_KEY_TRAINING, training_object(t, info));
    if (is_described(&model->encoding))
        add_object(t, TDROP_MODEL_KEY_COLUMNS, columns_object(t, &model->encoding));
    add_object(t, TDROP_MODEL_KEY_SCALING, scaling_object(t, &model->encoding.scaling));
    add_object(t, TDROP_MODEL_KEY_DATA, data_object(t, info));
    add_object(t, TDROP_MODEL_KEY_SPLIT, split_object(t, info));
    if (info->valid_loss) add_object(t, TDROP_MODEL_KEY_VALIDATION, validation_object(t, info));
    if (info->pruned_from) add_text(t, TDROP_MODEL_KEY_PRUNED_FROM, pruned_from);
}

static void fill_tensors(const tdrop_model *model, tdrop_tensor *tensors) {
    for (size_t i = 0; i < model->arch.tensor_count; i++) {
        const tdrop_parameter *from = &model->arch.tensors[i];
        tensors[i] = (tdrop_tensor){.name = from->name,
                                    .dims = from->dims,
                                    .shape = {from->shape[0], from->shape[1]},
                                    .data = model->parameters + from->offset};
    }
}

/* Makes the document and writes it to `path`, or, where that is NULL, finds its size. */
static tdrop_status write_or_measure(const tdrop_model *model, const char *path, int overwrite,
                                     size_t *bytes, tdrop_error *error) {
    texts t = {.count = 0};
    char seed[32], pruned_from[32];
    tdrop_tensor *tensors = tdrop_alloc(model->arch.tensor_count, sizeof *tensors);
    if (!tensors) return tdrop_fail_memory(error, "model file");
    describe(model, &t, seed, pruned_from);
    fill_tensors(model, tensors);
    tdrop_safetensors document = {.tensors = tensors,
                                  .tensor_count = model->arch.tensor_count,
                                  .texts = t.text,
                                  .text_count = t.count};
    tdrop_status status = t.failed ? tdrop_fail_memory(error, "model file")
                          : path   ? tdrop_safetensors_write(&document, path, overwrite, error)
                                   : tdrop_safetensors_size(&document, bytes, error);
    clear_texts(&t);
    tdrop_free(tensors);
    return status;
}

tdrop_status tdrop_model_save(const tdrop_model *model, const char *path, int overwrite,
                              tdrop_error *error) {
    if (!model || !path) return tdrop_fail(error, TDROP_ERROR_NULL, "save: no model or path");
    return write_or_measure(model, path, overwrite, NULL, error);
}

tdrop_status tdrop_model_file_size(const tdrop_model *model, size_t k, size_t *bytes) {
    tdrop_model *cut;
    if (!model || !bytes) return TDROP_ERROR_NULL;
    tdrop_status status = tdrop_model_prune(&cut, model, k, NULL);
    if (status) return status;
    status = write_or_measure(cut, NULL, 0, bytes, NULL);
    tdrop_model_destroy(cut);
    return status;
}
