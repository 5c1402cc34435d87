/* SPDX-License-Identifier: MIT
 * Files that are there whole or not at all, safetensors, and .npy as it is written. */
#define _GNU_SOURCE /* syscall */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "data/npy.h"
#include "data/table.h"
#include "file/atomic_file.h"
#include "file/safetensors.h"
#include "file/temporary_name.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

/* ---------------------------------------------------------------------------------------------
 * Helpers
 */

static void assert_content(const char *name, const char *expected) {
    size_t size = 0;
    unsigned char *bytes = scratch_read(name, &size);
    assert_int_equal(size, strlen(expected));
    assert_memory_equal(bytes, expected, size);
    free(bytes);
}

static void put_file(const char *name, const char *content) {
    scratch_write(name, content, strlen(content));
}

static void assert_status(tdrop_status status, tdrop_status expected, const tdrop_error *error,
                          const char *text) {
    if (status != expected || !strstr(error->message, text))
        fail_msg("expected %s with \"%s\", got %s: %s", tdrop_status_name(expected), text,
                 tdrop_status_name(status), error->message);
}

static tdrop_atomic_file *begin(const char *path, int overwrite) {
    tdrop_atomic_file *file = NULL;
    tdrop_error error = {0};
    if (tdrop_atomic_begin(&file, path, overwrite, &error)) fail_msg("%s", error.message);
    return file;
}

static void put(tdrop_atomic_file *file, const char *text) {
    assert_int_equal(tdrop_atomic_write(file, text, strlen(text), NULL), TDROP_OK);
}

static void write_atomically(const char *path, int overwrite, const char *text) {
    tdrop_atomic_file *file = begin(path, overwrite);
    put(file, text);
    tdrop_error error = {0};
    if (tdrop_atomic_commit(file, &error)) fail_msg("%s", error.message);
}

static void assert_cannot_begin(const char *path, int overwrite, tdrop_status expected,
                                const char *text) {
    tdrop_atomic_file *file = NULL;
    tdrop_error error = {0};
    tdrop_status status = tdrop_atomic_begin(&file, path, overwrite, &error);
    assert_status(status, expected, &error, text);
    assert_null(file);
}

static mode_t mode_of(const char *name) {
    struct stat info;
    assert_int_equal(stat(name, &info), 0);
    return info.st_mode & 07777;
}

/* ---------------------------------------------------------------------------------------------
 * Atomic files
 */

static void a_new_file_appears_at_commit(void **state) {
    (void)state;
    mode_t umask_before = umask(027);
    tdrop_atomic_file *file = begin("new", 0);
    put(file, "one ");
    put(file, "two");
    assert_int_not_equal(access("new", F_OK), 0);
    assert_int_equal(tdrop_atomic_commit(file, NULL), TDROP_OK);
    umask(umask_before);
    assert_content("new", "one two");
    assert_int_equal(mode_of("new"), 0640);
    assert_int_equal(scratch_count(), 1);
}

static void an_old_file_stays_until_commit(void **state) {
    (void)state;
    put_file("old", "before");
    assert_int_equal(chmod("old", 0604), 0);
    tdrop_atomic_file *file = begin("old", 1);
    put(file, "after");
    assert_content("old", "before");
    assert_int_equal(tdrop_atomic_commit(file, NULL), TDROP_OK);
    assert_content("old", "after");
    assert_int_equal(mode_of("old"), 0604);
    assert_int_equal(scratch_count(), 1);
}

static void abort_leaves_nothing(void **state) {
    (void)state;
    put_file("old", "before");
    tdrop_atomic_file *file = begin("old", 1);
    put(file, "after");
    assert_int_equal(scratch_count(), 2);
    tdrop_atomic_abort(file);
    tdrop_atomic_abort(NULL);
    assert_content("old", "before");
    assert_int_equal(scratch_count(), 1);
}

static void an_existing_file_is_refused(void **state) {
    (void)state;
    put_file("old", "before");
    assert_cannot_begin("old", 0, TDROP_ERROR_EXISTS, "old: exists already");
    tdrop_atomic_file *file = begin("late", 0);
    put(file, "ours");
    put_file("late", "theirs"); /* appears while ours is being written */
    tdrop_error error = {0};
    assert_status(tdrop_atomic_commit(file, &error), TDROP_ERROR_EXISTS, &error, "late: exists");
    assert_content("late", "theirs");
    assert_content("old", "before");
    assert_int_equal(scratch_count(), 2);
}

static void several_files_are_written_at_once(void **state) {
    (void)state;
    char leftover[64]; /* of a killed process that had the same number */
    snprintf(leftover, sizeof leftover, ".taildropout-%ld-0.tmp", (long)getpid());
    put_file(leftover, "left over");
    tdrop_atomic_file *first = begin("first", 0), *second = begin("second", 0);
    put(first, "1");
    put(second, "2");
    assert_int_equal(tdrop_atomic_commit(first, NULL), TDROP_OK);
    assert_int_equal(tdrop_atomic_commit(second, NULL), TDROP_OK);
    assert_content("first", "1");
    assert_content("second", "2");
    assert_content(leftover, "left over");
    assert_int_equal(scratch_count(), 3);
}

/* Makes a file look as though it had been written so many seconds ago. */
static void age(const char *name, time_t seconds) {
    const struct timespec then = {.tv_sec = time(NULL) - seconds};
    assert_int_equal(utimensat(AT_FDCWD, name, (const struct timespec[]){then, then}, 0), 0);
}

/* Another process that writes a file until it is killed. */
static pid_t write_in_child(const char *path, int pipes[2]) {
    char ready;
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
        tdrop_atomic_file *file = NULL;
        tdrop_status status = tdrop_atomic_begin(&file, path, 0, NULL);
        ssize_t told = write(pipes[1], "r", 1);
        close(pipes[1]);
        while (status == TDROP_OK && told == 1 && getppid() != 1)
            sleep(1);
        _exit(0);
    }
    assert_true(child > 0);
    close(pipes[1]);
    assert_int_equal(read(pipes[0], &ready, 1), 1);
    close(pipes[0]);
    return child;
}

/* How many temporary files of others are there for another process to take for stale. */
static int removals(void) {
    const size_t before = scratch_count();
    pid_t child = fork();
    if (child == 0) {
        tdrop_temporary_remove_stale(AT_FDCWD);
        _exit(0);
    }
    assert_true(child > 0);
    waitpid(child, NULL, 0);
    return (int)(before - scratch_count());
}

static int removed_meanwhile =
    -1; /* what renameat saw another process remove; -1: it did not look */

/* In place of libc's: another process looks for what is stale before the file has its name. */
int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    if (removed_meanwhile == 0) {
        age(from, 3600);
        removed_meanwhile = removals();
    }
    return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, 0);
}

/* A file that took long to reach the disk is as old as one that was left behind. */
static void a_slow_disk_loses_nothing(void **state) {
    (void)state;
    removed_meanwhile = 0;
    write_atomically("slow", 1, "whole");
    assert_int_equal(removed_meanwhile, 0);
    removed_meanwhile = -1;
    assert_content("slow", "whole");
}

static void what_a_killed_process_left_is_removed(void **state) {
    (void)state;
    int pipes[2];
    char name[64];
    pid_t child = write_in_child("never", pipes);
    snprintf(name, sizeof name, ".taildropout-%ld-0.tmp", (long)child);
    age(name, 3600);
    write_atomically("one", 0, "1");
    assert_int_equal(access(name, F_OK), 0); /* it is being written */
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    age(name, 30);
    write_atomically("two", 0, "2");
    assert_int_equal(access(name, F_OK), 0); /* too young to be sure */
    age(name, 3600);
    write_atomically("three", 0, "3");
    assert_int_equal(access(name, F_OK), -1);
    assert_int_equal(scratch_count(), 3);
}

static void what_is_no_temporary_file_is_not_removed(void **state) {
    (void)state;
    static const char *const names[] = {".taildropout-1-0", "taildropout-1-0.tmp", "x.tmp", ".tmp",
                                        ".taildropout-"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        put_file(names[i], "");
        age(names[i], 3600);
    }
    put_file("target", "");
    age("target", 3600);
    assert_int_equal(symlink("target", ".taildropout-1-1.tmp"), 0);
    assert_int_equal(mkdir(".taildropout-1-2.tmp", 0700), 0);
    assert_int_equal(mkfifo(".taildropout-1-3.tmp", 0600), 0);
    write_atomically("one", 0, "1");
    assert_int_equal(scratch_count(), 5 + 1 + 3 + 1);
}

static void links_are_kept(void **state) {
    (void)state;
    assert_int_equal(mkdir("folder", 0700), 0);
    put_file("folder/target", "before");
    assert_int_equal(symlink("target", "folder/link"), 0);
    assert_int_equal(symlink("folder/link", "link"), 0);
    assert_cannot_begin("link", 0, TDROP_ERROR_EXISTS, "link: exists already");
    write_atomically("link", 1, "after");
    assert_content("folder/target", "after");
    char text[64];
    assert_int_equal(readlink("link", text, sizeof text), 11);
    assert_int_equal(readlink("folder/link", text, sizeof text), 6);

    assert_int_equal(symlink("folder/missing", "dangling"), 0);
    write_atomically("dangling", 0, "made");
    assert_content("folder/missing", "made");
    assert_int_equal(readlink("dangling", text, sizeof text), 14);

    char here[4096], absolute[4200];
    assert_non_null(getcwd(here, sizeof here));
    snprintf(absolute, sizeof absolute, "%s/folder/target", here);
    assert_int_equal(symlink(absolute, "absolute"), 0);
    write_atomically("absolute", 1, "again");
    assert_content("folder/target", "again");

    assert_int_equal(symlink("loop", "loop"), 0);
    assert_cannot_begin("loop", 1, TDROP_ERROR_FILE, "loop: cannot be written");
}

static void a_change_of_folder_does_not_matter(void **state) {
    (void)state;
    assert_int_equal(mkdir("folder", 0700), 0);
    tdrop_atomic_file *file = begin("here", 0);
    put(file, "text");
    assert_int_equal(chdir("folder"), 0);
    assert_int_equal(tdrop_atomic_commit(file, NULL), TDROP_OK);
    assert_int_equal(scratch_count(), 0);
    assert_int_equal(chdir(".."), 0);
    assert_content("here", "text");
}

static void names_of_every_length_are_written(void **state) {
    (void)state;
    char name[257];
    memset(name, 'n', 256);
    name[256] = '\0';
    assert_cannot_begin(name, 0, TDROP_ERROR_FILE, "File name too long");
    name[255] = '\0';
    write_atomically(name, 0, "text");
    assert_content(name, "text");
    static char path[5001];
    memset(path, '/', 5000);
    assert_cannot_begin(path, 0, TDROP_ERROR_FILE, "///");
}

static void what_is_no_file_is_refused(void **state) {
    (void)state;
    assert_int_equal(mkdir("folder", 0700), 0);
    assert_cannot_begin("folder", 1, TDROP_ERROR_FILE, "folder: cannot be written: Is a directory");
    assert_cannot_begin("other/", 0, TDROP_ERROR_FILE, "other/: names a folder, not a file");
    assert_cannot_begin("", 0, TDROP_ERROR_FILE, "");
    assert_cannot_begin("nowhere/file", 0, TDROP_ERROR_FILE, "nowhere/file: its folder cannot be");
    put_file("file", "");
    assert_cannot_begin("file/file", 0, TDROP_ERROR_FILE,
                        "file/file: cannot be written: Not a dir");
    assert_cannot_begin(NULL, 0, TDROP_ERROR_NULL, "");
    assert_int_equal(tdrop_atomic_begin(NULL, "file", 0, NULL), TDROP_ERROR_NULL);
    assert_int_equal(scratch_count(), 2);

    tdrop_atomic_file *file = begin("late", 1); /* a folder takes the name meanwhile */
    assert_int_equal(mkdir("late", 0700), 0);
    tdrop_error error = {0};
    assert_status(tdrop_atomic_commit(file, &error), TDROP_ERROR_FILE, &error,
                  "late: cannot be put in its place: Is a directory");
    assert_int_equal(scratch_count(), 3);
}

static void an_unwritable_folder_is_named(void **state) {
    (void)state;
    assert_cannot_begin("/proc/taildropout-test", 0, TDROP_ERROR_FILE,
                        "/proc/taildropout-test: no file can be made in its folder");
    if (geteuid() == 0) return; /* who may write everywhere */
    assert_int_equal(mkdir("folder", 0500), 0);
    assert_cannot_begin("folder/file", 0, TDROP_ERROR_FILE,
                        "folder/file: no file can be made in its folder: Permission denied");
}

static void a_full_disk_is_reported(void **state) {
    (void)state;
    tdrop_atomic_file *file = begin("/dev/full", 0);
    tdrop_error error = {0};
    assert_status(tdrop_atomic_write(file, "text", 4, &error), TDROP_ERROR_FILE, &error,
                  "/dev/full: cannot be written: No space left on device");
    assert_status(tdrop_atomic_commit(file, &error), TDROP_ERROR_FILE, &error, "could not be");
    write_atomically("/dev/null", 0, "text");
}

static void a_write_that_fails_leaves_nothing(void **state) {
    (void)state;
    static const char large[1 << 16];
    put_file("old", "before");
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 1000;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    tdrop_atomic_file *file = begin("old", 1);
    tdrop_error error = {0};
    tdrop_status status = tdrop_atomic_write(file, large, sizeof large, &error);
    tdrop_atomic_abort(file);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    assert_status(status, TDROP_ERROR_FILE, &error, "old: cannot be written: File too large");
    assert_content("old", "before");
    assert_int_equal(scratch_count(), 1);
}

static void standard_output_is_written_directly(void **state) {
    (void)state;
    static const char *const names[] = {"-", "/dev/stdout"};
    for (size_t i = 0; i < 2; i++) {
        int saved = scratch_redirect(STDOUT_FILENO, "output");
        tdrop_atomic_file *file = NULL;
        tdrop_status status = tdrop_atomic_begin(&file, names[i], 0, NULL);
        if (!status) status = tdrop_atomic_write(file, "text", 4, NULL);
        if (!status) status = tdrop_atomic_commit(file, NULL);
        bool still_open = fcntl(STDOUT_FILENO, F_GETFD) >= 0;
        scratch_restore(STDOUT_FILENO, saved);
        assert_int_equal(status, TDROP_OK);
        assert_true(still_open);
        assert_content("output", "text");
        assert_int_equal(scratch_count(), 1);
    }
}

static void ignore_signal(int number) {
    (void)number;
}

/* A child that reads the pipe slowly; it ends with 0 when all `size` bytes 'x' came. */
static pid_t start_slow_reader(const char *name, size_t size) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child > 0) return child;
    int fd = open(name, O_RDONLY);
    size_t seen = 0;
    char bytes[30000];
    for (ssize_t got = 1; fd >= 0 && got > 0;) {
        got = read(fd, bytes, sizeof bytes);
        for (ssize_t i = 0; i < got; i++)
            seen += bytes[i] == 'x';
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    _exit(seen != size);
}

/* Signals that interrupt write() all the time, and a pipe that takes little at once. */
static void a_pipe_is_written_through_interrupts(void **state) {
    (void)state;
    enum { SIZE = 1 << 20 };
    static char bytes[SIZE];
    memset(bytes, 'x', SIZE);
    assert_int_equal(mkfifo("pipe", 0600), 0);
    pid_t child = start_slow_reader("pipe", SIZE);
    tdrop_atomic_file *file = begin("pipe", 0);
    struct sigaction action = {.sa_handler = ignore_signal}, before; /* without SA_RESTART */
    sigaction(SIGALRM, &action, &before);
    struct itimerval often = {.it_interval.tv_usec = 5000, .it_value.tv_usec = 5000}, never = {0};
    setitimer(ITIMER_REAL, &often, NULL);
    tdrop_status status = tdrop_atomic_write(file, bytes, SIZE, NULL);
    setitimer(ITIMER_REAL, &never, NULL);
    sigaction(SIGALRM, &before, NULL);
    assert_int_equal(status, TDROP_OK);
    assert_int_equal(tdrop_atomic_commit(file, NULL), TDROP_OK);
    int result = -1;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(result, 0);
}

/* ---------------------------------------------------------------------------------------------
 * .npy
 */

static void npy_write_gives_what_the_reader_takes(void **state) {
    (void)state;
    static const float values[] = {0, -1.5f, 3e38f, 1e-45f, 4, 5};
    static const struct {
        int dims;
        size_t shape[8];
    } rows[] = {{1, {6}}, {2, {2, 3}}, {3, {1, 2, 3}}, {2, {6, 1}}, {8, {1, 1, 1, 1, 1, 1, 2, 3}}};
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        tdrop_error error = {0};
        if (tdrop_npy_write("out.npy", values, rows[r].dims, rows[r].shape, 1, &error))
            fail_msg("%s", error.message);
        size_t size = 0;
        unsigned char *bytes = scratch_read("out.npy", &size);
        assert_int_equal((size - sizeof values) % 64, 0);
        assert_int_equal(bytes[size - sizeof values - 1], '\n');
        tdrop_data *data = NULL;
        assert_int_equal(tdrop_npy_parse(&data, "out.npy", bytes, size, NULL, NULL), TDROP_OK);
        assert_int_equal(data->info.item_dims, rows[r].dims - 1);
        assert_int_equal(data->info.rows, rows[r].shape[0]);
        assert_memory_equal(data->values, values, sizeof values);
        tdrop_data_destroy(data);
        free(bytes);
    }
    assert_int_equal(scratch_count(), 1);
}

static void npy_write_takes_the_largest_shape(void **state) {
    (void)state;
    const size_t shape[8] = {0,        SIZE_MAX, SIZE_MAX, SIZE_MAX,
                             SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX};
    const float value = 1;
    assert_int_equal(tdrop_npy_write("none.npy", &value, 8, shape, 0, NULL), TDROP_OK);
    assert_int_equal(tdrop_npy_write("none.npy", NULL, 8, shape, 1, NULL), TDROP_OK);
    assert_int_equal(tdrop_npy_write("one.npy", &value, 0, NULL, 0, NULL), TDROP_OK);
    size_t size = 0;
    unsigned char *bytes = scratch_read("none.npy", &size);
    assert_int_equal(size % 64, 0);
    free(bytes);
    bytes = scratch_read("one.npy", &size);
    assert_int_equal(size % 64, 4);
    free(bytes);
}

static void npy_write_refuses_what_it_must(void **state) {
    (void)state;
    const float value = 1;
    const size_t shape[] = {1, 1}, huge[] = {SIZE_MAX, 2};
    tdrop_error error = {0};
    assert_int_equal(tdrop_npy_write(NULL, &value, 2, shape, 0, NULL), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_npy_write("x", NULL, 2, shape, 0, NULL), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_npy_write("x", NULL, 0, NULL, 0, NULL), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_npy_write("x", &value, 2, NULL, 0, NULL), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_npy_write("x", &value, -1, shape, 0, NULL), TDROP_ERROR_SIZE);
    assert_int_equal(tdrop_npy_write("x", &value, 9, shape, 0, NULL), TDROP_ERROR_SIZE);
    assert_int_equal(tdrop_npy_write("x", &value, 2, huge, 0, NULL), TDROP_ERROR_OVERFLOW);
    assert_status(tdrop_npy_write("/dev/full", &value, 2, shape, 0, &error), TDROP_ERROR_FILE,
                  &error, "/dev/full: cannot be written: No space left");
    put_file("old.npy", "before");
    assert_status(tdrop_npy_write("old.npy", &value, 2, shape, 0, &error), TDROP_ERROR_EXISTS,
                  &error, "old.npy: exists already");
    assert_content("old.npy", "before");
    assert_int_equal(scratch_count(), 1);
}

/* ---------------------------------------------------------------------------------------------
 * safetensors
 */

static const float weights[] = {1, -2, 3.5f, 0, 1e-45f, 3e38f};

static const tdrop_tensor tensors[] = {
    {"encoder.0.weight", 2, {2, 3}, weights},
    {"encoder.0.bias", 1, {1}, weights + 2},
    {"empty", 2, {0, 5}, NULL},
    {"scalar", 0, {0}, weights + 1},
};

static const tdrop_text texts[] = {
    {"format_version", "1"},
    {"odd", "\"checksum\":\"00000000\" \\ / \t\n\x01 \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
    {"", NULL}, /* the end */
};

static const tdrop_safetensors document = {
    .tensors = tensors, .tensor_count = 4, .texts = texts, .text_count = 2};

static unsigned char *write_document(const tdrop_safetensors *what, size_t *size) {
    tdrop_error error = {0};
    if (tdrop_safetensors_write(what, "model", 1, &error)) fail_msg("%s", error.message);
    return scratch_read("model", size);
}

/* A copy of exactly that size, so that the sanitizer sees every byte read beyond it. */
static tdrop_status parse_copy(tdrop_safetensors *parsed, const unsigned char *bytes, size_t size,
                               tdrop_error *error) {
    unsigned char *copy = malloc(size + !size);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    tdrop_status status = tdrop_safetensors_parse(parsed, "model", copy, size, error);
    free(copy);
    return status;
}

static void assert_damaged(const unsigned char *bytes, size_t size, const char *text) {
    tdrop_safetensors parsed = {0};
    tdrop_error error = {0};
    assert_status(parse_copy(&parsed, bytes, size, &error), TDROP_ERROR_FORMAT, &error, text);
    assert_memory_equal(error.message, "model: ", 7);
    assert_null(strchr(error.message, '\n'));
    assert_null(parsed.owned);
}

static void safetensors_come_back(void **state) {
    (void)state;
    size_t size = 0;
    unsigned char *bytes = write_document(&document, &size);
    tdrop_safetensors parsed = {0};
    tdrop_error error = {0};
    if (parse_copy(&parsed, bytes, size, &error)) fail_msg("%s", error.message);
    assert_int_equal(parsed.tensor_count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(parsed.tensors[i].name, tensors[i].name);
        assert_int_equal(parsed.tensors[i].dims, tensors[i].dims);
        for (int d = 0; d < tensors[i].dims; d++)
            assert_int_equal(parsed.tensors[i].shape[d], tensors[i].shape[d]);
    }
    assert_memory_equal(parsed.tensors[0].data, weights, sizeof weights);
    assert_true(parsed.tensors[1].data[0] == 3.5f && parsed.tensors[3].data[0] == -2.0f);
    assert_int_equal(parsed.text_count, 2);
    assert_string_equal(tdrop_safetensors_text(&parsed, "format_version"), "1");
    assert_string_equal(tdrop_safetensors_text(&parsed, "odd"), texts[1].value);
    assert_null(tdrop_safetensors_text(&parsed, "checksum"));
    assert_ptr_equal(tdrop_safetensors_tensor(&parsed, "empty"), &parsed.tensors[2]);
    assert_null(tdrop_safetensors_tensor(&parsed, "other"));

    size_t again_size = 0; /* what was read writes the same bytes */
    unsigned char *again = write_document(&parsed, &again_size);
    assert_int_equal(again_size, size);
    assert_memory_equal(again, bytes, size);
    tdrop_safetensors_release(&parsed);
    assert_null(parsed.tensors);
    tdrop_safetensors_release(&parsed);
    free(again);
    free(bytes);
}

static void safetensors_size_is_exact(void **state) {
    (void)state;
    for (size_t tensor_count = 0; tensor_count <= 4; tensor_count++) {
        for (size_t text_count = 0; text_count <= 2; text_count++) {
            tdrop_safetensors part = document;
            part.tensor_count = tensor_count;
            part.text_count = text_count;
            size_t size = 0, expected = 0;
            free(write_document(&part, &size));
            assert_int_equal(tdrop_safetensors_size(&part, &expected, NULL), TDROP_OK);
            assert_int_equal(size, expected);
        }
    }
}

/* The layout, byte for byte: this is what files out there look like. */
static void safetensors_layout_is_fixed(void **state) {
    (void)state;
    static const char header[] =
        "{\"__metadata__\":{\"checksum\":\"7519876a\",\"a\":\"b\"},"
        "\"w\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]}} ";
    static const unsigned char numbers[] = {0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0};
    const tdrop_tensor tensor = {"w", 2, {1, 2}, weights};
    const tdrop_text text = {"a", "b"};
    const tdrop_safetensors small = {
        .tensors = &tensor, .tensor_count = 1, .texts = &text, .text_count = 1};
    size_t size = 0;
    unsigned char *bytes = write_document(&small, &size);
    const size_t length = sizeof header - 1;
    assert_int_equal(length % 8, 0);
    assert_int_equal(size, 8 + length + sizeof numbers);
    assert_int_equal(bytes[0], length);
    assert_memory_equal(bytes + 1, "\0\0\0\0\0\0\0", 7);
    assert_memory_equal(bytes + 8, header, length);
    assert_memory_equal(bytes + 8 + length, numbers, sizeof numbers);
    free(bytes);
}

static void safetensors_write_values_that_are_not_utf8(void **state) {
    (void)state;
    static const struct {
        const char *value, *expected;
    } rows[] = {
        {"caf\xe9", "caf?"},
        {"\xc0\x80", "??"},
        {"\xed\xa0\x80", "???"},
        {"\xf4\x90\x80\x80", "????"},
        {"\xff\xfe", "??"},
        {"\xe2\x82", "??"},
        {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const tdrop_text text = {"name", rows[i].value};
        const tdrop_safetensors odd = {.texts = &text, .text_count = 1};
        size_t size = 0;
        unsigned char *bytes = write_document(&odd, &size);
        tdrop_safetensors parsed = {0};
        assert_int_equal(parse_copy(&parsed, bytes, size, NULL), TDROP_OK);
        assert_string_equal(tdrop_safetensors_text(&parsed, "name"), rows[i].expected);
        tdrop_safetensors_release(&parsed);
        free(bytes);
    }
}

static void safetensors_refuse_every_changed_byte(void **state) {
    (void)state;
    static const unsigned char patterns[] = {0x01, 0x02, 0x04, 0x08, 0x10, 0x20,
                                             0x40, 0x80, 0xff, 0x11, 0x7f};
    size_t size = 0;
    unsigned char *bytes = write_document(&document, &size);
    for (size_t at = 0; at < size; at++) {
        for (size_t p = 0; p < sizeof patterns; p++) {
            bytes[at] ^= patterns[p];
            assert_damaged(bytes, size, "damaged");
            bytes[at] ^= patterns[p];
        }
    }
    free(bytes);
}

static void safetensors_refuse_every_other_length(void **state) {
    (void)state;
    size_t size = 0;
    unsigned char *bytes = write_document(&document, &size);
    for (size_t cut = 0; cut < size; cut++)
        assert_damaged(bytes, cut, "damaged");
    unsigned char *longer = calloc(size + 16, 1);
    assert_non_null(longer);
    memcpy(longer, bytes, size);
    for (size_t more = 1; more <= 16; more++)
        assert_damaged(longer, size + more, "damaged");
    free(longer);
    free(bytes);
}

/* A file with this header and `data_size` bytes of numbers whose checksum is right: it stands where
 * the header has the eight zeros. */
static unsigned char *forge(const char *header, size_t data_size, size_t *size) {
    size_t length = strlen(header);
    *size = 8 + length + data_size;
    unsigned char *bytes = calloc(*size, 1);
    assert_non_null(bytes);
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((uint64_t)length >> 8 * i);
    memcpy(bytes + 8, header, length);
    char digits[9];
    snprintf(digits, sizeof digits, "%08lx", crc32_z(0, bytes, *size));
    const char *zeros = strstr(header, "\"checksum\":\"00000000");
    if (zeros) memcpy(bytes + 8 + (zeros - header) + 12, digits, 8);
    return bytes;
}

#define META     "\"__metadata__\":{\"checksum\":\"00000000\"}"
#define TENSOR   "\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]"
#define ENTRY(e) "{" META ",\"w\":{" e "}}"

static const struct {
    const char *header;
    size_t data_size;
    const char *text; /* NULL: a good file */
} forged[] = {
    {ENTRY(TENSOR), 8, NULL},
    {"{" META "}", 0, NULL},
    {"{\"w\":{" TENSOR "}," META "}  ", 8, NULL},
    {"{ \"w\" : {\"data_offsets\":[0, 8.0],\"shape\":[2e0],\"dtype\":\"F32\"}, " META "}", 8, NULL},
    {"{" META ",\"a\":{" TENSOR "},\"b\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[8,12]}}",
     12, NULL},
    /* the header as a whole */
    {"{}", 0, "no checksum"},
    {"{\"w\":{" TENSOR "}}", 8, "no checksum"},
    {"{\"__metadata__\":{\"checksum\" :\"00000000\"}}", 0, "no checksum"},
    {"{\"__metadata__\":{\"checksum\":\"0000000\"}}", 0, "no checksum"},
    {"{\"__metadata__\":{\"checksum\":\"00000000\",\"checksum\":\"00000000\"}}", 0, "no checksum"},
    {"{\"w\":{\"checksum\":\"00000000\"}}", 0, "no checksum"},
    {"{\"__metadata__\":{},\"w\":{\"checksum\":\"00000000\"}}", 0, "no checksum"},
    {"{\"__metadata__\":[{\"checksum\":\"00000000\"}]}", 0, "no checksum"},
    {"{" META "} x", 0, "is no JSON"},
    {"{" META "}{}", 0, "is no JSON"},
    {"{" META ",}", 0, "is no JSON"},
    {"{" META, 0, "is no JSON"},
    {" {" META "}", 0, "not JSON"},
    {"[{" META "}]", 0, "not JSON"},
    {"{" META ",\n\"w\":{" TENSOR "}}", 8, "not JSON"},
    {"{\"__metadata__\":{\"checksum\":\"00000000\",\"a\":\"\xff\"}}", 0, "not JSON"},
    {"{\"__metadata__\":{\"checksum\":\"00000000\",\"a\":\"\\u0000\"}}", 0, "not JSON"},
    {"{\"__metadata__\":{\"checksum\":\"00000000\",\"a\":\"\\\\u0000\"}}", 0, NULL},
    {"{\"__metadata__\":{\"checksum\":\"00000000\",\"a\":1}}", 0, "more than strings"},
    {"{\"__metadata__\":{\"checksum\":\"00000000\",\"a\":\"\",\"a\":\"\"}}", 0, "stands twice"},
    {"{\"__metadata__\":{\"checksum\":\"00000000\",\"\\n\":\"\"}}", 0, "not plain"},
    {"{" META ",\"__metadata__\":{}}", 0, "stands twice"},
    {"{" META ",\"w\":{" TENSOR "},\"w\":{" TENSOR "}}", 8, "stands twice"},
    {"{" META ",\"w\":{" TENSOR "},\"\\u0077\":{" TENSOR "}}", 8, "stands twice"},
    {"{" META ",\"\\u001b[2J\":{" TENSOR "}}", 8, "not plain"},
    {"{" META ",\"\":{" TENSOR "}}", 8, "empty or not plain"},
    /* tensors */
    {"{" META ",\"w\":1}", 8, "tensor 'w' needs dtype"},
    {"{" META ",\"w\":[1,2,3]}", 8, "tensor 'w' needs dtype"},
    {ENTRY("\"dtype\":\"F32\",\"shape\":[2]"), 8, "tensor 'w' needs dtype"},
    {ENTRY(TENSOR ",\"more\":1"), 8, "tensor 'w' needs dtype"},
    {ENTRY(TENSOR ",\"dtype\":\"F32\""), 8, "tensor 'w' needs dtype"},
    {ENTRY("\"dtype\":1,\"shape\":[2],\"data_offsets\":[0,8]"), 8, "tensor 'w' needs dtype"},
    {ENTRY("\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[0,8]"), 8, "dtype BF16; only F32"},
    {ENTRY("\"dtype\":\"\\n\",\"shape\":[2],\"data_offsets\":[0,8]"), 8, "dtype ?; only F32"},
    {ENTRY("\"dtype\":\"F32\",\"shape\":2,\"data_offsets\":[0,8]"), 8, "a shape"},
    {ENTRY("\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]"), 8, "a shape"},
    {ENTRY("\"dtype\":\"F32\",\"shape\":[2.5],\"data_offsets\":[0,8]"), 8, "a shape"},
    {ENTRY("\"dtype\":\"F32\",\"shape\":[1e300],\"data_offsets\":[0,8]"), 8, "a shape"},
    {ENTRY("\"dtype\":\"F32\",\"shape\":[1e999],\"data_offsets\":[0,8]"), 8, "a shape"},
    {ENTRY("\"dtype\":\"F32\",\"shape\":[\"2\"],\"data_offsets\":[0,8]"), 8, "a shape"},
    {ENTRY("\"dtype\":\"F32\",\"shape\":[null],\"data_offsets\":[0,8]"), 8, "a shape"},
    {ENTRY("\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,8]"), 8,
     "a shape"},
    {ENTRY("\"dtype\":\"F32\",\"shape\":[4294967296,1073741824],\"data_offsets\":[0,0]"), 0,
     "a shape"},
    {ENTRY("\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,2],\"data_offsets\":[0,8]"), 8, "a shape"},
    {ENTRY("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]"), 8, "data_offsets that"},
    {ENTRY("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8,8]"), 8, "data_offsets that"},
    {ENTRY("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]"), 8, "data_offsets that"},
    {ENTRY("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":{}"), 8, "data_offsets that"},
    {ENTRY("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,12]"), 8, "beyond the file"},
    {ENTRY("\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]"), 8, "a hole, overlaps"},
    {ENTRY("\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]"), 8, "a hole, overlaps"},
    {"{" META ",\"a\":{" TENSOR "},\"b\":{" TENSOR "}}", 8, "'b' leaves a hole, overlaps"},
    {ENTRY(TENSOR), 7, "beyond the file"},
    {ENTRY(TENSOR), 9, "left over"},
    {"{" META "}", 1, "left over"},
};

static void safetensors_refuse_forged_headers(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof forged / sizeof *forged; i++) {
        size_t size = 0;
        unsigned char *bytes = forge(forged[i].header, forged[i].data_size, &size);
        if (forged[i].text) {
            assert_damaged(bytes, size, forged[i].text);
        } else {
            tdrop_safetensors parsed = {0};
            tdrop_error error = {0};
            if (parse_copy(&parsed, bytes, size, &error))
                fail_msg("%s: %s", forged[i].header, error.message);
            tdrop_safetensors_release(&parsed);
        }
        free(bytes);
    }
}

/* The same headers, a byte of each changed at random and the checksum made right again. */
static void safetensors_survive_forged_damage(void **state) {
    (void)state;
    uint32_t random = 1;
    for (int round = 0; round < 20000; round++) {
        char header[512];
        size_t which = (size_t)round % (sizeof forged / sizeof *forged), size = 0;
        snprintf(header, sizeof header, "%s", forged[which].header);
        random = random * 1664525u + 1013904223u;
        header[(random >> 16) % strlen(header)] = (char)(random >> 8);
        unsigned char *bytes = forge(header, forged[which].data_size, &size);
        tdrop_safetensors parsed = {0};
        parse_copy(&parsed, bytes, size, NULL);
        tdrop_safetensors_release(&parsed);
        free(bytes);
    }
}

/* 100,000 brackets must not overflow the stack. */
static void safetensors_refuse_deep_headers(void **state) {
    (void)state;
    enum { DEPTH = 100000 };
    static char header[DEPTH + 200];
    size_t used = (size_t)snprintf(header, sizeof header, "{" META ",\"w\":");
    memset(header + used, '[', DEPTH);
    size_t size = 0;
    unsigned char *bytes = forge(header, 0, &size);
    assert_damaged(bytes, size, "is no JSON");
    free(bytes);
}

static void safetensors_refuse_long_headers(void **state) {
    (void)state;
    unsigned char bytes[16] = {0};
    memset(bytes, 0xff, 8);
    assert_damaged(bytes, sizeof bytes, "more than 100 MB");
    memset(bytes, 0, 8);
    bytes[0] = 9;
    assert_damaged(bytes, sizeof bytes, "ends within its header");
    tdrop_safetensors parsed = {0};
    assert_int_equal(tdrop_safetensors_parse(NULL, "m", bytes, 1, NULL), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_safetensors_parse(&parsed, "m", NULL, 1, NULL), TDROP_ERROR_NULL);
}

static void safetensors_refuse_to_write_what_cannot_be_read(void **state) {
    (void)state;
    static const tdrop_tensor bad_tensors[][2] = {
        {{"a", 1, {1}, weights}, {"a", 1, {1}, weights}},
        {{"a", 1, {1}, weights}, {"__metadata__", 1, {1}, weights}},
        {{"a", 1, {1}, weights}, {"", 1, {1}, weights}},
        {{"a", 1, {1}, weights}, {"\"checksum", 1, {1}, weights}},
        {{"a", 1, {1}, weights}, {"line\n", 1, {1}, weights}},
        {{"a", 1, {1}, weights}, {"b", 9, {1}, weights}},
        {{"a", 1, {1}, weights}, {"b", -1, {1}, weights}},
        {{"a", 1, {1}, weights}, {"b", 2, {SIZE_MAX, 2}, weights}},
        {{"a", 1, {SIZE_MAX / 4}, weights}, {"b", 1, {SIZE_MAX / 4}, weights}},
    };
    size_t size = 0;
    for (size_t i = 0; i < sizeof bad_tensors / sizeof *bad_tensors; i++) {
        const tdrop_safetensors bad = {.tensors = bad_tensors[i], .tensor_count = 2};
        tdrop_error error = {0};
        tdrop_status status = tdrop_safetensors_write(&bad, "model", 0, &error);
        assert_true(status == TDROP_ERROR_FORMAT || status == TDROP_ERROR_OVERFLOW);
        assert_int_equal(tdrop_safetensors_size(&bad, &size, NULL), status);
    }
    static const char *const bad_keys[] = {"checksum", "", "\"checksum", "\xc3\xa9"};
    for (size_t i = 0; i < sizeof bad_keys / sizeof *bad_keys; i++) {
        const tdrop_text text = {bad_keys[i], "value"};
        const tdrop_safetensors bad = {.texts = &text, .text_count = 1};
        assert_int_equal(tdrop_safetensors_write(&bad, "model", 0, NULL), TDROP_ERROR_FORMAT);
    }
    assert_int_equal(scratch_count(), 0);
}

static void safetensors_report_what_the_file_says(void **state) {
    (void)state;
    tdrop_error error = {0};
    assert_status(tdrop_safetensors_write(&document, "/dev/full", 0, &error), TDROP_ERROR_FILE,
                  &error, "/dev/full: cannot be written: No space left");
    put_file("model", "before");
    assert_status(tdrop_safetensors_write(&document, "model", 0, &error), TDROP_ERROR_EXISTS,
                  &error, "model: exists already");
    assert_content("model", "before");
    assert_int_equal(tdrop_safetensors_write(NULL, "model", 0, NULL), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_safetensors_write(&document, NULL, 0, NULL), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_safetensors_size(&document, NULL, NULL), TDROP_ERROR_NULL);
    assert_int_equal(scratch_count(), 1);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_enter, scratch_leave)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(a_new_file_appears_at_commit),
        IN_SCRATCH(an_old_file_stays_until_commit),
        IN_SCRATCH(abort_leaves_nothing),
        IN_SCRATCH(an_existing_file_is_refused),
        IN_SCRATCH(several_files_are_written_at_once),
        IN_SCRATCH(a_slow_disk_loses_nothing),
        IN_SCRATCH(what_a_killed_process_left_is_removed),
        IN_SCRATCH(what_is_no_temporary_file_is_not_removed),
        IN_SCRATCH(links_are_kept),
        IN_SCRATCH(a_change_of_folder_does_not_matter),
        IN_SCRATCH(names_of_every_length_are_written),
        IN_SCRATCH(what_is_no_file_is_refused),
        IN_SCRATCH(an_unwritable_folder_is_named),
        IN_SCRATCH(a_full_disk_is_reported),
        IN_SCRATCH(a_write_that_fails_leaves_nothing),
        IN_SCRATCH(standard_output_is_written_directly),
        IN_SCRATCH(a_pipe_is_written_through_interrupts),
        IN_SCRATCH(npy_write_gives_what_the_reader_takes),
        IN_SCRATCH(npy_write_takes_the_largest_shape),
        IN_SCRATCH(npy_write_refuses_what_it_must),
        IN_SCRATCH(safetensors_come_back),
        IN_SCRATCH(safetensors_size_is_exact),
        IN_SCRATCH(safetensors_layout_is_fixed),
        IN_SCRATCH(safetensors_write_values_that_are_not_utf8),
        IN_SCRATCH(safetensors_refuse_every_changed_byte),
        IN_SCRATCH(safetensors_refuse_every_other_length),
        cmocka_unit_test(safetensors_refuse_forged_headers),
        cmocka_unit_test(safetensors_survive_forged_damage),
        cmocka_unit_test(safetensors_refuse_deep_headers),
        cmocka_unit_test(safetensors_refuse_long_headers),
        IN_SCRATCH(safetensors_refuse_to_write_what_cannot_be_read),
        IN_SCRATCH(safetensors_report_what_the_file_says),
    };
    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
