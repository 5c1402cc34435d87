/* SPDX-License-Identifier: MIT
 *
 * taildropout_quality [OPTION...] FOLDER    one ordered model beside networks made for each width
 *
 *   --data NAME    what is learnt (default fashion-mnist)
 *   --report       train on all training rows and read the test rows once; without it a sixth of
 *                  the training rows is held out and read, to choose settings by
 *   --levers       the table of levers, each on its own, instead of the comparison
 *   --only SIDE    train this side alone
 *   --against SIDE the networks, one for each width, that the others are divided by (default
 *                  dedicated)
 *   --seeds N      default 1
 *   --threads N    default 1
 *   --svg FILE     the ratios against k, too
 *   --print        train nothing, print what there is
 *
 * Each training leaves a small file in FOLDER, and one whose file is there is not repeated: a run
 * that was ended goes on where it was. */
#include "quality.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct settings {
    const char *data, *svg;
    bool levers, print;
    unsigned threads;
} settings;

static bool count_of(const char *text, unsigned most, unsigned *count) {
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*end || value < 1 || value > most) return false;
    *count = (unsigned)value;
    return true;
}

static bool take(int code, const char *value, quality_bench *bench, settings *s) {
    switch (code) {
    case 'd':
        s->data = value;
        return true;
    case 'r':
        return bench->report = true;
    case 'l':
        return s->levers = true;
    case 'o':
        bench->only = value;
        return true;
    case 'a':
        bench->against = quality_side_of(value);
        return bench->against && bench->against->each_width;
    case 's':
        return count_of(value, QUALITY_MOST_SEEDS, &bench->seeds);
    case 't':
        return count_of(value, 1024, &s->threads);
    case 'v':
        s->svg = value;
        return true;
    case 'p':
        return s->print = true;
    default:
        return false;
    }
}

static bool parse(int argc, char **argv, quality_bench *bench, settings *s) {
    static const struct option options[] = {
        {"data", required_argument, NULL, 'd'},    {"report", no_argument, NULL, 'r'},
        {"levers", no_argument, NULL, 'l'},        {"only", required_argument, NULL, 'o'},
        {"against", required_argument, NULL, 'a'}, {"seeds", required_argument, NULL, 's'},
        {"threads", required_argument, NULL, 't'}, {"svg", required_argument, NULL, 'v'},
        {"print", no_argument, NULL, 'p'},         {0}};
    for (int code; (code = getopt_long(argc, argv, "", options, NULL)) != -1;)
        if (!take(code, optarg, bench, s)) return false;
    if (optind + 1 != argc) return false;
    bench->folder = argv[optind];
    return true;
}

static bool is_wanted(const quality_bench *bench, const settings *s, const quality_side *side) {
    if (bench->only) return strcmp(bench->only, side->name) == 0;
    return side == bench->against || side->lever == s->levers;
}

static bool measure_side(const quality_bench *bench, const quality_side *side, unsigned seed) {
    quality_curve curve;
    if (!side->each_width) return quality_measure(bench, side, QUALITY_N, seed, &curve);
    for (int i = 0; i < QUALITY_WIDTHS; i++)
        if (!quality_measure(bench, side, quality_widths[i], seed, &curve)) return false;
    return true;
}

/* Seed by seed, so that a run that was ended has whole seeds. */
static bool measure_all(const quality_bench *bench, const settings *s) {
    for (unsigned seed = 0; seed < bench->seeds; seed++)
        for (size_t i = 0; i < quality_side_count; i++)
            if (is_wanted(bench, s, &quality_sides[i]) &&
                !measure_side(bench, &quality_sides[i], seed))
                return false;
    return true;
}

static bool read_data(quality_bench *bench, const char *name) {
    tdrop_error error;
    const tdrop_data_read_options in_test = {.part = TDROP_PART_TEST};
    if (!tdrop_data_read(&bench->train, name, NULL, &error) &&
        (!bench->report || !tdrop_data_read(&bench->test, name, &in_test, &error)))
        return true;
    fprintf(stderr, "taildropout_quality: %s\n", error.message);
    return false;
}

static bool run(quality_bench *bench, const settings *s) {
    tdrop_pool *pool = NULL;
    bool good = true;
    if (!s->print) {
        if (tdrop_pool_create(&pool, s->threads)) return false;
        bench->parallel = tdrop_pool_parallel(pool);
        good = read_data(bench, s->data) && measure_all(bench, s);
    }
    if (good) quality_print(bench, s->levers);
    if (good && s->svg) good = quality_plot(bench, s->svg);
    tdrop_data_destroy(bench->train);
    tdrop_data_destroy(bench->test);
    tdrop_pool_destroy(pool);
    return good;
}

int main(int argc, char **argv) {
    quality_bench bench = {.seeds = 1, .against = quality_dedicated};
    settings s = {.data = "fashion-mnist", .threads = 1};
    if (!parse(argc, argv, &bench, &s)) {
        fprintf(stderr, "usage: taildropout_quality [--data NAME] [--report] [--levers] "
                        "[--only SIDE] [--against SIDE] [--seeds N] [--threads N] [--svg FILE] "
                        "[--print] FOLDER\n");
        return 2;
    }
    return run(&bench, &s) ? 0 : 1;
}
