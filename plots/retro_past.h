/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the pictures need of a retrospective's record (verify/retro.sql), as plain arrays: all of it is read at once. Instants
 * are seconds on the clock of reference, NaN = not told; ratios 0..1.
 */
#ifndef PLOTS_RETRO_PAST_H
#define PLOTS_RETRO_PAST_H

#include "read.h"

/* lo, hi NaN while best is told: open on that side. All NaN: nothing is known. */
struct past_instant {
    double lo, best, hi;
};

enum past_how {
    RS_PAST_RECORDED,
    RS_PAST_COMPUTED,
    RS_PAST_INFERRED,
    RS_PAST_BOUNDED,
    RS_PAST_UNKNOWN
};
enum { RS_PAST_HOW_N = RS_PAST_UNKNOWN + 1 };

struct past_step { /* of a flag */
    int flag;      /* in r.flag */
    double exposure;
    struct past_instant at;
};

enum past_kind { RS_PAST_RATIO, RS_PAST_COUNT, RS_PAST_VALUE };
struct past_signal {
    int64_t id;
    char name[96], unit[24], service[64]; /* service "" = of none */
    enum past_kind kind;
    int n;
    /* [n] owned; at rises, intervals of several instances may overlap. k of n; NaN for values, and low and high but for ratios. */
    double *at, *until, *n_of, *k_of, *level, *low, *high;
};

struct past_change {
    int64_t id;
    int signal;
    struct past_instant at;
    double before, after, after_low, after_high;
};

struct past_mark { /* one instant of an episode */
    char name[32], why[192];
    enum past_how how;
    bool never;
    struct past_instant at;
};

struct past_leg {
    char from[32], to[32];
    double low, best, high;
};

struct past_episode {
    int64_t id;
    char name[96], procedure[64], ref[64], stage[64], service[64], alert[96], verdict[24], why[256];
    int signal;   /* that shows it; -1 */
    double sla_s; /* NaN = none */
    int n_mark, n_leg;
    struct past_mark *mark; /* [n_mark] owned, in the order of the clock */
    struct past_leg *leg;   /* [n_leg] owned */
};

struct past_question { /* a counterfactual */
    int64_t id;
    char name[96];
    bool happened;
};

struct past_alarm {
    int question, episode; /* episode -1: outside of all */
    char alert[96];
    double pending, firing, notified;
};

struct past_band {
    double low, best, high;
};
struct past_outcome {
    int question, episode;
    char refused[192]; /* "" = answered */
    double detected, commanded, completed, completed_low, completed_high;
    struct past_band errors, users_hurt;
};

struct past_parameter {
    char name[48], unit[24];
    double assumed, value, low, high;
};
struct past_fit {
    int64_t id;
    char name[128], method[96], refused[192], test[64];
    double p_value;
    bool fits;
    int n_parameter, n_duration, n_curve;
    struct past_parameter *parameter; /* [n_parameter] owned */
    struct past_band *duration;       /* [n_duration] owned; high INFINITY: it had not happened */
    double *x, *fitted, *assumed;     /* [n_curve] owned */
};

struct past_known {
    char name[96];
    double from, until; /* until NaN: not told */
    int change;         /* in `change`; -1 = not found */
    double error;       /* found, minus known */
};

struct past {
    struct record r; /* the connection; scenario, version, confidence; names of stages and flags */
    char name[128], reference[96];
    bool dated;                   /* instants are Unix time */
    struct steps stages;          /* entered; x = place in r.stage */
    struct past_instant *entered; /* [r.stage.n] owned */
    int n_source, n_step, n_signal, n_change, n_episode, n_question, n_alarm, n_outcome, n_fit,
        n_known;
    struct past_step *step; /* by time */
    struct past_signal *signal;
    struct past_change *change;
    struct past_episode *episode;
    struct past_question *question; /* what happened comes first */
    struct past_alarm *alarm;       /* by question, alert, time */
    struct past_outcome *outcome;
    struct past_fit *fit;
    struct past_known *known;
};

/* Opens for reading and reads all; refuses what is no retrospective of this version. Must be closed when 0 was returned. 0 or -1. */
int rs_past_open(struct past *out, const char *path, struct err *err);
void rs_past_close(struct past *p);

/* The episode's instant of that name, or NULL: it is not listed, or nothing is known of it. */
const struct past_mark *rs_past_mark(const struct past_episode *e, const char *name);

#endif
