/* SPDX-License-Identifier: MIT
 * Reading 200 MB of numbers as text, against counting its lines and against readers in Python.
 * Every side's time is that of its processor, so that a busy machine does not decide. Python is
 * what TDROP_BENCH_PYTHON names; scripts/bench makes one that has the rivals. */
#include "bench.h"
#include "taildropout_model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define FULL_SIZE 200e6 /* bytes */
enum { COLUMNS = 20, PASSES = 3, COMMAND = 4096 };

static double seconds_of(int who) {
    struct rusage used;
    getrusage(who, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

/* Rows of numbers with so many digits: six, as a program prints them, or all that a double has. */
static bool write_numbers(FILE *file, int digits, double size) {
    enum { NUMBERS = 1 << 14 };
    float *numbers = bench_floats(NUMBERS);
    size_t next = 0;
    for (double written = 0; written < size && !ferror(file);)
        for (int j = 0; j < COLUMNS; j++)
            written += fprintf(file, "%.*g%c", digits, (double)numbers[next++ % NUMBERS],
                               j + 1 < COLUMNS ? ',' : '\n');
    free(numbers);
    return fflush(file) == 0 && !ferror(file);
}

static double time_ours(const char *path) {
    tdrop_data *data = NULL;
    const double start = seconds_of(RUSAGE_SELF);
    if (tdrop_data_read(&data, path, NULL, NULL)) return NAN;
    const double taken = seconds_of(RUSAGE_SELF) - start;
    tdrop_data_destroy(data);
    return taken;
}

/* wc is a process of its own and its whole time counts. */
static double time_wc(const char *path) {
    char command[COMMAND];
    snprintf(command, sizeof command, "wc -l '%s' >/dev/null", path);
    const double start = seconds_of(RUSAGE_CHILDREN);
    return system(command) == 0 ? seconds_of(RUSAGE_CHILDREN) - start : NAN;
}

/* What Python prints: the time of the call alone, without that of loading the library. */
static double time_python(const char *library, const char *call, const char *path) {
    char command[COMMAND];
    double taken = NAN;
    const char *python = getenv("TDROP_BENCH_PYTHON");
    snprintf(command, sizeof command,
             "'%s' -c \"import time, %s as m; s = time.process_time(); m.%s; "
             "print(time.process_time() - s)\" '%s' 2>/dev/null",
             python ? python : "python3", library, call, path);
    FILE *output = popen(command, "r");
    if (!output) return NAN;
    if (fscanf(output, "%lf", &taken) != 1) taken = NAN;
    return pclose(output) == 0 ? taken : NAN;
}

static double time_theirs(const bench_row *row, const char *path) {
    if (strcmp(row->rival, "numpy.loadtxt") == 0)
        return time_python("numpy", "loadtxt(__import__('sys').argv[1], delimiter=',')", path);
    if (strcmp(row->rival, "pandas.read_csv") == 0)
        return time_python("pandas", "read_csv(__import__('sys').argv[1], header=None)", path);
    return time_wc(path);
}

static bool measure_file(const bench_row *row, const char *path, double *ours_ms,
                         double *theirs_ms) {
    double ours[PASSES], theirs[PASSES];
    for (int i = 0; i < PASSES; i++) {
        ours[i] = 1e3 * time_ours(path);
        theirs[i] = 1e3 * time_theirs(row, path);
        if (isnan(ours[i]) || isnan(theirs[i])) return false;
    }
    *ours_ms = bench_median(ours, PASSES);
    *theirs_ms = bench_median(theirs, PASSES);
    return true;
}

static bool measure(const bench_row *row, const bench_peaks *peaks, bool quick, double *ours_ms,
                    double *theirs_ms) {
    char path[] = "/tmp/taildropout-bench-XXXXXX";
    const int descriptor = mkstemp(path);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "w");
    (void)peaks;
    const int digits = strcmp(row->name, "csv-17-digits") == 0 ? 17 : 6;
    bool good = file && write_numbers(file, digits, quick ? FULL_SIZE / 10 : FULL_SIZE);
    if (file) fclose(file);
    good = good && measure_file(row, path, ours_ms, theirs_ms);
    if (descriptor >= 0) unlink(path);
    if (!good) fprintf(stderr, "taildropout_bench: %s left out: no %s\n", row->name, row->rival);
    return good;
}

const bench_row bench_csv_rows[] = {
    {.name = "csv", .rival = "wc -l", .threads = 1, .measure = measure, .at_least = 0.1},
    {.name = "csv", .rival = "numpy.loadtxt", .threads = 1, .measure = measure, .at_least = 5.0},
    {.name = "csv", .rival = "pandas.read_csv", .threads = 1, .measure = measure, .at_least = 1.5},
    {.name = "csv-17-digits", .rival = "wc -l", .threads = 1, .measure = measure},
    {.name = "csv-17-digits", .rival = "numpy.loadtxt", .threads = 1, .measure = measure},
    {.name = "csv-17-digits", .rival = "pandas.read_csv", .threads = 1, .measure = measure},
    {.name = NULL},
};
