/* SPDX-License-Identifier: MIT
 *
 * Forward and backward_input. Rows are walked in the order of the staircase, mr at a time, so that
 * the rows of a tile keep about the same. Up to the least of their inner keeps the tile reads them
 * where they lie; from there to the greatest they are copied, with zeros behind each row's end, and
 * the chain goes on over the copy: a fused multiply-add with a zero changes no sum.
 *
 * A task is a block of tiles against one panel. Panels come first in the numbering: one panel stays
 * in the cache while all rows pass it. */
#include "base/parallel.h"
#include "gemm/linear.h"

#include <string.h>

enum { TILES_PER_BLOCK = 8 };

typedef struct span {
    size_t least, most; /* of the inner keeps of a tile's rows */
} span;

size_t tdrop_rows_product_floats(const tdrop_gemm_kernels *kernels, size_t inner_size) {
    return kernels->mr * inner_size;
}

static span inner_span(const tdrop_rows_product *p, size_t first, size_t rows) {
    span s = {(size_t)p->inner[first], (size_t)p->inner[first]};
    for (size_t i = first + 1; i < first + rows; i++) {
        size_t keep = (size_t)p->inner[i];
        if (keep < s.least) s.least = keep;
        if (keep > s.most) s.most = keep;
    }
    return s;
}

/* Where the rows end at different places: a copy of columns least..most-1, zeros behind each end.
 */
static void copy_ragged(const tdrop_rows_product *p, size_t first, size_t rows, span s,
                        float *copy) {
    size_t width = s.most - s.least;
    for (size_t r = 0; r < rows; r++, copy += width) {
        size_t kept = (size_t)p->inner[first + r] - s.least;
        const float *row = p->a + p->order[first + r] * p->a_stride + s.least;
        memcpy(copy, row, kept * sizeof *copy);
        memset(copy + kept, 0, (width - kept) * sizeof *copy);
    }
}

/* The runs of a tile over one panel: the rows as they lie, then their ragged ends. */
static size_t plan_runs(const tdrop_rows_product *p, size_t first, size_t rows, size_t columns,
                        const float *panel, float *copy, tdrop_run run[2]) {
    span s = inner_span(p, first, rows);
    size_t count = 0, width = s.most - s.least;
    if (s.least) {
        run[count] = (tdrop_run){.count = s.least, .columns = columns, .a_step = 1, .b = panel};
        for (size_t r = 0; r < rows; r++)
            run[count].a[r] = p->a + p->order[first + r] * p->a_stride;
        count++;
    }
    if (width) {
        copy_ragged(p, first, rows, s, copy);
        run[count] = (tdrop_run){
            .count = width, .columns = columns, .a_step = 1, .b = panel + s.least * p->kernels->nr};
        for (size_t r = 0; r < rows; r++)
            run[count].a[r] = copy + r * width;
        count++;
    }
    return count;
}

/* Where the tile's rows go, and how much of each; returns the columns that any of them wants. */
static size_t plan_targets(const tdrop_rows_product *p, size_t first, size_t column,
                           tdrop_tile *tile) {
    size_t nr = p->kernels->nr, columns = 0;
    for (size_t r = 0; r < tile->rows; r++) {
        size_t limit = (size_t)p->limit[first + r];
        size_t wanted = limit <= column ? 0 : limit - column < nr ? limit - column : nr;
        size_t offset = p->order[first + r] * p->c_stride + column;
        tile->limit[r] = (int32_t)wanted;
        tile->c[r] = p->c + offset;
        tile->gate[r] = p->gate ? p->gate + offset : NULL;
        if (wanted > columns) columns = wanted;
    }
    return columns;
}

static void run_tile(const tdrop_rows_product *p, size_t first, size_t rows, size_t panel,
                     float *copy) {
    static const float no_bias[TDROP_MOST_NR];
    size_t column = panel * p->kernels->nr;
    tdrop_run run[2];
    tdrop_tile tile = {.rows = rows, .runs = run, .relu = p->relu};
    tile.columns = plan_targets(p, first, column, &tile);
    if (tile.columns == 0) return;
    tile.bias = p->bias ? p->bias + column : no_bias;
    const float *b = p->panels + column * p->inner_size;
    tile.run_count = plan_runs(p, first, rows, tile.columns, b, copy, run);
    p->kernels->tile(&tile);
}

static size_t block_rows(const tdrop_rows_product *p) {
    return TILES_PER_BLOCK * p->kernels->mr;
}

static size_t block_count(const tdrop_rows_product *p) {
    return (p->rows + block_rows(p) - 1) / block_rows(p);
}

static void run_task(void *arg, size_t index, unsigned worker) {
    const tdrop_rows_product *p = arg;
    size_t mr = p->kernels->mr, blocks = block_count(p);
    size_t first = index % blocks * block_rows(p), last = first + block_rows(p);
    if (last > p->rows) last = p->rows;
    float *copy = p->workspace + worker * tdrop_rows_product_floats(p->kernels, p->inner_size);
    for (; first < last; first += mr)
        run_tile(p, first, last - first < mr ? last - first : mr, index / blocks, copy);
}

void tdrop_rows_product_run(const tdrop_rows_product *product, const tdrop_parallel *parallel) {
    size_t panels = (product->columns + product->kernels->nr - 1) / product->kernels->nr;
    tdrop_rows_product copy = *product; /* tasks take a pointer that is not const */
    tdrop_run_tasks(parallel, panels * block_count(product), run_task, &copy);
}
