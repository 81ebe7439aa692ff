/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The system: traffic, services, paths, flags, faults, and the counters that monitoring scrapes; the counting engine.
 * One per worker, over one kernel and one tsdb; reset per replica. It schedules its own events (propagation, onset, shapes,
 * ends) and tells the rest through a sink. It never knows who set a flag or why.
 *
 * Counting: between two instants at which anything is observed or decided the requests of a Poisson stream that take one
 * path on one instance are Poisson with the integrated intensity; status codes and latency buckets are multinomial given that
 * count. Sampling these counts is exact in distribution. Series are filled lazily, scrape by scrape, when read.
 */
#ifndef MODELS_SYSTEM_H
#define MODELS_SYSTEM_H

#include <stdbool.h>
#include <stdint.h>

#include "models/scenario.h"
#include "models/tsdb.h"
#include "sim/kernel.h"

struct system; /* opaque, heap */

struct system_sink { /* all may be NULL; called inside kernel events */
    void *ctx;
    /* An instance has learnt of the latest change of the flag. n_done of n_total instances have it now; first change is version 1. */
    void (*flag_effective)(
        void *ctx, int64_t now_ns, int flag, uint64_t version, int n_done, int n_total);
    void (*fault_onset)(void *ctx, int64_t now_ns, int fault);
    void (*fault_first_bad)(void *ctx,
                            int64_t now_ns,
                            int fault); /* first scrape that carries a count caused by the fault */
    void (*fault_end)(void *ctx,
                      int64_t now_ns,
                      int fault,
                      bool residue_left); /* the fault itself is over */
    void (*residue_end)(void *ctx, int64_t now_ns, int fault);
};

/*
 * sc, k, db are borrowed. Declares all series in db (the caller seals it afterwards): <requests_metric>{job, instance, code} for
 * every code that the plan can bring about (503 for "no path holds" included), the counters, the histogram, and `up`. Counters
 * stand at 0 from the first scrape on, as with client libraries that create their children beforehand.
 */
struct system *rs_system_new(const struct scenario *sc, struct kernel *k, struct tsdb *db);
void rs_system_free(struct system *sys); /* NULL ok */
/* Ties the streams of all replicas to a branch word (sim/stream.h); phases belong to the world and are not. Borrowed. */
void rs_system_branch(struct system *sys, const uint64_t *branch);
/* From the next reset on: are variates drawn by GSL's samplers (struct stream.gsl)? */
void rs_system_samplers(struct system *sys, bool gsl);

/*
 * Starts a replica at time 0; kernel and tsdb must have been reset before, and the retentions of the series are read here (so
 * evaluators are made before): a series that nobody reads gets no samples. fault: index of the fault that is present, or -1. Streams are opened with (seed, replica);
 * phases (scrape, poll) with (seed, world).
 */
void rs_system_reset(struct system *sys,
                     uint64_t seed,
                     uint64_t replica,
                     uint64_t world,
                     int fault,
                     const struct system_sink *sink);

/* Tells the system that a stage was entered (onsets hang on it). */
void rs_system_stage_entered(struct system *sys, int stage);

/*
 * The flag service accepts a change now: the flag is on (for `percent` of cohort, -1 = everybody) or off. Reaches the
 * instances by the flag's propagation. Returns the version of this change (1, 2, ...).
 */
uint64_t rs_system_set_flag(struct system *sys, int flag, bool on, int cohort, double percent);
/* The last commanded value, and on how many of all instances the last change is in force. */
bool rs_system_flag_on(const struct system *sys, int flag);
double rs_system_flag_percent(const struct system *sys, int flag); /* of its audience; 0 when off */
/* Share of its audience's users for whom, and of the instances on which, it is on: 0..1; 0 when nobody is meant. */
double rs_system_flag_exposure(const struct system *sys, int flag);
bool rs_system_flag_settled(const struct system *sys,
                            int flag); /* the last change is in force on the last instance */

/* A cache is purged or a secret rotated: faults and residues that end with it end now. */
void rs_system_clear_component(struct system *sys, int component);
/*
 * A code path is removed for good. Requests that would take it take the next path that holds; none that holds: 503. When only
 * one path of the service is left it is taken unconditionally: the flag chooses nothing any more.
 */
void rs_system_remove_path(struct system *sys, int service, int path);
bool rs_system_path_exists(const struct system *sys, int service, int path);

/* true while the fault, or its residue, has any effect on requests or counters right now. */
bool rs_system_fault_live(const struct system *sys);
/* true from onset on, effect or not, until the fault and its residue have ended. */
bool rs_system_fault_present(const struct system *sys);

/* What one request of this cohort to this service would meet now (mean over instances and users of the cohort). */
struct outlook {
    double error_ratio; /* 0..1 */
    double slow_ratio;  /* P(latency > slow_s asked for) */
};
struct outlook rs_system_outlook(struct system *sys, int service, int cohort, double slow_s);

/* Cumulative true counts of a service at the kernel's present time, over all instances (not only what was scraped). */
struct observation {
    uint64_t n_request, n_error, n_slow; /* slow: above the service's slow_s */
    const uint64_t *
        bucket; /* [n_bucket + 1] not cumulative over buckets; last is +Inf; NULL if no buckets; belongs to sys */
};
void rs_system_observe(struct system *sys, int service, struct observation *out);

/* Users of all cohorts that met at least one error or slow answer so far (occupancy, exact given the counts). */
uint64_t rs_system_users_hurt(struct system *sys);
/* The same counted for one service. */
uint64_t rs_system_users_hurt_by(struct system *sys, int service);

/* Expected rate (requests/s) of a service now, all cohorts. */
double rs_system_rate(const struct system *sys, int service);

/*
 * Do all conditions hold for a user on an instance? A flag counts as on where it and all that it requires are.
 *   raw   [n_flag] the flags' own values there
 *   when  [n]; n = 0 holds
 */
bool rs_conditions_hold(const struct scenario *sc,
                        const bool *raw,
                        int n,
                        const struct condition *when);
/* Requests of the service are simulated one by one: something of it queues, or it is asked for. */
bool rs_service_one_by_one(const struct scenario *sc, int service);
/* What its requests meet depends on the load: capacities, pools, cold paths, clients that try again. No formula tells it. */
bool rs_service_queues(const struct scenario *sc, int service);
/* The path may answer 503 because of its capacity or that of a pool; 504 because clients give up. */
bool rs_path_refuses(const struct scenario *sc, const struct path *p);
bool rs_path_times_out(const struct path *p);
/* Is the path of the service what the fault hits: itself, its service, or a dependency that it uses? */
bool rs_fault_hits(const struct scenario *sc, const struct fault *f, int service, int path);

#endif
