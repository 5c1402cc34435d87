/* SPDX-License-Identifier: MIT
 * Threads and instruction set, for every subcommand that computes. */
#ifndef TDROP_CLI_COMPUTE_H
#define TDROP_CLI_COMPUTE_H

#include "options.h"

/* What the options say; part of a subcommand's settings. */
typedef struct compute_settings {
    uint64_t threads; /* 0: as many as there are processors */
    int isa;          /* a tdrop_isa */
} compute_settings;

/* The names of instruction sets as an option's choices. */
const char *compute_isa_choice(int number);

/* The two rows for the options of a subcommand whose settings have the type `settings` and in it
 * a member `compute` of type compute_settings. */
#define OPTION_ROWS_COMPUTE(settings)                                                              \
    {.name = "threads",                                                                            \
     .type = OPTION_COUNT,                                                                         \
     .value = "T",                                                                                 \
     .field = offsetof(settings, compute.threads),                                                 \
     .least = 1,                                                                                   \
     .most = TDROP_MOST_THREADS,                                                                   \
     .help = "threads (default: one for each processor); results do not depend on it"},            \
    {                                                                                              \
        .name = "cpu", .type = OPTION_CHOICE, .value = "SET",                                      \
        .field = offsetof(settings, compute.isa), .choice = compute_isa_choice,                    \
        .help = "instruction set (default auto); results do not depend on it"                      \
    }

/* Threads that are running. */
typedef struct compute {
    tdrop_pool *pool;
    tdrop_parallel parallel;
    tdrop_use_options use; /* points to `parallel`: do not copy this struct */
} compute;

/* Starts the threads. On failure says why and returns 0. */
int compute_open(compute *c, const compute_settings *settings);
void compute_close(compute *c);

#endif
