/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is looked at in a history for the sake of a search: the plan's objectives and the scenario's statistical claims as numbers,
 * each over strata (a fault that is there for sure, or none) that are weighted as the population has them.
 */
#ifndef VERIFY_TUNE_NUMBERS_H
#define VERIFY_TUNE_NUMBERS_H

#include "verify/tune_share.h"

enum number_kind {
    RS_NUMBER_SHARE,    /* of histories in which something happens: 0 or 1 */
    RS_NUMBER_BOUNDED,  /* a mean of values in 0..cap */
    RS_NUMBER_FREE,     /* a mean without a cap: told by a normal law */
    RS_NUMBER_RATE,     /* a quotient of two means: told by a normal law */
    RS_NUMBER_QUANTILE, /* of a value that may be infinite */
};

/* How a leg divides: who has the rollback in hand. Parts of the claim's own leg, in ns; from onset to completion for other claims. */
enum leg_part {
    RS_PART_NOTICE,      /* until somebody is notified, or a machine has detected it */
    RS_PART_HANDS,       /* until the first flag is commanded */
    RS_PART_PROPAGATION, /* until the last instance has it */
    RS_PART_REST,        /* until the leg's end */
    RS_LEG_PART_N
};

struct number {
    enum number_kind kind;
    struct claim of; /* what is asked of a history; its kind is that of the number */
    int claim;       /* index in the scenario, or -1: an objective */
    int at;          /* its place in a row; RATE: the time is the next one */
    bool miss;       /* SHARE: of those in which it does not happen */
    bool sure;       /* every history of its strata is one that it speaks of */
    double scale;    /* told value = scale * what is kept; BOUNDED: of 0..1 */
    double q;        /* QUANTILE */
    double per_ns;   /* RATE */
    int n_stratum;
    const int *stratum;   /* [n_stratum] of struct numbers */
    const double *weight; /* [n_stratum] sum 1 */
    /* Claims: the share (or mean, in caps) of what is bad may be so large; 0..1. */
    double allowed;
    int part_at; /* claims: places of RS_LEG_PART_N parts of its leg */
};

struct numbers { /* in an arena */
    const struct scenario *today;
    const struct tune_plan *plan;
    int n_sample; /* length of a row */
    int n_stratum;
    const int *fault; /* [n_stratum] as tune_ask.fault: none first */
    int n_objective;
    const struct number *objective;
    int n_claim;                /* of the scenario */
    const struct number *claim; /* [n_claim]; n_stratum 0: no statistical one */
    const bool *kept;           /* [n_claim] the plan asks a setting to keep it */
};

struct numbers *rs_numbers_new(struct arena *arena, const struct tune_source *src);

/* rs_tune_measure; ctx is the struct numbers. */
void rs_numbers_measure(void *ctx,
                        const struct scenario *sc,
                        const struct history *h,
                        double *out /* [n_sample] */);

/* What one history gives to a number: between low and high, which differ where it was cut too early. */
struct share_of { /* a value */
    bool applies;
    double low, high; /* SHARE, BOUNDED: 0..1; else in the unit that is told */
    double time;      /* RATE: in units of per_ns; else 1 */
};
struct share_of rs_number_of(const struct number *n, const double *row);

/* Claims: how bad a history is, 0..1: between low and high. false: it says nothing of it. */
bool rs_number_bad(const struct number *n, const double *row, double *low, double *high);

#endif
