/* SPDX-License-Identifier: MIT
 * Which right word a wrong one was meant to be. */
#ifndef TDROP_CLI_SUGGEST_H
#define TDROP_CLI_SUGGEST_H

#include <stddef.h>

/* The search for the nearest word: start with {.wrong = word}, offer every right word, then read
 * `nearest`, which stays NULL when none is near enough to be worth naming. */
typedef struct suggestion {
    const char *wrong;
    const char *nearest;
    size_t distance;
} suggestion;

void suggestion_offer(suggestion *search, const char *word);

#endif
