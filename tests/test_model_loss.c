/* SPDX-License-Identifier: MIT
 * Models of the other losses: what they minimise, what they give out, what is saved, what is
 * refused. */
#include "data/encoding.h"
#include "model/model.h"
#include "model/runner.h"
#include "models.h"
#include "scratch.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 150, COLUMNS = 7, FEATURES = 3, TARGETS = 2 };

static tdrop_data *numbers, *shares, *embeddings, *share_targets;

/* The numbers of a table, in [0, 1]. */
static tdrop_data *make_shares(const tdrop_data *of, size_t columns) {
    float values[ROWS * COLUMNS];
    float row[COLUMNS];
    for (size_t i = 0; i < ROWS; i++) {
        assert_int_equal(tdrop_data_get_rows(of, i, 1, row), TDROP_OK);
        for (size_t j = 0; j < columns; j++)
            values[i * columns + j] = 1.0f / (1.0f + expf(-3.0f * row[j] - 0.5f));
    }
    return models_table_of(values, ROWS, columns);
}

/* Directions of very different lengths, one of them none. */
static tdrop_data *make_embeddings(const tdrop_data *of) {
    float values[ROWS * COLUMNS];
    assert_int_equal(tdrop_data_get_rows(of, 0, ROWS, values), TDROP_OK);
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < COLUMNS; j++)
            values[i * COLUMNS + j] *= i == 5 ? 0.0f : (float)(1 + i % 50);
    return models_table_of(values, ROWS, COLUMNS);
}

static int set_up(void **state) {
    numbers = models_table(ROWS, COLUMNS, FEATURES, 0.05, 3);
    shares = make_shares(numbers, COLUMNS);
    share_targets = make_shares(numbers, TARGETS);
    embeddings = make_embeddings(numbers);
    return scratch_enter(state);
}

static int tear_down(void **state) {
    tdrop_data_destroy(embeddings);
    tdrop_data_destroy(share_targets);
    tdrop_data_destroy(shares);
    tdrop_data_destroy(numbers);
    return scratch_leave(state);
}

/* What there is to fit. */
typedef struct fit_case {
    const char *name;
    tdrop_data **data, **target;
    tdrop_fit_options options;
    double better; /* of the loss at k = 0, at most what is left of it at n */
} fit_case;

static const fit_case cases[] = {
    {"huber", &numbers, NULL, {.loss = TDROP_LOSS_HUBER, .huber_delta = 0.5}, 0.4},
    {"huber of targets",
     &numbers,
     &share_targets,
     {.loss = TDROP_LOSS_HUBER, .task = TDROP_TASK_REGRESS},
     0.4},
    {"binary", &shares, NULL, {.loss = TDROP_LOSS_BINARY, .scale = TDROP_SCALE_NONE}, 0.95},
    {"binary, minmax", &numbers, NULL, {.loss = TDROP_LOSS_BINARY}, 0.95},
    {"binary of targets",
     &numbers,
     &share_targets,
     {.loss = TDROP_LOSS_BINARY, .task = TDROP_TASK_REGRESS},
     0.95},
    {"cosine", &embeddings, NULL, {.loss = TDROP_LOSS_COSINE}, 0.4},
};
enum { CASES = sizeof cases / sizeof *cases };

static tdrop_fit_options options_of(const fit_case *c, uint32_t epochs) {
    tdrop_fit_options options = c->options;
    options.target = c->target ? *c->target : NULL;
    options.arch = "24-[3]-24";
    options.epochs = epochs;
    options.batch = 32;
    options.learning_rate = 0.01;
    options.valid_share = 0.25;
    return options;
}

static double clamp_to_one(double value) {
    return value < 0.0 ? 0.0 : value > 1.0 ? 1.0 : value;
}

/* The loss of a row from what is given out for it, plainly in double. */
static double loss_of(const tdrop_model_info *info, const double *unit, size_t columns,
                      const float *given, const float *wanted) {
    double sum = 0.0, both = 0.0, of_given = 0.0, of_wanted = 0.0;
    for (size_t j = 0; j < columns; j++) {
        double y = (double)given[j], t = (double)wanted[j], d = fabs(y - t) / unit[j];
        double delta = info->huber_delta;
        if (info->loss == TDROP_LOSS_HUBER)
            sum += d <= delta ? d * d / 2.0 : delta * (d - delta / 2.0);
        if (info->loss == TDROP_LOSS_BINARY) sum -= t * log(y) + (1.0 - t) * log(1.0 - y);
        both += y * t, of_given += y * y, of_wanted += t * t;
    }
    if (info->loss != TDROP_LOSS_COSINE) return sum / (double)columns;
    assert_true(fabs(sqrt(of_given) - 1.0) < 1e-6);
    return of_wanted > 0.0 ? 1.0 - both / sqrt(of_wanted * of_given) : 1.0;
}

/* Standard deviations of the columns of a table over the rows that are not held out. */
static void find_units(const tdrop_data *data, const size_t *held_out, size_t count, double *unit) {
    const size_t columns = models_data_info(data).columns;
    for (size_t j = 0; j < columns; j++) {
        double sum = 0.0, square = 0.0, n = (double)(ROWS - count);
        for (size_t i = 0, h = 0; i < ROWS; i++) {
            float row[COLUMNS];
            if (h < count && held_out[h] == i) {
                h++;
                continue;
            }
            tdrop_data_get_rows(data, i, 1, row);
            sum += (double)row[j];
            square += (double)row[j] * (double)row[j];
        }
        unit[j] = sqrt(square / n - sum / n * (sum / n));
    }
}

/* Under MINMAX, what the loss sees of given and wanted numbers. */
static void scale_row(const tdrop_model *model, size_t columns, float *row) {
    const double *shift, *unit;
    assert_int_equal(tdrop_model_get_scaling(model, &shift, &unit), TDROP_OK);
    for (size_t j = 0; j < columns; j++)
        row[j] = (float)clamp_to_one(((double)row[j] - shift[j]) / unit[j]);
}

/* The mean loss over held-out rows, found again from what predict gives. */
static double loss_again(const fit_case *c, const tdrop_model *model, size_t k) {
    const tdrop_model_info info = models_info(model);
    const tdrop_data *wanted = c->target ? *c->target : *c->data;
    float *given = models_predict(model, *c->data, 0, ROWS, k, NULL);
    size_t count, rows[ROWS];
    double unit[COLUMNS], sum = 0.0;
    assert_int_equal(tdrop_model_held_out(model, *c->data, NULL, &count, rows), TDROP_OK);
    find_units(wanted, rows, count, unit);
    for (size_t i = 0; i < count; i++) {
        float row[COLUMNS], *y = given + rows[i] * info.outputs;
        tdrop_data_get_rows(wanted, rows[i], 1, row);
        if (info.scale == TDROP_SCALE_MINMAX) {
            scale_row(model, info.outputs, row);
            scale_row(model, info.outputs, y);
        }
        sum += loss_of(&info, unit, info.outputs, y, row);
    }
    free(given);
    return sum / (double)count;
}

static void each_learns_what_it_says(void **state) {
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        const fit_case *c = &cases[i];
        const tdrop_fit_options options = options_of(c, 120);
        const tdrop_use_options use = {.target = options.target};
        tdrop_model *model = models_fit(*c->data, &options);
        const tdrop_model_info info = models_info(model);
        assert_int_equal(info.loss, options.loss);
        assert_null(info.valid_pca);
        for (size_t k = 0; k <= FEATURES; k++) {
            tdrop_measure measure;
            const double again = loss_again(c, model, k);
            assert_int_equal(tdrop_model_evaluate(&measure, model, *c->data, k, &use, NULL),
                             TDROP_OK);
            assert_true(measure.loss == info.valid_loss[k]);
            if (!(fabs(measure.loss - again) < 1e-4 * (1.0 + again)))
                fail_msg("%s, k = %zu: loss %g, not %g", c->name, k, measure.loss, again);
        }
        if (!(info.valid_loss[FEATURES] < c->better * info.valid_loss[0]))
            fail_msg("%s: %g with none, %g with all", c->name, info.valid_loss[0],
                     info.valid_loss[FEATURES]);
        if (options.task == TDROP_TASK_REGRESS) assert_true(info.valid_metric[FEATURES] > 0.5);
        tdrop_model_destroy(model);
    }
}

static void neither_threads_nor_processor_decide(void **state) {
    (void)state;
    tdrop_isa isas[MODELS_MOST_ISAS];
    const size_t isa_count = models_isas(isas);
    tdrop_pool *pool = NULL;
    assert_int_equal(tdrop_pool_create(&pool, 3), TDROP_OK);
    const tdrop_parallel parallel = tdrop_pool_parallel(pool);
    for (size_t i = 0; i < CASES * isa_count; i++) {
        const fit_case *c = &cases[i / isa_count];
        tdrop_fit_options options = options_of(c, 2);
        options.isa = TDROP_ISA_C;
        tdrop_model *first = models_fit(*c->data, &options);
        options.isa = isas[i % isa_count];
        options.parallel = &parallel;
        tdrop_model *other = models_fit(*c->data, &options);
        assert_true(models_same_file(first, other));
        tdrop_model_destroy(other);
        tdrop_model_destroy(first);
    }
    tdrop_pool_destroy(pool);
}

static void each_is_saved_and_cut(void **state) {
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        const fit_case *c = &cases[i];
        const tdrop_fit_options options = options_of(c, 2);
        tdrop_model *model = models_fit(*c->data, &options);
        models_save(model, "model");
        tdrop_model *loaded = models_load("model"), *cut = models_prune(loaded, 2);
        const tdrop_model_info info = models_info(cut);
        assert_true(models_same_file(model, loaded));
        assert_int_equal(info.loss, options.loss);
        assert_true(info.huber_delta == models_info(model).huber_delta);
        assert_string_equal(info.unit, models_info(model).unit);
        float *expected = models_predict(model, *c->data, 0, ROWS, 2, NULL);
        float *found = models_predict(cut, *c->data, 0, ROWS, 2, NULL);
        float *codes = models_encode(loaded, *c->data, 0, ROWS, 2, NULL);
        float *decoded = models_decode(loaded, codes, ROWS, 2, NULL);
        assert_memory_equal(found, expected, ROWS * info.outputs * sizeof *found);
        assert_memory_equal(decoded, expected, ROWS * info.outputs * sizeof *found);
        free(decoded);
        free(codes);
        free(found);
        free(expected);
        tdrop_model_destroy(cut);
        tdrop_model_destroy(loaded);
        tdrop_model_destroy(model);
        assert_int_equal(remove("model"), 0);
    }
}

/* The loss at k of a whole pass with keep = k. */
static double loss_by_pass(const fit_case *c, const tdrop_model *model, size_t k) {
    tdrop_encoder encoder;
    tdrop_runner runner;
    tdrop_mean mean = {0};
    size_t count, rows[ROWS];
    float targets[ROWS * TARGETS];
    assert_int_equal(tdrop_encoder_create(&encoder, &model->encoding, *c->data, NULL), TDROP_OK);
    if (c->target)
        assert_int_equal(tdrop_targets_read(&model->targets, false, *c->target, targets, NULL),
                         TDROP_OK);
    const tdrop_feed feed = tdrop_model_feed(model, &encoder, c->target ? targets : NULL);
    const tdrop_net_options net = {.max_rows = ROWS};
    assert_int_equal(tdrop_runner_create(&runner, &model->arch, &feed, &net, NULL), TDROP_OK);
    assert_int_equal(tdrop_net_set_parameters(runner.net, model->parameters, false), TDROP_OK);
    assert_int_equal(tdrop_model_held_out(model, *c->data, NULL, &count, rows), TDROP_OK);
    tdrop_runner_load(&runner, rows, 0, count);
    assert_int_equal(tdrop_runner_begin_at(&runner, count, 0, k), TDROP_OK);
    tdrop_net_forward(runner.net, 0, runner.net->step_count);
    tdrop_runner_loss(&runner, count, false);
    tdrop_mean_add(&mean, count, runner.results);
    tdrop_runner_clear(&runner);
    tdrop_encoder_clear(&encoder);
    return mean.loss;
}

static void the_curve_is_that_of_whole_passes(void **state) {
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        const tdrop_fit_options options = options_of(&cases[i], 2);
        tdrop_model *model = models_fit(*cases[i].data, &options);
        for (size_t k = 0; k <= FEATURES; k++)
            assert_true(models_info(model).valid_loss[k] == loss_by_pass(&cases[i], model, k));
        tdrop_model_destroy(model);
    }
}

/* A table in which some cells are missing, and stand for whatever their column's mean is. */
static tdrop_data *with_gaps(const tdrop_data *of) {
    enum { WIDTH = 20 };
    static char text[ROWS * COLUMNS * WIDTH];
    const tdrop_data_read_options read = {.missing = TDROP_MISSING_MASK};
    tdrop_data *made = NULL;
    size_t used = 0;
    for (size_t i = 0; i < ROWS; i++) {
        float row[COLUMNS];
        tdrop_data_get_rows(of, i, 1, row);
        for (size_t j = 0; j < COLUMNS; j++) {
            const char *end = j + 1 < COLUMNS ? "," : "\n";
            const int gap = (i * 5 + j * 3) % 11 == 0 || (i == 20 && j > 0);
            used += (size_t)(gap ? snprintf(text + used, WIDTH, "NA%s", end)
                                 : snprintf(text + used, WIDTH, "%.9g%s", (double)row[j], end));
        }
    }
    scratch_write("gaps.csv", text, used);
    assert_int_equal(tdrop_data_read(&made, "gaps.csv", &read, NULL), TDROP_OK);
    return made;
}

/* One batch of all rows at k = n: losses and gradients at the outputs, where whatever stands in the
 * outputs of missing cells is of no account. */
static void a_mask_leaves_cells_out_of_every_loss(void **state) {
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        if (cases[i].target) continue;
        tdrop_data *data = with_gaps(*cases[i].data);
        tdrop_fit_options options = options_of(&cases[i], 3);
        options.missing = TDROP_MISSING_MASK;
        tdrop_model *model = models_fit(data, &options);
        tdrop_encoder encoder;
        tdrop_runner runner;
        assert_int_equal(tdrop_encoder_create(&encoder, &model->encoding, data, NULL), TDROP_OK);
        const tdrop_feed feed = tdrop_model_feed(model, &encoder, NULL);
        float *gradient = calloc(model->arch.parameters, sizeof *gradient);
        const tdrop_net_options net = {.max_rows = ROWS, .gradient = gradient};
        assert_int_equal(tdrop_runner_create(&runner, &model->arch, &feed, &net, NULL), TDROP_OK);
        double *loss = calloc(ROWS, sizeof *loss);
        for (int run = 0; run < 2; run++) {
            tdrop_runner_load(&runner, NULL, 0, ROWS);
            assert_int_equal(tdrop_runner_begin_at(&runner, ROWS, 0, FEATURES), TDROP_OK);
            float *y = tdrop_net_edge(runner.net, runner.net->step_count);
            for (size_t at = 0; at < ROWS * COLUMNS; at++)
                y[at] = runner.absent[at] && run ? 7.0f : 0.25f * (float)(at % 5) - 0.4f;
            tdrop_runner_loss(&runner, ROWS, true);
            for (size_t row = 0; row < ROWS; row++) {
                assert_true(isfinite(runner.results[row].loss));
                if (run) assert_true(runner.results[row].loss == loss[row]);
                loss[row] = runner.results[row].loss;
            }
            for (size_t at = 0; at < ROWS * COLUMNS; at++)
                if (runner.absent[at]) assert_true(y[at] == 0.0f);
        }
        free(loss);
        free(gradient);
        tdrop_runner_clear(&runner);
        tdrop_encoder_clear(&encoder);
        tdrop_model_destroy(model);
        tdrop_data_destroy(data);
    }
}

static void refuse(const tdrop_data *data, const tdrop_fit_options *options, tdrop_status status,
                   const char *said) {
    tdrop_model *model = NULL;
    tdrop_error error = {0};
    models_assert_refused(tdrop_fit(&model, data, options, NULL, &error), status, &error, said);
    assert_null(model);
}

static void what_makes_no_sense_is_refused(void **state) {
    (void)state;
    const struct {
        tdrop_fit_options options;
        const char *said;
    } bad[] = {
        {{.loss = TDROP_LOSS_CROSS_ENTROPY},
         "loss cross-entropy is not one for the task autoencode, which takes squared, huber, "
         "binary "
         "and cosine"},
        {{.loss = TDROP_LOSS_COSINE, .task = TDROP_TASK_REGRESS},
         "takes squared, huber and binary"},
        {{.loss = TDROP_LOSS_HUBER, .task = TDROP_TASK_CLASSIFY}, "takes cross-entropy"},
        {{.loss = (tdrop_loss_kind)17}, "no such"},
        {{.loss = TDROP_LOSS_HUBER, .huber_delta = -1.0}, "delta = -1"},
        {{.huber_delta = 1.0}, "is of the loss huber"},
        {{.loss = TDROP_LOSS_BINARY, .scale = TDROP_SCALE_STANDARD}, "scaling is standard"},
        {{.loss = TDROP_LOSS_COSINE, .scale = TDROP_SCALE_MINMAX}, "scaling is minmax"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuse(numbers, &bad[i].options, TDROP_ERROR_SIZE, bad[i].said);
    float values[ROWS * TARGETS];
    tdrop_data_get_rows(share_targets, 0, ROWS, values);
    values[2 * 7 + 1] = 1.5f;
    tdrop_data *beyond = models_table_of(values, ROWS, TARGETS);
    tdrop_fit_options options = {.loss = TDROP_LOSS_BINARY, .scale = TDROP_SCALE_NONE};
    refuse(beyond, &options, TDROP_ERROR_DATA, "row 8, column 2 is 1.5");
    options = (tdrop_fit_options){
        .loss = TDROP_LOSS_BINARY, .task = TDROP_TASK_REGRESS, .target = beyond};
    refuse(numbers, &options, TDROP_ERROR_DATA, "row 8, column 2 is 1.5");
    options.target = share_targets;
    options.epochs = 1;
    tdrop_model *model = models_fit(numbers, &options);
    const tdrop_use_options use = {.target = beyond};
    tdrop_measure measure;
    tdrop_error error = {0};
    models_assert_refused(tdrop_model_evaluate(&measure, model, numbers, 1, &use, &error),
                          TDROP_ERROR_DATA, &error, "row 8, column 2 is 1.5");
    tdrop_model_destroy(model);
    tdrop_data_destroy(beyond);
}

/* Rows of the same direction are the same to a model of the cosine. */
static void lengths_do_not_matter_to_the_cosine(void **state) {
    (void)state;
    const tdrop_fit_options options = options_of(&cases[CASES - 1], 2);
    assert_int_equal(options.loss, TDROP_LOSS_COSINE);
    float values[ROWS * COLUMNS];
    tdrop_data_get_rows(embeddings, 0, ROWS, values);
    for (size_t i = 0; i < ROWS * COLUMNS; i++)
        values[i] *= 8.0f;
    tdrop_data *longer = models_table_of(values, ROWS, COLUMNS);
    tdrop_model *model = models_fit(embeddings, &options);
    float *expected = models_encode(model, embeddings, 0, ROWS, FEATURES, NULL);
    float *found = models_encode(model, longer, 0, ROWS, FEATURES, NULL);
    assert_memory_equal(found, expected, ROWS * FEATURES * sizeof *found);
    free(found);
    free(expected);
    tdrop_model_destroy(model);
    tdrop_data_destroy(longer);
}

/* What a task has by default is not written, so that files are what they were before there were
 * other losses. */
static void the_usual_loss_is_not_written(void **state) {
    (void)state;
    for (int named = 0; named < 2; named++) {
        const tdrop_fit_options options = {
            .arch = "[2]", .epochs = 1, .loss = named ? TDROP_LOSS_SQUARED : TDROP_LOSS_AUTO};
        size_t size;
        tdrop_model *model = models_fit(numbers, &options);
        assert_int_equal(models_info(model).loss, TDROP_LOSS_SQUARED);
        unsigned char *bytes = models_bytes(model, &size);
        for (size_t i = 0; i + 7 < size; i++)
            assert_true(memcmp(bytes + i, "\"loss\":\"", 8) != 0);
        free(bytes);
        tdrop_model_destroy(model);
        assert_int_equal(remove("scratch"), 0);
    }
}

static void losses_have_names(void **state) {
    (void)state;
    tdrop_loss_kind kind;
    for (int i = TDROP_LOSS_AUTO; i <= TDROP_LOSS_CROSS_ENTROPY; i++) {
        assert_int_equal(tdrop_loss_kind_parse(tdrop_loss_kind_name((tdrop_loss_kind)i), &kind),
                         TDROP_OK);
        assert_int_equal(kind, i);
    }
    assert_null(tdrop_loss_kind_name((tdrop_loss_kind)6));
    assert_int_equal(tdrop_loss_kind_parse("hubert", &kind), TDROP_ERROR_FORMAT);
    assert_int_equal(tdrop_loss_kind_parse(NULL, &kind), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_loss_kind_parse("huber", NULL), TDROP_ERROR_NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_learns_what_it_says),
        cmocka_unit_test(neither_threads_nor_processor_decide),
        cmocka_unit_test(each_is_saved_and_cut),
        cmocka_unit_test(the_curve_is_that_of_whole_passes),
        cmocka_unit_test(a_mask_leaves_cells_out_of_every_loss),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(lengths_do_not_matter_to_the_cosine),
        cmocka_unit_test(the_usual_loss_is_not_written),
        cmocka_unit_test(losses_have_names),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
