/* SPDX-License-Identifier: MIT
 * The width that a rule chooses from the validation curve in a model. */
#ifndef TDROP_CLI_CHOICE_H
#define TDROP_CLI_CHOICE_H

#include "options.h"

typedef struct width_choice {
    size_t k;
    const char *rule;   /* as written */
    char short_why[80]; /* "within 2 % of the best" */
    char why[256];      /* the same in full */
} width_choice;

/* The row for -k of a subcommand whose settings have a member `k` of type width_rule. */
#define OPTION_ROW_K(settings, text)                                                               \
    {                                                                                              \
        .letter = 'k', .type = OPTION_RULE, .value = "K", .field = offsetof(settings, k),          \
        .help = text                                                                               \
    }

/* Applies a rule. `model` is the path of the model, for messages; `least` the smallest k that will
 * do. On failure says why and returns 0. */
int choice_make(width_choice *choice, const width_rule *rule, const tdrop_model_info *info,
                const char *model, size_t least);

/* The rule `auto`. */
int choice_auto(width_choice *choice, const tdrop_model_info *info, const char *model);

/* The k of a subcommand that uses all n when no -k was given. */
int choice_or_all(size_t *k, const width_rule *rule, const tdrop_model_info *info,
                  const char *model, size_t least);

#endif
