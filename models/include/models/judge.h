/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Canary judges as others ship them: Argo Rollouts' analysis runs, Flagger's checks, Kayenta's canary judge, GrowthBook's sequential
 * test. A judge measures by PromQL while a stage is watched and says when the release has failed. A pure machine: time is handed
 * in, timers are asked for, measurements come through a port. Where a tool's documentation and its code disagree, the code is
 * followed (docs/judges.md says where).
 */
#ifndef MODELS_JUDGE_H
#define MODELS_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "models/promql.h"
#include "models/scenario.h"

enum judge_kind {
    RS_JUDGE_ARGO,
    RS_JUDGE_FLAGGER,
    RS_JUDGE_KAYENTA,
    RS_JUDGE_GROWTHBOOK,
    RS_JUDGE_KIND_N
};
const char *rs_judge_kind_name(enum judge_kind k); /* "argo", "flagger", "kayenta", "growthbook" */

enum judge_verdict {
    RS_JUDGE_RUNNING,
    RS_JUDGE_PASSED,
    RS_JUDGE_FAILED,
    RS_JUDGE_INCONCLUSIVE,
    RS_JUDGE_ERRED, /* it could not measure often enough */
    RS_JUDGE_VERDICT_N
};
const char *rs_judge_verdict_name(enum judge_verdict v);

struct argo_spec; /* models/judge/ */
struct flagger_spec;
struct kayenta_spec;
struct growthbook_spec;

/* One judge of a scenario (scenario.h: response.judge). It is started when the watch of a stage of its begins, after the entry
 * actions, at each step of a ramp too if `restarts`; it ends with the stage's watch. */
struct judge {
    const char *name, *ref;
    struct mark at;
    enum judge_kind kind;
    const char *file; /* its own configuration, as named */
    int n_note;
    const struct note *note; /* [n_note] what of it has no effect here, in the order of the file */
    union {
        const struct argo_spec *argo;
        const struct flagger_spec *flagger;
        const struct kayenta_spec *kayenta;
        const struct growthbook_spec *growthbook;
    } spec;
    int n_stage;
    const int *stage;         /* [n_stage] */
    bool restarts;            /* a new run at each step of the ramp */
    enum gate_then failed;    /* what a failed judgement orders */
    enum gate_then undecided; /* what INCONCLUSIVE orders */
    enum gate_then erred;     /* what ERRED orders */
    int procedure;            /* of RS_THEN_ROLLBACK; carried out by automation */
};

/* Does it judge that stage? */
bool rs_judge_judges(const struct judge *j, int stage);
/* Bits 1 << enum judge_verdict: those that it can come to, whatever it measures. */
unsigned rs_judge_verdicts(const struct judge *j);
/* What the verdict orders; RS_THEN_PROMOTE where it only tells. */
enum gate_then rs_judge_order(const struct judge *j, enum judge_verdict v);
/* Can it order a rollback by that procedure; can it order anything that ends the stage? */
bool rs_judge_rolls_back(const struct judge *j, int procedure);
bool rs_judge_decides(const struct judge *j);
/*
 * While it is at work: from the moment from which on everything that it measures is bad to its verdict, at most. RS_NEVER: there is
 * no such time (it may be through with the release before), or none is known.
 */
int64_t rs_judge_slowest_ns(const struct judge *j);
/*
 * From the beginning of a run to RS_JUDGE_FAILED at the earliest, everything that it measures being bad. RS_NEVER: it never fails;
 * 0 where nothing is known.
 */
int64_t rs_judge_soonest_ns(const struct judge *j);

/* Where measurements come from. */
struct judge_port {
    void *ctx;
    /* The expression now. 0, or -1 with err: the measurement failed. */
    int (*eval)(
        void *ctx, const struct promql *expr, int64_t now_ns, struct vector *out, struct err *err);
};

struct judge_run; /* opaque, heap: one judge at work; used by one thread */

struct judge_run *rs_judge_run_new(const struct judge *j);
void rs_judge_run_free(struct judge_run *r); /* NULL ok */
/* The watch begins. `seed` feeds what a tool draws itself (Kayenta's noise on constant series). */
void rs_judge_start(struct judge_run *r, int64_t now_ns, uint64_t seed);
/* When it wants to be stepped; RS_NEVER once it has a verdict. */
int64_t rs_judge_next(const struct judge_run *r);
/* Measures what is due. *why (may be NULL): one line for people, valid until the next call. */
enum judge_verdict
rs_judge_step(struct judge_run *r, int64_t now_ns, const struct judge_port *port, const char **why);
/* The watch ends: what the judge says of what it has seen so far. */
enum judge_verdict
rs_judge_end(struct judge_run *r, int64_t now_ns, const struct judge_port *port, const char **why);

/* Calls fn for every expression that the judge evaluates, so that the plan can have an evaluator for each. */
typedef void (*rs_judge_expr_fn)(void *ctx, const struct promql *expr);
void rs_judge_exprs(const struct judge *j, rs_judge_expr_fn fn, void *ctx);

#endif
