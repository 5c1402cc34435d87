/* SPDX-License-Identifier: MIT
 * The checkpoints of a fit: what the options ask for, and what is said of them. */
#ifndef TDROP_CLI_CHECKPOINTS_H
#define TDROP_CLI_CHECKPOINTS_H

#include "options.h"

/* What the options say; part of the settings of fit. */
typedef struct checkpoint_settings {
    const char *path, *resume; /* NULL: not given */
    interval every;            /* 0: not given */
    int begins;                /* found out: there is nothing to resume yet */
} checkpoint_settings;

/* Whether both options name one file, however written: it is gone on from, and overwritten. */
int checkpoints_is_pair(const checkpoint_settings *settings);

/* Looks at the options before the work: whether they go together, and whether a checkpoint would be
 * overwritten that nobody asked to give up. Where both options name one file that is not there, the
 * fit begins at its start, and `begins` is set. On refusal says why and returns 0, with *exit_code
 * set. */
int checkpoints_agree(checkpoint_settings *settings, int force, int *exit_code);

/* The same for the library. */
tdrop_checkpoint_options checkpoints_options(const checkpoint_settings *settings);

/* What has become of the checkpoints of a fit that runs. */
typedef struct checkpoints {
    int verbose;             /* nonzero: each one is told */
    int failing;             /* nonzero: the last one could not be written */
    double resumed_seconds;  /* of training before this run */
    uint32_t resumed_epochs; /* that had ended before this run */
} checkpoints;

/* Notes what the library tells, and says what a person has to know: the first that cannot be
 * written, the first that can be again, and what the fit goes on from. `epochs` of the fit. */
void checkpoints_note(checkpoints *c, const tdrop_fit_checkpoint *told, uint32_t epochs);

/* At the end: returns 0, and says so, when the last one could not be written. */
int checkpoints_end(const checkpoints *c, const checkpoint_settings *settings);

/* The command that goes on from the checkpoint: the one that was given, and what it takes beyond.
 * To be freed; NULL when memory ran out. */
char *checkpoints_command(const checkpoint_settings *settings, const char *command);

#endif
