/* SPDX-License-Identifier: MIT
 * taildropout info: what is in a model file. */
#include "choice.h"
#include "command.h"
#include "curve_table.h"
#include "inputs.h"
#include "law_text.h"
#include "loss_text.h"
#include "message.h"
#include "model_columns.h"
#include "number.h"
#include "output_file.h"
#include "report_json.h"
#include "split_text.h"

#include <stdio.h>
#include <string.h>

typedef struct info_settings {
    const char *model, *json;
    int force;
} info_settings;

static const operand_row operands[] = {
    {"MODEL", offsetof(info_settings, model), OPERAND_HELP_MODEL}, {0}};

static const option_row options[] = {
    {.name = "json",
     .type = OPTION_TEXT,
     .value = "FILE",
     .field = offsetof(info_settings, json),
     .help = "write the same as JSON; - for standard output"},
    {.name = "force",
     .field = offsetof(info_settings, force),
     .help = "overwrite an output that exists"},
    {0},
};

static void write_training(FILE *out, const tdrop_model_info *info) {
    fprintf(out, "fitted to     %s, hash %016llx\n", info->data_name,
            (unsigned long long)info->data_hash);
    fprintf(out, "rows          %s, ", number_grouped(info->data_rows).text);
    split_text_write(out, info);
    fputc('\n', out);
    fprintf(out, "scaling       %s\n", tdrop_scale_name(info->scale));
    loss_text_write_line(out, info->loss, info->task, info->huber_delta);
    fputs("law           ", out);
    law_text_write_model(out, info);
    fputc('\n', out);
    fprintf(out, "training      %u epochs, seed %llu, %s operations", (unsigned)info->epochs,
            (unsigned long long)info->seed, number_short(info->flops).text);
    if (info->tuned)
        fprintf(out, "; the last %u for all %zu features", (unsigned)info->tuned, info->features);
    fputc('\n', out);
}

/* What becomes of a cell in which nothing stands, also where there was none at the fit. */
static void write_missing(FILE *out, const tdrop_model_info *info) {
    static const char *const done[] = {
        [TDROP_MISSING_ERROR] = "cells are refused",
        [TDROP_MISSING_MEAN] = "cells count as the mean of their column",
        [TDROP_MISSING_MASK] =
            "cells count as the mean of their column, and the loss leaves them out",
    };
    fprintf(out, "missing       %s: %s\n", tdrop_missing_name(info->missing), done[info->missing]);
}

static void write_facts(FILE *out, const tdrop_model *model, const tdrop_model_info *info) {
    model_columns_write_task(out, model);
    fprintf(out, "architecture  %s\n", info->arch);
    fprintf(out, "features      %zu ordered", info->features);
    if (info->pruned_from) fprintf(out, ", pruned from %zu", info->pruned_from);
    fprintf(out, "\nparameters    %s\n", number_grouped(info->parameters).text);
    model_columns_write(out, model);
    write_missing(out, info);
    write_training(out, info);
}

/* Multiply-adds of a layer in the model cut to the chosen width. */
static size_t cost_in(const tdrop_model *cut, size_t i) {
    tdrop_layer_info layer = {0};
    return tdrop_model_get_layer(cut, i, &layer) == TDROP_OK ? layer.multiply_adds : 0;
}

/* One row of the table, and the two costs added to what there is. */
static void write_layer(FILE *out, const tdrop_layer_info *layer, const tdrop_model *cut, size_t i,
                        size_t cost[2]) {
    char name[48], shape[48];
    snprintf(name, sizeof name, "%s.%zu", layer->part, layer->index);
    snprintf(shape, sizeof shape, "%zu x %zu", layer->outputs, layer->inputs);
    if (!strcmp(layer->op, "widthbias")) /* a row for each k */
        snprintf(shape, sizeof shape, "%zu x %zu", layer->parameters / layer->outputs,
                 layer->outputs);
    if (layer->parameters == 0) snprintf(shape, sizeof shape, "%zu", layer->outputs);
    fprintf(out, "%-14s%-10s%12s%16s%16s", name, layer->op, shape,
            number_grouped(layer->parameters).text, number_grouped(layer->multiply_adds).text);
    if (cut) fprintf(out, "%16s", number_grouped(cost_in(cut, i)).text);
    fputc('\n', out);
    cost[0] += layer->multiply_adds;
    if (cut) cost[1] += cost_in(cut, i);
}

/* `cut`: the model with k features, NULL when there is none. */
static void write_layers(FILE *out, const tdrop_model *model, const tdrop_model *cut, size_t k) {
    size_t cost[2] = {0, 0};
    tdrop_layer_info layer;
    char at_k[32] = "";
    if (cut) snprintf(at_k, sizeof at_k, "at k = %zu", k);
    fprintf(out, "\n%-14s%-10s%12s%16s%16s%*s\n", "layer", "op", "shape", "parameters",
            "multiply-adds", cut ? 16 : 0, at_k);
    for (size_t i = 0; tdrop_model_get_layer(model, i, &layer) == TDROP_OK; i++)
        write_layer(out, &layer, cut, i, cost);
    fprintf(out, "multiply-adds of one row with all features: %s", number_grouped(cost[0]).text);
    if (cut) fprintf(out, ", with %zu: %s", k, number_grouped(cost[1]).text);
    fputs("\n\n", out);
}

static void add_facts(report_json *r, const tdrop_model *model, const tdrop_model_info *info) {
    char hash[24];
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)info->data_hash);
    model_columns_json(r, model);
    report_json_text(r, NULL, "missing", tdrop_missing_name(info->missing));
    report_json_text(r, NULL, "arch", info->arch);
    report_json_count(r, NULL, "parameters", info->parameters);
    report_json_count(r, NULL, "pruned_from", info->pruned_from);
    report_json_count(r, NULL, "tuned_epochs", info->tuned);
    report_json_text(r, NULL, "data", info->data_name);
    report_json_text(r, NULL, "data_hash", hash);
    report_json_count(r, NULL, "data_rows", info->data_rows);
    report_json_text(r, NULL, "split", tdrop_split_kind_name(info->split));
    if (info->valid_name) report_json_text(r, NULL, "valid_name", info->valid_name);
    report_json_number(r, NULL, "valid_share", info->valid_share);
    report_json_count(r, NULL, "split_seed", info->split_seed);
    if (info->groups) report_json_text(r, NULL, "groups", info->groups);
    report_json_text(r, NULL, "scale", tdrop_scale_name(info->scale));
    report_json_text(r, NULL, "loss_name", tdrop_loss_kind_name(info->loss));
    if (info->loss == TDROP_LOSS_HUBER)
        report_json_number(r, NULL, "huber_delta", info->huber_delta);
    report_json_text(r, NULL, "law", tdrop_law_kind_name(info->law.kind));
    report_json_number(r, NULL, "p", info->law.p);
    report_json_number(r, NULL, "rate", info->law.rate);
    report_json_count(r, NULL, "k_min", info->law.k_min);
    report_json_count(r, NULL, "seed", info->seed);
    report_json_count(r, NULL, "epochs", info->epochs);
    report_json_number(r, NULL, "flops", info->flops);
}

static void add_layers(report_json *r, const tdrop_model *model, const tdrop_model *cut) {
    cJSON *layers = report_json_array(r, "layers");
    tdrop_layer_info layer;
    for (size_t i = 0; tdrop_model_get_layer(model, i, &layer) == TDROP_OK && !r->failed; i++) {
        cJSON *object = report_json_element(r, layers);
        if (!object) return;
        report_json_text(r, object, "part", layer.part);
        report_json_count(r, object, "index", layer.index);
        report_json_text(r, object, "op", layer.op);
        report_json_count(r, object, "inputs", layer.inputs);
        report_json_count(r, object, "outputs", layer.outputs);
        report_json_count(r, object, "parameters", layer.parameters);
        report_json_count(r, object, "multiply_adds", layer.multiply_adds);
        if (cut) report_json_count(r, object, "multiply_adds_chosen", cost_in(cut, i));
    }
}

static int write_json(const info_settings *s, const inputs *in, const curve *c,
                      const tdrop_model *cut) {
    report_json r;
    report_json_begin(&r);
    add_facts(&r, in->model, &in->model_info);
    if (c->loss) report_json_curve(&r, c);
    add_layers(&r, in->model, cut);
    return report_json_write(&r, s->json, s->force);
}

static int show(const info_settings *s, const inputs *in, FILE *out) {
    const int with_curve = in->model_info.valid_loss != NULL;
    curve c = curve_of_validation(&in->model_info);
    if (with_curve && !choice_auto(&c.chosen, &in->model_info, s->model)) return 0;
    tdrop_model *cut = NULL;
    if (c.chosen.k > 0) tdrop_model_prune(&cut, in->model, c.chosen.k, NULL);
    write_facts(out, in->model, &in->model_info);
    write_layers(out, in->model, cut, c.chosen.k);
    if (with_curve)
        curve_table_short(out, &c, in->model);
    else
        fputs("No validation curve came with the model: scree measures one.\n", out);
    const int done = !s->json || write_json(s, in, &c, cut);
    tdrop_model_destroy(cut);
    return done;
}

static int run(int argc, char **argv) {
    info_settings s = {0};
    inputs in;
    int exit_code;
    if (!options_parse(&command_info, argc, argv, &s, &exit_code)) return exit_code;
    const output_wish wishes[] = {{"MODEL", s.model, OUTPUT_SPARES}, {"--json", s.json, 0}, {0}};
    if (!output_check(wishes, s.force, &exit_code)) return exit_code;
    if (!inputs_open(&in, s.model, NULL, TDROP_PART_TEST, NULL, NULL)) return EXIT_FAILED;
    const int done = show(&s, &in, output_beside(wishes));
    inputs_close(&in);
    return done ? EXIT_DONE : EXIT_FAILED;
}

const subcommand command_info = {
    .name = "info",
    .summary = "Show what a model is: task, columns, layers, law and validation curve.",
    .example = "info model.safetensors",
    .operands = operands,
    .options = options,
    .run = run,
};
