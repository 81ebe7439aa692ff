/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Private to the detection map. A scene is the scenario with one fault's error effect and the traffic it acts on scaled, and nothing
 * else changed; what happens in a scene is looked at replica by replica, with the draws that all scenes share.
 */
#ifndef VERIFY_TUNE_MAP_PARTS_H
#define VERIFY_TUNE_MAP_PARTS_H

#include "models/replica.h"
#include "verify/tune_search.h"

/* ---- scenes ---------------------------------------------------------------------------------------------------------- */

struct scene_scale {
    double errors, traffic; /* factors > 0 */
};

/* No error ratio is scaled past this. */
#define RS_MAP_RATIO_MAX 0.99

/* Share of the requests of what it hits that a fault makes fail at its full level, 0..1. */
double rs_tune_map_ratio(const struct fault *fault);

/*
 * The scene, in the arena; it borrows all that it does not change and lives no longer than sc. What the fault leaves behind is
 * scaled with it. The traffic is that of the fault's service; of a dependency's fault, of every service that uses it.
 */
const struct scenario *rs_tune_map_scene(struct arena *arena,
                                         const struct scenario *sc,
                                         int fault,
                                         struct scene_scale scale);

/* Mean requests per second over the horizon of what is scaled there, bursts included. */
double rs_tune_map_traffic(const struct scenario *sc, int fault);

/* ---- replicas -------------------------------------------------------------------------------------------------------- */

enum seen {
    RS_SEEN_NO_ONSET, /* the fault did not come up: the replica says nothing */
    RS_SEEN_IN_TIME,
    RS_SEEN_NOT,
    RS_SEEN_UNKNOWN /* the history ended before the time was over */
};

struct look {
    enum seen seen;
    int64_t onset_ns; /* RS_NEVER */
};

struct look_options {
    uint64_t seed, replica;
    bool gsl_samplers;
    int fault;
    int64_t within_ns; /* RS_NEVER: by the end of the history; then nothing is unknown */
    /*
     * When the fault is expected to begin: the history is first run no longer than is needed then, and to its end only if that
     * leaves the answer open. RS_NEVER: to its end at once. The answer does not depend on it.
     */
    int64_t onset_guess_ns;
    const atomic_bool *cancel; /* may be NULL */
};

/* h: initialised, its content does not matter. 0 or -1. */
int rs_tune_map_look(struct simulator *sim,
                     const struct scenario *sc,
                     const struct look_options *opt,
                     struct history *h,
                     struct look *out,
                     struct err *err);

struct scene_count {
    uint64_t n, n_seen, n_unknown; /* with an onset; of them */
};

/* Replicas [from, until) of some scenes. */
struct scene_job {
    const struct tune_search_options *search;
    int fault;
    int64_t within_ns, onset_guess_ns; /* as in look_options */
    uint64_t from, until;
    int n_scene;
    const struct scenario *const *scene; /* [n_scene] */
    struct scene_count *const *count;    /* [n_scene] added to */
    int64_t *onset_ns_max;               /* raised to the latest onset that was seen */
    uint64_t n_done_before, n_total;     /* histories of all jobs, for the tick */
};
/* 0; 1 stopped; -1. */
int rs_tune_map_run(const struct scene_job *job, struct err *err);

#endif
