/* SPDX-License-Identifier: MIT
 * What the yardstick trains: the sides, and one training of any of them. */
#include "quality.h"

#include <stdio.h>
#include <string.h>

const size_t quality_widths[QUALITY_WIDTHS] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64};

/* Everything that is not written is the program's default. */

/* What the program's defaults were before this yardstick had chosen them; `count` epochs. */
#define OLD_STEPS(count) .epochs = count, .batch = 256, .learning_rate = 0.002, .average = 0.99
#define OLD_SUM          .balance = -1
#define OLD_WAY          .start = TDROP_START_RANDOM, .optimizer = TDROP_OPTIMIZER_ADAM
#define OLD_START        .no_center = 1, OLD_WAY
#define PLAIN(count)     OLD_STEPS(count), OLD_SUM, OLD_START
#define EXPONENTIAL      .law = {.p = 0.5}

/* What the levers are added to. */
#define MIXTURE                                                                                    \
    { .all = 0.25, .none = 0.2 }
#define WIDER_DECODER "512-256-[%zu]-512%s-512"
#define GELU          "512-gelu-256-gelu-[%zu]-256%s-gelu-512-gelu"
#define LAYER_NORM                                                                                 \
    "512-layer-norm-relu-256-layer-norm-relu-[%zu]-256%s-layer-norm-relu-512-layer-norm-relu"

const quality_side quality_sides[] = {
    {.name = "dedicated",
     .text = "a network for each width",
     .each_width = true,
     .options = {PLAIN(10), .no_drop = 1}},
    {.name = "dedicated-tuned",
     .text = "a network for each width, centred, batch 64",
     .each_width = true,
     .options = {.no_drop = 1, OLD_WAY}},
    {.name = "dedicated-tuned-3",
     .text = "a network for each width, centred, batch 64, three times the cost",
     .each_width = true,
     .options = {.no_drop = 1, .effort = 2, OLD_WAY}},
    {.name = "dedicated-pca",
     .text = "a network for each width, trained as ours",
     .each_width = true,
     .options = {.no_drop = 1}},
    {.name = "matryoshka",
     .text = "Matryoshka list (1, 2, 4, ..., 64, one of it a row), three times the cost",
     .options = {PLAIN(30), .law = {.kind = TDROP_LAW_POW2}}},
    {.name = "exponential-3",
     .text = "exponential, p = 0.5, three times the cost",
     .options = {PLAIN(30), EXPONENTIAL}},
    {.name = "ours-1",
     .text = "ours, the cost of one network",
     .width_bias = true,
     .options = {.effort = 1}},
    {.name = "ours-3",
     .text = "ours, three times the cost",
     .width_bias = true,
     .options = {.effort = 2}},
    {.name = "ours-12",
     .text = "ours, the cost of all networks",
     .width_bias = true,
     .options = {.effort = 3}},

    /* One lever after the other, at the cost of one network. */
    {.name = "exponential",
     .text = "exponential, p = 0.5",
     .lever = true,
     .options = {PLAIN(10), EXPONENTIAL}},
    {.name = "original",
     .text = "law original, p = 0.5, each row on its own",
     .lever = true,
     .options = {PLAIN(10), .law = {.kind = TDROP_LAW_ORIGINAL, .p = 0.5}, .independent = 1}},
    {.name = "log-uniform",
     .text = "law log-uniform",
     .lever = true,
     .options = {PLAIN(10), .law = {.kind = TDROP_LAW_LOG_UNIFORM}}},
    {.name = "mixture",
     .text = "A: a quarter of the rows at k = n, the rest log-uniform",
     .lever = true,
     .law = MIXTURE,
     .options = {PLAIN(10)}},
    {.name = "balance",
     .text = "A, balance 1",
     .lever = true,
     .law = MIXTURE,
     .options = {OLD_STEPS(10), OLD_START, .balance = 1.0}},
    {.name = "center",
     .text = "A, center",
     .lever = true,
     .law = MIXTURE,
     .options = {OLD_STEPS(10), OLD_SUM, OLD_WAY}},
    {.name = "batch",
     .text = "A, batch 64, rate 0.0015, average 0.995",
     .lever = true,
     .law = MIXTURE,
     .options = {OLD_SUM, OLD_START}},
    {.name = "width-bias",
     .text = "A, widthbias",
     .lever = true,
     .law = MIXTURE,
     .width_bias = true,
     .options = {PLAIN(10)}},
    {.name = "no-average",
     .text = "A, no average of the weights",
     .lever = true,
     .law = MIXTURE,
     .options = {.batch = 256, .learning_rate = 0.002, .average = -1.0, OLD_SUM, OLD_START}},
    {.name = "rate",
     .text = "A, rate 0.004",
     .lever = true,
     .law = MIXTURE,
     .options = {.batch = 256, .learning_rate = 0.004, .average = 0.99, OLD_SUM, OLD_START}},
    {.name = "balance-batch",
     .text = "A, balance 1, batch 64",
     .lever = true,
     .law = MIXTURE,
     .options = {.balance = 1.0, OLD_START}},
    {.name = "balance-batch-center",
     .text = "A, balance 1, batch 64, center",
     .lever = true,
     .law = MIXTURE,
     .options = {.balance = 1.0, OLD_WAY}},

    /* Ours with one thing changed. */
    {.name = "all-but-width-bias",
     .text = "ours without widthbias",
     .lever = true,
     .options = {.effort = 1}},
    {.name = "ours-rate-0.0008",
     .text = "ours, rate 0.0008",
     .lever = true,
     .width_bias = true,
     .options = {.learning_rate = 0.0008}},
    {.name = "ours-rate-0.003",
     .text = "ours, rate 0.003",
     .lever = true,
     .width_bias = true,
     .options = {.learning_rate = 0.003}},
    {.name = "ours-batch-32",
     .text = "ours, batch 32, rate 0.001, average 0.998",
     .lever = true,
     .width_bias = true,
     .options = {.batch = 32, .learning_rate = 0.001, .average = 0.998}},
    {.name = "ours-batch-128",
     .text = "ours, batch 128, rate 0.002, average 0.99",
     .lever = true,
     .width_bias = true,
     .options = {.batch = 128, .learning_rate = 0.002, .average = 0.99}},
    {.name = "ours-cosine",
     .text = "ours, cosine, rate 0.0012",
     .lever = true,
     .width_bias = true,
     .options = {.schedule = TDROP_SCHEDULE_COSINE, .learning_rate = 0.0012}},
    {.name = "ours-adam",
     .text = "ours, adam",
     .lever = true,
     .width_bias = true,
     .options = {.optimizer = TDROP_OPTIMIZER_ADAM}},
    {.name = "ours-random-start",
     .text = "ours, random start",
     .lever = true,
     .width_bias = true,
     .options = {.start = TDROP_START_RANDOM}},
    {.name = "ours-adam-random-start",
     .text = "ours, adam, random start",
     .lever = true,
     .width_bias = true,
     .options = {.optimizer = TDROP_OPTIMIZER_ADAM, .start = TDROP_START_RANDOM}},
    {.name = "ours-gelu", .text = "ours, gelu", .lever = true, .width_bias = true, .arch = GELU},
    {.name = "ours-layer-norm",
     .text = "ours, layer-norm",
     .lever = true,
     .width_bias = true,
     .arch = LAYER_NORM},
    {.name = "ours-wider-decoder",
     .text = "ours, decoder 512-512",
     .lever = true,
     .width_bias = true,
     .arch = WIDER_DECODER},
};
const size_t quality_side_count = sizeof quality_sides / sizeof *quality_sides;
const quality_side *const quality_dedicated = &quality_sides[0];

const quality_side *quality_side_of(const char *name) {
    for (size_t i = 0; i < quality_side_count; i++)
        if (strcmp(quality_sides[i].name, name) == 0) return &quality_sides[i];
    return NULL;
}

static void fill_law(const quality_law *law, double weights[QUALITY_N + 1]) {
    double sum = law->none / (1.0 + law->shift);
    for (int k = 1; k <= QUALITY_N; k++)
        sum += 1.0 / (k + law->shift);
    weights[0] = (1.0 - law->all) * law->none / (1.0 + law->shift) / sum;
    for (int k = 1; k <= QUALITY_N; k++)
        weights[k] = (1.0 - law->all) / (k + law->shift) / sum;
    weights[QUALITY_N] += law->all;
}

/* ---------------------------------------------------------------------------------------------
 * Files: a line of what it took, then loss and PCA's loss at each k
 */

static void file_of(const quality_bench *bench, const quality_side *side, size_t width,
                    unsigned seed, char path[512]) {
    snprintf(path, 512, "%s/%s-%s-%zu-%u.txt", bench->folder, bench->report ? "test" : "held-out",
             side->name, width, seed);
}

bool quality_read(const quality_bench *bench, const quality_side *side, size_t width, unsigned seed,
                  quality_curve *curve) {
    char path[512];
    file_of(bench, side, width, seed, path);
    FILE *file = fopen(path, "r");
    if (!file) return false;
    bool good = fscanf(file, "%lf %lf", &curve->flops, &curve->seconds) == 2;
    for (size_t k = 0; good && k <= width; k++)
        good = fscanf(file, "%lf %lf", &curve->loss[k], &curve->pca[k]) == 2;
    fclose(file);
    return good;
}

/* Whole or not at all, so that a run that was ended goes on where it was. */
static bool write_curve(const char *path, size_t width, const quality_curve *curve) {
    char draft[520];
    snprintf(draft, sizeof draft, "%s.new", path);
    FILE *file = fopen(draft, "w");
    if (!file) return false;
    fprintf(file, "%.17g %.17g\n", curve->flops, curve->seconds);
    for (size_t k = 0; k <= width; k++)
        fprintf(file, "%.17g %.17g\n", curve->loss[k], curve->pca[k]);
    return fclose(file) == 0 && rename(draft, path) == 0;
}

/* ---------------------------------------------------------------------------------------------
 * Training
 */

static int note_seconds(void *context, const tdrop_fit_progress *progress) {
    *(double *)context = progress->seconds;
    return 0;
}

static void copy_curve(size_t width, const double *loss, const double *pca, quality_curve *curve) {
    memcpy(curve->loss, loss, (width + 1) * sizeof *loss);
    memcpy(curve->pca, pca, (width + 1) * sizeof *pca);
}

/* Held-out rows: the curve that the model brings along. Test rows: measured here. */
static tdrop_status read_curve(const quality_bench *bench, const tdrop_model *model, size_t width,
                               quality_curve *curve, tdrop_error *error) {
    tdrop_model_info info;
    tdrop_model_get_info(model, &info);
    curve->flops = info.flops;
    if (!bench->report) {
        copy_curve(width, info.valid_loss, info.valid_pca, curve);
        return TDROP_OK;
    }
    const tdrop_use_options use = {.parallel = &bench->parallel};
    tdrop_scree scree;
    tdrop_status status = tdrop_model_scree(&scree, model, bench->test, bench->train, &use, error);
    if (status) return status;
    copy_curve(width, scree.loss, scree.pca, curve);
    tdrop_scree_destroy(&scree);
    return TDROP_OK;
}

static tdrop_status train(const quality_bench *bench, const quality_side *side, size_t width,
                          unsigned seed, quality_curve *curve, tdrop_error *error) {
    char arch[160];
    double weights[QUALITY_N + 1];
    tdrop_fit_options options = side->options;
    tdrop_model *model = NULL;
    snprintf(arch, sizeof arch, side->arch ? side->arch : "512-256-[%zu]-256%s-512", width,
             side->width_bias ? "-widthbias" : "");
    options.arch = arch;
    options.seed = seed;
    options.parallel = &bench->parallel;
    /* No row can be spared for the last reading, so none chooses among the epochs. */
    options.valid_share = bench->report ? 1e-9 : 1.0 / 6.0;
    options.keep_last = bench->report;
    if (side->law.all > 0.0) {
        fill_law(&side->law, weights);
        options.law = (tdrop_law_options){
            .kind = TDROP_LAW_TABLE, .weights = weights, .weight_count = QUALITY_N + 1};
    }
    const tdrop_fit_observer observer = {.context = &curve->seconds, .progress = note_seconds};
    tdrop_status status = tdrop_fit(&model, bench->train, &options, &observer, error);
    if (!status) status = read_curve(bench, model, width, curve, error);
    tdrop_model_destroy(model);
    return status;
}

bool quality_measure(const quality_bench *bench, const quality_side *side, size_t width,
                     unsigned seed, quality_curve *curve) {
    char path[512];
    tdrop_error error;
    if (quality_read(bench, side, width, seed, curve)) return true;
    file_of(bench, side, width, seed, path);
    fprintf(stderr, "%s\n", path);
    if (train(bench, side, width, seed, curve, &error)) {
        fprintf(stderr, "taildropout_quality: %s\n", error.message);
        return false;
    }
    if (write_curve(path, width, curve)) return true;
    perror(path);
    return false;
}
