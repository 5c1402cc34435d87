/* SPDX-License-Identifier: MIT */
#include "choice.h"

#include "message.h"

#include <stdio.h>

static size_t best_k(const tdrop_model_info *info) {
    size_t best = 0;
    for (size_t k = 1; k <= info->features; k++)
        if (info->valid_loss[k] < info->valid_loss[best]) best = k;
    return best;
}

/* What of `auto` decided: the 2 %, or a cliff before. */
static tdrop_rule deciding(const tdrop_rule *rule, size_t chosen, const tdrop_model_info *info) {
    const tdrop_rule within = {.kind = TDROP_RULE_WITHIN, .share = TDROP_AUTO_SHARE};
    int32_t k;
    if (rule->kind == TDROP_RULE_AUTO &&
        tdrop_choose_k(&within, info->features, info->valid_loss, info->valid_se, &k) == TDROP_OK &&
        (size_t)k == chosen)
        return within;
    return *rule;
}

static void explain(width_choice *choice, const tdrop_rule *rule, const tdrop_model_info *info) {
    char where[96] = "";
    if (rule->kind != TDROP_RULE_K)
        snprintf(where, sizeof where, "(k = %zu) on %zu validation rows", best_k(info),
                 info->valid_rows);
    switch (rule->kind) {
    case TDROP_RULE_WITHIN:
        snprintf(choice->short_why, sizeof choice->short_why, "within %.4g %% of the best",
                 100 * rule->share);
        snprintf(choice->why, sizeof choice->why,
                 "the smallest k that reaches %.6g %% of what the best k gains over k = 0 %s",
                 100 * (1 - rule->share), where);
        break;
    case TDROP_RULE_KNEE:
        snprintf(choice->short_why, sizeof choice->short_why, "the knee of the curve");
        snprintf(choice->why, sizeof choice->why,
                 "the knee: farthest below the line from k = 0 to the best k %s", where);
        break;
    case TDROP_RULE_1SE:
        snprintf(choice->short_why, sizeof choice->short_why, "one standard error from the best");
        snprintf(choice->why, sizeof choice->why,
                 "the smallest k within one standard error of the best k %s", where);
        break;
    case TDROP_RULE_K:
        snprintf(choice->short_why, sizeof choice->short_why, "as asked");
        snprintf(choice->why, sizeof choice->why, "given");
        break;
    case TDROP_RULE_AUTO:
        snprintf(choice->short_why, sizeof choice->short_why,
                 "each feature behind gains less than a tenth of feature %zu", choice->k);
        snprintf(choice->why, sizeof choice->why,
                 "at a cliff: the features behind gain less than a tenth of it each, all together "
                 "at most 10 %% of what the best k gains over k = 0 %s",
                 where);
        break;
    }
}

static int refuse_k(const tdrop_model_info *info, const char *model, const char *text,
                    size_t least) {
    message_error("option -k: '%s' is out of range: %s has %zu features: give %zu to %zu", text,
                  model, info->features, least, info->features);
    return 0;
}

int choice_make(width_choice *choice, const width_rule *rule, const tdrop_model_info *info,
                const char *model, size_t least) {
    int32_t k;
    const tdrop_status status =
        tdrop_choose_k(&rule->rule, info->features, info->valid_loss, info->valid_se, &k);
    if (status == TDROP_ERROR_K) return refuse_k(info, model, rule->text, least);
    if (!info->valid_loss && rule->rule.kind != TDROP_RULE_K) {
        message_error("%s: rule %s has nothing to choose by, the model came without a validation "
                      "curve: give a number",
                      model, rule->text);
        return 0;
    }
    if (status != TDROP_OK) {
        message_error("%s: rule %s cannot choose a width: %s: give a number", model, rule->text,
                      tdrop_status_text(status));
        return 0;
    }
    if ((size_t)k < least && rule->rule.kind == TDROP_RULE_K)
        return refuse_k(info, model, rule->text, least);
    if ((size_t)k < least) {
        message_error("%s: rule %s chooses k = %d, for no width gains anything: give a number",
                      model, rule->text, (int)k);
        return 0;
    }
    choice->k = (size_t)k;
    choice->rule = rule->text;
    const tdrop_rule decided = deciding(&rule->rule, choice->k, info);
    explain(choice, &decided, info);
    return 1;
}

int choice_auto(width_choice *choice, const tdrop_model_info *info, const char *model) {
    width_rule rule = {.text = "auto"};
    if (tdrop_rule_parse(rule.text, &rule.rule) != TDROP_OK) return 0;
    return choice_make(choice, &rule, info, model, 0);
}

int choice_or_all(size_t *k, const width_rule *rule, const tdrop_model_info *info,
                  const char *model, size_t least) {
    width_choice choice;
    *k = info->features;
    if (!rule->text) return 1;
    if (!choice_make(&choice, rule, info, model, least)) return 0;
    *k = choice.k;
    return 1;
}
