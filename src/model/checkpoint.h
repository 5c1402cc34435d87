/* SPDX-License-Identifier: MIT
 * Where training stands, as a file: docs/format.md tells it to others. */
#ifndef TDROP_MODEL_CHECKPOINT_H
#define TDROP_MODEL_CHECKPOINT_H

#include "model/fit_terms.h"
#include "model/train.h"

/* The key by which a checkpoint is told from a model. */
#define TDROP_CHECKPOINT_VERSION_KEY "checkpoint_version"

/* Writes where the trainer stands, between two steps. An older file is replaced.
 * Errors: FILE, OVERFLOW, MEMORY. */
tdrop_status tdrop_checkpoint_write(const tdrop_trainer *trainer, const char *path,
                                    tdrop_error *error);

/* Has a trainer that has just been created stand where the file says. On an error it is as it was.
 * Errors: FILE, FORMAT (no checkpoint, of another fit, or not what it should be), MEMORY. */
tdrop_status tdrop_checkpoint_read(tdrop_trainer *trainer, const char *path, tdrop_error *error);

#endif
