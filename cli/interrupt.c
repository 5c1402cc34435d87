/* SPDX-License-Identifier: MIT */
#include "interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t signal_seen;

static void note_signal(int number) {
    signal_seen = number;
}

static void install(void (*handler)(int)) {
    struct sigaction action = {.sa_handler = handler};
    sigemptyset(&action.sa_mask);
    /* RESETHAND: the second signal finds the default action */
    action.sa_flags = handler == SIG_DFL ? 0 : (int)(SA_RESETHAND | SA_RESTART);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

void interrupt_catch(void) {
    install(note_signal);
}

void interrupt_release(void) {
    install(SIG_DFL);
}

const char *interrupt_came(void) {
    if (!signal_seen) return NULL;
    return signal_seen == SIGINT ? "SIGINT" : "SIGTERM";
}
