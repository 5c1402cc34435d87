/* SPDX-License-Identifier: MIT
 * What a .csv file does not say of itself: its delimiter, and what a field stands for. */
#ifndef TDROP_DATA_CSV_TYPES_H
#define TDROP_DATA_CSV_TYPES_H

#include "data/csv_field.h"

/* What a field may stand for. */
typedef enum tdrop_csv_type {
    TDROP_CSV_MISSING, /* empty, NA, NaN or null in any case */
    TDROP_CSV_NUMBER,
    TDROP_CSV_INFINITE,  /* inf or infinity in any case */
    TDROP_CSV_TOO_LARGE, /* a number that no float holds */
    TDROP_CSV_TEXT
} tdrop_csv_type;

/* *value: of a number. Blanks around a number or a word for nothing do not matter. */
tdrop_csv_type tdrop_csv_type_of(const tdrop_csv_field *field, double *value);

/* *delimiter: of , ; and tab the one that the first record holds most often outside of quotes; a
 * comma when it holds none. False when the record does not end before `end`. */
bool tdrop_csv_find_delimiter(const char *at, const char *end, char *delimiter);

/* Whether a delimiter can be told from what fields hold; 0 stands for one that is found out. */
bool tdrop_csv_may_delimit(char delimiter);

/* Of a file. */
#define TDROP_CSV_NO_DELIMITER                                                                     \
    "%s: a quote, a line end or what numbers are written with cannot be the delimiter"

/* What to say of a field that is a number but for a comma in it, which stands for the point or,
 * before three digits, may part thousands; NULL of any other field. */
const char *tdrop_csv_comma_advice(const tdrop_csv_field *field);

#endif
