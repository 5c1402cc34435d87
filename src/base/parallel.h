/* SPDX-License-Identifier: MIT
 * Running tasks through a tdrop_parallel, or on the caller's thread where there is none. */
#ifndef TDROP_BASE_PARALLEL_H
#define TDROP_BASE_PARALLEL_H

#include "taildropout.h"

#include <stdbool.h>

/* Whether there is such a loop: one that is zero or half filled in stands for none. */
static inline bool tdrop_is_parallel(const tdrop_parallel *parallel) {
    return parallel && parallel->run && parallel->workers;
}

static inline unsigned tdrop_workers(const tdrop_parallel *parallel) {
    return tdrop_is_parallel(parallel) ? parallel->workers : 1;
}

static inline void tdrop_run_tasks(const tdrop_parallel *parallel, size_t tasks,
                                   void (*task)(void *arg, size_t index, unsigned worker),
                                   void *arg) {
    if (tdrop_is_parallel(parallel) && tasks > 1) {
        parallel->run(parallel->context, tasks, task, arg);
        return;
    }
    for (size_t i = 0; i < tasks; i++)
        task(arg, i, 0);
}

#endif
