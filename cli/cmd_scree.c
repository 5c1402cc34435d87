/* SPDX-License-Identifier: MIT
 * taildropout scree: the held-out loss at every k. */
#include "command.h"
#include "curve_svg.h"
#include "curve_table.h"
#include "curve_text.h"
#include "inputs.h"
#include "message.h"
#include "output_file.h"
#include "picture.h"
#include "report_html.h"
#include "report_json.h"
#include "shell_word.h"
#include "split_text.h"
#include "target_scores.h"
#include "verdict.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct scree_settings {
    const char *model, *data, *json, *svg, *png, *html;
    int force;
    table_settings table;
    compute_settings compute;
    const char *command; /* as it was typed; for --html */
} scree_settings;

#define AT(member) .field = offsetof(scree_settings, member)

static const operand_row operands[] = {
    {"MODEL", offsetof(scree_settings, model), OPERAND_HELP_MODEL},
    {"DATA", offsetof(scree_settings, data), OPERAND_HELP_DATA},
    {0}};

static const option_row options[] = {
    OPTION_ROW_TARGET(scree_settings),
    OPTION_ROW_GROUP(scree_settings, OPTION_HELP_GROUP),
    OPTION_ROWS_TABLE(scree_settings),
    {.name = "json",
     .type = OPTION_TEXT,
     .value = "FILE",
     AT(json),
     .help = "write the curve as JSON; - for standard output"},
    {.name = "svg",
     .type = OPTION_TEXT,
     .value = "FILE",
     AT(svg),
     .help = "draw the curve with PCA and the chosen k"},
    {.name = "png",
     .type = OPTION_TEXT,
     .value = "FILE",
     AT(png),
     .help = "draw ten held-out images above their reconstructions at k = 1, 2, 4, ..., n; for "
             "data whose rows are images"},
    {.name = "html",
     .type = OPTION_TEXT,
     .value = "FILE",
     AT(html),
     .help = "write a report as one page for a browser: the curve, and held-out rows with a slider "
             "for k"},
    OPTION_ROWS_COMPUTE(scree_settings),
    {.name = "force", AT(force), .help = "overwrite outputs that exist"},
    {0},
};

/* The table that PCA is fitted to. A file is one table, of which the library takes the rows that
 * the model was trained on; the data set in two parts has these in the other part. *other is that
 * table and to be destroyed. */
static int read_training_data(const inputs *in, const char *source, tdrop_data **other,
                              const tdrop_data **train) {
    *train = in->data;
    if (!inputs_two_parts(source)) return 1;
    if (!inputs_read_data(other, source, TDROP_PART_TRAIN)) return 0;
    tdrop_data_info info;
    tdrop_data_get_info(*other, &info);
    *train = info.hash == in->model_info.data_hash ? *other : NULL;
    return 1;
}

static int measure(const scree_settings *s, const inputs *in, tdrop_scree *scree) {
    tdrop_data *other = NULL;
    const tdrop_data *train = NULL;
    tdrop_error error = {TDROP_OK, ""};
    if (!read_training_data(in, s->data, &other, &train)) return 0;
    const tdrop_status status =
        tdrop_model_scree(scree, in->model, in->data, train, &in->compute.use, &error);
    tdrop_data_destroy(other);
    return status == TDROP_OK ? 1 : message_library(status, &error);
}

static int write_json(const scree_settings *s, const curve *c, const inputs *in) {
    report_json r;
    report_json_begin(&r);
    report_json_curve(&r, c);
    target_scores_json_curve(&r, in->model, c);
    return report_json_write(&r, s->json, s->force);
}

static int write_html(const scree_settings *s, const curve *c, const inputs *in) {
    const report_source source = {.command_name = "scree",
                                  .command = s->command,
                                  .seconds = -1,
                                  .curve = c,
                                  .model = in->model,
                                  .info = &in->model_info,
                                  .data = in->data,
                                  .labels = in->target,
                                  .use = &in->compute.use};
    return report_html_write(s->html, s->force, &source);
}

static int write_outputs(const scree_settings *s, const curve *c, const inputs *in) {
    return (!s->json || write_json(s, c, in)) &&
           (!s->svg || curve_svg_write(s->svg, s->force, c)) &&
           (!s->png || picture_write(s->png, s->force, in)) && (!s->html || write_html(s, c, in));
}

static int report(const scree_settings *s, FILE *out, const inputs *in, const tdrop_scree *scree) {
    curve c = {.n = scree->n,
               .rows = scree->rows,
               .rows_are = split_rows_text(&in->model_info, &in->data_info),
               .loss = scree->loss,
               .se = scree->se,
               .pca = scree->pca,
               .metric = scree->metric,
               .metric_name = in->model_info.metric,
               .targets = scree->targets,
               .target_r2 = scree->target_r2,
               .unit = in->model_info.unit,
               .not_pca = curve_not_pca(&in->model_info),
               .source = in->data_info.name};
    tdrop_model_info by = in->model_info;
    if (!by.valid_loss) { /* a model that came without a curve: by the one just measured */
        by.valid_loss = scree->loss;
        by.valid_se = scree->se;
        by.valid_rows = scree->rows;
    }
    if (!choice_auto(&c.chosen, &by, s->model)) return 0;
    curve_table_full(out, &c);
    fputc('\n', out);
    curve_text_write(out, &c);
    fputc('\n', out);
    if (c.targets)
        target_scores_write(out, in->model, c.target_r2 + c.chosen.k * c.targets, c.chosen.k);
    verdict_write(out, &c, NULL);
    return write_outputs(s, &c, in);
}

/* Models that predict need them to be measured; the report shows them of others, too. */
static int open_labels(const scree_settings *s, inputs *in) {
    if (!s->html || in->model_info.task != TDROP_TASK_AUTOENCODE)
        return inputs_open_target(in, s->table.target, s->data);
    const char *source = inputs_target_of(s->table.target, s->data);
    if (!source) return 1;
    if (!inputs_read_target(&in->target, in->data, source, TDROP_PART_TEST)) return 0;
    tdrop_data_get_info(in->data, &in->data_info);
    return 1;
}

static int work(const scree_settings *s, FILE *out) {
    inputs in;
    tdrop_scree scree = {0};
    if (!inputs_open(&in, s->model, s->data, TDROP_PART_TEST, &s->table, &s->compute)) return 0;
    const int done = inputs_open_groups(&in, s->table.groups) && open_labels(s, &in) &&
                     inputs_note_unseen(&in) &&
                     (!s->png || picture_can_be_made(&in.model_info, &in.data_info)) &&
                     measure(s, &in, &scree) && report(s, out, &in, &scree);
    tdrop_scree_destroy(&scree);
    inputs_close(&in);
    return done;
}

static int run_as(const char *command, int argc, char **argv) {
    scree_settings s = {.command = command, .table.with_groups = 1};
    int exit_code;
    if (!options_parse(&command_scree, argc, argv, &s, &exit_code)) return exit_code;
    const output_wish wishes[] = {{"MODEL", s.model, OUTPUT_SPARES},
                                  {"DATA", inputs_file_of(s.data), OUTPUT_SPARES},
                                  {"--target", inputs_file_of(s.table.target), OUTPUT_SPARES},
                                  {"--json", s.json, 0},
                                  {"--svg", s.svg, 0},
                                  {"--png", s.png, 0},
                                  {"--html", s.html, 0},
                                  {0}};
    if (!output_check(wishes, s.force, &exit_code)) return exit_code;
    return work(&s, output_beside(wishes)) ? EXIT_DONE : EXIT_FAILED;
}

static int run(int argc, char **argv) {
    char *command = shell_command_line(argc, argv);
    if (!command) return message_memory(), EXIT_FAILED;
    const int exit_code = run_as(command, argc, argv);
    free(command);
    return exit_code;
}

const subcommand command_scree = {
    .name = "scree",
    .summary = "Measure the held-out loss at every k = 0..n, with PCA beside it.",
    .about = "Of the table that the model was fitted to, only held-out rows are measured; of any "
             "other, all. The k named at the end was chosen on the validation rows of the fit.",
    .example = "scree model.safetensors data.npy --svg scree.svg",
    .operands = operands,
    .options = options,
    .run = run,
};
