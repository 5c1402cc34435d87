/* SPDX-License-Identifier: MIT */
#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/taildropout-test-XXXXXX";
static int back = -1; /* where the test came from */

int scratch_enter(void **state) {
    (void)state;
    memcpy(folder + sizeof folder - sizeof "XXXXXX", "XXXXXX", sizeof "XXXXXX");
    back = open(".", O_RDONLY | O_DIRECTORY);
    return back < 0 || !mkdtemp(folder) || chdir(folder) != 0;
}

/* The next entry but "." and ".."; NULL at the end. */
static const struct dirent *next_entry(DIR *entries) {
    const struct dirent *entry;
    do
        entry = readdir(entries);
    while (entry && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
    return entry;
}

static void empty_folder(const char *name) {
    DIR *entries = opendir(name);
    if (!entries) return;
    const struct dirent *entry;
    while ((entry = next_entry(entries)) != NULL) {
        if (unlinkat(dirfd(entries), entry->d_name, 0) == 0) continue;
        char inner[512];
        snprintf(inner, sizeof inner, "%s/%s", name, entry->d_name);
        chmod(inner, 0700);
        empty_folder(inner);
        rmdir(inner);
    }
    closedir(entries);
}

int scratch_leave(void **state) {
    (void)state;
    bool returned = fchdir(back) == 0;
    close(back);
    empty_folder(folder);
    return rmdir(folder) != 0 || !returned;
}

size_t scratch_count(void) {
    DIR *entries = opendir(".");
    assert_non_null(entries);
    size_t count = 0;
    while (next_entry(entries))
        count++;
    closedir(entries);
    return count;
}

void scratch_write(const char *name, const void *bytes, size_t size) {
    FILE *file = fopen(name, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

unsigned char *scratch_read(const char *name, size_t *size) {
    FILE *file = fopen(name, "rb");
    assert_non_null(file);
    struct stat info;
    assert_int_equal(fstat(fileno(file), &info), 0);
    *size = (size_t)info.st_size;
    unsigned char *bytes = malloc(*size + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

int scratch_redirect(int descriptor, const char *name) {
    fflush(stdout);
    int saved = dup(descriptor);
    int file = open(name, descriptor == STDIN_FILENO ? O_RDONLY : O_WRONLY | O_CREAT, 0600);
    assert_true(saved >= 0 && file >= 0);
    assert_true(dup2(file, descriptor) == descriptor);
    close(file);
    return saved;
}

void scratch_restore(int descriptor, int saved) {
    dup2(saved, descriptor);
    close(saved);
}
