/* SPDX-License-Identifier: MIT */
#include "same_file.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_LINKS = 40 };

/* Writes `name`, seen from where `path` stands. 0: too long. */
static int write_beside(char joined[PATH_MAX], const char *path, const char *name) {
    const char *slash = name[0] == '/' ? NULL : strrchr(path, '/');
    const size_t folder = slash ? (size_t)(slash - path) + 1 : 0, length = strlen(name);
    if (folder + length >= PATH_MAX) return 0;
    memmove(joined, path, folder);
    memcpy(joined + folder, name, length + 1);
    return 1;
}

/* Where a link leads that points to no file yet; any other path stays as it is. 0: too long. */
static int follow_links(char end[PATH_MAX], const char *path) {
    char name[PATH_MAX];
    if (!write_beside(end, "", path)) return 0;
    for (int i = 0; i < MOST_LINKS; i++) {
        const ssize_t length = readlink(end, name, sizeof name - 1);
        if (length < 0) return 1;
        name[length] = '\0';
        if (!write_beside(end, end, name)) return 0;
    }
    return 0;
}

static int same_node(const struct stat *a, const struct stat *b) {
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Of two that are not there yet: the folder, and the name in it. */
static int same_place(const char *a, const char *b) {
    char ends[2][PATH_MAX], folders[2][PATH_MAX];
    struct stat status[2];
    if (!follow_links(ends[0], a) || !follow_links(ends[1], b)) return 0;
    for (int i = 0; i < 2; i++)
        if (!write_beside(folders[i], ends[i], ".") || stat(folders[i], &status[i]) != 0) return 0;
    const char *slashes[] = {strrchr(ends[0], '/'), strrchr(ends[1], '/')};
    return same_node(&status[0], &status[1]) && strcmp(slashes[0] ? slashes[0] + 1 : ends[0],
                                                       slashes[1] ? slashes[1] + 1 : ends[1]) == 0;
}

int same_file(const char *a, const char *b) {
    struct stat at_a, at_b;
    if (strcmp(a, b) == 0) return 1;
    if (strcmp(a, "-") == 0 || strcmp(b, "-") == 0) return 0;
    const int a_is_there = stat(a, &at_a) == 0, b_is_there = stat(b, &at_b) == 0;
    if (a_is_there && b_is_there) return S_ISREG(at_a.st_mode) && same_node(&at_a, &at_b);
    return !a_is_there && !b_is_there && same_place(a, b);
}

int same_file_is_read(const char *source, const char *path) {
    static const char archive[] = ".npz";
    const size_t end = sizeof archive - 1;
    const char *colon = strrchr(source, ':');
    char file[PATH_MAX];
    if (strcmp(path, "-") == 0) return 0;
    if (strcmp(source, "-") == 0) return same_file("/dev/stdin", path);
    if (same_file(source, path)) return 1;
    if (!colon || colon < source + end || memcmp(colon - end, archive, end) != 0) return 0;
    return snprintf(file, sizeof file, "%.*s", (int)(colon - source), source) < PATH_MAX &&
           same_file(file, path);
}
