/* SPDX-License-Identifier: MIT */
#include "curve_table.h"

#include "number.h"

typedef struct column {
    const char *head; /* NULL: by what the curve has beside the loss */
    int width;
    number_text (*cell)(const curve *c, const tdrop_model *model, size_t k);
} column;

static number_text cell_k(const curve *c, const tdrop_model *model, size_t k) {
    (void)c, (void)model;
    return number_grouped(k);
}

static number_text cell_loss(const curve *c, const tdrop_model *model, size_t k) {
    (void)model;
    return number_short(c->loss[k]);
}

static number_text cell_se(const curve *c, const tdrop_model *model, size_t k) {
    (void)model;
    return c->se ? number_short(c->se[k]) : (number_text){"-"};
}

static number_text cell_explained(const curve *c, const tdrop_model *model, size_t k) {
    (void)model;
    return number_percent(curve_explained(c, k));
}

/* What stands beside the loss: the metric, where the task has one, the loss of PCA otherwise. */
static number_text cell_beside(const curve *c, const tdrop_model *model, size_t k) {
    (void)model;
    if (c->metric) return number_percent(c->metric[k]);
    return c->pca ? number_short(c->pca[k]) : (number_text){"-"};
}

/* There is no model without features, so k = 0 has no file. */
static number_text cell_bytes(const curve *c, const tdrop_model *model, size_t k) {
    size_t bytes;
    (void)c;
    if (k == 0 || tdrop_model_file_size(model, k, &bytes) != TDROP_OK) return (number_text){"-"};
    return number_grouped(bytes);
}

static const column short_columns[] = {
    {"k", 6, cell_k},        {"loss", 12, cell_loss},   {"explained", 11, cell_explained},
    {NULL, 12, cell_beside}, {"bytes", 14, cell_bytes}, {0},
};

static const column full_columns[] = {
    {"k", 6, cell_k},
    {"loss", 12, cell_loss},
    {"std. error", 12, cell_se},
    {"explained", 11, cell_explained},
    {NULL, 12, cell_beside},
    {0},
};

static void write_head(FILE *out, const curve *c, const column *columns) {
    fprintf(out, "loss: %s, mean over %s %s\n", c->unit, number_grouped(c->rows).text, c->rows_are);
    const char *beside = c->metric ? c->metric_name : "PCA";
    for (; columns->cell; columns++)
        fprintf(out, "%*s", columns->width, columns->head ? columns->head : beside);
    fputc('\n', out);
}

static void write_row(FILE *out, const curve *c, const tdrop_model *model, const column *columns,
                      size_t k) {
    for (; columns->cell; columns++)
        fprintf(out, "%*s", columns->width, columns->cell(c, model, k).text);
    fputs(k == c->chosen.k ? "  <- chosen\n" : "\n", out);
}

void curve_table_short(FILE *out, const curve *c, const tdrop_model *model) {
    write_head(out, c, short_columns);
    for (size_t k = 0, next; k <= c->n; k = next) {
        next = curve_next_k(c, k);
        write_row(out, c, model, short_columns, k);
        if (k < c->chosen.k && c->chosen.k < next)
            write_row(out, c, model, short_columns, c->chosen.k);
    }
}

void curve_table_full(FILE *out, const curve *c) {
    write_head(out, c, full_columns);
    for (size_t k = 0; k <= c->n; k++)
        write_row(out, c, NULL, full_columns, k);
}
