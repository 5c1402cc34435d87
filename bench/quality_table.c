/* SPDX-License-Identifier: MIT
 * Ratios to the dedicated networks, and the tables of them. */
#include "quality.h"

#include <math.h>
#include <stdio.h>

/* The loss of the network that a side made for each width, and what all of them took. */
static bool read_each_width(const quality_bench *bench, const quality_side *side, unsigned seed,
                            double loss[QUALITY_WIDTHS], quality_ratios *cost) {
    quality_curve curve;
    cost->flops = cost->seconds = 0.0;
    for (int i = 0; i < QUALITY_WIDTHS; i++) {
        if (!quality_read(bench, side, quality_widths[i], seed, &curve)) return false;
        loss[i] = curve.loss[quality_widths[i]];
        cost->flops += curve.flops;
        cost->seconds += curve.seconds;
    }
    return true;
}

static bool read_dedicated(const quality_bench *bench, unsigned seed, double loss[QUALITY_WIDTHS]) {
    quality_ratios cost;
    return read_each_width(bench, bench->against, seed, loss, &cost);
}

static void divide(const double *loss, const double dedicated[QUALITY_WIDTHS], quality_ratios *r) {
    r->mean = r->worst = 0.0;
    for (int i = 0; i < QUALITY_WIDTHS; i++) {
        r->at[i] = loss[quality_widths[i]] / dedicated[i];
        r->mean += r->at[i] / QUALITY_WIDTHS;
        if (r->at[i] > r->worst) r->worst = r->at[i];
    }
}

bool quality_find_ratios(const quality_bench *bench, const quality_side *side, unsigned seed,
                         quality_ratios *ratios) {
    double dedicated[QUALITY_WIDTHS], own[QUALITY_WIDTHS];
    quality_curve curve;
    if (!read_dedicated(bench, seed, dedicated)) return false;
    if (side->each_width) {
        if (!read_each_width(bench, side, seed, own, ratios)) return false;
        for (int i = 0; i < QUALITY_WIDTHS; i++)
            curve.loss[quality_widths[i]] = own[i];
        divide(curve.loss, dedicated, ratios);
        return true;
    }
    if (!quality_read(bench, side, QUALITY_N, seed, &curve)) return false;
    divide(curve.loss, dedicated, ratios);
    ratios->flops = curve.flops;
    ratios->seconds = curve.seconds;
    return true;
}

/* The widest dedicated network holds both curves below. */
static bool find_of_widest(const quality_bench *bench, unsigned seed, bool pca,
                           quality_ratios *ratios) {
    double dedicated[QUALITY_WIDTHS];
    quality_curve curve;
    if (!read_dedicated(bench, seed, dedicated)) return false;
    if (!quality_read(bench, bench->against, QUALITY_N, seed, &curve)) return false;
    divide(pca ? curve.pca : curve.loss, dedicated, ratios);
    ratios->flops = pca ? NAN : curve.flops;
    ratios->seconds = pca ? NAN : curve.seconds;
    return true;
}

bool quality_find_pca(const quality_bench *bench, unsigned seed, quality_ratios *ratios) {
    return find_of_widest(bench, seed, true, ratios);
}

bool quality_find_truncated(const quality_bench *bench, unsigned seed, quality_ratios *ratios) {
    return find_of_widest(bench, seed, false, ratios);
}

/* ---------------------------------------------------------------------------------------------
 * Means over seeds
 */

typedef struct summary {
    unsigned seeds;
    quality_ratios mean;
    double deviation; /* of the mean ratio, over seeds */
} summary;

static void add(summary *s, const quality_ratios *r) {
    double before = r->mean - s->mean.mean, share = 1.0 / ++s->seeds;
    for (int i = 0; i < QUALITY_WIDTHS; i++)
        s->mean.at[i] += (r->at[i] - s->mean.at[i]) * share;
    s->mean.mean += before * share;
    s->deviation += before * (r->mean - s->mean.mean);
    s->mean.worst += (r->worst - s->mean.worst) * share;
    s->mean.flops += (r->flops - s->mean.flops) * share;
    s->mean.seconds += (r->seconds - s->mean.seconds) * share;
}

static void print_row(const char *text, const summary *s) {
    if (!s->seeds) return;
    printf("| %s |", text);
    for (int i = 0; i < QUALITY_WIDTHS; i++)
        printf(" %.2f |", s->mean.at[i]);
    printf(" %.3f", s->mean.mean);
    if (s->seeds > 1) printf(" ± %.3f", sqrt(s->deviation / (s->seeds - 1)));
    printf(" | %.3f | ", s->mean.worst);
    if (isnan(s->mean.flops))
        printf("| |");
    else
        printf("%.2e | %.0f |", s->mean.flops, s->mean.seconds);
    printf(" %u |\n", s->seeds);
}

static void print_head(const quality_bench *bench, const char *what) {
    printf("\n%s: loss / that of %s, %s rows\n\n| k |", what, bench->against->text,
           bench->report ? "test" : "held-out");
    for (int i = 0; i < QUALITY_WIDTHS; i++)
        printf(" %zu |", quality_widths[i]);
    printf(" mean | worst | operations | seconds | seeds |\n|---|");
    for (int i = 0; i < QUALITY_WIDTHS + 5; i++)
        printf("---|");
    printf("\n");
}

/* The dedicated losses themselves, so that the ratios can be undone. */
static void print_dedicated(const quality_bench *bench) {
    double mean[QUALITY_WIDTHS] = {0}, loss[QUALITY_WIDTHS];
    unsigned seeds = 0;
    for (unsigned seed = 0; seed < bench->seeds; seed++) {
        if (!read_dedicated(bench, seed, loss)) continue;
        seeds++;
        for (int i = 0; i < QUALITY_WIDTHS; i++)
            mean[i] += (loss[i] - mean[i]) / seeds;
    }
    if (!seeds) return;
    printf("| dedicated, loss x 1000 |");
    for (int i = 0; i < QUALITY_WIDTHS; i++)
        printf(" %.2f |", 1e3 * mean[i]);
    printf(" | | | | %u |\n", seeds);
}

static void print_with(const quality_bench *bench, const char *text,
                       bool (*find)(const quality_bench *, unsigned, quality_ratios *)) {
    summary s = {0};
    quality_ratios ratios;
    for (unsigned seed = 0; seed < bench->seeds; seed++)
        if (find(bench, seed, &ratios)) add(&s, &ratios);
    print_row(text, &s);
}

void quality_print(const quality_bench *bench, bool levers) {
    print_head(bench, levers ? "levers" : "sides");
    if (!levers) {
        print_dedicated(bench);
        print_with(bench, "PCA", quality_find_pca);
        print_with(bench, "the network of width 64, truncated", quality_find_truncated);
    }
    for (size_t i = 0; i < quality_side_count; i++) {
        summary s = {0};
        quality_ratios ratios;
        if (quality_sides[i].lever != levers) continue;
        for (unsigned seed = 0; seed < bench->seeds; seed++)
            if (quality_find_ratios(bench, &quality_sides[i], seed, &ratios)) add(&s, &ratios);
        print_row(quality_sides[i].text, &s);
    }
}
