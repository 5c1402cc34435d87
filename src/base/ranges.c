/* SPDX-License-Identifier: MIT
 *
 * A loop over tasks made of somebody else's loop over ranges. The range is that of the workers;
 * each claims tasks from a common counter until none is left, so uneven tasks even out. */
#include "taildropout.h"

#include <stdatomic.h>

/* One run. */
typedef struct range_job {
    atomic_size_t next; /* task to be claimed */
    size_t tasks;
    void (*task)(void *arg, size_t index, unsigned worker);
    void *arg;
} range_job;

static void run_workers(int64_t begin, int64_t end, void *arg) {
    range_job *job = arg;
    for (int64_t worker = begin; worker < end; worker++) {
        for (;;) {
            size_t index = atomic_fetch_add_explicit(&job->next, 1, memory_order_relaxed);
            if (index >= job->tasks) break;
            job->task(job->arg, index, (unsigned)worker);
        }
    }
}

static void run_ranges(void *context, size_t tasks, void (*task)(void *, size_t, unsigned),
                       void *arg) {
    const tdrop_ranges *ranges = context;
    range_job job = {.tasks = tasks, .task = task, .arg = arg};
    size_t workers = tasks < ranges->workers ? tasks : ranges->workers;
    if (workers < 2 || ranges->loop(0, (int64_t)workers, 1, run_workers, &job))
        run_workers(0, 1, &job); /* what a loop that failed has left over */
}

tdrop_parallel tdrop_ranges_parallel(tdrop_ranges *ranges) {
    if (!ranges || !ranges->loop) return (tdrop_parallel){.run = NULL};
    return (tdrop_parallel){.context = ranges, .workers = ranges->workers, .run = run_ranges};
}
