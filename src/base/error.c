/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

tdrop_status tdrop_fail(tdrop_error *error, tdrop_status status, const char *format, ...) {
    if (!error) return status;
    va_list args;
    va_start(args, format);
    error->status = status;
    vsnprintf(error->message, sizeof error->message, format, args);
    va_end(args);
    for (char *c = error->message; *c; c++) /* names and texts of others may hold line ends */
        if ((unsigned char)*c < 0x20 || *c == 0x7f) *c = '?';
    return status;
}

tdrop_status tdrop_fail_memory(tdrop_error *error, const char *what) {
    return tdrop_fail(error, TDROP_ERROR_MEMORY, "%s: memory ran out", what);
}
