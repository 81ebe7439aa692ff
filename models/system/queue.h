/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inside of the request engine: services whose requests are simulated one by one, because something of them queues.
 *
 * A *call* is what a user wants; it is made of *attempts*, each of which is one request for the counters. A request walks
 * through a *door*, which is a path on one instance: it waits for a worker, is served, calls the pools that the path uses,
 * and leaves; a failed one may then walk through the door of its fallback. Doors and pools are *stations*: workers with a
 * line before them. What a request does next is one kernel event; what it waits for in a line is none.
 *
 * Everything here happens at odd nanoseconds, everything that monitoring does at whole milliseconds. So a scrape never
 * meets a request at the same instant, and what it shows does not depend on who looked first.
 */
#ifndef MODELS_SYSTEM_QUEUE_H
#define MODELS_SYSTEM_QUEUE_H

#include "internal.h"
#include "sim/draw_fast.h"

/* A bucket of the retry budget holds so many retries at most, and is full at the start. */
#define RS_TOKENS_MAX 10.0
#define RS_NOBODY UINT32_MAX /* no user has been drawn yet, or no request */

/* A request as it was when it was written down; void once the request's serial has moved on. */
struct ticket {
    uint32_t request, serial;
};

/* Tickets in a ring, in order. */
struct line {
    struct ticket *item;    /* [cap] owned */
    uint32_t first, n, cap; /* cap: 0 or a power of 2 */
};

struct station {
    int n_worker, n_worker_full; /* at work or idle now; with none lost */
    int n_place;
    int n_busy, n_wait; /* workers that are held; requests in the line, void tickets not counted */
    struct line line;
};

/* A path on one instance. */
struct door {
    struct station station;
    struct target *target;
    const struct path *path;
    const struct mix *mix, *beyond; /* as site->mix, site->beyond */
    const struct dist *latency;
    int number; /* among all doors */
    int path_index;
    bool slowed, short_handed; /* by the fault, now: service; workers, its own or a pool's */
    int n_call;                /* pools that the path uses */
    int n_inside, n_connection;
    int64_t timeout_ns, slow_ns;
    enum abandoned abandoned;
    bool timing;                    /* the timer is set: it looks at the head of `patience` */
    struct line patience;           /* those inside whose clients will give up, in that order */
    double factor, shift;           /* service time = latency * factor + shift */
    double told_factor, told_shift; /* of a recorded latency */
    bool
        plain; /* nothing can go wrong in it and its slowness is the fault's: no draw but the time of service */
    bool memoryless; /* service is exponential: drawn from `quick` */
    struct stream service, fate;
    struct stream_bulk quick;
    int64_t used_ns,
        warm_from_ns; /* cold: the last start of a service; since when it has been warming up */
    uint64_t n_warm;  /* services since then */
};

struct pool { /* a dependency with a capacity */
    struct station station;
    const struct dependency *dependency;
    int index;            /* of the dependency */
    double factor, shift; /* of the hold */
    struct stream hold;
};

enum request_state {
    RS_REQUEST_FREE,
    RS_REQUEST_WAITS, /* for a worker of the door */
    RS_REQUEST_SERVED,
    RS_REQUEST_QUEUES, /* for one of a pool */
    RS_REQUEST_HOLDS,  /* one of a pool */
    RS_REQUEST_BACKS_OFF
};

/* How an attempt ended, as the client sees it. */
enum ending { RS_END_OK, RS_END_ERROR, RS_END_TIMEOUT, RS_END_REFUSED };

struct request {
    uint32_t number;   /* of this slot */
    uint32_t serial;   /* moves on when what was written down about it becomes void */
    uint32_t replayed; /* its number in the log, repeats taken off; RS_NOBODY: it is none */
    uint32_t user;     /* RS_NOBODY: anybody of the cohort, not drawn yet */
    int64_t called_ns, arrived_ns, entered_ns; /* first attempt; this one; this door */
    struct door *door;
    struct source *source;
    rs_event event; /* the end of service or hold */
    uint16_t code;  /* slot, drawn at the start of service; 0 = 200 */
    uint8_t class, state, n_attempt;
    uint8_t call;  /* the next pool of its path */
    bool second;   /* at its fallback */
    bool deserted; /* its client has given up and been counted */
    bool bad;      /* the fault had a part in how it went */
    uint32_t next_free;
};

/* A stretch of time in which the rate of a source is a straight line. */
struct piece {
    double from_s, end_s; /* end_s: INFINITY if it never ends */
    double per_s, slope;  /* at from_s; per_s^2 */
    double whole;         /* periods before it */
    int segment;          /* -1: before the first point */
    int sojourn;          /* of the bursts */
    double segment_end_s;
};

/* One stream of calls: a traffic element whose service is simulated one by one. */
struct source {
    struct meter *meter;
    struct site *site;
    const struct retries *retries;
    int cohort, n_instance, n_path; /* n_*: of its service */
    bool budgeted;                  /* its retries */
    struct piece piece;
    uint64_t next; /* LOG: number of the next request */
    double tokens; /* of the retry budget */
    bool steady;   /* the same rate all the time */
    double gap_ns; /* its mean gap */
    struct stream_bulk gap;
    struct stream where, who, backoff;
    uint64_t gap_hash, where_hash, who_hash, backoff_hash;
};

/* The latency grid of a service, filled up with RS_NEVER to one less than a power of 2. */
struct grid {
    int half; /* of that power */
    const int64_t *ns;
};

struct queue {
    struct system *sys;
    struct kernel *kernel;
    double horizon_s;
    int n_source, n_door, n_pool;
    struct source *source; /* [n_source] */
    struct door *door;     /* [n_door] site by site, instance by instance, path by path */
    struct pool *pool;     /* [n_pool] */
    int *pool_of;          /* [n_dependency] -1: no pool */
    struct pool ***calls;  /* [n_service] [n_path * n_dependency] the pools of each path in order */
    uint64_t *service_hash, *fate_hash; /* [n_door] */
    uint64_t *hold_hash;                /* [n_pool] */
    struct grid *grid;                  /* [n_service] */
    struct request *request;            /* [cap] owned */
    uint32_t n_request, cap, free_request;
};

/* queue_line.c */
void rs_line_grow(struct line *line);
static inline void rs_line_push(struct line *line, struct ticket t)
{
    if (line->n == line->cap)
        rs_line_grow(line);
    line->item[(line->first + line->n++) & (line->cap - 1)] = t;
}
static inline struct ticket *rs_line_first(const struct line *line)
{
    return &line->item[line->first & (line->cap - 1)];
}
static inline void rs_line_pop(struct line *line)
{
    line->first++;
    line->n--;
}

/* queue_source.c: the instants of calls. */
void rs_source_reset(struct queue *q, struct source *src);
/* Called by the source's event. */
void rs_source_due(void *ctx, int64_t now_ns, uint64_t arg);

/* queue_walk.c: what a request does. */
/* A call begins now. */
void rs_queue_call(struct queue *q, struct source *src, uint32_t replayed, int64_t now_ns);
/* Workers that are free take those that wait. */
void rs_station_fill(struct queue *q, struct station *st, int64_t now_ns);

/* queue_count.c: what is counted when an attempt ends, and who is hurt. */
void rs_queue_count(
    struct queue *q, const struct request *r, int code, enum ending end, int64_t now_ns);
void rs_queue_hurt(struct queue *q, struct request *r);

#endif
