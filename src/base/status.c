/* SPDX-License-Identifier: MIT */
#include "taildropout.h"

#include <stddef.h>

#define TEXT_OF(number)       #number
#define VERSION_TEXT(a, b, c) TEXT_OF(a) "." TEXT_OF(b) "." TEXT_OF(c)

const char *tdrop_version(void) {
    return VERSION_TEXT(TDROP_VERSION_MAJOR, TDROP_VERSION_MINOR, TDROP_VERSION_PATCH);
}

typedef struct status_row {
    tdrop_status status;
    const char *name, *text;
} status_row;

#define ROW(status, text)                                                                          \
    { status, #status, text }

static const status_row status_rows[] = {
    ROW(TDROP_OK, "done"),
    ROW(TDROP_ERROR_NULL, "a pointer that is required is NULL"),
    ROW(TDROP_ERROR_RESERVED, "a reserved field is not zero"),
    ROW(TDROP_ERROR_SIZE, "a size or stride does not fit the others"),
    ROW(TDROP_ERROR_OVERFLOW, "a size in bytes is too large to be addressed"),
    ROW(TDROP_ERROR_WORKSPACE, "the workspace is smaller than asked for"),
    ROW(TDROP_ERROR_ORDER, "a handle was used before it was given what it needs"),
    ROW(TDROP_ERROR_ELEMENT, "the size of an element is not 1, 2, 4 or 8 bytes"),
    ROW(TDROP_ERROR_SHAPE, "two views differ in shape, or have other than 1 to 8 dims"),
    ROW(TDROP_ERROR_ALIAS, "two views overlap without being the same"),
    ROW(TDROP_ERROR_P, "p is outside [0, 1] or NaN"),
    ROW(TDROP_ERROR_K, "k is below 0 or above the number of features"),
    ROW(TDROP_ERROR_K_MIN, "k_min is beyond n, or p asks for more than k_min lets drop"),
    ROW(TDROP_ERROR_LAW, "no such law of k"),
    ROW(TDROP_ERROR_RATE, "the rate of a law is outside [0, 1] or NaN"),
    ROW(TDROP_ERROR_WEIGHTS, "the weights of k are not n + 1, or negative, all zero, not finite"),
    ROW(TDROP_ERROR_RULE, "no such rule for choosing k"),
    ROW(TDROP_ERROR_DIM, "a dim that the view does not have"),
    ROW(TDROP_ERROR_DIM_REPEATED, "a batch dim is named twice"),
    ROW(TDROP_ERROR_DIM_OVERLAP, "the dropout dim is a batch dim too, and k has to be drawn"),
    ROW(TDROP_ERROR_MEMORY, "memory ran out"),
    ROW(TDROP_ERROR_THREAD, "a thread could not be started"),
    ROW(TDROP_ERROR_ISA, "this processor lacks the instruction set that was asked for"),
    ROW(TDROP_ERROR_FILE, "a file cannot be opened, read or written"),
    ROW(TDROP_ERROR_FORMAT, "a file is not what it should be"),
    ROW(TDROP_ERROR_DATA, "the data cannot be used"),
    ROW(TDROP_ERROR_EXISTS, "the output exists already"),
    ROW(TDROP_ERROR_ARCH, "the architecture cannot be built"),
    ROW(TDROP_ERROR_STOPPED, "the fit was stopped before it was done"),
    ROW(TDROP_ERROR_MISSING, "nothing stands in a cell of the data"),
    ROW(TDROP_ERROR_LEVELS, "a column of categories has too many levels"),
};

static const status_row *find_row(tdrop_status status) {
    for (size_t i = 0; i < sizeof status_rows / sizeof *status_rows; i++)
        if (status_rows[i].status == status) return &status_rows[i];
    return NULL;
}

const char *tdrop_status_name(tdrop_status status) {
    const status_row *row = find_row(status);
    return row ? row->name : "unknown status";
}

const char *tdrop_status_text(tdrop_status status) {
    const status_row *row = find_row(status);
    return row ? row->text : "unknown status";
}
