/* SPDX-License-Identifier: MIT */
#include "model_columns.h"

#include <string.h>

/* Bytes of a list, and levels of a column, beyond which the rest is only counted. */
enum { MOST_SHOWN = 120, MOST_LEVELS = 5, ITEM_SIZE = 160 };

/* A list that is being written: how many bytes it has, and how many items were left out. */
typedef struct name_line {
    FILE *out;
    size_t used, left_out;
} name_line;

/* Names come from files, so that they may hold what moves a terminal. */
static void put(name_line *line, const char *item) {
    if (line->left_out || (line->used && line->used + strlen(item) > MOST_SHOWN)) {
        line->left_out++;
        return;
    }
    fputs(line->used ? ", " : ": ", line->out);
    for (const char *c = item; *c; c++)
        fputc((unsigned char)*c < 0x20 || *c == 0x7f ? '?' : *c, line->out);
    line->used += strlen(item) + 2;
}

static void end(const name_line *line) {
    if (line->left_out) fprintf(line->out, ", ... %s more", number_grouped(line->left_out).text);
    fputc('\n', line->out);
}

const char *model_columns_target(const tdrop_model *model, size_t target, number_text *number) {
    tdrop_column_info column = {.name = NULL};
    tdrop_model_get_target(model, target, &column);
    *number = number_exact((double)(target + 1));
    return column.name ? column.name : number->text;
}

void model_columns_write_task(FILE *out, const tdrop_model *model) {
    tdrop_model_info info;
    name_line line = {.out = out};
    number_text number;
    tdrop_model_get_info(model, &info);
    fprintf(out, "task          %s", tdrop_task_name(info.task));
    if (info.task == TDROP_TASK_CLASSIFY) {
        fprintf(out, ", %s classes", number_grouped(info.classes).text);
        for (size_t j = 0; j < info.classes; j++)
            put(&line, info.class_name[j]);
    }
    if (info.task == TDROP_TASK_REGRESS) {
        fprintf(out, ", %s target%s", number_grouped(info.outputs).text,
                info.outputs == 1 ? "" : "s");
        for (size_t j = 0; j < info.outputs; j++)
            put(&line, model_columns_target(model, j, &number));
    }
    end(&line);
}

/* "kind (ham, spam, ... 3 more)", cut where it is too long. */
static void describe(char text[ITEM_SIZE], const tdrop_column_info *column, size_t number) {
    const size_t shown = column->levels < MOST_LEVELS ? column->levels : MOST_LEVELS;
    int used = column->name ? snprintf(text, ITEM_SIZE, "%s", column->name)
                            : snprintf(text, ITEM_SIZE, "%zu", number);
    for (size_t i = 0; i < shown && used < ITEM_SIZE; i++)
        used += snprintf(text + used, ITEM_SIZE - (size_t)used, "%s%s", i ? ", " : " (",
                         column->level[i]);
    if (shown && shown < column->levels && used < ITEM_SIZE)
        used += snprintf(text + used, ITEM_SIZE - (size_t)used, ", ... %zu more",
                         column->levels - shown);
    if (shown && used < ITEM_SIZE) snprintf(text + used, ITEM_SIZE - (size_t)used, ")");
    if (used >= ITEM_SIZE) memcpy(text + ITEM_SIZE - 4, "...", 4);
}

/* Whether there is more to say of the columns than their number. */
static int are_described(const tdrop_model *model, const tdrop_model_info *info) {
    tdrop_column_info column;
    for (size_t j = 0; !info->named && tdrop_model_get_column(model, j, &column) == TDROP_OK; j++)
        if (column.levels) return 1;
    return info->named;
}

void model_columns_write(FILE *out, const tdrop_model *model) {
    tdrop_model_info info;
    tdrop_column_info column;
    name_line line = {.out = out};
    char text[ITEM_SIZE];
    tdrop_model_get_info(model, &info);
    fprintf(out, "columns       %s", number_grouped(info.columns).text);
    for (int i = 0; info.item_dims > 1 && i < info.item_dims; i++)
        fprintf(out, "%s%zu", i ? " x " : " = ", info.item_shape[i]);
    for (size_t j = 0; are_described(model, &info) && j < info.columns; j++) {
        tdrop_model_get_column(model, j, &column);
        describe(text, &column, j + 1);
        put(&line, text);
    }
    end(&line);
}

static void add_names(report_json *r, cJSON *object, const char *name, const char *const *names,
                      size_t count) {
    cJSON *list = report_json_array_in(r, object, name);
    for (size_t i = 0; i < count && !r->failed; i++)
        report_json_append_text(r, list, names[i]);
}

static void add_targets(report_json *r, const tdrop_model *model, size_t count) {
    cJSON *list = report_json_array(r, "targets");
    for (size_t j = 0; j < count && !r->failed; j++) {
        number_text number;
        cJSON *target = report_json_element(r, list);
        report_json_text(r, target, "name", model_columns_target(model, j, &number));
    }
}

/* Of columns without names and categories there is nothing to list. */
static void add_columns(report_json *r, const tdrop_model *model, const tdrop_model_info *info) {
    tdrop_column_info column;
    if (!are_described(model, info)) {
        report_json_null(r, "column_list");
        return;
    }
    cJSON *list = report_json_array(r, "column_list");
    for (size_t j = 0; tdrop_model_get_column(model, j, &column) == TDROP_OK && !r->failed; j++) {
        const int category = column.kind == TDROP_COLUMN_CATEGORY;
        const number_text number = number_exact((double)(j + 1));
        cJSON *object = report_json_element(r, list);
        report_json_text(r, object, "name", column.name ? column.name : number.text);
        report_json_text(r, object, "kind", category ? "category" : "number");
        if (category) add_names(r, object, "levels", column.level, column.levels);
    }
}

static void add_item_shape(report_json *r, const tdrop_model_info *info) {
    double shape[7];
    for (int i = 0; i < info->item_dims; i++)
        shape[i] = (double)info->item_shape[i];
    report_json_numbers(r, "item_shape", shape, (size_t)info->item_dims);
}

void model_columns_json(report_json *r, const tdrop_model *model) {
    tdrop_model_info info;
    tdrop_model_get_info(model, &info);
    report_json_text(r, NULL, "task", tdrop_task_name(info.task));
    if (info.task == TDROP_TASK_CLASSIFY)
        add_names(r, NULL, "classes", info.class_name, info.classes);
    if (info.task == TDROP_TASK_REGRESS) add_targets(r, model, info.outputs);
    report_json_count(r, NULL, "columns", info.columns);
    add_item_shape(r, &info);
    add_columns(r, model, &info);
    report_json_count(r, NULL, "inputs", info.inputs);
}
