/* SPDX-License-Identifier: MIT */
#include "model/across.h"

#include "base/parallel.h"
#include "base/sizes.h"

#include <string.h>

enum { ROWS = TDROP_PASS_ROWS, STRETCH = 64 };

bool tdrop_across_fits(const tdrop_columns *columns, const tdrop_loss_op *loss) {
    return loss->across && columns->consumer->edge + 1 == columns->net->step_count &&
           columns->consumer->layer->outputs <= TDROP_PASS_COLUMNS;
}

typedef struct across_job {
    const tdrop_columns *columns;
    const tdrop_loss_op *loss;
    const float *targets;
    size_t first_k, last_k;
    tdrop_row_result *results;
} across_job;

/* Rows of a task; their sums lie in one piece of those of the columns, [outputs, ROWS]. */
typedef struct block {
    size_t first, rows;
    float *sums;
} block;

/* Columns first_column..first_column+count-1 of the block's rows, side by side; zeros where there
 * is no row. */
static void load_stretch(const across_job *job, const block *b, size_t first_column, size_t count,
                         float x[STRETCH][ROWS]) {
    const tdrop_edge *from = &job->columns->net->edges[job->columns->consumer->edge];
    const float *row = from->values + b->first * from->width + first_column;
    if (b->rows < ROWS) memset(x, 0, count * sizeof *x);
    for (size_t i = 0; i < b->rows; i++, row += from->width)
        for (size_t j = 0; j < count; j++)
            x[j][i] = row[j];
}

static void find_results(const across_job *job, const block *b, size_t k) {
    const tdrop_columns *c = job->columns;
    const size_t outputs = c->consumer->layer->outputs;
    float y[TDROP_PASS_COLUMNS * ROWS];
    c->net->pass->add_biases(outputs, b->sums, c->bias, y);
    job->loss->across(c->net->pass, b->rows, outputs, y, job->targets + b->first,
                      job->results + (k - job->first_k) * c->net->rows + b->first);
}

static void advance_block(void *arg, size_t index, unsigned worker) {
    const across_job *job = arg;
    const tdrop_columns *c = job->columns;
    const size_t outputs = c->consumer->layer->outputs, first = index * ROWS;
    const block b = {first, tdrop_least(c->net->rows - first, ROWS), c->sums + first * outputs};
    float x[STRETCH][ROWS];
    (void)worker;
    if (job->first_k == c->k) find_results(job, &b, c->k);
    for (size_t k = c->k, count; k < job->last_k; k += count) {
        count = tdrop_least(job->last_k - k, STRETCH);
        load_stretch(job, &b, k, count, x);
        for (size_t j = 0; j < count; j++) {
            c->net->pass->add_products(outputs, x[j], c->weights + (k + j) * outputs, b.sums);
            if (k + j + 1 >= job->first_k) find_results(job, &b, k + j + 1);
        }
    }
}

void tdrop_across_advance(tdrop_columns *columns, const tdrop_loss_op *loss, const float *targets,
                          size_t first_k, size_t last_k, tdrop_row_result *results) {
    across_job job = {columns, loss, targets, first_k, last_k, results};
    tdrop_net *net = columns->net;
    tdrop_run_tasks(net->parallel, tdrop_divide_up(net->rows, ROWS), advance_block, &job);
    columns->k = net->kept[columns->tail] = last_k;
}
