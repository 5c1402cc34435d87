/* SPDX-License-Identifier: MIT
 * taildropout prune: a model cut to its first k features. */
#include "choice.h"
#include "command.h"
#include "inputs.h"
#include "interrupt.h"
#include "message.h"
#include "number.h"
#include "output_file.h"
#include "progress.h"

#include <stdint.h>
#include <stdio.h>

typedef struct prune_settings {
    const char *model, *data, *output;
    width_rule k;
    uint64_t tune, seed; /* epochs, 0: none; of --tune */
    table_settings table;
    compute_settings compute;
    int force;
    uint64_t max_bytes, max_macs; /* 0: not given */
} prune_settings;

static const operand_row operands[] = {
    {"MODEL", offsetof(prune_settings, model), OPERAND_HELP_MODEL},
    {"DATA", offsetof(prune_settings, data), "for --tune: the table that the model was fitted to"},
    {0}};

static const option_row options[] = {
    {.letter = 'k',
     .type = OPTION_RULE,
     .value = "K",
     .field = offsetof(prune_settings, k),
     .help =
         "how many features to keep: a number, or a rule that reads the validation curve in "
         "the model: within=X% (the smallest k that reaches all but X% of the best k's gain), "
         "auto (within=2%, or fewer at a cliff: the features behind gain less than a tenth of the "
         "last one each), knee, or 1se (within one standard error of the best)"},
    {.name = "output",
     .letter = 'o',
     .required = 1,
     .type = OPTION_TEXT,
     .value = "OUT",
     .field = offsetof(prune_settings, output),
     .help = "file that the smaller model goes to"},
    {.name = "max-bytes",
     .type = OPTION_COUNT,
     .value = "N",
     .field = offsetof(prune_settings, max_bytes),
     .least = 1,
     .most = SIZE_MAX,
     .help = "keep fewer where the file would have more bytes than this; without -k, as many as it "
             "allows"},
    {.name = "max-macs",
     .type = OPTION_COUNT,
     .value = "N",
     .field = offsetof(prune_settings, max_macs),
     .least = 1,
     .most = SIZE_MAX,
     .help = "keep fewer where a row would take more multiply-adds than this; the same without -k"},
    {.name = "tune",
     .type = OPTION_COUNT,
     .value = "EPOCHS",
     .field = offsetof(prune_settings, tune),
     .least = 1,
     .most = UINT32_MAX,
     .help = "then train the cut model on DATA for all the features it has, nothing dropped; the "
             "held-out rows stay so and say which epoch is kept, or none of them"},
    {.name = "seed",
     .type = OPTION_COUNT,
     .value = "S",
     .field = offsetof(prune_settings, seed),
     .most = UINT64_MAX,
     .help = "order of the rows in --tune (default 0)"},
    OPTION_ROW_TARGET(prune_settings),
    OPTION_ROW_GROUP(prune_settings, OPTION_HELP_GROUP),
    OPTION_ROWS_TABLE(prune_settings),
    OPTION_ROWS_COMPUTE(prune_settings),
    {.name = "force",
     .field = offsetof(prune_settings, force),
     .help = "overwrite an output that exists"},
    {0},
};

/* What the model costs when it is cut to k. */
typedef struct cost {
    size_t bytes, multiply_adds; /* of the file; of a row */
} cost;

static tdrop_status cost_at(const tdrop_model *model, size_t k, cost *found) {
    tdrop_model *cut;
    tdrop_layer_info layer;
    tdrop_status status = tdrop_model_file_size(model, k, &found->bytes);
    if (!status) status = tdrop_model_prune(&cut, model, k, NULL);
    if (status) return status;
    found->multiply_adds = 0;
    for (size_t i = 0; tdrop_model_get_layer(cut, i, &layer) == TDROP_OK; i++)
        found->multiply_adds += layer.multiply_adds;
    tdrop_model_destroy(cut);
    return TDROP_OK;
}

/* The option that k breaks, or NULL. */
static const char *breaks(const prune_settings *s, const cost *c) {
    if (s->max_bytes && c->bytes > s->max_bytes) return "--max-bytes";
    if (s->max_macs && c->multiply_adds > s->max_macs) return "--max-macs";
    return NULL;
}

static int refuse_budget(const prune_settings *s, const char *option, const cost *c) {
    message_error("option %s: with 1 feature %s takes %s bytes and %s multiply-adds already",
                  option, s->model, number_grouped(c->bytes).text,
                  number_grouped(c->multiply_adds).text);
    return 0;
}

/* Lowers the choice to the largest k within the budgets; both costs grow with k. */
static int keep_budgets(const prune_settings *s, const tdrop_model *model, width_choice *choice) {
    size_t low = 0, high = choice->k;
    const char *broken = NULL, *last_broken = NULL;
    cost c = {0};
    while ((s->max_bytes || s->max_macs) && low < high) {
        const size_t k = last_broken ? low + (high - low + 1) / 2 : high;
        const tdrop_status status = cost_at(model, k, &c);
        if (status != TDROP_OK) return message_library(status, &(tdrop_error){.status = status});
        broken = breaks(s, &c);
        if (broken)
            high = k - 1, last_broken = broken;
        else
            low = k;
    }
    if (!last_broken) return 1;
    if (low == 0) return refuse_budget(s, last_broken, &c);
    if (s->k.text)
        snprintf(choice->short_why, sizeof choice->short_why, "the most within %s, of %zu by -k",
                 last_broken, choice->k);
    else
        snprintf(choice->short_why, sizeof choice->short_why, "the most within %s", last_broken);
    choice->k = low;
    return 1;
}

static void report(const prune_settings *s, const inputs *in, const width_choice *choice,
                   const tdrop_model *cut) {
    const size_t n = in->model_info.features;
    size_t before, after;
    printf("Kept %zu of %zu: %s.\n", choice->k, n, choice->short_why);
    if (tdrop_model_file_size(in->model, n, &before) != TDROP_OK ||
        tdrop_model_file_size(cut, choice->k, &after) != TDROP_OK)
        return;
    printf("%s has %s bytes, %s of the %s before.\n", s->output, number_grouped(after).text,
           number_percent((double)after / (double)before).text, number_grouped(before).text);
}

/* Tuning while it runs. */
typedef struct tuning {
    progress bar;
    uint32_t epochs; /* begun */
} tuning;

static int on_progress(void *context, const tdrop_fit_progress *now) {
    tuning *t = context;
    progress_show(&t->bar, now);
    t->epochs = now->epoch + 1;
    return now->step < now->steps && interrupt_came() ? TDROP_FIT_STOP : TDROP_FIT_GO_ON;
}

/* Puts the tuned model in the place of the cut one. From here on a signal stops the tuning, and
 * what it came to is saved. */
static tdrop_status tune(const prune_settings *s, const inputs *in, tuning *t, tdrop_model **cut,
                         tdrop_error *error) {
    tdrop_model *tuned;
    const tdrop_tune_options how = {
        .epochs = (uint32_t)s->tune, .seed = s->seed, .use = in->compute.use};
    const tdrop_fit_observer observer = {.context = t, .progress = on_progress};
    progress_begin(&t->bar, how.epochs, PROGRESS_USUAL);
    interrupt_catch();
    const tdrop_status status = tdrop_model_tune(&tuned, *cut, in->data, &how, &observer, error);
    progress_end(&t->bar);
    if (status != TDROP_OK) return status;
    tdrop_model_destroy(*cut);
    *cut = tuned;
    return TDROP_OK;
}

/* What tuning gave, `cut` being what was saved. */
static void report_tuned(const prune_settings *s, const inputs *in, const tuning *t,
                         const tdrop_model *cut) {
    tdrop_model_info info;
    if (interrupt_came())
        progress_note_stopped(&t->bar, interrupt_came(), t->epochs, s->output, NULL);
    interrupt_release();
    tdrop_model_get_info(cut, &info);
    if (info.tuned == in->model_info.tuned)
        printf("None of %u epochs was better: it is as it was cut.\n", (unsigned)t->epochs);
    else if (!in->model_info.valid_loss)
        printf("Tuned: %s with all %zu on %s held-out rows.\n",
               number_short(info.valid_loss[info.features]).text, info.features,
               number_grouped(info.valid_rows).text);
    else
        printf("Tuned: %s with all %zu, %s as it was cut, on %s held-out rows.\n",
               number_short(info.valid_loss[info.features]).text, info.features,
               number_short(in->model_info.valid_loss[info.features]).text,
               number_grouped(info.valid_rows).text);
}

/* What -k says; without it the budgets alone decide, so that the choice begins with all there are.
 */
static int choose(width_choice *choice, const prune_settings *s, const inputs *in) {
    if (s->k.text) return choice_make(choice, &s->k, &in->model_info, s->model, 1);
    *choice =
        (width_choice){.k = in->model_info.features, .short_why = "all are within the budget"};
    return 1;
}

static int cut(const prune_settings *s, const inputs *in) {
    width_choice choice;
    tdrop_model *pruned = NULL;
    tuning t = {.epochs = 0};
    tdrop_error error = {TDROP_OK, ""};
    if (!choose(&choice, s, in)) return 0;
    if (!keep_budgets(s, in->model, &choice)) return 0;
    tdrop_status status = tdrop_model_prune(&pruned, in->model, choice.k, &error);
    if (status == TDROP_OK && s->tune) status = tune(s, in, &t, &pruned, &error);
    if (status == TDROP_OK) status = tdrop_model_save(pruned, s->output, s->force, &error);
    if (status == TDROP_OK) {
        report(s, in, &choice, pruned);
        if (s->tune) report_tuned(s, in, &t, pruned);
    }
    tdrop_model_destroy(pruned);
    return status == TDROP_OK ? 1 : message_library(status, &error);
}

static int check_width(const prune_settings *s) {
    if (s->k.text || s->max_bytes || s->max_macs) return 1;
    message_error("prune: how many features to keep? Give -k K, as -k auto, or a budget: "
                  "--max-bytes or --max-macs");
    return 0;
}

/* Either both, or none. */
static int check_tuning(const prune_settings *s) {
    if (s->tune && !s->data)
        message_error("option --tune: on what? Give the table that the model was fitted to: "
                      "prune MODEL DATA");
    if (!s->tune && s->data)
        message_error("prune: argument '%s' is only for --tune EPOCHS", s->data);
    return !s->tune == !s->data;
}

static int run(int argc, char **argv) {
    prune_settings s = {.table.with_groups = 1};
    inputs in;
    int exit_code;
    if (!options_parse(&command_prune, argc, argv, &s, &exit_code)) return exit_code;
    if (!check_width(&s) || !check_tuning(&s)) return EXIT_USAGE;
    const output_wish wishes[] = {{"MODEL", s.model, OUTPUT_SPARES},
                                  {"DATA", inputs_file_of(s.data), OUTPUT_SPARES},
                                  {"--target", inputs_file_of(s.table.target), OUTPUT_SPARES},
                                  {"-o", s.output, OUTPUT_ONLY_FILE},
                                  {0}};
    if (!output_check(wishes, s.force, &exit_code)) return exit_code;
    if (!inputs_open(&in, s.model, s.data, TDROP_PART_TRAIN, s.data ? &s.table : NULL,
                     s.data ? &s.compute : NULL))
        return EXIT_FAILED;
    const int done = (!s.data || (inputs_open_groups(&in, s.table.groups) &&
                                  inputs_open_target(&in, s.table.target, s.data))) &&
                     cut(&s, &in);
    inputs_close(&in);
    return done ? EXIT_DONE : EXIT_FAILED;
}

const subcommand command_prune = {
    .name = "prune",
    .summary = "Cut a model to its first k features: a smaller file, the same results at that k.",
    .example = "prune model.safetensors -k auto -o small.safetensors",
    .operands = operands,
    .last_optional = 1,
    .options = options,
    .run = run,
};
