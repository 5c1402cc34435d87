/* SPDX-License-Identifier: MIT
 * Names of columns as options list them: a,b,"c, in quotes". */
#ifndef TDROP_CLI_NAME_LIST_H
#define TDROP_CLI_NAME_LIST_H

#include <stddef.h>

/* {0} holds none. */
typedef struct name_list {
    char *text; /* that the names point into; NULL: they belong to somebody else */
    const char **names;
    size_t count;
} name_list;

/* Names between commas, with room for one more. Quotes are those of RFC 4180: within them a comma
 * is one of the name, and a quote is doubled. NULL makes an empty list. On failure says why and
 * returns 0. */
int name_list_split(name_list *list, const char *text);

void name_list_clear(name_list *list);

#endif
