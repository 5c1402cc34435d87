/* SPDX-License-Identifier: MIT */
#include "model/schedule.h"

#include "base/names.h"

static const char *const schedule_names[] = {
    [TDROP_SCHEDULE_ONE_CYCLE] = "one-cycle",
    [TDROP_SCHEDULE_CONSTANT] = "constant",
    [TDROP_SCHEDULE_COSINE] = "cosine",
};
enum { SCHEDULES = sizeof schedule_names / sizeof *schedule_names };

const char *tdrop_schedule_name(tdrop_schedule schedule) {
    return tdrop_name_of(schedule_names, SCHEDULES, (unsigned)schedule);
}

tdrop_status tdrop_schedule_parse(const char *name, tdrop_schedule *schedule) {
    unsigned number = 0;
    if (!schedule) return TDROP_ERROR_NULL;
    tdrop_status status = tdrop_name_find(schedule_names, SCHEDULES, name, &number);
    if (!status) *schedule = (tdrop_schedule)number;
    return status;
}

/* (1 - cos(pi t)) / 2 for t in [0, 1] by the series of sin around the middle, where
 * cos(pi t) = -sin(pi (t - 1/2)): libm's cos may differ in its last bit from processor to
 * processor, and with it every weight. */
static double half_cosine(double t) {
    const double pi = 3.14159265358979323846;
    double x = pi * (t - 0.5), square = x * x, term = x, sine = x;
    for (int i = 2; i < 24; i += 2) {
        term *= -square / (double)(i * (i + 1));
        sine += term;
    }
    return 0.5 * (1.0 + sine);
}

static double between(double from, double to, double t) {
    return from + (to - from) * half_cosine(t);
}

/* Begins at 1/25 of the highest, ends at 1/10000 of that, as torch's OneCycleLR does. */
static double one_cycle(double highest, double done) {
    const double rise = 0.3, first = highest / 25.0, last = first / 1e4;
    return done < rise ? between(first, highest, done / rise)
                       : between(highest, last, (done - rise) / (1.0 - rise));
}

double tdrop_schedule_rate(tdrop_schedule schedule, double highest, size_t step, size_t steps) {
    if (schedule == TDROP_SCHEDULE_CONSTANT || steps < 2) return highest;
    const double done = (double)step / (double)(steps - 1);
    return schedule == TDROP_SCHEDULE_COSINE ? between(highest, 0.0, done)
                                             : one_cycle(highest, done);
}

double tdrop_schedule_rate_warm(tdrop_schedule schedule, double highest, uint64_t warm_up,
                                size_t step, size_t steps) {
    const size_t warm = warm_up < steps ? (size_t)warm_up : steps;
    if (step >= warm) return tdrop_schedule_rate(schedule, highest, step - warm, steps - warm);
    const double first = tdrop_schedule_rate(schedule, highest, 0, steps);
    return first * ((double)step + 1.0) / (double)warm_up;
}
