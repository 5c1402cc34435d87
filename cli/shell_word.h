/* SPDX-License-Identifier: MIT
 * Words of a command line as a shell takes them. */
#ifndef TDROP_CLI_SHELL_WORD_H
#define TDROP_CLI_SHELL_WORD_H

#include <stdio.h>

/* Writes a word, in quotes where it needs them. */
void shell_word_write(FILE *out, const char *word);

/* The command line "taildropout" and `count` words behind it, to be freed with free(); NULL when
 * memory ran out. Parsing changes the order of the words: ask before. */
char *shell_command_line(int count, char *const *words);

#endif
