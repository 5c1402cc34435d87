/* SPDX-License-Identifier: MIT */
#include "name_list.h"

#include "message.h"

#include <stdlib.h>
#include <string.h>

void name_list_clear(name_list *list) {
    free(list->text);
    free(list->names);
    *list = (name_list){0};
}

/* The end of a name in quotes that begins at `name`: a comma or the end of the list. NULL where it
 * is none, and its quotes are part of it. */
static char *end_of_quoted(char *name) {
    if (*name != '"') return NULL;
    for (char *at = name + 1; *at; at++) {
        if (*at != '"') continue;
        if (at[1] != '"') return at[1] == ',' || !at[1] ? at + 1 : NULL;
        at++;
    }
    return NULL;
}

/* Takes away the quotes around a name, and one of each two within. */
static void unquote(char *name) {
    char *to = name;
    for (const char *at = name + 1; at[1]; at++) {
        *to++ = *at;
        if (*at == '"') at++;
    }
    *to = '\0';
}

int name_list_split(name_list *list, const char *text) {
    if (!text) return 1;
    list->text = strdup(text);
    list->names = calloc(strlen(text) + 2, sizeof *list->names);
    if (!list->text || !list->names) return message_memory();
    for (char *name = list->text, *next; name; name = next) {
        char *end = end_of_quoted(name);
        const int quoted = end != NULL;
        if (!end) end = name + strcspn(name, ",");
        next = *end ? end + 1 : NULL;
        *end = '\0';
        if (quoted) unquote(name);
        list->names[list->count++] = name;
    }
    return 1;
}
