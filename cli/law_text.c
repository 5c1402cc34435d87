/* SPDX-License-Identifier: MIT */
#include "law_text.h"

#include "command.h"
#include "inputs.h"
#include "message.h"
#include "number.h"
#include "suggest.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 32 };

/* Of a law that reads p when none is given. */
static const double DEFAULT_P = 0.5;

static int wrong_usage(int *exit_code) {
    *exit_code = EXIT_USAGE;
    return 0;
}

static int unknown_name(const char *name, int *exit_code) {
    suggestion search = {.wrong = name};
    const char *known;
    for (int i = 0; (known = tdrop_law_kind_name((tdrop_law_kind)i)); i++)
        suggestion_offer(&search, known);
    if (search.nearest)
        message_error("option --law: no law '%s'; did you mean '%s'?", name, search.nearest);
    else
        message_error("option --law: no law '%s'; one of exponential, original, geometric:RATE, "
                      "uniform, log-uniform, pow2, mixed:SHARE, table:FILE",
                      name);
    return wrong_usage(exit_code);
}

/* `what` is asked for by the law `name`, as `example`. */
static int read_rate(const char *text, const char *name, const char *what, const char *example,
                     double *rate, int *exit_code) {
    if (text && number_parse_real(text, rate) && *rate >= 0 && *rate <= 1) return 1;
    message_error("option --law: %s needs %s from 0 to 1 behind a colon, as %s:%s", name, what,
                  name, example);
    return wrong_usage(exit_code);
}

/* One number for each k, in a column or in a row. */
static int copy_weights(const tdrop_data *data, const char *file, tdrop_law_options *law,
                        double **weights) {
    tdrop_data_info info;
    tdrop_data_get_info(data, &info);
    if (info.rows != 1 && info.columns != 1) {
        message_error("%s: %zu rows of %zu columns, but a law's table is one row or one column",
                      file, info.rows, info.columns);
        return 0;
    }
    const size_t count = info.rows * info.columns;
    float *values = inputs_floats(info.rows, info.columns);
    double *made = calloc(count, sizeof *made);
    const int good = values && (made || message_memory());
    if (good) {
        tdrop_data_get_rows(data, 0, info.rows, values);
        for (size_t i = 0; i < count; i++)
            made[i] = values[i];
        law->weights = *weights = made;
        law->weight_count = count;
    } else {
        free(made);
    }
    free(values);
    return good;
}

static int read_table(const char *file, tdrop_law_options *law, double **weights, int *exit_code) {
    tdrop_data *data = NULL;
    if (!file || !*file) {
        message_error("option --law: table needs a file of n + 1 weights behind a colon, as "
                      "table:weights.npy");
        return wrong_usage(exit_code);
    }
    const int good =
        inputs_read_data(&data, file, TDROP_PART_TRAIN) && copy_weights(data, file, law, weights);
    tdrop_data_destroy(data);
    if (!good) *exit_code = EXIT_FAILED;
    return good;
}

int law_text_read(const char *text, tdrop_law_options *law, double **weights, int *exit_code) {
    char name[NAME_SIZE];
    if (!text) return 1;
    const size_t length = strcspn(text, ":");
    const char *rest = text[length] ? text + length + 1 : NULL;
    snprintf(name, sizeof name, "%.*s", (int)(length < NAME_SIZE ? length : NAME_SIZE), text);
    if (tdrop_law_kind_parse(name, &law->kind)) return unknown_name(name, exit_code);
    if (law->kind == TDROP_LAW_EXPONENTIAL && law->p == 0.0) law->p = DEFAULT_P;
    if (law->kind == TDROP_LAW_GEOMETRIC)
        return read_rate(rest, name, "a rate", "0.05", &law->rate, exit_code);
    if (law->kind == TDROP_LAW_MIXED)
        return read_rate(rest ? rest : "0.15", name, "a share", "0.15", &law->rate, exit_code);
    if (law->kind == TDROP_LAW_TABLE) return read_table(rest, law, weights, exit_code);
    if (!rest) return 1;
    message_error("option --law: nothing can stand behind '%s'", name);
    return wrong_usage(exit_code);
}

void law_text_write(FILE *out, const tdrop_law_options *law) {
    fputs(tdrop_law_kind_name(law->kind), out);
    if (law->kind == TDROP_LAW_EXPONENTIAL || law->kind == TDROP_LAW_ORIGINAL)
        fprintf(out, ", p = %s", number_plain(law->p).text);
    if (law->kind == TDROP_LAW_GEOMETRIC) fprintf(out, ", rate %s", number_plain(law->rate).text);
    if (law->kind == TDROP_LAW_MIXED)
        fprintf(out, ", share %s at k = n", number_plain(law->rate).text);
    if (law->kind == TDROP_LAW_TABLE) fprintf(out, " of %zu weights", law->weight_count);
    fprintf(out, ", k from %u", (unsigned)law->k_min);
}

/* Nothing was dropped where a law that reads p was given p = 0. */
static int was_ordered(const tdrop_model_info *info) {
    return info->law.p > 0 ||
           (info->law.kind != TDROP_LAW_EXPONENTIAL && info->law.kind != TDROP_LAW_ORIGINAL);
}

void law_text_write_model(FILE *out, const tdrop_model_info *info) {
    if (was_ordered(info))
        law_text_write(out, &info->law);
    else
        fputs("none: nothing is ordered", out);
}
