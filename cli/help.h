/* SPDX-License-Identifier: MIT
 * What --help and --version say, made from the tables of commands and options. */
#ifndef TDROP_CLI_HELP_H
#define TDROP_CLI_HELP_H

#include "command.h"

/* Whether an operand of the subcommand may be left out. */
int help_is_optional(const subcommand *command, const operand_row *row);

/* The usage of a subcommand in one line, written into buffer and returned. */
const char *help_usage(const subcommand *command, char *buffer, size_t size);

/* The help of one subcommand, and of the program with its subcommands (a table that ends with
 * NULL), to standard output. Of a subcommand with common options only these are described, and the
 * others named, unless it is to be `all`. */
void help_command(const subcommand *command, int all);
void help_program(const subcommand *const *commands);

void help_version(void);

#endif
