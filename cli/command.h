/* SPDX-License-Identifier: MIT
 * A subcommand. Each lives in a file cmd_NAME.c and has one row in the table of main.c. */
#ifndef TDROP_CLI_COMMAND_H
#define TDROP_CLI_COMMAND_H

#include "options.h"

/* Exit codes of the program. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

typedef struct subcommand {
    const char *name;
    const char *summary; /* what it does, one line */
    const char *about;   /* what its --help says beyond that; may be NULL */
    const char *example; /* one command line without the word taildropout */
    const operand_row *operands;
    int last_optional; /* nonzero: the last operand may be left out */
    const option_row *options;
    const char *common; /* names of the options that its --help describes; NULL: all */
    int (*run)(int argc, char **argv); /* argv[0] is the subcommand; returns the exit code */
} subcommand;

extern const subcommand command_fit, command_scree, command_prune, command_encode, command_decode,
    command_predict, command_evaluate, command_info, command_help, command_completion;

/* All of them; ends with NULL. */
extern const subcommand *const subcommands[];

/* The one of that name. Where there is none says so, and which may be meant, and returns NULL. */
const subcommand *subcommand_find(const char *name);

#endif
