/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/replica.h"
#include "sim/arena.h"
#include "sim/clock.h"
#include "verify/split.h"

/* An entrance state: all that a replay needs to come to it. */
struct entrance {
    uint64_t replica;
    int64_t from_ns; /* start of the leg */
    int64_t at_ns;   /* the crossing: all events up to it have happened */
    int n_branch;
    struct replica_branch branch[RS_SPLIT_LEVEL_MAX];
};

struct problem {
    const struct scenario *scenario;
    const struct claim *claim;
    bool gsl_samplers;
};

/* One thread's simulator, and the history that it writes. */
struct worker {
    struct simulator *sim;
    struct history history;
};

/* Numbers of replicas that plain runs never come to, short enough to be typed. Their worlds are drawn, not taken in turn. */
#define REPLICA_BITS 48

const char *rs_split_refuse(const struct claim *c)
{
    if (c->kind != RS_CLAIM_PROBABILITY || c->of != RS_Q_LEG)
        return "splitting needs a probability over a leg, \"from\" and \"to\"";
    /* First bad sample and pending are told only once somebody has noticed: on the way nobody knows how far the leg has come. */
    if (c->from == RS_CLOCK_FIRST_BAD || c->from == RS_CLOCK_PENDING || c->to < RS_CLOCK_DETECTED)
        return "splitting needs a leg from the onset, the detection or a later mark to the "
               "detection or a later mark";
    for (int i = 0; i < c->splitting.n_level; i++) {
        double s = c->splitting.slack_s[i];
        if (!(s > 0.0 && s * (double)RS_NS_PER_S < c->within))
            return "\"slack\" must be above 0s and below \"within\"";
    }
    if (c->splitting.n_level > RS_SPLIT_LEVEL_MAX - 1)
        return "\"slack\" must have at most 31 levels";
    return NULL;
}

static void *worker_new(void *ctx, struct err *err)
{
    const struct problem *p = ctx;
    struct worker *w = rs_xcalloc(1, sizeof *w);
    rs_history_init(&w->history);
    w->sim = rs_simulator_new(p->scenario, err);
    if (w->sim)
        return w;
    free(w);
    return NULL;
}

static void worker_free(void *ctx, void *worker)
{
    struct worker *w = worker;
    (void)ctx;
    rs_simulator_free(w->sim);
    rs_history_clear(&w->history);
    free(w);
}

static int64_t ns_of(double importance_s)
{
    return (int64_t)llround(importance_s * (double)RS_NS_PER_S);
}

/* The fault that the condition puts there; the others are met by drawing again. */
static int fault_of(const struct claim *c)
{
    if (c->given == RS_GIVEN_FAULT)
        return c->given_fault;
    return c->given == RS_GIVEN_NO_FAULT ? -1 : -2;
}

/* Whether the leg was longer than the target, in a history that may have been cut as soon as that was known. */
static enum split_end
judge(const struct history *h, const struct claim_leg *leg, int64_t target_ns, double *out_high)
{
    if (leg->to_ns != RS_NEVER) {
        int64_t leg_ns = leg->to_ns - leg->from_ns;
        *out_high = rs_s_from_ns(leg_ns);
        return leg_ns > target_ns ? RS_SPLIT_REACHED : RS_SPLIT_DEAD;
    }
    *out_high = leg->lost ? INFINITY : rs_s_from_ns(h->sim_ns - leg->from_ns);
    return leg->lost || h->sim_ns - leg->from_ns >= target_ns ? RS_SPLIT_REACHED : RS_SPLIT_CUT;
}

static int run_trial(void *ctx,
                     void *worker,
                     const struct split_trial *t,
                     enum split_end *out_end,
                     void *to,
                     double *out_high,
                     struct err *err)
{
    const struct problem *p = ctx;
    struct worker *w = worker;
    const struct entrance *from = t->from;
    int64_t target_ns = ns_of(t->target);
    struct entrance e = {.replica = t->word >> (64 - REPLICA_BITS)};
    if (from) {
        e = *from;
        e.branch[e.n_branch++] = (struct replica_branch){from->at_ns, t->word};
    }
    const struct replica_options opt = {
        .seed = t->seed,
        .replica = e.replica,
        .fault = fault_of(p->claim),
        .n_branch = e.n_branch,
        .branch = e.branch,
        .cancel = t->cancel,
        .gsl_samplers = p->gsl_samplers,
        .until_ns = from ? from->from_ns + target_ns : 0,
    };
    struct claim_leg leg;
    if (rs_simulator_run(w->sim, &opt, &w->history, err) != 0)
        return -1;
    *out_high = 0.0;
    if (!rs_claim_leg(&leg, p->claim, &w->history)) {
        /* What has begun stays begun: only a trial from the start can find no leg. */
        assert(!from);
        *out_end = RS_SPLIT_VOID;
        return 0;
    }
    *out_end = judge(&w->history, &leg, target_ns, out_high);
    e.from_ns = leg.from_ns;
    e.at_ns = leg.from_ns + target_ns;
    if (e.at_ns < leg.known_ns)
        e.at_ns = leg.known_ns;
    if (*out_end == RS_SPLIT_REACHED)
        memcpy(to, &e, sizeof e);
    return 0;
}

/* Levels of slack as rising importances, the deadline last. */
static int levels(const struct split_model *model,
                  const struct claim *c,
                  uint64_t seed,
                  double *out,
                  struct err *err)
{
    double within_s = c->within / (double)RS_NS_PER_S;
    const struct splitting *s = &c->splitting;
    if (s->n_level == 0)
        return rs_split_pilot(model, within_s, s->effort, seed, out, err);
    for (int i = 0; i < s->n_level; i++)
        out[i] = within_s - s->slack_s[i];
    out[s->n_level] = within_s;
    return s->n_level + 1;
}

/* What --branch of rehearse takes: after which time which word, in turn. */
static const char *branch_text(struct arena *arena, const struct entrance *e)
{
    const char *text = e->n_branch > 0 ? "" : NULL;
    for (int i = 0; i < e->n_branch; i++)
        text = rs_arena_printf(arena, "%s%s%" PRId64 ":%" PRIx64, text, i > 0 ? "," : "",
                               e->branch[i].after_ns, e->branch[i].word);
    return text;
}

/*
 * The claim bounds p, the probability of being too late: from above (at_least) or from below (at_most).
 * An estimate that mostly died out is none: both ends of its interval are worth nothing.
 */
static void decide(struct verdict *v, const struct split_result *r)
{
    const struct claim *c = v->claim;
    double limit = 1.0 - c->limit;
    bool below = c->at_most ? r->interval.high < limit : r->interval.high <= limit;
    bool above = c->at_most ? r->interval.low >= limit : r->interval.low > limit;
    v->kind = RS_VERDICT_UNDECIDED;
    if (r->n_starved > 0) {
        v->reason = RS_OPEN_NOT_APPLICABLE;
    } else if (r->n_macro < c->splitting.n_macro) {
        v->reason = RS_OPEN_BUDGET; /* stopped */
    } else if (!r->has_witness && r->n_cut == 0) {
        v->reason = RS_OPEN_NO_EVENT;
    } else if (!r->thin && (below || above)) {
        v->kind = below != c->at_most ? RS_VERDICT_HOLDS : RS_VERDICT_VIOLATED;
        v->reason = RS_OPEN_NONE;
    } else {
        bool cut = !r->thin && r->n_cut > 0 &&
                   r->interval.high - r->estimate > 2.0 * (r->estimate - r->interval.low);
        v->reason = cut ? RS_OPEN_CUT : RS_OPEN_BUDGET;
        /* The half-width falls with the root of the effort. */
        double miss = fabs(r->estimate - limit), half = r->estimate - r->interval.low;
        double factor = miss > 0.0 ? half / miss * (half / miss) : 0.0;
        if (!r->thin && !cut && factor > 1.0 && factor < 1e6)
            v->n_more = (uint64_t)((factor - 1.0) * (double)r->n_trial);
    }
}

int rs_split_decide(struct arena *arena,
                    const struct scenario *sc,
                    const struct claim *c,
                    const struct split_options *opt,
                    struct verdict *out,
                    struct err *err)
{
    assert(c->splitting.given && !rs_split_refuse(c));
    struct problem problem = {sc, c, opt->gsl_samplers};
    const struct split_model model = {
        .ctx = &problem,
        .state_size = sizeof(struct entrance),
        .worker_new = worker_new,
        .worker_free = worker_free,
        .run = run_trial,
    };
    double level[RS_SPLIT_LEVEL_MAX];
    int n_level = levels(&model, c, opt->seed, level, err);
    if (n_level < 0)
        return -1;
    const struct split_plan plan = {
        .n_level = n_level,
        .level = level,
        .effort = c->splitting.effort,
        .n_macro = c->splitting.n_macro,
        .seed = opt->seed,
        .n_job = opt->n_job,
        .confidence = opt->confidence,
        .tick = opt->tick,
        .tick_ctx = opt->tick_ctx,
        .cancel = opt->cancel,
    };
    struct entrance witness;
    struct split_result r = {.witness = &witness};
    if (rs_split_run(&model, &plan, &r, err) != 0)
        return -1;
    *out = (struct verdict){
        .claim = c,
        .engine = RS_ENGINE_SPLITTING,
        .n_replica = r.n_trial,
        .n_applicable = r.n_trial - r.n_void,
        .n_undecided = r.n_cut,
        .estimate = 1.0 - r.estimate,
        .interval = {1.0 - r.interval.high, 1.0 - r.interval.low},
        .confidence = opt->confidence,
        .worst = NAN,
        .margin_s = NAN,
        .best_phase_low_s = NAN,
        .best_phase_high_s = NAN,
        .worst_phase_low_s = NAN,
        .worst_phase_high_s = NAN,
        /* A history that is late speaks against a claim that few are, not against one that many are. */
        .has_witness = r.has_witness && !c->at_most,
        .witness_fault = fault_of(c) >= 0 ? fault_of(c) : -1,
    };
    if (out->has_witness) {
        out->witness = witness.replica;
        out->witness_branch = branch_text(arena, &witness);
    }
    decide(out, &r);
    return 0;
}
