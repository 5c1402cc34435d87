/* SPDX-License-Identifier: MIT */
#include "model/pca.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/sizes.h"

#include <lapacke.h>
#include <math.h>
#include <string.h>

enum { CHUNK = 512 };

/* Passes over the rows in tdrop_pca_approach: 64 components of 4,096 rows of Fashion-MNIST then
 * leave at most 3 % more of other rows than the exact ones of all rows do, whatever k is. */
enum { PASSES = 8 };

/* Chunks of centred rows through a product of ours. */
typedef struct chunks {
    const tdrop_pca *pca;
    const tdrop_encoder *encoder;
    tdrop_linear *linear;
    tdrop_staircase *stairs;
    size_t outputs; /* of the linear layer */
    float *rows;    /* [CHUNK, columns] centred */
    double *buffer; /* of the encoder */
    bool *absent;   /* [CHUNK, columns] what has no part in the loss; NULL: all has */
    float *result;  /* what the product gives */
    void *workspace;
    size_t workspace_size;
    const tdrop_parallel *parallel;
} chunks;

static void chunks_clear(chunks *c) {
    tdrop_linear_destroy(c->linear);
    tdrop_staircase_destroy(c->stairs);
    tdrop_free(c->rows);
    tdrop_free(c->buffer);
    tdrop_free(c->absent);
    tdrop_free(c->result);
    tdrop_free(c->workspace);
}

static tdrop_status chunks_create(chunks *c, const tdrop_pca *pca, const tdrop_encoder *encoder,
                                  size_t outputs, size_t result_floats,
                                  const tdrop_use_options *options) {
    bool masks = tdrop_encoder_masks(encoder);
    tdrop_linear_options linear = {.isa = options->isa};
    *c =
        (chunks){.pca = pca, .encoder = encoder, .outputs = outputs, .parallel = options->parallel};
    tdrop_status status = tdrop_linear_create(&c->linear, pca->columns, outputs, &linear);
    if (!status) status = tdrop_staircase_create(&c->stairs, CHUNK);
    if (status) return status;
    c->workspace_size = tdrop_linear_workspace(c->linear, CHUNK, tdrop_workers(c->parallel));
    c->rows = tdrop_alloc(CHUNK * pca->columns, sizeof *c->rows);
    c->buffer = tdrop_alloc(tdrop_encoder_buffer(encoder), sizeof *c->buffer);
    if (masks) c->absent = tdrop_alloc_zero(CHUNK * pca->columns, sizeof *c->absent);
    c->result = tdrop_alloc(result_floats, sizeof *c->result);
    c->workspace = tdrop_alloc(c->workspace_size, 1);
    return c->rows && c->buffer && c->result && c->workspace && (c->absent || !masks)
               ? TDROP_OK
               : TDROP_ERROR_MEMORY;
}

static void load_centred(chunks *c, const size_t *rows, size_t count) {
    size_t columns = c->pca->columns;
    for (size_t i = 0; i < count; i++) {
        float *row = c->rows + i * columns;
        tdrop_encoder_row(c->encoder, rows[i], c->buffer, row,
                          c->absent ? c->absent + i * columns : NULL);
        for (size_t j = 0; j < columns; j++)
            row[j] = (float)((double)row[j] - c->pca->mean[j]);
    }
    tdrop_staircase_set(c->stairs, count, columns, NULL, c->outputs, NULL);
}

/* Sum over rows of the outer products of centred rows: each chunk in float, their sum in double. */
static void add_outer_products(chunks *c, const size_t *rows, size_t row_count,
                               double *covariance) {
    size_t columns = c->pca->columns;
    for (size_t first = 0, count; first < row_count; first += count) {
        count = tdrop_least(row_count - first, CHUNK);
        load_centred(c, rows + first, count);
        tdrop_linear_backward_weights(c->linear, c->stairs, c->rows, columns, c->rows, columns,
                                      c->result, columns, NULL, c->workspace, c->workspace_size,
                                      c->parallel);
        for (size_t i = 0; i < columns * columns; i++)
            covariance[i] += (double)c->result[i];
    }
}

/* What dsyevr works with and gives. */
typedef struct eigenproblem {
    double *values, *vectors, *work;
    lapack_int *support, *integers;
    lapack_int work_size, integers_size;
} eigenproblem;

static void eigenproblem_clear(eigenproblem *e) {
    tdrop_free(e->values);
    tdrop_free(e->vectors);
    tdrop_free(e->support);
    tdrop_free(e->work);
    tdrop_free(e->integers);
}

/* The eigenvectors of the largest m eigenvalues of covariance[n, n], or, with sizes of -1, how much
 * it wants to work with. LAPACKE_dsyevr would see to its memory itself, with malloc, and print when
 * that fails. */
static bool solve(eigenproblem *e, lapack_int n, lapack_int m, double *covariance) {
    lapack_int found = m;
    return LAPACKE_dsyevr_work(LAPACK_COL_MAJOR, 'V', 'I', 'U', n, covariance, n, 0.0, 0.0,
                               n - m + 1, n, 0.0, &found, e->values, e->vectors, n, e->support,
                               e->work, e->work_size, e->integers, e->integers_size) == 0 &&
           (e->work_size < 0 || found == m);
}

static tdrop_status eigenproblem_create(eigenproblem *e, const tdrop_pca *pca, double *covariance) {
    double work_size = 0.0;
    lapack_int integers_size = 0;
    eigenproblem asks = {
        .work = &work_size, .work_size = -1, .integers = &integers_size, .integers_size = -1};
    if (!solve(&asks, (lapack_int)pca->columns, (lapack_int)pca->components, covariance))
        return TDROP_ERROR_DATA;
    *e = (eigenproblem){.work_size = (lapack_int)work_size, .integers_size = integers_size};
    e->values = tdrop_alloc(pca->columns, sizeof *e->values);
    e->vectors = tdrop_alloc(pca->columns * pca->components, sizeof *e->vectors);
    e->support = tdrop_alloc(2 * pca->columns, sizeof *e->support);
    e->work = tdrop_alloc((size_t)e->work_size, sizeof *e->work);
    e->integers = tdrop_alloc((size_t)e->integers_size, sizeof *e->integers);
    return e->values && e->vectors && e->support && e->work && e->integers ? TDROP_OK
                                                                           : TDROP_ERROR_MEMORY;
}

static bool all_finite(const double *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i])) return false;
    return true;
}

/* LAPACK gives the eigenvectors in rising order of their values. */
static tdrop_status find_vectors(tdrop_pca *pca, double *covariance) {
    const size_t columns = pca->columns;
    eigenproblem e = {.work = NULL};
    if (!all_finite(covariance, columns * columns)) return TDROP_ERROR_DATA;
    tdrop_status status = eigenproblem_create(&e, pca, covariance);
    if (!status && !solve(&e, (lapack_int)columns, (lapack_int)pca->components, covariance))
        status = TDROP_ERROR_DATA;
    for (size_t c = 0; c < pca->components && !status; c++)
        for (size_t j = 0; j < columns; j++)
            pca->vector[c * columns + j] =
                (float)e.vectors[(pca->components - 1 - c) * columns + j];
    eigenproblem_clear(&e);
    return status;
}

static tdrop_status fit(tdrop_pca *pca, const tdrop_encoder *encoder, const size_t *rows,
                        size_t row_count, const tdrop_use_options *options) {
    chunks c;
    size_t columns = pca->columns;
    double *covariance = tdrop_alloc_zero(columns * columns, sizeof *covariance);
    tdrop_status status = chunks_create(&c, pca, encoder, columns, columns * columns, options);
    if (!status && !covariance) status = TDROP_ERROR_MEMORY;
    if (!status) {
        tdrop_encoder_mean(encoder, rows, row_count, c.buffer, c.rows, pca->mean);
        add_outer_products(&c, rows, row_count, covariance);
        status = find_vectors(pca, covariance);
    }
    chunks_clear(&c);
    tdrop_free(covariance);
    return status;
}

/* Room for at most that many components. What failed has to be cleared too. */
static tdrop_status allocate(tdrop_pca *pca, size_t columns, size_t components) {
    *pca = (tdrop_pca){.columns = columns, .components = tdrop_least(components, columns)};
    pca->mean = tdrop_alloc(columns, sizeof *pca->mean);
    pca->vector = tdrop_alloc(pca->components * columns, sizeof *pca->vector);
    return pca->mean && pca->vector ? TDROP_OK : TDROP_ERROR_MEMORY;
}

/* What was made goes to *pca, or away. */
static tdrop_status hand_over(tdrop_status status, tdrop_pca *made, tdrop_pca *pca) {
    if (status)
        tdrop_pca_clear(made);
    else
        *pca = *made;
    return status;
}

/* The status, and what it means here. */
static tdrop_status tell(tdrop_status status, tdrop_error *error) {
    if (!status) return status;
    if (status == TDROP_ERROR_DATA)
        return tdrop_fail(error, status,
                          "principal components: the training rows have no covariance with "
                          "eigenvectors: their numbers are too large");
    return tdrop_fail(error, status, "principal components: %s", tdrop_status_text(status));
}

tdrop_status tdrop_pca_fit(tdrop_pca *pca, const tdrop_encoder *encoder, const size_t *rows,
                           size_t row_count, size_t components, const tdrop_use_options *options,
                           tdrop_error *error) {
    size_t columns = encoder->encoding->inputs;
    if (columns > TDROP_PCA_MOST_COLUMNS) return tell(TDROP_ERROR_SIZE, error);
    tdrop_pca made;
    tdrop_status status = allocate(&made, columns, components);
    if (!status) status = fit(&made, encoder, rows, row_count, options);
    return tell(hand_over(status, &made, pca), error);
}

static double product(size_t n, const double *a, const double *b) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static void subtract(size_t n, double factor, const double *a, double *b) {
    for (size_t i = 0; i < n; i++)
        b[i] -= factor * a[i];
}

/* Vectors of length 1 at right angles that span the same, one after the other. What lies in the
 * span of those before, but for rounding, is left out; returns how many there are. Each is cleared
 * of those before twice, since the first time leaves rounding of what is cleared. */
static size_t make_orthonormal(size_t columns, size_t count, double *vectors) {
    const double nothing = 1e-10;
    size_t made = 0;
    for (size_t c = 0; c < count; c++) {
        double *vector = vectors + made * columns;
        memmove(vector, vectors + c * columns, columns * sizeof *vector);
        const double before = product(columns, vector, vector);
        for (size_t time = 0; time < 2; time++)
            for (size_t earlier = 0; earlier < made; earlier++) {
                const double *other = vectors + earlier * columns;
                subtract(columns, product(columns, vector, other), other, vector);
            }
        const double left = product(columns, vector, vector);
        if (!(left > nothing * before)) continue;
        for (size_t j = 0; j < columns; j++)
            vector[j] /= sqrt(left);
        made++;
    }
    return made;
}

static void round_vectors(tdrop_pca *pca, const double *vectors) {
    for (size_t i = 0; i < pca->components * pca->columns; i++)
        pca->vector[i] = (float)vectors[i];
}

/* The covariance times each vector: what the rows have of it, and the sum of the rows so weighed,
 * which is the product to the weights. */
static tdrop_status multiply_by_covariance(chunks *c, const size_t *rows, size_t row_count,
                                           double *vectors, double *flops) {
    const tdrop_pca *pca = c->pca;
    const size_t columns = pca->columns, n = c->outputs;
    float *share = c->result, *sums = c->result + CHUNK * n;
    tdrop_status status = tdrop_linear_set_weights(c->linear, pca->vector, columns, NULL,
                                                   TDROP_PACK_FORWARD, NULL, c->parallel);
    memset(vectors, 0, n * columns * sizeof *vectors);
    for (size_t first = 0, count; first < row_count && !status; first += count) {
        count = tdrop_least(row_count - first, CHUNK);
        load_centred(c, rows + first, count);
        status = tdrop_linear_forward(c->linear, c->stairs, c->rows, columns, share, n,
                                      c->workspace, c->workspace_size, c->parallel);
        tdrop_linear_backward_weights(c->linear, c->stairs, share, n, c->rows, columns, sums,
                                      columns, NULL, c->workspace, c->workspace_size, c->parallel);
        for (size_t i = 0; i < n * columns; i++)
            vectors[i] += (double)sums[i];
        *flops += 4.0 * tdrop_staircase_work(c->stairs);
    }
    return status;
}

static tdrop_status approach(tdrop_pca *pca, chunks *c, const size_t *rows, size_t row_count,
                             double *vectors, double *flops) {
    const size_t wanted = pca->components;
    tdrop_status status = TDROP_OK;
    tdrop_encoder_mean(c->encoder, rows, row_count, c->buffer, c->rows, pca->mean);
    for (int pass = 0; pass < PASSES && !status; pass++) {
        size_t made = make_orthonormal(pca->columns, wanted, vectors);
        memset(vectors + made * pca->columns, 0, (wanted - made) * pca->columns * sizeof *vectors);
        round_vectors(pca, vectors);
        status = multiply_by_covariance(c, rows, row_count, vectors, flops);
    }
    pca->components = make_orthonormal(pca->columns, wanted, vectors);
    round_vectors(pca, vectors);
    return status;
}

tdrop_status tdrop_pca_approach(tdrop_pca *pca, const tdrop_encoder *encoder, const size_t *rows,
                                size_t row_count, size_t components, uint64_t seed,
                                const tdrop_use_options *options, double *flops) {
    const size_t columns = encoder->encoding->inputs;
    /* No tensor of a network has this number. */
    const tdrop_draw draw = {.seed = seed, .layer = UINT32_MAX, .purpose = TDROP_PURPOSE_INIT};
    tdrop_pca made;
    chunks c = {.pca = NULL};
    tdrop_status status = allocate(&made, columns, components);
    const size_t n = made.components;
    double *vectors = tdrop_alloc(n * columns, sizeof *vectors);
    if (!vectors) status = TDROP_ERROR_MEMORY;
    if (!status) status = chunks_create(&c, &made, encoder, n, (CHUNK + columns) * n, options);
    if (!status) status = tdrop_uniform(&draw, n * columns, vectors);
    for (size_t i = 0; i < n * columns && !status; i++)
        vectors[i] -= 0.5;
    if (!status) status = approach(&made, &c, rows, row_count, vectors, flops);
    chunks_clear(&c);
    tdrop_free(vectors);
    return hand_over(status, &made, pca);
}

void tdrop_pca_clear(tdrop_pca *pca) {
    tdrop_free(pca->mean);
    tdrop_free(pca->vector);
    *pca = (tdrop_pca){0};
}

/* With cells missing, components are not at right angles any more over those that are there: the
 * remainder is computed component after component. */
static void add_errors_of_present(const chunks *c, float *row, const float *share,
                                  const bool *absent, size_t n, double *loss) {
    size_t columns = c->pca->columns, components = c->pca->components, present = 0;
    for (size_t j = 0; j < columns; j++)
        present += !absent[j];
    for (size_t k = 0; k <= n && present > 0; k++) {
        double error = 0.0;
        for (size_t j = 0; j < columns; j++)
            if (!absent[j]) error += (double)row[j] * (double)row[j];
        loss[k] += error * (double)columns / (double)present;
        for (size_t j = 0; k < components && j < columns; j++)
            row[j] -= share[k] * c->pca->vector[k * columns + j];
    }
}

static bool any(const bool *flags, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (flags[i]) return true;
    return false;
}

/* What each component takes off the error of a row: the square of the row's share in it. */
static void add_errors(const chunks *c, size_t count, size_t n, double *loss) {
    size_t columns = c->pca->columns, components = c->pca->components;
    for (size_t i = 0; i < count; i++) {
        float *row = c->rows + i * columns;
        const float *share = c->result + i * components;
        if (c->absent && any(c->absent + i * columns, columns)) {
            add_errors_of_present(c, row, share, c->absent + i * columns, n, loss);
            continue;
        }
        double error = 0.0;
        for (size_t j = 0; j < columns; j++)
            error += (double)row[j] * (double)row[j];
        for (size_t k = 0; k <= n; k++) {
            loss[k] += error > 0.0 ? error : 0.0;
            if (k < components) error -= (double)share[k] * (double)share[k];
        }
    }
}

tdrop_status tdrop_pca_loss(const tdrop_pca *pca, const tdrop_encoder *encoder, const size_t *rows,
                            size_t row_count, size_t n, double *loss,
                            const tdrop_use_options *options, tdrop_error *error) {
    chunks c;
    tdrop_status status =
        chunks_create(&c, pca, encoder, pca->components, CHUNK * pca->components, options);
    if (!status)
        status = tdrop_linear_set_weights(c.linear, pca->vector, pca->columns, NULL,
                                          TDROP_PACK_FORWARD, NULL, c.parallel);
    memset(loss, 0, (n + 1) * sizeof *loss);
    for (size_t first = 0, count; first < row_count && !status; first += count) {
        count = tdrop_least(row_count - first, CHUNK);
        load_centred(&c, rows + first, count);
        status = tdrop_linear_forward(c.linear, c.stairs, c.rows, pca->columns, c.result,
                                      pca->components, c.workspace, c.workspace_size, c.parallel);
        add_errors(&c, count, n, loss);
    }
    for (size_t k = 0; k <= n; k++)
        loss[k] /= (double)row_count * (double)pca->columns;
    chunks_clear(&c);
    return tell(status, error);
}
