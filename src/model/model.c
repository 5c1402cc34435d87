/* SPDX-License-Identifier: MIT */
#include "model/model.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/names.h"
#include "model/loss.h"

#include <string.h>

static const char *const task_names[] = {
    [TDROP_TASK_AUTOENCODE] = "autoencode",
    [TDROP_TASK_CLASSIFY] = "classify",
    [TDROP_TASK_REGRESS] = "regress",
};
enum { TASKS = sizeof task_names / sizeof *task_names };

const char *tdrop_task_name(tdrop_task task) {
    return tdrop_name_of(task_names, TASKS, (unsigned)task);
}

tdrop_status tdrop_task_parse(const char *name, tdrop_task *task) {
    unsigned number = 0;
    if (!task) return TDROP_ERROR_NULL;
    tdrop_status status = tdrop_name_find(task_names, TASKS, name, &number);
    if (!status) *task = (tdrop_task)number;
    return status;
}

static const char *const task_metrics[] = {
    [TDROP_TASK_AUTOENCODE] = NULL,
    [TDROP_TASK_CLASSIFY] = "accuracy",
    [TDROP_TASK_REGRESS] = "r2",
};

/* Of an autoencoder, by its scaling. */
#define UNITS(mean)                                                                                \
    {                                                                                              \
        [TDROP_SCALE_NONE] = mean,                                                                 \
        [TDROP_SCALE_STANDARD] = mean ", columns in standard deviations",                          \
        [TDROP_SCALE_MINMAX] = mean ", columns scaled to [0, 1]",                                  \
        [TDROP_SCALE_BYTE] = mean ", bytes / 255",                                                 \
    }
#define TARGET_UNIT(mean, targets)                                                                 \
    ((targets)->scaling.kind == TDROP_SCALE_NONE ? (mean) : mean ", targets in standard deviations")

static const char *unit_of(const tdrop_model *model) {
    static const char *const squared[] = UNITS("mean squared error");
    static const char *const huber[] = UNITS("mean Huber loss");
    const tdrop_scale scale = model->encoding.scaling.kind;
    const bool regress = model->info.task == TDROP_TASK_REGRESS;
    switch (model->info.loss) {
    case TDROP_LOSS_HUBER:
        return regress ? TARGET_UNIT("mean Huber loss", &model->targets) : huber[scale];
    case TDROP_LOSS_BINARY:
        return "binary cross-entropy in nats";
    case TDROP_LOSS_COSINE:
        return "1 - cosine of the angle to the row";
    case TDROP_LOSS_CROSS_ENTROPY:
        return "log-loss (cross-entropy in nats)";
    case TDROP_LOSS_AUTO:
    case TDROP_LOSS_SQUARED:
        break;
    }
    return regress ? TARGET_UNIT("mean squared error", &model->targets) : squared[scale];
}

void tdrop_model_set_loss(tdrop_model *model, tdrop_loss_kind loss, double delta) {
    model->info.loss = loss;
    model->info.huber_delta = delta;
    model->info.unit = unit_of(model);
    model->encoding.unit_rows = loss == TDROP_LOSS_COSINE;
}

/* A task, with the loss it has by default. */
static void set_task(tdrop_model *model, tdrop_task task) {
    model->info.task = task;
    model->info.metric = task_metrics[task];
    tdrop_model_set_loss(model, tdrop_loss_resolve(TDROP_LOSS_AUTO, task), 0.0);
}

tdrop_feed tdrop_model_feed(const tdrop_model *model, const tdrop_encoder *encoder,
                            const float *targets) {
    return (tdrop_feed){.task = model->info.task,
                        .encoder = encoder,
                        .targets = targets,
                        .loss = model->info.loss,
                        .huber_delta = model->info.huber_delta};
}

tdrop_status tdrop_curve_create(tdrop_curve *curve, size_t n, bool with_pca, bool with_metric) {
    double *block = tdrop_alloc_zero(n + 1, 4 * sizeof *block);
    if (!block) return TDROP_ERROR_MEMORY;
    *curve = (tdrop_curve){.loss = block,
                           .se = block + (n + 1),
                           .pca = with_pca ? block + 2 * (n + 1) : NULL,
                           .metric = with_metric ? block + 3 * (n + 1) : NULL};
    return TDROP_OK;
}

/* What follows from the architecture and the encoding. */
static void describe(tdrop_model *model) {
    model->info.arch = model->arch.text;
    model->info.columns = model->info.outputs = model->encoding.columns;
    model->info.inputs = model->encoding.inputs;
    model->info.named = model->encoding.names != NULL;
    model->info.missing = model->encoding.missing;
    model->info.features = model->arch.features;
    model->info.parameters = model->arch.parameters;
    model->info.scale = model->encoding.scaling.kind;
    set_task(model, TDROP_TASK_AUTOENCODE);
}

tdrop_status tdrop_model_create(tdrop_model **model, const tdrop_arch *arch, size_t k,
                                const tdrop_encoding *encoding, tdrop_error *error) {
    tdrop_model *made = tdrop_alloc_zero(1, sizeof *made);
    if (!made) return tdrop_fail_memory(error, "model");
    tdrop_status status = tdrop_arch_with_features(&made->arch, arch, 0, k, error);
    if (!status) {
        made->parameters = tdrop_alloc_zero(made->arch.parameters, sizeof *made->parameters);
        if (!made->parameters || tdrop_encoding_copy(&made->encoding, encoding))
            status = tdrop_fail_memory(error, "model");
    }
    if (status) {
        tdrop_model_destroy(made);
        return status;
    }
    describe(made);
    *model = made;
    return TDROP_OK;
}

/* Keeps a copy of a name in *kept, which *shown points to. */
static tdrop_status keep_name(const char *name, char **kept, const char **shown) {
    char *copy = tdrop_copy_string(name);
    if (!copy) return TDROP_ERROR_MEMORY;
    tdrop_free(*kept);
    *shown = *kept = copy;
    return TDROP_OK;
}

static const char *last_part(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

tdrop_status tdrop_model_name_valid(tdrop_model *model, const char *name) {
    return keep_name(last_part(name), &model->valid_name, &model->info.valid_name);
}

tdrop_status tdrop_model_name_data(tdrop_model *model, const char *name) {
    return keep_name(last_part(name), &model->data_name, &model->info.data_name);
}

tdrop_status tdrop_model_name_groups(tdrop_model *model, const char *name) {
    model->info.split = TDROP_SPLIT_GROUPS;
    return keep_name(name, &model->groups, &model->info.groups);
}

tdrop_status tdrop_model_set_law(tdrop_model *model, const tdrop_law_options *law) {
    double *weights = NULL;
    if (law->kind == TDROP_LAW_TABLE) {
        weights = tdrop_alloc(law->weight_count, sizeof *weights);
        if (!weights) return TDROP_ERROR_MEMORY;
        memcpy(weights, law->weights, law->weight_count * sizeof *weights);
    }
    tdrop_free(model->law_weights);
    model->law_weights = weights;
    model->info.law = *law;
    model->info.law.weights = weights;
    return TDROP_OK;
}

tdrop_status tdrop_model_set_classes(tdrop_model *model, const tdrop_classes *classes) {
    tdrop_classes copy;
    if (tdrop_classes_copy(&copy, classes)) return TDROP_ERROR_MEMORY;
    tdrop_classes_clear(&model->classes);
    model->classes = copy;
    model->info.classes = model->info.outputs = copy.count;
    model->info.class_name = (const char *const *)copy.name;
    set_task(model, TDROP_TASK_CLASSIFY);
    return TDROP_OK;
}

tdrop_status tdrop_model_set_targets(tdrop_model *model, const tdrop_encoding *targets) {
    tdrop_encoding copy;
    if (tdrop_encoding_copy(&copy, targets)) return TDROP_ERROR_MEMORY;
    tdrop_encoding_clear(&model->targets);
    model->targets = copy;
    model->info.outputs = copy.columns;
    set_task(model, TDROP_TASK_REGRESS);
    return TDROP_OK;
}

void tdrop_model_set_curve(tdrop_model *model, const tdrop_curve *curve, size_t rows) {
    tdrop_free(model->curve.loss);
    model->curve = *curve;
    model->info.valid_loss = curve->loss;
    model->info.valid_se = curve->se;
    model->info.valid_pca = curve->pca;
    model->info.valid_metric = curve->metric;
    model->info.valid_rows = rows;
}

void tdrop_model_destroy(tdrop_model *model) {
    if (!model) return;
    tdrop_arch_clear(&model->arch);
    tdrop_encoding_clear(&model->encoding);
    tdrop_free(model->parameters);
    tdrop_free(model->curve.loss);
    tdrop_free(model->data_name);
    tdrop_free(model->groups);
    tdrop_free(model->valid_name);
    tdrop_free(model->law_weights);
    tdrop_classes_clear(&model->classes);
    tdrop_encoding_clear(&model->targets);
    tdrop_free(model);
}

void tdrop_model_get_info(const tdrop_model *model, tdrop_model_info *info) {
    *info = model->info;
}

tdrop_status tdrop_model_get_column(const tdrop_model *model, size_t column,
                                    tdrop_column_info *info) {
    if (!model || !info) return TDROP_ERROR_NULL;
    if (column >= model->encoding.columns) return TDROP_ERROR_SIZE;
    const tdrop_encoded_column *from = &model->encoding.column[column];
    *info = (tdrop_column_info){
        .name = model->encoding.names ? model->encoding.names[column] : NULL, .kind = from->kind};
    if (from->kind == TDROP_COLUMN_CATEGORY) {
        info->levels = from->inputs;
        info->level = (const char *const *)from->level;
    }
    return TDROP_OK;
}

tdrop_status tdrop_model_get_target(const tdrop_model *model, size_t target,
                                    tdrop_column_info *info) {
    if (!model || !info) return TDROP_ERROR_NULL;
    if (target >= model->targets.columns) return TDROP_ERROR_SIZE;
    *info = (tdrop_column_info){.name = model->targets.names ? model->targets.names[target] : NULL,
                                .kind = TDROP_COLUMN_NUMBER};
    return TDROP_OK;
}

size_t tdrop_model_layers(const tdrop_model *model) {
    return model->arch.layer_count;
}

tdrop_status tdrop_model_get_layer(const tdrop_model *model, size_t i, tdrop_layer_info *info) {
    if (!model || !info) return TDROP_ERROR_NULL;
    if (i >= model->arch.layer_count) return TDROP_ERROR_SIZE;
    const tdrop_arch_layer *layer = &model->arch.layers[i];
    *info = (tdrop_layer_info){.part = layer->part,
                               .index = layer->index,
                               .op = layer->op->name,
                               .inputs = layer->inputs,
                               .outputs = layer->outputs};
    for (size_t t = 0; t < layer->op->tensors; t++)
        info->parameters += model->arch.tensors[layer->first_tensor + t].count;
    if (layer->op->multiply_adds)
        info->multiply_adds = layer->op->multiply_adds(layer->inputs, layer->outputs);
    return TDROP_OK;
}

size_t tdrop_model_tensors(const tdrop_model *model) {
    return model->arch.tensor_count;
}

tdrop_status tdrop_model_get_tensor(const tdrop_model *model, size_t i, tdrop_tensor_info *tensor) {
    if (!model || !tensor) return TDROP_ERROR_NULL;
    if (i >= model->arch.tensor_count) return TDROP_ERROR_SIZE;
    const tdrop_parameter *found = &model->arch.tensors[i];
    *tensor = (tdrop_tensor_info){.name = found->name,
                                  .dims = found->dims,
                                  .shape = {found->shape[0], found->shape[1]},
                                  .values = model->parameters + found->offset};
    return TDROP_OK;
}

tdrop_status tdrop_model_get_scaling(const tdrop_model *model, const double **shift,
                                     const double **unit) {
    if (!model || !shift || !unit) return TDROP_ERROR_NULL;
    *shift = model->encoding.scaling.shift;
    *unit = model->encoding.scaling.unit;
    return TDROP_OK;
}

tdrop_status tdrop_use_resolve(const tdrop_use_options *options, tdrop_use_options *resolved,
                               tdrop_error *error) {
    *resolved = options ? *options : (tdrop_use_options){0};
    if (resolved->reserved[0] || resolved->reserved[1])
        return tdrop_fail(error, TDROP_ERROR_RESERVED, "a reserved field of the options is not 0");
    return TDROP_OK;
}
