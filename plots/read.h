/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the pictures need of a run database (verify/schema.sql), as plain arrays. The one place in plots/ that knows SQLite.
 * Times are seconds since the scenario's start, NaN = did not happen; ratios 0..1. All rs_record_* that can fail return 0 or -1.
 */
#ifndef PLOTS_READ_H
#define PLOTS_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "models/history.h"
#include "sim/err.h"

enum { RS_NO_FAULT = -1 };

/* A row of stage, flag, service or fault. */
struct named {
    int id;
    char name[64], title[128];
    bool initially_on; /* flag */
    int service;       /* fault: its service, or -1 */
};

struct named_list {
    int n;
    struct named *at; /* [n] owned */
};

struct threshold {
    char name[64], source[64], expr[512];
    int service; /* -1 = none */
    double value;
    char unit[16]; /* "ratio", "seconds" or "number" */
};

struct record_db; /* the connection, opaque */

struct record {
    struct record_db *db;
    char scenario[64], title[128], version[32], starts_at[40], seed[32];
    int64_t n_replica;
    double confidence; /* 0..1 */
    struct named_list stage, flag, service, fault;
    int n_threshold;
    struct threshold *threshold; /* [n_threshold] owned */
};

/*
 * Opens for reading; refuses what is missing, no database, no run of rollsim, or of another schema version. *out must be
 * closed when 0 was returned.
 */
int rs_rundb_open(struct record *out, const char *path, struct err *err);
/* The same of a search (verify/tune.sql); nothing is read yet. */
int rs_searchdb_open(struct record *out, const char *path, struct err *err);
/* And of a retrospective (verify/retro.sql). */
int rs_retrodb_open(struct record *out, const char *path, struct err *err);
void rs_record_close(struct record *r);
const struct named *rs_named_find(const struct named_list *list, int id); /* or NULL */

/* Quantiles over replicas on a grid. */
enum { RS_BAND_Q05, RS_BAND_Q25, RS_BAND_Q50, RS_BAND_Q75, RS_BAND_Q95, RS_BAND_N };
struct band {
    int n;
    double *t_s;           /* [n] owned; whole: since start, close: since the onset */
    double *q[RS_BAND_N];  /* [n] owned; NaN = no data */
    int64_t n_replica_max; /* most replicas behind a point */
};
int rs_record_band(struct record *r,
                   struct band *out,
                   int fault,
                   int service,
                   const char *grid,
                   const char *metric,
                   struct err *err);
void rs_band_clear(struct band *b);

/* One service of one replica. */
enum { RS_TRACK_ERROR_RATIO, RS_TRACK_P50, RS_TRACK_P95, RS_TRACK_P99, RS_TRACK_N };
struct track {
    int n;
    double *t_s;           /* [n] owned; since start; the point covers (t_s, t_s + step_s] */
    double *v[RS_TRACK_N]; /* [n] owned; NaN = no traffic */
    double step_s;
};
int rs_record_track(struct record *r,
                    struct track *out,
                    int64_t replica,
                    int service,
                    const char *grid,
                    struct err *err);
void rs_track_clear(struct track *t);

/* A value that changes in steps: a flag's exposure (0..1), or the stage (its number). */
struct steps {
    int n;
    double *t_s, *x; /* [n] owned; x holds from t_s on */
};
int rs_record_exposure(struct record *r,
                       struct steps *out,
                       int64_t replica,
                       const struct named *flag,
                       struct err *err);
int rs_record_stages(struct record *r, struct steps *out, int64_t replica, struct err *err);
void rs_steps_clear(struct steps *s);

/*
 * The kept replica of a fault (RS_NO_FAULT = none present): first those in which it began, of them those that rolled back
 * against it, of them `why`, else any. replica -1 = none kept.
 */
struct kept {
    int64_t replica;
    char why[64], outcome[32];
    double onset_s, ended_s, sim_s;
};
int rs_record_kept(struct record *r, struct kept *out, int fault, const char *why, struct err *err);

/* The first rollback of a replica against `fault`. */
struct rollback {
    bool found;
    double at_s[RS_CLOCK_N]; /* NaN = did not happen */
    char procedure[64], detector[64];
};
int rs_record_rollback(
    struct record *r, struct rollback *out, int64_t replica, int fault, struct err *err);

/* detected -> completed of the first rollback against the fault in each replica. */
struct durations {
    int n;        /* episodes, completed or not */
    int n_done;   /* of them completed */
    int n_cut;    /* of the others: the replica ended first */
    double *s;    /* [n_done] owned, rising */
    double sla_s; /* of the procedure executed most; NaN = none */
};
int rs_record_durations(struct record *r, struct durations *out, int fault, struct err *err);
void rs_durations_clear(struct durations *d);

/* Outcomes of the replicas in which the fault was present and started (RS_NO_FAULT: none present). */
struct outcomes {
    int64_t n, n_not_started;
    int64_t count[RS_OUTCOME_N];
};
int rs_record_outcomes(struct record *r, struct outcomes *out, int fault, struct err *err);
/* Replicas had the fault and it began in none: then true, and the words for that in buf. */
bool rs_never_began(char *buf, size_t n, const struct outcomes *o);

/* The timing card of the procedure that was executed most against the fault. */
struct card_row {
    char from[32], to[32];
    int64_t n, n_open;
    double p50_s, p95_s, max_s; /* NaN = no samples */
};
struct timing {
    int n;                /* 0 = no card; the last leg is detected -> completed */
    struct card_row *row; /* [n] owned */
    char procedure[64];
    int n_other_procedure; /* with episodes, not shown */
    int64_t n_present, n_episode, n_missed, n_within;
    double sla_s, within_low, within_high; /* sla NaN = none */
};
int rs_record_timing(struct record *r, struct timing *out, int fault, struct err *err);
void rs_timing_clear(struct timing *t);

#endif
