/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* madvise */
#include "base/memory.h"

#include "base/sizes.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

bool tdrop_multiply(size_t a, size_t b, size_t *product) {
    if (b != 0 && a > SIZE_MAX / b) return false;
    *product = a * b;
    return true;
}

/* Large blocks are filled page by page, and a fault each 4 KB takes longer than reading a file; the
 * kernel is asked for large pages. Where it has none, nothing is lost. */
static void ask_for_large_pages(void *memory, size_t bytes) {
#ifdef MADV_HUGEPAGE
    const size_t large = (size_t)1 << 21, from = 8 * large;
    if (!memory || bytes < from) return;
    size_t skip = (large - (uintptr_t)memory % large) % large;
    madvise((char *)memory + skip, (bytes - skip) / large * large, MADV_HUGEPAGE);
#else
    (void)memory;
    (void)bytes;
#endif
}

void *tdrop_alloc(size_t count, size_t size) {
    size_t bytes = 0;
    if (!tdrop_multiply(count, size, &bytes) || bytes > SIZE_MAX - TDROP_ALIGNMENT) return NULL;
    if (bytes == 0) bytes = 1;
    void *memory = aligned_alloc(TDROP_ALIGNMENT, tdrop_round_up(bytes, TDROP_ALIGNMENT));
    ask_for_large_pages(memory, bytes);
    return memory;
}

void *tdrop_alloc_zero(size_t count, size_t size) {
    void *memory = tdrop_alloc(count, size);
    if (memory) memset(memory, 0, count * size);
    return memory;
}

char *tdrop_copy_string(const char *text) {
    size_t bytes = strlen(text) + 1;
    char *copy = tdrop_alloc(bytes, 1);
    if (copy) memcpy(copy, text, bytes);
    return copy;
}

void tdrop_free(void *memory) {
    free(memory);
}
