/* SPDX-License-Identifier: MIT */
#include "model_name.h"

#include "message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int ends_in(const char *text, size_t length, const char *ending) {
    const size_t size = strlen(ending);
    return length > size && strncmp(text + length - size, ending, size) == 0;
}

/* The length of a name without what says how it is written. */
static size_t without_endings(const char *name) {
    static const char *const endings[] = {".gz",    ".csv",  ".npy", ".npz",
                                          ".fvecs", ".fbin", ".idx", ".txt"};
    const char *array = strstr(name, ".npz:");
    size_t length = array ? (size_t)(array - name) : strlen(name);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (ends_in(name, length, endings[i])) length -= strlen(endings[i]);
    return length;
}

char *model_name_of(const char *source) {
    static const char ending[] = ".safetensors";
    const char *slash = strrchr(source, '/'), *name = slash ? slash + 1 : source;
    if (strcmp(source, "-") == 0 || !*name) name = "model";
    const size_t length = without_endings(name);
    char *made = malloc(length + sizeof ending);
    if (made)
        snprintf(made, length + sizeof ending, "%.*s%s", (int)length, name, ending);
    else
        message_memory();
    return made;
}
