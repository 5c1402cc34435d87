/* SPDX-License-Identifier: MIT */
#include "target_scores.h"

#include "message.h"
#include "model_columns.h"
#include "number.h"

static size_t targets_of(const tdrop_model *model) {
    tdrop_model_info info;
    tdrop_model_get_info(model, &info);
    return info.task == TDROP_TASK_REGRESS ? info.outputs : 0;
}

void target_scores_write(FILE *out, const tdrop_model *model, const double *r2, size_t k) {
    const size_t targets = targets_of(model);
    if (targets < 2) return;
    fprintf(out, "r2 of each target at k = %zu\n", k);
    for (size_t j = 0; j < targets; j++) {
        number_text number;
        fprintf(out, "  %-24s %8s\n", model_columns_target(model, j, &number),
                number_percent(r2[j]).text);
    }
}

int target_scores_measure(tdrop_scree *scree, const tdrop_model *model, const tdrop_data *data,
                          const tdrop_use_options *use) {
    tdrop_error error = {TDROP_OK, ""};
    if (!targets_of(model)) return 1;
    const tdrop_status status = tdrop_model_scree(scree, model, data, NULL, use, &error);
    return status == TDROP_OK ? 1 : message_library(status, &error);
}

void target_scores_json(report_json *r, const tdrop_model *model, const double *r2) {
    cJSON *list = report_json_array(r, "targets");
    for (size_t j = 0; j < targets_of(model); j++) {
        number_text number;
        cJSON *target = report_json_element(r, list);
        report_json_text(r, target, "name", model_columns_target(model, j, &number));
        report_json_number(r, target, "r2", r2[j]);
    }
}

void target_scores_json_curve(report_json *r, const tdrop_model *model, const curve *c) {
    if (!c->targets) return;
    cJSON *list = report_json_array(r, "targets");
    for (size_t j = 0; j < c->targets; j++) {
        number_text number;
        cJSON *target = report_json_element(r, list);
        report_json_text(r, target, "name", model_columns_target(model, j, &number));
        cJSON *values = report_json_array_in(r, target, "r2");
        for (size_t k = 0; k <= c->n; k++)
            report_json_append_number(r, values, c->target_r2[k * c->targets + j]);
    }
}
