/* SPDX-License-Identifier: MIT
 *
 * taildropout_bench [--quick] [NAME...]    one table of ratios, and bench.json in this folder
 * taildropout_bench --plot FILE.svg        time of the products against p
 *
 * Rows of one thread are timed by the time that the thread runs, so that the turns of other
 * processes are not counted; rows of several threads by the clock. */
#include "bench.h"

#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <taildropout.h>
#include <time.h>
#include <unistd.h>

enum { MOST_ROWS = 128, MOST_REPEATS = 61 };

/* A side is called so often that one measurement takes at least this long. */
static const double least_seconds = 0.02;

typedef struct result {
    const bench_row *row;
    double ours_ms, theirs_ms;
    double share; /* of the peak that ours reaches; 0: not asked for */
} result;

static double seconds_of(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double bench_seconds(void) {
    return seconds_of(CLOCK_MONOTONIC);
}

double bench_thread_seconds(void) {
    return seconds_of(CLOCK_THREAD_CPUTIME_ID);
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_median(double *values, size_t count) {
    qsort(values, count, sizeof *values, compare_doubles);
    return count % 2 ? values[count / 2] : 0.5 * (values[count / 2 - 1] + values[count / 2]);
}

float *bench_floats(size_t count) {
    size_t bytes = (count * sizeof(float) + 63) / 64 * 64;
    float *values = aligned_alloc(64, bytes ? bytes : 64);
    unsigned state = 1;
    if (!values) {
        fprintf(stderr, "taildropout_bench: memory ran out\n");
        exit(1);
    }
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        values[i] = (float)(state >> 8) / (float)(1 << 23) - 1.0f;
    }
    return values;
}

static double time_calls(void (*call)(void *), void *state, int calls) {
    double start = bench_thread_seconds();
    for (int i = 0; i < calls; i++)
        call(state);
    return (bench_thread_seconds() - start) / calls;
}

/* Seconds for an operation at the peak. */
static double time_peak(void) {
    double start = bench_thread_seconds(), operations = bench_spin();
    return (bench_thread_seconds() - start) / operations;
}

/* How many calls make one measurement long enough. */
static int calls_needed(void (*call)(void *), void *state) {
    call(state);
    double once = time_calls(call, state, 1);
    return once >= least_seconds ? 1 : (int)(least_seconds / fmax(once, 1e-9)) + 1;
}

/* Both sides, and the peak, in turn; medians of several. Whoever comes behind the peak finds the
 * processor hot, so each side does so every other time. */
static bool measure_in_turn(const bench_row *row, bool quick, result *result) {
    double ours[MOST_REPEATS], theirs[MOST_REPEATS], peak[MOST_REPEATS];
    size_t repeats = quick ? 7 : 31;
    const char *why = "it cannot be set up";
    void *state = row->set_up(row, &why);
    if (!state) {
        fprintf(stderr, "taildropout_bench: %s left out: %s\n", row->name, why);
        return false;
    }
    int our_calls = calls_needed(row->ours, state), their_calls = calls_needed(row->theirs, state);
    for (size_t i = 0; i < repeats; i++) {
        if (i % 2 == 0) ours[i] = time_calls(row->ours, state, our_calls);
        theirs[i] = time_calls(row->theirs, state, their_calls);
        if (i % 2) ours[i] = time_calls(row->ours, state, our_calls);
        if (row->operations) peak[i] = time_peak();
    }
    result->ours_ms = 1e3 * bench_median(ours, repeats);
    result->theirs_ms = 1e3 * bench_median(theirs, repeats);
    if (row->operations)
        result->share =
            1e3 * row->operations(state) * bench_median(peak, repeats) / result->ours_ms;
    row->tear_down(state);
    return true;
}

static bool measure_row(const bench_row *row, const bench_peaks *peaks, bool quick,
                        result *result) {
    result->row = row;
    result->share = 0.0;
    return row->measure ? row->measure(row, peaks, quick, &result->ours_ms, &result->theirs_ms)
                        : measure_in_turn(row, quick, result);
}

static double ratio(const result *result) {
    return result->theirs_ms / result->ours_ms;
}

static void print_result(const result *result) {
    const bench_row *row = result->row;
    printf("%-26s %-16s %7u %11.4f %11.4f %8.2fx", row->name, row->rival, row->threads,
           result->ours_ms, result->theirs_ms, ratio(result));
    if (row->at_least > 0.0) printf("  at least %.2fx", row->at_least);
    if (result->share > 0.0) printf("  %.1f %% of peak", 100.0 * result->share);
    if (row->share_at_least > 0.0) printf(", at least %.0f %%", 100.0 * row->share_at_least);
    printf("\n");
    fflush(stdout);
}

static void write_json(const result *results, size_t count) {
    FILE *file = fopen("bench.json", "w");
    if (!file) {
        perror("taildropout_bench: bench.json");
        exit(1);
    }
    fprintf(file, "[");
    for (size_t i = 0; i < count; i++)
        fprintf(file,
                "%s\n  {\"name\": \"%s\", \"rival\": \"%s\", \"threads\": %u, \"ours_ms\": %.6g, "
                "\"rival_ms\": %.6g, \"ratio\": %.4g}",
                i ? "," : "", results[i].row->name, results[i].row->rival, results[i].row->threads,
                results[i].ours_ms, results[i].theirs_ms, ratio(&results[i]));
    fprintf(file, "\n]\n");
    if (fclose(file)) {
        perror("taildropout_bench: bench.json");
        exit(1);
    }
}

static bool is_wanted(const char *name, int count, char **wanted) {
    for (int i = 0; i < count; i++)
        if (!strcmp(name, wanted[i])) return true;
    return count == 0;
}

static size_t measure_table(const bench_row *rows, const bench_peaks *peaks, bool quick, int names,
                            char **wanted, result *results) {
    size_t count = 0;
    for (const bench_row *row = rows; row->name; row++)
        if (is_wanted(row->name, names, wanted) && measure_row(row, peaks, quick, &results[count]))
            print_result(&results[count++]);
    return count;
}

/* An OpenBLAS older than the processor takes its oldest kernels, five times as slow as those that
 * the processor can run: no rival. It reads the environment when it is loaded, so start again. */
static void start_with_apt_openblas(char **argv) {
    const tdrop_isa isa = tdrop_isa_best();
    if (strcmp(openblas_get_corename(), "Prescott") || getenv("OPENBLAS_CORETYPE")) return;
    if (isa != TDROP_ISA_AVX512 && isa != TDROP_ISA_AVX2) return;
    if (setenv("OPENBLAS_CORETYPE", isa == TDROP_ISA_AVX512 ? "SkylakeX" : "Haswell", 1)) return;
    execv("/proc/self/exe", argv);
}

int main(int argc, char **argv) {
    start_with_apt_openblas(argv);
    static const bench_row *const tables[] = {
        bench_layer_rows,   bench_product_rows,  bench_rival_rows,
        bench_step_rows,    bench_scree_rows,    bench_predict_rows,
        bench_threads_rows, bench_training_rows, bench_csv_rows};
    if (argc == 3 && !strcmp(argv[1], "--plot")) return bench_plot(argv[2]) ? 0 : 1;
    result results[MOST_ROWS];
    size_t count = 0;
    bool quick = argc > 1 && !strcmp(argv[1], "--quick");
    int names = argc - 1 - quick;
    char **wanted = argv + 1 + quick;
    bench_peaks peaks = bench_measure_peaks();
    printf("instruction set %s, OpenBLAS %s, %u processors\n", tdrop_isa_name(tdrop_isa_best()),
           openblas_get_corename(), peaks.threads);
    printf("peak of one thread %.1f Gflop/s, of all %.1f Gflop/s, copying %.1f GB/s\n\n",
           peaks.flops / 1e9, peaks.flops_all / 1e9, peaks.bytes / 1e9);
    printf("%-26s %-16s %7s %11s %11s %9s\n", "name", "rival", "threads", "ours ms", "rival ms",
           "ratio");
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        count += measure_table(tables[i], &peaks, quick, names, wanted, results + count);
    if (!count) {
        fprintf(stderr,
                "taildropout_bench: no row of that name could be run; without a name all are\n");
        return 2;
    }
    write_json(results, count);
    return 0;
}
