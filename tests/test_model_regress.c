/* SPDX-License-Identifier: MIT
 * Models that predict numbers: their units, their R squared, what is saved, what is refused. */
#include "models.h"
#include "scratch.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 240, COLUMNS = 6, TARGETS = 2, FEATURES = 3 };

static tdrop_data *data, *targets;

/* Two numbers of very different size that follow from a row, and a little noise. */
static tdrop_data *make_targets(const tdrop_data *of) {
    double noise[ROWS * TARGETS];
    float row[COLUMNS], values[ROWS * TARGETS];
    models_numbers(9, ROWS * TARGETS, noise);
    for (size_t i = 0; i < ROWS; i++) {
        assert_int_equal(tdrop_data_get_rows(of, i, 1, row), TDROP_OK);
        values[2 * i] = 5000.0f + 300.0f * (row[0] - row[1] * row[1]) + (float)noise[2 * i];
        values[2 * i + 1] = 0.01f * (row[2] + row[3]) + 1e-4f * (float)noise[2 * i + 1];
    }
    return models_table_of(values, ROWS, TARGETS);
}

static int set_up(void **state) {
    data = models_table(ROWS, COLUMNS, FEATURES, 0.05, 3);
    targets = make_targets(data);
    return scratch_enter(state);
}

static int tear_down(void **state) {
    tdrop_data_destroy(targets);
    tdrop_data_destroy(data);
    return scratch_leave(state);
}

static tdrop_fit_options regression(void) {
    return (tdrop_fit_options){.task = TDROP_TASK_REGRESS,
                               .target = targets,
                               .arch = "32-[3]-32",
                               .epochs = 150,
                               .batch = 32,
                               .learning_rate = 0.01,
                               .valid_share = 0.25};
}

/* R squared of each target, and of all together, of predictions, in units of each target's
 * deviation over the training rows: all found again from scratch. */
static double r2_of(const float *predicted, const size_t *rows, size_t count,
                    const double unit[TARGETS], double each[TARGETS]) {
    double residual = 0.0, total = 0.0;
    for (size_t j = 0; j < TARGETS; j++) {
        double mean = 0.0, residual_before = residual, total_before = total;
        float wanted[TARGETS];
        for (size_t i = 0; i < count; i++) {
            tdrop_data_get_rows(targets, rows[i], 1, wanted);
            mean += (double)wanted[j] / (double)count;
        }
        for (size_t i = 0; i < count; i++) {
            tdrop_data_get_rows(targets, rows[i], 1, wanted);
            double off = ((double)wanted[j] - (double)predicted[rows[i] * TARGETS + j]) / unit[j];
            double beside = ((double)wanted[j] - mean) / unit[j];
            residual += off * off;
            total += beside * beside;
        }
        each[j] = 1.0 - (residual - residual_before) / (total - total_before);
    }
    return 1.0 - residual / total;
}

/* Standard deviations of the targets over the rows that are not held out. */
static void find_units(const size_t *held_out, size_t count, double unit[TARGETS]) {
    for (size_t j = 0; j < TARGETS; j++) {
        double sum = 0.0, square = 0.0, n = (double)(ROWS - count);
        for (size_t i = 0; i < ROWS; i++) {
            float wanted[TARGETS];
            size_t h = 0;
            while (h < count && held_out[h] != i)
                h++;
            if (h < count) continue;
            tdrop_data_get_rows(targets, i, 1, wanted);
            sum += (double)wanted[j];
            square += (double)wanted[j] * (double)wanted[j];
        }
        unit[j] = sqrt(square / n - sum / n * (sum / n));
    }
}

static void it_learns_in_the_units_of_the_targets(void **state) {
    (void)state;
    const tdrop_fit_options options = regression();
    tdrop_model *model = models_fit(data, &options);
    tdrop_model_info info = models_info(model);
    size_t count, rows[ROWS];
    double unit[TARGETS], each[TARGETS], r2_each[TARGETS];
    tdrop_scree scree;
    const tdrop_use_options use = {.target = targets};
    assert_int_equal(info.task, TDROP_TASK_REGRESS);
    assert_int_equal(info.outputs, TARGETS);
    assert_string_equal(info.metric, "r2");
    assert_null(info.valid_pca);
    assert_true(fabs(info.valid_metric[0]) < 0.3 && info.valid_metric[FEATURES] > 0.9);
    assert_int_equal(tdrop_model_held_out(model, data, NULL, &count, rows), TDROP_OK);
    find_units(rows, count, unit);
    assert_int_equal(tdrop_model_scree(&scree, model, data, NULL, &use, NULL), TDROP_OK);
    assert_int_equal(scree.targets, TARGETS);
    for (size_t k = 0; k <= FEATURES; k++) {
        tdrop_measure measure;
        float *predicted = models_predict(model, data, 0, ROWS, k, NULL);
        double r2 = r2_of(predicted, rows, count, unit, each);
        if (!(fabs(r2 - info.valid_metric[k]) < 1e-4))
            fail_msg("k = %zu: R squared %g, not %g", k, info.valid_metric[k], r2);
        assert_int_equal(tdrop_model_evaluate(&measure, model, data, k, &use, NULL), TDROP_OK);
        assert_true(measure.metric == info.valid_metric[k]);
        assert_true(measure.loss == info.valid_loss[k]);
        assert_int_equal(tdrop_model_target_r2(r2_each, model, data, k, &use, NULL), TDROP_OK);
        for (size_t j = 0; j < TARGETS; j++) {
            assert_true(fabs(each[j] - r2_each[j]) < 1e-4);
            assert_true(scree.target_r2[k * TARGETS + j] == r2_each[j]);
        }
        free(predicted);
    }
    tdrop_scree_destroy(&scree);
    tdrop_model_destroy(model);
}

static void neither_threads_nor_processor_decide(void **state) {
    (void)state;
    tdrop_isa isas[MODELS_MOST_ISAS];
    const size_t isa_count = models_isas(isas);
    tdrop_pool *pool = NULL;
    assert_int_equal(tdrop_pool_create(&pool, 3), TDROP_OK);
    const tdrop_parallel parallel = tdrop_pool_parallel(pool);
    tdrop_fit_options options = regression();
    options.epochs = 3;
    tdrop_model *first = models_fit(data, &options);
    options.parallel = &parallel;
    for (size_t i = 0; i < isa_count; i++) {
        options.isa = isas[i];
        tdrop_model *other = models_fit(data, &options);
        assert_true(models_same_file(first, other));
        tdrop_model_destroy(other);
    }
    tdrop_model_destroy(first);
    tdrop_pool_destroy(pool);
}

static void it_is_saved_and_cut(void **state) {
    (void)state;
    tdrop_fit_options options = regression();
    options.epochs = 5;
    tdrop_model *model = models_fit(data, &options);
    models_save(model, "model");
    tdrop_model *loaded = models_load("model"), *cut = models_prune(loaded, 2);
    assert_true(models_same_file(model, loaded));
    assert_int_equal(models_info(cut).task, TDROP_TASK_REGRESS);
    float *expected = models_predict(model, data, 0, ROWS, 2, NULL);
    float *found = models_predict(cut, data, 0, ROWS, 2, NULL);
    assert_memory_equal(found, expected, ROWS * TARGETS * sizeof *found);
    free(found);
    free(expected);
    tdrop_model_destroy(cut);
    tdrop_model_destroy(loaded);
    tdrop_model_destroy(model);
}

/* A table of the text of a .csv file, which may have gaps. */
static tdrop_data *table_of(const char *text) {
    const tdrop_data_read_options options = {.missing = TDROP_MISSING_MEAN};
    tdrop_data *made = NULL;
    scratch_write("table.csv", text, strlen(text));
    assert_int_equal(tdrop_data_read(&made, "table.csv", &options, NULL), TDROP_OK);
    return made;
}

static void names_of_targets_come_back(void **state) {
    (void)state;
    tdrop_data *price = NULL;
    tdrop_column_info column;
    tdrop_data *table = table_of("rooms,price,area\n1,10.5,20\n2,21,41\n3,29,60\n4,41,79\n"
                                 "5,50,99\n6,61,120\n7,70,141\n8,79,160\n");
    assert_int_equal(tdrop_data_take_column(table, "price", &price, NULL), TDROP_OK);
    const tdrop_fit_options options = {
        .task = TDROP_TASK_REGRESS, .target = price, .arch = "[1]", .epochs = 2};
    tdrop_model *model = models_fit(table, &options);
    models_save(model, "named");
    tdrop_model *loaded = models_load("named");
    assert_int_equal(tdrop_model_get_target(loaded, 0, &column), TDROP_OK);
    assert_string_equal(column.name, "price");
    assert_int_equal(column.kind, TDROP_COLUMN_NUMBER);
    assert_int_equal(tdrop_model_get_target(loaded, 1, &column), TDROP_ERROR_SIZE);
    tdrop_model_destroy(loaded);
    tdrop_model_destroy(model);
    tdrop_data_destroy(price);
    tdrop_data_destroy(table);
}

static void refuse(const tdrop_data *target, tdrop_status status, const char *text) {
    tdrop_fit_options options = regression();
    tdrop_model *model = NULL;
    tdrop_error error = {0};
    options.target = target;
    models_assert_refused(tdrop_fit(&model, data, &options, NULL, &error), status, &error, text);
    assert_null(model);
}

static void what_cannot_be_predicted_is_refused(void **state) {
    (void)state;
    static const float same[ROWS];
    tdrop_data *constant = models_table_of(same, ROWS, 1);
    tdrop_data *fewer = models_table_of(same, ROWS - 1, 1);
    refuse(NULL, TDROP_ERROR_NULL, "no targets are given");
    refuse(constant, TDROP_ERROR_DATA, "every target is the same");
    refuse(fewer, TDROP_ERROR_DATA, "240 rows, but the targets memory have 239");
    tdrop_fit_options options = regression();
    options.epochs = 1;
    tdrop_model *model = models_fit(data, &options);
    tdrop_measure measure;
    tdrop_error error = {0};
    models_assert_refused(tdrop_model_evaluate(&measure, model, data, 1, NULL, &error),
                          TDROP_ERROR_DATA, &error, "the targets are needed");
    const tdrop_use_options use = {.target = constant};
    assert_int_not_equal(tdrop_model_evaluate(&measure, model, data, 1, &use, &error), TDROP_OK);
    double r2[TARGETS];
    models_assert_refused(tdrop_model_target_r2(r2, model, data, FEATURES + 1, &use, &error),
                          TDROP_ERROR_K, &error, "k = 4");
    tdrop_model_destroy(model);
    tdrop_data_destroy(fewer);
    tdrop_data_destroy(constant);
}

static void text_and_gaps_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *said;
    } bad[] = {{"b,c\n1,x\n2,y\n3,x\n4,y\n", "target 2, c is text"},
               {"b\n2.5\nNA\n1\n2\n", "1 targets are missing"}};
    tdrop_data *table = table_of("a\n1\n2\n3\n4\n");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        tdrop_data *target = table_of(bad[i].text);
        tdrop_model *model = NULL;
        tdrop_error error = {0};
        const tdrop_fit_options options = {.task = TDROP_TASK_REGRESS, .target = target};
        models_assert_refused(tdrop_fit(&model, table, &options, NULL, &error), TDROP_ERROR_DATA,
                              &error, bad[i].said);
        tdrop_data_destroy(target);
    }
    tdrop_data_destroy(table);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_learns_in_the_units_of_the_targets),
        cmocka_unit_test(neither_threads_nor_processor_decide),
        cmocka_unit_test(it_is_saved_and_cut),
        cmocka_unit_test(names_of_targets_come_back),
        cmocka_unit_test(what_cannot_be_predicted_is_refused),
        cmocka_unit_test(text_and_gaps_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
