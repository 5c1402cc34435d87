/* SPDX-License-Identifier: MIT
 * The plain reference, and what runs where no other kernels do. */
#include "base/philox.h"
#include "kernels/tail_kernels.h"

#include <string.h>

static void uniform(const uint32_t counter[4], const uint32_t key[2], size_t rows, double *u) {
    for (size_t i = 0; i < rows; i++) {
        const uint32_t here[4] = {counter[0], counter[1] + (uint32_t)i, counter[2], counter[3]};
        uint32_t word[4];
        tdrop_philox(here, key, word);
        u[i] = tdrop_philox_unit(word[0], word[1]);
    }
}

static void copy_head(const char *x, char *y, size_t kept, size_t whole) {
    memcpy(y, x, kept);
    memset(y + kept, 0, whole - kept);
}

static void clear_tails(char *y, ptrdiff_t step, size_t count, const int32_t *keep, size_t block,
                        size_t whole) {
    for (size_t i = 0; i < count; i++, y += step) {
        const size_t kept = (size_t)keep[i] * block;
        memset(y + kept, 0, whole - kept);
    }
}

const tdrop_tail_kernels tdrop_tail_c = {
    .uniform = uniform, .copy_head = copy_head, .clear_tails = clear_tails};
