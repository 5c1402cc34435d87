/* SPDX-License-Identifier: MIT
 * JSON objects for --json. Numbers are written so that they read back as the same double. */
#ifndef TDROP_CLI_REPORT_JSON_H
#define TDROP_CLI_REPORT_JSON_H

#include "curve.h"

typedef struct cJSON cJSON;

/* An object being made; when memory runs out it is noted and said at the end. */
typedef struct report_json {
    cJSON *object;
    int failed;
} report_json;

void report_json_begin(report_json *r);

/* `object` NULL stands for the report itself. */
void report_json_number(report_json *r, cJSON *object, const char *name, double value);
void report_json_count(report_json *r, cJSON *object, const char *name, uint64_t value);
void report_json_text(report_json *r, cJSON *object, const char *name, const char *value);
void report_json_null(report_json *r, const char *name);
/* values NULL: null */
void report_json_numbers(report_json *r, const char *name, const double *values, size_t count);
/* An array, and an object appended to it, for report_json_number and the like. */
cJSON *report_json_array(report_json *r, const char *name);
cJSON *report_json_element(report_json *r, cJSON *array);
/* An object and an array within an object. */
cJSON *report_json_object(report_json *r, cJSON *object, const char *name);
cJSON *report_json_array_in(report_json *r, cJSON *object, const char *name);
void report_json_append_count(report_json *r, cJSON *array, uint64_t value);
void report_json_append_number(report_json *r, cJSON *array, double value);
void report_json_append_text(report_json *r, cJSON *array, const char *value);

/* A curve: "n", "unit", "loss", "se", "metric", "pca", "chosen": {"k", "rule", "why"}, "rows". */
void report_json_curve(report_json *r, const curve *c);

/* The "metric" of a single k in the form of a curve's, {"name", "value"}; name NULL: null. */
void report_json_metric(report_json *r, const char *name, double value);

/* The report as text without blanks, to be freed with cJSON_free(). On failure says why and returns
 * NULL. */
char *report_json_print(const report_json *r);

/* Frees the report; report_json_write has done so. */
void report_json_clear(report_json *r);

/* Writes the report to a path, "-" for standard output, and frees it. On failure says why and
 * returns 0. */
int report_json_write(report_json *r, const char *path, int force);

#endif
