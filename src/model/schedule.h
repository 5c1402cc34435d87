/* SPDX-License-Identifier: MIT
 * Learning rates over the steps of a training. */
#ifndef TDROP_MODEL_SCHEDULE_H
#define TDROP_MODEL_SCHEDULE_H

#include "taildropout_model.h"

/* The learning rate of step `step` (0-based) of `steps`. */
double tdrop_schedule_rate(tdrop_schedule schedule, double highest, size_t step, size_t steps);

/* The same behind `warm_up` steps that rise in a line to the schedule's first rate; the schedule
 * has the steps that are left. */
double tdrop_schedule_rate_warm(tdrop_schedule schedule, double highest, uint64_t warm_up,
                                size_t step, size_t steps);

#endif
