/* SPDX-License-Identifier: MIT
 * What the yardstick trains: the sides, and one training of any of them. */
#include "quality.h"

#include <stdio.h>
#include <string.h>

const size_t quality_widths[QUALITY_WIDTHS] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64};

/* Everything that is not written is the program's default: 10 epochs, batch 256, rate 0.002. */

/* What has come out best of the levers. */
#define BEST_LAW                                                                                   \
    { .all = 0.15, .none = 0.2, .shift = 0.4 }
#define BEST .balance = 0.6, .center = 1, .batch = 64, .learning_rate = 0.0015, .average = 0.995

/* What the levers are added to. */
#define MIXTURE                                                                                    \
    { .all = 0.25, .none = 0.2 }
#define SMALL_BATCH .batch = 64, .learning_rate = 0.0015, .average = 0.995

const quality_side quality_sides[] = {
    {.name = "dedicated",
     .text = "a network for each width",
     .each_width = true,
     .options = {.no_drop = 1}},
    {.name = "dedicated-tuned",
     .text = "a network for each width, centred, batch 64",
     .each_width = true,
     .options = {.no_drop = 1, .center = 1, SMALL_BATCH}},
    {.name = "matryoshka",
     .text = "Matryoshka list (1, 2, 4, ..., 64, one of it a row), three times the cost",
     .options = {.law = {.kind = TDROP_LAW_POW2}, .epochs = 30}},
    {.name = "defaults-3",
     .text = "ours, defaults, three times the cost",
     .options = {.epochs = 30}},
    {.name = "ours-1",
     .text = "ours, the cost of one network",
     .law = BEST_LAW,
     .width_bias = true,
     .options = {BEST}},
    {.name = "ours-3",
     .text = "ours, three times the cost",
     .law = BEST_LAW,
     .width_bias = true,
     .options = {BEST, .epochs = 30}},
    {.name = "ours-12",
     .text = "ours, the cost of all networks",
     .law = BEST_LAW,
     .width_bias = true,
     .options = {BEST, .epochs = 120}},

    /* One lever after the other, at the cost of one network. */
    {.name = "defaults", .text = "defaults: exponential, p = 0.5", .lever = true},
    {.name = "original",
     .text = "law original, p = 0.5, each row on its own",
     .lever = true,
     .options = {.law = {.kind = TDROP_LAW_ORIGINAL, .p = 0.5}, .independent = 1}},
    {.name = "log-uniform",
     .text = "law log-uniform",
     .lever = true,
     .options = {.law = {.kind = TDROP_LAW_LOG_UNIFORM}}},
    {.name = "mixture",
     .text = "A: a quarter of the rows at k = n, the rest log-uniform",
     .lever = true,
     .law = MIXTURE},
    {.name = "balance",
     .text = "A, balance 1",
     .lever = true,
     .law = MIXTURE,
     .options = {.balance = 1.0}},
    {.name = "center",
     .text = "A, center",
     .lever = true,
     .law = MIXTURE,
     .options = {.center = 1}},
    {.name = "batch",
     .text = "A, batch 64, rate 0.0015, average 0.995",
     .lever = true,
     .law = MIXTURE,
     .options = {SMALL_BATCH}},
    {.name = "width-bias",
     .text = "A, widthbias",
     .lever = true,
     .law = MIXTURE,
     .width_bias = true},
    {.name = "no-average",
     .text = "A, no average of the weights",
     .lever = true,
     .law = MIXTURE,
     .options = {.average = -1.0}},
    {.name = "rate",
     .text = "A, rate 0.004",
     .lever = true,
     .law = MIXTURE,
     .options = {.learning_rate = 0.004}},
    {.name = "balance-batch",
     .text = "A, balance 1, batch 64",
     .lever = true,
     .law = MIXTURE,
     .options = {.balance = 1.0, SMALL_BATCH}},
    {.name = "balance-batch-center",
     .text = "A, balance 1, batch 64, center",
     .lever = true,
     .law = MIXTURE,
     .options = {.balance = 1.0, SMALL_BATCH, .center = 1}},
    {.name = "all-but-width-bias",
     .text = "ours without widthbias",
     .lever = true,
     .law = BEST_LAW,
     .options = {BEST}},
};
const size_t quality_side_count = sizeof quality_sides / sizeof *quality_sides;
const quality_side *const quality_dedicated = &quality_sides[0];

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
    char arch[80];
    double weights[QUALITY_N + 1];
    tdrop_fit_options options = side->options;
    tdrop_model *model = NULL;
    snprintf(arch, sizeof arch, "512-256-[%zu]-256%s-512", width,
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
