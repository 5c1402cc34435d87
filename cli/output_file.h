/* SPDX-License-Identifier: MIT
 * Files that the program writes itself (JSON, SVG, PNG), there whole or not at all, and the early
 * look at every output, which comes before the work and not after it. */
#ifndef TDROP_CLI_OUTPUT_FILE_H
#define TDROP_CLI_OUTPUT_FILE_H

#include <stdio.h>

enum {
    OUTPUT_ONLY_FILE = 1, /* standard output will not do */
    OUTPUT_MAY_EXIST = 2, /* and be overwritten, whatever `force` is */
    OUTPUT_SPARES = 4     /* no output but what is read, whose file no output may take */
};

/* An output that was asked for: the option that names it and its path, NULL when not asked for.
 * What a command reads stands in the same table, called as its usage does. */
typedef struct output_wish {
    const char *option;
    const char *path;
    int manner; /* 0, or of the following */
} output_wish;

/* Looks at all outputs of a command, `wishes` ending with a row of zeros: two must not be the same
 * file, nor one that is read, each must be writable, and none may exist unless `force` is nonzero.
 * Devices and pipes exist and are fine. On refusal says why and returns 0, with *exit_code set. */
int output_check(const output_wish *wishes, int force, int *exit_code);

/* Where the report for people goes: standard output, or standard error when one of the outputs
 * takes standard output. */
FILE *output_beside(const output_wish *wishes);

/* A file being written. Path "-" is standard output; what is no regular file is written in place;
 * a regular file is written under another name in the same folder and put in place at the end. */
typedef struct output_file {
    FILE *stream;
    const char *path;
    char *target;    /* path with symbolic links followed, owned */
    char *temporary; /* owned; NULL when written in place */
    int force;
} output_file;

/* Opens it. On failure says why and returns 0. */
int output_open(output_file *file, const char *path, int force);

/* Puts the file in place. On failure says why, leaves nothing behind and returns 0. */
int output_close(output_file *file);

/* Gives it up and leaves nothing behind. */
void output_abandon(output_file *file);

#endif
