/* SPDX-License-Identifier: MIT */
#include "file/atomic_file.h"

#include "base/error.h"
#include "base/memory.h"
#include "file/temporary_name.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NONE = -1, MAX_LINKS = 40, MAX_TEMPORARIES = 10000, PERMISSIONS = 0777 };

/* The folder is held open, so that a host program that changes its own folder meanwhile does not
 * move the file. */
struct tdrop_atomic_file {
    char *name;   /* the path as the caller wrote it */
    char *target; /* what to replace, a name within the folder */
    int folder;   /* NONE when written directly */
    int fd;
    bool overwrite, failed;
    char temporary[TDROP_TEMPORARY_NAME]; /* within the folder; "" when there is none */
};

static tdrop_status fail_file(const tdrop_atomic_file *file, const char *what, tdrop_error *error) {
    return tdrop_fail(error, TDROP_ERROR_FILE, "%s: %s: %s", file->name, what, strerror(errno));
}

static tdrop_status fail_exists(const tdrop_atomic_file *file, tdrop_error *error) {
    return tdrop_fail(error, TDROP_ERROR_EXISTS,
                      "%s: exists already; choose another name or allow overwriting", file->name);
}

/* ---------------------------------------------------------------------------------------------
 * Beginning
 */

/* Follows symbolic links in the last part of a path, also to a file that does not exist yet.
 * false: errno says why. */
static bool follow_links(char resolved[PATH_MAX], const char *path) {
    char link[PATH_MAX];
    size_t size = strlen(path) + 1;
    errno = ENAMETOOLONG;
    if (size > PATH_MAX) return false;
    memcpy(resolved, path, size);
    for (int i = 0; i < MAX_LINKS; i++) {
        ssize_t length = readlink(resolved, link, sizeof link);
        if (length < 0) return errno == EINVAL || errno == ENOENT; /* not a link */
        const char *slash = link[0] == '/' ? NULL : strrchr(resolved, '/');
        size_t folder = slash ? (size_t)(slash - resolved) + 1 : 0;
        errno = ENAMETOOLONG;
        if (folder + (size_t)length >= PATH_MAX) return false;
        memcpy(resolved + folder, link, (size_t)length);
        resolved[folder + (size_t)length] = '\0';
    }
    errno = ELOOP;
    return false;
}

/* Opens the folder of a path and keeps the last part as the target. */
static tdrop_status open_folder(tdrop_atomic_file *file, char *path, tdrop_error *error) {
    char *slash = strrchr(path, '/');
    const char *folder = ".", *target = path;
    if (slash) {
        target = slash + 1;
        *slash = '\0';
        folder = slash == path ? "/" : path;
    }
    if (*target == '\0')
        return tdrop_fail(error, TDROP_ERROR_FILE, "%s: names a folder, not a file", file->name);
    file->target = tdrop_copy_string(target);
    if (!file->target) return tdrop_fail_memory(error, file->name);
    file->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return file->folder < 0 ? fail_file(file, "its folder cannot be opened", error) : TDROP_OK;
}

/* A file under a name that nobody has: O_EXCL decides. The kernel applies the umask. What processes
 * that were killed have left behind is removed first, or a fit that is killed again and again would
 * fill the disk. */
static tdrop_status create_temporary(tdrop_atomic_file *file, tdrop_error *error) {
    tdrop_temporary_remove_stale(file->folder);
    for (int attempt = 0; attempt < MAX_TEMPORARIES; attempt++) {
        tdrop_temporary_name(file->temporary, attempt);
        file->fd = openat(file->folder, file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                          S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH);
        if (file->fd >= 0) {
            tdrop_temporary_hold(file->fd);
            return TDROP_OK;
        }
        if (errno != EEXIST) break;
    }
    file->temporary[0] = '\0';
    return fail_file(file, "no file can be made in its folder", error);
}

/* `replaced`: the regular file that is there, or NULL. */
static tdrop_status open_temporary(tdrop_atomic_file *file, const struct stat *replaced,
                                   tdrop_error *error) {
    char resolved[PATH_MAX];
    if (!follow_links(resolved, file->name)) return fail_file(file, "cannot be written", error);
    tdrop_status status = open_folder(file, resolved, error);
    if (!status) status = create_temporary(file, error);
    if (!status && replaced && fchmod(file->fd, replaced->st_mode & PERMISSIONS) != 0)
        status = fail_file(file, "its permissions cannot be kept", error);
    return status;
}

static tdrop_status open_output(tdrop_atomic_file *file, tdrop_error *error) {
    if (strcmp(file->name, "-") == 0 || strcmp(file->name, "/dev/stdout") == 0) {
        file->fd = STDOUT_FILENO;
        return TDROP_OK;
    }
    struct stat info;
    bool exists = stat(file->name, &info) == 0;
    if (!exists && errno != ENOENT) return fail_file(file, "cannot be written", error);
    if (exists && !S_ISREG(info.st_mode)) {
        file->fd = open(file->name, O_WRONLY | O_CLOEXEC);
        return file->fd < 0 ? fail_file(file, "cannot be written", error) : TDROP_OK;
    }
    if (exists && !file->overwrite) return fail_exists(file, error);
    return open_temporary(file, exists ? &info : NULL, error);
}

tdrop_status tdrop_atomic_begin(tdrop_atomic_file **file, const char *path, int overwrite,
                                tdrop_error *error) {
    if (!file || !path)
        return tdrop_fail(error, TDROP_ERROR_NULL, "the path of the output is NULL");
    tdrop_atomic_file *made = tdrop_alloc_zero(1, sizeof *made);
    if (!made) return tdrop_fail_memory(error, path);
    made->folder = made->fd = NONE;
    made->overwrite = overwrite != 0;
    made->name = tdrop_copy_string(path);
    tdrop_status status = made->name ? open_output(made, error) : tdrop_fail_memory(error, path);
    if (status)
        tdrop_atomic_abort(made);
    else
        *file = made;
    return status;
}

/* ---------------------------------------------------------------------------------------------
 * Writing
 */

tdrop_status tdrop_atomic_write(tdrop_atomic_file *file, const void *bytes, size_t size,
                                tdrop_error *error) {
    const char *at = bytes;
    while (size > 0) {
        ssize_t done = write(file->fd, at, size);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) {
            if (done == 0) errno = EIO; /* no device may take nothing and say that all is well */
            file->failed = true;
            return fail_file(file, "cannot be written", error);
        }
        at += done;
        size -= (size_t)done;
    }
    return TDROP_OK;
}

/* ---------------------------------------------------------------------------------------------
 * Ending
 */

/* fsync; pipes, terminals and some file systems cannot, and say so with these numbers. */
static bool sync_to_disk(int fd) {
    while (fsync(fd) != 0) {
        if (errno == EINVAL || errno == ENOTSUP || errno == EROFS) return true;
        if (errno != EINTR) return false;
    }
    return true;
}

/* Standard output is not ours to close. Linux closes also when it answers EINTR. */
static bool close_output(tdrop_atomic_file *file) {
    int fd = file->fd;
    file->fd = NONE;
    return fd == NONE || fd == STDOUT_FILENO || close(fd) == 0 || errno == EINTR;
}

static bool rename_temporary(tdrop_atomic_file *file) {
    if (renameat(file->folder, file->temporary, file->folder, file->target) != 0) return false;
    file->temporary[0] = '\0';
    return true;
}

/* Where there are no hard links: claims the name with an empty file of our own, which nobody else
 * can then have made, and renames over that. */
static tdrop_status publish_by_claim(tdrop_atomic_file *file, tdrop_error *error) {
    int claim = openat(file->folder, file->target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                       S_IRUSR | S_IWUSR);
    if (claim < 0 && errno == EEXIST) return fail_exists(file, error);
    if (claim < 0) return fail_file(file, "cannot be put in its place", error);
    close(claim);
    if (rename_temporary(file)) return TDROP_OK;
    tdrop_status status = fail_file(file, "cannot be put in its place", error);
    unlinkat(file->folder, file->target, 0);
    return status;
}

static void remove_temporary(tdrop_atomic_file *file) {
    if (file->temporary[0] != '\0') unlinkat(file->folder, file->temporary, 0);
    file->temporary[0] = '\0';
}

/* A hard link never replaces anything, which makes refusing free of races. */
static tdrop_status publish_new(tdrop_atomic_file *file, tdrop_error *error) {
    if (linkat(file->folder, file->temporary, file->folder, file->target, 0) == 0) {
        remove_temporary(file); /* its other name stays */
        return TDROP_OK;
    }
    if (errno == EEXIST) return fail_exists(file, error);
    return publish_by_claim(file, error);
}

static tdrop_status publish(tdrop_atomic_file *file, tdrop_error *error) {
    if (!file->overwrite) return publish_new(file, error);
    if (rename_temporary(file)) return TDROP_OK;
    return fail_file(file, "cannot be put in its place", error);
}

static tdrop_status finish(tdrop_atomic_file *file, tdrop_error *error) {
    if (file->failed)
        return tdrop_fail(error, TDROP_ERROR_FILE, "%s: could not be written", file->name);
    if (!sync_to_disk(file->fd)) return fail_file(file, "cannot be put on the disk", error);
    if (file->folder == NONE)
        return close_output(file) ? TDROP_OK : fail_file(file, "cannot be closed", error);
    /* Closed only then: closing gives up the lock, and without it another process takes a file that
     * took long to reach the disk for stale. */
    tdrop_status status = publish(file, error);
    if (!status && !close_output(file))
        status = fail_file(file, "is written, but cannot be closed", error);
    if (!status && !sync_to_disk(file->folder))
        status = fail_file(file, "is written, but its folder cannot be put on the disk", error);
    return status;
}

tdrop_status tdrop_atomic_commit(tdrop_atomic_file *file, tdrop_error *error) {
    tdrop_status status = finish(file, error);
    tdrop_atomic_abort(file);
    return status;
}

void tdrop_atomic_abort(tdrop_atomic_file *file) {
    if (!file) return;
    close_output(file);
    remove_temporary(file);
    if (file->folder != NONE) close(file->folder);
    tdrop_free(file->target);
    tdrop_free(file->name);
    tdrop_free(file);
}
