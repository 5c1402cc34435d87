/* SPDX-License-Identifier: MIT */
#include "failing_memory.h"

#include <stdatomic.h>
#include <stdlib.h>

static atomic_size_t seen, failing; /* failing: the number of the one to fail, 0 for none */

void failing_memory_after(size_t good) {
    atomic_store(&seen, 0);
    atomic_store(&failing, good + 1);
}

size_t failing_memory_stop(void) {
    atomic_store(&failing, 0);
    return atomic_load(&seen);
}

void *aligned_alloc(size_t alignment, size_t size) {
    void *memory = NULL;
    if (atomic_fetch_add(&seen, 1) + 1 == atomic_load(&failing)) return NULL;
    return posix_memalign(&memory, alignment, size) ? NULL : memory;
}
