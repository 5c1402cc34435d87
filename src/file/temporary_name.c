/* SPDX-License-Identifier: MIT */
#include "file/temporary_name.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char prefix[] = ".taildropout-", suffix[] = ".tmp";

/* Between being made and being held a file is nobody's for a moment. */
enum { STALE_SECONDS = 60 };

void tdrop_temporary_name(char name[TDROP_TEMPORARY_NAME], int attempt) {
    snprintf(name, TDROP_TEMPORARY_NAME, "%s%ld-%d%s", prefix, (long)getpid(), attempt, suffix);
}

static bool lock(int fd) {
    const struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(fd, F_SETLK, &whole) == 0;
}

void tdrop_temporary_hold(int fd) {
    lock(fd);
}

/* Whether a name is that of a temporary file of another process. Those of this one are never looked
 * at: its locks do not stop itself, and closing the file again would give them up. */
static bool is_of_another(const char *name) {
    char own[TDROP_TEMPORARY_NAME];
    int own_length = snprintf(own, sizeof own, "%s%ld-", prefix, (long)getpid());
    size_t length = strlen(name), tail = sizeof suffix - 1;
    return length > tail && strncmp(name, prefix, sizeof prefix - 1) == 0 &&
           strcmp(name + length - tail, suffix) == 0 && strncmp(name, own, (size_t)own_length) != 0;
}

static bool is_stale(int fd) {
    struct stat info;
    return fstat(fd, &info) == 0 && S_ISREG(info.st_mode) &&
           time(NULL) - info.st_mtime >= STALE_SECONDS && lock(fd);
}

static void remove_if_stale(int folder, const char *name) {
    int fd = openat(folder, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return;
    if (is_stale(fd)) unlinkat(folder, name, 0);
    close(fd);
}

void tdrop_temporary_remove_stale(int folder) {
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    if (!entries) {
        if (fd >= 0) close(fd);
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(entries)) != NULL)
        if (is_of_another(entry->d_name)) remove_if_stale(folder, entry->d_name);
    closedir(entries);
}
