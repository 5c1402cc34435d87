/* SPDX-License-Identifier: MIT
 * AdamW, NAdam, SGD with momentum, clipping, warm-up and cosine against plain code in double, and
 * that neither threads nor instruction sets have a say. (Adam itself: test_model_gradient.c.) */
#include "model/optimizer.h"
#include "model/pass_dispatch.h"
#include "model/schedule.h"
#include "models.h"
#include "scratch.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { STEPS = 20 };

static const tdrop_optimizer_options kinds[] = {
    {.kind = TDROP_OPTIMIZER_ADAM, .average_decay = 0.9},
    {.kind = TDROP_OPTIMIZER_ADAM, .clip_norm = 0.5},
    {.kind = TDROP_OPTIMIZER_ADAMW, .weight_decay = 0.5, .average_decay = 0.9},
    {.kind = TDROP_OPTIMIZER_ADAMW, .weight_decay = -1.0},
    {.kind = TDROP_OPTIMIZER_NADAM, .average_decay = 0.9},
    {.kind = TDROP_OPTIMIZER_NADAM, .clip_norm = 0.5},
    {.kind = TDROP_OPTIMIZER_SGD, .momentum = 0.8},
    {.kind = TDROP_OPTIMIZER_SGD, .momentum = -1.0, .average_decay = 0.5},
    {.kind = TDROP_OPTIMIZER_SGD, .momentum = 0.9, .clip_norm = 1e-3},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* Several tensors, the larger one in more than one task. */
static tdrop_arch make_arch(void) {
    tdrop_arch arch;
    assert_int_equal(tdrop_arch_parse(&arch, "170-[3]-7", 101, 101, false, NULL), TDROP_OK);
    assert_true(arch.parameters > 16384 + 100);
    return arch;
}

static void draw(uint64_t seed, size_t count, float *values) {
    double *wide = malloc(count * sizeof *wide);
    assert_non_null(wide);
    models_numbers(seed, count, wide);
    for (size_t i = 0; i < count; i++)
        values[i] = (float)(wide[i] * 0.03);
    free(wide);
}

static tdrop_optimizer run(const tdrop_arch *arch, tdrop_optimizer_options options, tdrop_isa isa,
                           const tdrop_parallel *parallel) {
    tdrop_optimizer o;
    options.arch = arch;
    assert_int_equal(tdrop_optimizer_create(&o, arch->parameters, &options), TDROP_OK);
    draw(1, o.count, o.parameters);
    tdrop_optimizer_start(&o);
    for (size_t step = 0; step < STEPS; step++) {
        draw(100 + step, o.count, o.gradient);
        tdrop_optimizer_step(&o, 0.01, tdrop_pass_kernels_for(isa), parallel);
    }
    return o;
}

static bool is_weight(const tdrop_arch *arch, size_t at) {
    for (size_t t = 0; t < arch->tensor_count; t++)
        if (at >= arch->tensors[t].offset && at < arch->tensors[t].offset + arch->tensors[t].count)
            return strstr(arch->tensors[t].name, "weight") != NULL;
    return false;
}

/* The lengths of the gradients, to be clipped by. */
static void find_lengths(size_t count, double length[STEPS]) {
    float *gradient = malloc(count * sizeof *gradient);
    assert_non_null(gradient);
    for (size_t step = 0; step < STEPS; step++) {
        double square = 0.0;
        draw(100 + step, count, gradient);
        for (size_t i = 0; i < count; i++)
            square += pow((double)gradient[i], 2.0);
        length[step] = sqrt(square);
    }
    free(gradient);
}

typedef struct plain {
    double parameter, moment1, moment2, average;
} plain;

/* One step of one parameter as the papers have it, `t` from 1. */
static void plain_step(const tdrop_optimizer_options *o, plain *p, double g, double length,
                       bool weight, double t) {
    const double rate = 0.01, early = (1.0 + t) / (10.0 + t);
    const double kept = early < o->average_decay ? early : o->average_decay;
    if (o->clip_norm > 0.0 && length > o->clip_norm) g *= o->clip_norm / length;
    if (o->kind == TDROP_OPTIMIZER_SGD) {
        p->moment1 = (o->momentum > 0.0 ? o->momentum : 0.0) * p->moment1 + g;
        p->parameter -= rate * p->moment1;
    } else {
        const bool nesterov = o->kind == TDROP_OPTIMIZER_NADAM;
        const double beta2 = nesterov ? 0.99 : 0.999;
        p->moment1 = 0.9 * p->moment1 + 0.1 * g;
        p->moment2 = beta2 * p->moment2 + (1.0 - beta2) * g * g;
        const double along = nesterov ? 0.9 * p->moment1 + 0.1 * g : p->moment1;
        const double mean = along / (1.0 - pow(0.9, t));
        const double square = p->moment2 / (1.0 - pow(beta2, t));
        const bool decays = o->kind == TDROP_OPTIMIZER_ADAMW && weight && o->weight_decay > 0.0;
        if (decays) p->parameter -= rate * o->weight_decay * p->parameter;
        p->parameter -= rate * mean / (sqrt(square) + 1e-8);
    }
    p->average = kept * p->average + (1.0 - kept) * p->parameter;
}

static void check_against_plain(const tdrop_arch *arch, const tdrop_optimizer *o) {
    double length[STEPS];
    float *gradient = malloc(STEPS * o->count * sizeof *gradient);
    float *first = malloc(o->count * sizeof *first);
    assert_non_null(gradient);
    assert_non_null(first);
    draw(1, o->count, first);
    find_lengths(o->count, length);
    for (size_t step = 0; step < STEPS; step++)
        draw(100 + step, o->count, gradient + step * o->count);
    for (size_t i = 0; i < o->count; i++) {
        plain p = {.parameter = (double)first[i], .average = (double)first[i]};
        for (size_t step = 0; step < STEPS; step++)
            plain_step(&o->options, &p, (double)gradient[step * o->count + i], length[step],
                       is_weight(arch, i), (double)step + 1.0);
        const double averaged = o->options.average_decay > 0.0 ? p.average : p.parameter;
        assert_true(fabs((double)o->parameters[i] - p.parameter) < 2e-6);
        assert_true(fabs((double)o->average[i] - averaged) < 2e-6);
    }
    free(gradient);
    free(first);
}

static void steps_agree_with_plain_code(void **state) {
    (void)state;
    tdrop_arch arch = make_arch();
    for (size_t i = 0; i < KINDS; i++) {
        tdrop_optimizer o = run(&arch, kinds[i], TDROP_ISA_AUTO, NULL);
        check_against_plain(&arch, &o);
        tdrop_optimizer_clear(&o);
    }
    tdrop_arch_clear(&arch);
}

static void steps_have_one_result(void **state) {
    (void)state;
    tdrop_arch arch = make_arch();
    tdrop_isa isas[MODELS_MOST_ISAS];
    const size_t count = models_isas(isas);
    tdrop_pool *pool = NULL;
    assert_int_equal(tdrop_pool_create(&pool, 3), TDROP_OK);
    const tdrop_parallel parallel = tdrop_pool_parallel(pool);
    for (size_t i = 0; i < KINDS; i++) {
        tdrop_optimizer first = run(&arch, kinds[i], TDROP_ISA_C, NULL);
        for (size_t j = 0; j < 2 * count; j++) {
            tdrop_optimizer other = run(&arch, kinds[i], isas[j / 2], j % 2 ? &parallel : NULL);
            assert_int_equal(other.vectors, first.vectors);
            assert_memory_equal(other.block, first.block,
                                first.vectors * first.count * sizeof(float));
            tdrop_optimizer_clear(&other);
        }
        tdrop_optimizer_clear(&first);
    }
    tdrop_pool_destroy(pool);
    tdrop_arch_clear(&arch);
}

/* Whoever stores block, steps and powers has stored everything. */
static void the_block_is_all_there_is(void **state) {
    (void)state;
    tdrop_arch arch = make_arch();
    for (size_t i = 0; i < KINDS; i++) {
        tdrop_optimizer o = run(&arch, kinds[i], TDROP_ISA_AUTO, NULL), other;
        tdrop_optimizer_options options = kinds[i];
        options.arch = &arch;
        assert_int_equal(tdrop_optimizer_create(&other, o.count, &options), TDROP_OK);
        memcpy(other.block, o.block, o.vectors * o.count * sizeof *o.block);
        other.steps = o.steps;
        other.power1 = o.power1;
        other.power2 = o.power2;
        tdrop_optimizer_step(&o, 0.02, tdrop_pass_kernels_for(TDROP_ISA_AUTO), NULL);
        tdrop_optimizer_step(&other, 0.02, tdrop_pass_kernels_for(TDROP_ISA_AUTO), NULL);
        assert_memory_equal(other.block, o.block, o.vectors * o.count * sizeof *o.block);
        tdrop_optimizer_clear(&o);
        tdrop_optimizer_clear(&other);
    }
    tdrop_arch_clear(&arch);
}

static void kinds_have_names(void **state) {
    (void)state;
    static const char *const names[] = {"auto", "nadam", "adam", "adamw", "sgd"};
    tdrop_optimizer_kind kind = TDROP_OPTIMIZER_SGD;
    for (int i = 0; i < 5; i++) {
        assert_string_equal(tdrop_optimizer_kind_name((tdrop_optimizer_kind)i), names[i]);
        assert_int_equal(tdrop_optimizer_kind_parse(names[i], &kind), TDROP_OK);
        assert_int_equal(kind, i);
    }
    assert_null(tdrop_optimizer_kind_name((tdrop_optimizer_kind)5));
    assert_null(tdrop_optimizer_kind_name((tdrop_optimizer_kind)-1));
    assert_int_equal(tdrop_optimizer_kind_parse("Adam", &kind), TDROP_ERROR_FORMAT);
    assert_int_equal(tdrop_optimizer_kind_parse(NULL, &kind), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_optimizer_kind_parse("adam", NULL), TDROP_ERROR_NULL);
}

static void cosine_goes_from_the_highest_to_zero(void **state) {
    (void)state;
    const double pi = acos(-1.0);
    for (size_t i = 0; i < 1001; i++) {
        const double expected = 0.3 * 0.5 * (1.0 + cos(pi * (double)i / 1000.0));
        const double rate = tdrop_schedule_rate(TDROP_SCHEDULE_COSINE, 0.3, i, 1001);
        assert_true(fabs(rate - expected) < 1e-12);
    }
    assert_true(tdrop_schedule_rate(TDROP_SCHEDULE_COSINE, 0.3, 0, 1) == 0.3);
}

static void warm_up_rises_in_a_line(void **state) {
    (void)state;
    static const tdrop_schedule schedules[] = {TDROP_SCHEDULE_ONE_CYCLE, TDROP_SCHEDULE_CONSTANT,
                                               TDROP_SCHEDULE_COSINE};
    for (size_t s = 0; s < 3; s++) {
        const double first = tdrop_schedule_rate(schedules[s], 2.0, 0, 90);
        for (size_t i = 0; i < 100; i++) {
            const double rate = tdrop_schedule_rate_warm(schedules[s], 2.0, 10, i, 100);
            const double expected = i < 10 ? first * ((double)i + 1.0) / 10.0
                                           : tdrop_schedule_rate(schedules[s], 2.0, i - 10, 90);
            assert_true(fabs(rate - expected) <= 1e-15);
            assert_true(tdrop_schedule_rate_warm(schedules[s], 2.0, 0, i, 100) ==
                        tdrop_schedule_rate(schedules[s], 2.0, i, 100));
        }
        assert_true(tdrop_schedule_rate_warm(schedules[s], 2.0, 1000, 99, 100) <= first * 0.1001);
    }
}

/* Every way of training learns, and none gives the model of another. */
static void fits_follow_their_options(void **state) {
    (void)state;
    tdrop_data *data = models_table(400, 8, 3, 0.05, 5);
    const tdrop_fit_options ways[] = {
        {.optimizer = TDROP_OPTIMIZER_ADAM},
        {.optimizer = TDROP_OPTIMIZER_ADAMW, .weight_decay = 0.3},
        {.optimizer = TDROP_OPTIMIZER_NADAM},
        {.optimizer = TDROP_OPTIMIZER_SGD, .learning_rate = 0.05},
        {.optimizer = TDROP_OPTIMIZER_SGD, .learning_rate = 0.05, .momentum = -1.0},
        {.clip_norm = 1e-2, .optimizer = TDROP_OPTIMIZER_SGD, .learning_rate = 0.05},
        {.start = TDROP_START_RANDOM},
        {.warm_up = 20},
        {.schedule = TDROP_SCHEDULE_COSINE},
    };
    enum { WAYS = sizeof ways / sizeof *ways };
    tdrop_model *model[WAYS];
    for (size_t i = 0; i < WAYS; i++) {
        tdrop_fit_options options = ways[i];
        options.arch = "16-[3]-16";
        options.batch = 32;
        model[i] = models_fit(data, &options);
        const tdrop_model_info info = models_info(model[i]);
        assert_true(info.valid_loss[3] < info.valid_loss[0]);
        for (size_t j = 0; j < i; j++)
            assert_false(models_same_file(model[i], model[j]));
    }
    for (size_t i = 0; i < WAYS; i++)
        tdrop_model_destroy(model[i]);
    tdrop_data_destroy(data);
}

static void bad_numbers_are_refused(void **state) {
    (void)state;
    tdrop_data *data = models_table(20, 3, 1, 0.1, 1);
    tdrop_model *model = NULL;
    tdrop_error error;
    const struct {
        tdrop_fit_options options;
        const char *text;
    } bad[] = {{{.optimizer = (tdrop_optimizer_kind)5}, "optimizer"},
               {{.weight_decay = 1001}, "weight decay 1001"},
               {{.weight_decay = NAN}, "weight decay"},
               {{.momentum = 1.0}, "momentum 1"},
               {{.momentum = NAN}, "momentum"},
               {{.clip_norm = -1.0}, "clip"},
               {{.clip_norm = NAN}, "clip"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        models_assert_refused(tdrop_fit(&model, data, &bad[i].options, NULL, &error),
                              TDROP_ERROR_SIZE, &error, bad[i].text);
    assert_null(model);
    tdrop_data_destroy(data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_agree_with_plain_code),
        cmocka_unit_test(steps_have_one_result),
        cmocka_unit_test(the_block_is_all_there_is),
        cmocka_unit_test(kinds_have_names),
        cmocka_unit_test(cosine_goes_from_the_highest_to_zero),
        cmocka_unit_test(warm_up_rises_in_a_line),
        cmocka_unit_test_setup_teardown(fits_follow_their_options, scratch_enter, scratch_leave),
        cmocka_unit_test(bad_numbers_are_refused),
    };
    return cmocka_run_group_tests_name("model_optimizer", tests, NULL, NULL);
}
