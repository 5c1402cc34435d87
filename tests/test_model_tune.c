/* SPDX-License-Identifier: MIT
 * A cut model that is trained on for all its features. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "models.h"

enum { ROWS = 120, COLUMNS = 10, N = 5, K = 2, EPOCHS = 6 };

static const tdrop_fit_options how = {
    .arch = "12-[5]-12", .epochs = 5, .seed = 3, .split_seed = 4, .valid_share = 0.25};

static tdrop_model *tune(const tdrop_model *model, const tdrop_data *data,
                         const tdrop_tune_options *options) {
    tdrop_model *tuned = NULL;
    tdrop_error error;
    if (tdrop_model_tune(&tuned, model, data, options, NULL, &error))
        fail_msg("tune: %s", error.message);
    return tuned;
}

static void test_tuning_gains_and_is_told(void **state) {
    (void)state;
    tdrop_data *data = models_table(ROWS, COLUMNS, 3, 0.1, 1);
    tdrop_model *whole = models_fit(data, &how), *cut = models_prune(whole, K);
    const tdrop_tune_options options = {.epochs = EPOCHS, .seed = 7};
    tdrop_model *tuned = tune(cut, data, &options);
    const tdrop_model_info before = models_info(cut), after = models_info(tuned);
    assert_true(after.valid_loss[K] < before.valid_loss[K]);
    assert_int_equal(after.features, K);
    assert_int_equal(after.pruned_from, N);
    assert_int_equal(after.epochs, 5 + EPOCHS);
    assert_int_equal(after.tuned, EPOCHS);
    assert_int_equal(after.seed, 3);
    assert_int_equal(after.law.kind, before.law.kind);
    assert_true(after.law.rate == before.law.rate);
    assert_true(after.flops > before.flops);
    assert_int_equal(after.valid_rows, before.valid_rows);

    assert_int_equal(after.split_seed, before.split_seed);
    assert_true(after.valid_share == before.valid_share);

    tdrop_fit_options plain = how; /* what a fit that begins there and drops nothing gives */
    plain.arch = NULL;
    plain.init = cut;
    plain.no_drop = 1;
    plain.epochs = EPOCHS;
    plain.seed = 7;
    tdrop_model *fitted = models_fit(data, &plain);
    assert_true(models_info(fitted).valid_loss[K] == after.valid_loss[K]);
    assert_true(models_info(fitted).flops + before.flops == after.flops);
    tdrop_model_destroy(fitted);

    tdrop_measure measured; /* of the rows that the first fit held out */
    assert_int_equal(tdrop_model_evaluate(&measured, tuned, data, K, NULL, NULL), TDROP_OK);
    assert_int_equal(measured.rows, ROWS / 4);
    assert_true(measured.loss == after.valid_loss[K]);

    tdrop_model *again = tune(tuned, data, &options);
    const tdrop_model_info twice = models_info(again);
    if (twice.tuned != EPOCHS) assert_int_equal(twice.tuned, 2 * EPOCHS);
    assert_int_equal(twice.epochs, 5 + twice.tuned);
    models_save(tuned, "tuned");
    tdrop_model *loaded = models_load("tuned");
    assert_int_equal(models_info(loaded).tuned, EPOCHS);
    tdrop_model *all[] = {whole, cut, tuned, again, loaded};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        tdrop_model_destroy(all[i]);
    tdrop_data_destroy(data);
}

static void test_tuning_has_the_same_bits_again(void **state) {
    (void)state;
    tdrop_data *data = models_table(ROWS, COLUMNS, 3, 0.1, 1);
    tdrop_model *whole = models_fit(data, &how), *cut = models_prune(whole, K);
    tdrop_pool *pool;
    assert_int_equal(tdrop_pool_create(&pool, 3), TDROP_OK);
    const tdrop_parallel parallel = tdrop_pool_parallel(pool);
    tdrop_tune_options options = {.epochs = EPOCHS, .seed = 7, .use.isa = TDROP_ISA_C};
    tdrop_model *one = tune(cut, data, &options);
    options.use = (tdrop_use_options){.parallel = &parallel};
    tdrop_model *same = tune(cut, data, &options);
    options.seed = 8;
    tdrop_model *other = tune(cut, data, &options);
    assert_true(models_same_file(one, same));
    assert_false(models_same_file(one, other));
    tdrop_model *all[] = {whole, cut, one, same, other};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        tdrop_model_destroy(all[i]);
    tdrop_pool_destroy(pool);
    tdrop_data_destroy(data);
}

/* Steps so long that no epoch is better. */
static void test_what_is_worse_is_not_kept(void **state) {
    (void)state;
    tdrop_data *data = models_table(ROWS, COLUMNS, 3, 0.1, 1);
    tdrop_model *whole = models_fit(data, &how), *cut = models_prune(whole, K);
    const tdrop_tune_options options = {.epochs = 2, .learning_rate = 3};
    tdrop_model *tuned = tune(cut, data, &options);
    assert_true(models_same_file(cut, tuned));
    assert_int_equal(models_info(tuned).tuned, 0);
    tdrop_model *all[] = {whole, cut, tuned};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        tdrop_model_destroy(all[i]);
    tdrop_data_destroy(data);
}

static void test_tuning_a_classifier(void **state) {
    (void)state;
    tdrop_data *data = models_table(ROWS, COLUMNS, 3, 0.1, 1), *labels = models_labels(data);
    tdrop_data *data_of_others = models_table(ROWS, COLUMNS, 3, 0.1, 2);
    tdrop_fit_options classify = how;
    classify.arch = "12-[5]";
    classify.task = TDROP_TASK_CLASSIFY;
    classify.target = labels;
    tdrop_model *model = models_fit(data, &classify), *tuned = NULL;
    tdrop_error error;
    tdrop_tune_options options = {.epochs = EPOCHS};
    models_assert_refused(tdrop_model_tune(&tuned, model, data, &options, NULL, &error),
                          TDROP_ERROR_DATA, &error, "labels");
    tdrop_data *others = models_labels(data_of_others);
    options.use.target = others; /* which would hold out other rows */
    models_assert_refused(tdrop_model_tune(&tuned, model, data, &options, NULL, &error),
                          TDROP_ERROR_DATA, &error, "labels");
    options.use.target = labels;
    tuned = tune(model, data, &options);
    assert_int_equal(models_info(tuned).tuned, EPOCHS);
    assert_true(models_info(tuned).valid_loss[N] < models_info(model).valid_loss[N]);
    tdrop_model_destroy(tuned);
    tdrop_model_destroy(model);
    tdrop_data_destroy(others);
    tdrop_data_destroy(data_of_others);
    tdrop_data_destroy(labels);
    tdrop_data_destroy(data);
}

static void test_tuning_refusals(void **state) {
    (void)state;
    tdrop_data *data = models_table(ROWS, COLUMNS, 3, 0.1, 1);
    tdrop_data *other = models_table(ROWS, COLUMNS, 3, 0.1, 2);
    tdrop_model *model = models_fit(data, &how), *tuned = NULL;
    tdrop_fit_options beside = how;
    beside.valid = other;
    beside.valid_share = 0;
    tdrop_model *by_table = models_fit(data, &beside);
    tdrop_error error;
    tdrop_tune_options options = {.epochs = 1};
    models_assert_refused(tdrop_model_tune(&tuned, model, other, &options, NULL, &error),
                          TDROP_ERROR_DATA, &error, "not what the model was fitted to");
    models_assert_refused(tdrop_model_tune(&tuned, by_table, data, &options, NULL, &error),
                          TDROP_ERROR_DATA, &error, "another table's");
    options.reserved[1] = 1;
    models_assert_refused(tdrop_model_tune(&tuned, model, data, &options, NULL, &error),
                          TDROP_ERROR_RESERVED, &error, "reserved");
    options = (tdrop_tune_options){.epochs = 1, .use.reserved = {1}};
    models_assert_refused(tdrop_model_tune(&tuned, model, data, &options, NULL, &error),
                          TDROP_ERROR_RESERVED, &error, "reserved");
    options = (tdrop_tune_options){0};
    models_assert_refused(tdrop_model_tune(&tuned, model, data, &options, NULL, &error),
                          TDROP_ERROR_SIZE, &error, "no epochs");
    models_assert_refused(tdrop_model_tune(&tuned, model, data, NULL, NULL, &error),
                          TDROP_ERROR_NULL, &error, "options");
    assert_null(tuned);
    tdrop_model_destroy(by_table);
    tdrop_model_destroy(model);
    tdrop_data_destroy(other);
    tdrop_data_destroy(data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tuning_gains_and_is_told),
        cmocka_unit_test(test_tuning_has_the_same_bits_again),
        cmocka_unit_test(test_what_is_worse_is_not_kept),
        cmocka_unit_test(test_tuning_a_classifier),
        cmocka_unit_test(test_tuning_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
