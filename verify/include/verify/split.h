/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Importance splitting: the probability of an event that plain histories are too rare to meet. An importance says how near a
 * history has come; where it reaches a level, the history is multiplied, and the futures of the copies are independent.
 *
 * Fixed effort: N trials at each level. Those of the first start anew, those of the next ones from the states in which trials
 * of the level before came in; p = product of R_k / N_k, R_k of N_k having reached level k. Entrance states are shared out
 * evenly, the remainder at random. p is unbiased for any model, levels and importance: what the importance decides is only how
 * much p varies. The interval rests on independent repetitions of the whole (macro-replications) by Student's t. It is
 * asymptotic: with few repetitions the law of p, skewed to the right, may not be normal enough, and no bound for finite samples is
 * known. So a verdict from here is never more than "asymptotic".
 *
 * When it cannot help: a level is only worth something if the way from there on is drawn after it. Where one single draw decides
 * (an acknowledgement time that is drawn when the page arrives), all copies share it, R_k / N_k is nearly 1 or 0 for each
 * entrance state, and the repetitions scatter as plain sampling does. It helps most where the way is long and drawn piece by
 * piece: retries, escalations, polls. Nothing of this is a bias, but with a few of the repetitions making up the mean its
 * spread cannot be judged from them, and the estimate will mostly lie too low: see `thin`.
 *
 * Sources: Garvels, The splitting method in rare event simulation (Twente 2000), ch. 2-3; L'Ecuyer, Demers, Tuffin, "Rare events,
 * splitting, and quasi-Monte Carlo", ACM TOMACS 17 (2007) art. 9, for sharing out entrance states.
 */
#ifndef VERIFY_SPLIT_H
#define VERIFY_SPLIT_H

#include <stdatomic.h>
#include <stddef.h>

#include "verify/claim.h"

#define RS_SPLIT_LEVEL_MAX 32

/* How a trial ended. */
enum split_end {
    RS_SPLIT_DEAD,    /* it will never reach the target */
    RS_SPLIT_REACHED, /* it reached it: `to` is the state at that moment */
    RS_SPLIT_CUT,     /* it was over before either was known: counted both ways */
    RS_SPLIT_VOID     /* from the start only: the condition is not met, draw another trial */
};

struct split_trial {
    const void *from;          /* entrance state, or NULL: from the start */
    double target;             /* importance to reach */
    uint64_t seed;             /* of the plan */
    uint64_t word;             /* this trial's own number, not 0: open its streams with it */
    const atomic_bool *cancel; /* once true, RS_E_STOPPED may end it; may be NULL */
};

/* A model, told in callbacks. A state is plain memory: it is copied by copying its bytes. */
struct split_model {
    void *ctx;
    size_t state_size; /* bytes, > 0 */
    /* Makes / frees what one thread needs for itself. NULL from worker_new is an error told in err. */
    void *(*worker_new)(void *ctx, struct err *err);
    void (*worker_free)(void *ctx, void *worker);
    /*
     * Runs one trial: a function of *t alone. Fills *out_end and, when reached, *to (state_size bytes); *out_high is the highest
     * importance that was seen (pilot runs choose levels by it; >= target when reached). 0, or -1 with err filled.
     */
    int (*run)(void *ctx,
               void *worker,
               const struct split_trial *t,
               enum split_end *out_end,
               void *to,
               double *out_high,
               struct err *err);
};

struct split_plan {
    int n_level;         /* 1..RS_SPLIT_LEVEL_MAX */
    const double *level; /* [n_level] rising; the last one is the event itself */
    uint64_t effort;     /* trials a level, >= 2 */
    uint64_t n_macro;    /* macro-replications, >= 2 */
    uint64_t seed;
    int n_job;         /* threads, >= 1; the result is the same for any number */
    double confidence; /* two-sided, 0..1 */
    /* Called now and then between macro-replications; true = stop (Ctrl-C). May be NULL. */
    bool (*tick)(void *ctx, uint64_t n_done, uint64_t n_total);
    void *tick_ctx;
    const atomic_bool *cancel; /* the same from outside, at any moment; may be NULL */
};

struct split_result {
    double estimate; /* mean over the macro-replications; cut trials as if they never reached */
    struct interval interval; /* lower end: cut trials never reach; upper end: they do */
    uint64_t n_macro;         /* fewer than planned: it was stopped, and is thin */
    uint64_t
        n_extinct; /* macro-replications with a level that no trial reached: their product is 0 */
    uint64_t n_starved; /* of them: so many trials were void that too few were left */
    /*
     * Nothing should be decided: more than half of the macro-replications died out, or one makes up more than half of the mean,
     * so that Student's t means nothing. The interval is then Hoeffding's for values in [0, 1], sound and wide. Take more
     * effort, or other levels.
     */
    bool thin;
    uint64_t n_trial, n_void, n_cut;  /* void ones count as trials */
    double ratio[RS_SPLIT_LEVEL_MAX]; /* reached / trials, pooled; NaN = never tried */
    bool has_witness;                 /* a trial reached the event */
    void *
        witness; /* its state, of the lowest macro-replication; caller's storage of state_size bytes, or NULL */
};

/* Set out->witness (or NULL) beforehand; the rest is filled. 0 or -1. */
int rs_split_run(const struct split_model *model,
                 const struct split_plan *plan,
                 struct split_result *out,
                 struct err *err);

/*
 * Chooses levels by pilot runs, so that about a quarter of the trials goes from each to the next. The pilot's draws are its own:
 * none is used again by rs_split_run, which therefore stays unbiased.
 *   effort     trials a level, >= 2
 *   out_level  [RS_SPLIT_LEVEL_MAX] rising; the last one is `top`
 * Returns the number of levels, or -1. Where the pilot gets no further (no trial goes beyond a level), `top` comes next.
 */
int rs_split_pilot(const struct split_model *model,
                   double top,
                   uint64_t effort,
                   uint64_t seed,
                   double *out_level,
                   struct err *err);

/* Why `c` cannot be decided by splitting (static text, lower case), or NULL. */
const char *rs_split_refuse(const struct claim *c);

struct split_options {
    uint64_t seed;
    bool gsl_samplers;                                          /* replica_options.gsl_samplers */
    int n_job;                                                  /* >= 1 */
    double confidence;                                          /* of this one claim */
    bool (*tick)(void *ctx, uint64_t n_done, uint64_t n_total); /* see struct split_plan */
    void *tick_ctx;
    const atomic_bool *cancel;
};

/*
 * The verdict on a claim with `splitting` over a leg. The event is "the leg is longer than `within`", its importance the time
 * since `from` while `to` has not come: deadline minus slack. Given a fault that fault is put there; other conditions, and that
 * `from` comes at all, are met by drawing again. A copy of a history is a replay up to the crossing, all streams being re-keyed
 * from there on (models/replica.h).
 * Undecided histories count against the claim both ways, as everywhere. Undecided verdicts: `no-event` (no history came to be
 * too late: nothing is known), `budget` (the interval holds the limit, or too many repetitions died out), `cut`,
 * `not-applicable`. verdict->witness_branch is what rehearse needs to tell the witness.
 *   arena  owns what the verdict names
 * 0 or -1.
 */
int rs_split_decide(struct arena *arena,
                    const struct scenario *sc,
                    const struct claim *c,
                    const struct split_options *opt,
                    struct verdict *out,
                    struct err *err);

#endif
