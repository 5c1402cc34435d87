/* SPDX-License-Identifier: MIT
 * Which rows are held out: a share of them, of each class its share, whole groups,
 * or all of another table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "data/split.h"
#include "model/model.h"
#include "models.h"
#include "scratch.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 300, CLASSES = 4, GROUP_ROWS = 400 };

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

/* ---------------------------------------------------------------------------------------------
 * Another table
 */

static float *predict_all(const tdrop_model *model, const tdrop_data *data) {
    return models_predict(model, data, 0, models_data_info(data).rows, 2, NULL);
}

/* The other table has a say in nothing but which weights are best, and there is none with
 * keep_last: so its rows are not trained on. That all of the data are, the numbers of rows say. */
static void all_rows_are_trained_on_and_none_of_the_other_table(void **state) {
    (void)state;
    tdrop_data *data = models_table(ROWS, COLUMNS, 3, 0.05, 7);
    tdrop_data *others[] = {models_table(40, COLUMNS, 3, 0.05, 8),
                            models_table(70, COLUMNS, 3, 3.0, 9)};
    float *expected = NULL;
    for (size_t i = 0; i < 2; i++) {
        const tdrop_fit_options options = {
            .arch = "[3]", .epochs = 2, .keep_last = 1, .valid = others[i]};
        tdrop_model *model = models_fit(data, &options);
        const tdrop_model_info info = models_info(model);
        assert_int_equal(info.split, TDROP_SPLIT_TABLE);
        assert_int_equal(info.valid_rows, i ? 70 : 40);
        assert_true(info.split_hash == models_data_info(others[i]).hash);
        float *found = predict_all(model, data);
        if (expected) assert_memory_equal(found, expected, ROWS * COLUMNS * sizeof *found);
        free(expected);
        expected = found;
        size_t count = 0;
        free(held_out(model, others[i], NULL, &count));
        assert_int_equal(count, info.valid_rows);
        free(held_out(model, data, NULL, &count));
        assert_int_equal(count, ROWS);
        tdrop_scree scree = models_scree(model, others[i], data);
        for (size_t k = 0; k <= scree.n; k++) { /* PCA of all rows of the data */
            assert_true(scree.loss[k] == info.valid_loss[k]);
            assert_true(fabs(scree.pca[k] / info.valid_pca[k] - 1.0) < 1e-9);
        }
        tdrop_scree_destroy(&scree);
        tdrop_model_destroy(model);
        tdrop_data_destroy(others[i]);
    }
    free(expected);
    tdrop_data_destroy(data);
}

static int note_valid_loss(void *context, const tdrop_fit_progress *progress) {
    if (progress->epoch_ended) *(double *)context = progress->valid_loss;
    return TDROP_FIT_GO_ON;
}

/* What is measured after each epoch are rows of the other table: these lie far off. */
static void validation_is_on_the_other_table(void **state) {
    (void)state;
    tdrop_data *data = models_table(ROWS, COLUMNS, 3, 0.05, 7);
    float values[40 * COLUMNS];
    double loss[2] = {0.0, 0.0};
    assert_int_equal(tdrop_data_get_rows(data, 100, 40, values), TDROP_OK);
    for (size_t i = 0; i < 2; i++) {
        tdrop_data *other = models_table_of(values, 40, COLUMNS);
        const tdrop_fit_options options = {.arch = "[3]", .epochs = 2, .valid = other};
        const tdrop_fit_observer observer = {.context = &loss[i], .progress = note_valid_loss};
        tdrop_model *model = NULL;
        assert_int_equal(tdrop_fit(&model, data, &options, &observer, NULL), TDROP_OK);
        tdrop_model_destroy(model);
        tdrop_data_destroy(other);
        for (size_t j = 0; j < 40 * COLUMNS; j++)
            values[j] *= 100.0f;
    }
    assert_true(loss[0] > 0.0 && loss[1] > 1000.0 * loss[0]);
    tdrop_data_destroy(data);
}

/* Gaps that only the other table has, and a wider one: room is made for its rows. */
static void the_other_table_may_have_gaps_and_more_columns(void **state) {
    (void)state;
    char train[2000] = "a,b,c\n", valid[2000] = "d,c,e,a,b\n";
    for (int i = 0; i < 60; i++)
        sprintf(train + strlen(train), "%d,%d,%d\n", i, i * 7 % 13, i * 5 % 11);
    for (int i = 0; i < 30; i++)
        sprintf(valid + strlen(valid), i % 3 ? "%d,%d,text,%d,%d\n" : "%d,%d,text,,%d\n", i,
                i * 5 % 11, i, i * 7 % 13);
    scratch_write("train.csv", train, strlen(train));
    scratch_write("valid.csv", valid, strlen(valid));
    const tdrop_data_read_options read = {.missing = TDROP_MISSING_MASK};
    tdrop_data *data = NULL, *other = NULL;
    assert_int_equal(tdrop_data_read(&data, "train.csv", &read, NULL), TDROP_OK);
    assert_int_equal(tdrop_data_read(&other, "valid.csv", &read, NULL), TDROP_OK);
    const tdrop_fit_options options = {
        .arch = "[2]", .epochs = 3, .batch = 7, .missing = TDROP_MISSING_MASK, .valid = other};
    tdrop_model *model = models_fit(data, &options);
    const tdrop_model_info info = models_info(model);
    tdrop_scree scree = models_scree(model, other, NULL);
    assert_memory_equal(scree.loss, info.valid_loss, (info.features + 1) * sizeof *scree.loss);
    tdrop_scree_destroy(&scree);
    tdrop_model_destroy(model);
    tdrop_data_destroy(other);
    tdrop_data_destroy(data);
}

static void assert_fit_refused(const tdrop_data *data, const tdrop_fit_options *options,
                               tdrop_status expected, const char *text) {
    tdrop_model *model = NULL;
    tdrop_error error;
    models_assert_refused(tdrop_fit(&model, data, options, NULL, &error), expected, &error, text);
    assert_null(model);
}

static void tables_that_do_not_fit_are_refused(void **state) {
    (void)state;
    tdrop_data *data = models_table(ROWS, COLUMNS, 3, 0.05, 7), *labels = models_labels(data);
    tdrop_data *other = models_table(40, COLUMNS, 3, 0.05, 8);
    tdrop_data *wide = models_table(40, COLUMNS + 1, 3, 0.05, 8);
    tdrop_fit_options options = {.epochs = 1, .valid = other, .valid_share = 0.5};
    assert_fit_refused(data, &options, TDROP_ERROR_SIZE, "leave one of the two out");
    options.valid_share = 0.0;
    options.valid = data;
    assert_fit_refused(data, &options, TDROP_ERROR_DATA, "holds what is trained on");
    options.valid = wide;
    assert_fit_refused(data, &options, TDROP_ERROR_DATA, "7 columns");
    options = (tdrop_fit_options){
        .epochs = 1, .valid = other, .task = TDROP_TASK_CLASSIFY, .target = labels};
    assert_fit_refused(data, &options, TDROP_ERROR_NULL, "no labels");
    options.valid_target = labels;
    assert_fit_refused(data, &options, TDROP_ERROR_DATA, "has 40 rows");
    options = (tdrop_fit_options){.epochs = 1, .valid = other, .groups = labels};
    assert_fit_refused(data, &options, TDROP_ERROR_SIZE, "leave one of the two out");
    tdrop_data_destroy(wide);
    tdrop_data_destroy(other);
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

/* A column of so many groups of different sizes, in no order. */
static tdrop_data *make_groups(size_t groups, uint64_t seed, float cell[GROUP_ROWS]) {
    double random[GROUP_ROWS];
    models_numbers(seed, GROUP_ROWS, random);
    for (size_t i = 0; i < GROUP_ROWS; i++)
        cell[i] = (float)(size_t)((double)groups * random[i] * random[i]) * 0.5f - 3.0f;
    return models_table_of(cell, GROUP_ROWS, 1);
}

static tdrop_split split_by(size_t rows, double share, uint64_t seed, const tdrop_data *groups) {
    tdrop_split split;
    const tdrop_split_rule rule = {.share = share, .seed = seed, .groups = groups};
    assert_int_equal(tdrop_split_make(&split, rows, &rule, NULL), TDROP_OK);
    return split;
}

static void rows_are_held_out_by_share_and_seed(void **state) {
    (void)state;
    const double shares[] = {1e-9, 0.1, 0.5, 0.999999};
    const size_t held_out[] = {1, 40, 200, GROUP_ROWS - 1};
    for (size_t s = 0; s < sizeof shares / sizeof *shares; s++) {
        tdrop_split split = split_by(GROUP_ROWS, shares[s], 5, NULL),
                    other = split_by(GROUP_ROWS, shares[s], 6, NULL);
        assert_partition(&split, GROUP_ROWS);
        assert_true(split.valid_count > 0 && split.train_count > 0);
        assert_int_equal(split.valid_count, held_out[s]);
        if (held_out[s] == 40)
            assert_true(memcmp(split.valid, other.valid, 40 * sizeof *split.valid) != 0);
        tdrop_split_clear(&split);
        tdrop_split_clear(&other);
    }
}

static bool is_held_out(const tdrop_split *split, size_t row) {
    for (size_t i = 0; i < split->valid_count; i++)
        if (split->valid[i] == row) return true;
    return false;
}

static void groups_are_never_parted(void **state) {
    (void)state;
    static const size_t counts[] = {2, 3, 17, 150};
    float cell[GROUP_ROWS];
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
        for (uint64_t seed = 0; seed < 20; seed++) {
            tdrop_data *groups = make_groups(counts[c], 3, cell);
            tdrop_split split = split_by(GROUP_ROWS, 0.2, seed, groups);
            assert_partition(&split, GROUP_ROWS);
            assert_true(split.valid_count > 0 && split.train_count > 0);
            for (size_t i = 0; i < GROUP_ROWS; i++)
                for (size_t j = 0; j < i; j++)
                    if (cell[i] == cell[j])
                        assert_true(is_held_out(&split, i) == is_held_out(&split, j));
            if (counts[c] == 150) /* small groups come near the share */
                assert_true(fabs((double)split.valid_count - 0.2 * GROUP_ROWS) < 12.0);
            tdrop_split_clear(&split);
            tdrop_data_destroy(groups);
        }
}

/* A model that was split by groups needs them to tell its held-out rows, also from its file and
 * when it is cut, and says so. */
static void a_model_remembers_its_groups(void **state) {
    (void)state;
    float cell[GROUP_ROWS];
    size_t count, rows[GROUP_ROWS];
    tdrop_error error;
    tdrop_data *groups = make_groups(9, 4, cell), *data = models_table(GROUP_ROWS, 6, 2, 0.1, 1);
    const tdrop_fit_options options = {.groups = groups, .epochs = 1, .valid_share = 0.3};
    const tdrop_use_options use = {.groups = groups};
    tdrop_model *model = models_fit(data, &options), *cut = models_prune(model, 1);
    tdrop_split split = split_by(GROUP_ROWS, 0.3, 0, groups);
    tdrop_measure measure;
    assert_non_null(models_info(model).groups);
    assert_string_equal(models_info(cut).groups, models_info(model).groups);
    assert_int_equal(tdrop_model_held_out(cut, data, &use, &count, rows), TDROP_OK);
    assert_int_equal(count, split.valid_count);
    assert_memory_equal(rows, split.valid, count * sizeof *rows);
    assert_int_equal(tdrop_model_held_out(model, data, NULL, &count, rows), TDROP_ERROR_DATA);
    assert_int_equal(tdrop_model_evaluate(&measure, model, data, 1, NULL, &error),
                     TDROP_ERROR_DATA);
    assert_non_null(strstr(error.message, "held out"));
    assert_int_equal(tdrop_model_evaluate(&measure, model, data, 1, &use, NULL), TDROP_OK);
    assert_true(measure.loss == models_info(model).valid_loss[1]);
    tdrop_scree scree;
    assert_int_equal(tdrop_model_scree(&scree, model, data, data, &use, NULL), TDROP_OK);
    for (size_t k = 0; k <= scree.n; k++)
        assert_true(scree.pca[k] == models_info(model).valid_pca[k]);
    tdrop_scree_destroy(&scree);
    tdrop_split_clear(&split);
    tdrop_model_destroy(cut);
    tdrop_model_destroy(model);
    tdrop_data_destroy(data);
    tdrop_data_destroy(groups);
}

/* The rows are those of the fit, one of them in another group; what groups are called does not
 * matter. A file from before the hash was kept there takes any groups, as it did. */
static void other_groups_are_refused(void **state) {
    (void)state;
    float cell[GROUP_ROWS];
    size_t count;
    tdrop_measure measure;
    tdrop_error error;
    tdrop_data *groups = make_groups(9, 4, cell), *data = models_table(GROUP_ROWS, 6, 2, 0.1, 1);
    const tdrop_fit_options options = {.groups = groups, .epochs = 1, .valid_share = 0.3};
    tdrop_model *model = models_fit(data, &options);
    models_save(model, "grouped");
    tdrop_model *again = models_load("grouped"), *before = models_load("grouped");
    assert_true(models_info(again).split_hash != 0);
    assert_true(models_info(again).split_hash == models_info(model).split_hash);
    for (size_t i = 0; i < GROUP_ROWS; i++)
        cell[i] = 2.0f * cell[i] + 100.0f;
    tdrop_data *renamed = models_table_of(cell, GROUP_ROWS, 1);
    cell[7] = cell[7] == cell[8] ? cell[9] : cell[8];
    tdrop_data *others = models_table_of(cell, GROUP_ROWS, 1);
    tdrop_use_options use = {.groups = renamed};
    assert_int_equal(tdrop_model_held_out(again, data, &use, &count, NULL), TDROP_OK);
    use.groups = others;
    assert_int_equal(tdrop_model_held_out(again, data, &use, &count, NULL), TDROP_ERROR_DATA);
    models_assert_refused(tdrop_model_evaluate(&measure, again, data, 1, &use, &error),
                          TDROP_ERROR_DATA, &error, "grouped otherwise");
    /* principal components of the rows of the fit, beside a curve of others */
    tdrop_scree scree;
    tdrop_data *fresh = models_table(GROUP_ROWS, 6, 2, 0.1, 2);
    models_assert_refused(tdrop_model_scree(&scree, again, fresh, data, &use, &error),
                          TDROP_ERROR_DATA, &error, "grouped otherwise");
    tdrop_data_destroy(fresh);
    before->info.split_hash = 0;
    assert_int_equal(tdrop_model_held_out(before, data, &use, &count, NULL), TDROP_OK);
    models_save(before, "before");
    tdrop_model *loaded = models_load("before");
    assert_true(models_info(loaded).split_hash == 0);
    assert_non_null(models_info(loaded).groups);
    tdrop_model_destroy(loaded);
    tdrop_model_destroy(before);
    tdrop_model_destroy(again);
    tdrop_model_destroy(model);
    tdrop_data_destroy(others);
    tdrop_data_destroy(renamed);
    tdrop_data_destroy(data);
    tdrop_data_destroy(groups);
}

static void refuse(size_t rows, tdrop_data *groups, const char *part) {
    tdrop_split split;
    tdrop_error error;
    const tdrop_split_rule rule = {.share = 0.1, .groups = groups};
    assert_int_equal(tdrop_split_make(&split, rows, &rule, &error), TDROP_ERROR_DATA);
    assert_non_null(strstr(error.message, part));
    tdrop_data_destroy(groups);
}

static void what_cannot_be_split_is_refused(void **state) {
    (void)state;
    float cell[GROUP_ROWS] = {0};
    refuse(1, NULL, "one row only");
    refuse(GROUP_ROWS, models_table_of(cell, GROUP_ROWS, 1), "one group");
    refuse(GROUP_ROWS, models_table_of(cell, GROUP_ROWS / 2, 1), "200 rows");
    refuse(GROUP_ROWS / 2, models_table_of(cell, GROUP_ROWS / 2, 2), "2 columns");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_class_gives_its_share),
        cmocka_unit_test(a_class_is_split_by_itself),
        cmocka_unit_test(without_a_class_of_two_rows_it_is_refused),
        cmocka_unit_test(held_out_rows_of_classes_are_found_again),
        cmocka_unit_test(other_labels_are_refused),
        cmocka_unit_test(all_rows_are_trained_on_and_none_of_the_other_table),
        cmocka_unit_test(validation_is_on_the_other_table),
        cmocka_unit_test(the_other_table_may_have_gaps_and_more_columns),
        cmocka_unit_test(tables_that_do_not_fit_are_refused),
        cmocka_unit_test(kinds_have_names),
        cmocka_unit_test(rows_are_held_out_by_share_and_seed),
        cmocka_unit_test(groups_are_never_parted),
        cmocka_unit_test(a_model_remembers_its_groups),
        cmocka_unit_test(other_groups_are_refused),
        cmocka_unit_test(what_cannot_be_split_is_refused),
    };
    return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
