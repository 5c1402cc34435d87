/* SPDX-License-Identifier: MIT
 * What the processor, and the operating system with it, can run. */
#ifndef TDROP_BASE_CPU_H
#define TDROP_BASE_CPU_H

#include "taildropout.h"

#include <stdbool.h>

/* Whether kernels of this instruction set run here. AUTO and C always do. */
bool tdrop_cpu_runs(tdrop_isa isa);

/* The best instruction set that runs here, never AUTO. */
tdrop_isa tdrop_cpu_best(void);

/* The name of an instruction set, or NULL. */
const char *tdrop_cpu_isa_name(tdrop_isa isa);

/* Lets the processor know that this is a waiting loop. */
void tdrop_cpu_relax(void);

#endif
