/* SPDX-License-Identifier: MIT
 * The benchmark: rows of ours against a rival, both timed in turn within the same run. */
#ifndef TDROP_BENCH_BENCH_H
#define TDROP_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>

/* What the machine can do, measured when the run begins. */
typedef struct bench_peaks {
    double flops;     /* of one thread, fused multiply-adds on registers, counted as two */
    double flops_all; /* of all threads at once */
    double bytes;     /* per second, copying memory, read and written bytes together */
    unsigned threads; /* processors */
} bench_peaks;

/* One row while it is measured. */
typedef struct bench_row {
    const char *name, *rival;
    unsigned threads;
    /* Makes ready what both sides need; NULL when it cannot, with *why. */
    void *(*set_up)(const struct bench_row *row, const char **why);
    void (*ours)(void *state);
    void (*theirs)(void *state);
    void (*tear_down)(void *state);
    /* For rows that time themselves: fills in both times instead of ours and theirs. */
    bool (*measure)(const struct bench_row *row, const bench_peaks *peaks, bool quick,
                    double *ours_ms, double *theirs_ms);
    double at_least; /* the ratio that is promised; 0: context only */
    double p;        /* for rows that differ in it alone */
    /* Operations that a call of ours does on average, a multiply-add counts two; where it is given
     * the row also says which share of the peak they run at. */
    double (*operations)(const void *state);
    double share_at_least; /* the share that is promised; 0: none */
} bench_row;

/* All rows, ended by one without a name. */
extern const bench_row bench_csv_rows[];
extern const bench_row bench_layer_rows[];
extern const bench_row bench_predict_rows[];
extern const bench_row bench_product_rows[];
extern const bench_row bench_rival_rows[];
extern const bench_row bench_step_rows[];
extern const bench_row bench_scree_rows[];
extern const bench_row bench_threads_rows[];
extern const bench_row bench_training_rows[];

/* Time on the clock, and time that the calling thread ran: the same on an idle machine. */
double bench_seconds(void);
double bench_thread_seconds(void);

double bench_median(double *values, size_t count);

/* Memory for `count` floats, cache-line aligned, filled with numbers in [-1, 1). Exits when there
 * is none. */
float *bench_floats(size_t count);

bench_peaks bench_measure_peaks(void);

/* Multiply-adds on registers for a few milliseconds, on the calling thread. Returns how many
 * operations they were. */
double bench_spin(void);

/* Draws time against p into an SVG file. */
bool bench_plot(const char *path);

#endif
