/* SPDX-License-Identifier: MIT
 * Gallery 3: the share asked to be dropped against the share that was, for the exponential law and
 * the original's, with 10 and 300 features. */
#include "experiment.h"
#include "svg.h"

#include <math.h>

enum { POINTS = 51, LAWS = 4, MOST_ROWS = 100000 };

typedef struct series {
    const char *name;
    tdrop_law_kind kind;
    size_t n;
    svg_hue hue;
    double observed[POINTS]; /* share dropped, of the rows drawn */
    double worst;            /* in points, by the law's own mean */
} series;

static double asked(int point) {
    return (double)point / (POINTS - 1);
}

static double observe(const tdrop_law *law, size_t n, uint32_t step, size_t rows) {
    static int32_t keep[MOST_ROWS];
    double kept = 0;
    CHECK(tdrop_law_draw(law, &(tdrop_draw){.seed = 3, .step = step}, rows, keep));
    for (size_t i = 0; i < rows; i++)
        kept += keep[i];
    return 1 - kept / ((double)rows * (double)n);
}

static void measure(series *line, size_t rows) {
    for (int i = 0; i < POINTS; i++) {
        tdrop_law *law = NULL;
        const tdrop_law_options options = {.kind = line->kind, .p = asked(i)};
        CHECK(tdrop_law_create(&law, line->n, &options));
        line->observed[i] = observe(law, line->n, (uint32_t)i, rows);
        const double error = 1 - tdrop_law_mean(law) / (double)line->n - asked(i);
        if (fabs(error) > fabs(line->worst)) line->worst = error;
        tdrop_law_destroy(law);
    }
    line->worst *= 100;
}

static void draw(const char *path, const series *lines) {
    FILE *file = svg_open(path, 800, 430, "Share dropped: asked and observed",
                          "With 10 features the original law drops up to about five points of a "
                          "percent more than asked; the exponential law drops what was asked.");
    const svg_axis x = {.high = 1, .tick = 0.2, .title = "p asked"};
    const svg_plot both = {.left = 74,
                           .top = 116,
                           .width = 290,
                           .height = 250,
                           .x = x,
                           .y = {.high = 1, .tick = 0.2, .title = "share dropped"},
                           .title = "asked and observed"};
    const svg_plot error = {.left = 478,
                            .top = 116,
                            .width = 290,
                            .height = 250,
                            .x = x,
                            .y = {.low = -1, .high = 6, .tick = 1, .title = "percentage points"},
                            .title = "observed less asked"};
    svg_draw_plot(file, &both);
    svg_draw_plot(file, &error);
    for (int i = 0; i < LAWS; i++) {
        double p[POINTS], difference[POINTS];
        for (int j = 0; j < POINTS; j++)
            p[j] = asked(j), difference[j] = 100 * (lines[i].observed[j] - p[j]);
        svg_curve(file, &both, lines[i].hue, POINTS, p, lines[i].observed);
        svg_curve(file, &error, lines[i].hue, POINTS, p, difference);
        svg_key(file, 74 + 404 * (i % 2), 58 + 22 * (i / 2), lines[i].hue, lines[i].name);
    }
    svg_close(file);
}

int main(int argc, char **argv) {
    static series lines[LAWS] = {
        {"exponential, n = 10", TDROP_LAW_EXPONENTIAL, 10, SVG_BLUE, {0}, 0},
        {"original, n = 10", TDROP_LAW_ORIGINAL, 10, SVG_ORANGE, {0}, 0},
        {"exponential, n = 300", TDROP_LAW_EXPONENTIAL, 300, SVG_PURPLE, {0}, 0},
        {"original, n = 300", TDROP_LAW_ORIGINAL, 300, SVG_GREEN, {0}, 0},
    };
    bool small;
    const char *path = experiment_arguments(argc, argv, &small);
    for (int i = 0; i < LAWS; i++)
        measure(&lines[i], small ? 2000 : MOST_ROWS);
    draw(path, lines);
    printf("largest difference of the law's mean from p, %d values of p\n", POINTS);
    for (int i = 0; i < LAWS; i++)
        printf("%-22s %+.3f points\n", lines[i].name, lines[i].worst);
    return fabs(lines[0].worst) > 1e-6 || fabs(lines[2].worst) > 1e-6;
}
