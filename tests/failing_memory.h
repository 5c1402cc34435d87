/* SPDX-License-Identifier: MIT
 * Memory that runs out where a test wants it to. A program that calls one of these functions has
 * its aligned_alloc, which all allocations of the libraries go through, replaced by one that
 * counts. */
#ifndef TDROP_TESTS_FAILING_MEMORY_H
#define TDROP_TESTS_FAILING_MEMORY_H

#include <stddef.h>

/* The allocation that comes after `good` further ones fails, once. */
void failing_memory_after(size_t good);

/* No allocation fails any more. Returns how many there were since failing_memory_after. */
size_t failing_memory_stop(void);

#endif
