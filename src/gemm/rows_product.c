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
#include "base/sizes.h"
#include "gemm/linear.h"

#include <string.h>

enum { TILES_PER_BLOCK = 8, GROUP_COLUMNS = 256, WIDTH_GRAIN = 16 };
enum { CACHED_FLOATS = 128 * 1024 }; /* of panels: half of a second-level cache of 1 MiB */

typedef struct span {
    size_t least, most; /* of the keeps of some rows */
} span;

size_t tdrop_rows_product_floats(const tdrop_gemm_kernels *kernels, size_t inner_size) {
    return kernels->mr * (inner_size + WIDTH_GRAIN);
}

static span span_of(const int32_t *keep, size_t first, size_t rows) {
    span s = {(size_t)keep[first], (size_t)keep[first]};
    for (size_t i = first + 1; i < first + rows; i++) {
        if ((size_t)keep[i] < s.least) s.least = (size_t)keep[i];
        if ((size_t)keep[i] > s.most) s.most = (size_t)keep[i];
    }
    return s;
}

/* The copies are as wide as whole vectors of any instruction set, with zeros behind. */
static size_t copied_width(span s) {
    return tdrop_round_up(s.most - s.least, WIDTH_GRAIN);
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
                                 .panel = copied_width(s),
                                 .fill = true,
                                 .to = copy};
    p->kernels->gather(&gather);
}

/* The runs of a tile over any panel, but for where the panel and its columns are: the rows as they
 * lie, then their ragged ends. */
static size_t plan_runs(const tdrop_rows_product *p, size_t first, size_t rows, float *copy,
                        tdrop_run run[2]) {
    span s = span_of(p->inner, first, rows);
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

/* Where the tile's rows begin. */
static void plan_targets(const tdrop_rows_product *p, size_t first, size_t column,
                         tdrop_tile *tile) {
    for (size_t r = 0; r < tile->rows; r++) {
        size_t offset = p->order[first + r] * p->c_stride + column;
        tile->c[r] = p->c + offset;
        tile->gate[r] = p->gate ? p->gate + offset : NULL;
    }
}

static void move_targets(size_t columns, tdrop_tile *tile) {
    for (size_t r = 0; r < tile->rows; r++) {
        tile->c[r] += columns;
        if (tile->gate[r]) tile->gate[r] += columns;
    }
}

/* How much of the panel at `column` each row wants, where not all want all of it. */
static void set_limits(const tdrop_rows_product *p, size_t first, size_t column, tdrop_tile *tile) {
    for (size_t r = 0; r < tile->rows; r++)
        tile->limit[r] =
            (int32_t)tdrop_count_below(column, tile->columns, (size_t)p->limit[first + r]);
}

/* One tile over one panel, which some row wants. */
static void run_panel(const tdrop_rows_product *p, size_t first, size_t column, span limit,
                      tdrop_tile *tile, tdrop_run *run) {
    static const float no_bias[TDROP_MOST_NR];
    const size_t nr = p->kernels->nr;
    const float *b = p->panels + column * p->inner_size;
    tile->columns = tdrop_least(limit.most - column, nr);
    tile->whole = limit.least >= column + nr;
    if (!tile->whole) set_limits(p, first, column, tile);
    tile->bias = p->bias ? p->bias + column : no_bias;
    for (size_t i = 0; i < tile->run_count; i++) {
        run[i].columns = tile->columns;
        run[i].b = b;
        b += run[i].count * nr;
    }
    p->kernels->tile(tile);
}

/* mr rows over the columns from `column` to `end` that any of them wants: where they lie and end is
 * found once for all of these. */
static void run_tiles(const tdrop_rows_product *p, size_t first, size_t rows, size_t column,
                      size_t end, float *copy) {
    const size_t nr = p->kernels->nr;
    const span limit = span_of(p->limit, first, rows);
    tdrop_run run[2];
    tdrop_tile tile = {.rows = rows, .runs = run, .relu = p->relu};
    end = tdrop_least(end, limit.most);
    if (column >= end) return;
    tile.run_count = plan_runs(p, first, rows, copy, run);
    plan_targets(p, first, column, &tile);
    for (; column < end; column += nr, move_targets(nr, &tile))
        run_panel(p, first, column, limit, &tile, run);
}

static size_t block_rows(const tdrop_rows_product *p) {
    return TILES_PER_BLOCK * p->kernels->mr;
}

static size_t panels_per_group(const tdrop_rows_product *p) {
    return GROUP_COLUMNS / p->kernels->nr;
}

/* How many panels rows first..last-1 may go through at a time, so that what is read of them stays
 * in the second-level cache from one tile to the next. */
static size_t panels_at_a_time(const tdrop_rows_product *p, size_t first, size_t last) {
    size_t most = span_of(p->inner, first, last - first).most;
    size_t fit = CACHED_FLOATS / (most * p->kernels->nr + 1);
    return fit < 1 ? 1 : tdrop_least(fit, panels_per_group(p));
}

/* Blocks of rows, the first `tall` of which have a task for each panel, the others one for each
 * group of panels. */
typedef struct rows_job {
    const tdrop_rows_product *product;
    size_t blocks, tall, panels, groups;
} rows_job;

static rows_job cut_tasks(const tdrop_rows_product *p) {
    const size_t height = block_rows(p);
    rows_job job = {.product = p, .blocks = tdrop_divide_up(p->rows, height)};
    job.panels = tdrop_divide_up(p->columns, p->kernels->nr);
    job.groups = tdrop_divide_up(job.panels, panels_per_group(p));
    for (size_t first = 0; first < p->rows; first += height, job.tall++)
        if (panels_at_a_time(p, first, tdrop_least(first + height, p->rows)) > 1) break;
    return job;
}

/* A block of rows over panels panel..end-1. */
static void run_block(const tdrop_rows_product *p, size_t block, size_t panel, size_t end,
                      float *copy) {
    const size_t mr = p->kernels->mr, first = block * block_rows(p);
    const size_t last = tdrop_least(first + block_rows(p), p->rows);
    const size_t step = panels_at_a_time(p, first, last);
    for (; panel < end; panel += step)
        for (size_t row = first; row < last; row += mr)
            run_tiles(p, row, tdrop_least(last - row, mr), panel * p->kernels->nr,
                      tdrop_least(panel + step, end) * p->kernels->nr, copy);
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
    const size_t flat = job->blocks - job->tall, panel = index / flat * panels_per_group(p);
    const size_t end = panel + panels_per_group(p);
    run_block(p, job->tall + index % flat, panel, tdrop_least(end, job->panels), copy);
}

void tdrop_rows_product_run(const tdrop_rows_product *product, const tdrop_parallel *parallel) {
    rows_job job = cut_tasks(product);
    const size_t tasks = job.tall * job.panels + (job.blocks - job.tall) * job.groups;
    tdrop_run_tasks(parallel, tasks, run_task, &job);
}
