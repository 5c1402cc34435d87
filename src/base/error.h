/* SPDX-License-Identifier: MIT
 * One line for a person about what went wrong. */
#ifndef TDROP_BASE_ERROR_H
#define TDROP_BASE_ERROR_H

#include "taildropout_model.h"

/* Fills *error (if not NULL) with the status and the formatted line, and returns the status, so
 * that a check reads: return tdrop_fail(error, TDROP_ERROR_FILE, "%s: cannot be read", path). */
__attribute__((format(printf, 3, 4))) tdrop_status
tdrop_fail(tdrop_error *error, tdrop_status status, const char *format, ...);

/* Memory ran out while doing `what`. */
tdrop_status tdrop_fail_memory(tdrop_error *error, const char *what);

#endif
