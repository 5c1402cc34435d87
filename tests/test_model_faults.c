/* SPDX-License-Identifier: MIT
 * The disk fails while checkpoints are written: every call to the system in turn, in every way that
 * it can. Training does not notice, and the checkpoint on the disk is always whole: the last good
 * one or the new one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "models.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---------------------------------------------------------------------------------------------
 * A system that fails. This program compiles file/atomic_file.c itself, with these functions below
 * it, so the one in the archive is never linked.
 */

/* How a call fails. SHORT and INTERRUPTED are no failures: the rest has to be done again. */
typedef enum fault_kind { FAULT_ERROR, FAULT_SHORT, FAULT_INTERRUPTED, FAULT_KINDS } fault_kind;

static size_t calls;      /* since the last reset */
static size_t fault_from; /* the first call that fails, counted from 1; 0: none */
static size_t fault_to;   /* the last one */
static fault_kind fault;

static void reset_faults(size_t from, size_t to, fault_kind kind) {
    calls = 0;
    fault_from = from;
    fault_to = to;
    fault = kind;
}

static bool call_fails(void) {
    calls++;
    return fault_from && calls >= fault_from && calls <= fault_to;
}

/* Whether a call that cannot be short or interrupted fails. */
static bool simple_call_fails(int number) {
    if (!call_fails() || fault != FAULT_ERROR) return false;
    errno = number;
    return true;
}

static ssize_t faulty_write(int fd, const void *bytes, size_t size) {
    if (!call_fails()) return write(fd, bytes, size);
    if (fault == FAULT_SHORT) return write(fd, bytes, size > 1 ? size / 2 : size);
    errno = fault == FAULT_INTERRUPTED ? EINTR : ENOSPC;
    return -1;
}

/* Nothing here has to survive the machine: what fails is all that matters. */
static int faulty_fsync(int fd) {
    (void)fd;
    if (!call_fails() || fault == FAULT_SHORT) return 0;
    errno = fault == FAULT_INTERRUPTED ? EINTR : EIO;
    return -1;
}

static int faulty_close(int fd) {
    bool fails = call_fails();
    int result = close(fd); /* it is closed even so, as on Linux */
    if (!fails || fault == FAULT_SHORT) return result;
    errno = fault == FAULT_INTERRUPTED ? EINTR : EDQUOT;
    return -1;
}

static int faulty_open(const char *path, int flags) {
    return simple_call_fails(EACCES) ? -1 : open(path, flags);
}

static int faulty_openat(int folder, const char *path, int flags, mode_t mode) {
    return simple_call_fails(EROFS) ? -1 : openat(folder, path, flags, mode);
}

static int faulty_fchmod(int fd, mode_t mode) {
    return simple_call_fails(EPERM) ? -1 : fchmod(fd, mode);
}

static int faulty_renameat(int from_folder, const char *from, int to_folder, const char *to) {
    return simple_call_fails(EIO) ? -1 : renameat(from_folder, from, to_folder, to);
}

#define write    faulty_write
#define fsync    faulty_fsync
#define close    faulty_close
#define open     faulty_open
#define openat   faulty_openat
#define fchmod   faulty_fchmod
#define renameat faulty_renameat
#include "file/atomic_file.c"
#undef write
#undef fsync
#undef close
#undef open
#undef openat
#undef fchmod
#undef renameat

/* ---------------------------------------------------------------------------------------------
 * Fits with checkpoints
 */

static tdrop_data *data;
static unsigned char *expected; /* the file of a model whose fit never stopped */
static size_t expected_size;

/* Three steps an epoch, two epochs: six checkpoints. */
static const tdrop_fit_options options = {.arch = "[2]", .epochs = 2, .batch = 8};
enum { CHECKPOINTS = 6 };

static int set_up(void **state) {
    int result = scratch_enter(state);
    data = models_table(26, 3, 2, 0.1, 1);
    tdrop_model *model = models_fit(data, &options);
    expected = models_bytes(model, &expected_size);
    tdrop_model_destroy(model);
    return scratch_leave(state) || result;
}

static int tear_down(void **state) {
    (void)state;
    free(expected);
    tdrop_data_destroy(data);
    return 0;
}

static size_t failures, successes;

static void on_checkpoint(void *context, const tdrop_fit_checkpoint *told) {
    (void)context;
    failures += told->failure != NULL;
    successes += !told->failure;
    if (told->failure) assert_non_null(strstr(told->failure->message, "ck"));
}

static void assert_expected(tdrop_model *model) {
    size_t size;
    unsigned char *bytes = models_bytes(model, &size);
    assert_int_equal(size, expected_size);
    assert_memory_equal(bytes, expected, size);
    free(bytes);
    tdrop_model_destroy(model);
}

/* One fit with these faults. Returns how many calls its checkpoints made. */
static size_t fit_with_faults(size_t from, size_t to, fault_kind kind) {
    const tdrop_fit_observer observer = {.checkpoint = on_checkpoint};
    tdrop_fit_options with = options;
    tdrop_model *model = NULL;
    with.checkpoint = (tdrop_checkpoint_options){.path = "ck", .every_steps = 1};
    failures = successes = 0;
    reset_faults(from, to, kind);
    assert_int_equal(tdrop_fit(&model, data, &with, &observer, NULL), TDROP_OK);
    size_t made = calls;
    reset_faults(0, 0, FAULT_ERROR);
    /* the last one is tried again at once, since training is done */
    assert_true(successes + failures == CHECKPOINTS || successes + failures == CHECKPOINTS + 1);
    assert_expected(model);
    return made;
}

/* From whatever checkpoint is there, training goes on to the same end; nothing else is there. */
static void assert_checkpoint_good(void) {
    tdrop_fit_options with = options;
    tdrop_model *model = NULL;
    with.checkpoint.resume = "ck";
    assert_int_equal(scratch_count(), 2); /* the checkpoint, and the file of models_bytes */
    assert_int_equal(tdrop_fit(&model, data, &with, NULL, NULL), TDROP_OK);
    assert_expected(model);
}

static void test_each_call_fails_once(void **state) {
    (void)state;
    size_t most = fit_with_faults(0, 0, FAULT_ERROR);
    assert_int_equal(failures, 0);
    assert_true(most >= CHECKPOINTS * 6);
    for (size_t at = 1; at <= most; at++) {
        for (fault_kind kind = FAULT_ERROR; kind < FAULT_KINDS; kind++) {
            fit_with_faults(at, at, kind);
            assert_true(failures <= (kind == FAULT_ERROR));
            assert_checkpoint_good();
        }
    }
}

/* The disk is full, or gone, from some moment on: what was good before stays to the byte. */
static void test_every_call_fails_from_some_moment_on(void **state) {
    (void)state;
    size_t most = fit_with_faults(0, 0, FAULT_ERROR);
    for (size_t from = 1; from <= most; from++) {
        if (from == 1) fit_with_faults(0, 0, FAULT_ERROR);
        fit_with_faults(from, SIZE_MAX, FAULT_ERROR);
        assert_true(failures >= 1);
        assert_checkpoint_good();
    }
    size_t size, size_after;
    unsigned char *before = scratch_read("ck", &size);
    fit_with_faults(1, SIZE_MAX, FAULT_ERROR);
    assert_int_equal(failures, CHECKPOINTS + 1);
    unsigned char *after = scratch_read("ck", &size_after);
    assert_int_equal(size, size_after);
    assert_memory_equal(before, after, size);
    free(after);
    free(before);
}

/* Every write takes half of what it is given, or is interrupted every other time. */
static void test_short_writes_lose_nothing(void **state) {
    (void)state;
    fit_with_faults(1, SIZE_MAX, FAULT_SHORT);
    assert_int_equal(failures, 0);
    assert_checkpoint_good();
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_enter, scratch_leave)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_each_call_fails_once),
        IN_SCRATCH(test_every_call_fails_from_some_moment_on),
        IN_SCRATCH(test_short_writes_lose_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
