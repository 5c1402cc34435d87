/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "guarded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void die(const char *what) {
    perror(what);
    exit(EXIT_FAILURE);
}

/* One page for the zone before data, at least; then the pages of data. */
void guarded_create(guarded *buffer, size_t size, int fill) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t inside = page + (size + page - 1) / page * page;
    buffer->map_size = inside + 2 * page;
    void *map = mmap(NULL, buffer->map_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED) die("mmap");
    buffer->map = map;
    if (mprotect(buffer->map + page, inside, PROT_READ | PROT_WRITE) != 0) die("mprotect");
    buffer->data = buffer->map + page + inside - size;
    buffer->size = size;
    buffer->fill = (unsigned char)fill;
    memset(buffer->map + page, fill, inside);
}

void guarded_destroy(guarded *buffer) {
    if (buffer->map != NULL) munmap(buffer->map, buffer->map_size);
    *buffer = (guarded){0};
}

void guarded_refill(guarded *buffer) {
    memset(buffer->data, buffer->fill, buffer->size);
}

static bool holds(const unsigned char *from, const unsigned char *to, unsigned char fill) {
    while (from < to)
        if (*from++ != fill) return false;
    return true;
}

bool guarded_untouched(const guarded *buffer, size_t from) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return holds(buffer->map + page, buffer->data, buffer->fill) &&
           holds(buffer->data + from, buffer->data + buffer->size, buffer->fill);
}
