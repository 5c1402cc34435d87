/* SPDX-License-Identifier: MIT
 * taildropout prune: a model cut to its first k features. */
#include "choice.h"
#include "command.h"
#include "inputs.h"
#include "message.h"
#include "number.h"
#include "output_file.h"

#include <stdio.h>

typedef struct prune_settings {
    const char *model, *output;
    width_rule k;
    int force;
} prune_settings;

static const operand_row operands[] = {
    {"MODEL", offsetof(prune_settings, model), OPERAND_HELP_MODEL}, {0}};

static const option_row options[] = {
    {.letter = 'k',
     .required = 1,
     .type = OPTION_RULE,
     .value = "K",
     .field = offsetof(prune_settings, k),
     .help = "how many features to keep: a number, or a rule that reads the validation curve in "
             "the model: within=X% (the smallest k that reaches all but X% of the best k's gain), "
             "auto (within=2%), knee, or 1se (within one standard error of the best)"},
    {.name = "output",
     .letter = 'o',
     .required = 1,
     .type = OPTION_TEXT,
     .value = "OUT",
     .field = offsetof(prune_settings, output),
     .help = "file that the smaller model goes to"},
    {.name = "force",
     .field = offsetof(prune_settings, force),
     .help = "overwrite an output that exists"},
    {0},
};

static void report(const prune_settings *s, const inputs *in, const width_choice *choice) {
    const size_t n = in->model_info.features;
    size_t before, after;
    printf("Kept %zu of %zu: %s.\n", choice->k, n, choice->short_why);
    if (tdrop_model_file_size(in->model, n, &before) != TDROP_OK ||
        tdrop_model_file_size(in->model, choice->k, &after) != TDROP_OK)
        return;
    printf("%s has %s bytes, %s of the %s before.\n", s->output, number_grouped(after).text,
           number_percent((double)after / (double)before).text, number_grouped(before).text);
}

static int cut(const prune_settings *s, const inputs *in) {
    width_choice choice;
    tdrop_model *pruned = NULL;
    tdrop_error error = {TDROP_OK, ""};
    if (!choice_make(&choice, &s->k, &in->model_info, s->model, 1)) return 0;
    tdrop_status status = tdrop_model_prune(&pruned, in->model, choice.k, &error);
    if (status == TDROP_OK) status = tdrop_model_save(pruned, s->output, s->force, &error);
    tdrop_model_destroy(pruned);
    if (status != TDROP_OK) return message_library(status, &error);
    report(s, in, &choice);
    return 1;
}

static int run(int argc, char **argv) {
    prune_settings s = {0};
    inputs in;
    int exit_code;
    if (!options_parse(&command_prune, argc, argv, &s, &exit_code)) return exit_code;
    const output_wish wishes[] = {{"-o", s.output, 1}, {0}};
    if (!output_check(wishes, s.force, &exit_code)) return exit_code;
    if (!inputs_open(&in, s.model, NULL, TDROP_PART_TEST, NULL, NULL)) return EXIT_FAILED;
    const int done = cut(&s, &in);
    inputs_close(&in);
    return done ? EXIT_DONE : EXIT_FAILED;
}

const subcommand command_prune = {
    .name = "prune",
    .summary = "Cut a model to its first k features: a smaller file, the same results at that k.",
    .example = "prune model.safetensors -k auto -o small.safetensors",
    .operands = operands,
    .options = options,
    .run = run,
};
