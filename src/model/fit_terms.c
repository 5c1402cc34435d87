/* SPDX-License-Identifier: MIT */
#include "model/fit_terms.h"

#include "base/decimal.h"
#include "base/error.h"
#include "model/model.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

/* ---------------------------------------------------------------------------------------------
 * Options that are terms as they stand
 */

/* The type of an option's field. */
typedef enum field_type { FIELD_INT, FIELD_U32, FIELD_U64, FIELD_SIZE, FIELD_REAL } field_type;

typedef struct option_term {
    const char *key;
    field_type type;
    size_t field;                    /* offset in tdrop_fit_options */
    const char *(*name)(int number); /* of an INT that is an enumerator; else NULL */
} option_term;

static const char *task_name(int number) {
    return tdrop_task_name((tdrop_task)number);
}

static const char *loss_name(int number) {
    return tdrop_loss_kind_name((tdrop_loss_kind)number);
}

static const char *law_name(int number) {
    return tdrop_law_kind_name((tdrop_law_kind)number);
}

static const char *schedule_name(int number) {
    return tdrop_schedule_name((tdrop_schedule)number);
}

static const char *optimizer_name(int number) {
    return tdrop_optimizer_kind_name((tdrop_optimizer_kind)number);
}

static const char *start_name(int number) {
    return tdrop_start_name((tdrop_start)number);
}

static const char *missing_name(int number) {
    return tdrop_missing_name((tdrop_missing)number);
}

static const char *scale_name(int number) {
    return tdrop_scale_name((tdrop_scale)number);
}

#define FIELD(type, member) FIELD_##type, offsetof(tdrop_fit_options, member)

static const option_term option_terms[] = {
    {"task", FIELD(INT, task), task_name},
    {"loss", FIELD(INT, loss), loss_name},
    {"huber_delta", FIELD(REAL, huber_delta), NULL},
    {"no_drop", FIELD(INT, no_drop), NULL},
    {"law", FIELD(INT, law.kind), law_name},
    {"law_p", FIELD(REAL, law.p), NULL},
    {"law_rate", FIELD(REAL, law.rate), NULL},
    {"k_min", FIELD(U32, law.k_min), NULL},
    {"independent", FIELD(INT, independent), NULL},
    {"balance", FIELD(REAL, balance), NULL},
    {"no_center", FIELD(INT, no_center), NULL},
    {"start", FIELD(INT, start), start_name},
    {"keep_last", FIELD(INT, keep_last), NULL},
    {"epochs", FIELD(U32, epochs), NULL},
    {"batch", FIELD(SIZE, batch), NULL},
    {"learning_rate", FIELD(REAL, learning_rate), NULL},
    {"schedule", FIELD(INT, schedule), schedule_name},
    {"average", FIELD(REAL, average), NULL},
    {"optimizer", FIELD(INT, optimizer), optimizer_name},
    {"weight_decay", FIELD(REAL, weight_decay), NULL},
    {"momentum", FIELD(REAL, momentum), NULL},
    {"clip_norm", FIELD(REAL, clip_norm), NULL},
    {"warm_up", FIELD(U64, warm_up), NULL},
    {"patience", FIELD(U32, patience), NULL},
    {"seed", FIELD(U64, seed), NULL},
    {"valid_share", FIELD(REAL, valid_share), NULL},
    {"split_seed", FIELD(U64, split_seed), NULL},
    {"scale", FIELD(INT, scale), scale_name},
    {"missing", FIELD(INT, missing), missing_name},
};

static void write_int(const option_term *term, const void *field, char *text) {
    int value;
    memcpy(&value, field, sizeof value);
    if (term->name)
        snprintf(text, TDROP_TERM_TEXT, "%s", term->name(value));
    else
        snprintf(text, TDROP_TERM_TEXT, "%d", value);
}

static void write_field(const option_term *term, const void *field, char *text) {
    switch (term->type) {
    case FIELD_INT:
        write_int(term, field, text);
        break;
    case FIELD_U32:
        snprintf(text, TDROP_TERM_TEXT, "%" PRIu32, *(const uint32_t *)field);
        break;
    case FIELD_U64:
        snprintf(text, TDROP_TERM_TEXT, "%" PRIu64, *(const uint64_t *)field);
        break;
    case FIELD_SIZE:
        snprintf(text, TDROP_TERM_TEXT, "%zu", *(const size_t *)field);
        break;
    case FIELD_REAL:
        tdrop_decimal_short_text(*(const double *)field, text);
        break;
    }
}

/* ---------------------------------------------------------------------------------------------
 * Terms that are more than a number
 */

/* Two different tables would have to share 64 bits of checksums, and the rows as well. */
static void write_table(const tdrop_data *data, char *text) {
    if (data)
        snprintf(text, TDROP_TERM_TEXT, "%zu rows, hash %016" PRIx64, data->info.rows,
                 data->info.hash);
    else
        snprintf(text, TDROP_TERM_TEXT, "none");
}

static void write_checksum(const void *bytes, size_t size, char *text) {
    if (bytes)
        snprintf(text, TDROP_TERM_TEXT, "checksum %08lx", crc32_z(0, bytes, size));
    else
        snprintf(text, TDROP_TERM_TEXT, "none");
}

/* ---------------------------------------------------------------------------------------------
 * All of them
 */

/* Adds a term, and returns where its text is to be written. */
static char *add_term(tdrop_fit_terms *terms, const char *key) {
    char *text = terms->text[terms->count];
    terms->term[terms->count++] = (tdrop_text){key, text};
    return text;
}

void tdrop_fit_terms_make(tdrop_fit_terms *terms, const tdrop_fit_options *options,
                          const tdrop_data *data) {
    const tdrop_model *init = options->init;
    const tdrop_law_options *law = &options->law;
    terms->count = 0;
    snprintf(add_term(terms, "library_version"), TDROP_TERM_TEXT, "%s", tdrop_version());
    write_table(data, add_term(terms, "data"));
    write_table(options->task == TDROP_TASK_AUTOENCODE ? NULL : options->target,
                add_term(terms, "target"));
    write_table(options->groups, add_term(terms, "groups"));
    write_table(options->valid, add_term(terms, "valid_table"));
    write_table(options->task == TDROP_TASK_AUTOENCODE ? NULL : options->valid_target,
                add_term(terms, "valid_target"));
    add_term(terms, "architecture");
    terms->term[terms->count - 1].value = options->arch;
    write_checksum(init ? init->parameters : NULL,
                   init ? init->arch.parameters * sizeof *init->parameters : 0,
                   add_term(terms, "init")); /* before the start, which it decides too */
    for (size_t i = 0; i < sizeof option_terms / sizeof *option_terms; i++) {
        const option_term *term = &option_terms[i];
        write_field(term, (const char *)options + term->field, add_term(terms, term->key));
    }
    write_checksum(law->kind == TDROP_LAW_TABLE ? law->weights : NULL,
                   law->weight_count * sizeof *law->weights, add_term(terms, "law_weights"));
}

tdrop_status tdrop_fit_terms_compare(const tdrop_fit_terms *terms,
                                     const tdrop_safetensors *document, const char *path,
                                     tdrop_error *error) {
    for (size_t i = 0; i < terms->count; i++) {
        const tdrop_text *now = &terms->term[i];
        const char *then = tdrop_safetensors_text(document, now->key);
        if (then && strcmp(then, now->value) == 0) continue;
        return tdrop_fail(error, TDROP_ERROR_FORMAT,
                          "%s: a checkpoint of another fit: its %s is %.200s, here it is %.200s; "
                          "give what it was begun with, or begin anew",
                          path, now->key, then ? then : "missing", now->value);
    }
    return TDROP_OK;
}
