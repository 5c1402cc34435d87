/* SPDX-License-Identifier: MIT */
#include "report_json.h"

#include "message.h"
#include "number.h"
#include "output_file.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>

void report_json_begin(report_json *r) {
    r->object = cJSON_CreateObject();
    r->failed = !r->object;
}

/* Takes over `item`, which may be NULL. */
static void add(report_json *r, cJSON *object, const char *name, cJSON *item) {
    cJSON *parent = object ? object : r->object;
    if (item && parent && cJSON_AddItemToObject(parent, name, item)) return;
    cJSON_Delete(item);
    r->failed = 1;
}

/* Numbers go in as text, for cJSON's own printing may lose the last bit; JSON knows no NaN. */
static cJSON *number_item(double value) {
    return isfinite(value) ? cJSON_CreateRaw(number_exact(value).text) : cJSON_CreateNull();
}

void report_json_number(report_json *r, cJSON *object, const char *name, double value) {
    add(r, object, name, number_item(value));
}

static cJSON *count_item(uint64_t value) {
    char text[32];
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    return cJSON_CreateRaw(text);
}

void report_json_count(report_json *r, cJSON *object, const char *name, uint64_t value) {
    add(r, object, name, count_item(value));
}

void report_json_text(report_json *r, cJSON *object, const char *name, const char *value) {
    add(r, object, name, cJSON_CreateString(value));
}

void report_json_null(report_json *r, const char *name) {
    add(r, NULL, name, cJSON_CreateNull());
}

static void append(report_json *r, cJSON *array, cJSON *item) {
    if (item && array && cJSON_AddItemToArray(array, item)) return;
    cJSON_Delete(item);
    r->failed = 1;
}

static cJSON *add_array(report_json *r, cJSON *object, const char *name) {
    cJSON *array = cJSON_CreateArray();
    add(r, object, name, array);
    return r->failed ? NULL : array;
}

static void add_numbers(report_json *r, cJSON *object, const char *name, const double *values,
                        size_t count) {
    cJSON *array = add_array(r, object, name);
    for (size_t i = 0; i < count && !r->failed; i++)
        append(r, array, number_item(values[i]));
}

void report_json_numbers(report_json *r, const char *name, const double *values, size_t count) {
    if (values)
        add_numbers(r, NULL, name, values, count);
    else
        report_json_null(r, name);
}

cJSON *report_json_array(report_json *r, const char *name) {
    return add_array(r, NULL, name);
}

cJSON *report_json_element(report_json *r, cJSON *array) {
    cJSON *object = cJSON_CreateObject();
    append(r, array, object);
    return r->failed ? NULL : object;
}

cJSON *report_json_object(report_json *r, cJSON *object, const char *name) {
    cJSON *made = cJSON_CreateObject();
    add(r, object, name, made);
    return r->failed ? NULL : made;
}

cJSON *report_json_array_in(report_json *r, cJSON *object, const char *name) {
    return add_array(r, object, name);
}

void report_json_append_count(report_json *r, cJSON *array, uint64_t value) {
    append(r, array, count_item(value));
}

void report_json_append_number(report_json *r, cJSON *array, double value) {
    append(r, array, number_item(value));
}

void report_json_append_text(report_json *r, cJSON *array, const char *value) {
    append(r, array, cJSON_CreateString(value));
}

/* Of predictors; an autoencoder has the loss alone. */
static void add_metric(report_json *r, const curve *c) {
    if (!c->metric) {
        report_json_null(r, "metric");
        return;
    }
    cJSON *metric = cJSON_CreateObject();
    add(r, NULL, "metric", metric);
    if (r->failed) return;
    report_json_text(r, metric, "name", c->metric_name);
    add_numbers(r, metric, "value", c->metric, c->n + 1);
}

void report_json_metric(report_json *r, const char *name, double value) {
    if (!name) {
        report_json_null(r, "metric");
        return;
    }
    cJSON *metric = report_json_object(r, NULL, "metric");
    if (r->failed) return;
    report_json_text(r, metric, "name", name);
    report_json_number(r, metric, "value", value);
}

static void add_chosen(report_json *r, const width_choice *chosen) {
    cJSON *object = cJSON_CreateObject();
    add(r, NULL, "chosen", object);
    if (r->failed) return;
    report_json_count(r, object, "k", chosen->k);
    report_json_text(r, object, "rule", chosen->rule);
    report_json_text(r, object, "why", chosen->why);
}

void report_json_curve(report_json *r, const curve *c) {
    report_json_count(r, NULL, "n", c->n);
    report_json_text(r, NULL, "unit", c->unit);
    report_json_numbers(r, "loss", c->loss, c->n + 1);
    report_json_numbers(r, "se", c->se, c->n + 1);
    add_metric(r, c);
    report_json_numbers(r, "pca", c->pca, c->n + 1);
    add_chosen(r, &c->chosen);
    report_json_count(r, NULL, "rows", c->rows);
}

static int write_text(const char *path, int force, const char *text) {
    output_file file;
    if (!output_open(&file, path, force)) return 0;
    fprintf(file.stream, "%s\n", text);
    return output_close(&file);
}

char *report_json_print(const report_json *r) {
    char *text = r->failed ? NULL : cJSON_PrintUnformatted(r->object);
    if (!text) message_memory();
    return text;
}

void report_json_clear(report_json *r) {
    cJSON_Delete(r->object);
    r->object = NULL;
}

int report_json_write(report_json *r, const char *path, int force) {
    char *text = r->failed ? NULL : cJSON_Print(r->object);
    report_json_clear(r);
    if (!text) return message_memory();
    const int done = write_text(path, force, text);
    cJSON_free(text);
    return done;
}
