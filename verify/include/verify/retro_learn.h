/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the model should learn: assumptions replaced by what was measured, with how well it fits. */
#ifndef VERIFY_RETRO_LEARN_H
#define VERIFY_RETRO_LEARN_H

#include "verify/retro.h"

enum retro_fit_kind {
    RS_FIT_TRAFFIC,
    RS_FIT_BASE_ERRORS,
    RS_FIT_LATENCY,
    RS_FIT_FAULT_SIZE,
    RS_FIT_FAULT_ONSET,
    RS_FIT_PEOPLE,
    RS_FIT_PROPAGATION,
    RS_FIT_KIND_N
};
const char *rs_retro_fit_kind_name(enum retro_fit_kind k);

/* One number of the model. */
struct retro_parameter {
    const char *name, *unit; /* "median", "s" */
    double assumed;          /* the scenario's; NaN = none */
    double value, low, high; /* at the evidence's confidence */
};

/* Observation of a duration, known within bounds (seconds). */
struct retro_duration {
    double lo_s, best_s, hi_s; /* hi = INFINITY: it had not happened when the evidence ended */
    const char *whence;
};

struct retro_fit {
    enum retro_fit_kind kind;
    const char *name; /* "portal errors before the rollout" */
    const char
        *path; /* place in the scenario, as `tune` writes paths; NULL = none: told, not written */
    const char *text; /* what to write there: YAML on one line; NULL = nothing */
    const char *method,
        *source; /* "maximum likelihood, interval-censored lognormal"; which files, which span */
    const char *refused; /* why it cannot be learnt; NULL = fitted */
    bool placeholder;    /* it replaces one */
    uint64_t n;          /* observations: requests, durations, samples */
    int n_parameter;
    struct retro_parameter *parameter;
    /* Goodness of fit. */
    const char *test; /* "G test over 9 buckets", or NULL */
    double statistic, p_value;
    bool fits; /* p_value above 1 % or not tested */
    int n_duration;
    struct retro_duration *duration; /* PEOPLE, PROPAGATION, FAULT_ONSET: what it was fitted to */
    /* The law of a duration as fitted, and as the scenario has it, for its curve (rs_dist_cdf); NULL = none. */
    const struct dist *law, *assumed_law;
};

/* Does the fitted scenario produce what was seen? One quantity of one episode, or of the rollout. */
struct retro_predicted {
    const char *name, *unit;
    int episode;
    double seen, low, median, high; /* 95 % of the fitted scenario's replicas lie in low..high */
    double p_value;                 /* two-sided, of seeing something as far out */
    uint64_t n;                     /* replicas that have it */
};

struct retro_learnt {
    int n_fit;
    struct retro_fit *fit;
    int n_predicted;
    struct retro_predicted *predicted;
    const char *predict_refused; /* why there is no predictive check */
    const char *fault;           /* the scenario's fault that was taken, or NULL */
    char *diff;                  /* unified diff of the scenario; "" = nothing to write */
    char *patched;               /* the scenario's text with all fits written in; NULL */
    bool
        again; /* the scenario says that it has learnt from this evidence: nothing is written twice */
};

/* Writes `patched` over the scenario's file, whole or not at all. 0 or -1. */
int rs_retro_learnt_write(const struct retro *r, struct err *err);

#endif
