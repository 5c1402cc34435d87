/* SPDX-License-Identifier: MIT
 *
 * backward_weights. The sums run over rows, in the order of the staircase. A task is a block of
 * outputs by a group of panels of inputs: it copies its columns of dy, and one panel of x after the
 * other, as rows of the staircase with zeros beyond each keep, so that the tiles stream through
 * both. Tall batches are taken in chunks, each chain going on from what the last chunk left in dw:
 * that bounds the workspace and changes no bit. */
#include "base/parallel.h"
#include "gemm/linear.h"

#include <string.h>

enum { CHUNK_ROWS = 512, BLOCK_TILES = 32, GROUP_PANELS = 8, ENOUGH_TASKS = 8 };
enum { MOST_STRETCHES = TDROP_MOST_BUCKETS }; /* and at least nr / lanes of any kernel */

/* How outputs and inputs are cut into tasks. */
typedef struct cut {
    size_t output_blocks, block; /* blocks of so many outputs, a multiple of mr */
    size_t input_groups, group;  /* groups of so many inputs, a multiple of nr */
} cut;

static size_t divide_up(size_t a, size_t b) {
    return (a + b - 1) / b;
}

/* The size of a part when `size` is cut into `parts` even parts of whole grains. */
static size_t even_part(size_t size, size_t parts, size_t grain) {
    return divide_up(divide_up(size, parts), grain) * grain;
}

static size_t block_outputs(const tdrop_gemm_kernels *kernels, size_t outputs) {
    size_t blocks = divide_up(outputs, BLOCK_TILES * kernels->mr);
    return even_part(outputs, blocks, kernels->mr);
}

static cut cut_tasks(const tdrop_gemm_kernels *kernels, size_t outputs, size_t inputs) {
    cut c = {.block = block_outputs(kernels, outputs)};
    c.output_blocks = divide_up(outputs, c.block);
    size_t panels = divide_up(inputs, kernels->nr);
    size_t per_group = GROUP_PANELS;
    while (per_group > 1 && c.output_blocks * divide_up(panels, per_group) < ENOUGH_TASKS)
        per_group--;
    c.group = even_part(inputs, divide_up(panels, per_group), kernels->nr);
    c.input_groups = divide_up(inputs, c.group);
    return c;
}

/* Rows are gathered in whole cache lines. */
static size_t gathered_width(size_t block) {
    return divide_up(block, 16) * 16;
}

static size_t chunk_rows(size_t rows) {
    return rows < CHUNK_ROWS ? rows : CHUNK_ROWS;
}

size_t tdrop_weights_product_floats(const tdrop_gemm_kernels *kernels, size_t rows,
                                    size_t outputs) {
    return chunk_rows(rows) * (gathered_width(block_outputs(kernels, outputs)) + kernels->nr);
}

/* A stretch of places of the staircase, and the two copies of its rows. */
typedef struct row_chunk {
    size_t first, last;
    float *dy; /* [last - first][dy_width] */
    size_t dy_width;
    float *x; /* [last - first][nr] */
} row_chunk;

/* What is copied of a matrix: columns column..column+width-1, zeros beyond each row's keep. */
typedef struct copied {
    const float *from;
    size_t stride;
    const int32_t *keep; /* of the row at each place */
    size_t column, width;
    float *to; /* [chunk][width] */
} copied;

/* Copies the rows of the chunk that feed anything from `output` and `input` on; in each bucket
 * those come first. Nobody reads the places of the others. */
static void gather(const tdrop_weights_product *p, const row_chunk *chunk, const copied *c,
                   size_t output, size_t input) {
    const tdrop_staircase *stairs = p->stairs;
    for (size_t b = 0; b < stairs->buckets; b++) {
        size_t first = stairs->bucket[b];
        size_t last = first + tdrop_staircase_prefix(stairs, b, input, output);
        if (first < chunk->first) first = chunk->first;
        if (last > chunk->last) last = chunk->last;
        if (first >= last) continue;
        const tdrop_gather rows = {.rows = last - first,
                                   .order = stairs->order + first,
                                   .keep = c->keep + first,
                                   .from = c->from,
                                   .stride = c->stride,
                                   .column = c->column,
                                   .width = c->width,
                                   .to = c->to + (first - chunk->first) * c->width};
        p->kernels->gather(&rows);
    }
}

/* Places first..last-1 feed the leading `columns` of a panel. */
typedef struct stretch {
    size_t first, last, columns;
} stretch;

static size_t add_stretch(stretch *stretches, size_t count, const row_chunk *chunk, size_t first,
                          size_t last, size_t columns) {
    if (first < chunk->first) first = chunk->first;
    if (last > chunk->last) last = chunk->last;
    if (first >= last) return count;
    stretches[count] = (stretch){first, last, columns};
    return count + 1;
}

/* Which places feed the panel at `input` and the tile at `output`. Rows sorted by keep_in alone
 * fall short of more and more of the panel's vectors; otherwise each bucket gives one stretch,
 * whose end follows keep_out. */
static size_t plan_stretches(const tdrop_weights_product *p, const row_chunk *chunk, size_t output,
                             size_t input, size_t columns, stretch stretches[MOST_STRETCHES]) {
    const tdrop_staircase *stairs = p->stairs;
    size_t lanes = p->kernels->lanes, count = 0, first = 0;
    if (stairs->tail_in && !stairs->tail_out) {
        for (size_t vector = divide_up(columns, lanes); vector-- > 0;) {
            size_t last = tdrop_staircase_prefix(stairs, 0, input + vector * lanes, output);
            size_t end = (vector + 1) * lanes;
            count =
                add_stretch(stretches, count, chunk, first, last, end < columns ? end : columns);
            first = last;
        }
        return count;
    }
    for (size_t b = 0; b < stairs->buckets; b++) {
        first = stairs->bucket[b];
        size_t last = first + tdrop_staircase_prefix(stairs, b, input, output);
        count = add_stretch(stretches, count, chunk, first, last, columns);
    }
    return count;
}

/* Runs of the tile whose first output stands in column dy_column of the gathered dy. */
static void point_runs(const tdrop_weights_product *p, const row_chunk *chunk, size_t dy_column,
                       const stretch *stretches, tdrop_tile *tile, tdrop_run run[MOST_STRETCHES]) {
    for (size_t i = 0; i < tile->run_count; i++) {
        size_t place = stretches[i].first - chunk->first;
        const float *dy = chunk->dy + place * chunk->dy_width + dy_column;
        run[i].count = stretches[i].last - stretches[i].first;
        run[i].columns = stretches[i].columns;
        run[i].a_step = chunk->dy_width;
        run[i].b = chunk->x + place * p->kernels->nr;
        for (size_t r = 0; r < tile->rows; r++)
            run[i].a[r] = dy + r;
    }
}

/* The tiles of one panel of inputs: all outputs of the block. */
static void run_panel(const tdrop_weights_product *p, const row_chunk *chunk, size_t output,
                      size_t outputs, size_t input) {
    static const float no_bias[TDROP_MOST_NR];
    size_t mr = p->kernels->mr, nr = p->kernels->nr, left = p->stairs->inputs - input;
    stretch stretches[MOST_STRETCHES];
    tdrop_run run[MOST_STRETCHES];
    tdrop_tile tile = {.columns = left < nr ? left : nr, .runs = run, .bias = no_bias};
    tile.resume = chunk->first > 0;
    for (size_t done = 0; done < outputs; done += mr) {
        tile.rows = outputs - done < mr ? outputs - done : mr;
        if (done == 0 || p->stairs->tail_out)
            tile.run_count =
                plan_stretches(p, chunk, output + done, input, tile.columns, stretches);
        if (tile.resume && tile.run_count == 0) continue;
        point_runs(p, chunk, done, stretches, &tile, run);
        for (size_t r = 0; r < tile.rows; r++) {
            tile.c[r] = p->dw + (output + done + r) * p->dw_stride + input;
            tile.limit[r] = (int32_t)tile.columns;
        }
        p->kernels->tile(&tile);
    }
}

/* db of a block of outputs: the rows added up one after the other. */
static void add_bias_gradient(const tdrop_weights_product *p, size_t output, size_t outputs) {
    float *db = p->db + output;
    memset(db, 0, outputs * sizeof *db);
    for (size_t i = 0; i < p->stairs->rows; i++) {
        size_t end = (size_t)p->stairs->keep_out[i];
        size_t kept = end <= output ? 0 : end - output < outputs ? end - output : outputs;
        p->kernels->add(kept, p->dy + p->stairs->order[i] * p->dy_stride + output, db);
    }
}

typedef struct weights_job {
    const tdrop_weights_product *product;
    cut cut;
} weights_job;

static void run_chunk(const tdrop_weights_product *p, row_chunk *chunk, size_t output,
                      size_t outputs, size_t input, size_t inputs) {
    const size_t nr = p->kernels->nr;
    const tdrop_staircase *stairs = p->stairs;
    const copied dy = {.from = p->dy,
                       .stride = p->dy_stride,
                       .keep = stairs->keep_out,
                       .column = output,
                       .width = chunk->dy_width,
                       .to = chunk->dy};
    copied x = {
        .from = p->x, .stride = p->x_stride, .keep = stairs->keep_in, .width = nr, .to = chunk->x};
    gather(p, chunk, &dy, output, input);
    for (size_t done = 0; done < inputs; done += nr) {
        x.column = input + done;
        gather(p, chunk, &x, output, x.column);
        run_panel(p, chunk, output, outputs, x.column);
    }
}

static void run_task(void *arg, size_t index, unsigned worker) {
    const weights_job *job = arg;
    const tdrop_weights_product *p = job->product;
    size_t rows = p->stairs->rows, outputs = p->stairs->outputs, inputs = p->stairs->inputs;
    size_t output = index / job->cut.input_groups * job->cut.block;
    size_t input = index % job->cut.input_groups * job->cut.group;
    size_t block = outputs - output < job->cut.block ? outputs - output : job->cut.block;
    size_t group = inputs - input < job->cut.group ? inputs - input : job->cut.group;
    row_chunk chunk = {.dy_width = gathered_width(job->cut.block)};
    chunk.dy = p->workspace + worker * tdrop_weights_product_floats(p->kernels, rows, outputs);
    chunk.x = chunk.dy + chunk_rows(rows) * chunk.dy_width;
    do {
        chunk.last = rows - chunk.first < CHUNK_ROWS ? rows : chunk.first + CHUNK_ROWS;
        run_chunk(p, &chunk, output, block, input, group);
        chunk.first = chunk.last;
    } while (chunk.first < rows);
    if (p->db && input == 0) add_bias_gradient(p, output, block);
}

void tdrop_weights_product_run(const tdrop_weights_product *product,
                               const tdrop_parallel *parallel) {
    const tdrop_staircase *stairs = product->stairs;
    weights_job job = {product, cut_tasks(product->kernels, stairs->outputs, stairs->inputs)};
    tdrop_run_tasks(parallel, job.cut.output_blocks * job.cut.input_groups, run_task, &job);
}
