/* SPDX-License-Identifier: MIT
 * wide_mlp [EPOCHS]: a wide classifier on Fashion-MNIST, 784-2048-2048-10, trained with a tail
 * behind each hidden layer (p = 0.5) and without, to the same number of epochs: time and accuracy
 * of both. */
#include <stdio.h>
#include <stdlib.h>
#include <taildropout_model.h>

/* What a variant came to. */
typedef struct outcome {
    double seconds, accuracy, flops;
} outcome;

static void check(tdrop_status status, const tdrop_error *error) {
    if (!status) return;
    fprintf(stderr, "wide_mlp: %s\n", error->message);
    exit(1);
}

static int note_time(void *context, const tdrop_fit_progress *progress) {
    *(double *)context = progress->seconds;
    return 0;
}

/* Fits one variant and measures it on the test images, all features kept. */
static outcome run(uint32_t epochs, int no_drop, const tdrop_parallel *parallel) {
    tdrop_data *images = NULL, *labels = NULL, *test = NULL, *test_labels = NULL;
    tdrop_model *model = NULL;
    tdrop_model_info info;
    tdrop_measure measure;
    tdrop_error error;
    outcome result = {0};
    const tdrop_data_read_options in_test = {.part = TDROP_PART_TEST};
    check(tdrop_data_read(&images, "fashion-mnist", NULL, &error), &error);
    check(tdrop_data_read(&labels, "fashion-mnist:labels", NULL, &error), &error);
    check(tdrop_data_read(&test, "fashion-mnist", &in_test, &error), &error);
    check(tdrop_data_read(&test_labels, "fashion-mnist:labels", &in_test, &error), &error);
    const tdrop_fit_options options = {.task = TDROP_TASK_CLASSIFY,
                                       .target = labels,
                                       .arch = "2048-relu-tail-2048-relu-tail",
                                       .law = {.kind = TDROP_LAW_EXPONENTIAL, .p = 0.5},
                                       .no_drop = no_drop,
                                       .balance = -1,
                                       .no_center = 1,
                                       .average = 0.99,
                                       .epochs = epochs,
                                       .batch = 512,
                                       .learning_rate = 1e-3,
                                       .parallel = parallel};
    const tdrop_fit_observer observer = {.context = &result.seconds, .progress = note_time};
    check(tdrop_fit(&model, images, &options, &observer, &error), &error);
    const tdrop_use_options use = {.target = test_labels, .parallel = parallel};
    tdrop_model_get_info(model, &info);
    check(tdrop_model_evaluate(&measure, model, test, info.features, &use, &error), &error);
    result.accuracy = measure.metric;
    result.flops = info.flops;
    tdrop_model_destroy(model);
    tdrop_data_destroy(images), tdrop_data_destroy(labels);
    tdrop_data_destroy(test), tdrop_data_destroy(test_labels);
    return result;
}

static void show(const char *name, outcome o) {
    printf("%-14s %8.1f s %8.3g operations %8.2f %% right\n", name, o.seconds, o.flops,
           100 * o.accuracy);
}

int main(int argc, char **argv) {
    int epochs = argc > 1 ? atoi(argv[1]) : 5;
    tdrop_pool *pool = NULL;
    if (epochs < 1) {
        fprintf(stderr, "usage: wide_mlp [EPOCHS]\n");
        return 2;
    }
    if (tdrop_pool_create(&pool, 0)) return 1;
    tdrop_parallel parallel = tdrop_pool_parallel(pool);
    outcome with = run((uint32_t)epochs, 0, &parallel),
            without = run((uint32_t)epochs, 1, &parallel);
    show("with tails", with);
    show("without", without);
    printf("time with / without: %.2f\n", with.seconds / without.seconds);
    tdrop_pool_destroy(pool);
    return 0;
}
