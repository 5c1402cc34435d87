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

int name_list_split(name_list *list, const char *text) {
    if (!text) return 1;
    list->text = strdup(text);
    list->names = calloc(strlen(text) + 3, sizeof *list->names);
    if (!list->text || !list->names) return message_memory();
    for (char *name = list->text, *comma; name; name = comma) {
        comma = strchr(name, ',');
        if (comma) *comma++ = '\0';
        list->names[list->count++] = name;
    }
    return 1;
}
