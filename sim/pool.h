/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Private to sim/: the window of a job's replicas on rank 0, in progress or done and not yet reduced. Threads of this process
 * and whoever speaks with other ranks take numbers from it and put results into it.
 */
#ifndef SIM_POOL_H
#define SIM_POOL_H

#include <pthread.h>

#include "sim/replicate.h"

struct slot {
    void *result;      /* of this process: borrowed from the pool's free ones until it is reduced */
    struct bytes sent; /* of another: owned, used again */
    struct err err;
    bool ready;
    int status; /* of run: 0 or -1 */
};

struct pool {
    const struct replicate_job *job;
    struct slot *slot; /* [n_slot] a ring: replica first + i is in slot i % n_slot */
    uint64_t n_slot;
    void *decoded; /* a result for what others sent, or NULL */
    pthread_mutex_t lock;
    pthread_cond_t room;     /* a slot was reduced, or all is over */
    pthread_cond_t finished; /* for the calling thread: n_working fell to 0 */
    /* All below under the lock; offsets from job->first. */
    void **spare; /* [n_spare] results that no slot holds */
    int n_result, n_spare;
    uint64_t n_taken, n_reduced;
    bool reducing;
    atomic_bool over; /* written under the lock, read by replicas in progress without it */
    int n_working;    /* threads of this process */
    int status;
    struct err err; /* the error that rs_replicate will tell */
};

/* Up to `most` numbers in a row for another rank; 0 when the window is full or all are taken. */
uint64_t rs_pool_take(struct pool *pool, uint64_t most, uint64_t *out_first);
/* Their results as they come in, in any order: bytes, or an error. Reduces what is next in turn. */
void rs_pool_put(struct pool *pool, uint64_t number, const void *p, size_t n);
void rs_pool_put_error(struct pool *pool, uint64_t number, const struct err *err);
/* Ends the job: the first end counts. */
void rs_pool_finish(struct pool *pool, int status, const struct err *err);
/* Replicas that are still to be handed out at all. */
uint64_t rs_pool_left(struct pool *pool);
bool rs_pool_is_over(struct pool *pool);

#endif
