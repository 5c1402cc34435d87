/* SPDX-License-Identifier: MIT
 * Writing the gallery's pictures. */
#include "svg.h"

#include "experiment.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

static const char *const hue_name[SVG_HUES] = {"blue", "orange", "green", "grey", "purple"};
static const char *const anchor_name[] = {"start", "middle", "end"};

FILE *svg_open(const char *path, int width, int height, const char *title, const char *about) {
    FILE *file = fopen(path, "w");
    CHECK(file == NULL);
    fprintf(file,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "viewBox=\"0 0 %d %d\" role=\"img\">\n<title>%s</title>\n<desc>%s</desc>\n<style>\n",
            width, height, width, height, title, about);
    fprintf(file, "text{font:13px system-ui,'Segoe UI','DejaVu Sans',sans-serif;fill:#3d444d}\n"
                  ".head{font-size:16px;font-weight:600;fill:#1f2328}.strong{font-weight:600}\n"
                  ".page{fill:#fff}.grid{stroke:#e4e7eb}.frame{stroke:#8c959f;fill:none}\n"
                  ".line{stroke-width:2.2;fill:none}.area{fill-opacity:.18}\n"
                  ".orange{stroke-dasharray:8 4}.green{stroke-dasharray:2 3}\n"
                  ".grey{stroke-dasharray:12 3 2 3}.purple{stroke-dasharray:5 3}\n"
                  ".solid{stroke-dasharray:none}\n"
                  ".blue{stroke:#0969da}.blue.fill{fill:#0969da}\n"
                  ".orange{stroke:#bc4c00}.orange.fill{fill:#bc4c00}\n"
                  ".green{stroke:#1a7f37}.green.fill{fill:#1a7f37}\n"
                  ".grey{stroke:#57606a}.grey.fill{fill:#57606a}\n"
                  ".purple{stroke:#8250df}.purple.fill{fill:#8250df}\n"
                  "@media (prefers-color-scheme:dark){text{fill:#b9c1cb}.head{fill:#f0f6fc}\n"
                  ".page{fill:#0d1117}.grid{stroke:#262c36}.frame{stroke:#6e7681}\n"
                  ".blue{stroke:#58a6ff}.blue.fill{fill:#58a6ff}\n"
                  ".orange{stroke:#f0883e}.orange.fill{fill:#f0883e}\n"
                  ".green{stroke:#3fb950}.green.fill{fill:#3fb950}\n"
                  ".grey{stroke:#9198a1}.grey.fill{fill:#9198a1}\n"
                  ".purple{stroke:#bc8cff}.purple.fill{fill:#bc8cff}}\n");
    fprintf(file, "</style>\n<rect class=\"page\" width=\"%d\" height=\"%d\"/>\n", width, height);
    fprintf(file, "<text class=\"head\" x=\"20\" y=\"28\">%s</text>\n", title);
    return file;
}

void svg_close(FILE *file) {
    fprintf(file, "</svg>\n");
    CHECK(ferror(file));
    CHECK(fclose(file));
}

void svg_text(FILE *file, double x, double y, svg_anchor anchor, const char *format, ...) {
    va_list arguments;
    fprintf(file, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor_name[anchor]);
    va_start(arguments, format);
    vfprintf(file, format, arguments);
    va_end(arguments);
    fprintf(file, "</text>\n");
}

/* ------------------------------------------------------------------------------------------------
 * Plots
 */

/* Where a value lies between the ends of its axis: 0 at the low one, 1 at the high one. */
static double share_of(const svg_axis *axis, double value) {
    if (!axis->logarithmic) return (value - axis->low) / (axis->high - axis->low);
    return value > 0 ? log(value / axis->low) / log(axis->high / axis->low) : 0;
}

static double bounded(double share) {
    return share < 0 ? 0 : share > 1 ? 1 : share;
}

double svg_x(const svg_plot *plot, double x) {
    return plot->left + plot->width * bounded(share_of(&plot->x, x));
}

double svg_y(const svg_plot *plot, double y) {
    return plot->top + plot->height * (1 - bounded(share_of(&plot->y, y)));
}

/* The i-th label of an axis; a value beyond the axis ends the loop. */
static double tick_of(const svg_axis *axis, int i) {
    const double low = axis->low;
    return axis->logarithmic ? low * pow(10, i)
                             : axis->tick * (ceil(low / axis->tick - 1e-9) + (double)i);
}

static bool within(const svg_axis *axis, double value) {
    return share_of(axis, value) <= 1 + 1e-9;
}

void svg_draw_plot(FILE *file, const svg_plot *plot) {
    const double bottom = plot->top + plot->height, left = plot->left;
    for (int i = 0; within(&plot->y, tick_of(&plot->y, i)); i++) {
        const double value = tick_of(&plot->y, i), y = svg_y(plot, value);
        fprintf(file, "<path class=\"grid\" d=\"M%.1f %.1fh%.1f\"/>\n", left, y, plot->width);
        svg_text(file, left - 7, y + 4, SVG_END, plot->y.format ? plot->y.format : "%g",
                 fabs(value) < 1e-12 ? 0 : value);
    }
    for (int i = 0; within(&plot->x, tick_of(&plot->x, i)); i++) {
        const double value = tick_of(&plot->x, i), x = svg_x(plot, value);
        fprintf(file, "<path class=\"frame\" d=\"M%.1f %.1fv5\"/>\n", x, bottom);
        svg_text(file, x, bottom + 19, SVG_MIDDLE, plot->x.format ? plot->x.format : "%g",
                 fabs(value) < 1e-12 ? 0 : value);
    }
    fprintf(file, "<rect class=\"frame\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
            left, plot->top, plot->width, plot->height);
    svg_text(file, left + plot->width / 2, bottom + 39, SVG_MIDDLE, "%s", plot->x.title);
    if (plot->y.title)
        fprintf(file,
                "<text text-anchor=\"middle\" transform=\"translate(%.1f "
                "%.1f)rotate(-90)\">%s</text>\n",
                left - 46, plot->top + plot->height / 2, plot->y.title);
    if (plot->title)
        fprintf(file, "<text class=\"strong\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", left,
                plot->top - 9, plot->title);
}

void svg_curve(FILE *file, const svg_plot *plot, svg_hue hue, size_t count, const double *x,
               const double *y) {
    fprintf(file, "<path class=\"line %s\" d=\"", hue_name[hue]);
    for (size_t i = 0; i < count; i++)
        fprintf(file, "%s%.1f %.1f", i ? "L" : "M", svg_x(plot, x[i]), svg_y(plot, y[i]));
    fprintf(file, "\"/>\n");
}

void svg_points(FILE *file, const svg_plot *plot, svg_hue hue, size_t count, const double *x,
                const double *y, const double *spread) {
    for (size_t i = 0; i < count; i++) {
        const double across = svg_x(plot, x[i]);
        fprintf(file, "<circle class=\"%s fill solid\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>\n",
                hue_name[hue], across, svg_y(plot, y[i]));
        if (spread)
            fprintf(file, "<path class=\"%s solid\" d=\"M%.1f %.1fV%.1f\"/>\n", hue_name[hue],
                    across, svg_y(plot, y[i] - spread[i]), svg_y(plot, y[i] + spread[i]));
    }
}

void svg_stairs(FILE *file, const svg_plot *plot, svg_hue hue, size_t count, double first,
                double step, const double *y) {
    fprintf(file, "<path class=\"%s fill area solid\" d=\"M%.1f %.1f", hue_name[hue],
            svg_x(plot, first), svg_y(plot, plot->y.low));
    for (size_t i = 0; i < count; i++)
        fprintf(file, "V%.1fH%.1f", svg_y(plot, y[i]), svg_x(plot, first + step * (double)(i + 1)));
    fprintf(file, "V%.1f\"/>\n", svg_y(plot, plot->y.low));
}

void svg_mark(FILE *file, const svg_plot *plot, double x, svg_anchor anchor, const char *word) {
    const double across = svg_x(plot, x), bottom = plot->top + plot->height;
    fprintf(file, "<path class=\"frame\" stroke-dasharray=\"3 3\" d=\"M%.1f %.1fV%.1f\"/>\n",
            across, bottom, plot->top);
    svg_text(file, across + (anchor == SVG_START ? 6 : -6), plot->top + 17, anchor, "%s", word);
}

void svg_key(FILE *file, double x, double y, svg_hue hue, const char *name) {
    fprintf(file, "<path class=\"line %s\" d=\"M%.1f %.1fh34\"/>\n", hue_name[hue], x, y - 4);
    svg_text(file, x + 41, y, SVG_START, "%s", name);
}
