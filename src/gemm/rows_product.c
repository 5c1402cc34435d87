/* SPDX-License-Identifier: MIT
 *
 * Forward and backward_input. Rows are walked in the order of the staircase, mr at a time, so that
 * the rows of a tile keep about the same. Up to the least of their inner keeps the tile reads them
 * where they lie; from there to the greatest they are copied, with zeros behind each row's end, and
 * the chain goes on over the copy: a fused multiply-add with a zero changes no sum.
 *
 * A task is a block of tiles against one panel, and the blocks take their turns at a panel, so that
 * it stays in the cache while all rows pass it. Where rows are short a few panels fit there at
 * once: then a task has that many, and what it takes to plan a tile is spent once for all of them.
 */
#include "base/parallel.h"
#include "gemm/linear.h"

#include <string.h>

enum { TILES_PER_BLOCK = 8, PANELS_PER_GROUP = 4, WIDTH_GRAIN = 16 };
enum { CACHED_FLOATS = 128 * 1024 }; /* of panels: half of a second-level cache of 1 MiB */

typedef struct span {
    size_t least, most; /* of the inner keeps of a tile's rows */
} span;

size_t tdrop_rows_product_floats(const tdrop_gemm_kernels *kernels, size_t inner_size) {
    return kernels->mr * (inner_size + WIDTH_GRAIN);
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

/* The copies are as wide as whole vectors of any instruction set, with zeros behind. */
static size_t copied_width(span s) {
    return (s.most - s.least + WIDTH_GRAIN - 1) / WIDTH_GRAIN * WIDTH_GRAIN;
}

/* Where the rows end at different places: a copy of columns least..most-1, zeros behind each end.
 */
static void copy_ragged(const tdrop_rows_product *p, size_t first, size_t rows, span s,
                        float *copy) {
    const tdrop_gather gather = {.rows = rows,
                                 .order = p->order + first,
                                 .keep = p->inner + first,
                                 .from = p->a,
                                 .stride = p->a_stride,
                                 .column = s.least,
                                 .width = copied_width(s),
                                 .to = copy};
    p->kernels->gather(&gather);
}

/* The runs of a tile over any panel, but for where the panel and its columns are: the rows as they
 * lie, then their ragged ends. */
static size_t plan_runs(const tdrop_rows_product *p, size_t first, size_t rows, float *copy,
                        tdrop_run run[2]) {
    span s = inner_span(p, first, rows);
    size_t count = 0;
    if (s.least) {
        run[count] = (tdrop_run){.count = s.least, .a_step = 1};
        for (size_t r = 0; r < rows; r++)
            run[count].a[r] = p->a + p->order[first + r] * p->a_stride;
        count++;
    }
    if (s.most > s.least) {
        copy_ragged(p, first, rows, s, copy);
        run[count] = (tdrop_run){.count = s.most - s.least, .a_step = 1};
        for (size_t r = 0; r < rows; r++)
            run[count].a[r] = copy + r * copied_width(s);
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

/* One tile over one panel; false when no row wants it, nor any panel behind it. */
static bool run_panel(const tdrop_rows_product *p, size_t first, size_t panel, tdrop_tile *tile,
                      tdrop_run *run) {
    static const float no_bias[TDROP_MOST_NR];
    const size_t nr = p->kernels->nr, column = panel * nr;
    const float *b = p->panels + column * p->inner_size;
    tile->columns = plan_targets(p, first, column, tile);
    if (tile->columns == 0) return false;
    tile->bias = p->bias ? p->bias + column : no_bias;
    for (size_t i = 0; i < tile->run_count; i++) {
        run[i].columns = tile->columns;
        run[i].b = b;
        b += run[i].count * nr;
    }
    p->kernels->tile(tile);
    return true;
}

/* mr rows over some panels: where they lie and end is found once for all of them. */
static void run_tiles(const tdrop_rows_product *p, size_t first, size_t rows, size_t panel,
                      size_t end, float *copy) {
    tdrop_run run[2];
    tdrop_tile tile = {.rows = rows, .runs = run, .relu = p->relu};
    tile.run_count = plan_runs(p, first, rows, copy, run);
    while (panel < end && run_panel(p, first, panel, &tile, run))
        panel++;
}

static size_t block_rows(const tdrop_rows_product *p) {
    return TILES_PER_BLOCK * p->kernels->mr;
}

/* How many panels rows first..last-1 may go through at a time, so that what is read of them stays
 * in the second-level cache from one tile to the next. */
static size_t panels_at_a_time(const tdrop_rows_product *p, size_t first, size_t last) {
    size_t most = inner_span(p, first, last - first).most;
    size_t fit = CACHED_FLOATS / (most * p->kernels->nr + 1);
    return fit < 1 ? 1 : fit > PANELS_PER_GROUP ? PANELS_PER_GROUP : fit;
}

/* Blocks of rows, the first `tall` of which have a task for each panel, the others one for each
 * group of panels. */
typedef struct rows_job {
    const tdrop_rows_product *product;
    size_t blocks, tall, panels, groups;
} rows_job;

static rows_job cut_tasks(const tdrop_rows_product *p) {
    const size_t height = block_rows(p);
    rows_job job = {.product = p, .blocks = (p->rows + height - 1) / height};
    job.panels = (p->columns + p->kernels->nr - 1) / p->kernels->nr;
    job.groups = (job.panels + PANELS_PER_GROUP - 1) / PANELS_PER_GROUP;
    for (size_t first = 0; first < p->rows; first += height, job.tall++)
        if (panels_at_a_time(p, first, p->rows - first < height ? p->rows : first + height) > 1)
            break;
    return job;
}

/* A block of rows over panels panel..end-1. */
static void run_block(const tdrop_rows_product *p, size_t block, size_t panel, size_t end,
                      float *copy) {
    const size_t mr = p->kernels->mr, first = block * block_rows(p);
    const size_t last = p->rows - first < block_rows(p) ? p->rows : first + block_rows(p);
    const size_t step = panels_at_a_time(p, first, last);
    for (; panel < end; panel += step)
        for (size_t row = first; row < last; row += mr)
            run_tiles(p, row, last - row < mr ? last - row : mr, panel,
                      end - panel < step ? end : panel + step, copy);
}

static void run_task(void *arg, size_t index, unsigned worker) {
    const rows_job *job = arg;
    const tdrop_rows_product *p = job->product;
    float *copy = p->workspace + worker * tdrop_rows_product_floats(p->kernels, p->inner_size);
    if (index < job->tall * job->panels) {
        const size_t panel = index / job->tall;
        run_block(p, index % job->tall, panel, panel + 1, copy);
        return;
    }
    index -= job->tall * job->panels;
    const size_t flat = job->blocks - job->tall, panel = index / flat * PANELS_PER_GROUP;
    const size_t end = panel + PANELS_PER_GROUP;
    run_block(p, job->tall + index % flat, panel, end < job->panels ? end : job->panels, copy);
}

void tdrop_rows_product_run(const tdrop_rows_product *product, const tdrop_parallel *parallel) {
    rows_job job = cut_tasks(product);
    const size_t tasks = job.tall * job.panels + (job.blocks - job.tall) * job.groups;
    tdrop_run_tasks(parallel, tasks, run_task, &job);
}
