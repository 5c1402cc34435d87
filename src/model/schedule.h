/* SPDX-License-Identifier: MIT
 * Learning rates over the steps of a training. */
#ifndef TDROP_MODEL_SCHEDULE_H
#define TDROP_MODEL_SCHEDULE_H

#include "taildropout_model.h"

/* The learning rate of step `step` (0-based) of `steps`. */
double tdrop_schedule_rate(tdrop_schedule schedule, double highest, size_t step, size_t steps);

#endif
