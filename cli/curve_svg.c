/* SPDX-License-Identifier: MIT */
#include "curve_svg.h"

#include "axis.h"
#include "number.h"
#include "output_file.h"

#include <math.h>

/* The page and, within it, the plot, in pixels. */
enum { WIDTH = 800, HEIGHT = 480, LEFT = 92, RIGHT = 772, TOP = 92, BOTTOM = 412 };
enum { LEGEND = 244, CHOSEN = 220 }; /* widths of the legend and of the words at the mark */

/* Classes, not attributes, carry the colours, so that dark pages can change them; no variables,
 * which librsvg does not know. */
static const char style[] =
    "<style>\n"
    "text{font-family:system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif;"
    "font-size:13px;fill:#3d444d}\n"
    ".page{fill:#ffffff}\n"
    ".title{font-size:18px;font-weight:600;fill:#1f2328}\n"
    ".grid{stroke:#e4e7eb;stroke-width:1}\n"
    ".frame{stroke:#8c959f;stroke-width:1.2;fill:none}\n"
    ".model{stroke:#0969da;stroke-width:2.6;fill:none;stroke-linejoin:round}\n"
    ".band{fill:#0969da;fill-opacity:.18;stroke:none}\n"
    ".pca{stroke:#bc4c00;stroke-width:2;fill:none;stroke-dasharray:7 5;stroke-linejoin:round}\n"
    ".mark{stroke:#1a7f37;stroke-width:1.6;stroke-dasharray:3 4;fill:none}\n"
    ".dot{fill:#1a7f37;stroke:#ffffff;stroke-width:1.5}\n"
    ".chosen{fill:#1a7f37;font-weight:600}\n"
    "@media (prefers-color-scheme:dark){\n"
    "text{fill:#b9c1cb}\n"
    ".page{fill:#0d1117}\n"
    ".title{fill:#f0f6fc}\n"
    ".grid{stroke:#262c36}\n"
    ".frame{stroke:#6e7681}\n"
    ".model{stroke:#58a6ff}\n"
    ".band{fill:#58a6ff;fill-opacity:.25}\n"
    ".pca{stroke:#f0883e}\n"
    ".mark{stroke:#3fb950}\n"
    ".dot{fill:#3fb950;stroke:#0d1117}\n"
    ".chosen{fill:#3fb950}\n"
    "}\n"
    "</style>\n";

typedef struct svg_plot {
    FILE *out;
    const curve *curve;
    axis x, y;
} svg_plot;

static double x_of(const svg_plot *p, double k) {
    return LEFT + axis_place(&p->x, k) * (RIGHT - LEFT);
}

static double y_of(const svg_plot *p, double value) {
    double place = axis_place(&p->y, value);
    if (!(place > 0)) place = 0; /* zero on a logarithmic axis, and NaN */
    return BOTTOM - (place < 1 ? place : 1) * (BOTTOM - TOP);
}

static void write_escaped(FILE *out, const char *text) {
    for (; *text; text++) {
        if (*text == '&')
            fputs("&amp;", out);
        else if (*text == '<')
            fputs("&lt;", out);
        else if (*text == '>')
            fputs("&gt;", out);
        else
            fputc((unsigned char)*text < 0x20 ? '?' : *text, out);
    }
}

static void write_head(const svg_plot *p) {
    const curve *c = p->curve;
    fprintf(p->out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "viewBox=\"0 0 %d %d\" role=\"img\">\n"
            "<title>Held-out loss with the first k of %zu features</title>\n%s"
            "<rect class=\"page\" width=\"%d\" height=\"%d\"/>\n"
            "<text class=\"title\" x=\"%d\" y=\"36\">Held-out loss with the first k of %zu "
            "features</text>\n<text x=\"%d\" y=\"60\">",
            WIDTH, HEIGHT, WIDTH, HEIGHT, c->n, style, WIDTH, HEIGHT, LEFT, c->n, LEFT);
    write_escaped(p->out, c->source);
    fprintf(p->out, ", %s %s</text>\n", number_grouped(c->rows).text, c->rows_are);
}

static void write_x_axis(const svg_plot *p) {
    for (size_t i = 0; i < p->x.ticks; i++) {
        const double x = x_of(p, p->x.tick[i]);
        fprintf(p->out,
                "<path class=\"frame\" d=\"M%.1f %dv6\"/>"
                "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.0f</text>\n",
                x, BOTTOM, x, BOTTOM + 22, p->x.tick[i]);
    }
    fprintf(p->out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">features kept, k</text>\n",
            (LEFT + RIGHT) / 2, BOTTOM + 48);
}

static void write_y_axis(const svg_plot *p) {
    for (size_t i = 0; i < p->y.ticks; i++) {
        const double y = y_of(p, p->y.tick[i]);
        fprintf(p->out,
                "<path class=\"grid\" d=\"M%d %.1fH%d\"/>"
                "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
                LEFT, y, RIGHT, LEFT - 10, y + 4.5, number_plain(p->y.tick[i]).text);
    }
    const int middle = (TOP + BOTTOM) / 2;
    fprintf(p->out, "<text transform=\"translate(24 %d) rotate(-90)\" text-anchor=\"middle\">",
            middle);
    write_escaped(p->out, p->curve->unit);
    fprintf(p->out, "%s</text>\n", p->y.logarithmic ? " (log scale)" : "");
}

/* The points of a line, as the inside of a path. */
static void write_points(const svg_plot *p, const double *values) {
    for (size_t k = 0; k <= p->curve->n; k++)
        if (isfinite(values[k]))
            fprintf(p->out, "%c%.2f %.2f", k ? 'L' : 'M', x_of(p, (double)k), y_of(p, values[k]));
}

/* Two standard errors to each side: there along the top, back along the bottom. */
static void write_band(const svg_plot *p) {
    const curve *c = p->curve;
    fputs("<path class=\"band\" d=\"", p->out);
    for (size_t k = 0; k <= c->n; k++)
        fprintf(p->out, "%c%.2f %.2f", k ? 'L' : 'M', x_of(p, (double)k),
                y_of(p, c->loss[k] + 2 * c->se[k]));
    for (size_t k = c->n + 1; k-- > 0;)
        fprintf(p->out, "L%.2f %.2f", x_of(p, (double)k), y_of(p, c->loss[k] - 2 * c->se[k]));
    fputs("Z\"/>\n", p->out);
}

static void write_line(const svg_plot *p, const char *class, const double *values) {
    fprintf(p->out, "<path class=\"%s\" d=\"", class);
    write_points(p, values);
    fputs("\"/>\n", p->out);
}

/* The words stand at the top, where curves that fall have left, on whichever side of the mark has
 * more room, and below the legend when that is in the way. */
static void write_chosen(const svg_plot *p) {
    const curve *c = p->curve;
    const double x = x_of(p, (double)c->chosen.k), y = y_of(p, c->loss[c->chosen.k]);
    const int right = 2 * c->chosen.k <= c->n;
    const double at = right ? x + 10 : x - 10;
    const char *anchor = right ? "start" : "end";
    const int line = x > RIGHT - LEGEND - CHOSEN ? TOP + 112 : TOP + 20;
    fprintf(p->out,
            "<path class=\"mark\" d=\"M%.1f %dV%d\"/>\n"
            "<circle class=\"dot\" cx=\"%.1f\" cy=\"%.1f\" r=\"5\"/>\n"
            "<text class=\"chosen\" x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">k = %zu</text>\n"
            "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%s</text>\n",
            x, BOTTOM, TOP, x, y, at, line, anchor, c->chosen.k, at, line + 18, anchor,
            c->chosen.short_why);
}

static void write_legend_row(const svg_plot *p, int row, const char *class, const char *text) {
    const int y = TOP + 24 + 22 * row, x = RIGHT - LEGEND + 14;
    fprintf(p->out,
            "<path class=\"%s\" d=\"M%d %dh34\"/>"
            "<text x=\"%d\" y=\"%.1f\">%s</text>\n",
            class, x, y, x + 44, y + 4.5, text);
}

static void write_legend(const svg_plot *p) {
    const curve *c = p->curve;
    int row = 0;
    fprintf(p->out, "<rect class=\"page\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n",
            RIGHT - LEGEND, TOP + 6, LEGEND, c->pca ? 82 : 60);
    if (c->se)
        fprintf(p->out, "<rect class=\"band\" x=\"%d\" y=\"%d\" width=\"34\" height=\"12\"/>\n",
                RIGHT - LEGEND + 14, TOP + 18);
    write_legend_row(p, row++, "model", c->se ? "this model ± 2 std. errors" : "this model");
    if (c->pca) write_legend_row(p, row++, "pca", "PCA, k components");
    write_legend_row(p, row, "mark", "k chosen on validation rows");
}

static void write_plot(const svg_plot *p) {
    write_head(p);
    write_y_axis(p);
    write_x_axis(p);
    write_legend(p);
    if (p->curve->se) write_band(p);
    if (p->curve->pca) write_line(p, "pca", p->curve->pca);
    write_line(p, "model", p->curve->loss);
    fprintf(p->out, "<path class=\"frame\" d=\"M%d %dV%dH%d\"/>\n", LEFT, TOP, BOTTOM, RIGHT);
    write_chosen(p);
    fputs("</svg>\n", p->out);
}

int curve_svg_write(const char *path, int force, const curve *c) {
    output_file file;
    if (!output_open(&file, path, force)) return 0;
    svg_plot plot = {.out = file.stream, .curve = c};
    axis_of_k(&plot.x, c->n);
    axis_of_loss(&plot.y, c);
    write_plot(&plot);
    return output_close(&file);
}
