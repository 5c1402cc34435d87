/* SPDX-License-Identifier: MIT */
#include "term_option.h"

#include "message.h"

#include <string.h>

/* What stands before a term in the library's message, and behind it. */
static const char before[] = ": a checkpoint of another fit: its ", behind[] = " is ";

static const struct {
    const char *term, *option;
} names[] = {
    {"library_version", "library version"},
    {"data", "DATA"},
    {"target", "--target"},
    {"groups", "--group"},
    {"valid_table", "--valid"},
    {"valid_target", "--valid-target"},
    {"init", "--init"},
    {"huber_delta", "delta of --loss huber"},
    {"no_drop", "no dropping (--p 0)"},
    {"law", "--law"},
    {"law_p", "--p"},
    {"law_rate", "rate of --law"},
    {"law_weights", "table of --law"},
    {"k_min", "--k-min"},
    {"independent", "--independent"},
    {"balance", "--balance"},
    {"no_center", "--no-center"},
    {"start", "--start"},
    {"keep_last", "--keep-last"},
    {"epochs", "--epochs"},
    {"batch", "--batch"},
    {"learning_rate", "--lr"},
    {"schedule", "--schedule"},
    {"average", "--average"},
    {"optimizer", "--optimizer"},
    {"weight_decay", "--weight-decay"},
    {"momentum", "--momentum"},
    {"clip_norm", "--clip"},
    {"warm_up", "--warm-up"},
    {"patience", "--patience"},
    {"task", "--task"},
    {"loss", "--loss"},
    {"seed", "--seed"},
    {"valid_share", "--valid"},
    {"split_seed", "--split-seed"},
    {"scale", "--scale"},
    {"missing", "--missing"},
};

static const char *option_of(const char *term, size_t length) {
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i].term) == length && strncmp(names[i].term, term, length) == 0)
            return names[i].option;
    return NULL;
}

int term_option_message(tdrop_status status, const tdrop_error *error) {
    const char *found = strstr(error->message, before);
    const char *term = found ? found + sizeof before - 1 : "";
    const char *end = strstr(term, behind);
    const char *option = end ? option_of(term, (size_t)(end - term)) : NULL;
    if (!option) return message_library(status, error);
    message_error("%.*s%s%s", (int)(term - error->message), error->message, option, end);
    return 0;
}
