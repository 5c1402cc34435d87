/* SPDX-License-Identifier: MIT */
#include "fit_text.h"

#include "law_text.h"
#include "loss_text.h"
#include "message.h"
#include "number.h"

#include <string.h>

static void write_data_line(const fit_text *t) {
    tdrop_data_info data;
    tdrop_data_get_info(t->data, &data);
    fprintf(t->out, "data          %s: %s rows of ", data.name, number_grouped(data.rows).text);
    for (int i = 0; i < data.item_dims; i++)
        fprintf(t->out, "%s%zu", i ? " x " : "", data.item_shape[i]);
    fprintf(t->out, "%s\n", data.item_dims ? "" : "one number");
}

static void write_task_line(const fit_text *t, const tdrop_fit_settings *s) {
    fprintf(t->out, "task          %s, %s", tdrop_task_name(t->choice->task), t->choice->why);
    if (s->classes) fprintf(t->out, ": %zu classes", s->classes);
    tdrop_data_info info = {.columns = 0};
    tdrop_column_info column;
    if (t->target) tdrop_data_get_info(t->target, &info);
    for (size_t j = 0; t->target && tdrop_data_get_column(t->target, j, &column) == TDROP_OK; j++)
        if (column.name)
            fprintf(t->out, "%s %s", j ? "," : info.columns > 1 ? ":" : " in column", column.name);
    fputc('\n', t->out);
}

/* What is known of a table's columns beyond their number. */
static void write_column_lines(const fit_text *t, const tdrop_fit_settings *s) {
    tdrop_data_info data;
    tdrop_column_info column;
    size_t categories = 0, levels = 0;
    tdrop_data_get_info(t->data, &data);
    for (size_t j = 0; tdrop_data_get_column(t->data, j, &column) == TDROP_OK; j++) {
        categories += column.kind == TDROP_COLUMN_CATEGORY;
        levels += column.levels;
    }
    if (categories)
        fprintf(t->out,
                "columns       %zu of numbers, %zu of categories with %zu levels: "
                "%zu inputs\n",
                data.columns - categories, categories, levels, s->inputs);
    if (!data.missing) return;
    fprintf(t->out, "missing       %s cells (%s):", number_grouped(data.missing).text,
            tdrop_missing_name(s->options.missing));
    for (size_t j = 0, shown = 0; tdrop_data_get_column(t->data, j, &column) == TDROP_OK; j++) {
        if (!column.missing) continue;
        fputs(shown++ ? ", " : " ", t->out);
        if (column.name)
            fprintf(t->out, "%s %zu", column.name, column.missing);
        else
            fprintf(t->out, "column %zu %zu", j + 1, column.missing);
    }
    fputc('\n', t->out);
}

static void write_law_line(FILE *out, const tdrop_fit_options *o) {
    if (o->no_drop) {
        fprintf(out, "law           none: nothing is dropped, nothing is ordered\n");
        return;
    }
    fputs("law           ", out);
    law_text_write(out, &o->law);
    fprintf(out, ", %s", o->independent ? "each row on its own" : "spread over the batch");
    if (o->balance > 0.0) fprintf(out, ", balance %s", number_plain(o->balance).text);
    fputc('\n', out);
}

static void write_optimizer(FILE *out, const tdrop_fit_options *o) {
    fprintf(out, ", %s", tdrop_optimizer_kind_name(o->optimizer));
    if (o->optimizer == TDROP_OPTIMIZER_ADAMW)
        fprintf(out, " with decay %s",
                number_plain(o->weight_decay > 0 ? o->weight_decay : 0).text);
    if (o->optimizer == TDROP_OPTIMIZER_SGD)
        fprintf(out, " with momentum %s", number_plain(o->momentum > 0 ? o->momentum : 0).text);
    if (o->clip_norm > 0) fprintf(out, ", clipped to %s", number_plain(o->clip_norm).text);
}

static void write_training_lines(FILE *out, const tdrop_fit_settings *s) {
    const tdrop_fit_options *o = &s->options;
    fprintf(out, "epochs        %u, %s steps of %s rows", (unsigned)o->epochs,
            number_grouped(s->steps).text, number_grouped(o->batch).text);
    if (o->patience) fprintf(out, ", at most %u without gain", (unsigned)o->patience);
    fprintf(out, "\nlearning      %s, rate %s, ", tdrop_schedule_name(o->schedule),
            number_plain(o->learning_rate).text);
    if (o->average > 0)
        fprintf(out, "average %s", number_plain(o->average).text);
    else
        fputs("no average", out);
    if (o->warm_up) fprintf(out, ", warm-up %s steps", number_grouped(o->warm_up).text);
    write_optimizer(out, o);
    fputs(o->no_center ? "" : ", centred", out);
    fputs(o->start == TDROP_START_PCA ? ", begun as PCA\n" : "\n", out);
}

static void write_rows_line(const fit_text *t, const tdrop_fit_settings *s) {
    FILE *out = t->out;
    fprintf(out, "rows          %s to train on, %s held out", number_grouped(s->rows_train).text,
            number_grouped(s->rows_valid).text);
    if (s->split == TDROP_SPLIT_TABLE) {
        fprintf(out, ": all of %s\n", t->valid);
        return;
    }
    if (s->split == TDROP_SPLIT_CLASSES) fputs(" (a share of each label)", out);
    fprintf(out, ", split seed %llu", (unsigned long long)s->options.split_seed);
    if (s->options.groups) fprintf(out, ", groups of %s", t->groups);
    fputc('\n', out);
}

void fit_text_write(const fit_text *t, const tdrop_fit_settings *s) {
    const tdrop_fit_options *o = &s->options;
    const tdrop_isa isa = o->isa == TDROP_ISA_AUTO ? tdrop_isa_best() : o->isa;
    FILE *out = t->out;
    write_task_line(t, s);
    write_data_line(t);
    write_column_lines(t, s);
    write_rows_line(t, s);
    fprintf(out, "scaling       %s\n", tdrop_scale_name(o->scale));
    loss_text_write_line(out, o->loss, o->task, o->huber_delta);
    fprintf(out, "architecture  %s\n", s->arch);
    fprintf(out, "parameters    %s, %zu ordered features\n", number_grouped(s->parameters).text,
            s->features);
    write_law_line(out, o);
    write_training_lines(out, s);
    fprintf(out, "seed          %llu\n", (unsigned long long)o->seed);
    fprintf(out, "threads       %u, %s\n\n", t->threads, tdrop_isa_name(isa));
    fflush(out);
}

/* Where an activation is named, none is added, and two linear layers in a row are no more than one.
 */
static void note_linear_pair(const char *arch) {
    size_t digits[2] = {0, 0};            /* of an item that is a width, and of the one before it */
    const char *item = strchr(arch, '-'); /* behind the input */
    while (item) {
        item++;
        digits[0] = digits[1];
        digits[1] = strcspn(item, "-");
        if (strspn(item, "0123456789") != digits[1]) digits[1] = 0;
        if (digits[0] && digits[1]) {
            const char *before = item - 1 - digits[0];
            message_note(
                "no activation stands between %.*s and %.*s, so both are one linear layer; "
                "where one is named, none is added: %.*s-relu-%.*s",
                (int)digits[0], before, (int)digits[1], item, (int)digits[0], before,
                (int)digits[1], item);
            return;
        }
        item = strchr(item, '-');
    }
}

/* Text in which a delimiter was not seen, and ids, become categories that say nothing of a row. */
static void note_lone_levels(const tdrop_data *table) {
    enum { FEWEST = 10 }; /* rows of which so much can be said */
    tdrop_data_info data;
    tdrop_column_info column;
    tdrop_data_get_info(table, &data);
    for (size_t j = 0; tdrop_data_get_column(table, j, &column) == TDROP_OK; j++) {
        if (column.levels < FEWEST || column.levels + column.missing < data.rows) continue;
        message_note(
            "%s: every row has a category of its own in column %zu%s%s: is it an id (--id, "
            "--drop)%s?",
            data.name, j + 1, column.name ? ", " : "", column.name ? column.name : "",
            data.columns == 1 ? ", or is there another --delimiter" : "");
        return;
    }
}

void fit_text_note(const fit_text *t, const tdrop_fit_settings *s) {
    if (s->lone_class && s->split != TDROP_SPLIT_TABLE)
        message_note("the label %s stands in one row only: %s", s->lone_class,
                     s->split == TDROP_SPLIT_GROUPS ? "either it is never learnt or never measured"
                                                    : "it is learnt, but never measured");
    if (s->unseen)
        message_note("%s: levels that are not in %s count as none (%zu): %s", t->valid, t->source,
                     s->unseen, s->unseen_levels);
    note_lone_levels(t->data);
    note_linear_pair(s->arch);
    if (s->batch_shrunk)
        message_note("there %s only %s row%s to train on: the batch shrinks to %s",
                     s->rows_train == 1 ? "is" : "are", number_grouped(s->rows_train).text,
                     s->rows_train == 1 ? "" : "s", s->rows_train == 1 ? "it" : "them");
    if (s->options.warm_up >= s->steps)
        message_note(
            "the warm-up takes %s steps, and there are %s: the learning rate rises up to the "
            "end and never gets to its course",
            number_grouped(s->options.warm_up).text, number_grouped(s->steps).text);
    if (s->constant_columns)
        message_note("%zu of %zu columns hold one value only: they are scaled by 1",
                     s->constant_columns, s->columns);
}
