/* SPDX-License-Identifier: MIT
 *
 * Threads of one's own: a small pool of pthreads, plugged in as a tdrop_parallel, computes the same
 * bits as the calling thread does alone. Any other pool goes in the same way.
 *
 *     cc own_threads.c $(pkg-config --cflags --libs taildropout) -pthread -o own_threads
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <taildropout.h>

enum { THREADS = 4, ROWS = 300, INPUTS = 200, OUTPUTS = 150 };

#define CHECK(call) ((call) ? (fprintf(stderr, "failed: %s\n", #call), exit(1)) : (void)0)

/* --- The pool: nothing here knows of taildropout --- */

typedef void task_function(void *arg, size_t index, unsigned worker);

typedef struct pool {
    pthread_mutex_t mutex;
    pthread_cond_t work, done;
    task_function *task;
    void *arg;
    size_t next, tasks, finished;
    size_t claimed_by[THREADS]; /* tasks that each thread has run */
    bool stop;
} pool;

typedef struct thread {
    pool *pool;
    unsigned number;
    pthread_t handle;
} thread;

static void *thread_main(void *arg) {
    const thread *self = arg;
    pool *p = self->pool;
    pthread_mutex_lock(&p->mutex);
    while (!p->stop) {
        if (p->next == p->tasks) {
            pthread_cond_wait(&p->work, &p->mutex);
            continue;
        }
        const size_t index = p->next++;
        p->claimed_by[self->number]++;
        pthread_mutex_unlock(&p->mutex);
        p->task(p->arg, index, self->number);
        pthread_mutex_lock(&p->mutex);
        if (++p->finished == p->tasks) pthread_cond_signal(&p->done);
    }
    pthread_mutex_unlock(&p->mutex);
    return NULL;
}

/* --- What taildropout asks for: run every task, and return when all are done --- */

static void run(void *context, size_t tasks, task_function *task, void *arg) {
    pool *p = context;
    pthread_mutex_lock(&p->mutex);
    p->task = task;
    p->arg = arg;
    p->next = p->finished = 0;
    p->tasks = tasks;
    pthread_cond_broadcast(&p->work);
    while (p->finished < tasks)
        pthread_cond_wait(&p->done, &p->mutex);
    pthread_mutex_unlock(&p->mutex);
}

/* --- A layer behind a tail, forward --- */

static float x[ROWS * INPUTS], w[OUTPUTS * INPUTS], bias[OUTPUTS];

static void forward(const tdrop_parallel *parallel, float *y) {
    tdrop_law *law = NULL;
    tdrop_staircase *stairs = NULL;
    tdrop_linear *layer = NULL;
    int32_t keep[ROWS];
    CHECK(tdrop_law_create(&law, INPUTS, &(tdrop_law_options){.p = 0.5}));
    CHECK(tdrop_staircase_create(&stairs, ROWS));
    CHECK(tdrop_linear_create(&layer, INPUTS, OUTPUTS, NULL));
    const size_t size = tdrop_linear_workspace(layer, ROWS, parallel ? parallel->workers : 1);
    void *workspace = malloc(size);
    CHECK(workspace == NULL);
    CHECK(tdrop_law_draw(law, &(tdrop_draw){.seed = 1}, ROWS, keep));
    CHECK(tdrop_staircase_set(stairs, ROWS, INPUTS, keep, OUTPUTS, NULL));
    CHECK(tdrop_linear_set_weights(layer, w, INPUTS, bias, TDROP_PACK_FORWARD, NULL, parallel));
    CHECK(tdrop_linear_forward(layer, stairs, x, INPUTS, y, OUTPUTS, workspace, size, parallel));
    free(workspace);
    tdrop_linear_destroy(layer);
    tdrop_staircase_destroy(stairs);
    tdrop_law_destroy(law);
}

int main(void) {
    static float alone[ROWS * OUTPUTS], together[ROWS * OUTPUTS];
    static pool p = {.mutex = PTHREAD_MUTEX_INITIALIZER,
                     .work = PTHREAD_COND_INITIALIZER,
                     .done = PTHREAD_COND_INITIALIZER};
    thread threads[THREADS];
    for (int i = 0; i < ROWS * INPUTS; i++)
        x[i] = (float)(i % 37) / 37 - 0.5f;
    for (int i = 0; i < OUTPUTS * INPUTS; i++)
        w[i] = (float)(i % 41) / 41 - 0.5f;
    for (unsigned i = 0; i < THREADS; i++) {
        threads[i] = (thread){.pool = &p, .number = i};
        CHECK(pthread_create(&threads[i].handle, NULL, thread_main, &threads[i]));
    }

    forward(NULL, alone);
    forward(&(tdrop_parallel){.context = &p, .workers = THREADS, .run = run}, together);

    pthread_mutex_lock(&p.mutex);
    p.stop = true;
    pthread_cond_broadcast(&p.work);
    pthread_mutex_unlock(&p.mutex);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i].handle, NULL);
        printf("thread %d ran %zu tasks\n", i, p.claimed_by[i]);
    }
    const bool same = !memcmp(alone, together, sizeof alone);
    printf("%s bits as one thread alone\n", same ? "the same" : "other");
    return !same;
}
