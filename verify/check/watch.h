/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The watches of a rollout as they are planned: what the flags are in each, when it can be, and what a signal reads then
 * although nothing is wrong. Everything is exact but for what is said: times of people and actions are taken between their
 * least value and the one that 99 of 100 keep.
 */
#ifndef VERIFY_CHECK_WATCH_H
#define VERIFY_CHECK_WATCH_H

#include "signal.h"

struct watch {
    const struct scenario *sc;
    int stage, step; /* step of the ramp, or -1: the watch after the entry actions */
    double watch_s;
    double begins_s, begins_late_s; /* since the scenario's start */
    double
        exposed_s; /* so long before it, at least, the stage set its first flag; 0: it sets none */
    /* Shares of cohorts for whom a flag was set on, [n_flag * n_cohort], requirements aside: before the stage and now. */
    const double *before, *now;
    const uint32_t *gone; /* [n_service] paths that were removed by now, bits */
};

/* All watches of all stages in their order, [*n], in the arena; stages whose watch is empty have one all the same. */
const struct watch *rs_watches(struct arena *arena, const struct scenario *sc, int *n);

/* How often a gate or a trigger is read in a watch. */
struct watch_looks {
    int n;          /* looks in all */
    double every_s; /* between them; 0: one only */
};
struct watch_looks rs_watch_looks(const struct watch *w, enum gate_when when);

/* What a signal reads in a window that ends in the watch. */
struct watch_load {
    double n_mean,
        n_min; /* requests of the signal's whole (its part, where there is no whole) in the window: in the mean
                             over where the window can lie, and the least */
    double share;   /* of the whole, the part: when nothing is wrong, or with the fault */
    double exposed; /* of the whole, what this stage has put on another path */
    double share_exposed,
        share_rest; /* the part of those, and of the others; NaN where there are none */
};
/*
 *   window_s  > 0
 *   fault     at level 1, or NULL
 * False where nothing is read, where more flags divide the users than can be told apart, or where a service queues: what
 * its answers are then depends on the load, which only a simulation tells.
 */
bool rs_watch_load(const struct watch *w,
                   const struct signal *s,
                   double window_s,
                   const struct fault *fault,
                   struct watch_load *out);

/*
 * Does a window of the signal hold nothing when the stage begins, because it reads what only this stage exposes? So it is for
 * the watch after the entry actions alone; a step of a ramp goes on where the last one was.
 */
bool rs_watch_begins_empty(const struct watch *w, const struct signal *s);

/* P(answer slower than x) of a service's whole under a watch; the same parts. NaN shares where nobody is. */
bool rs_watch_slow(const struct watch *w,
                   const struct signal *s,
                   double window_s,
                   double slower_than_s,
                   struct watch_load *out);

/* Events of a counter in a window, nothing being wrong: mean over where the window can lie. NaN where a service queues. */
double rs_watch_events(const struct watch *w, const struct signal *s, double window_s);

/* P(a request of a cohort, -1: of anybody, ends well within so long), nothing being wrong. NaN where it is not known. */
double rs_watch_good(const struct watch *w, int service, int cohort, double within_s);

/* "stage-3", "stage-3 at 25 %" */
const char *rs_watch_name(struct arena *arena, const struct watch *w);

#endif
