/* SPDX-License-Identifier: MIT
 * First values with which a network is PCA. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "models.h"

#include <math.h>

enum { ROWS = 300, COLUMNS = 12, RANK = 4 };

/* As good as untrained: rates so small that no weight changes by much. */
static const tdrop_fit_options still = {
    .epochs = 1, .learning_rate = 1e-9, .start = TDROP_START_PCA};

static void assert_is_pca(const tdrop_data *data, const tdrop_fit_options *options) {
    tdrop_model *model = models_fit(data, options);
    tdrop_model_info info = models_info(model);
    for (size_t k = 0; k <= info.features; k++)
        if (!(fabs(info.valid_loss[k] / info.valid_pca[k] - 1.0) < 1e-3))
            fail_msg("%s: loss %g at k = %zu, PCA %g", options->arch, info.valid_loss[k], k,
                     info.valid_pca[k]);
    tdrop_model_destroy(model);
}

/* Whatever lies between, far from zero or not, at every k. */
static void it_begins_as_pca(void **state) {
    (void)state;
    static const char *const archs[] = {"[4]", "9-[4]", "[4]-8-widthbias",
                                        "20-8-[4]-9-widthbias-30", "20-gelu-9-relu-[4]-10-gelu"};
    tdrop_data *data = models_double_table(ROWS, COLUMNS, RANK, 30.0, 2.0, 7);
    for (size_t i = 0; i < sizeof archs / sizeof *archs; i++) {
        tdrop_fit_options options = still;
        options.arch = archs[i];
        assert_is_pca(data, &options);
        options.no_center = 1;
        assert_is_pca(data, &options);
        options.seed = 5;
        options.scale = TDROP_SCALE_NONE;
        options.loss = TDROP_LOSS_SQUARED;
        assert_is_pca(data, &options);
    }
    tdrop_data_destroy(data);
}

/* Of fewer dimensions than features: those beyond begin at random, and training is none the worse.
 */
static void features_without_a_component(void **state) {
    (void)state;
    float values[ROWS * COLUMNS];
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < COLUMNS; j++)
            values[i * COLUMNS + j] = j % 2 ? (float)(i % 17) : (float)(i % 5) + (float)j;
    tdrop_data *data = models_table_of(values, ROWS, COLUMNS);
    tdrop_fit_options options = still;
    options.arch = "20-[5]-10";
    tdrop_model *model = models_fit(data, &options);
    tdrop_model_info info = models_info(model);
    assert_true(info.valid_loss[1] < info.valid_loss[0] && info.valid_loss[2] < 1e-6);
    assert_true(info.valid_loss[5] < 1e-6);
    tdrop_model_destroy(model);
    for (size_t i = 0; i < ROWS * COLUMNS; i++)
        values[i] = 3.0f;
    tdrop_data *constant = models_table_of(values, ROWS, COLUMNS);
    model = models_fit(constant, &options);
    assert_true(models_info(model).valid_loss[5] < 1e-6);
    tdrop_model_destroy(model);
    tdrop_data_destroy(constant);
    tdrop_data_destroy(data);
}

static void assert_refused(const tdrop_data *data, const tdrop_fit_options *options,
                           const char *text) {
    tdrop_model *model = NULL;
    tdrop_error error;
    models_assert_refused(tdrop_fit(&model, data, options, NULL, &error), TDROP_ERROR_ARCH, &error,
                          text);
    assert_null(model);
}

/* Rather than begin in another way than was asked for. */
static void what_does_not_suit_is_refused(void **state) {
    (void)state;
    static const char *const archs[] = {"7-[4]-8",
                                        "8-[4]-7",
                                        "8-tanh-[4]-8-tanh",
                                        "8-relu-[4]-8-layer-norm-relu",
                                        "8-relu-[4]-relu-8",
                                        "8-[4]-8-9-[6]-20",
                                        "8-relu-8-relu-[4]-8",
                                        "8-batch-norm-[4]-8"};
    tdrop_data *data = models_table(ROWS, COLUMNS, RANK, 0.05, 7), *labels = models_labels(data);
    tdrop_fit_options options = still;
    for (size_t i = 0; i < sizeof archs / sizeof *archs; i++) {
        options.arch = archs[i];
        assert_refused(data, &options, "cannot begin as PCA");
    }
    options.arch = "8-[4]-8";
    options.task = TDROP_TASK_CLASSIFY;
    options.target = labels;
    assert_refused(data, &options, "cannot begin as PCA");
    options = still;
    options.arch = "8-[4]-8";
    options.loss = TDROP_LOSS_BINARY;
    assert_refused(data, &options, "cannot begin as PCA");
    options.loss = TDROP_LOSS_AUTO;
    tdrop_model *model = models_fit(data, &options);
    options.init = model;
    assert_refused(data, &options, "leave one of the two out");
    tdrop_model_destroy(model);
    tdrop_data_destroy(labels);
    tdrop_data_destroy(data);
}

static void keep_settings(void *context, const tdrop_fit_settings *settings) {
    *(tdrop_fit_settings *)context = *settings;
}

/* The start that a fit settles on. */
static tdrop_start start_of(const tdrop_data *data, const char *arch, tdrop_start start) {
    tdrop_fit_settings settings;
    const tdrop_fit_options options = {.arch = arch, .epochs = 1, .start = start};
    const tdrop_fit_observer observer = {.context = &settings, .settings = keep_settings};
    tdrop_model *model = NULL;
    assert_int_equal(tdrop_fit(&model, data, &options, &observer, NULL), TDROP_OK);
    tdrop_model_destroy(model);
    return settings.options.start;
}

static void auto_is_pca_where_that_suits(void **state) {
    (void)state;
    tdrop_data *data = models_table(ROWS, COLUMNS, RANK, 0.05, 7);
    assert_int_equal(start_of(data, "8-[4]-8", TDROP_START_AUTO), TDROP_START_PCA);
    assert_int_equal(start_of(data, "8-[4]-8", TDROP_START_RANDOM), TDROP_START_RANDOM);
    assert_int_equal(start_of(data, "7-[4]-8", TDROP_START_AUTO), TDROP_START_RANDOM);
    assert_int_equal(start_of(data, "7-gelu-[4]-tanh-8", TDROP_START_AUTO), TDROP_START_RANDOM);
    tdrop_data_destroy(data);
}

static void starts_have_names(void **state) {
    (void)state;
    static const char *const names[] = {"auto", "random", "pca"};
    tdrop_start start = TDROP_START_PCA;
    for (int i = 0; i < 3; i++) {
        assert_string_equal(tdrop_start_name((tdrop_start)i), names[i]);
        assert_int_equal(tdrop_start_parse(names[i], &start), TDROP_OK);
        assert_int_equal(start, i);
    }
    assert_null(tdrop_start_name((tdrop_start)3));
    assert_int_equal(tdrop_start_parse("zero", &start), TDROP_ERROR_FORMAT);
    assert_int_equal(tdrop_start_parse("pca", NULL), TDROP_ERROR_NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_begins_as_pca),
        cmocka_unit_test(features_without_a_component),
        cmocka_unit_test(what_does_not_suit_is_refused),
        cmocka_unit_test(auto_is_pca_where_that_suits),
        cmocka_unit_test(starts_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
