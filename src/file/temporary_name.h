/* SPDX-License-Identifier: MIT
 * The names of temporary files, and what becomes of those that a killed process left behind. */
#ifndef TDROP_FILE_TEMPORARY_NAME_H
#define TDROP_FILE_TEMPORARY_NAME_H

enum { TDROP_TEMPORARY_NAME = 64 };

/* The name that this process uses at its n-th attempt. */
void tdrop_temporary_name(char name[TDROP_TEMPORARY_NAME], int attempt);

/* Marks a temporary file as being written for as long as this process has it open. Where the file
 * system knows no locks nothing happens, and nobody will remove it. */
void tdrop_temporary_hold(int fd);

/* Removes temporary files in the folder that nobody writes any more: of another process, a minute
 * old at least, and not held. What cannot be looked at or removed stays. */
void tdrop_temporary_remove_stale(int folder);

#endif
