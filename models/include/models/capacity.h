/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What makes a path a queue, and what clients do about it: the part of a scenario that the request engine is about
 * (docs/request-engine.md). Included by models/scenario.h. A struct of zeros means that nothing is limited.
 */
#ifndef MODELS_CAPACITY_H
#define MODELS_CAPACITY_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "models/dist.h"

enum { RS_UNLIMITED = INT_MAX };

/* What becomes of the work when its client has given up. */
enum abandoned {
    RS_ABANDONED_DROPPED, /* one that waits leaves the queue; one at work is finished for nobody */
    RS_ABANDONED_CANCELLED,  /* both leave at once */
    RS_ABANDONED_WORKED_OFF, /* nobody notices: those that wait are worked off too */
};

/*
 * Workers with a queue before them, first come first served. Of a path: on each instance. A worker is held from the start of
 * service until the last call of a pool has ended; the path's latency is the time of service.
 */
struct capacity {
    bool given;
    int n_worker; /* > 0; RS_UNLIMITED */
    int n_place;  /* >= 0 that can wait; one more is refused with 503. RS_UNLIMITED */
    int n_connection; /* > 0 that can be waiting or served at once; one more is refused with 503. RS_UNLIMITED */
    int64_t timeout_ns; /* > 0: after so long the client gives up, answer 504. RS_NEVER */
    enum abandoned abandoned;
};

/* A path that has been idle is slow until it is warm again. Each instance warms up by itself. */
struct cold {
    bool given;
    int64_t after_ns;      /* idle for so long: cold. Warm when the replica begins */
    double factor;         /* >= 1: times as slow when quite cold */
    int64_t warms_over_ns; /* the factor falls linearly to 1 in this time; 0 = by requests */
    uint64_t warms_by;     /* or over so many requests; 0 = by time */
};

/* Ends of an attempt after which the client tries again. */
enum retry_on { RS_RETRY_ERRORS = 1, RS_RETRY_TIMEOUTS = 2, RS_RETRY_REFUSED = 4 };

struct retries {
    int n_attempt;       /* all attempts of one call, the first included; 0 and 1: no retries */
    unsigned on;         /* bits of enum retry_on */
    struct dist backoff; /* from the end of the first attempt to the second */
    double factor;       /* each further backoff is so many times the one before; >= 1 */
    double at_most_s;    /* no backoff is longer; INFINITY */
    double
        budget; /* retries are at most this share of the calls (a bucket of tokens); INFINITY = as many as wanted */
};

#endif
