/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Private to share*.c: an ask is cut into units, which worker processes run replica by replica.
 *
 *   share.c         the engine: units, workers, telling in order
 *   share_plan.c    a unit's simulator with lanes
 *   share_worker.c  a worker: simulators as they are needed, forks where settings part
 *   share_wire.c    what travels from workers to the engine
 */
#ifndef VERIFY_TUNE_SHARE_PRIVATE_H
#define VERIFY_TUNE_SHARE_PRIVATE_H

#include "models/lanes.h"
#include "sim/arena.h"
#include "verify/tune_share.h"

/* Settings that run together: alike in all that is not said at a site that can share. */
struct share_unit {
    uint32_t n;
    const uint32_t *setting; /* [n] of the ask, rising */
};

/* What workers know: made before they are, and only read. */
struct share_job {
    const struct tune_source *src;
    const struct tune_engine_options *opt;
    const struct tune_ask *ask;
    const bool *shares; /* [n_site] */
    int n_unit;
    const struct share_unit *unit;
    atomic_bool *stop; /* seen by all processes */
};

static inline const uint16_t *rs_share_value(const struct share_job *job, uint32_t setting)
{
    return job->ask->value + (size_t)setting * (size_t)job->src->plan->n_param;
}

/* Puts the setting in front of what is wrong with it; only what is not as today is named. Always -1. */
int rs_share_blame(const struct share_job *job,
                   const uint16_t *value,
                   const struct err *why,
                   struct err *err);

/* ---- share_plan.c ---------------------------------------------------------------------------- */

struct share_plan {
    const struct scenario *sc;
    struct scenario *own; /* sc, if it was made for the unit */
    struct arena *arena;  /* of the variants */
    struct lane_plan lanes;
    uint16_t *variant; /* [n * n_site of lanes] */
    struct simulator *sim;
    bool plain; /* one setting, without lanes */
    bool
        split; /* its settings are not what they would be together: each has to run by itself; there is no simulator */
};
struct share_plan *
rs_share_plan_new(const struct share_job *job, const struct share_unit *u, struct err *err);
struct share_plan *
rs_share_plan_plain(const struct share_job *job, uint32_t setting, struct err *err);
void rs_share_plan_free(struct share_plan *p); /* NULL ok */

/* ---- share_worker.c -------------------------------------------------------------------------- */

/* Replicas go to the workers in turns of so many: units that do not all fit into memory are gone through once for each. */
enum { RS_SHARE_PLANS = 48, RS_SHARE_TURN = 16 };
static inline uint64_t rs_share_turn(int n_unit)
{
    return n_unit <= RS_SHARE_PLANS ? 1 : RS_SHARE_TURN;
}

/* Runs worker number `worker` of n_worker in this process, which is its own; never returns. */
_Noreturn void rs_share_work(const struct share_job *job, int worker, int n_worker, int fd);

/* ---- share_wire.c ---------------------------------------------------------------------------- */

/* Frames are written in one piece each (POSIX: up to PIPE_BUF bytes), so one that is there is whole, whoever dies. */
enum share_frame_kind {
    RS_FRAME_MORE,   /* a part of a history's record */
    RS_FRAME_LAST,   /* its last part */
    RS_FRAME_DONE,   /* uint64: all of that replica has been told */
    RS_FRAME_FAILED, /* uint64, struct err: it could not be done */
    RS_FRAME_END     /* the worker has done all of its replicas */
};

struct share_record { /* of a history, then n settings and the samples */
    uint64_t replica;
    int64_t sim_ns; /* simulated by the process that ended it, since it was alone */
    uint64_t n;
};

/* 0, or -1 if nobody listens any more. */
int rs_share_send(int fd, enum share_frame_kind kind, const void *p, size_t n);
int rs_share_send_record(int fd,
                         const struct share_record *r,
                         const uint32_t *setting,
                         const double *sample,
                         int n_sample);

struct share_history { /* one that has arrived */
    uint64_t replica;
    int64_t sim_ns;
    uint32_t n;
    uint32_t *setting; /* [n] owned */
    double *sample;    /* [n_sample] owned */
};

/* What has arrived from one worker. */
struct share_inbox {
    int fd; /* -1: closed */
    int n_sample;
    struct bytes raw;              /* not yet taken apart */
    struct bytes part;             /* of a record */
    struct share_history *history; /* [n] owned */
    size_t n, cap;
    uint64_t n_done; /* replicas that have arrived whole */
    bool ended, failed;
    uint64_t failed_replica;
    struct err err;
};
/* Takes what is there to be read; false at the end of it. */
bool rs_share_receive(struct share_inbox *in);
void rs_share_inbox_clear(struct share_inbox *in);

#endif
