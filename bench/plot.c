/* SPDX-License-Identifier: MIT
 * Time of the products against p, as a share of the time that OpenBLAS takes for all of them: left
 * the layers before and behind a tail, right one layer between two tails. */
#include "bench.h"
#include "layers.h"

#include <stdio.h>

enum { PANELS = 2, REPEATS = 9, LEFT = 70, TOP = 92, SIZE = 300, GAP = 90 };

static const double dropped[] = {0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95};
enum { POINTS = sizeof dropped / sizeof *dropped };

typedef struct panel {
    const char *title, *ideal;
    bench_layers_kind kind;
    double ours[POINTS], masked[POINTS]; /* shares of OpenBLAS's time */
} panel;

/* Ours, OpenBLAS and OpenBLAS with masks by turns. */
static bool measure_point(panel *panel, int point) {
    static void (*const sides[])(void *) = {bench_layers_ours, bench_layers_openblas,
                                            bench_layers_openblas_masked};
    double seconds[3][REPEATS], median[3];
    bench_layers *layers = bench_layers_create(panel->kind, 1024, 1024, dropped[point]);
    if (!layers) return false;
    for (int side = 0; side < 3; side++)
        sides[side](layers);
    for (int i = 0; i < REPEATS; i++)
        for (int side = 0; side < 3; side++) {
            double start = bench_thread_seconds();
            sides[side](layers);
            seconds[side][i] = bench_thread_seconds() - start;
        }
    bench_layers_destroy(layers);
    for (int side = 0; side < 3; side++)
        median[side] = bench_median(seconds[side], REPEATS);
    panel->ours[point] = median[0] / median[1];
    panel->masked[point] = median[2] / median[1];
    printf("%-20s p = %-5g %8.2f ms, OpenBLAS %8.2f, with masks %8.2f\n", panel->title,
           dropped[point], 1e3 * median[0], 1e3 * median[1], 1e3 * median[2]);
    fflush(stdout);
    return true;
}

static double x_of(int panel, double p) {
    return LEFT + panel * (SIZE + GAP) + p * SIZE;
}

static double y_of(double share) {
    return TOP + SIZE * (1.0 - share / 1.2);
}

static void draw_style(FILE *file) {
    fprintf(file, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"800\" height=\"470\" "
                  "viewBox=\"0 0 800 470\" role=\"img\">\n"
                  "<title>Time of the products against p</title>\n<style>\n"
                  "text{font-family:system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif;"
                  "font-size:13px;fill:#3d444d}\n"
                  ".page{fill:#ffffff}.title{font-size:16px;font-weight:600;fill:#1f2328}\n"
                  ".grid{stroke:#e4e7eb}.frame{stroke:#8c959f;stroke-width:1.2;fill:none}\n"
                  ".ours{stroke:#0969da;stroke-width:2.6;fill:none}.dot{fill:#0969da}\n"
                  ".masked{stroke:#bc4c00;stroke-width:2;fill:none;stroke-dasharray:7 5}\n"
                  ".dense{stroke:#57606a;stroke-width:2;fill:none}\n"
                  ".ideal{stroke:#1a7f37;stroke-width:1.8;fill:none;stroke-dasharray:3 4}\n"
                  "@media (prefers-color-scheme:dark){text{fill:#b9c1cb}.page{fill:#0d1117}"
                  ".title{fill:#f0f6fc}.grid{stroke:#262c36}.frame{stroke:#6e7681}"
                  ".ours{stroke:#58a6ff}.dot{fill:#58a6ff}.masked{stroke:#f0883e}"
                  ".dense{stroke:#9198a1}.ideal{stroke:#3fb950}}\n"
                  "</style>\n<rect class=\"page\" width=\"800\" height=\"470\"/>\n");
}

static void draw_legend(FILE *file, const char *ideal, double x) {
    const struct {
        const char *style, *text;
    } lines[] = {{"ours", "ours"},
                 {"dense", "OpenBLAS, dense"},
                 {"masked", "OpenBLAS and masks"},
                 {"ideal", ideal}};
    static const double shift[] = {0.0, 62.0, 0.0, 180.0};
    for (int i = 0; i < 4; i++) {
        double left = x + shift[i], y = 52 + 20 * (i / 2);
        fprintf(file, "<path class=\"%s\" d=\"M%.0f %.0fh24\"/>", lines[i].style, left, y);
        fprintf(file, "<text x=\"%.0f\" y=\"%.0f\">%s</text>\n", left + 28, y + 4, lines[i].text);
    }
}

static void draw_axes(FILE *file, int panel) {
    for (int i = 0; i <= 5; i++) {
        double y = y_of(0.2 * i), x = x_of(panel, 0.2 * i), left = x_of(panel, 0);
        fprintf(file, "<path class=\"grid\" d=\"M%.1f %.1fh%d\"/>", left, y, SIZE);
        fprintf(file, "<path class=\"grid\" d=\"M%.1f %dv%d\"/>", x, TOP, SIZE);
        fprintf(file, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%.1f</text>", left - 8,
                y + 4, 0.2 * i);
        fprintf(file, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.1f</text>\n", x,
                TOP + SIZE + 19, 0.2 * i);
    }
    fprintf(file, "<rect class=\"frame\" x=\"%.1f\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n",
            x_of(panel, 0), TOP, SIZE, SIZE);
    fprintf(file, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">p, the share dropped</text>\n",
            x_of(panel, 0.5), TOP + SIZE + 42);
}

static void draw_line(FILE *file, int panel, const char *style, const double *shares) {
    fprintf(file, "<path class=\"%s\" d=\"", style);
    for (int i = 0; i < POINTS; i++)
        fprintf(file, "%c%.1f %.1f", i ? 'L' : 'M', x_of(panel, dropped[i]), y_of(shares[i]));
    fprintf(file, "\"/>\n");
}

static void draw_panel(FILE *file, int number, const panel *panel) {
    double ideal[POINTS], dense[POINTS];
    for (int i = 0; i < POINTS; i++) {
        double kept = 1.0 - dropped[i];
        ideal[i] = panel->kind == BENCH_TWO_TAILS ? kept * kept : kept;
        dense[i] = 1.0;
    }
    fprintf(file, "<text class=\"title\" x=\"%.1f\" y=\"30\">%s</text>\n", x_of(number, 0),
            panel->title);
    draw_legend(file, panel->ideal, x_of(number, 0));
    draw_axes(file, number);
    draw_line(file, number, "dense", dense);
    draw_line(file, number, "masked", panel->masked);
    draw_line(file, number, "ideal", ideal);
    draw_line(file, number, "ours", panel->ours);
    for (int i = 0; i < POINTS; i++)
        fprintf(file, "<circle class=\"dot\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>",
                x_of(number, dropped[i]), y_of(panel->ours[i]));
    fprintf(file, "\n");
}

static bool draw(const char *path, const panel panels[PANELS]) {
    FILE *file = fopen(path, "w");
    if (file) {
        draw_style(file);
        for (int i = 0; i < PANELS; i++)
            draw_panel(file, i, &panels[i]);
        fprintf(file,
                "<text transform=\"translate(22 %d) rotate(-90)\" text-anchor=\"middle\">time, "
                "OpenBLAS dense = 1</text>\n</svg>\n",
                TOP + SIZE / 2);
        if (!fclose(file)) return true;
    }
    perror("taildropout_bench: the plot");
    return false;
}

bool bench_plot(const char *path) {
    panel panels[PANELS] = {
        {.title = "Layers beside a tail", .ideal = "1 - p", .kind = BENCH_BOTH_SIDES},
        {.title = "Layer between two tails", .ideal = "(1 - p)²", .kind = BENCH_TWO_TAILS}};
    for (int i = 0; i < PANELS; i++)
        for (int point = 0; point < POINTS; point++)
            if (!measure_point(&panels[i], point)) return false;
    return draw(path, panels);
}
