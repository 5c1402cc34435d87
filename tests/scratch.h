/* SPDX-License-Identifier: MIT
 * A folder of its own for each test: an empty temporary folder that is the current one while the
 * test runs, so that files are called by plain names, and that is gone afterwards. */
#ifndef TDROP_TESTS_SCRATCH_H
#define TDROP_TESTS_SCRATCH_H

#include <stddef.h>

/* Set-up and teardown of a cmocka test. */
int scratch_enter(void **state);
int scratch_leave(void **state);

/* How many files the current folder holds. */
size_t scratch_count(void);

/* Writes a file; fails the test if that does not work. */
void scratch_write(const char *name, const void *bytes, size_t size);

/* Reads a whole file; fails the test if that does not work. Free the result with free(). */
unsigned char *scratch_read(const char *name, size_t *size);

/* Runs what follows with a file as standard input or output (descriptor 0 or 1), until
 * scratch_restore(what it returned). */
int scratch_redirect(int descriptor, const char *name);
void scratch_restore(int descriptor, int saved);

#endif
