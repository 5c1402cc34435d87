/* SPDX-License-Identifier: MIT
 * Gallery 2: how often each neuron is used, and how many are active at a time; p = 0.2, 100
 * neurons, a million rows, ordinary dropout beside. */
#include "experiment.h"
#include "svg.h"

#include <stdlib.h>

enum { NEURONS = 100, AT_A_TIME = 1000 };

static const double p = 0.2;

/* What was counted in so many rows. */
typedef struct tally {
    const char *name;
    double used[NEURONS + 1];   /* share of rows that use neuron j, 1-based */
    double active[NEURONS + 1]; /* share of rows with k neurons active */
    double mean;                /* share of neurons used */
} tally;

static void finish(tally *count, size_t rows) {
    for (int j = 0; j <= NEURONS; j++) {
        count->used[j] /= (double)rows, count->active[j] /= (double)rows;
        count->mean += count->active[j] * j / NEURONS;
    }
}

static void count_tail(tally *count, size_t rows) {
    int32_t keep[AT_A_TIME];
    tdrop_law *law = NULL;
    CHECK(tdrop_law_create(&law, NEURONS, &(tdrop_law_options){.p = p}));
    for (uint32_t step = 0; step < rows / AT_A_TIME; step++) {
        CHECK(tdrop_law_draw(law, &(tdrop_draw){.step = step}, AT_A_TIME, keep));
        for (int i = 0; i < AT_A_TIME; i++) {
            count->active[keep[i]]++;
            for (int j = 1; j <= keep[i]; j++)
                count->used[j]++;
        }
    }
    tdrop_law_destroy(law);
    finish(count, rows);
}

static void count_ordinary(tally *count, size_t rows) {
    static double u[AT_A_TIME * NEURONS];
    for (uint32_t step = 0; step < rows / AT_A_TIME; step++) {
        experiment_uniform(2, step, AT_A_TIME * NEURONS, u);
        for (int i = 0; i < AT_A_TIME; i++) {
            int active = 0;
            for (int j = 1; j <= NEURONS; j++)
                if (u[i * NEURONS + j - 1] >= p) count->used[j]++, active++;
            count->active[active]++;
        }
    }
    finish(count, rows);
}

static void draw(const char *path, const tally *tail, const tally *ordinary) {
    FILE *file = svg_open(path, 800, 400, "How often each of 100 neurons is used, p = 0.2",
                          "Ordinary dropout uses each neuron in 80 % of cases, TailDropout the "
                          "first nearly always and the last in about 63 %.");
    const svg_axis share = {.high = 100, .tick = 20, .title = "% of rows"};
    const svg_plot use = {.left = 78,
                          .top = 90,
                          .width = 300,
                          .height = 240,
                          .x = {.low = 1, .high = NEURONS, .tick = 20, .title = "neuron"},
                          .y = share,
                          .title = "rows that use the neuron"};
    const svg_plot active = {
        .left = 478,
        .top = 90,
        .width = 300,
        .height = 240,
        .x = {.high = NEURONS + 1, .tick = 20, .title = "neurons active"},
        .y = {.low = 0.001, .high = 100, .logarithmic = true, .title = "% of rows"},
        .title = "rows with so many active"};
    double x[NEURONS + 1], tail_use[NEURONS + 1], ordinary_use[NEURONS + 1];
    double tail_active[NEURONS + 1], ordinary_active[NEURONS + 1];
    for (int j = 0; j <= NEURONS; j++) {
        x[j] = j, tail_use[j] = 100 * tail->used[j], ordinary_use[j] = 100 * ordinary->used[j];
        tail_active[j] = 100 * tail->active[j], ordinary_active[j] = 100 * ordinary->active[j];
    }
    svg_draw_plot(file, &use);
    svg_curve(file, &use, SVG_BLUE, NEURONS, x + 1, tail_use + 1);
    svg_curve(file, &use, SVG_ORANGE, NEURONS, x + 1, ordinary_use + 1);
    svg_draw_plot(file, &active);
    svg_stairs(file, &active, SVG_BLUE, NEURONS + 1, 0, 1, tail_active);
    svg_stairs(file, &active, SVG_ORANGE, NEURONS + 1, 0, 1, ordinary_active);
    svg_key(file, 78, 60, SVG_BLUE, "TailDropout");
    svg_key(file, 238, 60, SVG_ORANGE, "ordinary dropout");
    svg_close(file);
}

/* The last neuron that is used in at least this share of rows. */
static int last_used(const tally *count, double share) {
    int last = 0;
    while (last < NEURONS && count->used[last + 1] >= share)
        last++;
    return last;
}

int main(int argc, char **argv) {
    static tally tail = {.name = "TailDropout"}, ordinary = {.name = "ordinary dropout"};
    bool small;
    const char *path = experiment_arguments(argc, argv, &small);
    const size_t rows = small ? 10000 : 1000000;
    count_tail(&tail, rows);
    count_ordinary(&ordinary, rows);
    draw(path, &tail, &ordinary);
    printf("%zu rows      neuron 1      20      47     100   all active   mean used\n", rows);
    for (const tally *t = &tail; t; t = t == &tail ? &ordinary : NULL)
        printf("%-17s  %6.2f %%  %5.2f %%  %5.2f %%  %5.2f %%  %9.4f %%  %9.3f %%\n", t->name,
               100 * t->used[1], 100 * t->used[20], 100 * t->used[47], 100 * t->used[NEURONS],
               100 * t->active[NEURONS], 100 * t->mean);
    printf("TailDropout: neuron %d in 90 %%, neuron %d in 80 %%\n", last_used(&tail, 0.9),
           last_used(&tail, 0.8));
    return tail.mean < 0.79 || tail.mean > 0.81 || ordinary.mean < 0.79 || ordinary.mean > 0.81;
}
