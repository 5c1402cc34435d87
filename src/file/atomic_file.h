/* SPDX-License-Identifier: MIT
 * Writing a file so that it is there whole or not at all: into a temporary file in the same folder,
 * which is renamed when everything is on the disk. Until then an older file stays untouched.
 *
 * What cannot be replaced is written directly: "-" and "/dev/stdout" (standard output; the caller
 * flushes stdio first), devices, pipes. A symbolic link stays, and what it points to is replaced. A
 * new file gets its permissions from the umask, a replaced one keeps its own. */
#ifndef TDROP_FILE_ATOMIC_FILE_H
#define TDROP_FILE_ATOMIC_FILE_H

#include "taildropout_model.h"

#include <stddef.h>

typedef struct tdrop_atomic_file tdrop_atomic_file;

/* Begins to write `path`. overwrite = 0 refuses a regular file that exists, here and, should one
 * appear meanwhile, at commit. Ends with commit or abort, which free the handle.
 * Errors: NULL, EXISTS, FILE, MEMORY. */
tdrop_status tdrop_atomic_begin(tdrop_atomic_file **file, const char *path, int overwrite,
                                tdrop_error *error);

/* Appends bytes. Large pieces are best: there is no buffer. After a failure the file can only be
 * aborted; commit would repeat the failure. Errors: FILE. */
tdrop_status tdrop_atomic_write(tdrop_atomic_file *file, const void *bytes, size_t size,
                                tdrop_error *error);

/* Puts the file on the disk and in its place, and frees the handle, whatever happens. On an error
 * nothing of it is left. (Only when the folder itself cannot be put on the disk, the last step, is
 * the new file whole and in its place.) Errors: EXISTS, FILE. */
tdrop_status tdrop_atomic_commit(tdrop_atomic_file *file, tdrop_error *error);

/* Gives up: removes the temporary file and frees the handle. NULL is fine. */
void tdrop_atomic_abort(tdrop_atomic_file *file);

#endif
