/* SPDX-License-Identifier: MIT */
#include "report_html.h"

#include "law_text.h"
#include "message.h"
#include "number.h"
#include "output_file.h"
#include "report_numbers.h"
#include "report_page.h"
#include "report_rows.h"
#include "split_text.h"
#include "target_scores.h"
#include "verdict.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

/* The size of a page, and what its JSON takes of it at most: texts and lists of rows, and each k.
 */
enum { MOST_BYTES = 4000000, TEXT_BYTES = 80000, BYTES_A_K = 120 };

/* Of all targets at all k; more are too much to read. */
enum { MOST_SCORES = 20000 };

/* ---------------------------------------------------------------------------------------------
 * What was run
 */

static void write_version(FILE *out, const report_source *source) {
    (void)source;
    fputs(tdrop_version(), out);
}

static void write_fitted_to(FILE *out, const report_source *source) {
    const tdrop_model_info *info = source->info;
    fprintf(out, "%s, %s rows of ", info->data_name, number_grouped(info->data_rows).text);
    for (int i = 0; i < info->item_dims; i++)
        fprintf(out, "%s%zu", i ? " x " : "", info->item_shape[i]);
    fputs(info->item_dims ? ", " : "one number, ", out);
    split_text_write(out, info);
}

static void write_measured_on(FILE *out, const report_source *source) {
    const curve *c = source->curve;
    fprintf(out, "%s, %s %s", c->source, number_grouped(c->rows).text, c->rows_are);
}

static void write_task(FILE *out, const report_source *source) {
    fputs(tdrop_task_name(source->info->task), out);
    if (source->info->classes) fprintf(out, ", %zu classes", source->info->classes);
}

static void write_loss(FILE *out, const report_source *source) {
    fputs(source->info->unit, out);
    if (source->info->loss == TDROP_LOSS_HUBER)
        fprintf(out, ", delta %s", number_plain(source->info->huber_delta).text);
}

static void write_architecture(FILE *out, const report_source *source) {
    const tdrop_model_info *info = source->info;
    fprintf(out, "%s, %s parameters, %zu ordered features", info->arch,
            number_grouped(info->parameters).text, info->features);
    if (info->pruned_from) fprintf(out, ", pruned from %zu", info->pruned_from);
}

static void write_law(FILE *out, const report_source *source) {
    law_text_write_model(out, source->info);
}

static void write_scaling(FILE *out, const report_source *source) {
    fputs(tdrop_scale_name(source->info->scale), out);
}

static void write_training(FILE *out, const report_source *source) {
    const tdrop_model_info *info = source->info;
    fprintf(out, "%u epochs, seed %llu, %s operations", (unsigned)info->epochs,
            (unsigned long long)info->seed, number_plain(info->flops).text);
    if (source->seconds >= 0) fprintf(out, ", %s seconds", number_plain(source->seconds).text);
}

static void write_sizes(FILE *out, const report_source *source) {
    const size_t n = source->info->features, k = source->curve->chosen.k;
    size_t whole, cut;
    if (tdrop_model_file_size(source->model, n, &whole) != TDROP_OK) return;
    fprintf(out, "%s bytes", number_grouped(whole).text);
    if (k > 0 && k < n && tdrop_model_file_size(source->model, k, &cut) == TDROP_OK)
        fprintf(out, "; %s when cut to k = %zu", number_grouped(cut).text, k);
}

static const struct fact {
    const char *name;
    void (*write)(FILE *out, const report_source *source);
} facts[] = {
    {"version", write_version},     {"task", write_task},
    {"fitted to", write_fitted_to}, {"measured on", write_measured_on},
    {"loss", write_loss},           {"architecture", write_architecture},
    {"law of k", write_law},        {"scaling", write_scaling},
    {"training", write_training},   {"model file", write_sizes},
};

/* What `write` writes, to be freed; NULL when memory ran out. */
static char *text_of(void (*write)(FILE *out, const report_source *source),
                     const report_source *source) {
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    if (!out) return NULL;
    write(out, source);
    if (fclose(out) == 0) return text;
    free(text);
    return NULL;
}

static void add_text(report_json *r, cJSON *object, const char *name,
                     void (*write)(FILE *out, const report_source *source),
                     const report_source *source) {
    char *text = text_of(write, source);
    r->failed |= !text;
    if (text) report_json_text(r, object, name, text);
    free(text);
}

static void write_verdict(FILE *out, const report_source *source) {
    verdict_write(out, source->curve, NULL);
}

static void add_facts(report_json *r, const report_source *source) {
    cJSON *list = report_json_array(r, "facts");
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        cJSON *fact = report_json_element(r, list);
        report_json_text(r, fact, "name", facts[i].name);
        add_text(r, fact, "value", facts[i].write, source);
    }
}

/* ---------------------------------------------------------------------------------------------
 * The page
 */

static void add_summary(report_json *r, const report_source *source) {
    const tdrop_model_info *info = source->info;
    report_json_text(r, NULL, "title", source->curve->source);
    report_json_text(r, NULL, "command_name", source->command_name);
    report_json_text(r, NULL, "command", source->command);
    add_text(r, NULL, "verdict", write_verdict, source);
    report_json_text(r, NULL, "task", tdrop_task_name(info->task));
    report_json_text(r, NULL, "loss_name", tdrop_loss_kind_name(info->loss));
    if (info->loss == TDROP_LOSS_HUBER)
        report_json_number(r, NULL, "huber_delta", info->huber_delta);
    report_json_count(r, NULL, "columns", info->columns);
    report_json_count(r, NULL, "inputs", info->inputs);
    report_json_count(r, NULL, "outputs", info->outputs);
    report_json_curve(r, source->curve);
    if (source->curve->targets * (source->curve->n + 1) <= MOST_SCORES)
        target_scores_json_curve(r, source->model, source->curve);
    add_facts(r, source);
    cJSON *classes = report_json_array(r, "classes");
    for (size_t c = 0; c < info->classes; c++)
        report_json_append_text(r, classes, info->class_name[c]);
}

/* Characters that are left for the samples, after all that is in the page in any case. */
static size_t budget_left(const report_numbers *n, const report_source *source) {
    const size_t taken = report_page_size + TEXT_BYTES + BYTES_A_K * (source->info->features + 1) +
                         report_numbers_size(n->used);
    return taken < MOST_BYTES ? MOST_BYTES - taken : 0;
}

static int gather(report_numbers *n, report_json *json, const report_source *source) {
    report_json_begin(json);
    report_numbers_begin(n, json);
    add_summary(json, source);
    report_cells cells;
    if (!report_cells_open(&cells, source)) return 0;
    const int done = report_points_add(n, &cells) && report_columns_add(n, &cells) &&
                     report_samples_add(n, &cells, budget_left(n, source));
    report_cells_close(&cells);
    return done;
}

/* JSON as the text of a script element, where a '<' could begin a tag. */
static void write_json(FILE *out, const char *text) {
    for (; *text; text++) {
        if (*text == '<')
            fputs("\\u003c", out);
        else
            fputc(*text, out);
    }
}

static void write_page(FILE *out, const char *json, const report_numbers *n) {
    static const char report_mark[] = "@REPORT@", numbers_mark[] = "@NUMBERS@";
    const char *report = strstr(report_page, report_mark);
    const char *numbers = strstr(report, numbers_mark);
    fwrite(report_page, 1, (size_t)(report - report_page), out);
    write_json(out, json);
    report += sizeof report_mark - 1;
    fwrite(report, 1, (size_t)(numbers - report), out);
    report_numbers_write(n, out);
    fputs(numbers + sizeof numbers_mark - 1, out);
}

static int write_file(const char *path, int force, const char *json, const report_numbers *n) {
    output_file file;
    if (!output_open(&file, path, force)) return 0;
    write_page(file.stream, json, n);
    return output_close(&file);
}

int report_html_write(const char *path, int force, const report_source *source) {
    report_json json;
    report_numbers n;
    char *text = gather(&n, &json, source) ? report_json_print(&json) : NULL;
    const int done = text && write_file(path, force, text, &n);
    cJSON_free(text);
    report_json_clear(&json);
    report_numbers_clear(&n);
    return done;
}
