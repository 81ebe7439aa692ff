/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a retrospective learns: what the parts of learn*.c share. All is in the retrospective's arena. */
#ifndef VERIFY_RETRO_LEARN_PARTS_H
#define VERIFY_RETRO_LEARN_PARTS_H

#include "fit.h"
#include "verify/retro_learn.h"

struct learning {
    struct retro *r;
    const struct retro_evidence *e;
    const struct scenario *sc; /* NULL = none: only the response is told */
    struct arena *arena;
    double confidence;
    int n, cap;
    struct retro_fit *fit; /* [n] */
    int n_episode_set;     /* evidence that was rebuilt: this one, and the earlier ones */
    struct retro **set;    /* [n_episode_set] owned but for the first */
    const char *fault;     /* the scenario's that was taken, or NULL */
    int fault_index;       /* -1 */
    int fault_episode;
};

/* Appends an empty fit and returns it; valid until the next. */
struct retro_fit *rs_learn_add(struct learning *l, enum retro_fit_kind kind, const char *name);
void rs_learn_parameter(struct learning *l,
                        struct retro_fit *f,
                        const char *name,
                        const char *unit,
                        double assumed,
                        struct fit_value v);
/* "prisma-2025-10: metrics.om, timeline.yaml, 2025-10-01T09:00:00Z to 2025-10-03T12:00:00Z" */
const char *rs_learn_source(struct learning *l);
/* A piece of YAML for a duration ("61.3ms") and a ratio ("0.118%"). In the arena. */
const char *rs_learn_duration_text(struct learning *l, double s);
const char *rs_learn_ratio_text(struct learning *l, double ratio);
/* "{lognormal: {median: 2m, p95: 7m}, cap: 30m, source: "..."}"; cap INFINITY: none. `quantile`: "p95". */
const char *rs_learn_lognormal_text(
    struct learning *l, double median_s, const char *quantile, double at_s, double cap_s);

/* ---- windows of time --------------------------------------------------------------------------------------------------- */

struct window {
    int64_t from_ns, until_ns;
};
struct windows {
    int n, cap;
    struct window *window; /* [n] by time, apart */
};
void rs_learn_window(struct learning *l, struct windows *w, int64_t from_ns, int64_t until_ns);
/* `of` without [from, until]. */
struct windows
rs_learn_without(struct learning *l, const struct windows *of, int64_t from_ns, int64_t until_ns);
double rs_learn_seconds(const struct windows *w);
/* All of the recording; no window where there are no series. */
struct windows rs_learn_all(struct learning *l);
/* The recording without the episodes, each from the first instant that may be its onset until it was surely over. */
struct windows rs_learn_quiet(struct learning *l);

/* A span over which the flags of a service stood still everywhere. */
struct flag_state;
struct flag_span {
    struct window at;
    const struct flag_state *state;
    bool known;    /* false: nobody can say which path the requests took */
    double *share; /* [n_path] of the service's requests, by the scenario's traffic */
};
/* [*out_n] by time, over the recording; none where nobody noted the flags and the service has some. */
struct flag_span *rs_learn_flag_spans(struct learning *l, int service, int *out_n);
/* Windows of `in` in which all of the service's requests took the path. */
struct windows
rs_learn_path_windows(struct learning *l, int service, int path, const struct windows *in);
/* The share of the service's requests that took the path over the whole window; NaN: unknown, or it changed. */
double rs_learn_share(struct learning *l, int service, int path, struct window w);

/* ---- counters ----------------------------------------------------------------------------------------------------------- */

enum { RS_LEARN_CODES = 16, RS_LEARN_BOUNDS = 64 };
struct request_counts {
    double n; /* requests */
    int n_code;
    int code[RS_LEARN_CODES];
    double k[RS_LEARN_CODES]; /* of them that ended so */
};
/* Counted between samples that both lie in one window; counters that begin anew are put right. path: a label, or NULL. */
void rs_learn_requests(struct learning *l,
                       int service,
                       const char *path,
                       const struct windows *in,
                       struct request_counts *out);
/* Of that code; 0 = all errors (4xx and 5xx that the scenario knows, and any 5xx). */
double rs_learn_errors(const struct request_counts *c, int code);

struct bucket_counts {
    int n_bound;
    double bound_s[RS_LEARN_BOUNDS], count[RS_LEARN_BOUNDS + 1];
};
/* 0, or -1 where no histogram was recorded. */
int rs_learn_buckets(struct learning *l,
                     int service,
                     const char *path,
                     const struct windows *in,
                     struct bucket_counts *out);
/* A counter beside the requests, all instances together; seconds are the windows'. -1: not recorded. */
int rs_learn_counter(struct learning *l,
                     int service,
                     const char *metric,
                     const struct windows *in,
                     struct fit_count *out);
/*
 * Requests of each window, with what the scenario's traffic expects over the very times that were counted (each instance its
 * share). NaN expected: the scenario does not say.
 */
void rs_learn_traffic(
    struct learning *l, int service, const struct windows *in, double *observed, double *expected);
/*
 * Requests of a service that its traffic expects in the window: a cohort's, or all (-1). A recorded profile that says nothing of
 * that time counts with its mean rate.
 */
double rs_learn_expected(struct learning *l, int service, int cohort, struct window w);
/* Is the metric told by path (a label)? */
bool rs_learn_by_path(struct learning *l, int service);

/* ---- the parts ----------------------------------------------------------------------------------------------------------- */

void rs_learn_traffic_fits(struct learning *l);
void rs_learn_base_fits(struct learning *l);
void rs_learn_fault_fits(struct learning *l);
/* When what the fault waits for was there before the episode began; NULL: it was not, or nobody noted it. */
const struct retro_instant *
rs_learn_exposure(const struct retro *r, const struct fault *f, const struct retro_episode *e);
void rs_learn_onset_fit(struct learning *l, const struct fault *fault);
/* Of a code of which nothing was seen: what is written in the place of 0 goes into v->value. A word on it, or "". */
const char *rs_learn_unseen(struct learning *l, int code, double assumed, struct fit_value *v);
void rs_learn_people_fits(struct learning *l);
void rs_learn_propagation_fits(struct learning *l);
/*
 * Durations between two instants of all episodes of all evidence; [*out_n]. A role's are only those in which it took its time:
 * *out_left (may be NULL) says why some were left out, or is NULL.
 */
struct retro_duration *rs_learn_durations(struct learning *l,
                                          int from,
                                          int to,
                                          int role,
                                          int procedure,
                                          int *out_n,
                                          const char **out_left);
/* A law of durations: ML from 5 on, else an update of what is assumed (NULL: none, then ML from 3 on). Fills f. */
void rs_learn_fit_law(struct learning *l,
                      struct retro_fit *f,
                      struct retro_duration *d,
                      int n,
                      const struct dist *assumed);

/* Takes the path from fits that say nothing new, or too little: what they say is told, and the method says why. */
void rs_learn_hold_back(struct learning *l);

/* ---- the check ------------------------------------------------------------------------------------------------------------ */

/* 0, 1 cancelled, -1. patched: the scenario with all fits in it. */
int rs_learn_predict(struct learning *l,
                     const struct scenario *patched,
                     const struct retro_options *opt,
                     struct retro_learnt *out,
                     struct err_list *errors);

#endif
