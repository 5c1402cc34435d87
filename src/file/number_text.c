/* SPDX-License-Identifier: MIT */
#include "file/number_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the locale has for a decimal point, which may be several bytes, becomes one point. */
static void write_point(char *text) {
    char *end = text;
    for (const char *from = text; *from; from++) {
        bool strange = !strchr("0123456789+-e.", *from);
        if (!strange || (end > text && end[-1] != '.')) *end++ = strange ? '.' : *from;
    }
    *end = '\0';
}

const char *tdrop_number_text(double value, char text[TDROP_NUMBER_TEXT]) {
    snprintf(text, TDROP_NUMBER_TEXT, "%.17g", value);
    write_point(text);
    return text;
}

const char *tdrop_number_short_text(double value, char text[TDROP_NUMBER_TEXT]) {
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, TDROP_NUMBER_TEXT, "%.*g", digits, value);
        if (strtod(text, NULL) == value) break;
    }
    write_point(text);
    return text;
}
