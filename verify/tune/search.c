/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "verify/tune_search.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nsga.h"
#include "outcome.h"

/* ---- settings to be raced -------------------------------------------------------------------------------------------- */

struct settings {
    uint32_t n;
    uint16_t *value; /* [n * n_param] today's first */
    uint64_t first;  /* replica from which on the race may use them */
};

static void all_settings(const struct tune_plan *plan, uint64_t n_space, struct settings *out)
{
    size_t n_param = (size_t)plan->n_param;
    out->n = (uint32_t)n_space;
    out->value = rs_xcalloc(n_space * n_param + 1, sizeof *out->value);
    rs_tune_today(plan, out->value);
    uint16_t *next = out->value + n_param, *today = out->value;
    uint16_t *one = rs_xcalloc(n_param + 1, sizeof *one);
    for (uint64_t i = 0; i < n_space; i++) {
        rs_tune_setting(plan, i, one);
        if (memcmp(one, today, n_param * sizeof *one) != 0) {
            memcpy(next, one, n_param * sizeof *one);
            next += n_param;
        }
    }
    free(one);
}

/* Replicas by which the large space is gone through; those of the race are others, so that luck here is none there. */
enum { PILOT = 64 };

/* How far a setting is from keeping what it should, proofs and estimates; what has not been seen counts as kept. */
static double violation_of(const struct race *r, uint32_t i)
{
    double sum = 0.0;
    for (int c = 0; c < r->ns->n_claim; c++) {
        const struct number *n = &r->ns->claim[c];
        if (!r->ns->kept[c])
            continue;
        if (n->n_stratum == 0) {
            sum += r->bad[i * (size_t)r->ns->n_claim + (size_t)c];
            continue;
        }
        double over = rs_estimate_bad(r->store, n, i) - n->allowed;
        sum += over > 0.0 ? over : 0.0;
    }
    return sum;
}

/* One generation: a race that ends with its first round. ctx: a struct race to begin with. */
static int evaluate(void *ctx,
                    uint32_t n,
                    const uint16_t *value,
                    double *objective,
                    double *violation,
                    struct err *err)
{
    const struct race *base = ctx;
    uint64_t n_most = base->n_most;
    struct race r = *base;
    int rc = rs_race_init(&r, n, value, 0, n_most, err);
    if (rc == 0 && !r.stopped)
        rc = rs_race_run(&r, err);
    for (uint32_t i = 0; i < n && rc == 0; i++) {
        violation[i] = r.racer[i].illegal ? (double)INFINITY : violation_of(&r, i);
        for (int o = 0; o < r.ns->n_objective; o++)
            objective[i * (size_t)r.ns->n_objective + (size_t)o] =
                rs_estimate_value(r.store, &r.ns->objective[o], i);
    }
    rs_race_clear(&r);
    return rc == 0 && r.stopped ? 1 : rc;
}

/* A quarter of what was looked at goes on, thirty at least. */
static uint32_t n_survivor(uint32_t n)
{
    uint32_t some = n / 4 > 30 ? n / 4 : 30;
    return some < n ? some : n;
}

static int bred_settings(const struct race *base, struct settings *out, struct err *err)
{
    const struct tune_plan *plan = base->src->plan;
    struct race pilot = *base;
    struct stream stream = rs_stream_open(base->opt->seed, 0, rs_stream_hash("tune/nsga-ii"));
    pilot.n_most = plan->replicas < PILOT ? plan->replicas : PILOT;
    const struct nsga_problem p = {.plan = plan,
                                   .n_evaluation = (uint32_t)(plan->candidates_max < UINT32_MAX / 4
                                                                  ? plan->candidates_max
                                                                  : UINT32_MAX / 4),
                                   .ctx = &pilot,
                                   .evaluate = evaluate};
    uint32_t n = 0;
    int rc = rs_nsga_search(&p, &stream, &out->value, &n, err);
    out->n = n_survivor(n);
    out->first = pilot.n_most;
    return rc;
}

/* ---- the whole ------------------------------------------------------------------------------------------------------- */

static bool looks_at_pending(const struct numbers *ns)
{
    for (int i = 0; i < ns->n_objective + ns->n_claim; i++) {
        const struct claim *c =
            i < ns->n_objective ? &ns->objective[i].of : &ns->today->claim[i - ns->n_objective];
        if (c->of == RS_Q_LEG && (c->from == RS_CLOCK_PENDING || c->to == RS_CLOCK_PENDING))
            return true;
    }
    return false;
}

static int
race_them(struct race *r, const struct settings *them, struct tune_result *out, struct err *err)
{
    /* The points' values live as long as the result. */
    size_t n_value = them->n * (size_t)r->src->plan->n_param;
    uint16_t *value = RS_ARENA_ARRAY(out->arena, uint16_t, n_value + 1);
    memcpy(value, them->value, n_value * sizeof *value);
    if (rs_race_init(r, them->n, value, them->first, r->src->plan->replicas, err) != 0)
        return -1;
    int rc = r->stopped ? 0 : rs_race_run(r, err);
    if (rc == 0) {
        rs_outcome_choose(r, out);
        rc = rs_outcome_steps(r, out, err);
    }
    if (rc == 0) {
        rs_outcome_points(r, out);
        rs_outcome_unsaved(r, out);
    }
    out->stopped = r->stopped;
    rs_race_clear(r);
    return rc;
}

static int search(struct race *r, struct tune_result *out, struct err *err)
{
    const struct tune_plan *plan = r->src->plan;
    struct settings them = {0};
    int rc = 0;
    if (out->n_space <= plan->candidates_max) {
        out->method = "grid";
        all_settings(plan, out->n_space, &them);
    } else {
        out->method = "nsga-ii";
        rc = bred_settings(r, &them, err);
        r->stopped = rc > 0;
    }
    if (rc >= 0)
        rc = race_them(r, &them, out, err);
    free(them.value);
    return rc;
}

int rs_tune_search_with(const struct tune_machinery *machinery,
                        const struct tune_source *src,
                        const struct tune_search_options *opt,
                        struct tune_result *out,
                        struct err *err)
{
    assert(src->plan->n_param > 0 && src->plan->candidates_max > 0 && opt->n_job >= 1);
    *out = (struct tune_result){.scenario = src->today,
                                .plan = src->plan,
                                .seed = opt->seed,
                                .n_space = rs_tune_space(src->plan),
                                .chosen = -1,
                                .chosen_why = ""};
    out->arena = rs_arena_new();
    struct numbers *ns = rs_numbers_new(out->arena, src);
    const struct tune_engine_options engine = {.seed = opt->seed,
                                               .n_job = opt->n_job,
                                               .gsl_samplers = opt->gsl_samplers,
                                               .n_sample = ns->n_sample,
                                               .measure = rs_numbers_measure,
                                               .measure_ctx = ns,
                                               .pending = looks_at_pending(ns),
                                               .cancel = opt->cancel};
    struct race r = {.arena = out->arena, .src = src, .opt = opt, .machinery = machinery, .ns = ns};
    r.engine = machinery->engine_new(src, &engine, err);
    int rc = r.engine ? search(&r, out, err) : -1;
    if (r.engine) {
        struct tune_cost cost = machinery->cost(r.engine);
        out->n_asked = cost.n_asked;
        out->n_history = cost.n_history;
        machinery->engine_free(r.engine);
    }
    if (rc != 0) {
        rs_arena_free(out->arena);
        *out = (struct tune_result){.chosen = -1};
    }
    return rc;
}
