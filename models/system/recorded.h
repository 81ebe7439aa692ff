/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What recordings bring into the counting engine: requests whose latency is known (they were replayed, and the path answers as
 * recorded), and paths whose errors and latency follow a recording over time. Included by internal.h.
 */
#ifndef MODELS_SYSTEM_RECORDED_H
#define MODELS_SYSTEM_RECORDED_H

#include <stdint.h>

#include "models/scenario.h"

struct system;
struct site;
struct target;

/* Requests of one scrape interval whose latency lies in one cell of the grid. */
struct told {
    uint64_t k; /* the scrape that shows them first */
    int flat;   /* part * (n_grid + 1) + cell */
    uint64_t n;
    double sum_s;
};

/* replay.c: recorded requests of one traffic element in (a, b]. */
void rs_target_replay(
    struct system *sys, struct target *t, int traffic, int64_t a_ns, int64_t b_ns);
/* hurt.c: one answer that hurt somebody of this cohort. */
void rs_hurt_user_of(struct system *sys, struct target *t, int class, int cohort);

/* What of a target's histogram is known and not shown yet, by rising k. Owned: rs_told_free. */
struct told_queue {
    int n, cap;
    struct told *item;
};

/* One replayed request that ended: counted in its cell at once, and in the histogram from the next scrape on. */
void rs_told_add(struct target *t, int class, double latency_s, bool *out_slow);
/* Moves what scrape k shows, and all before it, to t->shown and t->latency_sum. */
void rs_told_show(struct target *t, uint64_t k);
void rs_told_free(struct told_queue *q);

/*
 * A path under a recording: the step that is in force, and the law that it makes. The errors and latency of all paths stand in
 * site->errors and site->latency; a path without a recording has its own there for ever.
 */
struct recorded_law {
    struct site *site;
    int path;
    const struct path_recording *recording;
    int64_t n_step; /* of the step in force, counted through the repeats */
    double factor;  /* the path's own latency is multiplied by this */
    struct error_mix errors;
    struct dist latency;
    double x[RS_MAX_QUANTILES + 2], p[RS_MAX_QUANTILES + 2];
};

struct recorded_laws { /* all of a system */
    int n;
    struct recorded_law *law; /* [n] */
};

/*
 * Adds to the site's codes the statuses that its recorded requests ended with, where a path repeats them, and those of paths under
 * a recording.
 */
void rs_recorded_codes(const struct system *sys, struct site *site);
/* topology.c: once more is once. */
void rs_site_add_code(struct site *site, int code);
/* All paths of the system that have a recording; once. */
void rs_recorded_build(struct system *sys);
/* A new replica: the first step is in force, the next one is waited for. */
void rs_recorded_reset(struct system *sys);
/* What the recording multiplies the path's latency by; 1 without one. */
double rs_recorded_factor(const struct site *site, int path);

#endif
