/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Workers take replica numbers in rising order and fill slots of a ring; slot of replica i is i
 * mod n_slot. A worker may take i only when i - n_slot has been reduced, which bounds the
 * memory. Whoever finishes a replica and finds the next one in order ready becomes the reducer
 * until none is ready; only one thread is the reducer at a time.
 */
#include "sim/replicate.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "sim/arena.h"

enum { TICK_MS = 100, SLOTS_PER_THREAD = 4, SLOTS_MORE = 16 };

struct slot {
    void *result; /* owned through slot_new / slot_free */
    struct err err;
    bool ready;
    int status; /* of run: 0 or -1 */
};

struct pool {
    const struct replicate_job *job;
    struct slot *slot; /* [n_slot] */
    uint64_t n_slot;
    pthread_mutex_t lock;
    pthread_cond_t room;     /* a slot was reduced, or all is over */
    pthread_cond_t finished; /* for the calling thread: n_working fell to 0 */
    /* All below under the lock; offsets from job->first. */
    uint64_t n_taken, n_reduced;
    bool reducing;
    atomic_bool over; /* written under the lock, read by replicas in progress without it */
    int n_working;
    int status;
    struct err err; /* the error that rs_replicate will tell */
};

/* One worker thread's own. */
struct worker {
    struct pool *pool;
    pthread_t thread;
    void *self; /* owned through worker_new / worker_free */
};

static void finish(struct pool *pool, int status, const struct err *err)
{
    /*
     * The first end counts, but for an error of the reducer that was at work when all was told
     * to stop.
     */
    if (!pool->over || (status < 0 && pool->status == 0)) {
        pool->over = true;
        pool->status = status;
        if (err) {
            pool->err = *err;
        }
    }
    pthread_cond_broadcast(&pool->room);
}

/*
 * Hands ready slots to the reducer in order. Called with the lock held; gives it away while
 * reducing.
 */
static void reduce_ready(struct pool *pool)
{
    const struct replicate_job *job = pool->job;
    pool->reducing = true;
    while (!pool->over && pool->n_reduced < job->n) {
        struct slot *slot = &pool->slot[pool->n_reduced % pool->n_slot];
        if (!slot->ready) {
            break;
        }
        if (slot->status != 0) {
            bool asked = slot->err.code == RS_E_STOPPED;
            finish(pool, asked ? 0 : -1, asked ? NULL : &slot->err);
            break;
        }
        uint64_t replica = job->first + pool->n_reduced;
        struct err err = {.code = RS_E_NONE};
        pthread_mutex_unlock(&pool->lock);
        int verdict = job->reduce(job->ctx, replica, slot->result, &err);
        pthread_mutex_lock(&pool->lock);
        if (verdict < 0) {
            finish(pool, -1, &err);
            break;
        }
        slot->ready = false;
        pool->n_reduced++;
        if (verdict > 0 || pool->n_reduced == job->n) {
            finish(pool, 0, NULL);
        }
        pthread_cond_broadcast(&pool->room);
    }
    pool->reducing = false;
}

static bool may_take(const struct pool *pool)
{
    return pool->n_taken < pool->n_reduced + pool->n_slot;
}

static void *work(void *arg)
{
    struct worker *worker = arg;
    struct pool *pool = worker->pool;
    const struct replicate_job *job = pool->job;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (!pool->over && pool->n_taken < job->n && !may_take(pool)) {
            pthread_cond_wait(&pool->room, &pool->lock);
        }
        if (pool->over || pool->n_taken == job->n) {
            break;
        }
        uint64_t offset = pool->n_taken++;
        struct slot *slot = &pool->slot[offset % pool->n_slot];
        pthread_mutex_unlock(&pool->lock);
        slot->err = (struct err){.code = RS_E_NONE};
        slot->status = job->run(job->ctx, worker->self, job->first + offset, slot->result,
                                &pool->over, &slot->err);
        pthread_mutex_lock(&pool->lock);
        slot->ready = true;
        if (!pool->reducing) {
            reduce_ready(pool);
        }
    }
    if (--pool->n_working == 0) {
        pthread_cond_signal(&pool->finished);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/*
 * A tenth of a second from now on the clock that condition variables wait by. It paces the
 * progress display only.
 */
static struct timespec next_tick(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_nsec += TICK_MS * 1000000L;
    if (at.tv_nsec >= 1000000000L) {
        at.tv_nsec -= 1000000000L;
        at.tv_sec++;
    }
    return at;
}

static bool asked_to_stop(const struct replicate_job *job, uint64_t n_done)
{
    if (job->cancel && atomic_load_explicit(job->cancel, memory_order_relaxed)) {
        return true;
    }
    return job->tick && job->tick(job->ctx, n_done, job->n);
}

/* The calling thread's part: ticks until the workers are done. */
static void watch(struct pool *pool)
{
    const struct replicate_job *job = pool->job;
    pthread_mutex_lock(&pool->lock);
    while (pool->n_working > 0) {
        struct timespec at = next_tick();
        int late = 0;
        while (pool->n_working > 0 && late != ETIMEDOUT) {
            late = pthread_cond_timedwait(&pool->finished, &pool->lock, &at);
        }
        if (pool->n_working == 0) {
            continue;
        }
        uint64_t n_done = pool->n_reduced;
        pthread_mutex_unlock(&pool->lock);
        bool enough = asked_to_stop(job, n_done);
        pthread_mutex_lock(&pool->lock);
        if (enough) {
            finish(pool, 0, NULL);
        }
    }
    pthread_mutex_unlock(&pool->lock);
}

static void pool_init(struct pool *pool, const struct replicate_job *job)
{
    *pool = (struct pool){.job = job, .err = {.code = RS_E_NONE}};
    uint64_t n_slot = (uint64_t)SLOTS_PER_THREAD * (uint64_t)job->n_thread + SLOTS_MORE;
    pool->n_slot = job->n < n_slot ? job->n : n_slot;
    pool->slot = rs_xcalloc(pool->n_slot, sizeof(*pool->slot));
    for (uint64_t i = 0; i < pool->n_slot; i++) {
        pool->slot[i].result = job->slot_new(job->ctx);
    }
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->room, NULL);
    pthread_cond_init(&pool->finished, &attr);
    pthread_condattr_destroy(&attr);
}

static void pool_clear(struct pool *pool)
{
    for (uint64_t i = 0; i < pool->n_slot; i++) {
        pool->job->slot_free(pool->job->ctx, pool->slot[i].result);
    }
    free(pool->slot);
    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->room);
    pthread_cond_destroy(&pool->finished);
}

/*
 * Starts the workers, waits, joins. A machine that gives fewer threads than asked for gets its
 * work done all the same.
 */
static int run_threads(struct pool *pool, struct worker *worker, int n_worker, struct err *err)
{
    int n_started = 0;
    pthread_mutex_lock(&pool->lock);
    while (n_started < n_worker &&
           pthread_create(&worker[n_started].thread, NULL, work, &worker[n_started]) == 0) {
        n_started++;
        pool->n_working++;
    }
    pthread_mutex_unlock(&pool->lock);
    if (n_started == 0) {
        return rs_err_set(err, RS_E_IO, "cannot start a thread");
    }
    watch(pool);
    for (int i = 0; i < n_started; i++) {
        pthread_join(worker[i].thread, NULL);
    }
    if (err && pool->status != 0 && err->code == RS_E_NONE) {
        *err = pool->err;
    }
    return pool->status;
}

static int replicate_on_threads(const struct replicate_job *job, uint64_t *out_n, struct err *err)
{
    int n_worker = job->n < (uint64_t)job->n_thread ? (int)job->n : job->n_thread;
    struct pool pool;
    pool_init(&pool, job);
    struct worker *worker = rs_xcalloc((size_t)n_worker, sizeof(*worker));
    int status = 0, n_made = 0;
    for (; n_made < n_worker && status == 0; n_made++) {
        worker[n_made].pool = &pool;
        worker[n_made].self = job->worker_new(job->ctx, err);
        status = worker[n_made].self ? 0 : -1;
    }
    if (status == 0) {
        status = run_threads(&pool, worker, n_worker, err);
    }
    for (int i = 0; i < n_made; i++) {
        if (worker[i].self) {
            job->worker_free(job->ctx, worker[i].self);
        }
    }
    *out_n = pool.n_reduced;
    free(worker);
    pool_clear(&pool);
    return status;
}

static bool tick_is_due(struct timespec *due)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec < due->tv_sec || (now.tv_sec == due->tv_sec && now.tv_nsec < due->tv_nsec)) {
        return false;
    }
    *due = next_tick();
    return true;
}

/* Runs and reduces one: 0 go on, 1 stop cleanly, -1 error. */
static int one_here(const struct replicate_job *job,
                    void *worker,
                    uint64_t replica,
                    void *slot,
                    uint64_t *n_done,
                    struct err *err)
{
    struct err own = {.code = RS_E_NONE};
    int status = job->run(job->ctx, worker, replica, slot, job->cancel, &own);
    if (status == 0) {
        int verdict = job->reduce(job->ctx, replica, slot, err);
        *n_done += verdict >= 0;
        return verdict;
    }
    if (own.code == RS_E_STOPPED) {
        return 1;
    }
    if (err && err->code == RS_E_NONE) {
        *err = own;
    }
    return -1;
}

/* One thread, one slot, no locks: what a debugger likes. */
static int replicate_here(const struct replicate_job *job, uint64_t *out_n, struct err *err)
{
    void *worker = job->worker_new(job->ctx, err);
    if (!worker) {
        return -1;
    }
    void *slot = job->slot_new(job->ctx);
    struct timespec due = next_tick();
    int verdict = 0;
    while (*out_n < job->n && verdict == 0) {
        verdict = one_here(job, worker, job->first + *out_n, slot, out_n, err);
        if (verdict == 0 && tick_is_due(&due)) {
            verdict = asked_to_stop(job, *out_n);
        }
    }
    job->slot_free(job->ctx, slot);
    job->worker_free(job->ctx, worker);
    return verdict < 0 ? -1 : 0;
}

int rs_replicate(const struct replicate_job *job, uint64_t *out_n_done, struct err *err)
{
    assert(job->n_thread >= 1 && job->worker_new && job->worker_free && job->slot_new &&
           job->slot_free && job->run && job->reduce);
    uint64_t n_done = 0;
    int status = 0;
    if (job->n > 0) {
        status = job->n_thread == 1 || job->n == 1 ? replicate_here(job, &n_done, err)
                                                   : replicate_on_threads(job, &n_done, err);
    }
    if (out_n_done) {
        *out_n_done = n_done;
    }
    return status;
}
