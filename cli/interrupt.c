/* SPDX-License-Identifier: MIT */
#include "interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t signal_seen;

static void install(void (*handler)(int)) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* The second signal, of either kind, finds the default action. */
static void note_signal(int number) {
    signal_seen = number;
    install(SIG_DFL);
}

void interrupt_catch(void) {
    install(note_signal);
    /* a file beyond the limit of its size is an error like a full disk, nothing to die of */
    signal(SIGXFSZ, SIG_IGN);
}

void interrupt_release(void) {
    install(SIG_DFL);
}

const char *interrupt_came(void) {
    if (!signal_seen) return NULL;
    return signal_seen == SIGINT ? "SIGINT" : "SIGTERM";
}
