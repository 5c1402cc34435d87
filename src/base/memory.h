/* SPDX-License-Identifier: MIT
 * Aligned memory and checked sizes. Every allocation of the libraries goes through here. */
#ifndef TDROP_BASE_MEMORY_H
#define TDROP_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Alignment of everything allocated here: a cache line, and the widest vector. */
enum { TDROP_ALIGNMENT = 64 };

/* count * size bytes, aligned; NULL when the product overflows or memory ran out. A size of 0 gives
 * a pointer that can be freed. Free with tdrop_free. */
void *tdrop_alloc(size_t count, size_t size);

/* The same, filled with zero bytes. */
void *tdrop_alloc_zero(size_t count, size_t size);

/* A copy of a string; NULL when memory ran out. */
char *tdrop_copy_string(const char *text);

/* Frees what the functions above gave. NULL is fine. */
void tdrop_free(void *memory);

/* *product = a * b; false when that does not fit. */
bool tdrop_multiply(size_t a, size_t b, size_t *product);

#endif
