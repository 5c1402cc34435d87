/* SPDX-License-Identifier: MIT
 *
 * Draws docs/laws.svg: P(k >= j) for each law of k, one panel a law.
 *
 *     cc laws.c $(pkg-config --cflags --libs taildropout) -o laws
 *     ./laws laws.svg
 */
#include <stdio.h>
#include <stdlib.h>
#include <taildropout.h>

enum { FEATURES = 32 };
enum { WIDTH = 240, HEIGHT = 130, ACROSS = 3, LEFT = 44, TOP = 66, GAP_X = 40, GAP_Y = 66 };

#define CHECK(call) ((call) ? (fprintf(stderr, "failed: %s\n", #call), exit(1)) : (void)0)

/* Two widths that matter, and a little of all the others. */
static double table[FEATURES + 1];

typedef struct panel {
    const char *title;
    tdrop_law_options options;
} panel;

static const panel panels[] = {
    {"exponential, p = 0.5", {.kind = TDROP_LAW_EXPONENTIAL, .p = 0.5}},
    {"exponential, p = 0.8", {.kind = TDROP_LAW_EXPONENTIAL, .p = 0.8}},
    {"exponential, p = 0.5, k_min = 8", {.kind = TDROP_LAW_EXPONENTIAL, .p = 0.5, .k_min = 8}},
    {"original, p = 0.5", {.kind = TDROP_LAW_ORIGINAL, .p = 0.5}},
    {"geometric, rate = 0.1", {.kind = TDROP_LAW_GEOMETRIC, .rate = 0.1}},
    {"uniform", {.kind = TDROP_LAW_UNIFORM}},
    {"log-uniform", {.kind = TDROP_LAW_LOG_UNIFORM}},
    {"mixed, 0.15 at n", {.kind = TDROP_LAW_MIXED, .rate = 0.15}},
    {"pow2", {.kind = TDROP_LAW_POW2}},
    {"table, mostly 8 and 24",
     {.kind = TDROP_LAW_TABLE, .weights = table, .weight_count = FEATURES + 1}},
};
enum { PANELS = sizeof panels / sizeof *panels, DOWN = (PANELS + ACROSS - 1) / ACROSS };

static double across(double j) {
    return WIDTH * j / FEATURES;
}

static double down(double share) {
    return HEIGHT * (1 - share);
}

static void draw_axes(FILE *file) {
    for (int i = 0; i <= 2; i++)
        fprintf(file,
                "<path d=\"M0 %.0fH%d\" stroke=\"#dde1e4\"/>"
                "<text x=\"-6\" y=\"%.0f\" text-anchor=\"end\" fill=\"#667\">%.1f</text>\n",
                down(i / 2.0), WIDTH, down(i / 2.0) + 4, i / 2.0);
    for (int j = 0; j <= FEATURES; j += 8)
        fprintf(file,
                "<path d=\"M%.1f %dv4\" stroke=\"#889\"/>"
                "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" fill=\"#667\">%d</text>\n",
                across(j), HEIGHT, across(j), HEIGHT + 16, j);
}

/* P(k >= j) is constant on (j - 1, j]: stairs, from P(k >= 0) = 1 on. */
static void draw_curve(FILE *file, const tdrop_law *law) {
    double probability[FEATURES + 1], at_least = 1;
    tdrop_law_probabilities(law, probability);
    fprintf(file, "<path fill=\"none\" stroke=\"#0f6e84\" stroke-width=\"2\" d=\"M0 %.1f", down(1));
    for (int j = 1; j <= FEATURES; j++) {
        at_least -= probability[j - 1];
        fprintf(file, "V%.1fH%.1f", down(at_least), across(j));
    }
    fprintf(file, "\"/>\n");
}

static void draw_mean(FILE *file, double mean) {
    fprintf(file,
            "<path d=\"M%.1f %dV0\" stroke=\"#c05a1c\" stroke-dasharray=\"3 3\"/>"
            "<text x=\"%.1f\" y=\"12\" fill=\"#a34a14\"%s>mean %.1f</text>\n",
            across(mean), HEIGHT, across(mean) + (mean > FEATURES * 0.7 ? -4 : 4),
            mean > FEATURES * 0.7 ? " text-anchor=\"end\"" : "", mean);
}

static void draw_panel(FILE *file, int number) {
    tdrop_law *law = NULL;
    CHECK(tdrop_law_create(&law, FEATURES, &panels[number].options));
    fprintf(file, "<g transform=\"translate(%d %d)\">\n", LEFT + number % ACROSS * (WIDTH + GAP_X),
            TOP + number / ACROSS * (HEIGHT + GAP_Y));
    fprintf(file, "<text x=\"0\" y=\"-10\" font-size=\"13\" fill=\"#223\">%s</text>\n",
            panels[number].title);
    draw_axes(file);
    draw_curve(file, law);
    draw_mean(file, tdrop_law_mean(law));
    fprintf(file, "</g>\n");
    tdrop_law_destroy(law);
}

int main(int argc, char **argv) {
    const int width = LEFT + ACROSS * (WIDTH + GAP_X), height = TOP + DOWN * (HEIGHT + GAP_Y) - 30;
    if (argc != 2) {
        fprintf(stderr, "usage: laws OUT.svg\n");
        return 2;
    }
    for (int k = 0; k <= FEATURES; k++)
        table[k] = k == 8 || k == 24 ? 20 : 1;
    FILE *file = fopen(argv[1], "w");
    CHECK(file == NULL);
    fprintf(file, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" ", width,
            height);
    fprintf(file, "font-family=\"sans-serif\" font-size=\"11\">\n");
    fprintf(file, "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", width, height);
    fprintf(file, "<text x=\"%d\" y=\"24\" font-size=\"15\" fill=\"#223\">", LEFT);
    fprintf(file, "P(k &gt;= j), the chance that feature j of %d is kept, over j</text>\n",
            FEATURES);
    for (int i = 0; i < PANELS; i++)
        draw_panel(file, i);
    fprintf(file, "</svg>\n");
    CHECK(fclose(file));
    return 0;
}
