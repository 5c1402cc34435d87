/* SPDX-License-Identifier: MIT */
#include "report_cells.h"

#include "held_out.h"
#include "inputs.h"
#include "message.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* But for where the columns stand. */
static int is_plain(const report_source *source) {
    tdrop_data_info data;
    tdrop_data_get_info(source->data, &data);
    return source->info->inputs == source->info->columns && data.columns == source->info->columns &&
           !data.missing;
}

/* Whether the columns are looked for by name. */
static int both_named(const report_source *source) {
    tdrop_data_info data;
    tdrop_data_get_info(source->data, &data);
    return data.named && source->info->named;
}

static tdrop_status find_columns(report_cells *cells) {
    const report_source *source = cells->source;
    const int by_name = both_named(source);
    size_t input = 0;
    for (size_t j = 0; j < source->info->columns; j++) {
        tdrop_column_info column;
        const tdrop_status status = tdrop_model_get_column(source->model, j, &column);
        if (status != TDROP_OK) return status;
        cells->place[j] = j;
        if (by_name && !tdrop_data_find_column(source->data, column.name, &cells->place[j]))
            return TDROP_ERROR_DATA;
        cells->plain &= cells->place[j] == j;
        cells->input[j] = input;
        input += column.kind == TDROP_COLUMN_CATEGORY ? column.levels : 1;
        cells->all_levels += column.levels;
    }
    return TDROP_OK;
}

int report_cells_open(report_cells *cells, const report_source *source) {
    *cells = (report_cells){.source = source, .plain = is_plain(source)};
    cells->place = calloc(source->info->columns, sizeof *cells->place);
    cells->input = calloc(source->info->columns, sizeof *cells->input);
    tdrop_status status = cells->place && cells->input ? find_columns(cells) : TDROP_ERROR_MEMORY;
    if (status == TDROP_OK) return 1;
    report_cells_close(cells);
    return message_library(status, NULL);
}

void report_cells_close(report_cells *cells) {
    free(cells->place);
    free(cells->input);
    *cells = (report_cells){0};
}

static int by_bytes(const void *key, const void *level) {
    return strcmp(key, *(const char *const *)level);
}

/* The model's number of a level that has this number in the table. */
static float level_of(const tdrop_column_info *model, const tdrop_column_info *table,
                      float number) {
    const char *text = (size_t)number < table->levels ? table->level[(size_t)number] : "";
    const char *const *found =
        bsearch(text, model->level, model->levels, sizeof *model->level, by_bytes);
    return (float)(found ? (size_t)(found - model->level) : model->levels);
}

static tdrop_status place_cells(const report_cells *cells, const float *row, float *values) {
    const report_source *source = cells->source;
    for (size_t j = 0; j < source->info->columns; j++) {
        tdrop_column_info model, table;
        tdrop_status status = tdrop_model_get_column(source->model, j, &model);
        if (status == TDROP_OK)
            status = tdrop_data_get_column(source->data, cells->place[j], &table);
        if (status != TDROP_OK) return status;
        values[j] = row[cells->place[j]];
        if (model.kind == TDROP_COLUMN_CATEGORY && !isnan(values[j]))
            values[j] = level_of(&model, &table, values[j]);
    }
    return TDROP_OK;
}

int report_cells_read(const report_cells *cells, size_t row, float *values) {
    tdrop_data_info data;
    if (cells->plain) {
        const tdrop_status status = tdrop_data_get_rows(cells->source->data, row, 1, values);
        return status == TDROP_OK ? 1 : message_library(status, NULL);
    }
    tdrop_data_get_info(cells->source->data, &data);
    float *whole = inputs_floats(1, data.columns);
    if (!whole) return 0;
    tdrop_status status = tdrop_data_get_rows(cells->source->data, row, 1, whole);
    if (status == TDROP_OK) status = place_cells(cells, whole, values);
    free(whole);
    return status == TDROP_OK ? 1 : message_library(status, NULL);
}

/* One by one where they lie, for a table of floats would not hold their levels. */
static tdrop_status use_each(const report_cells *cells, report_cells_user *use, const size_t *rows,
                             size_t count, size_t k, size_t width, float *values,
                             tdrop_error *error) {
    const report_source *source = cells->source;
    tdrop_status status = TDROP_OK;
    for (size_t i = 0; i < count && status == TDROP_OK; i++)
        status =
            use(source->model, source->data, rows[i], 1, k, values + i * width, source->use, error);
    return status;
}

int report_cells_use(const report_cells *cells, report_cells_user *use, const size_t *rows,
                     size_t count, size_t k, size_t width, float *values) {
    const report_source *source = cells->source;
    tdrop_error error = {TDROP_OK, ""};
    tdrop_data *table = NULL;
    if (cells->plain && !held_out_table(source->data, rows, count, &table)) return 0;
    const tdrop_status status =
        table ? use(source->model, table, 0, count, k, values, source->use, &error)
              : use_each(cells, use, rows, count, k, width, values, &error);
    tdrop_data_destroy(table);
    return status == TDROP_OK ? 1 : message_library(status, &error);
}

const char *report_cells_name(const report_cells *cells, size_t j, char *text, size_t size) {
    tdrop_column_info column;
    if (tdrop_model_get_column(cells->source->model, j, &column) == TDROP_OK && column.name)
        return column.name;
    snprintf(text, size, "%zu", j + 1);
    return text;
}

void report_cells_add(const report_cells *cells, report_json *json) {
    if (cells->plain) return;
    cJSON *list = report_json_array(json, "cells");
    for (size_t j = 0; j < cells->source->info->columns && !json->failed; j++) {
        char number[24];
        tdrop_column_info column;
        if (tdrop_model_get_column(cells->source->model, j, &column) != TDROP_OK) return;
        cJSON *entry = report_json_element(json, list);
        report_json_text(json, entry, "name", report_cells_name(cells, j, number, sizeof number));
        report_json_count(json, entry, "input", cells->input[j]);
        if (column.kind != TDROP_COLUMN_CATEGORY) continue;
        cJSON *levels = report_json_array_in(json, entry, "levels");
        for (size_t l = 0; l < column.levels; l++)
            report_json_append_text(json, levels, column.level[l]);
    }
}
