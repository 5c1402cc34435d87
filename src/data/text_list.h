/* SPDX-License-Identifier: MIT
 * Strings one behind the other in memory that grows: names, ids, levels. */
#ifndef TDROP_DATA_TEXT_LIST_H
#define TDROP_DATA_TEXT_LIST_H

#include "taildropout.h"

#include <stddef.h>

/* {0} holds none. */
typedef struct tdrop_text_list {
    char *text; /* all of them, each ended by a zero; owned */
    size_t size, capacity;
    size_t *start; /* [count] where each begins; owned */
    size_t count, count_capacity;
} tdrop_text_list;

/* Adds a copy of `length` bytes. A zero among them ends the string there. Errors: MEMORY; then the
 * list is as it was. */
tdrop_status tdrop_text_list_add(tdrop_text_list *list, const char *text, size_t length);

/* Forgets all strings but the first `count`, of which there are as many. */
void tdrop_text_list_cut(tdrop_text_list *list, size_t count);

/* All strings as an array of pointers, in one block that the array owns: tdrop_free(*texts).
 * Errors: MEMORY. */
tdrop_status tdrop_text_list_copy(const tdrop_text_list *list, char ***texts);

/* The same of an array that somebody else has. Errors: MEMORY. */
tdrop_status tdrop_texts_copy(const char *const *from, size_t count, char ***texts);

void tdrop_text_list_clear(tdrop_text_list *list);

#endif
