/* SPDX-License-Identifier: MIT
 * Whether two paths name one file, however they are written. */
#ifndef TDROP_CLI_SAME_FILE_H
#define TDROP_CLI_SAME_FILE_H

/* Also of files that are not there yet: by folder and name, symbolic links followed. Hard links to
 * one file are the same; devices and pipes are so only when they are written alike. */
int same_file(const char *a, const char *b);

/* Whether a source of data, as it is given to the program, is read from the file `path`: "-" is
 * standard input, and FILE:NAME is in FILE. */
int same_file_is_read(const char *source, const char *path);

#endif
