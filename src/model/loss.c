/* SPDX-License-Identifier: MIT */
#include "model/loss.h"

#include "base/names.h"
#include "base/parallel.h"
#include "base/sizes.h"

#include <math.h>
#include <string.h>

/* ---- mean squared error over the entries of a row ---- */

static void squared_error_rows(const tdrop_pass_kernels *pass, double delta, size_t rows,
                               size_t columns, float *y, const float *target, bool gradient,
                               double share, tdrop_row_result *result) {
    float scale = (float)(2.0 * share / (double)columns);
    (void)delta;
    for (size_t i = 0; i < rows; i++, y += columns, target += columns) {
        result[i] =
            (tdrop_row_result){.loss = pass->squared_error(columns, y, target) / (double)columns};
        if (gradient) pass->squared_error_gradient(columns, scale, y, target);
    }
}

static double squared_error_reference(double delta, size_t columns, const double *y,
                                      const float *target) {
    double sum = 0.0;
    (void)delta;
    for (size_t j = 0; j < columns; j++)
        sum += (y[j] - (double)target[j]) * (y[j] - (double)target[j]);
    return sum / (double)columns;
}

/* ---- Huber's loss: squares near 0, distances beyond delta ---- */

static void huber_rows(const tdrop_pass_kernels *pass, double delta, size_t rows, size_t columns,
                       float *y, const float *target, bool gradient, double share,
                       tdrop_row_result *result) {
    const float scale = (float)(share / (double)columns), limit = (float)delta;
    for (size_t i = 0; i < rows; i++, y += columns, target += columns) {
        result[i] =
            (tdrop_row_result){.loss = pass->huber(columns, limit, y, target) / (double)columns};
        if (gradient) pass->huber_gradient(columns, scale, limit, y, target);
    }
}

static double huber_reference(double delta, size_t columns, const double *y, const float *target) {
    double sum = 0.0;
    for (size_t j = 0; j < columns; j++) {
        const double distance = fabs(y[j] - (double)target[j]);
        sum += distance <= delta ? distance * distance / 2.0 : delta * (distance - delta / 2.0);
    }
    return sum / (double)columns;
}

/* ---- binary cross-entropy of logits ---- */

static void binary_rows(const tdrop_pass_kernels *pass, double delta, size_t rows, size_t columns,
                        float *y, const float *target, bool gradient, double share,
                        tdrop_row_result *result) {
    const float scale = (float)(share / (double)columns);
    (void)delta;
    for (size_t i = 0; i < rows; i++, y += columns, target += columns) {
        result[i] = (tdrop_row_result){.loss = pass->binary(columns, y, target) / (double)columns};
        if (gradient) pass->binary_gradient(columns, scale, y, target);
    }
}

static void binary_finish(const tdrop_pass_kernels *pass, size_t rows, size_t columns, float *y) {
    enum { BLOCK = 256 };
    float logit[BLOCK];
    for (size_t left = rows * columns, count; left > 0; left -= count, y += count) {
        count = tdrop_least(left, BLOCK);
        memcpy(logit, y, count * sizeof *y);
        pass->activation[TDROP_PASS_SIGMOID](count, logit, y);
    }
}

static double binary_reference(double delta, size_t columns, const double *y, const float *target) {
    double sum = 0.0;
    (void)delta;
    for (size_t j = 0; j < columns; j++)
        sum += fmax(y[j], 0.0) + log1p(exp(-fabs(y[j]))) - y[j] * (double)target[j];
    return sum / (double)columns;
}

/* ---- 1 - cosine of the angle between output and row ---- */

/* A shorter output counts as this long: its direction is about to be nothing. */
#define SHORTEST 0.01

/* With lengths |y| and |t|: the gradient is (cos y / |y| - t / |t|) / |y|, and where |y| is fixed
 * -t / (|t| |y|). */
static void cosine_gradient(const tdrop_pass_kernels *pass, size_t columns, float *y,
                            const float *target, const double sum[3], double share) {
    const double length = sqrt(sum[1]), at_least = length > SHORTEST ? length : SHORTEST;
    const double of_target = sqrt(sum[2]);
    const double along = length > SHORTEST ? sum[0] / (length * of_target) / sum[1] : 0.0;
    pass->combine(columns, (float)(share * along), y, (float)(-share / (at_least * of_target)),
                  target);
}

static void cosine_rows(const tdrop_pass_kernels *pass, double delta, size_t rows, size_t columns,
                        float *y, const float *target, bool gradient, double share,
                        tdrop_row_result *result) {
    (void)delta;
    for (size_t i = 0; i < rows; i++, y += columns, target += columns) {
        double sum[3];
        pass->products(columns, y, target, sum);
        const double length = sqrt(sum[1]), at_least = length > SHORTEST ? length : SHORTEST;
        result[i] = (tdrop_row_result){.loss = 1.0};
        if (sum[2] > 0.0) result[i].loss -= sum[0] / (at_least * sqrt(sum[2]));
        if (isnan(sum[1])) result[i].loss = (double)NAN;
        if (gradient && sum[2] > 0.0) cosine_gradient(pass, columns, y, target, sum, share);
        if (gradient && !(sum[2] > 0.0)) memset(y, 0, columns * sizeof *y);
    }
}

/* Rows of length 1; zeros stay zeros. */
static void cosine_finish(const tdrop_pass_kernels *pass, size_t rows, size_t columns, float *y) {
    for (size_t i = 0; i < rows; i++, y += columns) {
        const double square = pass->square_sum(columns, y);
        if (square > 0.0) pass->scale(columns, (float)(1.0 / sqrt(square)), y);
    }
}

static double cosine_reference(double delta, size_t columns, const double *y, const float *target) {
    double both = 0.0, of_y = 0.0, of_target = 0.0;
    (void)delta;
    for (size_t j = 0; j < columns; j++) {
        both += y[j] * (double)target[j];
        of_y += y[j] * y[j];
        of_target += (double)target[j] * (double)target[j];
    }
    return of_target > 0.0 ? 1.0 - both / (fmax(sqrt(of_y), SHORTEST) * sqrt(of_target)) : 1.0;
}

/* ---- softmax cross-entropy: log of the sum of exp(y) minus y of the right class ---- */

/* Whether the right class is the first of the most likely ones; the greatest has exp(0) = 1. */
static bool is_first_choice(const float *exponentials, size_t right) {
    if (exponentials[right] != 1.0f) return false;
    for (size_t j = 0; j < right; j++)
        if (exponentials[j] == 1.0f) return false;
    return true;
}

static void cross_entropy_gradient(const tdrop_pass_kernels *pass, size_t columns, float *y,
                                   size_t right, double sum, double share) {
    pass->scale(columns, (float)(share / sum), y);
    y[right] -= (float)share;
}

/* What exponentials tell of some rows. */
typedef struct likelihoods {
    float right_output[TDROP_PASS_ROWS], greatest[TDROP_PASS_ROWS];
    double sum[TDROP_PASS_ROWS];
} likelihoods;

/* The loss of each row; NAN where some output was. */
static void cross_entropy_losses(const tdrop_pass_kernels *pass, size_t rows, const likelihoods *l,
                                 tdrop_row_result *result) {
    double log_sum[TDROP_PASS_ROWS];
    memcpy(log_sum, l->sum, rows * sizeof *log_sum);
    pass->logarithms(rows, log_sum);
    for (size_t i = 0; i < rows; i++) {
        const double above = (double)l->greatest[i] - (double)l->right_output[i];
        result[i].loss = isnan(l->sum[i]) ? (double)NAN : log_sum[i] + above;
    }
}

static void cross_entropy_rows(const tdrop_pass_kernels *pass, double delta, size_t rows,
                               size_t columns, float *y, const float *target, bool gradient,
                               double share, tdrop_row_result *result) {
    likelihoods l;
    (void)delta;
    for (size_t i = 0; i < rows; i++)
        l.right_output[i] = y[i * columns + (size_t)target[i]];
    pass->exponentials(rows, columns, y, l.greatest, l.sum);
    cross_entropy_losses(pass, rows, &l, result);
    for (size_t i = 0; i < rows; i++, y += columns) {
        size_t right = (size_t)target[i];
        result[i].metric = is_first_choice(y, right);
        if (gradient) cross_entropy_gradient(pass, columns, y, right, l.sum[i], share);
    }
}

static void cross_entropy_across(const tdrop_pass_kernels *pass, size_t rows, size_t columns,
                                 float *y, const float *target, tdrop_row_result *result) {
    likelihoods l;
    int32_t first[TDROP_PASS_ROWS];
    for (size_t i = 0; i < rows; i++)
        l.right_output[i] = y[(size_t)target[i] * TDROP_PASS_ROWS + i];
    pass->exponentials_across(columns, y, l.greatest, l.sum, first);
    cross_entropy_losses(pass, rows, &l, result);
    for (size_t i = 0; i < rows; i++)
        result[i].metric = (size_t)first[i] == (size_t)target[i];
}

static void cross_entropy_finish(const tdrop_pass_kernels *pass, size_t rows, size_t columns,
                                 float *y) {
    for (size_t i = 0; i < rows; i++, y += columns) {
        float greatest;
        double sum;
        pass->exponentials(1, columns, y, &greatest, &sum);
        pass->scale(columns, (float)(1.0 / sum), y);
    }
}

static double cross_entropy_reference(double delta, size_t columns, const double *y,
                                      const float *target) {
    double greatest = y[0], sum = 0.0;
    (void)delta;
    for (size_t j = 1; j < columns; j++)
        greatest = fmax(greatest, y[j]);
    for (size_t j = 0; j < columns; j++)
        sum += exp(y[j] - greatest);
    return log(sum) + greatest - y[(size_t)target[0]];
}

/* ---- all of them ---- */

enum {
    OF_CLASSIFY = 1u << TDROP_TASK_CLASSIFY,
    OF_AUTOENCODE = 1u << TDROP_TASK_AUTOENCODE,
    OF_REGRESS = 1u << TDROP_TASK_REGRESS
};

/* The logit of an output that is nothing: e^-200 is 0 in float. */
#define NO_LOGIT (-200.0f)

static const tdrop_loss_op ops[] = {
    [TDROP_LOSS_SQUARED] = {.tasks = OF_AUTOENCODE | OF_REGRESS,
                            .mean_over_columns = true,
                            .rows = squared_error_rows,
                            .reference = squared_error_reference},
    [TDROP_LOSS_HUBER] = {.tasks = OF_AUTOENCODE | OF_REGRESS,
                          .mean_over_columns = true,
                          .rows = huber_rows,
                          .reference = huber_reference},
    [TDROP_LOSS_BINARY] = {.tasks = OF_AUTOENCODE | OF_REGRESS,
                           .target_is_share = true,
                           .mean_over_columns = true,
                           .absent = NO_LOGIT,
                           .rows = binary_rows,
                           .finish = binary_finish,
                           .reference = binary_reference},
    [TDROP_LOSS_COSINE] = {.tasks = OF_AUTOENCODE,
                           .rows = cosine_rows,
                           .finish = cosine_finish,
                           .reference = cosine_reference},
    [TDROP_LOSS_CROSS_ENTROPY] = {.tasks = OF_CLASSIFY,
                                  .target_is_class = true,
                                  .rows = cross_entropy_rows,
                                  .across = cross_entropy_across,
                                  .finish = cross_entropy_finish,
                                  .reference = cross_entropy_reference},
};

static const char *const names[] = {
    [TDROP_LOSS_AUTO] = "auto",     [TDROP_LOSS_SQUARED] = "squared",
    [TDROP_LOSS_HUBER] = "huber",   [TDROP_LOSS_BINARY] = "binary",
    [TDROP_LOSS_COSINE] = "cosine", [TDROP_LOSS_CROSS_ENTROPY] = "cross-entropy",
};
enum { LOSSES = sizeof names / sizeof *names };

const char *tdrop_loss_kind_name(tdrop_loss_kind kind) {
    return tdrop_name_of(names, LOSSES, (unsigned)kind);
}

tdrop_status tdrop_loss_kind_parse(const char *name, tdrop_loss_kind *kind) {
    unsigned number = 0;
    if (!kind) return TDROP_ERROR_NULL;
    tdrop_status status = tdrop_name_find(names, LOSSES, name, &number);
    if (!status) *kind = (tdrop_loss_kind)number;
    return status;
}

tdrop_loss_kind tdrop_loss_resolve(tdrop_loss_kind kind, tdrop_task task) {
    if (kind != TDROP_LOSS_AUTO) return kind;
    return task == TDROP_TASK_CLASSIFY ? TDROP_LOSS_CROSS_ENTROPY : TDROP_LOSS_SQUARED;
}

const tdrop_loss_op *tdrop_loss_of(tdrop_loss_kind kind) {
    return &ops[kind];
}

bool tdrop_loss_fits(tdrop_loss_kind kind, tdrop_task task) {
    return ops[kind].tasks >> task & 1u;
}

bool tdrop_loss_takes_scale(tdrop_loss_kind kind, tdrop_scale scale) {
    if (kind == TDROP_LOSS_COSINE) return scale == TDROP_SCALE_NONE;
    return kind != TDROP_LOSS_BINARY || scale != TDROP_SCALE_STANDARD;
}

size_t tdrop_loss_target_columns(const tdrop_loss_op *op, size_t outputs) {
    return op->target_is_class ? 1 : outputs;
}

/* ---- a batch ---- */

typedef struct loss_job {
    const tdrop_loss_op *op;
    double delta;
    const tdrop_pass_kernels *pass;
    size_t rows, columns, target_columns;
    float *y;
    const float *target;
    tdrop_row_result *result;
    bool gradient;
} loss_job;

static void loss_rows(void *arg, size_t index, unsigned worker) {
    const loss_job *job = arg;
    size_t first = index * TDROP_PASS_ROWS;
    (void)worker;
    job->op->rows(job->pass, job->delta, tdrop_least(job->rows - first, TDROP_PASS_ROWS),
                  job->columns, job->y + first * job->columns,
                  job->target + first * job->target_columns, job->gradient, 1.0 / (double)job->rows,
                  job->result + first);
}

void tdrop_loss(const tdrop_loss_op *op, double delta, const tdrop_pass_kernels *pass,
                const tdrop_parallel *parallel, size_t rows, size_t columns, float *y,
                const float *target, tdrop_row_result *result, bool gradient) {
    loss_job job = {.op = op,
                    .delta = delta,
                    .pass = pass,
                    .rows = rows,
                    .columns = columns,
                    .target_columns = tdrop_loss_target_columns(op, columns),
                    .y = y,
                    .target = target,
                    .result = result,
                    .gradient = gradient};
    tdrop_run_tasks(parallel, tdrop_divide_up(rows, TDROP_PASS_ROWS), loss_rows, &job);
}

/* Mean and squares of the batch in two passes, then joined to what was there (Chan, Golub and
 * LeVeque, 1979). */
void tdrop_mean_add(tdrop_mean *mean, size_t count, const tdrop_row_result *rows) {
    double loss = 0.0, metric = 0.0, square = 0.0;
    if (count == 0) return;
    for (size_t i = 0; i < count; i++) {
        loss += rows[i].loss;
        metric += rows[i].metric;
    }
    loss /= (double)count;
    for (size_t i = 0; i < count; i++)
        square += (rows[i].loss - loss) * (rows[i].loss - loss);
    double share = (double)count / (double)(mean->count + count), beside = loss - mean->loss;
    mean->square += square + beside * beside * (double)mean->count * share;
    mean->loss += beside * share;
    mean->metric += (metric / (double)count - mean->metric) * share;
    mean->count += count;
}

double tdrop_mean_se(const tdrop_mean *mean) {
    if (mean->count < 2) return 0.0;
    return sqrt(mean->square / ((double)mean->count - 1.0) / (double)mean->count);
}
