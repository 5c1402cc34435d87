/* SPDX-License-Identifier: MIT */
#include "data/levels.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a (Fowler, Noll, Vo) */
static uint64_t hash_text(const char *text, size_t length) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3u;
    return hash ^ hash >> 32;
}

/* The slot of a text: its own, or the free one where it belongs. */
static uint32_t *find_slot(const tdrop_levels *levels, const char *text, size_t length) {
    size_t mask = levels->slot_count - 1;
    for (size_t at = (size_t)hash_text(text, length) & mask;; at = (at + 1) & mask) {
        uint32_t *slot = &levels->slots[at];
        if (!*slot) return slot;
        const char *name = levels->names.text + levels->names.start[*slot - 1];
        if (strncmp(name, text, length) == 0 && name[length] == '\0') return slot;
    }
}

/* At least half of the slots stay free. */
static tdrop_status make_room(tdrop_levels *levels) {
    enum { FIRST_SLOTS = 64 };
    if (2 * (levels->names.count + 1) <= levels->slot_count) return TDROP_OK;
    size_t count = levels->slot_count ? 2 * levels->slot_count : FIRST_SLOTS;
    uint32_t *slots = tdrop_alloc_zero(count, sizeof *slots);
    if (!slots) return TDROP_ERROR_MEMORY;
    tdrop_free(levels->slots);
    levels->slots = slots;
    levels->slot_count = count;
    for (size_t i = 0; i < levels->names.count; i++) {
        const char *name = levels->names.text + levels->names.start[i];
        *find_slot(levels, name, strlen(name)) = (uint32_t)i + 1;
    }
    return TDROP_OK;
}

tdrop_status tdrop_levels_find(tdrop_levels *levels, const char *text, size_t length,
                               size_t *number) {
    tdrop_status status = make_room(levels);
    if (status) return status;
    uint32_t *slot = find_slot(levels, text, length);
    if (!*slot) {
        const size_t most = levels->unlimited ? UINT32_MAX - 1 : TDROP_MOST_LEVELS;
        if (levels->names.count == most) return TDROP_ERROR_SIZE;
        status = tdrop_text_list_add(&levels->names, text, length);
        if (status) return status;
        *slot = (uint32_t)levels->names.count;
    }
    *number = *slot - 1;
    return TDROP_OK;
}

typedef struct named {
    const char *name;
    size_t number;
} named;

static int compare_names(const void *a, const void *b) {
    return strcmp(((const named *)a)->name, ((const named *)b)->name);
}

tdrop_status tdrop_levels_sort(const tdrop_levels *levels, char ***names, size_t *place) {
    size_t count = levels->names.count;
    named *order = tdrop_alloc(count, sizeof *order);
    const char **sorted = tdrop_alloc(count, sizeof *sorted);
    tdrop_status status = order && sorted ? TDROP_OK : TDROP_ERROR_MEMORY;
    if (!status) {
        for (size_t i = 0; i < count; i++)
            order[i] = (named){levels->names.text + levels->names.start[i], i};
        if (count) qsort(order, count, sizeof *order, compare_names);
        for (size_t i = 0; i < count; i++) {
            sorted[i] = order[i].name;
            place[order[i].number] = i;
        }
        status = tdrop_texts_copy(sorted, count, names);
    }
    tdrop_free(order);
    tdrop_free(sorted);
    return status;
}

void tdrop_levels_clear(tdrop_levels *levels) {
    tdrop_text_list_clear(&levels->names);
    tdrop_free(levels->slots);
    *levels = (tdrop_levels){0};
}

size_t tdrop_level_place(const char *const *names, size_t count, const char *text) {
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(names[middle], text);
        if (order == 0) return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return count;
}
