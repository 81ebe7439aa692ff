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
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pool.h"
#include "ranks_private.h"
#include "sim/arena.h"
#include "sim/ranks.h"

enum { TICK_MS = 100, SLOTS_PER_THREAD = 4, SLOTS_MORE = 16 };

/* One worker thread's own. */
struct worker {
    struct pool *pool;
    pthread_t thread;
    void *self; /* owned through worker_new / worker_free */
};

static void finish_locked(struct pool *pool, int status, const struct err *err)
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

static int reduce_slot(struct pool *pool, uint64_t replica, struct slot *slot, struct err *err)
{
    const struct replicate_job *job = pool->job;
    if (slot->result) {
        return job->reduce(job->ctx, replica, slot->result, err);
    }
    if (job->decode(job->ctx, pool->decoded, slot->sent.p, slot->sent.n, err) != 0) {
        return -1;
    }
    return job->reduce(job->ctx, replica, pool->decoded, err);
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
            finish_locked(pool, asked ? 0 : -1, asked ? NULL : &slot->err);
            break;
        }
        uint64_t replica = job->first + pool->n_reduced;
        struct err err = {.code = RS_E_NONE};
        pthread_mutex_unlock(&pool->lock);
        int verdict = reduce_slot(pool, replica, slot, &err);
        pthread_mutex_lock(&pool->lock);
        if (slot->result) {
            pool->spare[pool->n_spare++] = slot->result;
            slot->result = NULL;
        }
        if (verdict < 0) {
            finish_locked(pool, -1, &err);
            break;
        }
        slot->ready = false;
        pool->n_reduced++;
        if (verdict > 0 || pool->n_reduced == job->n) {
            finish_locked(pool, 0, NULL);
        }
        pthread_cond_broadcast(&pool->room);
    }
    pool->reducing = false;
}

static uint64_t room_for(const struct pool *pool)
{
    uint64_t end = pool->n_reduced + pool->n_slot;
    return (end < pool->job->n ? end : pool->job->n) - pool->n_taken;
}

/* ---- for other ranks ---- */

uint64_t rs_pool_take(struct pool *pool, uint64_t most, uint64_t *out_first)
{
    pthread_mutex_lock(&pool->lock);
    uint64_t n = pool->over ? 0 : room_for(pool);
    n = n < most ? n : most;
    *out_first = pool->job->first + pool->n_taken;
    pool->n_taken += n;
    pthread_mutex_unlock(&pool->lock);
    return n;
}

static struct slot *slot_of(struct pool *pool, uint64_t number)
{
    uint64_t offset = number - pool->job->first;
    assert(offset >= pool->n_reduced && offset < pool->n_taken);
    return &pool->slot[offset % pool->n_slot];
}

static void put_locked(struct pool *pool, struct slot *slot, int status)
{
    slot->status = status;
    slot->ready = true;
    if (!pool->reducing) {
        reduce_ready(pool);
    }
}

void rs_pool_put(struct pool *pool, uint64_t number, const void *p, size_t n)
{
    pthread_mutex_lock(&pool->lock);
    struct slot *slot = slot_of(pool, number);
    if (n > slot->sent.cap) {
        slot->sent.p = rs_xrealloc(slot->sent.p, n);
        slot->sent.cap = n;
    }
    memcpy(slot->sent.p, p, n);
    slot->sent.n = n;
    put_locked(pool, slot, 0);
    pthread_mutex_unlock(&pool->lock);
}

void rs_pool_put_error(struct pool *pool, uint64_t number, const struct err *err)
{
    pthread_mutex_lock(&pool->lock);
    struct slot *slot = slot_of(pool, number);
    slot->err = *err;
    put_locked(pool, slot, -1);
    pthread_mutex_unlock(&pool->lock);
}

void rs_pool_finish(struct pool *pool, int status, const struct err *err)
{
    pthread_mutex_lock(&pool->lock);
    finish_locked(pool, status, err);
    pthread_mutex_unlock(&pool->lock);
}

uint64_t rs_pool_left(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    uint64_t n = pool->job->n - pool->n_taken;
    pthread_mutex_unlock(&pool->lock);
    return n;
}

bool rs_pool_is_over(struct pool *pool)
{
    return atomic_load(&pool->over);
}

/* ---- threads ---- */

static void *work(void *arg)
{
    struct worker *worker = arg;
    struct pool *pool = worker->pool;
    const struct replicate_job *job = pool->job;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (!pool->over && pool->n_taken < job->n &&
               (room_for(pool) == 0 || pool->n_spare == 0)) {
            pthread_cond_wait(&pool->room, &pool->lock);
        }
        if (pool->over || pool->n_taken == job->n) {
            break;
        }
        uint64_t offset = pool->n_taken++;
        struct slot *slot = &pool->slot[offset % pool->n_slot];
        slot->result = pool->spare[--pool->n_spare];
        pthread_mutex_unlock(&pool->lock);
        slot->err = (struct err){.code = RS_E_NONE};
        slot->status = job->run(job->ctx, worker->self, job->first + offset, slot->result,
                                &pool->over, &slot->err);
        pthread_mutex_lock(&pool->lock);
        put_locked(pool, slot, slot->status);
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

static bool is_cancelled(const struct replicate_job *job)
{
    return job->cancel && atomic_load_explicit(job->cancel, memory_order_relaxed);
}

static bool asked_to_stop(const struct replicate_job *job, uint64_t n_done)
{
    return is_cancelled(job) || (job->tick && job->tick(job->ctx, n_done, job->n));
}

/* The calling thread's part: ticks until the workers are done, and speaks with the other ranks. */
static void watch(struct pool *pool)
{
    struct rank_talk *talk = rs_ranks_begin(pool);
    struct timespec due = next_tick();
    pthread_mutex_lock(&pool->lock);
    while (pool->n_working > 0 || !rs_ranks_are_done(talk)) {
        struct timespec at = talk ? rs_ranks_soon() : due;
        int late = 0;
        while ((talk || pool->n_working > 0) && late != ETIMEDOUT) {
            late = pthread_cond_timedwait(&pool->finished, &pool->lock, &at);
        }
        uint64_t n_done = pool->n_reduced;
        bool over = pool->n_working == 0 && pool->over;
        pthread_mutex_unlock(&pool->lock);
        rs_ranks_talk(talk);
        if (!over &&
            (is_cancelled(pool->job) || (tick_is_due(&due) && asked_to_stop(pool->job, n_done)))) {
            rs_pool_finish(pool, 0, NULL);
            rs_ranks_hurry(talk);
        }
        pthread_mutex_lock(&pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    rs_ranks_end(talk);
}

/* How many results of others may wait for their turn: as many as keep all of them busy. */
static uint64_t window(const struct replicate_job *job)
{
    return (uint64_t)SLOTS_PER_THREAD * (uint64_t)job->n_thread + SLOTS_MORE +
           rs_ranks_window(job->ranks);
}

static void pool_init(struct pool *pool, const struct replicate_job *job)
{
    *pool = (struct pool){.job = job, .err = {.code = RS_E_NONE}};
    uint64_t n_slot = window(job), n_own = n_slot - rs_ranks_window(job->ranks);
    pool->n_slot = job->n < n_slot ? job->n : n_slot;
    pool->slot = rs_xcalloc(pool->n_slot, sizeof(*pool->slot));
    pool->n_result = (int)(n_own < pool->n_slot ? n_own : pool->n_slot);
    pool->spare = rs_xcalloc((size_t)pool->n_result, sizeof(void *));
    for (; pool->n_spare < pool->n_result; pool->n_spare++) {
        pool->spare[pool->n_spare] = job->slot_new(job->ctx);
    }
    if (job->ranks) {
        pool->decoded = job->slot_new(job->ctx);
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
    const struct replicate_job *job = pool->job;
    for (uint64_t i = 0; i < pool->n_slot; i++) {
        if (pool->slot[i].result) {
            job->slot_free(job->ctx, pool->slot[i].result);
        }
        free(pool->slot[i].sent.p);
    }
    for (int i = 0; i < pool->n_spare; i++) {
        job->slot_free(job->ctx, pool->spare[i]);
    }
    if (pool->decoded) {
        job->slot_free(job->ctx, pool->decoded);
    }
    free(pool->spare);
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
           job->slot_free && job->run && job->reduce &&
           (!job->ranks || (job->encode && job->decode)));
    uint64_t n_done = 0;
    int status = 0;
    if (job->n > 0) {
        status = rs_ranks_greet(job, err);
    }
    if (job->n > 0 && status == 0) {
        bool alone = (job->n_thread == 1 || job->n == 1) && !job->ranks;
        status =
            alone ? replicate_here(job, &n_done, err) : replicate_on_threads(job, &n_done, err);
    }
    if (out_n_done) {
        *out_n_done = n_done;
    }
    return status;
}
