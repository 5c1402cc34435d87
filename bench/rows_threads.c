/* SPDX-License-Identifier: MIT
 * Training on two threads against two processes of one thread each, side by side: what they get
 * done in a second. Times in the table are those of a step, of two processes together half the time
 * that a step of one takes. */
#define _GNU_SOURCE /* sched_setaffinity */
#include "bench.h"
#include "training.h"

#include <sched.h>
#include <stdio.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROCESSES = 2, MOST_ROUNDS = 15 };

static const double round_seconds = 1.0;

/* A process that trains for a while whenever it is told to. */
typedef struct trainee {
    pid_t process;
    int order, report; /* ends of pipes */
} trainee;

/* Steps in a second. */
static double train_for_a_while(bench_training *training) {
    double start = bench_seconds(), seconds;
    int steps = 0;
    do {
        bench_training_step(training);
        steps++;
        seconds = bench_seconds() - start;
    } while (seconds < round_seconds);
    return steps / seconds;
}

static void pin_to(unsigned processor) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    sched_setaffinity(0, sizeof set, &set);
}

/* Writes 0 when it is ready, and a rate for each byte that comes in. */
static void be_trained(int orders, int reports) {
    const char *why;
    char order;
    const bench_training_options options = bench_wide_mlp(0.5, 1);
    bench_training *training = bench_training_create(&options, &why);
    if (!training) _exit(1);
    bench_training_step(training);
    double rate = 0.0;
    while (write(reports, &rate, sizeof rate) == sizeof rate && read(orders, &order, 1) == 1)
        rate = train_for_a_while(training);
    _exit(0);
}

static bool start(trainee *t, unsigned number, bool pinned) {
    int orders[2], reports[2];
    if (pipe(orders)) return false;
    if (pipe(reports)) return false;
    fflush(NULL);
    *t = (trainee){.process = fork(), .order = orders[1], .report = reports[0]};
    if (t->process == 0) {
        close(orders[1]);
        close(reports[0]);
        if (pinned) pin_to(number);
        be_trained(orders[0], reports[1]);
    }
    close(orders[0]);
    close(reports[1]);
    return t->process > 0;
}

/* A later process holds the pipes of an earlier one too: all are closed before any is awaited. */
static void stop(const trainee *trainees, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        close(trainees[i].order);
        close(trainees[i].report);
    }
    for (unsigned i = 0; i < count; i++)
        waitpid(trainees[i].process, NULL, 0);
}

static bool hear(const trainee *t, double *rate) {
    return read(t->report, rate, sizeof *rate) == sizeof *rate;
}

/* Steps in a second of all processes together; 0 when one is gone. */
static double rate_of_processes(const trainee trainees[PROCESSES]) {
    double all = 0.0, rate;
    for (int i = 0; i < PROCESSES; i++)
        if (write(trainees[i].order, "", 1) != 1) return 0.0;
    for (int i = 0; i < PROCESSES; i++) {
        if (!hear(&trainees[i], &rate)) return 0.0;
        all += rate;
    }
    return all;
}

static bool measure_rounds(bench_training *threads, const trainee trainees[PROCESSES],
                           size_t rounds, double *ours_ms, double *theirs_ms) {
    double ours[MOST_ROUNDS], theirs[MOST_ROUNDS];
    for (size_t i = 0; i < rounds; i++) {
        ours[i] = 1e3 / train_for_a_while(threads);
        double rate = rate_of_processes(trainees);
        if (rate == 0.0) return false;
        theirs[i] = 1e3 / rate;
    }
    *ours_ms = bench_median(ours, rounds);
    *theirs_ms = bench_median(theirs, rounds);
    return true;
}

/* The processes are made first: the threads of ours would not live on in them. */
static bool measure(bool pinned, bool quick, double *ours_ms, double *theirs_ms, const char **why) {
    trainee trainees[PROCESSES] = {{.process = 0}};
    const bench_training_options options = bench_wide_mlp(0.5, PROCESSES);
    bench_training *threads = NULL;
    double ready;
    bool good = true;
    unsigned started = 0;
    for (; started < PROCESSES && good; started++)
        good = start(&trainees[started], started, pinned);
    for (unsigned i = 0; i < started && good; i++)
        good = hear(&trainees[i], &ready);
    good = good && (threads = bench_training_create(&options, why)) != NULL;
    if (good) {
        bench_training_step(threads);
        good = measure_rounds(threads, trainees, quick ? 5 : MOST_ROUNDS, ours_ms, theirs_ms);
    }
    if (threads) bench_training_destroy(threads);
    stop(trainees, started);
    return good;
}

static bool measure_row(const bench_row *row, const bench_peaks *peaks, bool quick, double *ours_ms,
                        double *theirs_ms) {
    const char *why = "two processes cannot be run, or there is no Fashion-MNIST";
    (void)peaks;
    bool pinned = row->p > 0.0;
    if (peaks->threads < PROCESSES)
        why = "it takes two processors";
    else if (measure(pinned, quick, ours_ms, theirs_ms, &why))
        return true;
    fprintf(stderr, "taildropout_bench: %s left out: %s\n", row->name, why);
    return false;
}

const bench_row bench_threads_rows[] = {
    {.name = "threads-mlp",
     .rival = "two-processes",
     .threads = PROCESSES,
     .measure = measure_row,
     .at_least = 0.93},
    {.name = "threads-mlp-pinned",
     .rival = "two-processes",
     .threads = PROCESSES,
     .measure = measure_row,
     .p = 1.0},
    {.name = NULL},
};
