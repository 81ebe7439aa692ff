/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Replications over threads and ranks. Replica i runs on any thread of any; results are handed to the reducer strictly in replica
 * order, so what the reducer makes is the same for any number of them. Memory is bounded by the window of finished, unreduced
 * results, which is as wide as there are threads.
 */
#ifndef SIM_REPLICATE_H
#define SIM_REPLICATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/err.h"

struct ranks; /* sim/ranks.h */

struct replicate_job {
    uint64_t first, n; /* replicas first .. first+n-1 */
    int n_thread;      /* >= 1 */
    void *ctx;         /* handed to every callback */
    /* Makes / frees what one worker needs for itself (a simulator). NULL from make is an error already told in err. */
    void *(*worker_new)(void *ctx, struct err *err);
    void (*worker_free)(void *ctx, void *worker);
    /* Makes / frees one result slot; slots are reused. */
    void *(*slot_new)(void *ctx);
    void (*slot_free)(void *ctx, void *slot);
    /*
     * Runs one replica into a slot. 0 or -1. Called from many threads, each with its own worker. Once *cancel is true (it may be
     * NULL) nobody wants the result any more: RS_E_STOPPED ends all cleanly, the sooner the better.
     */
    int (*run)(void *ctx,
               void *worker,
               uint64_t replica,
               void *slot,
               const atomic_bool *cancel,
               struct err *err);
    /* Takes one result. Called on one thread at a time, replica order. 0 go on, 1 enough (stop cleanly), -1 error. */
    int (*reduce)(void *ctx, uint64_t replica, void *slot, struct err *err);
    /* Optional: called now and then on the calling thread with the number reduced so far; return true to stop cleanly. */
    bool (*tick)(void *ctx, uint64_t n_done, uint64_t n_total);
    /* Optional: set from outside (a signal handler), it stops all cleanly, in the middle of replicas. */
    const atomic_bool *cancel;
    /*
     * Optional: other processes that run replicas, too, and what their results are as bytes (slot to bytes, emptied first; and back,
     * 0 or -1). Only rank 0 calls rs_replicate; the others serve it (sim/ranks.h).
     */
    struct ranks *ranks;
    const char *key; /* what makes two jobs the same: ranks that have another do not take part */
    void (*encode)(void *ctx, const void *slot, struct bytes *out);
    int (*decode)(void *ctx, void *slot, const void *p, size_t n, struct err *err);
};

/*
 * Returns 0 when all were reduced or a callback said enough; -1 on the error of the lowest failing replica.
 *   out_n_done  may be NULL; the number of replicas reduced
 */
int rs_replicate(const struct replicate_job *job, uint64_t *out_n_done, struct err *err);

#endif
