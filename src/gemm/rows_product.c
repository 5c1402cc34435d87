/* SPDX-License-Identifier: MIT
 *
 * Forward and backward_input. Rows are walked in the order of the staircase, mr at a time, so that
 * the rows of a tile keep about the same. Up to the least of their inner keeps the tile reads them
 * where they lie; from there to the greatest they are copied, with zeros behind each row's end, and
 * the chain goes on over the copy: a fused multiply-add with a zero changes no sum.
 *
 * A task is some panels against some rows, the panels packed first unless they are already. Long
 * rows go through one panel after the other, so that it stays in the cache while all rows pass it.
 * Where rows are short all panels of the task fit there at once: then what it takes to plan a tile
 * is spent once for all of them.
 */
#include "base/parallel.h"
#include "base/sizes.h"
#include "gemm/linear.h"

enum { BLOCK_TILES = 8, BLOCKS_PER_STRETCH = 4, WIDTH_GRAIN = 16 };
enum { LEAST_COLUMNS = 128 };        /* of a task, where there are as many */
enum { CACHED_FLOATS = 128 * 1024 }; /* of panels: half of a second-level cache of 1 MiB */
enum { TASKS_PER_WORKER = 4 };       /* to aim at, so that long and short ones even out */

typedef struct span {
    size_t least, most; /* of the keeps of some rows */
} span;

static size_t ragged_floats(const tdrop_gemm_kernels *kernels, size_t inner) {
    return kernels->mr * tdrop_round_up(inner, WIDTH_GRAIN);
}

size_t tdrop_rows_product_floats(const tdrop_gemm_kernels *kernels, size_t inner) {
    return ragged_floats(kernels, inner) + LEAST_COLUMNS * inner;
}

/* Places first..last-1 of the staircase over panels panel..end-1, of which `b` is the first. */
typedef struct rows_task {
    const tdrop_rows_product *product;
    size_t first, last, panel, end;
    const float *b;
    float *ragged; /* for copies of the rows' ends */
} rows_task;

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
    p->b.kernels->gather(&gather);
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
static void run_panel(const rows_task *t, size_t first, size_t column, span limit, tdrop_tile *tile,
                      tdrop_run *run) {
    static const float no_bias[TDROP_MOST_NR];
    const tdrop_rows_product *p = t->product;
    const size_t nr = p->b.kernels->nr;
    const float *b = t->b + (column - t->panel * nr) * p->b.inner;
    tile->columns = tdrop_least(limit.most - column, nr);
    tile->whole = limit.least >= column + nr;
    if (!tile->whole) set_limits(p, first, column, tile);
    tile->bias = p->bias ? p->bias + column : no_bias;
    for (size_t i = 0; i < tile->run_count; i++) {
        run[i].columns = tile->columns;
        run[i].b = b;
        b += run[i].count * nr;
    }
    p->b.kernels->tile(tile);
}

/* mr rows over those columns of panels panel..end-1 that any of them wants: where they lie and end
 * is found once for all of these. */
static void run_tiles(const rows_task *t, size_t first, size_t rows, size_t panel, size_t end) {
    const tdrop_rows_product *p = t->product;
    const size_t nr = p->b.kernels->nr;
    const span limit = span_of(p->limit, first, rows);
    const size_t last = tdrop_least(end * nr, limit.most);
    size_t column = panel * nr;
    tdrop_run run[2];
    tdrop_tile tile = {.rows = rows, .runs = run, .relu = p->relu};
    if (column >= last) return;
    tile.run_count = plan_runs(p, first, rows, t->ragged, run);
    plan_targets(p, first, column, &tile);
    for (; column < last; column += nr, move_targets(nr, &tile))
        run_panel(t, first, column, limit, &tile, run);
}

static void run_rows(const rows_task *t, size_t first, size_t last, size_t panel, size_t end) {
    const size_t mr = t->product->b.kernels->mr;
    for (size_t row = first; row < last; row += mr)
        run_tiles(t, row, tdrop_least(last - row, mr), panel, end);
}

static size_t block_rows(const tdrop_rows_product *p) {
    return BLOCK_TILES * p->b.kernels->mr;
}

/* Whether all panels of the task, as far as these rows read them, fit the cache at once. */
static bool panels_fit(const rows_task *t, size_t first, size_t last) {
    const size_t floats = (t->end - t->panel) * t->product->b.kernels->nr;
    return span_of(t->product->inner, first, last - first).most * floats <= CACHED_FLOATS;
}

/* The first place from which on they fit: a block further is looked at each time. */
static size_t first_short(const rows_task *t) {
    const size_t height = block_rows(t->product);
    size_t row = t->first;
    while (row < t->last && !panels_fit(t, row, tdrop_least(row + height, t->last)))
        row = tdrop_least(row + height, t->last);
    return row;
}

static void run_task_rows(const rows_task *t) {
    const size_t split = first_short(t);
    for (size_t panel = t->panel; panel < t->end; panel++)
        run_rows(t, t->first, split, panel, panel + 1);
    run_rows(t, split, t->last, t->panel, t->end);
}

/* How a product is cut: into so many strips of panels by so many stretches of rows. */
typedef struct rows_job {
    const tdrop_rows_product *product;
    size_t panels, panels_per_task, strips;
    size_t rows_per_task, stretches;
} rows_job;

static size_t mean_inner(const tdrop_rows_product *p) {
    size_t sum = 0;
    for (size_t i = 0; i < p->rows; i++)
        sum += (size_t)p->inner[i];
    return sum / p->rows;
}

/* More panels where the average row leaves room for them in the cache, and the workspace does. */
static size_t most_panels(const tdrop_rows_product *p) {
    const size_t nr = p->b.kernels->nr,
                 room = p->worker_floats - ragged_floats(p->b.kernels, p->b.inner);
    size_t columns = CACHED_FLOATS / 2 / (mean_inner(p) + 1);
    if (!p->packed) columns = tdrop_least(columns, room / (p->b.inner + 1));
    return (columns < LEAST_COLUMNS ? LEAST_COLUMNS : columns) / nr;
}

/* Each stretch of rows packs the panels anew: where there are strips for all workers, it has so
 * many blocks that this does not count. */
static size_t least_blocks(const rows_job *job, unsigned workers) {
    return job->product->packed || job->strips < workers ? 1 : BLOCKS_PER_STRETCH;
}

static rows_job cut_tasks(const tdrop_rows_product *p, unsigned workers) {
    const size_t wanted = workers > 1 ? (size_t)workers * TASKS_PER_WORKER : 1;
    const size_t blocks = tdrop_divide_up(p->rows, block_rows(p));
    rows_job job = {.product = p, .panels = tdrop_divide_up(p->b.columns, p->b.kernels->nr)};
    job.panels_per_task = tdrop_least(job.panels, most_panels(p));
    while (job.panels_per_task > 1 && tdrop_divide_up(job.panels, job.panels_per_task) < wanted)
        job.panels_per_task--;
    job.strips = tdrop_divide_up(job.panels, job.panels_per_task);
    const size_t most = tdrop_divide_up(blocks, least_blocks(&job, workers));
    const size_t stretches = tdrop_least(tdrop_divide_up(wanted, job.strips), most);
    job.rows_per_task = tdrop_divide_up(blocks, stretches) * block_rows(p);
    job.stretches = tdrop_divide_up(p->rows, job.rows_per_task);
    return job;
}

static void run_task(void *arg, size_t index, unsigned worker) {
    const rows_job *job = arg;
    const tdrop_rows_product *p = job->product;
    const size_t nr = p->b.kernels->nr;
    float *own = p->workspace + worker * p->worker_floats;
    float *panels = own + ragged_floats(p->b.kernels, p->b.inner);
    rows_task t = {.product = p, .ragged = own};
    t.first = index / job->strips * job->rows_per_task;
    t.last = tdrop_least(t.first + job->rows_per_task, p->rows);
    t.panel = index % job->strips * job->panels_per_task;
    const size_t most = span_of(p->limit, t.first, t.last - t.first).most;
    t.end = tdrop_least(t.panel + job->panels_per_task, tdrop_divide_up(most, nr));
    if (t.panel >= t.end) return;
    t.b = p->packed ? p->packed + t.panel * nr * p->b.inner : panels;
    if (!p->packed) tdrop_panels_pack(&p->b, t.panel, t.end, panels);
    run_task_rows(&t);
}

void tdrop_rows_product_run(const tdrop_rows_product *product, const tdrop_parallel *parallel) {
    rows_job job = cut_tasks(product, tdrop_workers(parallel));
    tdrop_run_tasks(parallel, job.strips * job.stretches, run_task, &job);
}
