/* SPDX-License-Identifier: MIT
 * Using a model: encode, decode, predict, evaluate, scree and prune have to agree with each other,
 * bit for bit, and with plain code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "data/encoding.h"
#include "model/pca.h"
#include "models.h"
#include "scratch.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows in more than two batches of use, the last of them not full. */
enum { ROWS = 600, COLUMNS = 10, FEATURES = 5 };

/* Architectures that treat the tail in different ways: with and without relus beside it. */
static const char *const archs[] = {
    "24-[5]-24",
    "9-relu-5-relu-tail-relu-9-relu",
    "[5]",
    "9-[5]-relu-relu-9",
    "9-[5]-relu-9-[7]-9",
    "9-5-relu-tail-9-relu-6-tail",
    "9-gelu-5-sigmoid-tail-sigmoid-9-tanh",
    "9-layer-norm-gelu-5-tail-9-relu-layer-norm-9-tanh",
    "dropout:0.1-9-relu-dropout:0.25-5-dropout:0-tail-9-dropout:0.5",
    "9-[5]-9-widthbias",
    "9-batch-norm-relu-5-batch-norm-tail-9-batch-norm-relu",
    "batch-norm-9-relu-[5]-batch-norm-9-widthbias-batch-norm-relu-[7]-9-batch-norm",
    "9-[5]-9-widthbias-relu-[7]-9-widthbias-relu",
};
enum { ARCHS = sizeof archs / sizeof *archs };

static tdrop_data *data;    /* what the models were fitted to */
static tdrop_data *foreign; /* other rows of the same kind */
static tdrop_model *models[ARCHS];

static int fit_models(void **state) {
    (void)state;
    data = models_table(ROWS, COLUMNS, FEATURES, 0.05, 7);
    foreign = models_table(ROWS + 1, COLUMNS, FEATURES, 0.05, 8);
    for (size_t i = 0; i < ARCHS; i++) {
        const tdrop_fit_options options = {
            .arch = archs[i], .epochs = 4, .batch = 64, .learning_rate = 0.01, .valid_share = 0.5};
        models[i] = models_fit(data, &options);
    }
    return 0;
}

static int destroy_models(void **state) {
    (void)state;
    for (size_t i = 0; i < ARCHS; i++)
        tdrop_model_destroy(models[i]);
    tdrop_data_destroy(foreign);
    tdrop_data_destroy(data);
    return 0;
}

static void assert_same(const float *found, const float *expected, size_t count, const char *what,
                        size_t k) {
    if (memcmp(found, expected, count * sizeof *found) != 0)
        fail_msg("%s differ at k = %zu", what, k);
}

/* ---------------------------------------------------------------------------------------------
 * One model
 */

static void fewer_codes_are_the_first_of_all(void **state) {
    (void)state;
    for (size_t m = 0; m < ARCHS; m++) {
        float *all = models_encode(models[m], data, 0, ROWS, FEATURES, NULL);
        for (size_t k = 0; k < FEATURES; k++) {
            float *some = models_encode(models[m], data, 0, ROWS, k, NULL);
            for (size_t i = 0; i < ROWS; i++)
                assert_same(some + i * k, all + i * FEATURES, k, "codes", k);
            free(some);
        }
        free(all);
    }
}

static void encode_and_decode_are_predict(void **state) {
    (void)state;
    for (size_t m = 0; m < ARCHS; m++)
        for (size_t k = 0; k <= FEATURES; k++) {
            float *codes = models_encode(models[m], data, 0, ROWS, k, NULL);
            float *decoded = models_decode(models[m], codes, ROWS, k, NULL);
            float *predicted = models_predict(models[m], data, 0, ROWS, k, NULL);
            assert_same(decoded, predicted, ROWS * COLUMNS, "predictions", k);
            free(codes);
            free(decoded);
            free(predicted);
        }
}

/* Features that were asked for are there and matter. */
static void every_feature_matters(void **state) {
    (void)state;
    float *before = models_predict(models[0], data, 0, ROWS, 0, NULL);
    for (size_t i = 1; i < ROWS; i++) /* with nothing kept all rows are alike */
        assert_same(before + i * COLUMNS, before, COLUMNS, "rows", 0);
    for (size_t k = 1; k <= FEATURES; k++) {
        float *now = models_predict(models[0], data, 0, ROWS, k, NULL);
        assert_true(memcmp(now, before, ROWS * COLUMNS * sizeof *now) != 0);
        free(before);
        before = now;
    }
    free(before);
}

/* Without a code, decode takes none. */
static void no_codes_need_no_buffer(void **state) {
    (void)state;
    float *values = models_decode(models[0], NULL, 3, 0, NULL);
    float *predicted = models_predict(models[0], data, 0, 3, 0, NULL);
    assert_same(values, predicted, 3 * COLUMNS, "predictions", 0);
    assert_int_equal(tdrop_model_encode(models[0], data, 0, 3, 0, NULL, NULL, NULL), TDROP_OK);
    assert_int_equal(tdrop_model_encode(models[0], data, 3, 0, 2, NULL, NULL, NULL), TDROP_OK);
    assert_int_equal(tdrop_model_predict(models[0], data, ROWS, 0, 2, NULL, NULL, NULL), TDROP_OK);
    assert_int_equal(tdrop_model_decode(models[0], NULL, 0, 2, NULL, NULL, NULL), TDROP_OK);
    free(values);
    free(predicted);
}

static void pieces_give_what_the_whole_gives(void **state) {
    (void)state;
    static const struct {
        size_t first, rows;
    } pieces[] = {{0, 1}, {599, 1}, {0, 256}, {1, 255}, {1, 256}, {1, 257}, {300, 300}, {88, 512}};
    float *codes = models_encode(models[1], data, 0, ROWS, 3, NULL);
    float *values = models_predict(models[1], data, 0, ROWS, 3, NULL);
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        size_t first = pieces[i].first, rows = pieces[i].rows;
        float *some = models_encode(models[1], data, first, rows, 3, NULL);
        assert_same(some, codes + first * 3, rows * 3, "codes", 3);
        float *decoded = models_decode(models[1], some, rows, 3, NULL);
        assert_same(decoded, values + first * COLUMNS, rows * COLUMNS, "decoded", 3);
        free(some);
        some = models_predict(models[1], data, first, rows, 3, NULL);
        assert_same(some, values + first * COLUMNS, rows * COLUMNS, "predictions", 3);
        free(some);
        free(decoded);
    }
    free(codes);
    free(values);
}

static void assert_same_use(const tdrop_model *model, const tdrop_use_options *options) {
    float *values = models_predict(model, data, 0, ROWS, 3, NULL);
    float *codes = models_encode(model, data, 0, ROWS, 3, NULL);
    float *again = models_encode(model, data, 0, ROWS, 3, options);
    assert_same(again, codes, (size_t)ROWS * 3, "codes", 3);
    free(again);
    again = models_decode(model, codes, ROWS, 3, options);
    assert_same(again, values, ROWS * COLUMNS, "decoded", 3);
    free(again);
    again = models_predict(model, data, 0, ROWS, 3, options);
    assert_same(again, values, ROWS * COLUMNS, "predictions", 3);
    free(again);
    free(codes);
    free(values);
}

static void assert_same_scree(const tdrop_scree *a, const tdrop_scree *b, size_t n) {
    assert_int_equal(a->rows, b->rows);
    assert_memory_equal(a->loss, b->loss, (n + 1) * sizeof(double));
    assert_memory_equal(a->se, b->se, (n + 1) * sizeof(double));
    assert_int_equal(!a->pca, !b->pca);
    if (a->pca) assert_memory_equal(a->pca, b->pca, (n + 1) * sizeof(double));
}

static void threads_and_processors_do_not_matter(void **state) {
    (void)state;
    static const unsigned threads[] = {1, 2, 3, 8};
    tdrop_isa isas[MODELS_MOST_ISAS];
    size_t count = models_isas(isas);
    tdrop_scree alone = models_scree(models[0], data, data);
    for (size_t t = 0; t < sizeof threads / sizeof *threads; t++) {
        tdrop_pool *pool = NULL;
        assert_int_equal(tdrop_pool_create(&pool, threads[t]), TDROP_OK);
        tdrop_parallel parallel = tdrop_pool_parallel(pool);
        for (size_t i = 0; i < count; i++) {
            const tdrop_use_options options = {.isa = isas[i], .parallel = &parallel};
            tdrop_scree scree;
            assert_same_use(models[0], &options);
            assert_int_equal(tdrop_model_scree(&scree, models[0], data, data, &options, NULL),
                             TDROP_OK);
            assert_same_scree(&scree, &alone, FEATURES);
            tdrop_scree_destroy(&scree);
        }
        tdrop_pool_destroy(pool);
    }
    tdrop_scree_destroy(&alone);
}

/* ---------------------------------------------------------------------------------------------
 * Losses
 */

static void scree_is_evaluate_at_every_k(void **state) {
    (void)state;
    for (size_t m = 0; m < ARCHS; m++) {
        const tdrop_data *tables[] = {data, foreign};
        tdrop_model_info info = models_info(models[m]);
        for (size_t t = 0; t < 2; t++) {
            tdrop_scree scree = models_scree(models[m], tables[t], data);
            assert_int_equal(scree.n, FEATURES);
            assert_int_equal(scree.rows, t ? ROWS + 1 : info.valid_rows);
            for (size_t k = 0; k <= FEATURES; k++) {
                tdrop_measure at;
                assert_int_equal(tdrop_model_evaluate(&at, models[m], tables[t], k, NULL, NULL),
                                 TDROP_OK);
                assert_true(at.loss == scree.loss[k] && at.se == scree.se[k]);
                assert_true(at.rows == scree.rows && at.metric == 0.0);
            }
            tdrop_scree_destroy(&scree);
        }
    }
}

/* What fit measured is what scree measures. */
static void scree_is_the_validation_curve(void **state) {
    (void)state;
    for (size_t m = 0; m < ARCHS; m++) {
        tdrop_scree scree = models_scree(models[m], data, data);
        tdrop_model_info info = models_info(models[m]);
        for (size_t k = 0; k <= FEATURES; k++) {
            assert_true(scree.loss[k] == info.valid_loss[k] && scree.se[k] == info.valid_se[k]);
            assert_true(scree.pca[k] == info.valid_pca[k]);
        }
        tdrop_scree_destroy(&scree);
        tdrop_scree_destroy(&scree);
        tdrop_scree_destroy(NULL);
    }
}

/* Mean over these rows of the squared error, and its standard error, from the predictions. */
static void plain_loss(const tdrop_model *model, const tdrop_data *table, size_t k, double *loss,
                       double *se) {
    size_t rows = models_data_info(table).rows, columns = models_data_info(table).columns;
    float *predicted = models_predict(model, table, 0, rows, k, NULL);
    float *values = malloc(rows * columns * sizeof *values);
    double sum = 0.0, square = 0.0;
    assert_int_equal(tdrop_data_get_rows(table, 0, rows, values), TDROP_OK);
    for (size_t i = 0; i < rows; i++) {
        double row = 0.0;
        for (size_t j = i * columns; j < (i + 1) * columns; j++)
            row += pow((double)predicted[j] - (double)values[j], 2.0) / (double)columns;
        sum += row;
        square += row * row;
    }
    *loss = sum / (double)rows;
    *se = sqrt((square / (double)rows - *loss * *loss) / (double)(rows - 1));
    free(values);
    free(predicted);
}

static void the_loss_is_that_of_the_predictions(void **state) {
    (void)state;
    const tdrop_fit_options options = {
        .arch = archs[0], .epochs = 2, .batch = 64, .scale = TDROP_SCALE_NONE};
    tdrop_model *model = models_fit(data, &options);
    for (size_t k = 0; k <= FEATURES; k++) {
        double expected = 0.0, expected_se = 0.0;
        tdrop_measure found;
        plain_loss(model, foreign, k, &expected, &expected_se);
        assert_int_equal(tdrop_model_evaluate(&found, model, foreign, k, NULL, NULL), TDROP_OK);
        assert_int_equal(found.rows, ROWS + 1);
        assert_true(fabs(found.loss - expected) < 1e-12 * expected);
        assert_true(fabs(found.se - expected_se) < 1e-9 * expected_se);
    }
    tdrop_model_destroy(model);
}

/* ---------------------------------------------------------------------------------------------
 * Rows held out
 */

static size_t *held_out(const tdrop_model *model, const tdrop_data *table, size_t *count) {
    assert_int_equal(tdrop_model_held_out(model, table, NULL, count, NULL), TDROP_OK);
    size_t *rows = malloc(*count * sizeof *rows), again = 0;
    assert_non_null(rows);
    assert_int_equal(tdrop_model_held_out(model, table, NULL, &again, rows), TDROP_OK);
    assert_int_equal(again, *count);
    return rows;
}

static void held_out_rows_rise(void **state) {
    (void)state;
    size_t count = 0;
    size_t *rows = held_out(models[0], data, &count);
    assert_int_equal(count, ROWS / 2);
    assert_int_equal(count, models_info(models[0]).valid_rows);
    for (size_t i = 0; i < count; i++)
        assert_true(rows[i] < ROWS && (i == 0 || rows[i] > rows[i - 1]));
    assert_true(rows[count - 1] >= ROWS / 2); /* not simply the first */
    free(rows);
}

static void of_other_data_all_rows_are_held_out(void **state) {
    (void)state;
    tdrop_data *fewer = models_table(ROWS - 1, COLUMNS, FEATURES, 0.05, 7);
    tdrop_data *wide = models_double_table(ROWS, COLUMNS, FEATURES, 0.0, 1.0, 7);
    tdrop_data *as_many = models_table(ROWS, COLUMNS, FEATURES, 0.05, 8);
    const tdrop_data *tables[] = {foreign, fewer, wide, as_many};
    for (size_t t = 0; t < 4; t++) {
        size_t count = 0;
        size_t *rows = held_out(models[0], tables[t], &count);
        assert_int_equal(count, models_data_info(tables[t]).rows);
        for (size_t i = 0; i < count; i++)
            assert_int_equal(rows[i], i);
        free(rows);
    }
    tdrop_data *same = models_table(ROWS, COLUMNS, FEATURES, 0.05, 7);
    size_t count = 0;
    free(held_out(models[0], same, &count));
    assert_int_equal(count, ROWS / 2);
    tdrop_data_destroy(same);
    tdrop_data_destroy(as_many);
    tdrop_data_destroy(wide);
    tdrop_data_destroy(fewer);
}

static void the_split_follows_its_own_seed(void **state) {
    (void)state;
    enum { SPLITS = 4 };
    size_t *rows[SPLITS], count = 0;
    for (size_t i = 0; i < SPLITS; i++) { /* two seeds of the split, two of the rest */
        const tdrop_fit_options options = {
            .arch = "[2]", .epochs = 1, .seed = i % 2, .split_seed = i / 2};
        tdrop_model *model = models_fit(data, &options);
        rows[i] = held_out(model, data, &count);
        assert_int_equal(count, ROWS / 10);
        tdrop_model_destroy(model);
    }
    assert_memory_equal(rows[0], rows[1], count * sizeof **rows);
    assert_memory_equal(rows[2], rows[3], count * sizeof **rows);
    assert_true(memcmp(rows[0], rows[2], count * sizeof **rows) != 0);
    for (size_t i = 0; i < SPLITS; i++)
        free(rows[i]);
}

/* The prediction for a fixed table, by a model fitted to the rows with one of them changed. */
static float *predict_with_changed_row(const float *values, size_t row, float change) {
    const tdrop_fit_options options = {.arch = archs[0], .epochs = 1, .batch = 64};
    float *changed = malloc(ROWS * COLUMNS * sizeof *changed);
    memcpy(changed, values, ROWS * COLUMNS * sizeof *changed);
    changed[row * COLUMNS] += change;
    tdrop_data *table = models_table_of(changed, ROWS, COLUMNS);
    tdrop_model *model = models_fit(table, &options);
    float *predicted = models_predict(model, foreign, 0, 20, FEATURES, NULL);
    tdrop_model_destroy(model);
    tdrop_data_destroy(table);
    free(changed);
    return predicted;
}

/* A held-out row may be anything: neither scaling nor weights see it. Any other row is seen. */
static void held_out_rows_are_not_trained_on(void **state) {
    (void)state;
    float values[ROWS * COLUMNS];
    assert_int_equal(tdrop_data_get_rows(data, 0, ROWS, values), TDROP_OK);
    const tdrop_fit_options options = {.arch = archs[0], .epochs = 1, .batch = 64};
    tdrop_data *table = models_table_of(values, ROWS, COLUMNS);
    tdrop_model *model = models_fit(table, &options);
    size_t count = 0, next = 0;
    size_t *rows = held_out(model, table, &count);
    float *expected = models_predict(model, foreign, 0, 20, FEATURES, NULL);
    for (size_t row = 0; row < ROWS; row += 1 + (row > 40) * 50) {
        while (next < count && rows[next] < row)
            next++;
        int held = next < count && rows[next] == row;
        float *found = predict_with_changed_row(values, row, 1000.0f);
        int same = memcmp(found, expected, (size_t)20 * COLUMNS * sizeof *found) == 0;
        if (same != held) fail_msg("row %zu is held out: %d, and not seen: %d", row, held, same);
        free(found);
    }
    free(expected);
    free(rows);
    tdrop_model_destroy(model);
    tdrop_data_destroy(table);
}

/* ---------------------------------------------------------------------------------------------
 * Principal components
 */

enum { FEW = 3, FEW_ROWS = 60 };

/* Eigenvectors of a symmetric matrix, by Jacobi's rotations; columns of v. */
static void jacobi(double a[FEW][FEW], double v[FEW][FEW]) {
    for (int i = 0; i < FEW * FEW; i++)
        v[i / FEW][i % FEW] = i / FEW == i % FEW;
    for (int turn = 0; turn < 60; turn++) {
        int p = turn % 3 == 2 ? 1 : 0, q = turn % 3 == 0 ? 1 : 2;
        double angle = 0.5 * atan2(2.0 * a[p][q], a[q][q] - a[p][p]), c = cos(angle),
               s = sin(angle);
        for (int i = 0; i < FEW; i++) {
            double x = a[i][p], y = a[i][q], vx = v[i][p], vy = v[i][q];
            a[i][p] = c * x - s * y, a[i][q] = s * x + c * y;
            v[i][p] = c * vx - s * vy, v[i][q] = s * vx + c * vy;
        }
        for (int i = 0; i < FEW; i++) {
            double x = a[p][i], y = a[q][i];
            a[p][i] = c * x - s * y, a[q][i] = s * x + c * y;
        }
    }
}

static bool is_in(size_t row, size_t count, const size_t *rows) {
    for (size_t i = 0; i < count; i++)
        if (rows[i] == row) return true;
    return false;
}

/* Mean of the training rows, and covariance up to a factor. */
static void plain_covariance(const float values[FEW_ROWS][FEW], size_t count, const size_t *held,
                             double mean[FEW], double covariance[FEW][FEW]) {
    memset(mean, 0, FEW * sizeof *mean);
    memset(covariance, 0, FEW * sizeof *covariance);
    for (size_t i = 0; i < FEW_ROWS; i++)
        for (int j = 0; j < FEW && !is_in(i, count, held); j++)
            mean[j] += (double)values[i][j] / (double)(FEW_ROWS - count);
    for (size_t i = 0; i < FEW_ROWS; i++)
        for (int j = 0; j < FEW * FEW && !is_in(i, count, held); j++)
            covariance[j / FEW][j % FEW] += ((double)values[i][j / FEW] - mean[j / FEW]) *
                                            ((double)values[i][j % FEW] - mean[j % FEW]);
}

/* What is left of a row's squared length when the first k directions are taken off, over FEW. */
static double plain_left(const float row[FEW], const double mean[FEW], double v[FEW][FEW],
                         const int order[FEW], size_t k) {
    double left = 0.0;
    for (int j = 0; j < FEW; j++)
        left += pow((double)row[j] - mean[j], 2.0);
    for (size_t c = 0; c < k && c < FEW; c++) {
        double share = 0.0;
        for (int j = 0; j < FEW; j++)
            share += ((double)row[j] - mean[j]) * v[j][order[c]];
        left -= share * share;
    }
    return left / FEW;
}

static void largest_first(double a[FEW][FEW], int order[FEW]) {
    for (int i = 0; i < FEW; i++) {
        order[i] = 0;
        for (int j = 0; j < FEW; j++) /* how many are larger */
            order[i] += a[j][j] > a[i][i];
    }
    int place[FEW];
    for (int i = 0; i < FEW; i++)
        place[order[i]] = i;
    memcpy(order, place, sizeof place);
}

static void principal_components_agree_with_plain_code(void **state) {
    (void)state;
    double noise[FEW_ROWS * FEW], mean[FEW], a[FEW][FEW], v[FEW][FEW];
    float values[FEW_ROWS][FEW];
    int order[FEW];
    models_numbers(9, FEW_ROWS * FEW, noise);
    for (size_t i = 0; i < FEW_ROWS; i++) { /* oblique directions, far from the origin */
        const double *z = noise + i * FEW;
        values[i][0] = (float)(20.0 + 3.0 * z[0] + z[1]);
        values[i][1] = (float)(-5.0 + 2.0 * z[0] - 1.5 * z[1] + 0.2 * z[2]);
        values[i][2] = (float)(z[0] + z[1] - 0.3 * z[2]);
    }
    tdrop_data *table = models_table_of(&values[0][0], FEW_ROWS, FEW);
    const tdrop_fit_options options = {
        .arch = "[5]", .epochs = 1, .scale = TDROP_SCALE_NONE, .valid_share = 0.25};
    tdrop_model *model = models_fit(table, &options);
    size_t count = 0;
    size_t *held = held_out(model, table, &count);
    plain_covariance((const float(*)[FEW])values, count, held, mean, a);
    jacobi(a, v);
    largest_first(a, order);
    tdrop_scree scree = models_scree(model, table, table);
    for (size_t k = 0; k <= 5; k++) {
        double expected = 0.0;
        for (size_t i = 0; i < count; i++)
            expected += plain_left(values[held[i]], mean, v, order, k) / (double)count;
        if (!(fabs(scree.pca[k] - expected) < 2e-6 * scree.pca[0]))
            fail_msg("k = %zu: %g instead of %g", k, scree.pca[k], expected);
    }
    assert_true(scree.pca[0] > 1.0 && scree.pca[5] < 1e-5 && scree.pca[5] >= 0.0);
    tdrop_scree_destroy(&scree);
    free(held);
    tdrop_model_destroy(model);
    tdrop_data_destroy(table);
}

/* Finite numbers whose squares are none have no covariance, which is not a lack of memory. */
static void too_large_numbers_have_no_principal_components(void **state) {
    (void)state;
    static const float values[] = {1e30f, 1, -1e30f, 2, 3e30f, 3};
    const size_t rows[] = {0, 1, 2};
    const tdrop_use_options use = {.target = NULL};
    tdrop_data *table = models_table_of(values, 3, 2);
    tdrop_encoding encoding;
    tdrop_encoder encoder;
    tdrop_pca pca;
    tdrop_error error;
    assert_int_equal(tdrop_encoding_learn(&encoding, TDROP_SCALE_NONE, TDROP_MISSING_ERROR, table,
                                          rows, 3, NULL),
                     TDROP_OK);
    assert_int_equal(tdrop_encoder_create(&encoder, &encoding, table, NULL), TDROP_OK);
    models_assert_refused(tdrop_pca_fit(&pca, &encoder, rows, 3, 1, &use, &error), TDROP_ERROR_DATA,
                          &error, "their numbers are too large");
    tdrop_encoder_clear(&encoder);
    tdrop_encoding_clear(&encoding);
    tdrop_data_destroy(table);
}

static void other_data_give_no_principal_components(void **state) {
    (void)state;
    tdrop_scree scree = models_scree(models[0], data, NULL);
    assert_null(scree.pca);
    tdrop_scree_destroy(&scree);
    tdrop_data *as_many = models_table(ROWS, COLUMNS, FEATURES, 0.05, 8);
    const tdrop_data *others[] = {foreign, as_many};
    for (size_t i = 0; i < 2; i++) {
        scree = models_scree(models[0], data, others[i]);
        assert_null(scree.pca);
        tdrop_scree_destroy(&scree);
    }
    tdrop_data_destroy(as_many);
    /* fitted to the training rows, measured on others */
    scree = models_scree(models[0], foreign, data);
    assert_non_null(scree.pca);
    for (size_t k = 1; k <= FEATURES; k++)
        assert_true(scree.pca[k] < scree.pca[k - 1]);
    tdrop_scree_destroy(&scree);
}

static void too_many_columns_give_no_principal_components(void **state) {
    (void)state;
    tdrop_data *wide = models_table(4, 4097, 2, 0.1, 1);
    const tdrop_fit_options options = {.arch = "[1]", .epochs = 1};
    tdrop_model *model = models_fit(wide, &options);
    assert_null(models_info(model).valid_pca);
    tdrop_scree scree = models_scree(model, wide, wide);
    assert_null(scree.pca);
    tdrop_scree_destroy(&scree);
    models_save(model, "model");
    tdrop_model *again = models_load("model");
    assert_null(models_info(again).valid_pca);
    assert_true(models_same_file(model, again));
    tdrop_model_destroy(again);
    tdrop_model_destroy(model);
    tdrop_data_destroy(wide);
}

/* ---------------------------------------------------------------------------------------------
 * Pruning
 */

static void assert_same_at(const tdrop_model *pruned, const tdrop_model *model, size_t k) {
    float *codes = models_encode(pruned, data, 0, ROWS, k, NULL);
    float *expected = models_encode(model, data, 0, ROWS, k, NULL);
    assert_same(codes, expected, ROWS * k, "codes", k);
    free(expected);
    expected = models_predict(model, data, 0, ROWS, k, NULL);
    float *values = models_predict(pruned, data, 0, ROWS, k, NULL);
    assert_same(values, expected, ROWS * COLUMNS, "predictions", k);
    free(values);
    values = models_decode(pruned, codes, ROWS, k, NULL);
    assert_same(values, expected, ROWS * COLUMNS, "decoded", k);
    free(values);
    free(expected);
    free(codes);
}

static void assert_same_curves(const tdrop_model *pruned, const tdrop_model *model, size_t n) {
    tdrop_model_info cut = models_info(pruned), whole = models_info(model);
    assert_memory_equal(cut.valid_loss, whole.valid_loss, (n + 1) * sizeof(double));
    assert_memory_equal(cut.valid_se, whole.valid_se, (n + 1) * sizeof(double));
    assert_memory_equal(cut.valid_pca, whole.valid_pca, (n + 1) * sizeof(double));
    tdrop_scree of_cut = models_scree(pruned, data, data),
                of_whole = models_scree(model, data, data);
    assert_int_equal(of_cut.n, n);
    assert_memory_equal(of_cut.loss, of_whole.loss, (n + 1) * sizeof(double));
    assert_memory_equal(of_cut.se, of_whole.se, (n + 1) * sizeof(double));
    for (size_t k = 0; k <= n; k++) /* LAPACK looks for fewer eigenvectors here */
        assert_true(fabs(of_cut.pca[k] - of_whole.pca[k]) < 1e-5 * of_whole.pca[0]);
    tdrop_scree_destroy(&of_cut);
    tdrop_scree_destroy(&of_whole);
}

static void assert_cut_info(const tdrop_model *pruned, const tdrop_model *model, size_t n) {
    tdrop_model_info cut = models_info(pruned), whole = models_info(model);
    assert_int_equal(cut.features, n);
    assert_int_equal(cut.pruned_from, n < FEATURES ? FEATURES : 0);
    assert_true(cut.parameters == whole.parameters ||
                (n < FEATURES && cut.parameters < whole.parameters));
    assert_int_equal(cut.columns, whole.columns);
    assert_int_equal(cut.valid_rows, whole.valid_rows);
    assert_int_equal(cut.epochs, whole.epochs);
    assert_int_equal(cut.data_hash, whole.data_hash);
    assert_int_equal(cut.data_rows, ROWS);
    assert_true(cut.flops == whole.flops && cut.law.p == whole.law.p);
    assert_string_equal(cut.data_name, "made up");
    assert_string_equal(cut.unit, whole.unit);
}

static void a_pruned_model_is_the_whole_one_at_every_k(void **state) {
    (void)state;
    for (size_t m = 0; m < ARCHS; m++)
        for (size_t n = 1; n <= FEATURES; n++) {
            tdrop_model *pruned = models_prune(models[m], n);
            for (size_t k = 0; k <= n; k++)
                assert_same_at(pruned, models[m], k);
            assert_same_curves(pruned, models[m], n);
            assert_cut_info(pruned, models[m], n);
            for (size_t k = 1; k <= n; k++) { /* cut twice is cut once */
                tdrop_model *twice = models_prune(pruned, k), *once = models_prune(models[m], k);
                assert_true(models_same_file(twice, once));
                tdrop_model_destroy(twice);
                tdrop_model_destroy(once);
            }
            tdrop_model_destroy(pruned);
        }
}

static void prune_refuses_what_is_not_there(void **state) {
    (void)state;
    static const size_t bad[] = {0, FEATURES + 1, SIZE_MAX};
    char place;
    tdrop_model *pruned = (void *)&place;
    tdrop_error error = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        models_assert_refused(tdrop_model_prune(&pruned, models[0], bad[i], &error), TDROP_ERROR_K,
                              &error, "1 to 5 features");
    models_assert_refused(tdrop_model_prune(&pruned, NULL, 1, &error), TDROP_ERROR_NULL, &error,
                          "");
    models_assert_refused(tdrop_model_prune(NULL, models[0], 1, &error), TDROP_ERROR_NULL, &error,
                          "");
    assert_ptr_equal(pruned, &place);
}

/* ---------------------------------------------------------------------------------------------
 * Classifiers
 */

enum { CLASSES = 3 };

static void assert_probabilities(const float *p, size_t rows) {
    for (size_t i = 0; i < rows; i++) {
        double sum = 0.0;
        for (size_t j = 0; j < CLASSES; j++) {
            assert_true(p[i * CLASSES + j] >= 0.0f && p[i * CLASSES + j] <= 1.0f);
            sum += (double)p[i * CLASSES + j];
        }
        assert_true(fabs(sum - 1.0) < 1e-6);
    }
}

/* Loss and accuracy found from the probabilities of the classes. */
static void assert_measured(const tdrop_measure *found, const float *p, const tdrop_data *labels) {
    static const float rising[CLASSES] = {-2.0f, 5.0f, 7.0f};
    size_t rows = models_data_info(labels).rows;
    double loss = 0.0, right = 0.0;
    for (size_t i = 0; i < rows; i++, p += CLASSES) {
        float label;
        size_t best = 0, of_label = 0;
        assert_int_equal(tdrop_data_get_rows(labels, i, 1, &label), TDROP_OK);
        for (size_t j = 0; j < CLASSES; j++) {
            best = p[j] > p[best] ? j : best;
            of_label = label == rising[j] ? j : of_label;
        }
        right += best == of_label;
        loss -= log((double)p[of_label]);
    }
    assert_int_equal(found->rows, rows);
    assert_true(fabs(found->loss - loss / (double)rows) < 1e-5);
    assert_true(fabs(found->metric - right / (double)rows) < 1e-12);
}

static void assert_classifier_prunes(const tdrop_model *model, const tdrop_data *labels) {
    const tdrop_use_options use = {.target = labels};
    tdrop_model *pruned = models_prune(model, 3);
    assert_int_equal(models_info(pruned).task, TDROP_TASK_CLASSIFY);
    assert_string_equal(models_info(pruned).class_name[2], "7");
    for (size_t k = 0; k <= 3; k++) {
        tdrop_measure a, b;
        float *x = models_predict(model, data, 0, ROWS, k, NULL);
        float *y = models_predict(pruned, data, 0, ROWS, k, NULL);
        assert_same(y, x, (size_t)ROWS * CLASSES, "probabilities", k);
        assert_int_equal(tdrop_model_evaluate(&a, model, data, k, &use, NULL), TDROP_OK);
        assert_int_equal(tdrop_model_evaluate(&b, pruned, data, k, &use, NULL), TDROP_OK);
        assert_memory_equal(&a, &b, sizeof a);
        assert_true(models_info(pruned).valid_metric[k] == a.metric);
        free(x);
        free(y);
    }
    tdrop_model_destroy(pruned);
}

static void classifiers_agree_with_their_probabilities(void **state) {
    (void)state;
    tdrop_data *labels = models_labels(data), *foreign_labels = models_labels(foreign);
    const tdrop_fit_options options = {.task = TDROP_TASK_CLASSIFY,
                                       .target = labels,
                                       .arch = "9-[5]-9-[6]",
                                       .epochs = 3,
                                       .batch = 64,
                                       .learning_rate = 0.01};
    const tdrop_use_options use = {.target = foreign_labels};
    tdrop_model *model = models_fit(data, &options);
    tdrop_scree scree;
    tdrop_error error = {0};
    assert_int_equal(tdrop_model_scree(&scree, model, foreign, data, &use, NULL), TDROP_OK);
    assert_null(scree.pca);
    for (size_t k = 0; k <= FEATURES; k++) {
        tdrop_measure found;
        float *p = models_predict(model, foreign, 0, ROWS + 1, k, NULL);
        assert_probabilities(p, ROWS + 1);
        assert_int_equal(tdrop_model_evaluate(&found, model, foreign, k, &use, NULL), TDROP_OK);
        assert_measured(&found, p, foreign_labels);
        assert_true(scree.loss[k] == found.loss && scree.metric[k] == found.metric);
        free(p);
    }
    models_assert_refused(tdrop_model_scree(&scree, model, data, NULL, NULL, &error),
                          TDROP_ERROR_DATA, &error, "the labels are needed");
    models_assert_refused(tdrop_model_scree(&scree, model, data, NULL, &use, &error),
                          TDROP_ERROR_DATA, &error, "600 rows, but the labels memory have 601");
    tdrop_scree_destroy(&scree);
    assert_classifier_prunes(model, labels);
    tdrop_model_destroy(model);
    tdrop_data_destroy(foreign_labels);
    tdrop_data_destroy(labels);
}

static void unknown_labels_are_refused(void **state) {
    (void)state;
    tdrop_data *labels = models_labels(data);
    const tdrop_fit_options options = {
        .task = TDROP_TASK_CLASSIFY, .target = labels, .arch = "[5]", .epochs = 1};
    tdrop_model *model = models_fit(data, &options);
    float values[ROWS];
    assert_int_equal(tdrop_data_get_rows(labels, 0, ROWS, values), TDROP_OK);
    values[3] = 6.0f;
    tdrop_data *others = models_table_of(values, ROWS, 1);
    const tdrop_use_options use = {.target = others};
    tdrop_measure measure = {.rows = 77};
    tdrop_error error = {0};
    models_assert_refused(tdrop_model_evaluate(&measure, model, data, 1, &use, &error),
                          TDROP_ERROR_DATA, &error, "row 4 has the label 6");
    assert_int_equal(measure.rows, 77);
    tdrop_data_destroy(others);
    tdrop_model_destroy(model);
    tdrop_data_destroy(labels);
}

/* ---------------------------------------------------------------------------------------------
 * Units
 */

/* Columns of very different sizes, which the predictions have to have as well. */
static tdrop_data *table_of_sizes(size_t rows) {
    static const double offset[4] = {0.0, 1000.0, -3e6, 0.5};
    static const double factor[4] = {1.0, 250.0, 1e4, 1e-3};
    float *values = malloc(rows * 4 * sizeof *values);
    double *noise = malloc(rows * 2 * sizeof *noise);
    models_numbers(5, rows * 2, noise);
    for (size_t i = 0; i < rows * 4; i++)
        values[i] = (float)(offset[i % 4] + factor[i % 4] * noise[i / 4 * 2 + i % 2]);
    tdrop_data *table = models_table_of(values, rows, 4);
    free(values);
    free(noise);
    return table;
}

static void predictions_are_in_the_units_of_the_data(void **state) {
    (void)state;
    tdrop_data *table = table_of_sizes(300);
    float values[300 * 4];
    assert_int_equal(tdrop_data_get_rows(table, 0, 300, values), TDROP_OK);
    for (tdrop_scale scale = TDROP_SCALE_STANDARD; scale <= TDROP_SCALE_MINMAX; scale++) {
        const tdrop_fit_options options = {.arch = "[2]",
                                           .epochs = 200,
                                           .batch = 64,
                                           .law = {.p = 0.1},
                                           .learning_rate = 0.02,
                                           .scale = scale};
        tdrop_model *model = models_fit(table, &options);
        float *predicted = models_predict(model, table, 0, 300, 2, NULL);
        static const double size[4] = {1.0, 250.0, 1e4, 1e-3};
        for (size_t i = 0; i < 300 * 4; i++)
            if (!(fabs((double)predicted[i] - (double)values[i]) < 0.15 * size[i % 4]))
                fail_msg("%s, %zu: %g for %g", tdrop_scale_name(scale), i, (double)predicted[i],
                         (double)values[i]);
        free(predicted);
        tdrop_model_destroy(model);
    }
    tdrop_data_destroy(table);
}

static void predictions_of_bytes_are_bytes(void **state) {
    (void)state;
    tdrop_data *bytes = models_byte_table(300, 6, 2, 3);
    const tdrop_fit_options options = {
        .arch = "[2]", .epochs = 150, .batch = 32, .law = {.p = 0.2}, .learning_rate = 0.02};
    tdrop_model *model = models_fit(bytes, &options);
    float *predicted = models_predict(model, bytes, 0, 300, 2, NULL), values[300 * 6];
    assert_int_equal(tdrop_data_get_rows(bytes, 0, 300, values), TDROP_OK);
    for (size_t i = 0; i < 300 * 6; i++)
        assert_true(fabsf(predicted[i] - values[i]) < 15.0f);
    free(predicted);
    tdrop_model_destroy(model);
    tdrop_data_destroy(bytes);
}

/* What each scaling makes of column 0..2 of the table below, all rows but the last. */
static const float plain_values[5][3] = {
    {1, 10, 4}, {2, 10, -4}, {3, 10, 0}, {6, 10, 8}, {100, -100, 100}};
static const struct {
    tdrop_scale kind;
    double shift[3], unit[3];
    size_t constant;
} plain_scalings[] = {
    {TDROP_SCALE_NONE, {0, 0, 0}, {1, 1, 1}, 0},
    {TDROP_SCALE_STANDARD, {3, 10, 2}, {1.8708286933869707, 1, 4.47213595499958}, 1},
    {TDROP_SCALE_MINMAX, {1, 10, -4}, {5, 1, 12}, 1},
    {TDROP_SCALE_BYTE, {0, 0, 0}, {255, 255, 255}, 0},
};

static void scalings_agree_with_plain_numbers(void **state) {
    (void)state;
    static const size_t rows[] = {0, 1, 2, 3};
    tdrop_data *table = models_table_of(&plain_values[0][0], 5, 3);
    for (size_t s = 0; s < sizeof plain_scalings / sizeof *plain_scalings; s++) {
        tdrop_encoding encoding, copy;
        tdrop_encoder encoder;
        double buffer[6];
        float row[3], back[3];
        assert_int_equal(tdrop_encoding_learn(&encoding, plain_scalings[s].kind,
                                              TDROP_MISSING_ERROR, table, rows, 4, NULL),
                         TDROP_OK);
        assert_int_equal(tdrop_encoding_copy(&copy, &encoding), TDROP_OK);
        tdrop_encoding_clear(&encoding);
        assert_int_equal(tdrop_encoder_create(&encoder, &copy, table, NULL), TDROP_OK);
        assert_int_equal(copy.scaling.kind, plain_scalings[s].kind);
        assert_int_equal(copy.scaling.constant_columns, plain_scalings[s].constant);
        for (size_t i = 0; i < 5; i++) {
            tdrop_encoder_row(&encoder, i, buffer, row, NULL);
            for (size_t j = 0; j < 3; j++) {
                double expected = ((double)plain_values[i][j] - plain_scalings[s].shift[j]) /
                                  plain_scalings[s].unit[j];
                assert_true(fabs((double)row[j] - expected) <= 2e-7 * fabs(expected));
            }
            tdrop_encoding_undo(&copy, 1, row, 3, back);
            for (size_t j = 0; j < 3; j++)
                assert_true(fabsf(back[j] - plain_values[i][j]) <= 1e-5f);
        }
        tdrop_encoder_clear(&encoder);
        tdrop_encoding_clear(&copy);
    }
    tdrop_data_destroy(table);
}

static void scales_have_names(void **state) {
    (void)state;
    static const char *const names[] = {"auto", "none", "standard", "minmax", "byte"};
    tdrop_scale scale = TDROP_SCALE_BYTE;
    for (int i = 0; i < 5; i++) {
        assert_string_equal(tdrop_scale_name((tdrop_scale)i), names[i]);
        assert_int_equal(tdrop_scale_parse(names[i], &scale), TDROP_OK);
        assert_int_equal(scale, i);
    }
    assert_null(tdrop_scale_name((tdrop_scale)5));
    assert_null(tdrop_scale_name((tdrop_scale)-1));
    assert_int_equal(tdrop_scale_parse("Auto", &scale), TDROP_ERROR_FORMAT);
    assert_int_equal(tdrop_scale_parse(NULL, &scale), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_scale_parse("none", NULL), TDROP_ERROR_NULL);
    assert_int_equal(scale, TDROP_SCALE_BYTE);
}

/* ---------------------------------------------------------------------------------------------
 * What is refused
 */

/* One call with these arguments of each function that takes data, which must all end alike and
 * leave their results alone. */
static void assert_use_refused(const tdrop_data *table, size_t first, size_t rows, size_t k,
                               const tdrop_use_options *options, tdrop_status expected,
                               const char *text) {
    float out[64];
    tdrop_measure measure = {.rows = 77};
    tdrop_error error = {0};
    memset(out, 0x5a, sizeof out);
    models_assert_refused(
        tdrop_model_encode(models[0], table, first, rows, k, out, options, &error), expected,
        &error, text);
    models_assert_refused(
        tdrop_model_predict(models[0], table, first, rows, k, out, options, &error), expected,
        &error, text);
    if (first == 0 && rows <= 1) /* evaluate takes no range */
        models_assert_refused(tdrop_model_evaluate(&measure, models[0], table, k, options, &error),
                              expected, &error, text);
    assert_int_equal(measure.rows, 77);
    for (size_t i = 0; i < sizeof out; i++)
        assert_int_equal(((unsigned char *)out)[i], 0x5a);
}

static void use_refuses_what_does_not_fit(void **state) {
    (void)state;
    tdrop_data *narrow = models_table(3, COLUMNS - 1, 2, 0.1, 1);
    const tdrop_use_options reserved = {.reserved = {0, 1}}, unknown = {.isa = (tdrop_isa)99};
    const struct {
        const tdrop_data *table;
        size_t first, rows, k;
        const tdrop_use_options *options;
        tdrop_status expected;
        const char *text;
    } bad[] = {
        {data, 0, 1, FEATURES + 1, NULL, TDROP_ERROR_K, "k = 6, but this model has 5 features"},
        {data, 0, 1, SIZE_MAX, NULL, TDROP_ERROR_K, "5 features"},
        {narrow, 0, 1, 2, NULL, TDROP_ERROR_DATA, "9 columns, but those of the fit have 10"},
        {data, ROWS, 1, 2, NULL, TDROP_ERROR_SIZE, "1 rows behind the first 600, but it has 600"},
        {data, 1, ROWS, 2, NULL, TDROP_ERROR_SIZE, "600 rows behind the first 1, but it has 600"},
        {data, ROWS + 1, 0, 2, NULL, TDROP_ERROR_SIZE, "but it has 600"},
        {data, SIZE_MAX, 2, 2, NULL, TDROP_ERROR_SIZE, "but it has 600"},
        {data, 2, SIZE_MAX, 2, NULL, TDROP_ERROR_SIZE, "but it has 600"},
        {data, 0, 1, 2, &reserved, TDROP_ERROR_RESERVED, "reserved"},
        {data, 0, 1, 2, &unknown, TDROP_ERROR_ISA, ""},
        {NULL, 0, 1, 2, NULL, TDROP_ERROR_NULL, ""},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_use_refused(bad[i].table, bad[i].first, bad[i].rows, bad[i].k, bad[i].options,
                           bad[i].expected, bad[i].text);
    tdrop_data_destroy(narrow);
}

static void decode_refuses_what_does_not_fit(void **state) {
    (void)state;
    const tdrop_use_options reserved = {.reserved = {1}}, unknown = {.isa = (tdrop_isa)99};
    float codes[8] = {0}, out[COLUMNS] = {3.0f};
    tdrop_error error = {0};
    const tdrop_model *m = models[0];
    models_assert_refused(tdrop_model_decode(m, codes, 1, FEATURES + 1, out, NULL, &error),
                          TDROP_ERROR_K, &error, "k = 6, but this model has 5 features");
    models_assert_refused(tdrop_model_decode(m, codes, 1, 2, out, &reserved, &error),
                          TDROP_ERROR_RESERVED, &error, "reserved");
    models_assert_refused(tdrop_model_decode(m, codes, 1, 2, out, &unknown, &error),
                          TDROP_ERROR_ISA, &error, "");
    models_assert_refused(tdrop_model_decode(m, NULL, 1, 2, out, NULL, &error), TDROP_ERROR_NULL,
                          &error, "");
    models_assert_refused(tdrop_model_decode(m, codes, 1, 2, NULL, NULL, &error), TDROP_ERROR_NULL,
                          &error, "");
    models_assert_refused(tdrop_model_decode(NULL, codes, 1, 2, out, NULL, &error),
                          TDROP_ERROR_NULL, &error, "");
    assert_true(out[0] == 3.0f && out[1] == 0.0f);
}

static void scree_refuses_what_does_not_fit(void **state) {
    (void)state;
    const tdrop_use_options reserved = {.reserved = {1}}, unknown = {.isa = (tdrop_isa)99};
    tdrop_data *narrow = models_table(3, COLUMNS - 1, 2, 0.1, 1);
    tdrop_scree scree = {.n = 1234};
    tdrop_error error = {0};
    const tdrop_model *m = models[0];
    models_assert_refused(tdrop_model_scree(&scree, m, narrow, data, NULL, &error),
                          TDROP_ERROR_DATA, &error, "9 columns, but those of the fit have 10");
    models_assert_refused(tdrop_model_scree(&scree, m, data, data, &reserved, &error),
                          TDROP_ERROR_RESERVED, &error, "reserved");
    size_t count = 77;
    assert_int_equal(tdrop_model_held_out(m, data, &reserved, &count, NULL), TDROP_ERROR_RESERVED);
    assert_int_equal(count, 77);
    models_assert_refused(tdrop_model_scree(&scree, m, data, data, &unknown, &error),
                          TDROP_ERROR_ISA, &error, "");
    models_assert_refused(tdrop_model_scree(&scree, m, NULL, data, NULL, &error), TDROP_ERROR_NULL,
                          &error, "");
    models_assert_refused(tdrop_model_scree(&scree, NULL, data, data, NULL, &error),
                          TDROP_ERROR_NULL, &error, "");
    models_assert_refused(tdrop_model_scree(NULL, m, data, data, NULL, &error), TDROP_ERROR_NULL,
                          &error, "");
    assert_true(scree.n == 1234 && !scree.loss);
    tdrop_scree narrow_train = models_scree(m, data, narrow); /* simply other data */
    assert_null(narrow_train.pca);
    tdrop_scree_destroy(&narrow_train);
    tdrop_data_destroy(narrow);
}

static void null_is_refused(void **state) {
    (void)state;
    size_t count = 5;
    tdrop_measure measure = {.rows = 5};
    assert_int_equal(tdrop_model_held_out(NULL, data, NULL, &count, NULL), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_model_held_out(models[0], NULL, NULL, &count, NULL), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_model_held_out(models[0], data, NULL, NULL, NULL), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_model_evaluate(NULL, models[0], data, 1, NULL, NULL), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_model_evaluate(&measure, NULL, data, 1, NULL, NULL), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_model_encode(models[0], data, 0, 1, 1, NULL, NULL, NULL),
                     TDROP_ERROR_NULL);
    assert_int_equal(tdrop_model_predict(models[0], data, 0, 1, 1, NULL, NULL, NULL),
                     TDROP_ERROR_NULL);
    assert_true(count == 5 && measure.rows == 5);
}

/* ---- layers, for showing ---- */

static void layers_are_listed(void **state) {
    (void)state;
    static const tdrop_layer_info expected[] = {
        {"encoder", 0, "linear", 10, 9, 99, 90},  {"encoder", 1, "relu", 9, 9, 0, 0},
        {"encoder", 2, "linear", 9, 5, 50, 45},   {"encoder", 3, "relu", 5, 5, 0, 0},
        {"encoder", 4, "tail", 5, 5, 0, 0},       {"decoder", 0, "relu", 5, 5, 0, 0},
        {"decoder", 1, "linear", 5, 9, 54, 45},   {"decoder", 2, "relu", 9, 9, 0, 0},
        {"decoder", 3, "linear", 9, 10, 100, 90},
    };
    tdrop_layer_info layer = {.index = 99};
    assert_int_equal(tdrop_model_layers(models[1]), 9);
    for (size_t i = 0; i < 9; i++) {
        assert_int_equal(tdrop_model_get_layer(models[1], i, &layer), TDROP_OK);
        assert_string_equal(layer.part, expected[i].part);
        assert_string_equal(layer.op, expected[i].op);
        assert_int_equal(layer.index, expected[i].index);
        assert_int_equal(layer.inputs, expected[i].inputs);
        assert_int_equal(layer.outputs, expected[i].outputs);
        assert_int_equal(layer.parameters, expected[i].parameters);
        assert_int_equal(layer.multiply_adds, expected[i].multiply_adds);
    }
    assert_int_equal(tdrop_model_get_layer(models[1], 9, &layer), TDROP_ERROR_SIZE);
    assert_int_equal(tdrop_model_get_layer(NULL, 0, &layer), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_model_get_layer(models[1], 0, NULL), TDROP_ERROR_NULL);
    assert_int_equal(layer.outputs, 10);
    assert_int_equal(models_info(models[1]).parameters, 99 + 50 + 54 + 100);
}

/* ---- tensors and scaling, for whoever computes with a model elsewhere ---- */

static tdrop_tensor_info tensor_called(const tdrop_model *model, const char *name) {
    tdrop_tensor_info tensor;
    for (size_t i = 0; i < tdrop_model_tensors(model); i++) {
        assert_int_equal(tdrop_model_get_tensor(model, i, &tensor), TDROP_OK);
        if (!strcmp(tensor.name, name)) return tensor;
    }
    fail_msg("there is no tensor %s", name);
    return tensor;
}

/* out = weight * relu(in) + bias of a linear layer of the decoder. */
static void plain_relu_linear(const tdrop_model *model, size_t layer, const double *in,
                              double *out) {
    char name[2][48];
    snprintf(name[0], sizeof name[0], "decoder.%zu.weight", layer);
    snprintf(name[1], sizeof name[1], "decoder.%zu.bias", layer);
    const tdrop_tensor_info weight = tensor_called(model, name[0]),
                            bias = tensor_called(model, name[1]);
    assert_true(weight.dims == 2 && bias.dims == 1 && bias.shape[0] == weight.shape[0]);
    for (size_t o = 0; o < weight.shape[0]; o++) {
        out[o] = bias.values[o];
        for (size_t i = 0; i < weight.shape[1]; i++)
            out[o] += weight.values[o * weight.shape[1] + i] * (in[i] > 0 ? in[i] : 0);
    }
}

/* models[1] is 9-relu-5-relu-tail-relu-9-relu-10. */
static void tensors_and_scaling_are_enough_to_decode(void **state) {
    (void)state;
    const double *shift, *unit;
    float *codes = models_encode(models[1], data, 0, ROWS, FEATURES, NULL);
    float *expected = models_predict(models[1], data, 0, ROWS, FEATURES, NULL);
    assert_int_equal(tdrop_model_get_scaling(models[1], &shift, &unit), TDROP_OK);
    for (size_t i = 0; i < ROWS; i++) {
        double code[FEATURES], hidden[9], out[COLUMNS];
        for (size_t j = 0; j < FEATURES; j++)
            code[j] = codes[i * FEATURES + j];
        plain_relu_linear(models[1], 1, code, hidden);
        plain_relu_linear(models[1], 3, hidden, out);
        for (size_t j = 0; j < COLUMNS; j++)
            assert_true(fabs(out[j] * unit[j] + shift[j] - expected[i * COLUMNS + j]) < 1e-4);
    }
    free(codes);
    free(expected);
}

static void tensors_are_listed(void **state) {
    (void)state;
    static const char *const names[] = {"encoder.0.weight", "encoder.0.bias",   "encoder.2.weight",
                                        "encoder.2.bias",   "decoder.1.weight", "decoder.1.bias",
                                        "decoder.3.weight", "decoder.3.bias"};
    tdrop_tensor_info tensor = {.dims = 99};
    const double *shift, *unit = &(const double){0};
    assert_int_equal(tdrop_model_get_tensor(models[1], 8, &tensor), TDROP_ERROR_SIZE);
    assert_int_equal(tdrop_model_get_tensor(NULL, 0, &tensor), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_model_get_tensor(models[1], 0, NULL), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_model_get_scaling(NULL, &shift, &unit), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_model_get_scaling(models[1], NULL, &unit), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_model_get_scaling(models[1], &shift, NULL), TDROP_ERROR_NULL);
    assert_true(tensor.dims == 99 && *unit == 0);
    assert_int_equal(tdrop_model_tensors(models[1]), 8);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(tdrop_model_get_tensor(models[1], i, &tensor), TDROP_OK);
        assert_string_equal(tensor.name, names[i]);
    }
    assert_true(tensor.dims == 1 && tensor.shape[0] == COLUMNS);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_enter, scratch_leave)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fewer_codes_are_the_first_of_all),
        cmocka_unit_test(encode_and_decode_are_predict),
        cmocka_unit_test(every_feature_matters),
        cmocka_unit_test(no_codes_need_no_buffer),
        cmocka_unit_test(pieces_give_what_the_whole_gives),
        cmocka_unit_test(threads_and_processors_do_not_matter),
        cmocka_unit_test(scree_is_evaluate_at_every_k),
        cmocka_unit_test(scree_is_the_validation_curve),
        cmocka_unit_test(the_loss_is_that_of_the_predictions),
        cmocka_unit_test(held_out_rows_rise),
        cmocka_unit_test(of_other_data_all_rows_are_held_out),
        cmocka_unit_test(the_split_follows_its_own_seed),
        cmocka_unit_test(held_out_rows_are_not_trained_on),
        cmocka_unit_test(principal_components_agree_with_plain_code),
        cmocka_unit_test(too_large_numbers_have_no_principal_components),
        cmocka_unit_test(other_data_give_no_principal_components),
        IN_SCRATCH(too_many_columns_give_no_principal_components),
        IN_SCRATCH(a_pruned_model_is_the_whole_one_at_every_k),
        cmocka_unit_test(classifiers_agree_with_their_probabilities),
        cmocka_unit_test(unknown_labels_are_refused),
        cmocka_unit_test(prune_refuses_what_is_not_there),
        cmocka_unit_test(predictions_are_in_the_units_of_the_data),
        cmocka_unit_test(predictions_of_bytes_are_bytes),
        cmocka_unit_test(scalings_agree_with_plain_numbers),
        cmocka_unit_test(scales_have_names),
        cmocka_unit_test(use_refuses_what_does_not_fit),
        cmocka_unit_test(decode_refuses_what_does_not_fit),
        cmocka_unit_test(scree_refuses_what_does_not_fit),
        cmocka_unit_test(null_is_refused),
        cmocka_unit_test(layers_are_listed),
        cmocka_unit_test(tensors_and_scaling_are_enough_to_decode),
        cmocka_unit_test(tensors_are_listed),
    };
    return cmocka_run_group_tests_name("model_use", tests, fit_models, destroy_models);
}
