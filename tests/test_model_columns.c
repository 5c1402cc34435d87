/* SPDX-License-Identifier: MIT
 * Models of tables with names, categories and missing cells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "data/csv.h"
#include "data/encoding.h"
#include "file/safetensors.h"
#include "model/runner.h"
#include "models.h"
#include "scratch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static tdrop_data *table_of(const char *text, tdrop_missing missing) {
    tdrop_data *data = NULL;
    tdrop_error error = {0};
    const tdrop_data_read_options options = {.missing = missing};
    if (tdrop_csv_parse(&data, "t.csv", (const unsigned char *)text, strlen(text), &options,
                        &error))
        fail_msg("%s", error.message);
    return data;
}

static const char mixed[] = "x,c,y\n1,b,10\n3,a,\n5,b,30\n,,20\n";

static tdrop_encoding learn(const tdrop_data *data, tdrop_scale scale, tdrop_missing missing) {
    tdrop_encoding encoding;
    tdrop_error error = {0};
    size_t rows[16];
    for (size_t i = 0; i < 16; i++)
        rows[i] = i;
    if (tdrop_encoding_learn(&encoding, scale, missing, data, rows, data->info.rows, &error))
        fail_msg("%s", error.message);
    return encoding;
}

static void assert_inputs(const tdrop_encoding *encoding, const tdrop_data *data, size_t row,
                          const float *expected) {
    tdrop_encoder encoder;
    tdrop_error error = {0};
    double buffer[32];
    float inputs[16];
    if (tdrop_encoder_create(&encoder, encoding, data, &error)) fail_msg("%s", error.message);
    assert_true(tdrop_encoder_buffer(&encoder) <= 32);
    tdrop_encoder_row(&encoder, row, buffer, inputs, NULL);
    for (size_t i = 0; i < encoding->inputs; i++)
        if (fabsf(inputs[i] - expected[i]) > 1e-6f)
            fail_msg("row %zu, input %zu: %g, not %g", row, i, (double)inputs[i],
                     (double)expected[i]);
    tdrop_encoder_clear(&encoder);
}

/* x, c = a, c = b, y. */
static void columns_become_inputs(void **state) {
    (void)state;
    tdrop_data *data = table_of(mixed, TDROP_MISSING_MEAN);
    tdrop_encoding plain = learn(data, TDROP_SCALE_NONE, TDROP_MISSING_MEAN);
    assert_int_equal(plain.inputs, 4);
    assert_inputs(&plain, data, 0, (const float[]){1, 0, 1, 10});
    assert_inputs(&plain, data, 1, (const float[]){3, 1, 0, 20});
    assert_inputs(&plain, data, 3, (const float[]){3, 1.0f / 3, 2.0f / 3, 20});
    tdrop_encoding_clear(&plain);
    tdrop_encoding scaled = learn(data, TDROP_SCALE_MINMAX, TDROP_MISSING_MASK), copy;
    assert_inputs(&scaled, data, 2, (const float[]){1, 0, 1, 1});
    assert_int_equal(tdrop_encoding_copy(&copy, &scaled), TDROP_OK);
    tdrop_encoding_clear(&scaled);
    assert_inputs(&copy, data, 3, (const float[]){0.5f, 1.0f / 3, 2.0f / 3, 0.5f});
    float back[3];
    tdrop_encoding_undo(&copy, 1, (const float[]){0.25f, 0.4f, 0.3f, 1}, 4, back);
    assert_true(back[0] == 2 && back[1] == 0 && back[2] == 30);
    tdrop_encoding_clear(&copy);
    tdrop_data_destroy(data);
}

static void columns_are_found_by_name(void **state) {
    (void)state;
    tdrop_data *data = table_of(mixed, TDROP_MISSING_MEAN);
    tdrop_encoding encoding = learn(data, TDROP_SCALE_NONE, TDROP_MISSING_MEAN);
    tdrop_data *other = table_of("new,y,c,x\n7,1,b,2\n8,3,z,4\n", TDROP_MISSING_ERROR);
    assert_inputs(&encoding, other, 0, (const float[]){2, 0, 1, 1});
    assert_inputs(&encoding, other, 1, (const float[]){4, 0, 0, 3}); /* z is unseen: none */
    tdrop_encoder encoder;
    assert_int_equal(tdrop_encoder_create(&encoder, &encoding, other, NULL), TDROP_OK);
    assert_int_equal(encoder.unseen.count, 1);
    assert_string_equal(encoder.unseen.text, "c: z");
    tdrop_encoder_clear(&encoder);
    tdrop_data_destroy(other);
    other = table_of("1,b,2\n", TDROP_MISSING_ERROR); /* no names: by place */
    assert_inputs(&encoding, other, 0, (const float[]){1, 0, 1, 2});
    tdrop_data_destroy(other);
    tdrop_encoding_clear(&encoding);
    tdrop_data_destroy(data);
}

static void columns_that_do_not_fit_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *words;
    } bad[] = {{"x,y\n1,2\n", "column 'c' is not there"},
               {"x,c,y\n1,2,3\n", "column 'c' holds numbers, but text in the fit"},
               {"x,c,y\nq,b,3\n", "column 'x' holds text, but numbers in the fit"},
               {"x,c,y\n1,b,3\n,a,2\n", "column 'x' has cells in which nothing stands"},
               {"1,b\n", "its rows have 2 columns, but those of the fit have 3"}};
    tdrop_data *data = table_of("x,c,y\n1,b,10\n3,a,11\n", TDROP_MISSING_ERROR);
    tdrop_encoding encoding = learn(data, TDROP_SCALE_NONE, TDROP_MISSING_ERROR);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        tdrop_encoder encoder;
        tdrop_error error = {0};
        tdrop_data *other = table_of(bad[i].text, TDROP_MISSING_MEAN);
        models_assert_refused(tdrop_encoder_create(&encoder, &encoding, other, &error),
                              TDROP_ERROR_DATA, &error, bad[i].words);
        tdrop_data_destroy(other);
    }
    tdrop_encoding_clear(&encoding);
    tdrop_data_destroy(data);
}

/* What is missing has no part in loss and gradient, and the rest has its whole weight. */
static void a_mask_leaves_cells_out(void **state) {
    (void)state;
    enum { ROWS = 3, COLUMNS = 3 };
    tdrop_data *data = table_of("1,2,3\n4,,6\n,,5\n", TDROP_MISSING_MASK);
    tdrop_encoding encoding = learn(data, TDROP_SCALE_NONE, TDROP_MISSING_MASK);
    tdrop_encoder encoder;
    tdrop_arch arch;
    tdrop_runner runner;
    assert_int_equal(tdrop_encoder_create(&encoder, &encoding, data, NULL), TDROP_OK);
    assert_int_equal(tdrop_arch_parse(&arch, "[2]", COLUMNS, COLUMNS, false, NULL), TDROP_OK);
    const tdrop_feed feed = {.task = TDROP_TASK_AUTOENCODE, .encoder = &encoder};
    float *parameters = calloc(arch.parameters, sizeof *parameters);
    float *gradient = calloc(arch.parameters, sizeof *gradient);
    const tdrop_net_options net = {.max_rows = ROWS, .gradient = gradient};
    assert_int_equal(tdrop_runner_create(&runner, &arch, &feed, &net, NULL), TDROP_OK);
    tdrop_arch_init(&arch, 1, parameters);
    tdrop_runner_load(&runner, NULL, 0, ROWS);
    assert_int_equal(tdrop_runner_begin_at(&runner, ROWS, 0, 2), TDROP_OK);
    assert_int_equal(tdrop_net_set_parameters(runner.net, parameters, true), TDROP_OK);
    tdrop_net_forward(runner.net, 0, runner.net->step_count);
    float y[ROWS * COLUMNS];
    const float *out = tdrop_net_edge(runner.net, runner.net->step_count);
    memcpy(y, out, sizeof y);
    tdrop_runner_loss(&runner, ROWS, true);
    static const float x[ROWS][COLUMNS] = {{1, 2, 3}, {4, NAN, 6}, {NAN, NAN, 5}};
    for (size_t i = 0; i < ROWS; i++) {
        double sum = 0, present = 0;
        for (size_t j = 0; j < COLUMNS; j++)
            if (!isnan(x[i][j])) sum += pow((double)(y[i * COLUMNS + j] - x[i][j]), 2), present++;
        assert_true(fabs(runner.results[i].loss - sum / present) < 1e-5 * sum);
        for (size_t j = 0; j < COLUMNS; j++) {
            double expected = isnan(x[i][j])
                                  ? 0.0
                                  : 2.0 * (double)(y[i * COLUMNS + j] - x[i][j]) / present / ROWS;
            assert_true(fabs((double)out[i * COLUMNS + j] - expected) < 1e-5);
        }
    }
    free(parameters);
    free(gradient);
    tdrop_runner_clear(&runner);
    tdrop_arch_clear(&arch);
    tdrop_encoder_clear(&encoder);
    tdrop_encoding_clear(&encoding);
    tdrop_data_destroy(data);
}

/* A table whose columns hang together: two numbers, a category of three, gaps. */
static tdrop_data *make_table(size_t rows, tdrop_missing missing) {
    static const char *const level[] = {"low", "middle", "high"};
    char *text = malloc(rows * 64 + 64), *to = text;
    assert_non_null(text);
    to += sprintf(to, "a,b,size,label\n");
    for (size_t i = 0; i < rows; i++) {
        size_t kind = i * 7 % 3;
        double value = (double)kind + 0.1 * (double)(i * 37 % 10 - 5.0);
        to += sprintf(to, i % 9 == 4 && missing ? ",%g," : "%g,%g,",
                      i % 9 == 4 && missing ? -2 * value : value, -2 * value);
        to += sprintf(to, "%s,%s\n", i % 11 == 5 && missing ? "NA" : level[kind],
                      kind == 2 ? "yes" : "no");
    }
    tdrop_data *data = table_of(text, missing);
    free(text);
    return data;
}

static const tdrop_fit_options small_fit = {
    .arch = "8-[3]-8", .epochs = 60, .batch = 8, .learning_rate = 0.01};

/* From the fit through a file to a pruned model: the same predictions, in units and levels. */
static void a_mixed_table_goes_all_the_way(void **state) {
    (void)state;
    enum { ROWS = 90, COLUMNS = 3 };
    for (tdrop_missing missing = TDROP_MISSING_ERROR; missing <= TDROP_MISSING_MASK; missing++) {
        tdrop_data *data = make_table(ROWS, missing), *label = NULL;
        assert_int_equal(tdrop_data_take_column(data, "label", &label, NULL), TDROP_OK);
        tdrop_fit_options options = small_fit;
        options.missing = missing;
        tdrop_model *model = models_fit(data, &options), *loaded;
        models_save(model, "model");
        loaded = models_load("model");
        assert_true(models_same_file(model, loaded));
        tdrop_model_info info = models_info(loaded);
        assert_int_equal(info.columns, COLUMNS);
        assert_int_equal(info.outputs, COLUMNS);
        assert_int_equal(info.inputs, 5);
        assert_int_equal(info.missing, missing);
        tdrop_column_info column;
        assert_int_equal(tdrop_model_get_column(loaded, 2, &column), TDROP_OK);
        assert_string_equal(column.name, "size");
        assert_int_equal(column.levels, 3);
        assert_string_equal(column.level[1], "low");
        float *values = models_predict(loaded, data, 0, ROWS, 3, NULL), truth[ROWS * COLUMNS];
        assert_int_equal(tdrop_data_get_rows(data, 0, ROWS, truth), TDROP_OK);
        size_t right = 0, present = 0;
        for (size_t i = 0; i < ROWS; i++) {
            if (isnan(truth[i * COLUMNS + 2])) continue;
            present++;
            right += values[i * COLUMNS + 2] == truth[i * COLUMNS + 2];
        }
        assert_true(present > 70 && right * 10 >= present * 9);
        tdrop_model *cut = models_prune(loaded, 2);
        float *whole = models_predict(loaded, data, 0, ROWS, 2, NULL);
        float *pruned = models_predict(cut, data, 0, ROWS, 2, NULL);
        assert_memory_equal(whole, pruned, ROWS * COLUMNS * sizeof *whole);
        tdrop_scree scree = models_scree(loaded, data, data);
        assert_true(scree.pca && scree.loss[3] < scree.loss[0] && scree.rows == 9);
        assert_memory_equal(scree.loss, info.valid_loss, 4 * sizeof *scree.loss);
        assert_true(fabs(scree.pca[0] - info.valid_pca[0]) < 1e-12);
        tdrop_scree_destroy(&scree);
        free(values);
        free(whole);
        free(pruned);
        tdrop_model_destroy(cut);
        tdrop_model_destroy(loaded);
        tdrop_model_destroy(model);
        tdrop_data_destroy(label);
        tdrop_data_destroy(data);
    }
}

static void classes_may_be_text(void **state) {
    (void)state;
    tdrop_data *data = make_table(90, TDROP_MISSING_ERROR), *label = NULL;
    assert_int_equal(tdrop_data_take_column(data, "label", &label, NULL), TDROP_OK);
    tdrop_fit_options options = small_fit;
    options.task = TDROP_TASK_CLASSIFY;
    options.target = label;
    tdrop_model *model = models_fit(data, &options);
    models_save(model, "model");
    tdrop_model *loaded = models_load("model");
    assert_true(models_same_file(model, loaded));
    tdrop_model_info info = models_info(loaded);
    assert_int_equal(info.classes, 2);
    assert_string_equal(info.class_name[0], "no");
    assert_string_equal(info.class_name[1], "yes");
    assert_true(info.valid_metric[3] > 0.8);
    tdrop_measure measure;
    tdrop_error error = {0};
    tdrop_use_options use = {.target = label};
    assert_int_equal(tdrop_model_evaluate(&measure, loaded, data, 3, &use, &error), TDROP_OK);
    assert_true(measure.metric == info.valid_metric[3]);
    static const char *const bad[][2] = {{"l\nyes\nperhaps\n", "row 2 has the label perhaps"},
                                         {"l\n1\n2\n", "its labels are numbers, those of"}};
    tdrop_data *rows = table_of("a,b,size\n1,2,low\n2,3,low\n", TDROP_MISSING_ERROR);
    for (size_t i = 0; i < 2; i++) {
        tdrop_data *other = table_of(bad[i][0], TDROP_MISSING_ERROR);
        use.target = other;
        models_assert_refused(tdrop_model_evaluate(&measure, loaded, rows, 3, &use, &error),
                              TDROP_ERROR_DATA, &error, bad[i][1]);
        tdrop_data_destroy(other);
    }
    tdrop_data_destroy(rows);
    tdrop_model_destroy(loaded);
    tdrop_model_destroy(model);
    tdrop_data_destroy(label);
    tdrop_data_destroy(data);
}

static void unseen_levels_are_told(void **state) {
    (void)state;
    tdrop_data *data = make_table(60, TDROP_MISSING_ERROR);
    tdrop_model *model = models_fit(data, &small_fit);
    tdrop_data *other =
        table_of("a,b,size,label\n1,2,huge,no\n1,2,low,\xc3\xa9\n", TDROP_MISSING_ERROR);
    size_t count = 0;
    char text[64], narrow[8];
    assert_int_equal(tdrop_model_unseen(model, other, &count, text, sizeof text, NULL), TDROP_OK);
    assert_int_equal(count, 2);
    assert_string_equal(text, "size: huge, label: \xc3\xa9");
    assert_int_equal(tdrop_model_unseen(model, other, &count, narrow, sizeof narrow, NULL),
                     TDROP_OK);
    assert_string_equal(narrow, "size: h");
    assert_int_equal(tdrop_model_unseen(model, data, &count, text, sizeof text, NULL), TDROP_OK);
    assert_true(count == 0 && !*text);
    tdrop_data_destroy(other);
    tdrop_model_destroy(model);
    tdrop_data_destroy(data);
}

/* Metadata that nobody would write, under a checksum that holds. */
static void forged_columns_are_refused(void **state) {
    (void)state;
    static const char *const forged[] = {
        "",
        "{}",
        "{\"count\":4}",
        "{\"count\":9,\"missing\":\"error\",\"levels\":{},\"mean\":[0,0,0,0,0,0,0]}",
        "{\"count\":7,\"missing\":\"maybe\",\"levels\":{},\"mean\":[0,0,0,0,0,0,0]}",
        "{\"count\":7,\"missing\":\"mean\",\"levels\":{},\"mean\":[0,0,0]}",
        "{\"count\":7,\"missing\":\"mean\",\"levels\":[],\"mean\":[0,0,0,0,0,0,0]}",
        "{\"count\":4,\"missing\":\"mean\",\"levels\":[1],\"mean\":[0,0,0,0,0,0,0]}",
        "{\"count\":4,\"missing\":\"mean\",\"levels\":{\"9\":[\"a\"]},\"mean\":[0,0,0,0,0,0,0]}",
        "{\"count\":4,\"missing\":\"mean\",\"levels\":{\"2\":[\"b\",\"a\",\"c\"],\"3\":[\"a\","
        "\"b\"]},"
        "\"mean\":[0,0,0,0,0,0,0]}",
        "{\"count\":4,\"missing\":\"mean\",\"levels\":{\"2\":[1,2,3],\"3\":[\"a\",\"b\"]},"
        "\"mean\":[0,0,0,0,0,0,0]}",
        "{\"count\":4,\"missing\":\"mean\",\"levels\":{\"2\":[],\"3\":[\"a\",\"b\"]},"
        "\"mean\":[0,0,0,0,0,0,0]}",
        "{\"count\":4,\"missing\":\"mean\",\"names\":[\"a\"],\"levels\":{\"2\":[\"a\",\"b\",\"c\"],"
        "\"3\":[\"a\",\"b\"]},\"mean\":[0,0,0,0,0,0,0]}",
    };
    tdrop_data *data = make_table(60, TDROP_MISSING_ERROR);
    tdrop_model *model = models_fit(data, &small_fit);
    size_t size = 0;
    unsigned char *bytes = models_bytes(model, &size);
    for (size_t f = 0; f < sizeof forged / sizeof *forged; f++) {
        tdrop_safetensors document;
        tdrop_text texts[24];
        tdrop_model *made = NULL;
        tdrop_error error = {0};
        assert_int_equal(tdrop_safetensors_parse(&document, "m", bytes, size, NULL), TDROP_OK);
        tdrop_safetensors changed = document;
        changed.texts = texts;
        for (size_t i = 0; i < document.text_count; i++) {
            texts[i] = document.texts[i];
            if (strcmp(texts[i].key, "columns") == 0) texts[i].value = forged[f];
        }
        assert_int_equal(tdrop_safetensors_write(&changed, "forged", 1, NULL), TDROP_OK);
        tdrop_safetensors_release(&document);
        models_assert_refused(tdrop_model_load(&made, "forged", &error), TDROP_ERROR_FORMAT, &error,
                              "metadata 'columns'");
    }
    free(bytes);
    tdrop_model_destroy(model);
    tdrop_data_destroy(data);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_enter, scratch_leave)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_become_inputs),
        cmocka_unit_test(columns_are_found_by_name),
        cmocka_unit_test(columns_that_do_not_fit_are_refused),
        cmocka_unit_test(a_mask_leaves_cells_out),
        IN_SCRATCH(a_mixed_table_goes_all_the_way),
        IN_SCRATCH(classes_may_be_text),
        IN_SCRATCH(unseen_levels_are_told),
        IN_SCRATCH(forged_columns_are_refused),
    };
    return cmocka_run_group_tests_name("model_columns", tests, NULL, NULL);
}
