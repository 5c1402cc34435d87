/* SPDX-License-Identifier: MIT
 * Which rows are held out: shares, seeds, and groups that are never parted. */
#include "data/split.h"
#include "models.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 400 };

/* A column of so many groups of different sizes, in no order. */
static tdrop_data *make_groups(size_t groups, uint64_t seed, float cell[ROWS]) {
    double random[ROWS];
    models_numbers(seed, ROWS, random);
    for (size_t i = 0; i < ROWS; i++)
        cell[i] = (float)(size_t)((double)groups * random[i] * random[i]) * 0.5f - 3.0f;
    return models_table_of(cell, ROWS, 1);
}

static tdrop_split make(size_t rows, double share, uint64_t seed, const tdrop_data *groups) {
    tdrop_split split;
    const tdrop_split_rule rule = {.share = share, .seed = seed, .groups = groups};
    assert_int_equal(tdrop_split_make(&split, rows, &rule, NULL), TDROP_OK);
    return split;
}

/* Both sides together are all rows, each rising, and neither is empty. */
static void check_sides(const tdrop_split *split, size_t rows) {
    size_t v = 0, t = 0;
    assert_int_equal(split->valid_count + split->train_count, rows);
    assert_true(split->valid_count > 0 && split->train_count > 0);
    for (size_t i = 0; i < rows; i++) {
        if (v < split->valid_count && split->valid[v] == i)
            v++;
        else if (t < split->train_count && split->train[t] == i)
            t++;
        else
            fail_msg("row %zu is on neither side, or out of order", i);
    }
}

static void rows_are_held_out_by_share_and_seed(void **state) {
    (void)state;
    const double shares[] = {1e-9, 0.1, 0.5, 0.999999};
    const size_t held_out[] = {1, 40, 200, ROWS - 1};
    for (size_t s = 0; s < sizeof shares / sizeof *shares; s++) {
        tdrop_split split = make(ROWS, shares[s], 5, NULL), other = make(ROWS, shares[s], 6, NULL);
        check_sides(&split, ROWS);
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
    float cell[ROWS];
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
        for (uint64_t seed = 0; seed < 20; seed++) {
            tdrop_data *groups = make_groups(counts[c], 3, cell);
            tdrop_split split = make(ROWS, 0.2, seed, groups);
            check_sides(&split, ROWS);
            for (size_t i = 0; i < ROWS; i++)
                for (size_t j = 0; j < i; j++)
                    if (cell[i] == cell[j])
                        assert_true(is_held_out(&split, i) == is_held_out(&split, j));
            if (counts[c] == 150) /* small groups come near the share */
                assert_true(fabs((double)split.valid_count - 0.2 * ROWS) < 12.0);
            tdrop_split_clear(&split);
            tdrop_data_destroy(groups);
        }
}

/* A model that was split by groups needs them to tell its held-out rows, also from its file and
 * when it is cut, and says so. */
static void a_model_remembers_its_groups(void **state) {
    (void)state;
    float cell[ROWS];
    size_t count, rows[ROWS];
    tdrop_error error;
    tdrop_data *groups = make_groups(9, 4, cell), *data = models_table(ROWS, 6, 2, 0.1, 1);
    const tdrop_fit_options options = {.groups = groups, .epochs = 1, .valid_share = 0.3};
    const tdrop_use_options use = {.groups = groups};
    tdrop_model *model = models_fit(data, &options), *cut = models_prune(model, 1);
    tdrop_split split = make(ROWS, 0.3, 0, groups);
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
    float cell[ROWS] = {0};
    refuse(1, NULL, "one row only");
    refuse(ROWS, models_table_of(cell, ROWS, 1), "one group");
    refuse(ROWS, models_table_of(cell, ROWS / 2, 1), "200 rows");
    refuse(ROWS / 2, models_table_of(cell, ROWS / 2, 2), "2 columns");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_held_out_by_share_and_seed),
        cmocka_unit_test(groups_are_never_parted),
        cmocka_unit_test(a_model_remembers_its_groups),
        cmocka_unit_test(what_cannot_be_split_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
