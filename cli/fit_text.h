/* SPDX-License-Identifier: MIT
 * What a fit says before it trains: its settings, and what is worth knowing of them. */
#ifndef TDROP_CLI_FIT_TEXT_H
#define TDROP_CLI_FIT_TEXT_H

#include "taildropout_model.h"
#include "task_choice.h"

#include <stdio.h>

typedef struct fit_text {
    FILE *out;
    const tdrop_data *data, *target; /* target: NULL where there is none */
    const task_choice *choice;
    const char *source, *valid, *groups; /* DATA, --valid and --group, as typed */
    unsigned threads;
} fit_text;

/* All settings, a line each. */
void fit_text_write(const fit_text *text, const tdrop_fit_settings *settings);

/* Notes to standard error: what may not be meant. */
void fit_text_note(const fit_text *text, const tdrop_fit_settings *settings);

#endif
