/* SPDX-License-Identifier: MIT */
#include "data/text_list.h"

#include "base/memory.h"

#include <stdint.h>
#include <string.h>

enum { FIRST_TEXT = 256, FIRST_COUNT = 16 };

/* Room for `wanted` elements in *memory, doubling so that copying stays linear. */
static tdrop_status reserve(void *memory, size_t *capacity, size_t used, size_t wanted,
                            size_t first, size_t size) {
    if (wanted <= *capacity) return TDROP_OK;
    size_t room = *capacity ? *capacity : first;
    while (room < wanted)
        if (!tdrop_multiply(room, 2, &room)) return TDROP_ERROR_MEMORY;
    void *old, *grown = tdrop_alloc(room, size);
    if (!grown) return TDROP_ERROR_MEMORY;
    memcpy(&old, memory, sizeof old);
    if (used) memcpy(grown, old, used * size);
    tdrop_free(old);
    memcpy(memory, &grown, sizeof grown);
    *capacity = room;
    return TDROP_OK;
}

tdrop_status tdrop_text_list_add(tdrop_text_list *list, const char *text, size_t length) {
    if (length >= SIZE_MAX - list->size) return TDROP_ERROR_MEMORY;
    if (reserve(&list->text, &list->capacity, list->size, list->size + length + 1, FIRST_TEXT, 1) ||
        reserve(&list->start, &list->count_capacity, list->count, list->count + 1, FIRST_COUNT,
                sizeof *list->start))
        return TDROP_ERROR_MEMORY;
    list->start[list->count++] = list->size;
    if (length) memcpy(list->text + list->size, text, length);
    list->size += length;
    list->text[list->size++] = '\0';
    return TDROP_OK;
}

void tdrop_text_list_cut(tdrop_text_list *list, size_t count) {
    if (count == list->count) return;
    list->size = list->start[count];
    list->count = count;
}

/* Pointers and then the characters. */
static char **allocate_block(size_t count, size_t size) {
    size_t pointers;
    if (!tdrop_multiply(count, sizeof(char *), &pointers) || pointers > SIZE_MAX - size)
        return NULL;
    return tdrop_alloc(pointers + size, 1);
}

tdrop_status tdrop_text_list_copy(const tdrop_text_list *list, char ***texts) {
    char **block = allocate_block(list->count, list->size);
    if (!block) return TDROP_ERROR_MEMORY;
    char *text = (char *)(block + list->count);
    if (list->size) memcpy(text, list->text, list->size);
    for (size_t i = 0; i < list->count; i++)
        block[i] = text + list->start[i];
    *texts = block;
    return TDROP_OK;
}

tdrop_status tdrop_texts_copy(const char *const *from, size_t count, char ***texts) {
    tdrop_text_list list = {0};
    tdrop_status status = TDROP_OK;
    for (size_t i = 0; i < count && !status; i++)
        status = tdrop_text_list_add(&list, from[i], strlen(from[i]));
    if (!status) status = tdrop_text_list_copy(&list, texts);
    tdrop_text_list_clear(&list);
    return status;
}

void tdrop_text_list_clear(tdrop_text_list *list) {
    tdrop_free(list->text);
    tdrop_free(list->start);
    *list = (tdrop_text_list){0};
}
