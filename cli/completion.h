/* SPDX-License-Identifier: MIT
 * What a shell has to know to complete command lines, made from the tables of commands and options.
 */
#ifndef TDROP_CLI_COMPLETION_H
#define TDROP_CLI_COMPLETION_H

#include "command.h"

/* Writes the completion for a shell, "bash" or "zsh", to standard output; `commands` is a table
 * that ends with NULL. Returns the exit code of the program. */
int completion_write(const subcommand *const *commands, const char *shell);

#endif
