/* SPDX-License-Identifier: MIT
 * taildropout evaluate: the held-out loss at one k. */
#include "choice.h"
#include "command.h"
#include "inputs.h"
#include "message.h"
#include "number.h"
#include "output_file.h"
#include "report_json.h"
#include "split_text.h"
#include "target_scores.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct evaluate_settings {
    const char *model, *data, *json;
    width_rule k;
    int force;
    table_settings table;
    compute_settings compute;
} evaluate_settings;

static const operand_row operands[] = {
    {"MODEL", offsetof(evaluate_settings, model), OPERAND_HELP_MODEL},
    {"DATA", offsetof(evaluate_settings, data), OPERAND_HELP_DATA},
    {0}};

static const option_row options[] = {
    OPTION_ROW_TARGET(evaluate_settings),
    OPTION_ROW_GROUP(evaluate_settings, OPTION_HELP_GROUP),
    OPTION_ROWS_TABLE(evaluate_settings),
    OPTION_ROW_K(evaluate_settings, "features used: a number, or a rule as for prune (default all "
                                    "n)"),
    {.name = "json",
     .type = OPTION_TEXT,
     .value = "FILE",
     .field = offsetof(evaluate_settings, json),
     .help = "write the result as JSON; - for standard output"},
    OPTION_ROWS_COMPUTE(evaluate_settings),
    {.name = "force",
     .field = offsetof(evaluate_settings, force),
     .help = "overwrite an output that exists"},
    {0},
};

typedef struct evaluation {
    size_t k, n;
    tdrop_measure found;
    const char *unit, *metric, *source;
    double *target_r2; /* of a regression; NULL else */
} evaluation;

static void write_text(FILE *out, const evaluation *e, const inputs *in) {
    fprintf(out, "data   %s, %s %s\n", e->source, number_grouped(e->found.rows).text,
            split_rows_text(&in->model_info, &in->data_info));
    fprintf(out, "k      %zu of %zu\n", e->k, e->n);
    fprintf(out, "loss   %s, standard error %s\n", number_short(e->found.loss).text,
            number_short(e->found.se).text);
    fprintf(out, "unit   %s\n", e->unit);
    if (e->metric) fprintf(out, "%s %s\n", e->metric, number_percent(e->found.metric).text);
    if (e->target_r2) target_scores_write(out, in->model, e->target_r2, e->k);
}

static int write_json(const evaluate_settings *s, const evaluation *e, const inputs *in) {
    report_json r;
    report_json_begin(&r);
    report_json_count(&r, NULL, "k", e->k);
    report_json_count(&r, NULL, "n", e->n);
    report_json_text(&r, NULL, "unit", e->unit);
    report_json_number(&r, NULL, "loss", e->found.loss);
    report_json_number(&r, NULL, "se", e->found.se);
    report_json_metric(&r, e->metric, e->found.metric);
    if (e->target_r2) target_scores_json(&r, in->model, e->target_r2);
    report_json_count(&r, NULL, "rows", e->found.rows);
    return report_json_write(&r, s->json, s->force);
}

static int measure_targets(evaluation *e, const inputs *in) {
    tdrop_error error = {TDROP_OK, ""};
    if (in->model_info.task != TDROP_TASK_REGRESS) return 1;
    e->target_r2 = calloc(in->model_info.outputs, sizeof *e->target_r2);
    if (!e->target_r2) return message_memory();
    const tdrop_status status =
        tdrop_model_target_r2(e->target_r2, in->model, in->data, e->k, &in->compute.use, &error);
    return status == TDROP_OK ? 1 : message_library(status, &error);
}

static int evaluate(const evaluate_settings *s, const inputs *in, FILE *out) {
    evaluation e = {.n = in->model_info.features,
                    .unit = in->model_info.unit,
                    .metric = in->model_info.metric,
                    .source = in->data_info.name};
    tdrop_error error = {TDROP_OK, ""};
    if (!choice_or_all(&e.k, &s->k, &in->model_info, s->model, 0)) return 0;
    const tdrop_status status =
        tdrop_model_evaluate(&e.found, in->model, in->data, e.k, &in->compute.use, &error);
    if (status != TDROP_OK) return message_library(status, &error);
    int done = measure_targets(&e, in);
    if (done) {
        write_text(out, &e, in);
        done = !s->json || write_json(s, &e, in);
    }
    free(e.target_r2);
    return done;
}

static int run(int argc, char **argv) {
    evaluate_settings s = {.table.with_groups = 1};
    inputs in;
    int exit_code;
    if (!options_parse(&command_evaluate, argc, argv, &s, &exit_code)) return exit_code;
    const output_wish wishes[] = {{"MODEL", s.model, OUTPUT_SPARES},
                                  {"DATA", inputs_file_of(s.data), OUTPUT_SPARES},
                                  {"--target", inputs_file_of(s.table.target), OUTPUT_SPARES},
                                  {"--json", s.json, 0},
                                  {0}};
    if (!output_check(wishes, s.force, &exit_code)) return exit_code;
    if (!inputs_open(&in, s.model, s.data, TDROP_PART_TEST, &s.table, &s.compute))
        return EXIT_FAILED;
    const int done = inputs_open_groups(&in, s.table.groups) &&
                     inputs_open_target(&in, s.table.target, s.data) && inputs_note_unseen(&in) &&
                     evaluate(&s, &in, output_beside(wishes));
    inputs_close(&in);
    return done ? EXIT_DONE : EXIT_FAILED;
}

const subcommand command_evaluate = {
    .name = "evaluate",
    .summary = "Measure the held-out loss with k features.",
    .about = "Of the table that the model was fitted to, only held-out rows are measured; of any "
             "other, all.",
    .example = "evaluate model.safetensors data.npy -k 14",
    .operands = operands,
    .options = options,
    .run = run,
};
