/* SPDX-License-Identifier: MIT
 * The comparison as a picture: loss over that of the network made for the width, against k. */
#include "quality.h"

#include <math.h>
#include <stdio.h>

enum { LEFT = 64, TOP = 40, WIDTH = 430, HEIGHT = 330, MOST_LINES = 8 };

/* Ratios that the picture shows; what lies above leaves it at the top. */
static const double low = 0.9, high = 1.7;

typedef struct plot_line {
    const char *text;
    double at[QUALITY_WIDTHS];
} plot_line;

static double x_of(size_t k) {
    return LEFT + WIDTH * log2((double)k) / log2(QUALITY_N);
}

static double y_of(double ratio) {
    return TOP + HEIGHT * (high - fmin(ratio, high)) / (high - low);
}

/* The mean over the seeds that are there. */
static bool mean_of(const quality_bench *bench, const quality_side *side, plot_line *line) {
    quality_ratios r;
    unsigned seeds = 0;
    *line = (plot_line){.text = side ? side->text : "PCA"};
    for (unsigned seed = 0; seed < bench->seeds; seed++) {
        if (!(side ? quality_find_ratios(bench, side, seed, &r)
                   : quality_find_pca(bench, seed, &r)))
            continue;
        seeds++;
        for (int i = 0; i < QUALITY_WIDTHS; i++)
            line->at[i] += (r.at[i] - line->at[i]) / seeds;
    }
    return seeds > 0;
}

static size_t gather(const quality_bench *bench, plot_line lines[MOST_LINES]) {
    size_t count = mean_of(bench, NULL, &lines[0]);
    for (size_t i = 0; i < quality_side_count && count < MOST_LINES; i++)
        if (!quality_sides[i].lever && mean_of(bench, &quality_sides[i], &lines[count])) count++;
    return count;
}

static void draw_head(FILE *file) {
    fprintf(file,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"860\" height=\"430\" "
            "viewBox=\"0 0 860 430\" role=\"img\">\n"
            "<title>Loss of one ordered model against networks made for each width</title>\n"
            "<style>\ntext{font-family:system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif;"
            "font-size:13px;fill:#3d444d}.page{fill:#ffffff}.grid{stroke:#e4e7eb}"
            ".frame{stroke:#8c959f;stroke-width:1.2;fill:none}.line{stroke-width:2.2;fill:none}\n"
            "@media (prefers-color-scheme:dark){text{fill:#b9c1cb}.page{fill:#0d1117}"
            ".grid{stroke:#262c36}.frame{stroke:#6e7681}}\n</style>\n"
            "<rect class=\"page\" width=\"860\" height=\"430\"/>\n");
}

static void draw_axes(FILE *file) {
    for (double ratio = low; ratio < high + 0.05; ratio += 0.1)
        fprintf(file,
                "<path class=\"grid\" d=\"M%d %.1fh%d\"/><text x=\"%d\" y=\"%.1f\" "
                "text-anchor=\"end\">%.1f</text>\n",
                LEFT, y_of(ratio), WIDTH, LEFT - 8, y_of(ratio) + 4, ratio);
    for (int i = 0; i < QUALITY_WIDTHS; i++)
        fprintf(file, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%zu</text>\n",
                x_of(quality_widths[i]), TOP + HEIGHT + 19, quality_widths[i]);
    fprintf(file,
            "<rect class=\"frame\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n"
            "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">k, features kept</text>\n"
            "<text x=\"%d\" y=\"24\">loss / that of the network made for the width</text>\n",
            LEFT, TOP, WIDTH, HEIGHT, LEFT + WIDTH / 2, TOP + HEIGHT + 42, LEFT);
}

static void draw_line(FILE *file, size_t number, const plot_line *line) {
    static const char *const colors[MOST_LINES] = {"#8c959f", "#57606a", "#bc4c00", "#8250df",
                                                   "#54aeff", "#0969da", "#1a7f37", "#bf8700"};
    static const char *const dashes[MOST_LINES] = {"2 3", "none", "7 4",  "7 3 2 3",
                                                   "4 3", "none", "none", "none"};
    fprintf(file, "<path class=\"line\" stroke=\"%s\" stroke-dasharray=\"%s\" d=\"", colors[number],
            dashes[number]);
    for (int i = 0; i < QUALITY_WIDTHS; i++)
        fprintf(file, "%c%.1f %.1f", i ? 'L' : 'M', x_of(quality_widths[i]), y_of(line->at[i]));
    double y = TOP + 16 + 22 * (double)number;
    fprintf(file, "M%d %.1fh24\"/><text x=\"%d\" y=\"%.1f\">%s</text>\n", LEFT + WIDTH + 16, y,
            LEFT + WIDTH + 46, y + 4, line->text);
}

bool quality_plot(const quality_bench *bench, const char *path) {
    plot_line lines[MOST_LINES];
    size_t count = gather(bench, lines);
    FILE *file = fopen(path, "w");
    if (file) {
        draw_head(file);
        draw_axes(file);
        for (size_t i = 0; i < count; i++)
            draw_line(file, i, &lines[i]);
        fprintf(file, "</svg>\n");
        if (!fclose(file)) return true;
    }
    perror(path);
    return false;
}
