/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The closed loop: traffic -> system -> monitoring -> response -> flags. One simulator per worker, one history per replica. */
#ifndef MODELS_REPLICA_H
#define MODELS_REPLICA_H

#include <stdatomic.h>

#include "models/history.h"
#include "models/recorded.h"
#include "models/scenario.h"

struct simulator; /* opaque, heap */

struct simulator *rs_simulator_new(const struct scenario *sc, struct err *err);
void rs_simulator_free(struct simulator *sim); /* NULL ok */

/* After all events up to `after_ns`, every stream goes on from another key: same past, another future. */
struct replica_branch {
    int64_t after_ns;
    uint64_t word; /* not 0 */
};

struct replica_options {
    uint64_t seed, replica;
    int fault; /* -2: drawn from the faults' probabilities; -1: none; else that one, present for sure */
    bool trace; /* keep the trace */
    /*
     * Importance splitting (verify/split.h) follows one past into many futures. A history is a function of its words, so
     * the copy of a running simulator is a replay: the same options with one more branch. What was drawn ahead before a
     * branch (an event that is scheduled already) belongs to the past. Phases belong to the world and never change.
     */
    int n_branch;
    const struct replica_branch *branch; /* [n_branch] borrowed, by time */
    /* Read now and then, also in the middle of a replica; once it is true the run ends with RS_E_STOPPED. May be NULL. */
    const atomic_bool *cancel;
    bool gsl_samplers; /* draw by GSL's samplers: slower, another history, the same distribution */
    int64_t until_ns;  /* > 0: the history is cut there, if the horizon is not before; else not */
};

/* Runs one replica. A function of (scenario, options): nothing else. 0, or -1 (a zero-delay loop, named). */
int rs_simulator_run(struct simulator *sim,
                     const struct replica_options *opt,
                     struct history *out,
                     struct err *err);

/*
 * From the next run on every scrape of every series is drawn and kept, as a server would have recorded it. Such a history is
 * another one than the same replica has without (scrapes that nobody looks at are else drawn together), of the same distribution.
 */
void rs_simulator_keep_samples(struct simulator *sim);
/*
 * What the last run's scrapes wrote, and its rules (ALERTS too), in Unix milliseconds; a new set, sorted, over the simulator's
 * labels: it must not outlive the simulator, nor the next run. Stale markers stand in it.
 */
struct recorded *rs_simulator_samples(struct simulator *sim);

#endif
