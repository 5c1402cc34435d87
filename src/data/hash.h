/* SPDX-License-Identifier: MIT
 * A hash of 64 bits that tells tables apart: quick, the same on every machine, and no defence
 * against somebody who looks for two of the same. */
#ifndef TDROP_DATA_HASH_H
#define TDROP_DATA_HASH_H

#include <stddef.h>
#include <stdint.h>

/* {0} has seen nothing. */
typedef struct tdrop_hash {
    uint64_t lane[4];
    uint64_t bytes;
} tdrop_hash;

/* Adds `count` numbers of `size` bytes (1, 2, 4 or 8), each lowest byte first. Where one call ends
 * and the next begins is part of what is hashed. */
void tdrop_hash_add(tdrop_hash *hash, const void *numbers, size_t count, size_t size);

/* Adds a string, NULL included. */
void tdrop_hash_add_text(tdrop_hash *hash, const char *text);

uint64_t tdrop_hash_value(const tdrop_hash *hash);

#endif
