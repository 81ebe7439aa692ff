/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a fault did, and what it would have done: failed requests, users hurt and error budget of one episode under another
 * time of the rollback. What was recorded is counted; what was not is drawn from the level at which the fault had settled, many
 * times over, and the bands are quantiles of those draws.
 */
#ifndef VERIFY_RETRO_HARM_H
#define VERIFY_RETRO_HARM_H

#include "sim/stream.h"
#include "verify/retro.h"

/* ---- counts over time ------------------------------------------------------------------------------------------------ */

/* Requests, and those of them that failed (or were slow), over a grid; cells are shared out between the two samples around. */
struct harm_flow {
    int64_t from_ns, step_ns;
    size_t n_cell;
    double *n, *k; /* [n_cell + 1] running sums up to each edge of the grid */
    double *
        blind; /* [n_cell + 1] running sum of seconds in which nothing was scraped for longer than the lookback */
};

/* Requests of the service and those with an error code. false: no series counts them. */
bool rs_harm_flow_requests(struct harm_flow *out, const struct retro *r, int service);
/* Answers of the service, and those slower than slow_above. false: the histogram has no bound there, or was not recorded. */
bool rs_harm_flow_slow(struct harm_flow *out, const struct retro *r, int service);
/* Of a signal of RATIO. */
bool rs_harm_flow_signal(struct harm_flow *out, struct arena *arena, const struct retro_signal *s);
/* Between two instants, cells taken in parts; 0 outside of what was recorded. */
double rs_harm_flow_n(const struct harm_flow *f, int64_t a_ns, int64_t b_ns);
double rs_harm_flow_k(const struct harm_flow *f, int64_t a_ns, int64_t b_ns);
double rs_harm_flow_blind_s(const struct harm_flow *f, int64_t a_ns, int64_t b_ns);
int64_t rs_harm_flow_end(const struct harm_flow *f);

/* ---- users ----------------------------------------------------------------------------------------------------------- */

/*
 * Who can be hit. A level is an audience: level 0 everybody, the others a percentage of a cohort. Buckets are sticky, so the
 * smaller of two audiences of a cohort is part of the larger.
 */
struct harm_crowd {
    int n_cohort;         /* with traffic on the service; 0: users are not told */
    double *population;   /* [n_cohort] */
    double *weight;       /* [n_cohort] share of the service's requests; sum 1 */
    int n_level;          /* >= 1 where there are cohorts */
    double *users;        /* [n_level * n_cohort] */
    int n_piece;          /* of time, each with its level; the first begins at INT64_MIN */
    int64_t *piece_at_ns; /* [n_piece] */
    int *piece_level;     /* [n_piece] */
    const char *why;      /* one line: whom the fault is taken to reach */
};

void rs_harm_crowd(struct harm_crowd *out, const struct retro *r, const struct retro_episode *e);
int rs_harm_level_at(const struct harm_crowd *c, int64_t at_ns);
/* Share of the service's requests that the audience makes, 0..1. */
double rs_harm_level_share(const struct harm_crowd *c, int level);
/*
 * Expected number of distinct users hit, where hits[n_level] answers went wrong at each level, each anybody's of the audience
 * alike; *sd its standard deviation.
 */
double rs_harm_users(const struct harm_crowd *c, const double *hits, double *sd);

/* ---- one episode ----------------------------------------------------------------------------------------------------- */

/* A ratio as it is known: Gamma(shape) / exposure. */
struct harm_rate {
    double shape, exposure;
};

/*
 * From a change's own level, where its windows hold no requests. Of any three numbers a law that can be drawn from: shape and
 * exposure above 0 and finite.
 */
struct harm_rate rs_harm_rate_of_level(double best, double lo, double hi);

struct harm_kind { /* errors, or slow answers */
    bool given;
    struct harm_flow flow;
    struct harm_rate base, level;
};
enum { RS_HARM_ERRORS, RS_HARM_SLOW, RS_HARM_KIND_N };

struct harm {
    const struct retro *r;
    const struct retro_episode *e;
    const char *refused; /* NULL: what follows is filled */
    struct harm_kind kind[RS_HARM_KIND_N];
    struct harm_crowd crowd;
    double allowed; /* errors that the budget allows, a ratio; NaN = none declared */
    struct retro_instant onset;
    bool rolled_back; /* and it is known when that was commanded */
    int64_t end_ns;   /* the fault is over, or the recording is */
    bool goes_on;     /* it was not over at the end of what was recorded */
    int64_t data_end_ns;
    double beyond_scale; /* of the scenario's profile, to meet the traffic seen last */
    double beyond_per_s; /* without a scenario: traffic after the end */
};

/* Is there a time at all? */
bool rs_harm_is_known(const struct retro_instant *at);
void rs_harm_open(struct harm *h, const struct retro *r, const struct retro_episode *e);

/* One world that the evidence leaves possible. */
struct harm_world {
    int64_t at_ns
        [RS_RETRO_INSTANT_N]; /* RS_NEVER: not known, or did not happen; onset as in struct harm */
    int64_t gone_ns;          /* the fault, after the real command */
    double base[RS_HARM_KIND_N], level[RS_HARM_KIND_N];
    struct stream noise;
};
void rs_harm_world(const struct harm *h, uint64_t seed, uint64_t world, struct harm_world *w);

/* What becomes of it when the rollback is commanded then. */
struct harm_course {
    bool as_it_happened;
    int64_t commanded_ns; /* RS_NEVER: never */
    int64_t until_ns;     /* never: counted up to then */
    int64_t lasts_ns; /* the fault outlives the command by so much, on the average of instances */
};
struct harm_toll {
    double errors, users, budget, saved; /* NaN = not told */
    double slow; /* answers that are among what hurt the users; NaN = not counted */
};
struct harm_toll
rs_harm_play(const struct harm *h, struct harm_world *w, const struct harm_course *c);

/* Requests in (a, b], past the end of the recording as well. */
double
rs_harm_requests(const struct harm *h, const struct harm_flow *f, int64_t a_ns, int64_t b_ns);

#endif
