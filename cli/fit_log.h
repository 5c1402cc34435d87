/* SPDX-License-Identifier: MIT
 * The log of a fit: a line of JSON for each epoch, with everything that the bar shows. */
#ifndef TDROP_CLI_FIT_LOG_H
#define TDROP_CLI_FIT_LOG_H

#include "taildropout_model.h"

#include <stdio.h>

typedef struct fit_log {
    const char *path; /* NULL: none is written */
    FILE *stream;
    int failed;
} fit_log;

/* Opens the log; path NULL is fine, "-" is standard output. Of a log that is there already the
 * lines of the first `epochs` epochs stay: those beyond were written after the checkpoint that the
 * fit goes on from, and will come again. On failure says why; nothing is written then, and
 * fit_log_close returns 0. */
void fit_log_open(fit_log *log, const char *path, uint32_t epochs);

/* Writes the line of an epoch that ended. A line that cannot be written is told once. */
void fit_log_write(fit_log *log, const tdrop_fit_progress *now, uint32_t epochs);

/* Closes it. Returns 0 when a line could not be written. */
int fit_log_close(fit_log *log);

#endif
