/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Claims: sentences about histories; what a history says of one; the verdict over many. */
#ifndef VERIFY_CLAIM_H
#define VERIFY_CLAIM_H

#include <stdbool.h>
#include <stdint.h>

#include "models/history.h"
#include "models/scenario.h"
#include "verify/stats.h"

struct claim;

enum claim_kind {
    RS_CLAIM_PROBABILITY, /* statistical */
    RS_CLAIM_QUANTILE,
    RS_CLAIM_EXPECTATION,
    RS_CLAIM_BOUND,  /* exact: a worst case over all phases and all draws inside their supports */
    RS_CLAIM_ALWAYS, /* exhaustive: over every reachable state */
    RS_CLAIM_NEVER,
};

/* Statistical claims are decided by replicas and share the scenario's confidence; the others need none. */
bool rs_claim_is_statistical(const struct claim *c);

/* The number a history gives. */
enum quantity {
    RS_Q_LEG, /* ns from `from` to `to` of the first matching episode */
    RS_Q_USERS_HURT,
    RS_Q_USERS_HURT_SINCE_ONSET, /* of the fault's service, for the first time; not applicable without an onset */
    RS_Q_REQUESTS_FAILED,
    RS_Q_ERROR_RATIO, /* failed / all requests of the replica */
    RS_Q_BUDGET_BURNED,
    RS_Q_PAGES,
    RS_Q_ALERTS, /* alerts that began to fire */
    RS_Q_ROLLOUT_DURATION, /* ns until the rollout settled */
    RS_Q_OUTCOME,          /* probability only: outcome == which */
    RS_Q_FALSE_ROLLBACK,   /* probability only */
    RS_Q_N
};
const char *rs_quantity_name(enum quantity q); /* "leg", "users_hurt", ... */

/* A fault is given when it is present in the replica, whether or not it came to its onset. */
enum given_kind { RS_GIVEN_ALL, RS_GIVEN_NO_FAULT, RS_GIVEN_FAULT, RS_GIVEN_ANY_FAULT };

struct predicate; /* verify/reach.h */

/*
 * Importance splitting for events too rare to be met by plain replicas: fixed effort over levels of slack, the time left until
 * the deadline while the leg is not over (verify/split.h). Off unless the claim asks for it.
 */
struct splitting {
    bool given;
    int n_level;           /* 0 = levels are chosen by pilot runs */
    const double *slack_s; /* [n_level] falling; each in (0, deadline) */
    uint64_t effort;       /* trials a level and macro-replication, >= 2 */
    uint64_t n_macro;      /* independent macro-replications behind the interval, >= 2 */
};

/*
 * PROBABILITY: P(quantity <= within | given) >= at_least (or <= at_most); for OUTCOME and FALSE_ROLLBACK the event itself.
 * QUANTILE: the q-quantile of the quantity is <= limit (at_most) or >= limit.
 * EXPECTATION: the mean is <= limit or >= limit; the quantity lies in [0, cap], a cap the claim states.
 * BOUND: every history of the scenario gets from `from` to `to` within `within` (verify/bound.h).
 * ALWAYS, NEVER: `state` is true in every (in no) reachable state; ALWAYS with `reaches`: from every reachable state one
 * in which it is true can be reached (verify/reach.h).
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
    bool
        from_condition; /* BOUND: the leg starts when the condition that is watched becomes true for good, not at `from` */
    unsigned detected_by; /* BOUND: bits 1 << enum detected_by that count; 0 = all that there are */
    const struct predicate *state; /* ALWAYS, NEVER */
    bool reaches;                  /* ALWAYS */
    const struct predicate
        *reaches_from; /* with `reaches`: only from states in which it is true; NULL = from all */
    struct splitting splitting; /* PROBABILITY of a leg */
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

/* The leg that a claim speaks of, in one history. */
struct claim_leg {
    int64_t from_ns, to_ns; /* to: RS_NEVER = it has not come */
    int64_t
        known_ns; /* when it was known that this is the leg: >= from for marks that are told later */
    bool lost;    /* `to` will never come */
};
/* false: the history is not one that the claim speaks of, or `from` did not happen. */
bool rs_claim_leg(struct claim_leg *out, const struct claim *c, const struct history *h);

enum verdict_kind {
    RS_VERDICT_PROVED,    /* by exhaustion or by bounds */
    RS_VERDICT_HOLDS,     /* statistically, at the family-wise confidence */
    RS_VERDICT_VIOLATED,  /* statistically, or by a counterexample */
    RS_VERDICT_REFUTED,   /* by bounds: the worst case is past the deadline */
    RS_VERDICT_UNBOUNDED, /* by bounds: a leg has no upper end */
    RS_VERDICT_UNDECIDED,
    RS_VERDICT_N
};
const char *rs_verdict_name(enum verdict_kind v);
/* violated, refuted or unbounded: what the claim says is not so. */
bool rs_verdict_is_bad(enum verdict_kind v);
/* proved or holds */
bool rs_verdict_is_good(enum verdict_kind v);

/* By what a verdict was found, and with it how far it may be trusted. */
enum engine {
    RS_ENGINE_EXHAUSTIVE, /* every reachable state was seen: proved */
    RS_ENGINE_BOUND,      /* interval arithmetic over the response chain: proved (numeric) */
    RS_ENGINE_E_PROCESS,  /* anytime-valid test of a proportion: statistical */
    RS_ENGINE_MEAN,       /* confidence sequence of a bounded mean: statistical */
    RS_ENGINE_SPLITTING,  /* importance splitting: asymptotic */
    RS_ENGINE_N
};
const char *rs_engine_name(
    enum engine e); /* "exhaustive", "bound", "e-process", "mean-sequence", "splitting" */
/* "proved", "statistical" or "asymptotic" */
const char *rs_engine_guarantee(enum engine e);

/* Why a verdict is undecided. */
enum open_reason {
    RS_OPEN_NONE,           /* it is decided */
    RS_OPEN_NO_REPLICA,     /* no replica was run */
    RS_OPEN_NOT_APPLICABLE, /* the condition or the start never came up in any replica */
    RS_OPEN_NO_EVENT,       /* what is to be ruled out, or to be shown, was never seen: vacuous */
    RS_OPEN_BUDGET,         /* the evidence is not enough yet */
    RS_OPEN_CUT,            /* replicas that ended too early keep it open */
    RS_OPEN_TRUNCATED,      /* the search of states was cut off */
    RS_OPEN_LOOSE,          /* the bound is past the deadline, but is not known to be reached */
    RS_OPEN_N
};
const char *rs_open_reason_name(enum open_reason r); /* "budget", "no-event", ... */

/* One line of a proof or a counterexample: a leg of a bound, an action of a trace. */
struct verdict_step {
    struct mark at;  /* place in the scenario; file NULL = none */
    const char *ref; /* or NULL */
    const char *text;
    double low_s,
        high_s; /* BOUND: the leg's smallest and largest time; NaN elsewhere; INFINITY = no upper end */
};

struct verdict {
    const struct claim *claim;
    enum verdict_kind kind;
    enum engine engine;
    enum open_reason reason;
    uint64_t
        n_replica; /* statistical: replicas until the decision fell, or all; what follows is of all that were run */
    /* BOUND: smallest and largest time over all draws, at the best and at the worst phases; NaN elsewhere. */
    double best_phase_low_s, best_phase_high_s, worst_phase_low_s, worst_phase_high_s;
    int n_step;
    const struct verdict_step *step; /* [n_step] in the run_result's arena */
    uint64_t n_state;                /* ALWAYS, NEVER: states that were seen */
    double
        margin_s; /* times: room between deadline and estimate (PROBABILITY: the limit's quantile; BOUND: the upper end), negative = over; NaN elsewhere */
    uint64_t n_applicable, n_hit, n_undecided; /* hit: PROBABILITY only */
    double estimate;                           /* ratio, quantile or mean; NaN without samples */
    struct interval interval;                  /* what the test of the limit would not rule out */
    double
        confidence; /* of this verdict, and of each end of its interval: 1 - (1 - family) / n_statistical */
    double worst; /* the worst value seen; NaN for events */
    bool has_witness;
    uint64_t witness;           /* replica that breaks the claim, or the worst one */
    int witness_fault;          /* fault present there, -1 none: rehearse --replica N repeats it */
    const char *witness_branch; /* SPLITTING: what --branch must say as well, or NULL */
    uint64_t n_more; /* UNDECIDED: about so many further replicas would decide; 0 = cannot say */
    const char *
        placeholder; /* "<role>.acknowledge": a placeholder that it rests on, or NULL; belongs to the run_result */
    uint64_t
        n_capped; /* EXPECTATION: values above the claim's cap, counted as the cap; `worst` shows how far above */
};

#endif
