/* SPDX-License-Identifier: MIT
 * The pool: each task once, no worker twice at a time, and life after fork(). */
#define _GNU_SOURCE /* sched_getaffinity, syscall */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "taildropout.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { MAX_TASKS = 1000, MAX_WORKERS = 1024, HANG_SECONDS = 20 };

static const unsigned thread_counts[] = {1, 2, 3, 8};
static const size_t task_counts[] = {0, 1, 2, 7, MAX_TASKS};

/* What the tasks of one run saw. `plain` is written without atomics: the pool has to order those
 * writes before the return of run(), or the thread sanitizer complains. */
typedef struct record {
    unsigned workers;
    atomic_uint times[MAX_TASKS + 1];
    atomic_bool busy[MAX_WORKERS];
    atomic_uint strays, clashes;
    size_t plain[MAX_TASKS + 1];
} record;

static record seen;

static void spin(void) {
    for (volatile int i = 0; i < 200; i++) {
    }
}

static void task_record(void *arg, size_t index, unsigned worker) {
    record *r = arg;
    if (worker >= r->workers || index >= MAX_TASKS) {
        atomic_fetch_add(&r->strays, 1);
        return;
    }
    if (atomic_exchange(&r->busy[worker], true)) atomic_fetch_add(&r->clashes, 1);
    atomic_fetch_add(&r->times[index], 1);
    r->plain[index] = index + 1;
    spin();
    atomic_store(&r->busy[worker], false);
}

static void clear(record *r, unsigned workers) {
    r->workers = workers;
    for (size_t i = 0; i <= MAX_TASKS; i++) {
        atomic_store(&r->times[i], 0);
        r->plain[i] = 0;
    }
    for (size_t w = 0; w < MAX_WORKERS; w++)
        atomic_store(&r->busy[w], false);
    atomic_store(&r->strays, 0);
    atomic_store(&r->clashes, 0);
}

/* Whether all went as it should; no assertion, for the child of a fork has to be able to ask. */
static bool runs_right(record *r, tdrop_parallel loop, size_t tasks) {
    clear(r, loop.workers);
    loop.run(loop.context, tasks, task_record, r);
    bool right = atomic_load(&r->strays) == 0 && atomic_load(&r->clashes) == 0;
    for (size_t i = 0; i <= MAX_TASKS; i++)
        right = right && atomic_load(&r->times[i]) == (i < tasks) &&
                r->plain[i] == (i < tasks ? i + 1 : 0);
    return right;
}

static tdrop_pool *create(unsigned threads) {
    tdrop_pool *pool = NULL;
    assert_int_equal(tdrop_pool_create(&pool, threads), TDROP_OK);
    assert_non_null(pool);
    return pool;
}

static void test_pool_runs_each_task_once(void **state) {
    (void)state;
    for (size_t t = 0; t < COUNT(thread_counts); t++) {
        tdrop_pool *pool = create(thread_counts[t]);
        const tdrop_parallel loop = tdrop_pool_parallel(pool);
        assert_int_equal(loop.workers, thread_counts[t]);
        for (size_t n = 0; n < COUNT(task_counts); n++)
            for (int again = 0; again < 10; again++)
                assert_true(runs_right(&seen, loop, task_counts[n]));
        tdrop_pool_destroy(pool);
    }
}

static void task_count(void *arg, size_t index, unsigned worker) {
    (void)worker;
    atomic_fetch_add((atomic_size_t *)arg, index + 1);
}

/* Short runs one upon the other: no wake-up gets lost, no late thread joins the next run. */
static void test_pool_many_short_runs(void **state) {
    (void)state;
    for (size_t t = 0; t < COUNT(thread_counts); t++) {
        tdrop_pool *pool = create(thread_counts[t]);
        const tdrop_parallel loop = tdrop_pool_parallel(pool);
        atomic_size_t sum = 0;
        size_t want = 0;
        for (size_t run = 0; run < 5000; run++) {
            const size_t tasks = run % 5;
            loop.run(loop.context, tasks, task_count, &sum);
            want += tasks * (tasks + 1) / 2;
            assert_true(atomic_load(&sum) == want);
        }
        tdrop_pool_destroy(pool);
    }
}

static void test_pool_create_and_destroy(void **state) {
    (void)state;
    for (int again = 0; again < 100; again++)
        for (size_t t = 0; t < COUNT(thread_counts); t++) {
            tdrop_pool *pool = create(thread_counts[t]);
            if (again % 2 == 0) assert_true(runs_right(&seen, tdrop_pool_parallel(pool), 5));
            tdrop_pool_destroy(pool);
        }
    tdrop_pool_destroy(NULL);
    assert_int_equal(tdrop_pool_create(NULL, 1), TDROP_ERROR_NULL);
}

/* Zero threads: one for each processor that the process may use, were it only one. */
static void test_pool_of_zero_threads(void **state) {
    (void)state;
    cpu_set_t all, one;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    tdrop_pool *pool = create(0);
    assert_int_equal(tdrop_pool_parallel(pool).workers, CPU_COUNT(&all));
    assert_true(runs_right(&seen, tdrop_pool_parallel(pool), MAX_TASKS));
    tdrop_pool_destroy(pool);

    size_t cpu = 0;
    while (!CPU_ISSET(cpu, &all))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    pool = create(0);
    const unsigned workers = tdrop_pool_parallel(pool).workers;
    const bool right = runs_right(&seen, tdrop_pool_parallel(pool), 7);
    tdrop_pool_destroy(pool);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
    assert_int_equal(workers, 1);
    assert_true(right);
}

static size_t pretended; /* processors; 0: those that there are */

/* In place of libc's: a machine with more processors than a cpu_set_t has bits, whose kernel wants
 * as many as it has. */
int sched_getaffinity(pid_t process, size_t size, cpu_set_t *set) {
    if (pretended && pretended > 8 * size) {
        errno = EINVAL;
        return -1;
    }
    if (!pretended) {
        const long bytes = syscall(SYS_sched_getaffinity, process, size, set);
        if (bytes >= 0) memset((char *)set + bytes, 0, size - (size_t)bytes);
        return bytes < 0 ? -1 : 0;
    }
    memset(set, 0, size);
    for (size_t cpu = 0; cpu < pretended; cpu++)
        CPU_SET_S(cpu, size, set);
    return 0;
}

/* Valgrind ends a program of so many threads. */
static bool in_valgrind(void) {
    const char *preload = getenv("LD_PRELOAD");
    return preload && strstr(preload, "vgpreload");
}

static void test_pool_on_a_large_machine(void **state) {
    tdrop_pool *pool = NULL;
    (void)state;
    assert_int_equal(tdrop_pool_create(&pool, TDROP_MOST_THREADS + 1), TDROP_ERROR_THREAD);
    assert_null(pool);
    if (in_valgrind() || tdrop_pool_create(&pool, TDROP_MOST_THREADS)) skip();
    tdrop_pool_destroy(pool);
    pretended = 3000;
    pool = create(0);
    pretended = 0;
    assert_int_equal(tdrop_pool_parallel(pool).workers, TDROP_MOST_THREADS);
    tdrop_pool_destroy(pool);
}

static void *own_pool(void *arg) {
    record *r = arg;
    tdrop_pool *pool = NULL;
    if (tdrop_pool_create(&pool, 3) != TDROP_OK) return NULL;
    bool right = true;
    for (int again = 0; again < 50; again++)
        right = right && runs_right(r, tdrop_pool_parallel(pool), MAX_TASKS / 4);
    tdrop_pool_destroy(pool);
    return right ? r : NULL;
}

static void test_pools_side_by_side(void **state) {
    (void)state;
    static record other;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, own_pool, &other), 0);
    void *const here = own_pool(&seen), *there = NULL;
    assert_int_equal(pthread_join(thread, &there), 0);
    assert_non_null(here);
    assert_non_null(there);
}

/* --- fork() --- */

static pthread_t child_thread;

static void task_on_child_thread(void *arg, size_t index, unsigned worker) {
    (void)index;
    if (!pthread_equal(pthread_self(), child_thread) || worker != 0)
        atomic_fetch_add((atomic_size_t *)arg, 1);
}

/* What the child leaves with: 0 when its pool works on its own thread. */
static int child_runs(tdrop_pool *pool) {
    const tdrop_parallel loop = tdrop_pool_parallel(pool);
    for (size_t n = 0; n < COUNT(task_counts); n++)
        if (!runs_right(&seen, loop, task_counts[n])) return 1;
    atomic_size_t elsewhere = 0;
    child_thread = pthread_self();
    loop.run(loop.context, 100, task_on_child_thread, &elsewhere);
    return atomic_load(&elsewhere) == 0 ? 0 : 2;
}

static int child_destroys(tdrop_pool *pool) {
    tdrop_pool_destroy(pool);
    return 0;
}

static void assert_child_exits_0(tdrop_pool *pool, int (*work)(tdrop_pool *)) {
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(HANG_SECONDS);
        _exit(work(pool));
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("child: %s %d", WIFSIGNALED(status) ? "signal" : "exit",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static void test_pool_after_fork(void **state) {
    (void)state;
    for (size_t t = 0; t < COUNT(thread_counts); t++)
        for (int used = 0; used < 2; used++) {
            tdrop_pool *pool = create(thread_counts[t]);
            if (used) assert_true(runs_right(&seen, tdrop_pool_parallel(pool), MAX_TASKS));
            assert_child_exits_0(pool, child_runs);
            assert_child_exits_0(pool, child_destroys);
            assert_true(runs_right(&seen, tdrop_pool_parallel(pool), MAX_TASKS));
            tdrop_pool_destroy(pool);
        }
}

/* Forks at any moment of a pool's sleep, wake and search for work. */
static void test_pool_after_many_forks(void **state) {
    (void)state;
    tdrop_pool *pool = create(3);
    for (int again = 0; again < 50; again++) {
        assert_true(runs_right(&seen, tdrop_pool_parallel(pool), (size_t)again));
        assert_child_exits_0(pool, child_runs);
    }
    tdrop_pool_destroy(pool);
}

/* --- Other people's loops --- */

typedef struct range_part {
    int64_t from, to;
    void (*body)(int64_t from, int64_t to, void *arg);
    void *arg;
} range_part;

static void *run_part(void *arg) {
    const range_part *part = arg;
    part->body(part->from, part->to, part->arg);
    return NULL;
}

/* A thread for each number but the first two, which the caller takes. */
static int32_t loop_in_threads(int64_t begin, int64_t end, int64_t grain,
                               void (*body)(int64_t from, int64_t to, void *arg), void *arg) {
    enum { MOST = 8 };
    pthread_t thread[MOST];
    range_part part[MOST];
    const int64_t own = begin + 2 < end ? begin + 2 : end;
    assert_true(begin == 0 && grain == 1 && end - own <= MOST);
    for (int64_t i = own; i < end; i++) {
        part[i - own] = (range_part){i, i + 1, body, arg};
        assert_int_equal(pthread_create(&thread[i - own], NULL, run_part, &part[i - own]), 0);
    }
    body(begin, own, arg);
    for (int64_t i = own; i < end; i++)
        assert_int_equal(pthread_join(thread[i - own], NULL), 0);
    return 0;
}

static int32_t loop_that_fails(int64_t begin, int64_t end, int64_t grain,
                               void (*body)(int64_t from, int64_t to, void *arg), void *arg) {
    (void)begin, (void)end, (void)grain, (void)body, (void)arg;
    return 1;
}

static void test_ranges_run_each_task_once(void **state) {
    tdrop_range_loop *const loops[] = {loop_in_threads, loop_that_fails};
    (void)state;
    for (size_t l = 0; l < COUNT(loops); l++)
        for (size_t t = 0; t < COUNT(thread_counts); t++) {
            tdrop_ranges ranges = {.loop = loops[l], .workers = thread_counts[t]};
            const tdrop_parallel loop = tdrop_ranges_parallel(&ranges);
            assert_int_equal(loop.workers, thread_counts[t]);
            for (size_t n = 0; n < COUNT(task_counts); n++)
                assert_true(runs_right(&seen, loop, task_counts[n]));
        }
}

/* What has no threads is a loop that functions take for the caller's own thread. */
static void test_loops_of_nothing(void **state) {
    tdrop_ranges no_loop = {.workers = 3}, no_workers = {.loop = loop_that_fails};
    (void)state;
    assert_null(tdrop_pool_parallel(NULL).run);
    assert_null(tdrop_ranges_parallel(NULL).run);
    assert_null(tdrop_ranges_parallel(&no_loop).run);
    assert_int_equal(tdrop_ranges_parallel(&no_workers).workers, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_runs_each_task_once),
        cmocka_unit_test(test_pool_many_short_runs),
        cmocka_unit_test(test_pool_create_and_destroy),
        cmocka_unit_test(test_pool_of_zero_threads),
        cmocka_unit_test(test_pool_on_a_large_machine),
        cmocka_unit_test(test_pools_side_by_side),
        cmocka_unit_test(test_pool_after_fork),
        cmocka_unit_test(test_pool_after_many_forks),
        cmocka_unit_test(test_ranges_run_each_task_once),
        cmocka_unit_test(test_loops_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
