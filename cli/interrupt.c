/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700 /* readlink, sigaction */
#include "interrupt.h"

#include "command.h"

#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* No command has more files open at once. */
enum { MOST_DESCRIPTORS = 1024 };

static volatile sig_atomic_t signal_seen;

static const char *name_of(int number) {
    return number == SIGINT ? "SIGINT" : "SIGTERM";
}

/* ---------------------------------------------------------------------------------------------
 * The end. All of it runs in a signal handler, so only functions that are safe there are called.
 */

/* Removes the file behind a descriptor if its name is that of one being written, as src/file/ and
 * output_file.c call them. Linux says what the name is; where /proc is not there, the file stays
 * until the next write into its folder finds it a minute old. */
static void remove_unfinished(int descriptor) {
    static const char folder[] = "/proc/self/fd/", start[] = "/.taildropout-";
    char link[sizeof folder + 4], path[PATH_MAX];
    char *digit = link + sizeof link - 1;
    *digit = '\0';
    for (int rest = descriptor; rest; rest /= 10)
        *--digit = (char)('0' + rest % 10);
    digit -= sizeof folder - 1;
    memcpy(digit, folder, sizeof folder - 1);
    const ssize_t length = readlink(digit, path, sizeof path - 1);
    if (length < 0) return;
    path[length] = '\0';
    const char *name = strrchr(path, '/');
    if (name && strncmp(name, start, sizeof start - 1) == 0) unlink(path);
}

/* What cannot be said cannot be told either. */
static void say(const char *text) {
    const ssize_t written = write(STDERR_FILENO, text, strlen(text));
    (void)written;
}

/* As it would without a handler, so that a shell's loop around the program ends, too. */
static void die_of(int number) {
    const struct sigaction without = {.sa_handler = SIG_DFL};
    sigset_t itself;
    sigemptyset(&itself);
    sigaddset(&itself, number);
    sigaction(number, &without, NULL);
    sigprocmask(SIG_UNBLOCK, &itself, NULL);
    raise(number);
    _exit(EXIT_FAILED);
}

/* The kernel gives a signal to the first thread where it can, which is the one that writes files:
 * none comes to be while this runs. */
static void end(int number) {
    for (int i = STDERR_FILENO + 1; i < MOST_DESCRIPTORS; i++)
        remove_unfinished(i);
    say("taildropout: stopped by ");
    say(name_of(number));
    say(": nothing half-written is left; to have it all, give the command again\n");
    die_of(number);
}

/* ---------------------------------------------------------------------------------------------
 * Which of the two they do
 */

static void install(void (*handler)(int), int also_ignored) {
    static const int numbers[] = {SIGINT, SIGTERM};
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART}, before;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < 2; i++)
        sigaddset(&action.sa_mask, numbers[i]);
    for (size_t i = 0; i < 2; i++)
        if (also_ignored ||
            (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN))
            sigaction(numbers[i], &action, NULL);
}

void interrupt_end(void) {
    install(end, 0);
}

/* The second signal, of either kind, finds the end. */
static void note_signal(int number) {
    signal_seen = number;
    install(end, 1);
}

void interrupt_catch(void) {
    install(note_signal, 1);
    /* a file beyond the limit of its size is an error like a full disk, nothing to die of */
    signal(SIGXFSZ, SIG_IGN);
}

void interrupt_release(void) {
    install(end, 1);
}

const char *interrupt_came(void) {
    return signal_seen ? name_of(signal_seen) : NULL;
}
