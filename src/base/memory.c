/* SPDX-License-Identifier: MIT */
#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

bool tdrop_multiply(size_t a, size_t b, size_t *product) {
    if (b != 0 && a > SIZE_MAX / b) return false;
    *product = a * b;
    return true;
}

size_t tdrop_round_up_aligned(size_t bytes) {
    return (bytes + TDROP_ALIGNMENT - 1) / TDROP_ALIGNMENT * TDROP_ALIGNMENT;
}

void *tdrop_alloc(size_t count, size_t size) {
    size_t bytes = 0;
    if (!tdrop_multiply(count, size, &bytes) || bytes > SIZE_MAX - TDROP_ALIGNMENT) return NULL;
    if (bytes == 0) bytes = 1;
    return aligned_alloc(TDROP_ALIGNMENT, tdrop_round_up_aligned(bytes));
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
