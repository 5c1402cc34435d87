/* SPDX-License-Identifier: MIT
 * What every experiment of the gallery does alike: its arguments, giving up, random numbers. */
#ifndef GALLERY_EXPERIMENT_H
#define GALLERY_EXPERIMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <taildropout.h>

enum {
    EXPERIMENT_USAGE = 2,
    EXPERIMENT_NO_DATA = 77, /* what ctest takes for "skipped" */
    EXPERIMENT_PURPOSE = TDROP_PURPOSE_USER
};

#define CHECK(call) ((call) ? experiment_fail(#call) : (void)0)

/* Says what failed and exits. */
_Noreturn void experiment_fail(const char *what);

/* Reads "OUT.svg [short]": *small tells whether the run is the test's. Exits when it is neither. */
const char *experiment_arguments(int argc, char **argv, bool *small);

/* Zeroed memory for count elements; exits when there is none. */
void *experiment_memory(size_t count, size_t element_size);

/* u[count] in [0, 1): stream number `stream` of this seed. */
void experiment_uniform(uint64_t seed, uint32_t stream, size_t count, double *u);

/* values[count] with mean 0 and variance 1, each a sum of twelve uniform numbers less 6: close to
 * normal within three deviations, and without a function of libm. */
void experiment_normal(uint64_t seed, uint32_t stream, size_t count, float *values);

#endif
