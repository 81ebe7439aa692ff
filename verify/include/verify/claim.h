/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Claims: sentences about histories; what a history says of one; the verdict over many. */
#ifndef VERIFY_CLAIM_H
#define VERIFY_CLAIM_H

#include <stdbool.h>
#include <stdint.h>

#include "models/history.h"
#include "models/scenario.h"
#include "verify/stats.h"

enum claim_kind { RS_CLAIM_PROBABILITY, RS_CLAIM_QUANTILE, RS_CLAIM_EXPECTATION };

/* The number a history gives. */
enum quantity {
    RS_Q_LEG, /* ns from `from` to `to` of the first matching episode */
    RS_Q_USERS_HURT,
    RS_Q_USERS_HURT_SINCE_ONSET, /* of the fault's service, for the first time; not applicable without an onset */
    RS_Q_REQUESTS_FAILED,
    RS_Q_ERROR_RATIO, /* failed / all requests of the replica */
    RS_Q_BUDGET_BURNED,
    RS_Q_PAGES,
    RS_Q_ROLLOUT_DURATION, /* ns until the rollout settled */
    RS_Q_OUTCOME,          /* probability only: outcome == which */
    RS_Q_FALSE_ROLLBACK,   /* probability only */
    RS_Q_N
};
const char *rs_quantity_name(enum quantity q); /* "leg", "users_hurt", ... */

/* A fault is given when it is present in the replica, whether or not it came to its onset. */
enum given_kind { RS_GIVEN_ALL, RS_GIVEN_NO_FAULT, RS_GIVEN_FAULT, RS_GIVEN_ANY_FAULT };

/*
 * PROBABILITY: P(quantity <= within | given) >= at_least (or <= at_most); for OUTCOME and FALSE_ROLLBACK the event itself.
 * QUANTILE: the q-quantile of the quantity is <= limit (at_most) or >= limit.
 * EXPECTATION: the mean is <= limit or >= limit; the quantity lies in [0, cap], a cap the claim states.
 * A leg: episodes of `procedure` (-1 any); given a fault only those in which it was live when they were detected. Where `from` did not happen the replica is not applicable; where `from` happened
 * and `to` did not, the leg is infinite, unless the replica was cut before the deadline passed: then it is undecided and
 * counted against the claim both ways.
 */
struct claim {
    const char *name, *says, *ref;
    struct mark at;
    enum claim_kind kind;
    enum given_kind given;
    int given_fault;
    enum quantity of;
    enum clock_mark from, to;
    int procedure;
    enum outcome outcome;
    double
        within; /* PROBABILITY: deadline in ns for legs and durations, plain number for the others */
    double q;   /* QUANTILE */
    bool at_most; /* the direction: <= limit */
    double
        limit; /* PROBABILITY: 0..1; QUANTILE, EXPECTATION: in the quantity's unit (ns or number) */
    double cap; /* EXPECTATION: > 0 */
};

/* What one history says. */
enum sample_state { RS_SAMPLE_NOT_APPLICABLE, RS_SAMPLE_VALUE, RS_SAMPLE_UNDECIDED };
struct claim_sample {
    enum sample_state state;
    double
        value; /* PROBABILITY: 1 the event happened, 0 not; else the quantity; INFINITY = never */
};
struct claim_sample
rs_claim_sample(const struct scenario *sc, const struct claim *c, const struct history *h);

enum verdict_kind { RS_VERDICT_HOLDS, RS_VERDICT_VIOLATED, RS_VERDICT_UNDECIDED };
const char *rs_verdict_name(enum verdict_kind v);

struct verdict {
    const struct claim *claim;
    enum verdict_kind kind;
    uint64_t n_applicable, n_hit, n_undecided; /* hit: PROBABILITY only */
    double estimate;                           /* ratio, quantile or mean; NaN without samples */
    struct interval interval;                  /* at the family-wise confidence */
    double confidence; /* of this claim's interval: 1 - (1 - family) / n_claim */
    double worst;      /* the worst value seen; NaN for events */
    bool has_witness;
    uint64_t witness;  /* replica that breaks the claim, or the worst one */
    int witness_fault; /* fault present there, -1 none: rehearse --replica N repeats it */
    uint64_t n_more;   /* UNDECIDED: about so many further replicas would decide; 0 = cannot say */
    const char *
        placeholder; /* "<role>.acknowledge": a placeholder that it rests on, or NULL; belongs to the run_result */
    uint64_t
        n_capped; /* EXPECTATION: values above the claim's cap, counted as the cap; `worst` shows how far above */
};

#endif
