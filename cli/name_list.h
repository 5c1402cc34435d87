/* SPDX-License-Identifier: MIT
 * Names of columns as options list them: "a,b,c". */
#ifndef TDROP_CLI_NAME_LIST_H
#define TDROP_CLI_NAME_LIST_H

#include <stddef.h>

/* {0} holds none. */
typedef struct name_list {
    char *text; /* that the names point into; NULL: they belong to somebody else */
    const char **names;
    size_t count;
} name_list;

/* "a,b,c", with room for two more; NULL makes an empty list. On failure says why and returns 0. */
int name_list_split(name_list *list, const char *text);

void name_list_clear(name_list *list);

#endif
