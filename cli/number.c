/* SPDX-License-Identifier: MIT */
#include "number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int number_parse_count(const char *text, uint64_t *value) {
    uint64_t sum = 0;
    if (!*text) return 0;
    for (const char *c = text; *c; c++) {
        if (*c < '0' || *c > '9') return 0;
        const unsigned digit = (unsigned)(*c - '0');
        if (sum > (UINT64_MAX - digit) / 10) return 0;
        sum = sum * 10 + digit;
    }
    *value = sum;
    return 1;
}

int number_parse_real(const char *text, double *value) {
    /* strtod alone would also take blanks, "nan", "inf" and hexadecimal */
    if (!*text || text[strspn(text, "0123456789.eE+-")]) return 0;
    char *end = NULL;
    const double parsed = strtod(text, &end);
    if (*end || !isfinite(parsed)) return 0;
    *value = parsed;
    return 1;
}

int number_parse_duration(const char *text, double *seconds) {
    static const struct {
        char letter;
        double seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    char number[32];
    const size_t length = strlen(text);
    double value;
    if (length < 2 || length > sizeof number) return 0;
    memcpy(number, text, length - 1);
    number[length - 1] = '\0';
    if (!number_parse_real(number, &value) || !(value > 0 && value < 1e9)) return 0;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (text[length - 1] != units[i].letter) continue;
        *seconds = value * units[i].seconds;
        return 1;
    }
    return 0;
}

number_text number_short(double value) {
    number_text t = {"-"};
    if (!isfinite(value)) return t;
    snprintf(t.text, sizeof t.text, "%#.4g", value);
    const size_t length = strlen(t.text);
    if (t.text[length - 1] == '.') t.text[length - 1] = '\0';
    return t;
}

number_text number_plain(double value) {
    number_text t = {"-"};
    if (isfinite(value)) snprintf(t.text, sizeof t.text, "%.4g", value);
    return t;
}

number_text number_exact(double value) {
    number_text t;
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(t.text, sizeof t.text, "%.*g", digits, value);
        if (strtod(t.text, NULL) == value) break;
    }
    return t;
}

number_text number_grouped(size_t value) {
    number_text t;
    char digits[32];
    const int length = snprintf(digits, sizeof digits, "%zu", value);
    char *out = t.text;
    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0) *out++ = ',';
        *out++ = digits[i];
    }
    *out = '\0';
    return t;
}

number_text number_compact(double value) {
    static const char units[] = " kMG";
    number_text t = {"-"};
    size_t unit = 0;
    if (!(value >= 0)) return t;
    for (; value >= 999.5 && units[unit + 1]; unit++)
        value /= 1000;
    snprintf(t.text, sizeof t.text, unit ? "%.3g%c" : "%.3g", value, units[unit]);
    return t;
}

number_text number_percent(double share) {
    number_text t = {"-"};
    if (isfinite(share)) snprintf(t.text, sizeof t.text, "%.1f %%", 100 * share);
    return t;
}

number_text number_clock(double seconds) {
    number_text t = {"-"};
    if (!(seconds >= 0 && seconds < 1e9)) return t;
    const long whole = (long)ceil(seconds);
    if (whole < 3600)
        snprintf(t.text, sizeof t.text, "%ld:%02ld", whole / 60, whole % 60);
    else
        snprintf(t.text, sizeof t.text, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60,
                 whole % 60);
    return t;
}
