/* SPDX-License-Identifier: MIT
 * Ordinary dropout: how much it drops and where, what it does in use, and that neither threads nor
 * instruction sets have a say. */
#include "model/net.h"
#include "models.h"
#include "scratch.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 37, WIDTH = 1003 };

static const tdrop_draw here = {.seed = 9, .step = 2, .first = 100};

typedef struct dropped {
    tdrop_arch arch;
    tdrop_net *net;
    float *values; /* [ROWS, WIDTH] behind the dropout of ones */
} dropped;

/* Ones through dropout, the first layer of a network. In place: the net keeps a pointer to the
 * architecture. */
static void drop(dropped *d, const char *text, tdrop_draw draw, bool training) {
    const tdrop_net_options options = {.max_rows = ROWS};
    assert_int_equal(tdrop_arch_parse(&d->arch, text, WIDTH, WIDTH, false, NULL), TDROP_OK);
    assert_int_equal(tdrop_net_create(&d->net, &d->arch, &options, NULL), TDROP_OK);
    float *parameters = calloc(d->arch.parameters, sizeof *parameters);
    assert_non_null(parameters);
    tdrop_net_place(d->net, &draw);
    assert_int_equal(tdrop_net_begin(d->net, ROWS, NULL), TDROP_OK);
    assert_int_equal(tdrop_net_set_parameters(d->net, parameters, training), TDROP_OK);
    for (size_t i = 0; i < ROWS * WIDTH; i++)
        tdrop_net_edge(d->net, 0)[i] = 1.0f;
    tdrop_net_forward(d->net, 0, 1);
    d->values = tdrop_net_edge(d->net, 1);
    free(parameters);
}

static void release(dropped *d) {
    tdrop_net_destroy(d->net);
    tdrop_arch_clear(&d->arch);
}

static size_t count_equal(const float *values, size_t count, float value) {
    size_t equal = 0;
    for (size_t i = 0; i < count; i++)
        equal += values[i] == value;
    return equal;
}

static void it_drops_its_share_and_scales_the_rest(void **state) {
    (void)state;
    static const struct {
        const char *arch;
        double p;
    } cases[] = {{"dropout:0.5-[2]", 0.5}, {"dropout:0.1-[2]", 0.1}, {"dropout:0.999-[2]", 0.999}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dropped d;
        drop(&d, cases[i].arch, here, true);
        const double count = ROWS * WIDTH, p = cases[i].p;
        const size_t zeros = count_equal(d.values, ROWS * WIDTH, 0.0f);
        const float factor = (float)(1.0 / (1.0 - p));
        assert_int_equal(zeros + count_equal(d.values, ROWS * WIDTH, factor), ROWS * WIDTH);
        assert_true(fabs((double)zeros - p * count) < 4.0 * sqrt(count * p * (1.0 - p)));
        release(&d);
    }
}

static void nothing_is_dropped_at_zero_or_in_use(void **state) {
    (void)state;
    dropped none, use;
    drop(&none, "dropout:0-[2]", here, true);
    drop(&use, "dropout:0.5-[2]", here, false);
    assert_int_equal(count_equal(none.values, ROWS * WIDTH, 1.0f), ROWS * WIDTH);
    assert_int_equal(count_equal(use.values, ROWS * WIDTH, 1.0f), ROWS * WIDTH);
    release(&none);
    release(&use);
}

/* Half of all places agree where two draws have nothing to do with each other. */
static void assert_independent(const float *a, const float *b, size_t count) {
    size_t same = 0;
    for (size_t i = 0; i < count; i++)
        same += a[i] == b[i];
    assert_true(fabs((double)same - 0.5 * (double)count) < 2.5 * sqrt((double)count));
}

static void rows_steps_seeds_and_layers_differ(void **state) {
    (void)state;
    tdrop_draw later = here, other = here;
    later.step++;
    other.seed += UINT64_C(1) << 32;
    dropped a, b, c, twice;
    drop(&a, "dropout:0.5-[2]", here, true);
    drop(&b, "dropout:0.5-[2]", later, true);
    drop(&c, "dropout:0.5-[2]", other, true);
    drop(&twice, "dropout:0.5-dropout:0.5-[2]", here, true);
    assert_independent(a.values, a.values + WIDTH, WIDTH);
    assert_independent(a.values, b.values, ROWS * WIDTH);
    assert_independent(a.values, c.values, ROWS * WIDTH);
    for (size_t i = 0; i < ROWS * WIDTH; i++)
        tdrop_net_edge(twice.net, 1)[i] = 1.0f;
    tdrop_net_forward(twice.net, 1, 2);
    assert_independent(a.values, tdrop_net_edge(twice.net, 2), ROWS * WIDTH);
    release(&a);
    release(&b);
    release(&c);
    release(&twice);
}

/* The same row of the epoch drops the same, in whichever batch it comes. */
static void a_row_goes_by_its_place(void **state) {
    (void)state;
    tdrop_draw later = here;
    later.first += 5;
    dropped a, b;
    drop(&a, "dropout:0.5-[2]", here, true);
    drop(&b, "dropout:0.5-[2]", later, true);
    assert_memory_equal(a.values + 5 * WIDTH, b.values, (ROWS - 5) * WIDTH * sizeof(float));
    release(&a);
    release(&b);
}

static void a_fit_has_one_result(void **state) {
    (void)state;
    tdrop_data *data = models_table(200, 12, 4, 0.1, 3);
    tdrop_pool *pool = NULL;
    tdrop_isa isas[MODELS_MOST_ISAS];
    const size_t count = models_isas(isas);
    assert_int_equal(tdrop_pool_create(&pool, 3), TDROP_OK);
    const tdrop_parallel parallel = tdrop_pool_parallel(pool);
    tdrop_fit_options options = {.arch = "dropout:0.2-90-gelu-dropout:0.5-[4]-70-tanh",
                                 .epochs = 3,
                                 .batch = 48,
                                 .isa = TDROP_ISA_C};
    tdrop_model *first = models_fit(data, &options);
    options.parallel = &parallel;
    for (size_t i = 0; i < count; i++) {
        options.isa = isas[i];
        tdrop_model *other = models_fit(data, &options);
        assert_true(models_same_file(first, other));
        tdrop_model_destroy(other);
    }
    tdrop_model_destroy(first);
    tdrop_pool_destroy(pool);
    tdrop_data_destroy(data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_drops_its_share_and_scales_the_rest),
        cmocka_unit_test(nothing_is_dropped_at_zero_or_in_use),
        cmocka_unit_test(rows_steps_seeds_and_layers_differ),
        cmocka_unit_test(a_row_goes_by_its_place),
        cmocka_unit_test_setup_teardown(a_fit_has_one_result, scratch_enter, scratch_leave),
    };
    return cmocka_run_group_tests_name("model_dropout", tests, NULL, NULL);
}
