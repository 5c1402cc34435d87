/* SPDX-License-Identifier: MIT */
#include "model/held_out.h"

#include "base/error.h"
#include "base/memory.h"
#include "data/hash.h"

#include <string.h>

uint64_t tdrop_hash_classes(const float *class_of, size_t rows) {
    tdrop_hash hash = {{0}, 0};
    tdrop_hash_add(&hash, class_of, rows, sizeof *class_of);
    return tdrop_hash_value(&hash);
}

bool tdrop_model_was_fitted_to(const tdrop_model *model, const tdrop_data *data) {
    return data->info.hash == model->info.data_hash && data->info.rows == model->info.data_rows &&
           data->info.columns == model->info.columns;
}

static tdrop_status check_classes(const tdrop_model *model, const tdrop_data *data,
                                  const float *class_of, tdrop_error *error) {
    if (!class_of)
        return tdrop_fail(error, TDROP_ERROR_DATA,
                          "%s: which rows were held out follows from their labels: give them",
                          data->info.name);
    if (tdrop_hash_classes(class_of, data->info.rows) == model->info.split_hash) return TDROP_OK;
    return tdrop_fail(error, TDROP_ERROR_DATA,
                      "%s: the model was fitted to these rows, but with other labels, so which of "
                      "them were held out cannot be told: give the labels of the fit",
                      data->info.name);
}

/* Models of files from before the groups' hash was kept there have 0, and are believed. */
static bool other_groups(const tdrop_split *split, const tdrop_model *model) {
    const uint64_t hash = model->info.split_hash;
    return hash && split->groups_hash != hash;
}

static tdrop_status split_by_groups(tdrop_split *split, const tdrop_model *model,
                                    const tdrop_data *data, const tdrop_split_rule *rule,
                                    tdrop_error *error) {
    tdrop_status status =
        rule->groups ? tdrop_split_make(split, data->info.rows, rule, NULL) : TDROP_ERROR_DATA;
    if (status == TDROP_ERROR_MEMORY) return tdrop_fail_memory(error, "held-out rows");
    if (status)
        return tdrop_fail(error, status,
                          "%s: which rows were held out was decided by the column %s, which is not "
                          "given or does not fit",
                          data->info.name, model->info.groups);
    if (!other_groups(split, model)) return TDROP_OK;
    tdrop_split_clear(split);
    return tdrop_fail(error, TDROP_ERROR_DATA,
                      "%s: the model was fitted to these rows, but grouped otherwise by the column "
                      "%s, so which of them were held out cannot be told: give the groups of the "
                      "fit",
                      data->info.name, model->info.groups);
}

tdrop_status tdrop_model_split(tdrop_split *split, const tdrop_model *model, const tdrop_data *data,
                               const tdrop_split_inputs *inputs, tdrop_error *error) {
    const tdrop_model_info *info = &model->info;
    tdrop_split_rule rule = {.share = info->valid_share, .seed = info->split_seed};
    if (info->split == TDROP_SPLIT_TABLE)
        return tdrop_split_of_tables(split, data->info.rows, 0, error);
    if (info->split == TDROP_SPLIT_GROUPS) {
        rule.groups = inputs->groups;
        return split_by_groups(split, model, data, &rule, error);
    }
    if (info->split == TDROP_SPLIT_CLASSES) {
        tdrop_status status = check_classes(model, data, inputs->class_of, error);
        if (status) return status;
        rule.class_of = inputs->class_of;
        rule.classes = info->classes;
    }
    return tdrop_split_make(split, data->info.rows, &rule, error);
}

static void take_all(size_t *rows, size_t count) {
    for (size_t i = 0; i < count; i++)
        rows[i] = i;
}

tdrop_status tdrop_model_find_held_out(const tdrop_model *model, const tdrop_data *data,
                                       const tdrop_split_inputs *inputs, size_t **rows,
                                       size_t *count, tdrop_error *error) {
    tdrop_split split = {.valid_count = data->info.rows};
    const bool all =
        !tdrop_model_was_fitted_to(model, data) || model->info.split == TDROP_SPLIT_TABLE;
    tdrop_status status = all ? TDROP_OK : tdrop_model_split(&split, model, data, inputs, error);
    if (status) return status;
    size_t *found = tdrop_alloc(split.valid_count, sizeof *found);
    if (found && all) take_all(found, split.valid_count);
    if (found && !all) memcpy(found, split.valid, split.valid_count * sizeof *found);
    if (found) {
        *rows = found;
        *count = split.valid_count;
    }
    tdrop_split_clear(&split);
    return found ? TDROP_OK : tdrop_fail_memory(error, "held-out rows");
}

/* The class of every row, tdrop_free(*class_of); NULL where nothing is asked of them. */
static tdrop_status find_classes(const tdrop_model *model, const tdrop_data *data,
                                 const tdrop_data *target, float **class_of) {
    if (model->info.split != TDROP_SPLIT_CLASSES || !target ||
        !tdrop_model_was_fitted_to(model, data))
        return TDROP_OK;
    if (target->info.rows != data->info.rows) return TDROP_ERROR_DATA;
    *class_of = tdrop_alloc(data->info.rows, sizeof **class_of);
    if (!*class_of) return TDROP_ERROR_MEMORY;
    return tdrop_classes_index(&model->classes, target, *class_of, NULL);
}

tdrop_status tdrop_model_held_out(const tdrop_model *model, const tdrop_data *data,
                                  const tdrop_use_options *options, size_t *count, size_t *rows) {
    float *class_of = NULL;
    size_t *found = NULL;
    tdrop_use_options use;
    if (!model || !data || !count) return TDROP_ERROR_NULL;
    tdrop_status status = tdrop_use_resolve(options, &use, NULL);
    if (!status) status = find_classes(model, data, use.target, &class_of);
    const tdrop_split_inputs inputs = {use.groups, class_of};
    if (!status) status = tdrop_model_find_held_out(model, data, &inputs, &found, count, NULL);
    if (!status && rows) memcpy(rows, found, *count * sizeof *rows);
    tdrop_free(found);
    tdrop_free(class_of);
    return status;
}
