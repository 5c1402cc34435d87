/* SPDX-License-Identifier: MIT
 * Fitting: what is learnt, what decides the bits, what the observer is told, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/model.h"
#include "models.h"
#include "scratch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 300, COLUMNS = 10, FEATURES = 6, TRAIN = 270 };

/* A fit that learns, and one for the bits alone. */
static const tdrop_fit_options learning = {
    .arch = "24-[6]-24", .epochs = 40, .batch = 32, .learning_rate = 0.01, .seed = 1};
static const tdrop_fit_options quick = {
    .arch = "9-[6]-9", .epochs = 3, .batch = 32, .learning_rate = 0.01, .seed = 1};

static tdrop_data *table(void) {
    return models_table(ROWS, COLUMNS, FEATURES, 0.05, 7);
}

/* Multiply-adds of a row in 10-9-relu-k-tail-9-relu-10 with k features: forward, to the weights,
 * and to the inputs of all layers but the first. */
static double flops_of_row(double k) {
    double first = 10.0 * 9.0, rest = 9.0 * k + k * 9.0 + 9.0 * 10.0;
    return 2.0 * (2.0 * first + 3.0 * rest);
}

/* ---------------------------------------------------------------------------------------------
 * What is learnt
 */

/* Far better with features than without, and no feature makes it much worse. */
static void assert_ordered(const tdrop_model_info *info, double most_left) {
    size_t n = info->features;
    double none = info->valid_loss[0];
    for (size_t k = 1; k <= n; k++)
        if (!(info->valid_loss[k] < info->valid_loss[k - 1] + 0.02 * none))
            fail_msg("k = %zu: %g after %g", k, info->valid_loss[k], info->valid_loss[k - 1]);
    if (!(info->valid_loss[n] < most_left * none))
        fail_msg("%g of %g is left", info->valid_loss[n], none);
}

static void features_are_learnt_in_order(void **state) {
    (void)state;
    static const double weights[FEATURES + 1] = {0, 1, 2, 2, 2, 1, 4};
    static const struct {
        tdrop_law_options law;
        int independent;
        tdrop_scale scale;
        double average;
    } ways[] = {
        {{.p = 0.0}, 0, TDROP_SCALE_AUTO, 0.0},
        {{.p = 0.5}, 1, TDROP_SCALE_AUTO, 0.0},
        {{.p = 0.3}, 0, TDROP_SCALE_MINMAX, -1.0},
        {{.p = 0.5, .k_min = 1}, 0, TDROP_SCALE_NONE, 0.9},
        {{.kind = TDROP_LAW_ORIGINAL, .p = 0.5}, 0, TDROP_SCALE_STANDARD, 0.0},
        {{.kind = TDROP_LAW_GEOMETRIC, .rate = 0.3}, 0, TDROP_SCALE_AUTO, 0.0},
        {{.kind = TDROP_LAW_UNIFORM}, 0, TDROP_SCALE_AUTO, 0.0},
        {{.kind = TDROP_LAW_POW2}, 0, TDROP_SCALE_AUTO, 0.0},
        {{.kind = TDROP_LAW_TABLE, .weights = weights, .weight_count = FEATURES + 1},
         0,
         TDROP_SCALE_AUTO,
         0.0},
    };
    tdrop_data *data = table();
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        tdrop_fit_options options = learning;
        options.law = ways[i].law;
        options.independent = ways[i].independent;
        options.scale = ways[i].scale;
        options.average = ways[i].average;
        tdrop_model *model = models_fit(data, &options);
        tdrop_model_info info = models_info(model);
        assert_ordered(&info, 0.25);
        assert_true(info.valid_loss[1] < 0.85 * info.valid_loss[0]);
        assert_int_equal(info.law.kind, i == 0 ? TDROP_LAW_MIXED : ways[i].law.kind);
        assert_int_equal(info.law.k_min, ways[i].law.k_min);
        assert_true(info.law.p == ways[i].law.p);
        assert_true(info.law.rate == (i == 0 ? 0.15 : ways[i].law.rate));
        assert_int_equal(info.law.weight_count, ways[i].law.weight_count);
        if (info.law.weight_count) /* the model's own */
            assert_memory_equal(info.law.weights, weights, sizeof weights);
        tdrop_model_destroy(model);
    }
    tdrop_data_destroy(data);
}

/* Two linear layers can do what principal components do, and nothing better. */
static void a_linear_network_finds_the_principal_components(void **state) {
    (void)state;
    tdrop_data *data = models_table(500, 8, 8, 0.1, 3);
    const tdrop_fit_options options = {.arch = "[4]",
                                       .law = {.p = 0.5},
                                       .balance = -1.0,
                                       .average = 0.99,
                                       .epochs = 150,
                                       .batch = 45,
                                       .learning_rate = 0.02};
    tdrop_model *model = models_fit(data, &options);
    tdrop_model_info info = models_info(model);
    assert_int_equal(info.features, 4);
    for (size_t k = 0; k <= 4; k++) {
        double share = info.valid_loss[k] / info.valid_pca[k];
        if (!(share > 0.97 && share < 1.08)) fail_msg("k = %zu: %g of PCA's loss", k, share);
    }
    tdrop_model_destroy(model);
    tdrop_data_destroy(data);
}

/* A float has steps of 128 at 1.6e9. */
static void a_small_signal_on_a_large_offset_is_seen(void **state) {
    (void)state;
    tdrop_data *data = models_double_table(ROWS, COLUMNS, FEATURES, 1.6e9, 0.5, 7);
    tdrop_model *model = models_fit(data, &learning);
    tdrop_model_info info = models_info(model);
    assert_int_equal(info.scale, TDROP_SCALE_STANDARD);
    assert_true(info.valid_loss[0] > 0.5 && info.valid_loss[0] < 2.0);
    assert_ordered(&info, 0.25);
    tdrop_model_destroy(model);
    tdrop_data_destroy(data);
}

static void bytes_are_learnt(void **state) {
    (void)state;
    tdrop_data *data = models_byte_table(ROWS, COLUMNS, FEATURES, 7);
    tdrop_model *model = models_fit(data, &learning);
    tdrop_model_info info = models_info(model);
    assert_int_equal(info.scale, TDROP_SCALE_BYTE);
    assert_non_null(strstr(info.unit, "255"));
    assert_ordered(&info, 0.25);
    tdrop_model_destroy(model);
    tdrop_data_destroy(data);
}

/* A second tail does not disorder the first. */
static void several_tails_are_learnt(void **state) {
    (void)state;
    tdrop_data *data = table();
    tdrop_fit_options options = learning;
    options.arch = "24-[6]-24-[8]-24";
    tdrop_model *model = models_fit(data, &options);
    tdrop_model_info info = models_info(model);
    assert_int_equal(info.features, 6);
    assert_ordered(&info, 0.5);
    tdrop_model_destroy(model);
    tdrop_data_destroy(data);
}

static void a_classifier_learns(void **state) {
    (void)state;
    static const char *const names[] = {"-2", "5", "7"};
    tdrop_data *data = models_table(ROWS * 2, COLUMNS, FEATURES, 0.05, 7);
    tdrop_data *labels = models_labels(data);
    tdrop_fit_options options = learning;
    options.task = TDROP_TASK_CLASSIFY;
    options.target = labels;
    options.valid_share = 0.3;
    tdrop_model *model = models_fit(data, &options);
    tdrop_model_info info = models_info(model);
    assert_int_equal(info.task, TDROP_TASK_CLASSIFY);
    assert_int_equal(info.classes, 3);
    assert_int_equal(info.outputs, 3);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(info.class_name[i], names[i]);
    assert_string_equal(info.metric, "accuracy");
    assert_non_null(strstr(info.unit, "cross-entropy"));
    assert_null(info.valid_pca);
    assert_true(info.valid_loss[0] > 0.8 && info.valid_loss[0] < 1.4); /* log 3 is 1.1 */
    assert_true(info.valid_metric[0] < 0.6 && info.valid_metric[FEATURES] > 0.88);
    assert_ordered(&info, 0.3);
    tdrop_model_destroy(model);
    tdrop_data_destroy(labels);
    tdrop_data_destroy(data);
}

static void nothing_is_dropped_with_no_drop(void **state) {
    (void)state;
    tdrop_data *data = table();
    tdrop_fit_options options = learning;
    options.no_drop = 1;
    options.law.p = 0.7; /* not looked at */
    tdrop_model *model = models_fit(data, &options), *other;
    tdrop_model_info info = models_info(model);
    assert_true(info.law.p == 0.0);
    assert_true(info.valid_loss[FEATURES] < 0.2 * info.valid_loss[0]);
    tdrop_model_destroy(model);
    options = quick;
    options.no_drop = 1;
    options.law.k_min = FEATURES;
    model = models_fit(data, &options);
    assert_true(models_info(model).flops == 3.0 * TRAIN * flops_of_row(FEATURES));
    options.law.k_min = 0;
    other = models_fit(data, &options);
    assert_memory_equal(models_info(model).valid_loss, models_info(other).valid_loss,
                        (FEATURES + 1) * sizeof(double));
    tdrop_model_destroy(other);
    tdrop_model_destroy(model);
    tdrop_data_destroy(data);
}

/* With k_min = (1 - p) n there is one k left. */
/* The tensor of that name. */
static const float *numbers_of(const tdrop_model *model, const char *name) {
    tdrop_tensor_info tensor;
    for (size_t i = 0; tdrop_model_get_tensor(model, i, &tensor) == TDROP_OK; i++)
        if (!strcmp(tensor.name, name)) return tensor.values;
    fail_msg("no %s", name);
    return NULL;
}

/* Mean and unbiased variance of output o of the first layer, over rows that are not scaled. */
static void statistics_of_first_layer(const tdrop_model *model, const double *rows, size_t count,
                                      size_t o, double *mean, double *variance) {
    const float *weight = numbers_of(model, "encoder.0.weight") + o * COLUMNS;
    double sum = 0.0, square = 0.0;
    for (size_t i = 0; i < count; i++) {
        double y = (double)numbers_of(model, "encoder.0.bias")[o];
        for (size_t j = 0; j < COLUMNS; j++)
            y += (double)weight[j] * rows[i * COLUMNS + j];
        sum += y, square += y * y;
    }
    *mean = sum / (double)count;
    *variance = (square - sum * *mean) / (double)(count - 1);
}

/* The weights that are kept are averages over many steps, and so are the running averages: they are
 * what these weights give, for rows of all widths. */
static void running_averages_fit_the_weights(void **state) {
    (void)state;
    enum { MANY = 2000, WIDTH = 12 };
    static double rows[MANY * COLUMNS];
    static float values[MANY * COLUMNS];
    models_numbers(11, MANY * COLUMNS, rows);
    for (size_t i = 0; i < MANY * COLUMNS; i++) /* column by column weaker, about another mean */
        values[i] = (float)(rows[i] = (rows[i] + 0.5) / (double)(1 + i % COLUMNS));
    tdrop_data *data = models_table_of(values, MANY, COLUMNS);
    tdrop_fit_options options = learning;
    options.arch = "12-batch-norm-relu-[6]-24-batch-norm";
    options.learning_rate = 0.004; /* slow enough for both averages to follow NAdam */
    options.scale = TDROP_SCALE_NONE;
    for (int averaged = 0; averaged < 2; averaged++) {
        options.average = averaged ? 0.0 : -1.0;
        tdrop_model *model = models_fit(data, &options);
        for (size_t o = 0; o < WIDTH; o++) {
            double mean, variance;
            statistics_of_first_layer(model, rows, MANY, o, &mean, &variance);
            const double off = (double)numbers_of(model, "encoder.1.running_mean")[o] - mean;
            const double ratio = (double)numbers_of(model, "encoder.1.running_var")[o] / variance;
            if (!(fabs(off) < (averaged ? 0.05 : 0.3) * sqrt(variance) &&
                  fabs(ratio - 1.0) < (averaged ? 0.05 : 0.4)))
                fail_msg("output %zu: off by %g of %g, variance %g times", o, off, sqrt(variance),
                         ratio);
        }
        tdrop_model_info info = models_info(model);
        assert_ordered(&info, 0.3);
        tdrop_model_destroy(model);
    }
    tdrop_data_destroy(data);
}

/* Replaces the running averages of decoder.1, behind the layer that reads the code, by the
 * statistics over these codes of k features. */
static void measure_norm_at(tdrop_model *model, const float *codes, size_t rows, size_t k) {
    const float *weight = numbers_of(model, "decoder.0.weight");
    const float *bias = numbers_of(model, "decoder.0.bias");
    const size_t n = model->arch.features,
                 width = model->arch.layers[model->arch.tails[0].layer + 1].outputs;
    float *mean =
        model->parameters + (numbers_of(model, "decoder.1.running_mean") - model->parameters);
    float *variance =
        model->parameters + (numbers_of(model, "decoder.1.running_var") - model->parameters);
    for (size_t o = 0; o < width; o++) {
        double sum = 0.0, square = 0.0;
        for (size_t i = 0; i < rows; i++) {
            double y = (double)bias[o];
            for (size_t j = 0; j < k; j++)
                y += (double)weight[o * n + j] * (double)codes[i * k + j];
            sum += y, square += y * y;
        }
        mean[o] = (float)(sum / (double)rows);
        variance[o] = (float)fmax(0.0, (square - sum * sum / (double)rows) / (double)(rows - 1));
    }
}

/* A norm behind the code was trained by the statistics of all widths together; those of one width
 * would make another function of it. */
static void statistics_of_one_width_are_no_better(void **state) {
    (void)state;
    tdrop_data *data = table();
    tdrop_fit_options options = learning;
    options.arch = "24-relu-[6]-24-batch-norm-relu";
    tdrop_model *model = models_fit(data, &options), *changed = models_fit(data, &options);
    double ratios = 0.0;
    for (size_t k = 1; k <= FEATURES; k++) {
        tdrop_measure mixed, alone;
        float *codes = models_encode(model, data, 0, ROWS, k, NULL);
        measure_norm_at(changed, codes, ROWS, k);
        assert_int_equal(tdrop_model_evaluate(&mixed, model, data, k, NULL, NULL), TDROP_OK);
        assert_int_equal(tdrop_model_evaluate(&alone, changed, data, k, NULL, NULL), TDROP_OK);
        ratios += alone.loss / mixed.loss / FEATURES;
        free(codes);
    }

    if (!(ratios > 1.1)) fail_msg("%g times the loss", ratios);
    tdrop_model_destroy(changed);
    tdrop_model_destroy(model);
    tdrop_data_destroy(data);
}

/* A last batch of one row has no statistics of its own. */
static void a_norm_stands_a_batch_of_one_row(void **state) {
    (void)state;
    tdrop_data *data = table();
    static const size_t batches[] = {1, TRAIN - 1};
    for (size_t i = 0; i < 2; i++) {
        tdrop_fit_options options = learning;
        options.arch = "24-batch-norm-6-batch-norm-tail-24-batch-norm";
        options.batch = batches[i];
        options.epochs = i ? 200 : 3;
        tdrop_model *model = models_fit(data, &options);
        tdrop_model_info info = models_info(model);
        for (size_t k = 0; k <= FEATURES; k++)
            assert_true(isfinite(info.valid_loss[k]));
        assert_true(info.valid_loss[FEATURES] < 0.5 * info.valid_loss[0]);
        tdrop_model_destroy(model);
    }
    tdrop_data_destroy(data);
}

static void k_min_is_kept(void **state) {
    (void)state;
    tdrop_data *data = table();
    tdrop_fit_options options = quick;
    options.law.p = 0.5;
    options.law.k_min = 3;
    tdrop_model *model = models_fit(data, &options);
    assert_true(models_info(model).flops == 3.0 * TRAIN * flops_of_row(3));
    assert_int_equal(models_info(model).law.k_min, 3);
    tdrop_model_destroy(model);
    tdrop_data_destroy(data);
}

/* What is dropped is not computed: at p = 0.5 the layers at the tail cost about half. */
static void what_is_dropped_is_not_computed(void **state) {
    (void)state;
    tdrop_data *data = table();
    tdrop_fit_options options = quick;
    options.epochs = 20;
    tdrop_model *model = models_fit(data, &options);
    double mean = models_info(model).flops / (20.0 * TRAIN), half = flops_of_row(0.5 * FEATURES);
    assert_true(fabs(mean - half) < 0.01 * half);
    tdrop_model_destroy(model);
    tdrop_data_destroy(data);
}

/* Two tails of which each keeps everything or nothing: between them a layer of 6 x 6 is computed
 * for a quarter of the rows, when they draw on their own. */
static void every_tail_draws_on_its_own(void **state) {
    (void)state;
    static const double weights[FEATURES + 1] = {1, 0, 0, 0, 0, 0, 1};
    tdrop_data *data = table();
    tdrop_fit_options options = quick;
    options.arch = "9-[6]-[6]-9";
    options.epochs = 20;
    options.law = (tdrop_law_options){TDROP_LAW_TABLE, .weights = weights, .weight_count = 7};
    tdrop_model *model = models_fit(data, &options);
    double dense = 2.0 * 10 * 9 + 3.0 * 9 * 10, half = 3.0 * (9 * 3 + 3 * 9); /* multiply-adds */
    double between = models_info(model).flops / (20.0 * TRAIN) / 2.0 - dense - half;
    if (!(fabs(between / 3.0 - 9.0) < 1.5)) fail_msg("%g of 36 between the tails", between / 3.0);
    tdrop_model_destroy(model);
    tdrop_data_destroy(data);
}

static void columns_of_one_value_come_back(void **state) {
    (void)state;
    enum { WIDTH = 5 };
    double noise[ROWS * WIDTH];
    float values[ROWS * WIDTH];
    models_numbers(1, ROWS * WIDTH, noise);
    for (size_t i = 0; i < ROWS * WIDTH; i++)
        values[i] = i % WIDTH == 1 ? 7.0f : i % WIDTH == 3 ? -1e6f : (float)noise[i];
    tdrop_data *data = models_table_of(values, ROWS, WIDTH);
    for (tdrop_scale scale = TDROP_SCALE_STANDARD; scale <= TDROP_SCALE_MINMAX; scale++) {
        tdrop_fit_options options = learning;
        options.scale = scale;
        options.law.p = 0.2;
        tdrop_model *model = models_fit(data, &options);
        float *predicted = models_predict(model, data, 0, 1, FEATURES, NULL);
        assert_true(fabsf(predicted[1] - 7.0f) < 0.3f);
        assert_true(fabsf(predicted[3] + 1e6f) < 0.3f);
        free(predicted);
        tdrop_model_destroy(model);
    }
    tdrop_data_destroy(data);
}

/* ---------------------------------------------------------------------------------------------
 * What decides the bits
 */

static void assert_same_bits_everywhere(const tdrop_data *data, tdrop_fit_options options) {
    static const unsigned threads[] = {1, 2, 3, 8};
    tdrop_isa isas[MODELS_MOST_ISAS];
    size_t count = models_isas(isas);
    options.isa = TDROP_ISA_C;
    tdrop_model *first = models_fit(data, &options);
    for (size_t t = 0; t < sizeof threads / sizeof *threads; t++) {
        tdrop_pool *pool = NULL;
        assert_int_equal(tdrop_pool_create(&pool, threads[t]), TDROP_OK);
        tdrop_parallel parallel = tdrop_pool_parallel(pool);
        options.parallel = &parallel;
        for (size_t i = 0; i < count; i++) {
            options.isa = isas[i];
            tdrop_model *model = models_fit(data, &options);
            if (!models_same_file(model, first))
                fail_msg("%u threads, %s", threads[t], tdrop_isa_name(isas[i]));
            tdrop_model_destroy(model);
        }
        tdrop_pool_destroy(pool);
    }
    tdrop_model_destroy(first);
}

static void run_never(void *context, size_t tasks, void (*task)(void *, size_t, unsigned),
                      void *arg) {
    (void)context, (void)tasks, (void)task, (void)arg;
    fail_msg("%s", "a loop without workers was run");
}

/* A loop that is not filled in is the caller's own thread. */
static void empty_loops_are_none(void **state) {
    const tdrop_parallel loops[] = {{.run = NULL}, {.run = run_never}, {.workers = 2}};
    (void)state;
    tdrop_data *data = table();
    tdrop_fit_options options = quick;
    tdrop_model *alone = models_fit(data, &options);
    for (size_t i = 0; i < sizeof loops / sizeof *loops; i++) {
        options.parallel = &loops[i];
        tdrop_model *model = models_fit(data, &options);
        assert_true(models_same_file(model, alone));
        tdrop_model_destroy(model);
    }
    tdrop_model_destroy(alone);
    tdrop_data_destroy(data);
}

static void neither_threads_nor_processor_decide(void **state) {
    (void)state;
    tdrop_data *data = table(), *labels = models_labels(data);
    tdrop_fit_options options = quick;
    assert_same_bits_everywhere(data, options);
    options.arch = "9-[6]-9-relu-7-relu-tail";
    assert_same_bits_everywhere(data, options);
    options.arch = "70-batch-norm-gelu-6-batch-norm-tail-9-batch-norm-relu";
    assert_same_bits_everywhere(data, options);
    options.arch = "30-[6]-12-widthbias-30";
    options.start = TDROP_START_PCA;
    assert_same_bits_everywhere(data, options);
    options.start = TDROP_START_AUTO;
    options.arch = "9-[6]-9-relu-7-relu-tail";
    options.task = TDROP_TASK_CLASSIFY;
    options.target = labels;
    options.balance = 0.75;
    options.no_center = 1;
    assert_same_bits_everywhere(data, options);
    tdrop_data_destroy(labels);
    tdrop_data_destroy(data);
}

/* Every option that is not a matter of speed gives another file. */
static void every_option_decides(void **state) {
    (void)state;
    tdrop_fit_options ways[20];
    size_t count = 0;
    for (; count < 20; count++)
        ways[count] = quick;
    ways[1].seed = 2;
    ways[2].seed = 1ull << 40;
    ways[3].split_seed = 1;
    ways[4].independent = 1;
    ways[5].no_drop = 1;
    ways[6].law.k_min = 1;
    ways[7].schedule = TDROP_SCHEDULE_CONSTANT;
    ways[8].average = 0.5;
    ways[9].average = -1.0;
    ways[10].law.kind = TDROP_LAW_ORIGINAL;
    ways[11].law.p = 0.4;
    ways[12].batch = 31;
    ways[13].learning_rate = 0.02;
    ways[14].valid_share = 0.2;
    ways[15].scale = TDROP_SCALE_NONE;
    ways[16].balance = 0.5;
    ways[17].no_center = 1;
    ways[17].scale = TDROP_SCALE_NONE;
    ways[18].arch = ways[19].arch = "12-[6]-12";
    ways[19].start = TDROP_START_RANDOM;
    tdrop_data *data = table();
    float *values[20];
    for (size_t i = 0; i < count; i++) {
        tdrop_model *model = models_fit(data, &ways[i]), *again = models_fit(data, &ways[i]);
        assert_true(models_same_file(model, again));
        values[i] = models_predict(model, data, 0, 10, FEATURES, NULL);
        for (size_t other = 0; other < i; other++)
            if (memcmp(values[i], values[other], 10 * COLUMNS * sizeof(float)) == 0)
                fail_msg("ways %zu and %zu are one", i, other);
        tdrop_model_destroy(again);
        tdrop_model_destroy(model);
    }
    for (size_t i = 0; i < count; i++)
        free(values[i]);
    tdrop_data_destroy(data);
}

/* ---------------------------------------------------------------------------------------------
 * What the observer is told
 */

enum { MOST_EPOCHS = 400 };

/* What an observer saw. */
typedef struct seen {
    size_t settings_calls, progress_calls, epochs_ended;
    size_t stop_at_call, stop_at_epoch; /* counted from 1; 0: never */
    tdrop_fit_settings settings;
    char arch[200];
    tdrop_fit_progress last;
    double valid_loss[MOST_EPOCHS];
    const char *wrong; /* first thing that was not as it should be */
    int wrong_after_stop;
} seen;

static void note(seen *s, int good, const char *what) {
    if (!good && !s->wrong) s->wrong = what;
}

static void see_settings(void *context, const tdrop_fit_settings *settings) {
    seen *s = context;
    note(s, s->progress_calls == 0, "settings come first");
    s->settings_calls++;
    s->settings = *settings;
    snprintf(s->arch, sizeof s->arch, "%s", settings->arch);
    note(s, strcmp(s->arch, settings->options.arch) == 0, "the architecture of the options");
    note(s, settings->features == settings->options.features, "the features of the options");
}

static size_t steps_in_epoch(const seen *s) {
    return (s->settings.rows_train + s->settings.options.batch - 1) / s->settings.options.batch;
}

static void check_losses(seen *s, const tdrop_fit_progress *now) {
    double best = NAN;
    for (size_t e = 0; e < s->epochs_ended; e++)
        best = s->valid_loss[e] >= best ? best : s->valid_loss[e];
    note(s, isfinite(now->train_loss) && now->train_loss > 0.0, "a finite training loss");
    if (s->epochs_ended == 0) {
        note(s, isnan(now->valid_loss) && isnan(now->best_loss), "NaN before the first epoch ends");
        return;
    }
    note(s, now->valid_loss == s->valid_loss[s->epochs_ended - 1], "the last epoch's loss");
    note(s, now->best_loss == best, "the best loss");
}

static int see_progress(void *context, const tdrop_fit_progress *now) {
    seen *s = context;
    size_t in_epoch = steps_in_epoch(s), step = ++s->progress_calls;
    size_t epoch = (step - 1) / in_epoch, within = (step - 1) % in_epoch + 1;
    size_t batch = s->settings.options.batch, train = s->settings.rows_train;
    note(s, now->step == step && now->steps == s->settings.steps, "one call for each step");
    note(s, now->epoch == epoch, "the epoch");
    note(s, !now->epoch_ended == (within != in_epoch), "the end of an epoch at its last step");
    note(s, now->rows == epoch * train + (within == in_epoch ? train : within * batch), "the rows");
    note(s, now->seconds >= s->last.seconds, "seconds do not run back");
    if (now->epoch_ended && s->epochs_ended < MOST_EPOCHS)
        s->valid_loss[s->epochs_ended++] = now->valid_loss;
    check_losses(s, now);
    s->last = *now;
    note(s, !s->stop_at_call || step <= s->stop_at_call, "no call after the stop");
    return step == s->stop_at_call || (now->epoch_ended && s->epochs_ended == s->stop_at_epoch);
}

static tdrop_model *watch(const tdrop_data *data, const tdrop_fit_options *options, seen *s) {
    const tdrop_fit_observer observer = {
        .context = s, .settings = see_settings, .progress = see_progress};
    tdrop_model *model = NULL;
    tdrop_error error = {0};
    if (tdrop_fit(&model, data, options, &observer, &error)) fail_msg("%s", error.message);
    if (s->wrong) fail_msg("the observer expected: %s", s->wrong);
    assert_int_equal(s->settings_calls, 1);
    return model;
}

static void the_observer_sees_every_step(void **state) {
    (void)state;
    static const size_t batches[] = {32, 90, 270, 269, 1};
    tdrop_data *data = table();
    for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
        tdrop_fit_options options = quick;
        options.batch = batches[i];
        seen s = {0};
        tdrop_model *model = watch(data, &options, &s);
        size_t steps = 3 * ((TRAIN + batches[i] - 1) / batches[i]);
        assert_int_equal(s.settings.steps, steps);
        assert_int_equal(s.progress_calls, steps);
        assert_int_equal(s.epochs_ended, 3);
        assert_false(s.settings.batch_shrunk);
        assert_int_equal(models_info(model).epochs, 3);
        tdrop_model *alone = models_fit(data, &options); /* watching changes nothing */
        assert_true(models_same_file(model, alone));
        tdrop_model_destroy(alone);
        tdrop_model_destroy(model);
    }
    tdrop_data_destroy(data);
}

/* Settings of a fit that stops after its first step. */
static seen settings_of(const tdrop_data *data, const tdrop_fit_options *options) {
    seen s = {.stop_at_call = 1};
    tdrop_model_destroy(watch(data, options, &s));
    return s;
}

static void the_last_weights_are_kept_on_request(void **state) {
    (void)state;
    tdrop_data *data = table();
    tdrop_fit_options options = {.arch = "9-[6]-9",
                                 .batch = 32,
                                 .learning_rate = 0.5, /* so high that the loss goes up and down */
                                 .schedule = TDROP_SCHEDULE_CONSTANT,
                                 .average = -1.0};
    int differed = 0;
    for (options.epochs = 2; options.epochs < 12; options.epochs++) {
        seen s = {0};
        options.keep_last = 0;
        tdrop_model *best = watch(data, &options, &s);
        options.keep_last = 1;
        tdrop_model *last = models_fit(data, &options);
        int last_is_best = s.valid_loss[options.epochs - 1] == s.last.best_loss;
        assert_int_equal(models_same_file(best, last), last_is_best);
        differed |= !last_is_best;
        tdrop_model_destroy(best);
        tdrop_model_destroy(last);
    }
    assert_true(differed);
    tdrop_data_destroy(data);
}

static void defaults_are_as_documented(void **state) {
    (void)state;
    tdrop_data *data = models_table(100, 20, 4, 0.1, 1), *labels = models_labels(data);
    seen s = settings_of(data, NULL);
    const tdrop_fit_options *o = &s.settings.options;
    assert_string_equal(s.arch, "20-128-relu-64-relu-10-tail-64-widthbias-relu-128-relu-20");
    assert_int_equal(s.settings.columns, 20);
    assert_int_equal(s.settings.features, 10);
    assert_int_equal(s.settings.rows_train, 90);
    assert_int_equal(s.settings.rows_valid, 10);
    assert_int_equal(s.settings.parameters,
                     2 * (20 * 128 + 128 * 64 + 64 * 10) + 128 + 64 + 10 + 64 + 128 + 20 + 11 * 64);
    assert_int_equal(s.settings.steps, 800);
    assert_int_equal(s.settings.constant_columns, 0);
    assert_false(s.settings.batch_shrunk);
    assert_int_equal(o->batch, 64);
    assert_int_equal(o->epochs, 400);
    assert_int_equal(o->law.kind, TDROP_LAW_MIXED);
    assert_int_equal(o->isa, tdrop_isa_best());
    assert_int_equal(o->scale, TDROP_SCALE_STANDARD);
    assert_int_equal(o->schedule, TDROP_SCHEDULE_ONE_CYCLE);
    assert_int_equal(o->optimizer, TDROP_OPTIMIZER_NADAM);
    assert_int_equal(o->start, TDROP_START_PCA);
    assert_true(o->law.rate == 0.15 && o->learning_rate == 0.0015 && o->average == 0.995);
    assert_true(o->valid_share == 0.1 && o->law.k_min == 0 && o->patience == 0);
    assert_true(o->balance == 0.6 && o->seed == 0 && o->split_seed == 0 && !o->no_drop &&
                !o->independent && !o->no_center);
    const tdrop_fit_options classifier = {
        .task = TDROP_TASK_CLASSIFY, .target = labels, .epochs = 1};
    s = settings_of(data, &classifier);
    assert_int_equal(o->optimizer, TDROP_OPTIMIZER_ADAM);
    assert_int_equal(o->start, TDROP_START_RANDOM);
    tdrop_data_destroy(labels);
    tdrop_data_destroy(data);
}

/* Small tables are gone through more often, large ones ten times; effort multiplies. */
static void default_epochs_follow_the_rows(void **state) {
    (void)state;
    static const struct {
        size_t rows, batch;
        uint32_t effort, epochs;
    } ways[] = {{64, 0, 0, 400},  {6400, 64, 1, 45}, {6400, 16, 0, 12},  {64, 2, 0, 138},
                {6400, 4, 0, 10}, {6400, 4, 2, 30},  {6400, 64, 2, 135}, {6400, 64, 3, 540}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        tdrop_data *data = models_table(ways[i].rows, 3, 1, 0.1, 1);
        const tdrop_fit_options options = {
            .batch = ways[i].batch, .effort = ways[i].effort, .arch = "[1]"};
        seen s = settings_of(data, &options);
        assert_int_equal(s.settings.options.epochs, ways[i].epochs);
        tdrop_data_destroy(data);
    }
}

static void default_features_follow_the_columns(void **state) {
    (void)state;
    static const struct {
        size_t columns, features;
    } rows[] = {{1, 1}, {2, 1}, {3, 1}, {4, 2}, {127, 63}, {128, 64}, {130, 64}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        tdrop_data *data = models_table(8, rows[i].columns, 2, 0.1, 1);
        assert_int_equal(settings_of(data, NULL).settings.features, rows[i].features);
        const tdrop_fit_options three = {.features = 3};
        assert_int_equal(settings_of(data, &three).settings.features, 3);
        const tdrop_fit_options same = {.features = 3, .arch = "[3]"};
        assert_int_equal(settings_of(data, &same).settings.features, 3);
        tdrop_data_destroy(data);
    }
}

static void splits_are_rounded(void **state) {
    (void)state;
    static const struct {
        size_t rows;
        double share;
        size_t valid;
    } splits[] = {{2, 0.0, 1},   {2, 0.99, 1},  {3, 0.99, 2},  {10, 0.0, 1},
                  {10, 0.25, 3}, {10, 0.24, 2}, {10, 1e-9, 1}, {100, 0.5, 50}};
    for (size_t i = 0; i < sizeof splits / sizeof *splits; i++) {
        tdrop_data *data = models_table(splits[i].rows, 3, 2, 0.1, 1);
        /* begun as PCA, a network would give the only row to train on without a loss */
        const tdrop_fit_options options = {
            .arch = "[2]", .valid_share = splits[i].share, .start = TDROP_START_RANDOM};
        tdrop_fit_settings settings = settings_of(data, &options).settings;
        assert_int_equal(settings.rows_valid, splits[i].valid);
        assert_int_equal(settings.rows_train, splits[i].rows - splits[i].valid);
        tdrop_data_destroy(data);
    }
}

static void a_batch_of_more_rows_than_there_are_shrinks(void **state) {
    (void)state;
    static const struct {
        size_t batch, used;
        int shrunk;
    } batches[] = {{0, 18, 1}, {19, 18, 1}, {18, 18, 0}, {17, 17, 0}, {SIZE_MAX, 18, 1}};
    tdrop_data *data = models_table(20, COLUMNS, 3, 0.1, 1);
    for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
        tdrop_fit_options options = quick;
        options.batch = batches[i].batch;
        seen s = {0};
        tdrop_model_destroy(watch(data, &options, &s));
        assert_int_equal(s.settings.options.batch, batches[i].used);
        assert_int_equal(!s.settings.batch_shrunk, !batches[i].shrunk);
    }
    tdrop_data_destroy(data);
}

static void constant_columns_are_counted(void **state) {
    (void)state;
    static const float values[] = {1, 5, 0, 1, 5, 1, 1, 6, 0, 1, 7, 3}; /* column 0 */
    static const struct {
        tdrop_scale scale;
        size_t constant;
    } ways[] = {{TDROP_SCALE_STANDARD, 1}, {TDROP_SCALE_MINMAX, 1}, {TDROP_SCALE_NONE, 0}};
    tdrop_data *data = models_table_of(values, 4, 3);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        const tdrop_fit_options options = {
            .arch = "[2]", .scale = ways[i].scale, .valid_share = .25};
        tdrop_fit_settings settings = settings_of(data, &options).settings;
        assert_int_equal(settings.options.scale, ways[i].scale);
        assert_int_equal(settings.constant_columns, ways[i].constant);
    }
    tdrop_data_destroy(data);
}

/* ---- stopping ---- */

/* A constant rate so high that the loss goes up and down. */
static const tdrop_fit_options restless = {.arch = "24-[6]-24",
                                           .epochs = 200,
                                           .batch = 32,
                                           .learning_rate = 0.05,
                                           .schedule = TDROP_SCHEDULE_CONSTANT,
                                           .average = -1.0};

/* Epochs until `patience` of them in a row were not better than the best before. */
static size_t epochs_with_patience(const seen *s, size_t patience) {
    double best = INFINITY;
    size_t since = 0;
    for (size_t e = 0; e < s->epochs_ended; e++) {
        since = s->valid_loss[e] < best ? 0 : since + 1;
        best = s->valid_loss[e] < best ? s->valid_loss[e] : best;
        if (since == patience) return e + 1;
    }
    return s->epochs_ended;
}

static void patience_ends_a_fit(void **state) {
    (void)state;
    tdrop_data *data = table();
    seen all = {0};
    tdrop_fit_options options = restless;
    tdrop_model_destroy(watch(data, &options, &all));
    assert_int_equal(all.epochs_ended, 200);
    for (uint32_t patience = 1; patience <= 3; patience++) {
        seen s = {0};
        size_t expected = epochs_with_patience(&all, patience);
        options.patience = patience;
        tdrop_model *model = watch(data, &options, &s);
        assert_true(expected < 200);
        assert_int_equal(s.epochs_ended, expected);
        assert_int_equal(models_info(model).epochs, expected);
        assert_memory_equal(s.valid_loss, all.valid_loss, expected * sizeof *s.valid_loss);
        tdrop_model_destroy(model);
    }
    tdrop_data_destroy(data);
}

static void assert_same_numbers(const tdrop_model *a, const tdrop_model *b,
                                const tdrop_data *data) {
    for (size_t k = 0; k <= FEATURES; k++) {
        float *x = models_predict(a, data, 0, ROWS, k, NULL);
        float *y = models_predict(b, data, 0, ROWS, k, NULL);
        assert_memory_equal(x, y, ROWS * COLUMNS * sizeof *x);
        free(x);
        free(y);
    }
}

static void the_best_epoch_is_kept(void **state) {
    (void)state;
    tdrop_data *data = table();
    tdrop_fit_options options = restless;
    options.epochs = 30;
    seen s = {0};
    size_t best = 0;
    tdrop_model *model = watch(data, &options, &s);
    for (size_t e = 0; e < s.epochs_ended; e++)
        best = s.valid_loss[e] < s.valid_loss[best] ? e : best;
    assert_true(best > 0 && best < 29); /* otherwise this shows nothing */
    options.epochs = (uint32_t)best + 1;
    tdrop_model *shorter = models_fit(data, &options);
    assert_same_numbers(model, shorter, data);
    options.epochs = (uint32_t)best;
    tdrop_model *too_short = models_fit(data, &options);
    assert_false(models_same_file(shorter, too_short));
    tdrop_model_destroy(too_short);
    tdrop_model_destroy(shorter);
    tdrop_model_destroy(model);
    tdrop_data_destroy(data);
}

/* Stopped when an epoch ends, it is as if there had been no more. */
static void a_stop_between_epochs_keeps_the_best(void **state) {
    (void)state;
    tdrop_data *data = table();
    tdrop_fit_options options = restless;
    for (uint32_t epochs = 1; epochs <= 12; epochs += 11) {
        options.epochs = 200;
        seen s = {.stop_at_epoch = epochs};
        tdrop_model *stopped = watch(data, &options, &s);
        assert_int_equal(s.epochs_ended, epochs);
        options.epochs = epochs;
        tdrop_model *whole = models_fit(data, &options);
        assert_true(models_same_file(stopped, whole));
        tdrop_model_destroy(whole);
        tdrop_model_destroy(stopped);
    }
    tdrop_data_destroy(data);
}

/* Stopped within an epoch, the best so far is that of the epochs before or of this moment. */
static void a_stop_within_an_epoch_ends_well(void **state) {
    (void)state;
    tdrop_data *data = table();
    for (size_t call = 1; call < 40; call += 6) {
        seen s = {.stop_at_call = call};
        tdrop_model *model = watch(data, &learning, &s);
        tdrop_model_info info = models_info(model);
        assert_int_equal(s.progress_calls, call);
        assert_int_equal(info.epochs, (call - 1) / 9 + 1);
        assert_true(info.flops > 0.0 && isfinite(info.valid_loss[FEATURES]));
        models_save(model, "model");
        tdrop_model *again = models_load("model");
        assert_true(models_same_file(model, again));
        tdrop_model_destroy(again);
        tdrop_model_destroy(model);
    }
    tdrop_data_destroy(data);
}

/* ---------------------------------------------------------------------------------------------
 * What is refused
 */

static void assert_fit_refused(const tdrop_data *data, const tdrop_fit_options *options,
                               tdrop_status expected, const char *text) {
    char place;
    tdrop_model *model = (void *)&place;
    tdrop_error error = {0};
    seen s = {0};
    const tdrop_fit_observer observer = {
        .context = &s, .settings = see_settings, .progress = see_progress};
    models_assert_refused(tdrop_fit(&model, data, options, &observer, &error), expected, &error,
                          text);
    assert_ptr_equal(model, &place);
    assert_int_equal(tdrop_fit(&model, data, options, NULL, NULL), expected);
    assert_ptr_equal(model, &place);
}

static void bad_options_are_refused(void **state) {
    (void)state;
    static const double two[] = {1.0, 1.0};
    static const struct {
        tdrop_fit_options options;
        tdrop_status status;
        const char *text;
    } bad[] = {
        {{.reserved = {1}}, TDROP_ERROR_RESERVED, "reserved"},
        {{.reserved = {0, 0, 0, 1}}, TDROP_ERROR_RESERVED, "reserved"},
        {{.law = {.kind = (tdrop_law_kind)99}}, TDROP_ERROR_LAW, "law"},
        {{.law = {.reserved = 1}}, TDROP_ERROR_RESERVED, "reserved"},
        {{.task = (tdrop_task)3}, TDROP_ERROR_SIZE, "task"},
        {{.law = {.kind = TDROP_LAW_GEOMETRIC, .rate = 1.5}}, TDROP_ERROR_RATE, "1.5"},
        {{.law = {.kind = TDROP_LAW_TABLE}}, TDROP_ERROR_WEIGHTS, "weights"},
        {{.law = {.kind = TDROP_LAW_TABLE, .weights = two, .weight_count = 2}},
         TDROP_ERROR_WEIGHTS,
         "2 weights; 7 are needed"},
        {{.task = TDROP_TASK_CLASSIFY}, TDROP_ERROR_NULL, "labels"},
        {{.law = {.p = -0.1}}, TDROP_ERROR_P, "-0.1"},
        {{.law = {.p = 1.001}}, TDROP_ERROR_P, "1.001"},
        {{.law = {.p = (double)NAN}}, TDROP_ERROR_P, "nan"},
        {{.law = {.k_min = 7}}, TDROP_ERROR_K_MIN, "k_min = 7 is above the 6 features"},
        {{.law = {.k_min = UINT32_MAX}}, TDROP_ERROR_K_MIN, "k_min = 4294967295 is above"},
        {{.law = {.k_min = 7, .p = 0.1}}, TDROP_ERROR_K_MIN, "k_min = 7 is above"},
        {{.law = {.k_min = 4, .p = 0.5}}, TDROP_ERROR_K_MIN, "k_min = 4 of 6"},
        {{.law = {.k_min = 1, .p = 1.0}}, TDROP_ERROR_K_MIN, "p = 1"},
        {{.law = {.k_min = 7, .kind = TDROP_LAW_ORIGINAL}}, TDROP_ERROR_K_MIN, "k_min = 7"},
        {{.arch = "8-[6"}, TDROP_ERROR_ARCH, "item '[6' at character 3"},
        {{.arch = ""}, TDROP_ERROR_ARCH, "item '' at character 1"},
        {{.arch = "8-8"}, TDROP_ERROR_ARCH, "0 tails"},
        {{.balance = 2.1}, TDROP_ERROR_SIZE, "balance 2.1"},
        {{.balance = (double)NAN}, TDROP_ERROR_SIZE, "balance"},
        {{.effort = 4}, TDROP_ERROR_SIZE, "effort 4"},
        {{.features = 7}, TDROP_ERROR_ARCH, "6 features"},
        {{.learning_rate = -1.0}, TDROP_ERROR_SIZE, "learning rate -1"},
        {{.learning_rate = 1000.5}, TDROP_ERROR_SIZE, "learning rate 1000.5"},
        {{.learning_rate = (double)NAN}, TDROP_ERROR_SIZE, "learning rate"},
        {{.learning_rate = (double)INFINITY}, TDROP_ERROR_SIZE, "learning rate"},
        {{.average = 1.0}, TDROP_ERROR_SIZE, "average 1"},
        {{.average = (double)NAN}, TDROP_ERROR_SIZE, "average"},
        {{.valid_share = -0.1}, TDROP_ERROR_SIZE, "-0.1"},
        {{.valid_share = 1.0}, TDROP_ERROR_SIZE, "share 1"},
        {{.valid_share = (double)NAN}, TDROP_ERROR_SIZE, "share"},
        {{.schedule = (tdrop_schedule)3}, TDROP_ERROR_SIZE, "schedule"},
        {{.schedule = (tdrop_schedule)-1}, TDROP_ERROR_SIZE, "schedule"},
        {{.scale = (tdrop_scale)5}, TDROP_ERROR_SIZE, "scal"},
        {{.isa = (tdrop_isa)99}, TDROP_ERROR_ISA, ""},
        {{.isa = (tdrop_isa)-1}, TDROP_ERROR_ISA, ""},
    };
    tdrop_data *data = table();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        tdrop_fit_options options = bad[i].options;
        if (!options.arch) options.arch = quick.arch;
        assert_fit_refused(data, &options, bad[i].status, bad[i].text);
    }
    tdrop_data_destroy(data);
}

static void too_many_features_are_refused(void **state) {
    (void)state;
    static const size_t bad[] = {SIZE_MAX, 1ull << 32, INT32_MAX / 16, 100000};
    tdrop_data *data = table();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const tdrop_fit_options options = {.features = bad[i]};
        assert_fit_refused(data, &options, TDROP_ERROR_SIZE, "features are too many");
    }
    tdrop_data_destroy(data);
}

static void bad_labels_are_refused(void **state) {
    (void)state;
    static const float same[ROWS];
    tdrop_data *data = table(), *fewer = models_table_of(same, ROWS - 1, 1);
    tdrop_data *one_class = models_table_of(same, ROWS, 1),
               *wide = models_table_of(same, ROWS / 2, 2);
    tdrop_data *half = models_table(ROWS / 2, COLUMNS, FEATURES, 0.05, 7);
    tdrop_fit_options options = quick;
    options.task = TDROP_TASK_CLASSIFY;
    options.target = fewer;
    assert_fit_refused(data, &options, TDROP_ERROR_DATA,
                       "300 rows, but the labels memory have 299");
    options.target = one_class;
    assert_fit_refused(data, &options, TDROP_ERROR_DATA, "2 classes");
    options.target = wide;
    assert_fit_refused(half, &options, TDROP_ERROR_DATA, "one column");
    tdrop_data_destroy(half);
    tdrop_data_destroy(wide);
    tdrop_data_destroy(one_class);
    tdrop_data_destroy(fewer);
    tdrop_data_destroy(data);
}

static void one_row_is_refused(void **state) {
    (void)state;
    static const float row[] = {1.0f, 2.0f, 3.0f};
    tdrop_data *data = models_table_of(row, 1, 3);
    assert_fit_refused(data, NULL, TDROP_ERROR_DATA, "one row");
    tdrop_data_destroy(data);
}

static void null_is_refused(void **state) {
    (void)state;
    tdrop_data *data = table();
    tdrop_error error = {0};
    assert_fit_refused(NULL, NULL, TDROP_ERROR_NULL, "");
    models_assert_refused(tdrop_fit(NULL, data, NULL, NULL, &error), TDROP_ERROR_NULL, &error, "");
    tdrop_model_destroy(NULL);
    tdrop_data_destroy(data);
}

static void what_cannot_be_learnt_is_reported(void **state) {
    (void)state;
    tdrop_data *data = table();
    const tdrop_fit_options wild = {.arch = "relu-9-9-9-9-9-9-9-[6]-9-9-9-9-9-9-9",
                                    .batch = 32,
                                    .learning_rate = 1000.0,
                                    .schedule = TDROP_SCHEDULE_CONSTANT};
    char place;
    tdrop_model *model = (void *)&place;
    tdrop_error error = {0};
    models_assert_refused(tdrop_fit(&model, data, &wild, NULL, &error), TDROP_ERROR_DATA, &error,
                          "diverged in epoch 1");
    assert_non_null(strstr(error.message, "learning rate than 1000"));
    assert_ptr_equal(model, &place);
    tdrop_data_destroy(data);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_enter, scratch_leave)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(features_are_learnt_in_order),
        cmocka_unit_test(a_linear_network_finds_the_principal_components),
        cmocka_unit_test(a_small_signal_on_a_large_offset_is_seen),
        cmocka_unit_test(bytes_are_learnt),
        cmocka_unit_test(several_tails_are_learnt),
        cmocka_unit_test(a_classifier_learns),
        cmocka_unit_test(nothing_is_dropped_with_no_drop),
        cmocka_unit_test(running_averages_fit_the_weights),
        cmocka_unit_test(statistics_of_one_width_are_no_better),
        cmocka_unit_test(a_norm_stands_a_batch_of_one_row),
        cmocka_unit_test(k_min_is_kept),
        cmocka_unit_test(what_is_dropped_is_not_computed),
        cmocka_unit_test(every_tail_draws_on_its_own),
        cmocka_unit_test(columns_of_one_value_come_back),
        IN_SCRATCH(empty_loops_are_none),
        IN_SCRATCH(neither_threads_nor_processor_decide),
        IN_SCRATCH(every_option_decides),
        IN_SCRATCH(the_observer_sees_every_step),
        IN_SCRATCH(the_last_weights_are_kept_on_request),
        cmocka_unit_test(defaults_are_as_documented),
        cmocka_unit_test(default_epochs_follow_the_rows),
        cmocka_unit_test(default_features_follow_the_columns),
        cmocka_unit_test(splits_are_rounded),
        cmocka_unit_test(a_batch_of_more_rows_than_there_are_shrinks),
        cmocka_unit_test(constant_columns_are_counted),
        cmocka_unit_test(patience_ends_a_fit),
        IN_SCRATCH(the_best_epoch_is_kept),
        IN_SCRATCH(a_stop_between_epochs_keeps_the_best),
        IN_SCRATCH(a_stop_within_an_epoch_ends_well),
        cmocka_unit_test(bad_options_are_refused),
        cmocka_unit_test(too_many_features_are_refused),
        cmocka_unit_test(bad_labels_are_refused),
        cmocka_unit_test(one_row_is_refused),
        cmocka_unit_test(null_is_refused),
        cmocka_unit_test(what_cannot_be_learnt_is_reported),
    };
    return cmocka_run_group_tests_name("model_fit", tests, NULL, NULL);
}
