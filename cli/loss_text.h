/* SPDX-License-Identifier: MIT
 * A loss as text: NAME or huber:DELTA. */
#ifndef TDROP_CLI_LOSS_TEXT_H
#define TDROP_CLI_LOSS_TEXT_H

#include "taildropout_model.h"

#include <stdio.h>

/* Reads --loss; NULL leaves what there is. On failure says why, sets *exit_code and returns 0. */
int loss_text_read(const char *text, tdrop_loss_kind *kind, double *delta, int *exit_code);

/* "loss          huber, delta 1", a line; nothing of the loss that the task has by default. */
void loss_text_write_line(FILE *out, tdrop_loss_kind kind, tdrop_task task, double delta);

#endif
