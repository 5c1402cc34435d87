/* SPDX-License-Identifier: MIT
 * Training as though the inputs had mean zero. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "data/split.h"
#include "model/target.h"
#include "models.h"

#include <math.h>

enum { ROWS = 200, COLUMNS = 8 };

/* The rows that a fit trains on, of a classifier where there are labels. */
static void split_rows(tdrop_split *split, const tdrop_data *labels) {
    tdrop_classes classes;
    float class_of[ROWS];
    tdrop_split_rule rule = {.share = 0.1};
    if (!labels) {
        assert_int_equal(tdrop_split_make(split, ROWS, &rule, NULL), TDROP_OK);
        return;
    }
    assert_int_equal(tdrop_classes_find(&classes, labels, NULL), TDROP_OK);
    assert_int_equal(tdrop_classes_index(&classes, labels, class_of, NULL), TDROP_OK);
    rule.class_of = class_of;
    rule.classes = classes.count;
    assert_int_equal(tdrop_split_make(split, ROWS, &rule, NULL), TDROP_OK);
    tdrop_classes_clear(&classes);
}

/* A table far from zero, and the same minus the mean of the rows that are trained on; of a
 * classifier with its labels, unless that is NULL. */
static void make_tables(tdrop_data **far, tdrop_data **centred, tdrop_data **labels) {
    double mean[COLUMNS] = {0};
    float values[ROWS * COLUMNS];
    tdrop_split split;
    tdrop_data *plain = models_table(ROWS, COLUMNS, 4, 0.05, 7);
    tdrop_data_get_rows(plain, 0, ROWS, values);
    for (size_t i = 0; i < ROWS * COLUMNS; i++)
        values[i] += (float)(1.0 + 0.5 * (double)(i % COLUMNS));
    *far = models_table_of(values, ROWS, COLUMNS);
    if (labels) *labels = models_labels(plain);
    split_rows(&split, labels ? *labels : NULL);
    for (size_t i = 0; i < split.train_count; i++)
        for (size_t j = 0; j < COLUMNS; j++)
            mean[j] += values[split.train[i] * COLUMNS + j] / (double)split.train_count;
    tdrop_split_clear(&split);
    for (size_t i = 0; i < ROWS * COLUMNS; i++)
        values[i] -= (float)mean[i % COLUMNS];
    *centred = models_table_of(values, ROWS, COLUMNS);
    tdrop_data_destroy(plain);
}

static double distance(const tdrop_model *a, const tdrop_model *b) {
    tdrop_model_info one = models_info(a), other = models_info(b);
    double worst = 0.0;
    for (size_t k = 0; k <= one.features; k++)
        worst = fmax(worst, fabs(one.valid_loss[k] / other.valid_loss[k] - 1.0));
    return worst;
}

/* Step for step the same training, but for rounding. */
static void it_is_training_on_centred_data(void **state) {
    (void)state;
    static const char *const archs[] = {"12-[4]-12", "[4]", "39-[4]-12",
                                        "12-relu-[4]-relu-12-relu-tail"};
    tdrop_data *far, *centred;
    make_tables(&far, &centred, NULL);
    for (size_t i = 0; i < sizeof archs / sizeof *archs; i++) {
        tdrop_fit_options options = {.arch = archs[i],
                                     .epochs = 3,
                                     .batch = 32,
                                     .scale = TDROP_SCALE_NONE,
                                     .seed = 3,
                                     .start = TDROP_START_RANDOM,
                                     .no_center = 1};
        tdrop_model *expected = models_fit(centred, &options), *plain = models_fit(far, &options);
        options.no_center = 0;
        tdrop_model *model = models_fit(far, &options);
        double error = distance(model, expected);
        if (!(error < 1e-4)) fail_msg("%s: %g away from centred data", archs[i], error);
        assert_true(distance(plain, expected) > 0.01);
        tdrop_model_destroy(expected);
        tdrop_model_destroy(plain);
        tdrop_model_destroy(model);
    }
    tdrop_data_destroy(far);
    tdrop_data_destroy(centred);
}

/* Only the inputs of a classifier have a mean to be taken off. */
static void classifiers_are_centred_too(void **state) {
    (void)state;
    tdrop_data *far, *centred, *labels;
    make_tables(&far, &centred, &labels);
    tdrop_fit_options options = {.task = TDROP_TASK_CLASSIFY,
                                 .target = labels,
                                 .arch = "12-[4]-12",
                                 .epochs = 3,
                                 .batch = 32,
                                 .scale = TDROP_SCALE_NONE,
                                 .no_center = 1};
    tdrop_model *expected = models_fit(centred, &options);
    options.no_center = 0;
    tdrop_model *model = models_fit(far, &options);
    assert_true(distance(model, expected) < 1e-4);
    tdrop_model_destroy(expected);
    tdrop_model_destroy(model);
    tdrop_data_destroy(labels);
    tdrop_data_destroy(far);
    tdrop_data_destroy(centred);
}

/* A network without a linear layer at its beginning has nothing to be centred. */
static void a_network_that_begins_otherwise_stays_as_it_is(void **state) {
    (void)state;
    tdrop_data *far, *centred;
    make_tables(&far, &centred, NULL);
    tdrop_fit_options options = {
        .arch = "relu-[4]-12", .epochs = 2, .batch = 32, .scale = TDROP_SCALE_NONE, .no_center = 1};
    tdrop_model *expected = models_fit(far, &options);
    options.no_center = 0;
    tdrop_model *model = models_fit(far, &options);
    assert_true(distance(model, expected) == 0.0);
    tdrop_model_destroy(expected);
    tdrop_model_destroy(model);
    tdrop_data_destroy(far);
    tdrop_data_destroy(centred);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_training_on_centred_data),
        cmocka_unit_test(classifiers_are_centred_too),
        cmocka_unit_test(a_network_that_begins_otherwise_stays_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
