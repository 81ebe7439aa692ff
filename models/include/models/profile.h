/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who calls what, and how often: the part of a scenario that models/traffic is about. Included by models/scenario.h. */
#ifndef MODELS_PROFILE_H
#define MODELS_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "models/capacity.h"
#include "sim/err.h"

enum profile_kind {
    RS_PROFILE_CONSTANT, /* per_s[0] */
    RS_PROFILE_LINEAR, /* piecewise-linear through (at_s, per_s); repeated with period_s if > 0, else held at both ends */
    RS_PROFILE_RECORDED, /* a step function: per_s[i] holds in [at_s[i], at_s[i+1]); recorded rate series */
    RS_PROFILE_LOG /* a recorded request log: at_s[i] is one request's time; replayed, not redrawn */
};

/* Markov-modulated bursts: the profile's rate is multiplied by `factor` in the on state. */
struct bursts {
    double factor; /* 1 = no bursts */
    double mean_on_s,
        mean_off_s; /* exponential sojourns; start state drawn from the stationary law */
};

struct profile {
    enum profile_kind kind;
    int n;
    const double *at_s;  /* [n] seconds since the scenario's start, rising (LOG: not falling) */
    const double *per_s; /* [n] requests per second, >= 0; NULL for LOG */
    double period_s;     /* > 0: repeats (diurnal, weekly, looped recording) */
    double
        scale; /* multiplies the rate; LOG: < 1 thins, > 1 amplifies (each request kept floor(scale) times and once more with the rest) */
    struct bursts bursts;
    /* LOG: how each request ended in the recording, for paths that answer as recorded; NULL = not told. */
    const float *latency_s; /* [n] seconds, NaN = not told */
    const uint16_t *status; /* [n] 200 = a good answer, 400..599 = an error, 0 = not told */
    int n_error_code;
    const int *error_code; /* [n_error_code] the errors among the statuses, each once, rising */
};

#define RS_MAX_QUANTILES 8
/*
 * What was recorded of a path over time: the share of its requests that failed, and their latency. Step functions; where one
 * of them tells nothing the path's own errors or latency hold.
 */
struct path_recording {
    int n;
    const double *
        at_s; /* [n] seconds since the scenario's start, rising from 0; step i ends at at_s[i + 1] */
    double period_s;          /* > 0: starts anew after so much; else the last step holds */
    int code;                 /* 400..599, how the failed requests end */
    const float *error_ratio; /* [n] 0..1, NaN = not told; NULL = never told */
    int n_quantile;           /* 0 = latency never told */
    /*
     * Rising in 0..1. A single one moves the path's own latency: it is multiplied by what brings its quantile there; NaN in
     * place of it: its mean.
     */
    double quantile[RS_MAX_QUANTILES];
    const float *
        latency_s; /* [n * n_quantile] seconds, not falling within a step; a first one of NaN = not told */
};

struct cohort {
    const char *name, *ref;
    struct mark at;
    uint64_t population; /* users, > 0 */
};

struct traffic {
    const char *ref;
    struct mark at;
    int service, cohort;
    struct profile profile;
    struct retries retries;
};

#endif
