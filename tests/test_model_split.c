/* SPDX-License-Identifier: MIT
 * Which rows are held out: of each class its share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "data/split.h"
#include "models.h"
#include "scratch.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 300, CLASSES = 4 };

/* Classes of 200, 79, 20 and 1 rows, in turns as far as they go. */
static void fill_classes(float *class_of) {
    static const size_t sizes[CLASSES] = {200, 79, 20, 1};
    size_t left[CLASSES];
    memcpy(left, sizes, sizeof left);
    for (size_t i = 0, c = 0; i < ROWS; i++, c = (c + 1) % CLASSES) {
        while (!left[c])
            c = (c + 1) % CLASSES;
        left[c]--;
        class_of[i] = (float)c;
    }
}

static tdrop_split split_of(const float *class_of, double share, uint64_t seed) {
    tdrop_split split;
    const tdrop_split_rule rule = {
        .share = share, .seed = seed, .class_of = class_of, .classes = CLASSES};
    assert_int_equal(tdrop_split_make(&split, ROWS, &rule, NULL), TDROP_OK);
    return split;
}

/* Every row on one side, in rising order. */
static void assert_partition(const tdrop_split *split, size_t rows) {
    size_t v = 0, t = 0;
    assert_int_equal(split->valid_count + split->train_count, rows);
    for (size_t i = 0; i < rows; i++)
        if (v < split->valid_count && split->valid[v] == i)
            v++;
        else if (t < split->train_count && split->train[t] == i)
            t++;
        else
            fail_msg("row %zu is on no side, or out of order", i);
}

static void each_class_gives_its_share(void **state) {
    (void)state;
    static const struct {
        double share;
        size_t expected[CLASSES];
    } ways[] = {
        {0.1, {20, 8, 2, 0}},
        {0.5, {100, 40, 10, 0}},
        {0.001, {1, 1, 1, 0}},
        {0.999, {199, 78, 19, 0}},
    };
    float class_of[ROWS];
    fill_classes(class_of);
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        tdrop_split split = split_of(class_of, ways[w].share, 3);
        size_t found[CLASSES] = {0};
        assert_partition(&split, ROWS);
        for (size_t i = 0; i < split.valid_count; i++)
            found[(size_t)class_of[split.valid[i]]]++;
        assert_memory_equal(found, ways[w].expected, sizeof found);
        tdrop_split_clear(&split);
    }
}

/* What other classes do does not matter to a class, and it has a permutation of its own. */
static void a_class_is_split_by_itself(void **state) {
    (void)state;
    float class_of[ROWS], merged[ROWS], turns[ROWS];
    fill_classes(class_of);
    for (size_t i = 0; i < ROWS; i++) {
        merged[i] = class_of[i] < 2.0f ? class_of[i] : 2.0f;
        turns[i] = (float)(i % 2);
    }
    tdrop_split a = split_of(class_of, 0.1, 3), b = split_of(merged, 0.1, 3);
    size_t other = 0;
    for (size_t i = 0; i < a.valid_count; i++) {
        if (class_of[a.valid[i]] >= 2.0f) continue;
        while (other < b.valid_count && b.valid[other] < a.valid[i])
            other++;
        assert_true(other < b.valid_count && b.valid[other] == a.valid[i]);
    }
    tdrop_split c = split_of(turns, 0.1, 3), d = split_of(turns, 0.1, 4);
    size_t neighbours = 0;
    for (size_t i = 1; i < c.valid_count; i++)
        neighbours += c.valid[i] == c.valid[i - 1] + 1;
    assert_true(neighbours < c.valid_count / 4);
    assert_memory_not_equal(c.valid, d.valid, c.valid_count * sizeof *c.valid);
    tdrop_split_clear(&a);
    tdrop_split_clear(&b);
    tdrop_split_clear(&c);
    tdrop_split_clear(&d);
}

static void without_a_class_of_two_rows_it_is_refused(void **state) {
    (void)state;
    static const float class_of[] = {2, 0, 1};
    tdrop_split split;
    tdrop_error error;
    const tdrop_split_rule rule = {.share = 0.5, .class_of = class_of, .classes = 3};
    models_assert_refused(tdrop_split_make(&split, 3, &rule, &error), TDROP_ERROR_DATA, &error,
                          "each label stands in one row only");
}

/* ---------------------------------------------------------------------------------------------
 * Models
 */

enum { COLUMNS = 6 };

static tdrop_model *fit_classes(const tdrop_data *data, const tdrop_data *labels, uint64_t seed) {
    const tdrop_fit_options options = {.task = TDROP_TASK_CLASSIFY,
                                       .target = labels,
                                       .arch = "[3]",
                                       .epochs = 2,
                                       .split_seed = seed};
    return models_fit(data, &options);
}

static size_t *held_out(const tdrop_model *model, const tdrop_data *data, const tdrop_data *labels,
                        size_t *count) {
    const tdrop_use_options use = {.target = labels};
    assert_int_equal(tdrop_model_held_out(model, data, &use, count, NULL), TDROP_OK);
    size_t *rows = malloc(*count * sizeof *rows);
    assert_non_null(rows);
    assert_int_equal(tdrop_model_held_out(model, data, &use, count, rows), TDROP_OK);
    return rows;
}

/* What is measured afterwards, by the saved model, a pruned one or both, is the curve of the fit.
 */
static void held_out_rows_of_classes_are_found_again(void **state) {
    (void)state;
    tdrop_data *data = models_table(ROWS, COLUMNS, 3, 0.05, 7), *labels = models_labels(data);
    tdrop_model *model = fit_classes(data, labels, 5);
    models_save(model, "model");
    tdrop_model *again = models_load("model"), *pruned = models_prune(again, 2);
    const tdrop_model_info info = models_info(again);
    const tdrop_use_options use = {.target = labels};
    tdrop_measure measure;
    size_t count, other_count;
    assert_int_equal(info.split, TDROP_SPLIT_CLASSES);
    size_t *rows = held_out(model, data, labels, &count);
    size_t *other = held_out(pruned, data, labels, &other_count);
    assert_int_equal(count, info.valid_rows);
    assert_int_equal(count, other_count);
    assert_memory_equal(rows, other, count * sizeof *rows);
    for (size_t k = 0; k <= info.features; k++) {
        assert_int_equal(tdrop_model_evaluate(&measure, again, data, k, &use, NULL), TDROP_OK);
        assert_true(measure.loss == info.valid_loss[k] && measure.rows == count);
    }
    free(other);
    free(rows);
    tdrop_model_destroy(pruned);
    tdrop_model_destroy(again);
    tdrop_model_destroy(model);
    tdrop_data_destroy(labels);
    tdrop_data_destroy(data);
}

/* Rows that may have been trained on are never taken for held-out ones. */
static void other_labels_are_refused(void **state) {
    (void)state;
    tdrop_data *data = models_table(ROWS, COLUMNS, 3, 0.05, 7), *labels = models_labels(data);
    tdrop_data *foreign = models_table(ROWS, COLUMNS, 3, 0.05, 8);
    tdrop_data *others = models_labels(foreign);
    tdrop_model *model = fit_classes(data, labels, 0);
    const tdrop_use_options use = {.target = others};
    tdrop_measure measure;
    tdrop_error error;
    size_t count = 0;
    assert_int_equal(tdrop_model_held_out(model, data, NULL, &count, NULL), TDROP_ERROR_DATA);
    assert_int_equal(tdrop_model_held_out(model, data, &use, &count, NULL), TDROP_ERROR_DATA);
    models_assert_refused(tdrop_model_evaluate(&measure, model, data, 1, &use, &error),
                          TDROP_ERROR_DATA, &error, "with other labels");
    assert_int_equal(tdrop_model_held_out(model, foreign, NULL, &count, NULL), TDROP_OK);
    assert_int_equal(count, ROWS);
    tdrop_model_destroy(model);
    tdrop_data_destroy(others);
    tdrop_data_destroy(foreign);
    tdrop_data_destroy(labels);
    tdrop_data_destroy(data);
}

static void kinds_have_names(void **state) {
    (void)state;
    tdrop_split_kind kind = TDROP_SPLIT_ROWS;
    assert_string_equal(tdrop_split_kind_name(TDROP_SPLIT_ROWS), "rows");
    assert_int_equal(tdrop_split_kind_parse("classes", &kind), TDROP_OK);
    assert_int_equal(kind, TDROP_SPLIT_CLASSES);
    assert_int_equal(tdrop_split_kind_parse("class", &kind), TDROP_ERROR_FORMAT);
    assert_int_equal(tdrop_split_kind_parse("rows", NULL), TDROP_ERROR_NULL);
    assert_null(tdrop_split_kind_name((tdrop_split_kind)99));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_class_gives_its_share),
        cmocka_unit_test(a_class_is_split_by_itself),
        cmocka_unit_test(without_a_class_of_two_rows_it_is_refused),
        cmocka_unit_test(held_out_rows_of_classes_are_found_again),
        cmocka_unit_test(other_labels_are_refused),
        cmocka_unit_test(kinds_have_names),
    };
    return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
