/* SPDX-License-Identifier: MIT
 * The demo's training against the time that its operations take at the machine's peak. */
#include "bench.h"

#include <stdio.h>
#include <taildropout_model.h>

/* Remembers how long the training itself took. */
static int note_time(void *context, const tdrop_fit_progress *progress) {
    *(double *)context = progress->seconds;
    return 0;
}

static bool fail(const bench_row *row, const char *why) {
    fprintf(stderr, "taildropout_bench: %s left out: %s\n", row->name, why);
    return false;
}

static bool measure_demo(const bench_row *row, const bench_peaks *peaks, bool quick,
                         double *ours_ms, double *theirs_ms) {
    tdrop_data *data = NULL;
    tdrop_model *model = NULL;
    tdrop_pool *pool = NULL;
    tdrop_error error;
    double seconds = 0.0;
    if (tdrop_data_read(&data, "fashion-mnist", NULL, &error)) return fail(row, error.message);
    if (tdrop_pool_create(&pool, row->threads)) return fail(row, "no threads");
    tdrop_parallel parallel = tdrop_pool_parallel(pool);
    tdrop_fit_options options = {.parallel = &parallel, .epochs = quick ? 1 : 10};
    tdrop_fit_observer observer = {.context = &seconds, .progress = note_time};
    bool good = !tdrop_fit(&model, data, &options, &observer, &error) || fail(row, error.message);
    if (good) {
        tdrop_model_info info;
        tdrop_model_get_info(model, &info);
        *ours_ms = 1e3 * seconds;
        *theirs_ms = 1e3 * info.flops / (row->threads == 1 ? peaks->flops : peaks->flops_all);
    }
    tdrop_model_destroy(model);
    tdrop_pool_destroy(pool);
    tdrop_data_destroy(data);
    return good;
}

#define DEMO(row_name, thread_count)                                                               \
    {                                                                                              \
        .name = row_name, .rival = "fma-peak", .threads = thread_count, .measure = measure_demo,   \
        .at_least = 1.0 / 1.8                                                                      \
    }

const bench_row bench_training_rows[] = {
    DEMO("demo-training", 1),
    DEMO("demo-training-2", 2),
    {.name = NULL},
};
