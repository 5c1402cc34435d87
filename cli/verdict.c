/* SPDX-License-Identifier: MIT */
#include "verdict.h"

#include "shell_word.h"

static void write_pca(FILE *out, const curve *c) {
    if (c->not_pca)
        fprintf(out, " PCA minimises the squared error, so it is not compared in the loss %s.",
                c->not_pca);
    if (!c->pca) return;
    const size_t needs = curve_pca_needs(c);
    if (needs > c->n)
        fprintf(out, " PCA does not get there with %zu.", c->n);
    else if (needs > c->chosen.k)
        fprintf(out, " PCA needs %zu for the same loss.", needs);
    else if (needs == c->chosen.k)
        fprintf(out, " PCA is as good: it needs %zu for the same loss too.", needs);
    else if (needs == 0)
        fputs(" PCA is better: the mean of the data alone has that loss.", out);
    else
        fprintf(out, " PCA is better: it needs only %zu for the same loss.", needs);
}

void verdict_write(FILE *out, const curve *c, const char *model) {
    const size_t k = c->chosen.k;
    if (k == 0) {
        fprintf(out, "Keep nothing: no width does better than the mean of the data. "
                     "Train for longer (--epochs), or look at the data.\n");
        return;
    }
    if (k == c->n)
        fprintf(out, "Keep all %zu: with fewer, the loss is not %s.", k, c->chosen.short_why);
    else
        fprintf(out, "Keep %zu of %zu: %s.", k, c->n, c->chosen.short_why);
    write_pca(out, c);
    if (model && k < c->n) {
        fputs(" Next: taildropout prune ", out);
        shell_word_write(out, model);
        fprintf(out, " -k %zu -o small.safetensors", k);
    }
    fputc('\n', out);
}
