/* SPDX-License-Identifier: MIT
 * The curve of a classifier that ends with the layer behind its tail, against whole passes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/across.h"
#include "model/runner.h"
#include "model/scree.h"
#include "models.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { COLUMNS = 7, MOST_ROWS = 300, MOST_FEATURES = 130, MOST_CLASSES = 20 };

/* A classifier with its first weights, and labels that go round. */
typedef struct fixture {
    size_t rows, features, classes;
    tdrop_data *data;
    float targets[MOST_ROWS];
    size_t order[MOST_ROWS];
    tdrop_encoding encoding;
    tdrop_encoder encoder;
    tdrop_arch arch;
    tdrop_model *model;
} fixture;

static void set_up(fixture *f, size_t rows, size_t features, size_t classes, const char *arch) {
    double labels[MOST_CLASSES];
    char text[64];
    tdrop_classes names;
    *f = (fixture){.rows = rows, .features = features, .classes = classes};
    f->data = models_table(rows, COLUMNS, 3, 0.1, rows);
    for (size_t i = 0; i < rows; i++) {
        f->order[i] = (i * 7) % rows; /* rows are no multiples of 7 */
        f->targets[i] = (float)(i % classes);
    }
    for (size_t i = 0; i < classes; i++)
        labels[i] = (double)i;
    snprintf(text, sizeof text, arch, features);
    assert_int_equal(tdrop_arch_parse(&f->arch, text, COLUMNS, classes, false, NULL), TDROP_OK);
    assert_int_equal(tdrop_encoding_learn(&f->encoding, TDROP_SCALE_NONE, TDROP_MISSING_ERROR,
                                          f->data, f->order, rows, NULL),
                     TDROP_OK);
    assert_int_equal(tdrop_encoder_create(&f->encoder, &f->encoding, f->data, NULL), TDROP_OK);
    assert_int_equal(tdrop_model_create(&f->model, &f->arch, features, &f->encoding, NULL),
                     TDROP_OK);
    assert_int_equal(tdrop_classes_create(&names, classes, labels), TDROP_OK);
    assert_int_equal(tdrop_model_set_classes(f->model, &names), TDROP_OK);
    tdrop_classes_clear(&names);
    tdrop_arch_init(&f->arch, 1, f->model->parameters);
}

static void tear_down(fixture *f) {
    tdrop_model_destroy(f->model);
    tdrop_arch_clear(&f->arch);
    tdrop_encoder_clear(&f->encoder);
    tdrop_encoding_clear(&f->encoding);
    tdrop_data_destroy(f->data);
}

static tdrop_feed feed_of(const fixture *f) {
    return (tdrop_feed){.task = TDROP_TASK_CLASSIFY, .encoder = &f->encoder, .targets = f->targets};
}

/* What is found when every row keeps k, batch after batch. */
static tdrop_mean mean_by_passes(const fixture *f, size_t k) {
    tdrop_runner runner;
    tdrop_mean mean = {0};
    const tdrop_feed feed = feed_of(f);
    const tdrop_net_options net = {.max_rows = TDROP_USE_BATCH, .isa = TDROP_ISA_C};
    assert_int_equal(tdrop_runner_create(&runner, &f->arch, &feed, &net, NULL), TDROP_OK);
    assert_int_equal(tdrop_net_set_parameters(runner.net, f->model->parameters, false), TDROP_OK);
    for (size_t first = 0, count; first < f->rows; first += count) {
        count = f->rows - first < TDROP_USE_BATCH ? f->rows - first : TDROP_USE_BATCH;
        tdrop_runner_load(&runner, f->order + first, 0, count);
        assert_int_equal(tdrop_runner_begin_at(&runner, count, 0, k), TDROP_OK);
        tdrop_net_forward(runner.net, 0, runner.net->step_count);
        tdrop_runner_loss(&runner, count, false);
        tdrop_mean_add(&mean, count, runner.results);
    }
    tdrop_runner_clear(&runner);
    return mean;
}

static bool same(double a, double b) {
    return a == b || (isnan(a) && isnan(b));
}

static void assert_curve(const fixture *f, const tdrop_use_options *use, size_t first_k,
                         size_t last_k) {
    double loss[MOST_FEATURES + 1], se[MOST_FEATURES + 1], metric[MOST_FEATURES + 1];
    const tdrop_curve curve = {.loss = loss, .se = se, .metric = metric};
    const tdrop_sample sample = {&f->encoder, f->order, f->rows, f->targets};
    assert_int_equal(tdrop_scree_measure(f->model, &sample, 0, first_k, last_k, &curve, use, NULL),
                     TDROP_OK);
    for (size_t k = first_k; k <= last_k; k++) {
        const tdrop_mean mean = mean_by_passes(f, k);
        const size_t at = k - first_k;
        if (!same(loss[at], mean.loss) || !same(se[at], tdrop_mean_se(&mean)) ||
            !same(metric[at], mean.metric))
            fail_msg("%zu rows, %zu features, %zu classes, k = %zu: %.17g %.17g, not %.17g %.17g",
                     f->rows, f->features, f->classes, k, loss[at], metric[at], mean.loss,
                     mean.metric);
    }
}

/* The whole curve, its middle, and one k, under every instruction set and on a pool. */
static void assert_curves(const fixture *f) {
    tdrop_isa isas[MODELS_MOST_ISAS];
    const size_t count = models_isas(isas);
    tdrop_pool *pool = NULL;
    assert_int_equal(tdrop_pool_create(&pool, 2), TDROP_OK);
    const tdrop_parallel parallel = tdrop_pool_parallel(pool);
    for (size_t i = 0; i < count; i++)
        assert_curve(f, &(tdrop_use_options){.isa = isas[i]}, 0, f->features);
    assert_curve(f, &(tdrop_use_options){.parallel = &parallel}, f->features / 3, f->features - 1);
    assert_curve(f, &(tdrop_use_options){.parallel = &parallel}, f->features, f->features);
    tdrop_pool_destroy(pool);
}

/* Rows around whole blocks and batches, widths around whole stretches, classes up to 16 and past.
 */
static void the_curve_is_that_of_whole_passes(void **state) {
    (void)state;
    static const struct {
        size_t rows, features, classes;
    } cases[] = {{1, 3, 2},    {15, 5, 3},   {16, 1, 10}, {17, 64, 16}, {33, 65, 9},
                 {257, 9, 10}, {272, 2, 17}, {300, 4, 2}, {40, 130, 4}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture f;
        set_up(&f, cases[i].rows, cases[i].features, cases[i].classes, "%zu-relu-tail");
        assert_curves(&f);
        tear_down(&f);
    }
}

/* What is between tail and layer is run once; what stands behind the layer, for every k. */
static void so_it_is_with_more_layers(void **state) {
    (void)state;
    static const char *const archs[] = {"%zu-tail-sigmoid", "%zu-tail-8-relu",
                                        "%zu-tail-4-widthbias-relu"};
    for (size_t i = 0; i < sizeof archs / sizeof *archs; i++) {
        fixture f;
        set_up(&f, 50, 6, 5, archs[i]);
        assert_curves(&f);
        tear_down(&f);
    }
}

/* Of outputs that are alike the first counts; one that is NaN spoils its row. */
static void ties_and_nan_are_told_alike(void **state) {
    (void)state;
    fixture f;
    set_up(&f, 40, 5, 6, "%zu-relu-tail");
    const tdrop_parameter *last = &f.arch.tensors[f.arch.tensor_count - 1];
    float *weights = f.model->parameters + f.arch.tensors[f.arch.tensor_count - 2].offset;
    for (size_t j = 0; j < 5; j++)
        weights[2 * 5 + j] = weights[4 * 5 + j]; /* of two classes the same */
    assert_curves(&f);
    f.model->parameters[last->offset + 3] = NAN;
    assert_curves(&f);
    tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_curve_is_that_of_whole_passes),
        cmocka_unit_test(so_it_is_with_more_layers),
        cmocka_unit_test(ties_and_nan_are_told_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
