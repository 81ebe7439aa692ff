/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The analysis of a Flagger canary, as its scheduler's code has it (pkg/controller/scheduler.go). Each tick, one interval apart and
 * the first one interval after traffic was shifted, asks first whether failed checks >= threshold, and rolls back if so; only then
 * the metrics are checked, and a tick with one out of its range, or without a value (NaN is none), is one more failed check. So the way back
 * takes threshold * interval from the first failing tick on. Failed checks add up over the whole analysis: a good tick forgives
 * nothing. A failing tick leaves the weight as it is; after n_pass good ones the canary is promoted.
 */
#include "models/judge_flagger.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "machine.h"
#include "sim/arena.h"
#include "sim/clock.h"

struct flagger {
    const struct flagger_spec *spec;
    int64_t next_ns, n_failed, n_good;
    char why[480];
};

static void *make(const struct judge *j)
{
    struct flagger *f = rs_xcalloc(1, sizeof *f);
    f->spec = j->spec.flagger;
    return f;
}

static int64_t after(int64_t at_ns, int64_t delay_ns)
{
    return delay_ns >= RS_NEVER - at_ns ? RS_NEVER : at_ns + delay_ns;
}

static void start(void *state, int64_t now_ns, uint64_t seed)
{
    struct flagger *f = state;
    (void)seed;
    f->next_ns = after(now_ns, f->spec->interval_ns);
    f->n_failed = f->n_good = 0;
}

static int64_t next(const void *state)
{
    return ((const struct flagger *)state)->next_ns;
}

/* Of several series the last one's value counts. */
static bool in_range(struct flagger *f, const struct flagger_metric *m, const struct vector *v)
{
    double x = v->item[v->n - 1].v;
    double shown = m->whole_ms ? trunc(x) : x;
    if (shown < m->min || shown > m->max) {
        snprintf(f->why, sizeof f->why, "check fails: %s is %.6g, %s %.6g", m->name, shown,
                 shown < m->min ? "below" : "above", shown < m->min ? m->min : m->max);
        return false;
    }
    return true;
}

static bool check(struct flagger *f,
                  const struct flagger_metric *m,
                  int64_t now_ns,
                  const struct judge_port *port)
{
    struct vector v = {0};
    struct err err = {0};
    if (port->eval(port->ctx, m->query, now_ns, &v, &err) != 0) {
        snprintf(f->why, sizeof f->why, "check fails: the query of %s failed: %s", m->name,
                 err.text);
        return false;
    }
    if (rs_promql_type(m->query) == RS_PQL_SCALAR) {
        snprintf(f->why, sizeof f->why, "check fails: a scalar is no answer to the query of %s",
                 m->name);
        return false;
    }
    if (v.n == 0 || isnan(v.item[v.n - 1].v)) {
        snprintf(f->why, sizeof f->why, "check fails: no value for %s", m->name);
        return false;
    }
    return in_range(f, m, &v);
}

/* Checks end at the first that fails. */
static bool check_all(struct flagger *f, int64_t now_ns, const struct judge_port *port)
{
    for (int i = 0; i < f->spec->n_metric; i++) {
        if (!check(f, &f->spec->metric[i], now_ns, port))
            return false;
    }
    return true;
}

static enum judge_verdict
step(void *state, int64_t now_ns, const struct judge_port *port, const char **why)
{
    struct flagger *f = state;
    if (now_ns < f->next_ns)
        return RS_JUDGE_RUNNING;
    f->next_ns = after(f->next_ns, f->spec->interval_ns);
    *why = f->why;
    if (f->n_failed >= f->spec->threshold) {
        snprintf(f->why, sizeof f->why, "failed checks reach the threshold: %lld of %lld",
                 (long long)f->n_failed, (long long)f->spec->threshold);
        return RS_JUDGE_FAILED;
    }
    if (!check_all(f, now_ns, port)) {
        f->n_failed++;
        return RS_JUDGE_RUNNING;
    }
    if (++f->n_good < f->spec->n_pass) {
        *why = NULL; /* what is well is no news */
        return RS_JUDGE_RUNNING;
    }
    snprintf(f->why, sizeof f->why, "check %lld of %lld passes, %lld failed of %lld allowed",
             (long long)f->n_good, (long long)f->spec->n_pass, (long long)f->n_failed,
             (long long)f->spec->threshold);
    return RS_JUDGE_PASSED;
}

/* The stage goes on without it: what it has seen was not enough to roll back. */
static enum judge_verdict
end(void *state, int64_t now_ns, const struct judge_port *port, const char **why)
{
    struct flagger *f = state;
    (void)now_ns, (void)port;
    snprintf(f->why, sizeof f->why, "ended with %lld failed checks, the threshold is %lld",
             (long long)f->n_failed, (long long)f->spec->threshold);
    *why = f->why;
    return RS_JUDGE_PASSED;
}

static void exprs(const struct judge *j, rs_judge_expr_fn fn, void *ctx)
{
    for (int i = 0; i < j->spec.flagger->n_metric; i++)
        fn(ctx, j->spec.flagger->metric[i].query);
}

static unsigned verdicts(const struct judge *j)
{
    (void)j;
    return 1U << RS_JUDGE_PASSED | 1U << RS_JUDGE_FAILED;
}

static int64_t soonest_ns(const struct judge *j)
{
    const struct flagger_spec *spec = j->spec.flagger;
    return spec->threshold + 1 > RS_NEVER / 4 / spec->interval_ns
               ? RS_NEVER
               : (spec->threshold + 1) * spec->interval_ns;
}

/* The next tick is an interval away at most, the threshold that many more; a canary may have been promoted before. */
static int64_t slowest_ns(const struct judge *j)
{
    const struct flagger_spec *spec = j->spec.flagger;
    if (spec->n_pass != INT64_MAX || spec->threshold + 1 > RS_NEVER / 4 / spec->interval_ns)
        return RS_NEVER;
    return (spec->threshold + 1) * spec->interval_ns;
}

const struct judge_machine rs_judge_flagger = {.make = make,
                                               .free = free,
                                               .start = start,
                                               .next = next,
                                               .step = step,
                                               .end = end,
                                               .exprs = exprs,
                                               .verdicts = verdicts,
                                               .soonest_ns = soonest_ns,
                                               .slowest_ns = slowest_ns};
