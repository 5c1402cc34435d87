/* SPDX-License-Identifier: MIT
 *
 * A pool of threads. A run publishes one job; workers claim task numbers from a counter until none
 * is left. The caller works too, as worker 0. Workers look for a new job for a short while before
 * they sleep: the steps of a training come a few hundred microseconds apart, and waking a sleeping
 * thread would cost a good part of that. */
#define _GNU_SOURCE /* sched_getaffinity */
#include "base/cpu.h"
#include "base/memory.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

enum { SPINS_BEFORE_SLEEP = 4000 };

typedef struct pool_job {
    size_t tasks;
    void (*task)(void *arg, size_t index, unsigned worker);
    void *arg;
} pool_job;

struct tdrop_pool {
    unsigned workers; /* the caller included */
    unsigned started; /* threads made so far: workers - 1 once the pool stands */
    pid_t process;    /* that owns the threads */
    pool_job job;
    atomic_size_t next;     /* task to be claimed */
    atomic_uint generation; /* changes with every job, and to stop */
    atomic_uint busy;       /* threads not done with this job */
    atomic_bool stop;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    struct worker {
        tdrop_pool *pool;
        unsigned number;
        pthread_t thread;
    } worker[];
};

static void work(tdrop_pool *pool, unsigned number) {
    const pool_job job = pool->job;
    for (;;) {
        size_t index = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed);
        if (index >= job.tasks) return;
        job.task(job.arg, index, number);
    }
}

/* Returns when the generation is another than `seen`; gives the new one. */
static unsigned await_generation(tdrop_pool *pool, unsigned seen) {
    for (int i = 0; i < SPINS_BEFORE_SLEEP; i++) {
        unsigned now = atomic_load_explicit(&pool->generation, memory_order_acquire);
        if (now != seen) return now;
        tdrop_cpu_relax();
    }
    pthread_mutex_lock(&pool->mutex);
    unsigned now;
    while ((now = atomic_load(&pool->generation)) == seen)
        pthread_cond_wait(&pool->wake, &pool->mutex);
    pthread_mutex_unlock(&pool->mutex);
    return now;
}

static void *worker_main(void *arg) {
    struct worker *self = arg;
    tdrop_pool *pool = self->pool;
    for (unsigned seen = 0;;) {
        seen = await_generation(pool, seen);
        if (atomic_load(&pool->stop)) return NULL;
        work(pool, self->number);
        atomic_fetch_sub_explicit(&pool->busy, 1, memory_order_release);
    }
}

static void next_generation(tdrop_pool *pool) {
    pthread_mutex_lock(&pool->mutex);
    atomic_fetch_add(&pool->generation, 1);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
}

/* Waits for the threads to leave the job. They may be held up by whatever else the machine does, so
 * after a while the waiting gives the processor away. */
static void await_workers(tdrop_pool *pool) {
    for (unsigned i = 0; atomic_load_explicit(&pool->busy, memory_order_acquire); i++) {
        if (i < SPINS_BEFORE_SLEEP)
            tdrop_cpu_relax();
        else
            sched_yield();
    }
}

static void run_alone(size_t tasks, void (*task)(void *, size_t, unsigned), void *arg) {
    for (size_t i = 0; i < tasks; i++)
        task(arg, i, 0);
}

static void pool_run(void *context, size_t tasks, void (*task)(void *, size_t, unsigned),
                     void *arg) {
    tdrop_pool *pool = context;
    bool forked = pool->process != getpid(); /* then the threads are the parent's, not ours */
    if (tasks < 2 || pool->workers == 1 || forked) {
        run_alone(tasks, task, arg);
        return;
    }
    pool->job = (pool_job){tasks, task, arg};
    atomic_store(&pool->next, 0);
    atomic_store(&pool->busy, pool->workers - 1);
    next_generation(pool);
    work(pool, 0);
    await_workers(pool);
}

/* The kernel refuses a set that is smaller than its own, so there is room for many. */
static unsigned processors(void) {
    cpu_set_t sets[16];
    if (sched_getaffinity(0, sizeof sets, sets) == 0)
        return (unsigned)CPU_COUNT_S(sizeof sets, sets);
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (unsigned)online : 1;
}

static unsigned default_threads(void) {
    const unsigned threads = processors();
    return threads < TDROP_MOST_THREADS ? threads : TDROP_MOST_THREADS;
}

static tdrop_status start_threads(tdrop_pool *pool) {
    for (unsigned i = 1; i < pool->workers; i++) {
        struct worker *worker = &pool->worker[i - 1];
        *worker = (struct worker){.pool = pool, .number = i};
        if (pthread_create(&worker->thread, NULL, worker_main, worker)) return TDROP_ERROR_THREAD;
        pool->started++;
    }
    return TDROP_OK;
}

tdrop_status tdrop_pool_create(tdrop_pool **pool, unsigned threads) {
    if (!pool) return TDROP_ERROR_NULL;
    if (threads == 0) threads = default_threads();
    if (threads > TDROP_MOST_THREADS) return TDROP_ERROR_THREAD;
    tdrop_pool *made = tdrop_alloc_zero(1, sizeof *made + threads * sizeof *made->worker);
    if (!made) return TDROP_ERROR_MEMORY;
    made->workers = threads;
    made->process = getpid();
    pthread_mutex_init(&made->mutex, NULL);
    pthread_cond_init(&made->wake, NULL);
    tdrop_status status = start_threads(made);
    if (status)
        tdrop_pool_destroy(made);
    else
        *pool = made;
    return status;
}

tdrop_parallel tdrop_pool_parallel(tdrop_pool *pool) {
    if (!pool) return (tdrop_parallel){.run = NULL};
    return (tdrop_parallel){.context = pool, .workers = pool->workers, .run = pool_run};
}

void tdrop_pool_destroy(tdrop_pool *pool) {
    if (!pool) return;
    if (pool->process == getpid()) {
        atomic_store(&pool->stop, true);
        next_generation(pool);
        for (unsigned i = 0; i < pool->started; i++)
            pthread_join(pool->worker[i].thread, NULL);
        pthread_cond_destroy(&pool->wake);
        pthread_mutex_destroy(&pool->mutex);
    }
    tdrop_free(pool);
}
