/* SPDX-License-Identifier: MIT
 * What a training step asks of memory: nothing once training runs, and beside the activations
 * little before. */
#include "failing_memory.h"
#include "model/net.h"
#include "taildropout_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { ROWS = 700, COLUMNS = 30, BATCH = 96, CLASSES = 4, EPOCHS = 2 };

/* Between two reports of one epoch lies a step and nothing else. */
typedef struct step_watch {
    uint32_t epoch;
    size_t steps; /* watched, of which the first step of an epoch is none */
    size_t most;  /* allocations in one of them */
} step_watch;

static int watch_step(void *context, const tdrop_fit_progress *progress) {
    step_watch *watch = context;
    size_t count = failing_memory_stop();
    bool begun = watch->epoch == progress->epoch + 1;
    watch->epoch = progress->epoch + 1;
    if (begun && !progress->epoch_ended) {
        watch->steps++;
        if (count > watch->most) watch->most = count;
    }
    failing_memory_after(SIZE_MAX - 1);
    return 0;
}

static tdrop_data *make_data(size_t columns, unsigned classes) {
    static float values[ROWS * COLUMNS];
    tdrop_data *data = NULL;
    unsigned state = 7;
    for (size_t i = 0; i < ROWS * columns; i++) {
        state = state * 1664525u + 1013904223u;
        values[i] = classes ? (float)(state >> 16 & 3) : (float)(state >> 8) / (float)(1 << 24);
    }
    assert_int_equal(tdrop_data_from_floats(&data, values, ROWS, columns, columns, NULL), TDROP_OK);
    return data;
}

static step_watch watch_fit(tdrop_fit_options options, unsigned threads) {
    tdrop_model *model = NULL;
    tdrop_pool *pool = NULL;
    step_watch watch = {0};
    tdrop_data *data = make_data(COLUMNS, 0), *labels = make_data(1, CLASSES);
    assert_int_equal(tdrop_pool_create(&pool, threads), TDROP_OK);
    const tdrop_parallel parallel = tdrop_pool_parallel(pool);
    const tdrop_fit_observer observer = {.context = &watch, .progress = watch_step};
    options.target = options.task == TDROP_TASK_CLASSIFY ? labels : NULL;
    options.parallel = &parallel;
    options.batch = BATCH;
    options.epochs = EPOCHS;
    assert_int_equal(tdrop_fit(&model, data, &options, &observer, NULL), TDROP_OK);
    failing_memory_stop();
    tdrop_model_destroy(model);
    tdrop_pool_destroy(pool);
    tdrop_data_destroy(data);
    tdrop_data_destroy(labels);
    return watch;
}

static const char two_tails[] = "40-relu-tail-24-relu-tail";

static void assert_steps_allocate_nothing(tdrop_fit_options options) {
    for (unsigned threads = 1; threads <= 3; threads += 2) {
        step_watch watch = watch_fit(options, threads);
        assert_int_equal(watch.most, 0);
        assert_true(watch.steps >=
                    EPOCHS * 5); /* 630 rows are 7 steps an epoch, the last one short */
    }
}

static void test_steps_allocate_nothing(void **state) {
    (void)state;
    assert_steps_allocate_nothing(
        (tdrop_fit_options){.task = TDROP_TASK_CLASSIFY, .arch = two_tails});
    assert_steps_allocate_nothing((tdrop_fit_options){.arch = "40-[8]-40", .law = {.p = 0.8}});
    assert_steps_allocate_nothing((tdrop_fit_options){.arch = two_tails, .independent = 1});
    assert_steps_allocate_nothing((tdrop_fit_options){.arch = two_tails, .no_drop = 1});
    assert_steps_allocate_nothing((tdrop_fit_options){.arch = "gelu-40-tanh-[8]-sigmoid-40-gelu"});
    assert_steps_allocate_nothing((tdrop_fit_options){.arch = "40-dropout:0.5-[8]-40"});
    assert_steps_allocate_nothing((tdrop_fit_options){.arch = "40-layer-norm-[8]-40-layer-norm"});
    assert_steps_allocate_nothing((tdrop_fit_options){.arch = "40-batch-norm-[8]-40-batch-norm"});
}

/* The counting itself: the step of the first fit above, made to allocate, would be seen. */
static void test_allocations_are_counted(void **state) {
    (void)state;
    failing_memory_after(SIZE_MAX - 1);
    tdrop_data *data = make_data(COLUMNS, 0);
    assert_true(failing_memory_stop() > 0);
    tdrop_data_destroy(data);
}

static size_t activation_bytes(const tdrop_net *net) {
    size_t columns = 0;
    for (size_t e = 0; e <= net->step_count; e++)
        columns += net->edges[e].width;
    return net->max_rows * columns * sizeof(float);
}

/* Activations, the workspace of the products, and the rows' order for each linear layer, together
 * at most 1.2 times the activations: what is held beside the packed weights. */
static void check_workspace(const char *text, size_t columns, size_t outputs, size_t batch) {
    tdrop_arch arch;
    tdrop_net *net = NULL;
    size_t order = 0;
    const tdrop_net_options options = {.max_rows = batch};
    assert_int_equal(tdrop_arch_parse(&arch, text, columns, outputs, false, NULL), TDROP_OK);
    assert_int_equal(tdrop_net_create(&net, &arch, &options, NULL), TDROP_OK);
    for (size_t s = 0; s < net->step_count; s++)
        if (net->steps[s].stairs) order += 4 * batch * sizeof(int32_t);
    size_t activations = activation_bytes(net), all = activations + net->workspace_size + order;
    double ratio = (double)all / (double)activations;
    print_message("%s at %zu rows: activations %zu bytes, with workspace %zu, %.3f times as much\n",
                  arch.text, batch, activations, all, ratio);
    assert_true(ratio <= 1.2);
    tdrop_net_destroy(net);
    tdrop_arch_clear(&arch);
}

static void test_workspace(void **state) {
    (void)state;
    check_workspace("2048-relu-tail-2048-relu-tail", 784, 10, 512);
    check_workspace("2048-relu-tail-2048-relu-tail", 784, 10, 2048);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allocations_are_counted),
        cmocka_unit_test(test_steps_allocate_nothing),
        cmocka_unit_test(test_workspace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
