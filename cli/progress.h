/* SPDX-License-Identifier: MIT
 * Where a fit stands, on standard error: a bar on a terminal, otherwise a line now and then. */
#ifndef TDROP_CLI_PROGRESS_H
#define TDROP_CLI_PROGRESS_H

#include "taildropout_model.h"

typedef enum progress_manner {
    PROGRESS_USUAL,
    PROGRESS_SILENT,     /* nothing is shown */
    PROGRESS_EVERY_EPOCH /* a line at the end of each epoch */
} progress_manner;

typedef struct progress {
    uint32_t epochs;
    progress_manner manner;
    int live;        /* nonzero: a bar that is redrawn in place */
    int shown;       /* nonzero: something was shown */
    double shown_at; /* seconds, when it was */
} progress;

void progress_begin(progress *p, uint32_t epochs, progress_manner manner);
void progress_show(progress *p, const tdrop_fit_progress *now);

/* NAN when that cannot be told yet. */
double progress_rows_per_second(const tdrop_fit_progress *now);
double progress_seconds_left(const tdrop_fit_progress *now);

/* Clears the bar. */
void progress_end(progress *p);

/* Says what stopped training in which epoch, from 1, and that `model` is what there is; `go_on` is
 * the command that goes on from a checkpoint, or NULL. */
void progress_note_stopped(const progress *p, const char *by, uint32_t epoch, const char *model,
                           const char *go_on);

#endif
