/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * GrowthBook's safe rollouts: a look at the users and guardrail metrics of both sides since the beginning, every update interval.
 * A guardrail that is worse, zero being outside its confidence sequence, rolls back. Before that the health of the experiment is
 * looked at: users that are not split as meant, or none at all after a day, hold the rollout (or roll it back, or are only told);
 * a hold hides what the guardrails say. Looks go on while it is held, so a hold is told when the watch ends.
 */
#include "growthbook.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "machine.h"
#include "sim/arena.h"
#include "sim/clock.h"

/* Fewer users than this in all: the split is not tested. */
#define SPLIT_LEAST 16.0

/* ---- statistics ------------------------------------------------------------------------------ */

double rs_sequence_rho(double alpha, double n_star, bool two_sided)
{
    double l = -2.0 * log(two_sided ? alpha : 2.0 * alpha);
    return sqrt((l + log(l + 1.0)) / n_star);
}

double rs_sequence_halfwidth(double variance, double n, double alpha, double n_star, bool two_sided)
{
    double rho = rs_sequence_rho(alpha, n_star, two_sided), mixed = n * rho * rho + 1.0;
    double level = two_sided ? log(sqrt(mixed) / alpha) : log(1.0 + sqrt(mixed) / (2.0 * alpha));
    return sqrt(variance * n) * sqrt(2.0 * mixed * level / (n * rho * n * rho));
}

double rs_sample_ratio_p(double control, double variation, double split)
{
    double n = control + variation, expected = n * split;
    if (!(n > 0.0))
        return 1.0;
    double off = variation - expected;
    double chi_square = off * off / expected + off * off / (n - expected);
    return erfc(sqrt(chi_square / 2.0)); /* one degree of freedom */
}

/* Of one observation. */
static double variance_of(const struct growthbook_metric *m, const struct side_totals *s)
{
    double mean = s->sum / s->n;
    return m->mean ? (s->squares - s->sum * mean) / (s->n - 1.0) : mean * (1.0 - mean);
}

struct metric_look rs_growthbook_look(const struct growthbook_spec *spec,
                                      const struct growthbook_metric *m,
                                      const struct side_totals side[RS_SIDE_N])
{
    const struct side_totals *c = &side[RS_CONTROL], *v = &side[RS_VARIATION];
    struct metric_look out = {.status = RS_METRIC_TOO_FEW, .difference = NAN, .halfwidth = NAN};
    if (!(c->n > 1.0 && v->n > 1.0) || fmax(c->sum, v->sum) < m->min_sample)
        return out;
    double of_c = variance_of(m, c), of_v = variance_of(m, v);
    if (!(of_c > 0.0 && of_v > 0.0))
        return out;
    out.difference = v->sum / v->n - c->sum / c->n;
    out.halfwidth = rs_sequence_halfwidth(of_c / c->n + of_v / v->n, c->n + v->n, spec->alpha,
                                          spec->tuning, spec->two_sided);
    double worse = m->inverse ? out.difference : -out.difference;
    if (worse - out.halfwidth > 0.0)
        out.status = RS_METRIC_FAILS;
    else if (spec->two_sided && -worse - out.halfwidth > 0.0)
        out.status = RS_METRIC_BETTER;
    else
        out.status = RS_METRIC_NEUTRAL;
    return out;
}

/* ---- the machine ----------------------------------------------------------------------------- */

/* A running total, and what it was when the judge began. */
struct total {
    const struct promql *expr;
    double base, now;
};

/* Of one metric: sums and squares by side. */
struct metric_totals {
    struct total sum[RS_SIDE_N], squares[RS_SIDE_N];
};

struct growthbook {
    const struct growthbook_spec *spec;
    int64_t start_ns, next_ns;
    bool began; /* the totals at the beginning are taken */
    struct total users[RS_SIDE_N];
    struct metric_totals *metric; /* [n_metric] */
    /* Of the last look. */
    int n_look;
    bool unhealthy, failed_to_measure;
    int failing; /* a guardrail that fails, or -1 */
    int holding; /* a signal metric that fails, or -1 */
    char why[400];
};

static void *make(const struct judge *j)
{
    struct growthbook *g = rs_xcalloc(1, sizeof *g);
    g->spec = j->spec.growthbook;
    g->metric =
        rs_xcalloc(g->spec->n_metric > 0 ? (size_t)g->spec->n_metric : 1, sizeof *g->metric);
    for (int s = 0; s < RS_SIDE_N; s++) {
        g->users[s].expr = g->spec->users[s];
        for (int i = 0; i < g->spec->n_metric; i++) {
            g->metric[i].sum[s].expr = g->spec->metric[i].sum[s];
            g->metric[i].squares[s].expr = g->spec->metric[i].squares[s];
        }
    }
    return g;
}

static void unmake(void *state)
{
    struct growthbook *g = state;
    free(g->metric);
    free(g);
}

static void start(void *state, int64_t now_ns, uint64_t seed)
{
    struct growthbook *g = state;
    (void)seed;
    g->start_ns = g->next_ns = now_ns;
    g->began = g->unhealthy = g->failed_to_measure = false;
    g->n_look = 0;
    g->failing = g->holding = -1;
}

static int64_t next(const void *state)
{
    return ((const struct growthbook *)state)->next_ns;
}

/* A total that is lower than it was at the beginning began anew. Nothing at all is 0. */
static void
measure(struct growthbook *g, struct total *t, int64_t now_ns, const struct judge_port *port)
{
    struct vector v = {0};
    struct err err = {0};
    if (!t->expr)
        return;
    if (port->eval(port->ctx, t->expr, now_ns, &v, &err) != 0) {
        g->failed_to_measure = true;
        snprintf(g->why, sizeof g->why, "a query failed: %s", err.text);
        return;
    }
    if (v.n > 1) {
        g->failed_to_measure = true;
        snprintf(g->why, sizeof g->why, "a query gives %d series where one total is wanted", v.n);
        return;
    }
    t->now = v.n == 1 && !isnan(v.item[0].v) ? v.item[0].v : 0.0;
    if (!g->began)
        t->base = t->now;
    else if (t->now < t->base)
        t->base = 0.0;
}

static void measure_all(struct growthbook *g, int64_t now_ns, const struct judge_port *port)
{
    g->failed_to_measure = false;
    for (int s = 0; s < RS_SIDE_N; s++) {
        measure(g, &g->users[s], now_ns, port);
        for (int i = 0; i < g->spec->n_metric; i++) {
            measure(g, &g->metric[i].sum[s], now_ns, port);
            measure(g, &g->metric[i].squares[s], now_ns, port);
        }
    }
}

static double since(const struct total *t)
{
    return t->now - t->base;
}

static double n_user(const struct growthbook *g)
{
    return since(&g->users[RS_CONTROL]) + since(&g->users[RS_VARIATION]);
}

static void look_at_metrics(struct growthbook *g)
{
    g->failing = g->holding = -1;
    for (int i = 0; i < g->spec->n_metric; i++) {
        const struct growthbook_metric *m = &g->spec->metric[i];
        struct side_totals side[RS_SIDE_N];
        for (int s = 0; s < RS_SIDE_N; s++) {
            side[s] = (struct side_totals){.n = since(&g->users[s]),
                                           .sum = since(&g->metric[i].sum[s]),
                                           .squares = since(&g->metric[i].squares[s])};
        }
        struct metric_look l = rs_growthbook_look(g->spec, m, side);
        if (l.status != RS_METRIC_FAILS || (m->signal ? g->holding : g->failing) >= 0)
            continue;
        *(m->signal ? &g->holding : &g->failing) = i;
        if (g->unhealthy)
            continue;
        snprintf(g->why, sizeof g->why, "%s %s fails: variation less control is %.4g +- %.4g",
                 m->signal ? "signal" : "guardrail", m->id, l.difference, l.halfwidth);
    }
}

/* Users that are split otherwise than meant, or that do not come. */
static bool is_unhealthy(struct growthbook *g, int64_t now_ns)
{
    double control = since(&g->users[RS_CONTROL]), variation = since(&g->users[RS_VARIATION]);
    double n = n_user(g);
    if (!(n > 0.0)) {
        snprintf(g->why, sizeof g->why, "no users yet");
        return now_ns - g->start_ns > g->spec->grace_ns;
    }
    double p = rs_sample_ratio_p(control, variation, g->spec->split);
    if (n < SPLIT_LEAST || !(p < g->spec->srm))
        return false;
    snprintf(g->why, sizeof g->why, "users are not split as meant: %.0f and %.0f, p = %.2g",
             control, variation, p);
    return true;
}

static enum judge_verdict decide(struct growthbook *g, int64_t now_ns)
{
    const struct growthbook_spec *s = g->spec;
    bool unhealthy = is_unhealthy(g, now_ns);
    g->unhealthy = unhealthy && s->health != RS_HEALTH_WARN;
    look_at_metrics(g);
    if (g->unhealthy)
        return s->health == RS_HEALTH_ROLLBACK && s->auto_rollback ? RS_JUDGE_FAILED
                                                                   : RS_JUDGE_RUNNING;
    if (g->failing >= 0 && s->auto_rollback)
        return RS_JUDGE_FAILED;
    bool over = s->max_duration_ns != RS_NEVER && now_ns - g->start_ns >= s->max_duration_ns;
    if (!over || g->failing >= 0 || g->holding >= 0 || !(n_user(g) > 0.0))
        return RS_JUDGE_RUNNING;
    snprintf(g->why, sizeof g->why, "its time is over, and no guardrail fails");
    return RS_JUDGE_PASSED;
}

static enum judge_verdict
step(void *state, int64_t now_ns, const struct judge_port *port, const char **why)
{
    struct growthbook *g = state;
    if (now_ns < g->next_ns)
        return RS_JUDGE_RUNNING;
    g->next_ns =
        g->spec->update_ns >= RS_NEVER - g->next_ns ? RS_NEVER : g->next_ns + g->spec->update_ns;
    snprintf(g->why, sizeof g->why, "no guardrail fails");
    *why = g->why;
    measure_all(g, now_ns, port);
    if (!g->began && !g->failed_to_measure) {
        g->began = true;
        snprintf(g->why, sizeof g->why, "the totals at the beginning are taken");
        return RS_JUDGE_RUNNING;
    }
    if (g->failed_to_measure)
        return RS_JUDGE_RUNNING; /* tried again at the next update */
    g->n_look++;
    return decide(g, now_ns);
}

/* What keeps the rollout from going on when the watch is over, or NULL. */
static const char *obstacle(const struct growthbook *g)
{
    if (g->n_look == 0)
        return "it ended before the first look";
    if (g->unhealthy)
        return "the experiment is unhealthy";
    if (g->failing >= 0)
        return "a guardrail fails, and nothing is rolled back by itself";
    if (g->holding >= 0)
        return "a signal fails";
    return n_user(g) < (double)g->spec->min_users ? "there are fewer users than it wants" : NULL;
}

static enum judge_verdict
end(void *state, int64_t now_ns, const struct judge_port *port, const char **why)
{
    struct growthbook *g = state;
    enum judge_verdict verdict = step(g, now_ns, port, why);
    if (verdict != RS_JUDGE_RUNNING)
        return verdict;
    const char *what = obstacle(g);
    if (!what && g->failed_to_measure) {
        *why = g->why;
        return RS_JUDGE_ERRED;
    }
    snprintf(g->why, sizeof g->why, "%s", what ? what : "no guardrail fails");
    *why = g->why;
    return what ? RS_JUDGE_INCONCLUSIVE : RS_JUDGE_PASSED;
}

static void exprs(const struct judge *j, rs_judge_expr_fn fn, void *ctx)
{
    const struct growthbook_spec *s = j->spec.growthbook;
    for (int side = 0; side < RS_SIDE_N; side++) {
        fn(ctx, s->users[side]);
        for (int i = 0; i < s->n_metric; i++) {
            fn(ctx, s->metric[i].sum[side]);
            if (s->metric[i].squares[side])
                fn(ctx, s->metric[i].squares[side]);
        }
    }
}

static unsigned verdicts(const struct judge *j)
{
    const struct growthbook_spec *s = j->spec.growthbook;
    unsigned can = 1U << RS_JUDGE_PASSED | 1U << RS_JUDGE_INCONCLUSIVE | 1U << RS_JUDGE_ERRED;
    bool fails = s->health == RS_HEALTH_ROLLBACK;
    for (int i = 0; i < s->n_metric; i++)
        fails |= !s->metric[i].signal;
    return s->auto_rollback && fails ? can | 1U << RS_JUDGE_FAILED : can;
}

const struct judge_machine rs_judge_growthbook = {.make = make,
                                                  .free = unmake,
                                                  .start = start,
                                                  .next = next,
                                                  .step = step,
                                                  .end = end,
                                                  .exprs = exprs,
                                                  .verdicts = verdicts};
