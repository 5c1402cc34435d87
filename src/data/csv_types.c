/* SPDX-License-Identifier: MIT */
#include "data/csv_types.h"

#include "base/decimal.h"
#include "data/table.h"

#include <string.h>

typedef struct span {
    const char *text;
    size_t length;
} span;

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

static span without_blanks(const tdrop_csv_field *field) {
    span s = {field->text, field->length};
    while (s.length > 0 && is_blank(s.text[s.length - 1]))
        s.length--;
    while (s.length > 0 && is_blank(*s.text))
        s.text++, s.length--;
    return s;
}

static bool is_word(span s, const char *lower_case) {
    size_t length = strlen(lower_case);
    if (s.length != length) return false;
    for (size_t i = 0; i < length; i++) {
        char c = s.text[i];
        if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != lower_case[i]) return false;
    }
    return true;
}

static bool is_infinity(span s) {
    if (s.length > 0 && (*s.text == '-' || *s.text == '+')) s.text++, s.length--;
    return is_word(s, "inf") || is_word(s, "infinity");
}

tdrop_csv_type tdrop_csv_type_of(const tdrop_csv_field *field, double *value) {
    span s = without_blanks(field);
    if (s.length == 0 || is_word(s, "na") || is_word(s, "nan") || is_word(s, "null"))
        return TDROP_CSV_MISSING;
    const char *end = s.text + s.length;
    if (tdrop_decimal_read(s.text, end, value) == end)
        return tdrop_is_beyond_float(*value) ? TDROP_CSV_TOO_LARGE : TDROP_CSV_NUMBER;
    return is_infinity(s) ? TDROP_CSV_INFINITE : TDROP_CSV_TEXT;
}

bool tdrop_csv_find_delimiter(const char *at, const char *end, char *delimiter) {
    static const char candidates[] = {',', ';', '\t'};
    enum { CANDIDATES = sizeof candidates };
    size_t count[CANDIDATES] = {0}, best = 0;
    bool quoted = false, begins = true; /* a field */
    for (; at < end && (quoted || (*at != '\n' && *at != '\r')); at++) {
        if (*at == '"' && (quoted || begins)) quoted = !quoted;
        begins = false;
        for (size_t i = 0; i < CANDIDATES; i++) {
            const bool found = !quoted && *at == candidates[i];
            count[i] += found;
            begins |= found;
        }
    }
    for (size_t i = 1; i < CANDIDATES; i++)
        if (count[i] > count[best]) best = i;
    *delimiter = candidates[best];
    return at < end;
}

bool tdrop_csv_may_delimit(char delimiter) {
    return !delimiter || !strchr("\"\r\n0123456789+-.eE", delimiter);
}

/* Whether the comma at `comma` may be one between thousands: 1,000 but not 0,125 nor 1234,567. */
static bool may_part_thousands(span s, const char *comma) {
    size_t sign = *s.text == '-' || *s.text == '+';
    size_t before = (size_t)(comma - s.text) - sign, behind = s.length - sign - before - 1;
    if (before < 1 || before > 3 || behind != 3 || s.text[sign] == '0') return false;
    for (size_t i = 1; i <= 3; i++)
        if (comma[i] < '0' || comma[i] > '9') return false;
    return true;
}

const char *tdrop_csv_comma_advice(const tdrop_csv_field *field) {
    enum { MOST = 64 };
    char text[MOST];
    double value;
    span s = without_blanks(field);
    const char *comma = s.length < MOST ? memchr(s.text, ',', s.length) : NULL;
    if (!comma) return NULL;
    memcpy(text, s.text, s.length);
    text[comma - s.text] = '.';
    if (tdrop_decimal_read(text, text + s.length, &value) != text + s.length) return NULL;
    return may_part_thousands(s, comma)
               ? "has a comma that parts thousands or stands for the point; write numbers with a "
                 "point and nothing between thousands"
               : "has a decimal comma; write numbers with a point";
}
