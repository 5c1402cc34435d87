/* SPDX-License-Identifier: MIT */
#include "data/scaling.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/names.h"

#include <math.h>
#include <string.h>

static const char *const scale_names[] = {
    [TDROP_SCALE_AUTO] = "auto",         [TDROP_SCALE_NONE] = "none",
    [TDROP_SCALE_STANDARD] = "standard", [TDROP_SCALE_MINMAX] = "minmax",
    [TDROP_SCALE_BYTE] = "byte",
};
enum { SCALES = sizeof scale_names / sizeof *scale_names };

const char *tdrop_scale_name(tdrop_scale scale) {
    return tdrop_name_of(scale_names, SCALES, (unsigned)scale);
}

tdrop_status tdrop_scale_parse(const char *name, tdrop_scale *scale) {
    unsigned number = 0;
    if (!scale) return TDROP_ERROR_NULL;
    tdrop_status status = tdrop_name_find(scale_names, SCALES, name, &number);
    if (!status) *scale = (tdrop_scale)number;
    return status;
}

tdrop_status tdrop_scaling_create(tdrop_scaling *scaling, tdrop_scale kind, size_t columns) {
    double *numbers = tdrop_alloc_zero(columns, 3 * sizeof *numbers);
    if (!numbers) return TDROP_ERROR_MEMORY;
    *scaling = (tdrop_scaling){.kind = kind,
                               .columns = columns,
                               .shift = numbers,
                               .unit = numbers + columns,
                               .per_unit = numbers + 2 * columns};
    for (size_t j = 0; j < columns; j++)
        scaling->unit[j] = kind == TDROP_SCALE_BYTE ? 255.0 : 1.0;
    tdrop_scaling_finish(scaling);
    return TDROP_OK;
}

void tdrop_scaling_finish(tdrop_scaling *scaling) {
    for (size_t j = 0; j < scaling->columns; j++)
        scaling->per_unit[j] = 1.0 / scaling->unit[j];
}

tdrop_status tdrop_scaling_copy(tdrop_scaling *to, const tdrop_scaling *from) {
    tdrop_scaling copy;
    if (tdrop_scaling_create(&copy, from->kind, from->columns)) return TDROP_ERROR_MEMORY;
    memcpy(copy.shift, from->shift, 3 * from->columns * sizeof *copy.shift);
    copy.constant_columns = from->constant_columns;
    *to = copy;
    return TDROP_OK;
}

void tdrop_scaling_clear(tdrop_scaling *scaling) {
    tdrop_free(scaling->shift); /* the block holds all three */
    *scaling = (tdrop_scaling){0};
}

/* Statistics of columns, gathered row by row. */
typedef struct statistics {
    double *row, *mean, *square, *low, *high, *seen;
} statistics;

/* Welford's update: mean and sum of squared deviations without cancellation. */
static void add_row(statistics *s, size_t columns) {
    for (size_t j = 0; j < columns; j++) {
        double value = s->row[j], before = value - s->mean[j];
        if (isnan(value)) continue;
        double seen = s->seen[j] += 1.0;
        s->mean[j] += before / seen;
        s->square[j] += before * (value - s->mean[j]);
        if (seen == 1.0 || value < s->low[j]) s->low[j] = value;
        if (seen == 1.0 || value > s->high[j]) s->high[j] = value;
    }
}

static void set_column(tdrop_scaling *scaling, const statistics *s, size_t j) {
    bool standard = scaling->kind == TDROP_SCALE_STANDARD;
    double unit = standard ? sqrt(s->square[j] / s->seen[j]) : s->high[j] - s->low[j];
    scaling->shift[j] = standard ? s->mean[j] : s->low[j];
    if (s->high[j] > s->low[j] && isnormal(unit)) {
        scaling->unit[j] = unit;
        return;
    }
    scaling->unit[j] = 1.0;
    scaling->constant_columns++;
}

tdrop_status tdrop_scaling_learn(tdrop_scaling *scaling, double *mean, const bool *fixed,
                                 tdrop_row_source *source, void *context, size_t row_count) {
    size_t columns = scaling->columns;
    bool learns = scaling->kind == TDROP_SCALE_STANDARD || scaling->kind == TDROP_SCALE_MINMAX;
    for (size_t j = 0; j < columns; j++)
        if (fixed[j]) scaling->unit[j] = 1.0;
    tdrop_scaling_finish(scaling);
    if (!learns && !mean) return TDROP_OK;
    double *block = tdrop_alloc_zero(columns, 6 * sizeof *block);
    if (!block) return TDROP_ERROR_MEMORY;
    statistics s = {block,
                    block + columns,
                    block + 2 * columns,
                    block + 3 * columns,
                    block + 4 * columns,
                    block + 5 * columns};
    for (size_t i = 0; i < row_count; i++) {
        source(context, i, s.row);
        add_row(&s, columns);
    }
    if (mean) memcpy(mean, s.mean, columns * sizeof *mean);
    for (size_t j = 0; j < columns; j++)
        if (learns && !fixed[j]) set_column(scaling, &s, j);
    tdrop_scaling_finish(scaling);
    tdrop_free(block);
    return TDROP_OK;
}

void tdrop_scaling_row(const tdrop_scaling *scaling, const tdrop_data *data, size_t row,
                       double *buffer, float *out) {
    tdrop_table_row(data, row, buffer);
    tdrop_scaling_numbers(scaling, buffer, out);
}

void tdrop_scaling_numbers(const tdrop_scaling *scaling, const double *numbers, float *out) {
    for (size_t j = 0; j < scaling->columns; j++)
        out[j] = (float)((numbers[j] - scaling->shift[j]) * scaling->per_unit[j]);
}
