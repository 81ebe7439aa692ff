/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to sim/: rank 0's side of sim/ranks.h, as rs_replicate uses it. */
#ifndef SIM_RANKS_PRIVATE_H
#define SIM_RANKS_PRIVATE_H

#include <time.h>

#include "pool.h"

struct rank_talk; /* opaque, heap: what rank 0 has going with the others for one job */

/* Waits until all ranks are there and ready. 0, or -1: one cannot serve, or is about another job. ranks NULL: 0. */
int rs_ranks_greet(const struct replicate_job *job, struct err *err);
/* Results of others that may wait for their turn; NULL: 0. */
uint64_t rs_ranks_window(struct ranks *r);

/* NULL when the job has no other ranks; the others take NULL. */
struct rank_talk *rs_ranks_begin(struct pool *pool);
/* Hears what came in and hands out work, without waiting; from the calling thread alone. */
void rs_ranks_talk(struct rank_talk *t);
/* The job is over and all of them know. NULL: true. */
bool rs_ranks_are_done(const struct rank_talk *t);
/* Somebody asked for the end: no waiting for ranks that do not answer. */
void rs_ranks_hurry(struct rank_talk *t);
/* When to talk again, on the monotonic clock. */
struct timespec rs_ranks_soon(void);
void rs_ranks_end(struct rank_talk *t);

#endif
