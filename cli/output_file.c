/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700 /* realpath */
#include "output_file.h"

#include "command.h"
#include "message.h"
#include "same_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int is_stdout(const char *path) {
    return strcmp(path, "-") == 0;
}

/* Where a file that is to be written beside `path` goes: "folder/.taildropout-XXXXXX", for
 * mkstemp. NULL when memory ran out. */
static char *name_beside(const char *path) {
    static const char pattern[] = ".taildropout-XXXXXX";
    const char *slash = strrchr(path, '/');
    const size_t folder = slash ? (size_t)(slash - path) + 1 : 0;
    char *name = malloc(folder + sizeof pattern);
    if (!name) return NULL;
    memcpy(name, path, folder);
    memcpy(name + folder, pattern, sizeof pattern);
    return name;
}

static int refuse_existing(const char *path) {
    message_error("%s: exists already: give --force to overwrite it, or another name", path);
    return 0;
}

static int refuse_unwritable(const char *path, int error) {
    message_error("%s: cannot be written: %s", path,
                  error ? strerror(error) : "an earlier write failed");
    return 0;
}

/* Whether a file can be made there is found out by making one: permissions, read-only mounts and
 * folders that do not exist all show. */
static int folder_takes_files(const char *path) {
    char *name = name_beside(path);
    if (!name) return message_memory();
    const int descriptor = mkstemp(name);
    const int error = errno;
    if (descriptor >= 0) {
        close(descriptor);
        unlink(name);
    }
    free(name);
    return descriptor >= 0 ? 1 : refuse_unwritable(path, error);
}

static int path_check(const char *path, int force) {
    struct stat status;
    if (is_stdout(path)) return 1;
    if (stat(path, &status) != 0) return folder_takes_files(path);
    if (S_ISDIR(status.st_mode)) return refuse_unwritable(path, EISDIR);
    if (!S_ISREG(status.st_mode)) return 1;
    return force ? folder_takes_files(path) : refuse_existing(path);
}

static int refuse_only_file(const output_wish *a) {
    message_error("option %s: this output cannot go to standard output: give a file name",
                  a->option);
    return 0;
}

/* Whether output `a` keeps off the file of another row. */
static int keep_apart(const output_wish *a, const output_wish *other) {
    const int spared = other->manner & OUTPUT_SPARES;
    if (spared ? !same_file_is_read(other->path, a->path) : !same_file(other->path, a->path))
        return 1;
    if (spared)
        message_error("option %s: '%s' is read, as %s: give another name", a->option, a->path,
                      other->option);
    else
        message_error("options %s and %s: both write to '%s': give two names", other->option,
                      a->option, a->path);
    return 0;
}

/* Whether output `a` goes together with the others. */
static int wish_agrees(const output_wish *a, const output_wish *wishes) {
    if (a->manner & OUTPUT_ONLY_FILE && is_stdout(a->path)) return refuse_only_file(a);
    for (const output_wish *b = wishes; b->option; b++)
        if (b->path && (b < a || b->manner & OUTPUT_SPARES) && !keep_apart(a, b)) return 0;
    return 1;
}

static int is_wanted(const output_wish *wish) {
    return wish->path && !(wish->manner & OUTPUT_SPARES);
}

int output_check(const output_wish *wishes, int force, int *exit_code) {
    *exit_code = EXIT_USAGE;
    for (const output_wish *wish = wishes; wish->option; wish++)
        if (is_wanted(wish) && !wish_agrees(wish, wishes)) return 0;
    *exit_code = EXIT_FAILED;
    for (const output_wish *wish = wishes; wish->option; wish++)
        if (is_wanted(wish) && !path_check(wish->path, force || wish->manner & OUTPUT_MAY_EXIST))
            return 0;
    return 1;
}

FILE *output_beside(const output_wish *wishes) {
    for (; wishes->option; wishes++)
        if (is_wanted(wishes) && is_stdout(wishes->path)) return stderr;
    return stdout;
}

static void release(output_file *file) {
    free(file->temporary);
    free(file->target);
    *file = (output_file){0};
}

/* Everybody whom the umask lets may read a new file; one that is replaced keeps its mode. */
static mode_t mode_for(const char *target) {
    struct stat status;
    if (stat(target, &status) == 0) return status.st_mode & 0777;
    const mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

static int open_temporary(output_file *file) {
    file->target = realpath(file->path, NULL);
    if (!file->target) file->target = strdup(file->path);
    file->temporary = file->target ? name_beside(file->target) : NULL;
    if (!file->temporary) return message_memory();
    const int descriptor = mkstemp(file->temporary);
    if (descriptor < 0) return refuse_unwritable(file->path, errno);
    file->stream =
        fchmod(descriptor, mode_for(file->target)) == 0 ? fdopen(descriptor, "wb") : NULL;
    if (file->stream) return 1;
    const int error = errno;
    close(descriptor);
    unlink(file->temporary);
    return refuse_unwritable(file->path, error);
}

int output_open(output_file *file, const char *path, int force) {
    struct stat status;
    *file = (output_file){.path = path, .force = force};
    if (is_stdout(path)) {
        file->stream = stdout;
        return 1;
    }
    const int exists = stat(path, &status) == 0;
    if (exists && !S_ISREG(status.st_mode)) {
        file->stream = fopen(path, "wb");
        return file->stream ? 1 : refuse_unwritable(path, errno);
    }
    if (exists && !force) return refuse_existing(path);
    if (open_temporary(file)) return 1;
    release(file);
    return 0;
}

/* Without force a file that has appeared in the meantime stays; where the file system knows no
 * hard links, the look beforehand has to do. */
static int put_in_place(const output_file *file) {
    if (!file->force) {
        if (link(file->temporary, file->target) == 0) {
            unlink(file->temporary);
            return 1;
        }
        if (errno == EEXIST) return 0;
    }
    return rename(file->temporary, file->target) == 0;
}

/* The name of the file is safe on the disk only when its folder is. Not every file system lets a
 * folder be synced, and the file is there in any case, so failure is no error. */
static void sync_folder(const char *target) {
    char *folder = strdup(target);
    if (!folder) return;
    char *slash = strrchr(folder, '/');
    if (slash) slash[slash == folder] = '\0';
    const int descriptor = open(slash ? folder : ".", O_RDONLY);
    if (descriptor >= 0) {
        fsync(descriptor);
        close(descriptor);
    }
    free(folder);
}

int output_close(output_file *file) {
    errno = 0;
    int fine = fflush(file->stream) == 0 && !ferror(file->stream);
    if (fine && file->temporary) fine = fsync(fileno(file->stream)) == 0;
    int error = errno;
    if (file->stream != stdout && fclose(file->stream) != 0 && fine) fine = 0, error = errno;
    if (fine && file->temporary) {
        fine = put_in_place(file);
        error = errno;
    }
    if (fine && file->temporary) sync_folder(file->target);
    if (!fine && file->temporary) unlink(file->temporary);
    if (!fine) refuse_unwritable(is_stdout(file->path) ? "standard output" : file->path, error);
    release(file);
    return fine;
}

void output_abandon(output_file *file) {
    if (file->stream && file->stream != stdout) fclose(file->stream);
    if (file->temporary) unlink(file->temporary);
    release(file);
}
