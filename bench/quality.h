/* SPDX-License-Identifier: MIT
 * The yardstick of quality: one ordered model at each width beside networks made for that width
 * alone. Sides are trained once and their curves kept in a folder. */
#ifndef TDROP_BENCH_QUALITY_H
#define TDROP_BENCH_QUALITY_H

#include <stdbool.h>
#include <stddef.h>
#include <taildropout_model.h>

/* Features of the ordered models, and the widths that are looked at. */
enum { QUALITY_N = 64, QUALITY_WIDTHS = 12, QUALITY_MOST_SEEDS = 16 };
extern const size_t quality_widths[QUALITY_WIDTHS];

/* A share `all` of the rows at k = n, the others at k in proportion to 1 / (k + shift), k = 0 as
 * often as `none` times k = 1. */
typedef struct quality_law {
    double all, none, shift;
} quality_law;

/* What is trained: one network, or one for each width. */
typedef struct quality_side {
    const char *name; /* of its files too */
    const char *text; /* in tables */
    bool each_width;
    bool lever;      /* part of the table of levers, not of the comparison */
    quality_law law; /* with all = 0 the law of the options holds */
    bool width_bias;
    const char *arch; /* a format of the width and of widthbias or nothing; NULL: 512-256-[n]-... */
    tdrop_fit_options options;
} quality_side;

extern const quality_side quality_sides[];
extern const size_t quality_side_count;
extern const quality_side *const quality_dedicated; /* what the others are compared with */

/* The side of that name; NULL when there is none. */
const quality_side *quality_side_of(const char *name);

/* What is read, and where it is kept. */
typedef struct quality_bench {
    const char *folder;
    bool report; /* train on all training rows and read the test rows; otherwise a sixth of the
                  * training rows is held out, and read */
    unsigned seeds;
    const char *only;            /* NULL, or the one side to be trained */
    const quality_side *against; /* a side made for each width, which the others are divided by */
    tdrop_data *train, *test;
    tdrop_parallel parallel;
} quality_bench;

/* One training's curve: the loss at each k, what it took. */
typedef struct quality_curve {
    double loss[QUALITY_N + 1], pca[QUALITY_N + 1];
    double flops, seconds;
} quality_curve;

/* The curve of a side and a seed, read from its file, or trained, measured and written there.
 * `width`: of a dedicated network, whose loss is then loss[width]; otherwise QUALITY_N. */
bool quality_measure(const quality_bench *bench, const quality_side *side, size_t width,
                     unsigned seed, quality_curve *curve);

/* The same without training; false when the file is not there. */
bool quality_read(const quality_bench *bench, const quality_side *side, size_t width, unsigned seed,
                  quality_curve *curve);

/* The losses of a side at the widths, for one seed, divided by the dedicated networks'. */
typedef struct quality_ratios {
    double at[QUALITY_WIDTHS], mean, worst, flops, seconds;
} quality_ratios;

/* The sides as a table in Markdown, the levers or the others. */
void quality_print(const quality_bench *bench, bool levers);

/* The ratios of the comparison against k, as an SVG. */
bool quality_plot(const quality_bench *bench, const char *path);

/* Ratios of a side for one seed; false when one of the curves is not there. */
bool quality_find_ratios(const quality_bench *bench, const quality_side *side, unsigned seed,
                         quality_ratios *ratios);

/* Likewise of PCA, and of the widest dedicated network cut to each width. */
bool quality_find_pca(const quality_bench *bench, unsigned seed, quality_ratios *ratios);
bool quality_find_truncated(const quality_bench *bench, unsigned seed, quality_ratios *ratios);

#endif
