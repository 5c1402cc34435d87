/* SPDX-License-Identifier: MIT
 * Choosing k from a scree curve: an array of held-out losses at k = 0..n. */
#include "taildropout.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* The k of the lowest loss, the smallest of them where several are equal. */
static size_t best_k(size_t n, const double *loss) {
    size_t best = 0;
    for (size_t k = 1; k <= n; k++)
        if (loss[k] < loss[best]) best = k;
    return best;
}

static size_t first_at_most(double bound, size_t best, const double *loss) {
    for (size_t k = 0; k < best; k++)
        if (loss[k] <= bound) return k;
    return best;
}

static size_t choose_within(double share, size_t n, const double *loss) {
    size_t best = best_k(n, loss);
    return first_at_most((1.0 - share) * loss[best] + share * loss[0], best, loss);
}

/* Feature k takes off ten times as much as those behind it, on average of any stretch of them.
 * Halves: no overflow. */
static bool is_cliff(size_t k, size_t best, const double *loss) {
    const double gain = loss[k - 1] / 2 - loss[k] / 2;
    for (size_t j = k + 1; j <= best; j++)
        if (loss[k] / 2 - loss[j] / 2 > 0.1 * gain * (double)(j - k)) return false;
    return true;
}

static size_t choose_auto(size_t n, const double *loss) {
    const size_t best = best_k(n, loss), enough = choose_within(TDROP_AUTO_SHARE, n, loss);
    for (size_t k = 1; k < enough; k++)
        if (loss[k] <= 0.9 * loss[best] + 0.1 * loss[0] && is_cliff(k, best, loss)) return k;
    return enough;
}

static size_t choose_1se(size_t n, const double *loss, const double *se) {
    size_t best = best_k(n, loss);
    return first_at_most(loss[best] + se[best], best, loss);
}

static size_t choose_knee(size_t n, const double *loss) {
    size_t best = best_k(n, loss), knee = 0;
    double farthest = 0.0, fall = loss[0] / 2 - loss[best] / 2; /* halves: no overflow */
    for (size_t k = 1; k < best; k++) {
        double below = (loss[0] / 2 - loss[k] / 2) / fall - (double)k / (double)best;
        if (below > farthest) farthest = below, knee = k;
    }
    return knee ? knee : best;
}

static bool all_finite(size_t n, const double *values) {
    for (size_t k = 0; k <= n; k++)
        if (!isfinite(values[k])) return false;
    return true;
}

static tdrop_status take_number(int32_t number, size_t n, int32_t *k) {
    if (number < 0 || (size_t)number > n) return TDROP_ERROR_K;
    *k = number;
    return TDROP_OK;
}

tdrop_status tdrop_choose_k(const tdrop_rule *rule, size_t n, const double *loss, const double *se,
                            int32_t *k) {
    if (!rule || !k) return TDROP_ERROR_NULL;
    if (n > INT32_MAX) return TDROP_ERROR_K;
    if (rule->kind == TDROP_RULE_K) return take_number(rule->k, n, k);
    if (!loss || (rule->kind == TDROP_RULE_1SE && !se)) return TDROP_ERROR_NULL;
    if (!all_finite(n, loss) || (rule->kind == TDROP_RULE_1SE && !all_finite(n, se)))
        return TDROP_ERROR_RULE;
    switch (rule->kind) {
    case TDROP_RULE_WITHIN:
        if (!(rule->share >= 0.0 && rule->share < 1.0)) return TDROP_ERROR_RULE;
        *k = (int32_t)choose_within(rule->share, n, loss);
        return TDROP_OK;
    case TDROP_RULE_KNEE:
        *k = (int32_t)choose_knee(n, loss);
        return TDROP_OK;
    case TDROP_RULE_1SE:
        *k = (int32_t)choose_1se(n, loss, se);
        return TDROP_OK;
    case TDROP_RULE_AUTO:
        *k = (int32_t)choose_auto(n, loss);
        return TDROP_OK;
    case TDROP_RULE_K: /* above */
        break;
    }
    return TDROP_ERROR_RULE;
}

/* Digits, and at most one point among them: what strtod reads the same way everywhere. */
static bool is_plain_number(const char *text, size_t length, bool with_point) {
    size_t digits = strspn(text, "0123456789");
    if (digits == length) return digits > 0;
    return with_point && text[digits] == '.' &&
           digits + 1 + strspn(text + digits + 1, "0123456789") == length && length > 1;
}

/* The value of a plain number. Not strtod: in some locales that expects a comma. */
static double plain_number(const char *text, size_t length) {
    double value = 0.0, unit = 1.0;
    bool behind_point = false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '.') {
            behind_point = true;
            continue;
        }
        value = value * 10.0 + (text[i] - '0');
        if (behind_point) unit *= 10.0;
    }
    return value / unit;
}

static tdrop_status parse_within(const char *text, tdrop_rule *rule) {
    size_t length = strlen(text);
    if (length < 2 || text[length - 1] != '%' || !is_plain_number(text, length - 1, true))
        return TDROP_ERROR_RULE;
    double share = plain_number(text, length - 1) / 100.0;
    if (!(share < 1.0)) return TDROP_ERROR_RULE;
    *rule = (tdrop_rule){.kind = TDROP_RULE_WITHIN, .share = share};
    return TDROP_OK;
}

tdrop_status tdrop_rule_parse(const char *text, tdrop_rule *rule) {
    if (!text || !rule) return TDROP_ERROR_NULL;
    if (!strcmp(text, "auto")) {
        *rule = (tdrop_rule){.kind = TDROP_RULE_AUTO};
        return TDROP_OK;
    }
    if (!strncmp(text, "within=", 7)) return parse_within(text + 7, rule);
    if (!strcmp(text, "knee") || !strcmp(text, "1se")) {
        *rule = (tdrop_rule){.kind = *text == 'k' ? TDROP_RULE_KNEE : TDROP_RULE_1SE};
        return TDROP_OK;
    }
    if (!is_plain_number(text, strlen(text), false)) return TDROP_ERROR_RULE;
    double k = plain_number(text, strlen(text));
    if (k > INT32_MAX) return TDROP_ERROR_RULE;
    *rule = (tdrop_rule){.kind = TDROP_RULE_K, .k = (int32_t)k};
    return TDROP_OK;
}
