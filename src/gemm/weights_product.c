/* SPDX-License-Identifier: MIT
 *
 * backward_weights. The sums run over rows, in the order of the staircase. A task is some outputs
 * by some inputs. It copies its columns of x once, as the panels of a product, and its columns of
 * dy block after block, as tiles read them: both without a gap, with zeros beyond each keep. Tall
 * batches are taken in chunks, each chain going on from what the last chunk left in dw: that bounds
 * the workspace and changes no bit. */
#include "base/parallel.h"
#include "base/sizes.h"
#include "gemm/linear.h"

#include <string.h>

/* Blocks are that small so that the copy of dy stays in the second-level cache while the panels of
 * x pass it. */
enum { CHUNK_ROWS = 512, BLOCK_TILES = 16, TASK_INPUTS = 512, ENOUGH_TASKS = 12 };
enum { MOST_STRETCHES = TDROP_MOST_BUCKETS }; /* and at least nr / lanes of any kernel */
enum { LINE_FLOATS = 16 };

/* How outputs and inputs are cut into tasks. */
typedef struct cut {
    size_t block;        /* outputs whose columns of dy are copied at a time, a multiple of mr */
    size_t tall, wide;   /* outputs of a task, a multiple of block; inputs, a multiple of nr */
    size_t down, across; /* tasks */
} cut;

/* The size of a part when `size` is cut into `parts` even parts of whole grains. */
static size_t even_part(size_t size, size_t parts, size_t grain) {
    return tdrop_round_up(tdrop_divide_up(size, parts), grain);
}

static size_t block_outputs(const tdrop_gemm_kernels *kernels, size_t outputs) {
    size_t blocks = tdrop_divide_up(outputs, BLOCK_TILES * kernels->mr);
    return even_part(outputs, blocks, kernels->mr);
}

static size_t widest_task(const tdrop_gemm_kernels *kernels, size_t inputs) {
    return even_part(inputs, tdrop_divide_up(inputs, TASK_INPUTS), kernels->nr);
}

/* The fewer tasks, the less is copied twice; several workers need enough of them to share. */
static cut cut_tasks(const tdrop_gemm_kernels *kernels, size_t outputs, size_t inputs,
                     unsigned workers) {
    cut c = {.block = block_outputs(kernels, outputs), .wide = widest_task(kernels, inputs)};
    const size_t blocks = tdrop_divide_up(outputs, c.block),
                 wanted = workers > 1 ? ENOUGH_TASKS : 1;
    while (c.wide > kernels->nr && blocks * tdrop_divide_up(inputs, c.wide) < wanted)
        c.wide -= kernels->nr;
    c.across = tdrop_divide_up(inputs, c.wide);
    c.tall = tdrop_divide_up(blocks, tdrop_divide_up(wanted, c.across)) * c.block;
    c.down = tdrop_divide_up(outputs, c.tall);
    return c;
}

static size_t chunk_rows(size_t rows) {
    return tdrop_least(rows, CHUNK_ROWS);
}

/* Floats from one panel of a copy to the next: gathering may write a little behind the last row. */
static size_t panel_floats(size_t rows, size_t panel) {
    return tdrop_round_up(rows * panel + TDROP_GATHER_SPILL, LINE_FLOATS);
}

static size_t copy_floats(size_t rows, size_t panel, size_t width) {
    return panel_floats(rows, panel) * tdrop_divide_up(width, panel);
}

size_t tdrop_weights_product_floats(const tdrop_gemm_kernels *kernels, size_t rows, size_t inputs,
                                    size_t outputs) {
    rows = chunk_rows(rows);
    return copy_floats(rows, kernels->mr, block_outputs(kernels, outputs)) +
           copy_floats(rows, kernels->nr, widest_task(kernels, inputs));
}

/* Columns of a matrix as panels, each [rows of the chunk][panel], zeros beyond each row's keep. */
typedef struct copied {
    const float *from;
    size_t stride;
    const int32_t *keep; /* of the row at each place */
    size_t panel;
    float *to; /* panel_floats() from one panel to the next */
} copied;

/* A stretch of places of the staircase, and the two copies of its rows. */
typedef struct row_chunk {
    size_t first, last, rows; /* `rows`: the most a chunk can have */
    copied dy, x;
} row_chunk;

/* Part of the weights: so many outputs from `output` on, so many inputs from `input` on. */
typedef struct part {
    size_t output, outputs, input, inputs;
} part;

/* Places first..last-1 feed the inputs below `inputs`. */
typedef struct stretch {
    size_t first, last, inputs;
} stretch;

/* What of a stretch is in the chunk; false when nothing is. */
static bool clip_to_chunk(const row_chunk *chunk, stretch *s) {
    if (s->first < chunk->first) s->first = chunk->first;
    s->last = tdrop_least(s->last, chunk->last);
    return s->first < s->last;
}

/* Copies columns column..column+width-1 of the rows of the chunk that feed anything from the first
 * output and input of `fed` on; in each bucket those come first. Nobody reads the places of the
 * others. */
static void gather(const tdrop_weights_product *p, const row_chunk *chunk, const copied *c,
                   size_t column, size_t width, const part *fed) {
    const tdrop_staircase *stairs = p->stairs;
    for (size_t b = 0; b < stairs->buckets; b++) {
        stretch s = {.first = stairs->bucket[b]};
        s.last = s.first + tdrop_staircase_prefix(stairs, b, fed->input, fed->output);
        if (!clip_to_chunk(chunk, &s)) continue;
        const tdrop_gather rows = {.rows = s.last - s.first,
                                   .order = stairs->order + s.first,
                                   .keep = c->keep + s.first,
                                   .from = c->from,
                                   .stride = c->stride,
                                   .column = column,
                                   .width = tdrop_round_up(width, c->panel),
                                   .panel = c->panel,
                                   .panel_stride = panel_floats(chunk->rows, c->panel),
                                   .fill = stairs->tail_in && stairs->tail_out,
                                   .to = c->to + (s.first - chunk->first) * c->panel};
        p->kernels->gather(&rows);
    }
}

/* Which places feed a tile. */
typedef struct feeding {
    size_t count;
    stretch stretch[MOST_STRETCHES];
} feeding;

static void add_stretch(feeding *fed, const row_chunk *chunk, stretch s) {
    if (clip_to_chunk(chunk, &s)) fed->stretch[fed->count++] = s;
}

/* Rows that are sorted by keep_in alone fall short of more and more of a panel's vectors: a plan
 * for all tiles of the panel at `input`. */
static void plan_panel(const tdrop_weights_product *p, const row_chunk *chunk, size_t input,
                       feeding *fed) {
    const size_t lanes = p->kernels->lanes,
                 end = tdrop_least(p->stairs->inputs, input + p->kernels->nr);
    size_t first = 0;
    fed->count = 0;
    for (size_t vector = tdrop_divide_up(end - input, lanes); vector-- > 0;) {
        const size_t from = input + vector * lanes;
        const size_t last = tdrop_staircase_prefix(p->stairs, 0, from, 0);
        add_stretch(fed, chunk, (stretch){first, last, from + lanes});
        first = last;
    }
}

/* Otherwise each bucket gives one stretch, whose end follows keep_out: a plan for all panels, for
 * the tile at `output`. */
static void plan_tile(const tdrop_weights_product *p, const row_chunk *chunk, size_t output,
                      feeding *fed) {
    const tdrop_staircase *stairs = p->stairs;
    fed->count = 0;
    for (size_t b = 0; b < stairs->buckets; b++) {
        const size_t first = stairs->bucket[b];
        const size_t last = first + tdrop_staircase_prefix(stairs, b, 0, output);
        add_stretch(fed, chunk, (stretch){first, last, (size_t)stairs->bucket_in[b]});
    }
}

/* The runs of a tile: where the two copies hold what it goes over. dy, x: its panels. */
static void plan_runs(const row_chunk *chunk, const feeding *fed, const float *dy, const float *x,
                      size_t input, tdrop_tile *tile, tdrop_run run[MOST_STRETCHES]) {
    const size_t mr = chunk->dy.panel, nr = chunk->x.panel;
    tile->run_count = 0;
    for (size_t i = 0; i < fed->count; i++) {
        const stretch *s = &fed->stretch[i];
        if (s->inputs <= input) continue;
        const size_t place = s->first - chunk->first;
        tdrop_run *to = &run[tile->run_count++];
        to->count = s->last - s->first;
        to->columns = tdrop_least(s->inputs - input, tile->columns);
        to->a_step = mr;
        to->b = x + place * nr;
        for (size_t r = 0; r < tile->rows; r++)
            to->a[r] = dy + place * mr + r;
    }
}

/* Whether one plan serves all tiles of a panel: no row ends within the outputs. */
static bool tiles_feed_alike(const tdrop_weights_product *p) {
    return p->stairs->tail_in && !p->stairs->tail_out;
}

/* The tiles of one panel of inputs, whose copy is x: all outputs of the block. One plan for all of
 * them, or one for each. */
static void run_panel(const tdrop_weights_product *p, const row_chunk *chunk, const part *block,
                      size_t input, const float *x, const feeding *fed) {
    static const float no_bias[TDROP_MOST_NR];
    const size_t mr = p->kernels->mr;
    const float *dy = chunk->dy.to;
    float *c = p->dw + block->output * p->dw_stride + input;
    tdrop_run run[MOST_STRETCHES];
    tdrop_tile tile = {.columns = tdrop_least(p->stairs->inputs - input, p->kernels->nr),
                       .runs = run,
                       .resume = chunk->first > 0,
                       .bias = no_bias};
    tile.whole = tile.columns == p->kernels->nr;
    for (size_t r = 0; r < mr; r++)
        tile.limit[r] = (int32_t)tile.columns;
    for (size_t done = 0; done < block->outputs; done += mr) {
        tile.rows = tdrop_least(block->outputs - done, mr);
        plan_runs(chunk, fed, dy, x, input, &tile, run);
        for (size_t r = 0; r < tile.rows; r++, c += p->dw_stride)
            tile.c[r] = c;
        if (tile.run_count > 0 || !tile.resume) p->kernels->tile(&tile);
        if (!tiles_feed_alike(p)) fed++;
        dy += panel_floats(chunk->rows, mr);
    }
}

/* db of a block of outputs: the rows added up one after the other. */
static void add_bias_gradient(const tdrop_weights_product *p, size_t output, size_t outputs) {
    float *db = p->db + output;
    memset(db, 0, outputs * sizeof *db);
    for (size_t i = 0; i < p->stairs->rows; i++) {
        const size_t kept = tdrop_count_below(output, outputs, (size_t)p->stairs->keep_out[i]);
        p->kernels->add(kept, p->dy + p->stairs->order[i] * p->dy_stride + output, db);
    }
}

static void run_block(const tdrop_weights_product *p, const row_chunk *chunk, const part *block) {
    const size_t mr = p->kernels->mr, nr = p->kernels->nr;
    const float *x = chunk->x.to;
    feeding fed[BLOCK_TILES];
    gather(p, chunk, &chunk->dy, block->output, block->outputs, block);
    for (size_t done = 0; done < block->outputs && !tiles_feed_alike(p); done += mr)
        plan_tile(p, chunk, block->output + done, &fed[done / mr]);
    for (size_t done = 0; done < block->inputs; done += nr, x += panel_floats(chunk->rows, nr)) {
        if (tiles_feed_alike(p)) plan_panel(p, chunk, block->input + done, fed);
        run_panel(p, chunk, block, block->input + done, x, fed);
    }
}

static void run_chunk(const tdrop_weights_product *p, const row_chunk *chunk, const part *task,
                      size_t block) {
    gather(p, chunk, &chunk->x, task->input, task->inputs, task);
    for (size_t done = 0; done < task->outputs; done += block) {
        part here = *task;
        here.output += done;
        here.outputs = tdrop_least(task->outputs - done, block);
        run_block(p, chunk, &here);
    }
}

static row_chunk first_chunk(const tdrop_weights_product *p, size_t block, unsigned worker) {
    const tdrop_staircase *stairs = p->stairs;
    const size_t mr = p->kernels->mr, rows = chunk_rows(stairs->rows);
    float *own =
        p->workspace + worker * tdrop_weights_product_floats(p->kernels, stairs->rows,
                                                             stairs->inputs, stairs->outputs);
    return (row_chunk){.rows = rows,
                       .dy = {p->dy, p->dy_stride, stairs->keep_out, mr, own},
                       .x = {p->x, p->x_stride, stairs->keep_in, p->kernels->nr,
                             own + copy_floats(rows, mr, block)}};
}

/* Zeros where no row feeds the part; returns what is left of it. */
static part clear_unfed(const tdrop_weights_product *p, part task) {
    const tdrop_staircase *stairs = p->stairs;
    part fed = task;
    fed.outputs = tdrop_count_below(task.output, task.outputs, stairs->most_out);
    fed.inputs = tdrop_count_below(task.input, task.inputs, stairs->most_in);
    for (size_t i = 0; i < task.outputs; i++) {
        const size_t sums = i < fed.outputs ? fed.inputs : 0;
        float *row = p->dw + (task.output + i) * p->dw_stride + task.input;
        memset(row + sums, 0, (task.inputs - sums) * sizeof *row);
    }
    return fed;
}

static void run_chunks(const tdrop_weights_product *p, const part *task, size_t block,
                       unsigned worker) {
    row_chunk chunk = first_chunk(p, block, worker);
    for (; chunk.first < p->stairs->rows; chunk.first = chunk.last) {
        chunk.last = tdrop_least(p->stairs->rows, chunk.first + CHUNK_ROWS);
        run_chunk(p, &chunk, task, block);
    }
}

typedef struct weights_job {
    const tdrop_weights_product *product;
    cut cut;
} weights_job;

static void run_task(void *arg, size_t index, unsigned worker) {
    const weights_job *job = arg;
    const tdrop_weights_product *p = job->product;
    const cut *c = &job->cut;
    part task = {.output = index % c->down * c->tall, .input = index / c->down * c->wide};
    task.outputs = tdrop_least(p->stairs->outputs - task.output, c->tall);
    task.inputs = tdrop_least(p->stairs->inputs - task.input, c->wide);
    const part fed = clear_unfed(p, task);
    if (fed.outputs && fed.inputs) run_chunks(p, &fed, c->block, worker);
    if (p->db && task.input == 0) add_bias_gradient(p, task.output, task.outputs);
}

void tdrop_weights_product_run(const tdrop_weights_product *product,
                               const tdrop_parallel *parallel) {
    const tdrop_staircase *stairs = product->stairs;
    weights_job job = {product, cut_tasks(product->kernels, stairs->outputs, stairs->inputs,
                                          tdrop_workers(parallel))};
    tdrop_run_tasks(parallel, job.cut.down * job.cut.across, run_task, &job);
}
