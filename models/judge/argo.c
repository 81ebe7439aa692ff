/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An AnalysisRun of Argo Rollouts, as its controller's code has it (analysis/analysis.go), not as its documentation tells:
 *
 *   a metric is first measured at the start, or initialDelay later; then interval after the end of the last measurement, so that
 *   the period grows by the time of a query; 10 s after the end of one that erred, whatever the interval says;
 *   Failed when failed > failureLimit, so that a limit of 3 takes four failures; Inconclusive when inconclusive >
 *   inconclusiveLimit, which overrides Failed; Error when errors in a row > consecutiveErrorLimit, which overrides both;
 *   then Successful when successes in a row reach consecutiveSuccessLimit; then, when count is reached, Successful, or where only
 *   the successes in a row are limited Failed, where both are Inconclusive;
 *   the first metric that is Failed, Inconclusive or Error ends the run, the others are Successful unless they are such
 *   themselves; the run is the worst of them: Failed, Error, Inconclusive, Successful. Dry-run metrics do not count.
 */
#include "argo.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "machine.h"
#include "sim/arena.h"
#include "sim/clock.h"

enum phase { P_SUCCESSFUL, P_FAILED, P_INCONCLUSIVE, P_ERROR };

struct metric_state {
    enum judge_verdict verdict; /* RUNNING: not completed */
    int64_t next_ns;            /* begins to measure; RS_NEVER: never again */
    int64_t end_ns;             /* the query under way ends; RS_NEVER: none is */
    enum phase phase;           /* of that query: counted at its end */
    struct argo_counts n;
};

struct argo {
    const struct argo_spec *spec;
    struct metric_state *metric; /* [n_metric] owned */
    double *value;               /* scratch */
    int cap_value;
    char why[320], query_why[200];
};

static void *make(const struct judge *j)
{
    struct argo *a = rs_xcalloc(1, sizeof *a);
    a->spec = j->spec.argo;
    a->metric = rs_xcalloc((size_t)a->spec->n_metric, sizeof *a->metric);
    return a;
}

static void free_state(void *state)
{
    struct argo *a = state;
    free(a->value);
    free(a->metric);
    free(a);
}

static int64_t after(int64_t at_ns, int64_t delay_ns)
{
    return delay_ns >= RS_NEVER - at_ns ? RS_NEVER : at_ns + delay_ns;
}

static void start(void *state, int64_t now_ns, uint64_t seed)
{
    struct argo *a = state;
    (void)seed;
    for (int i = 0; i < a->spec->n_metric; i++)
        a->metric[i] = (struct metric_state){
            .next_ns = after(now_ns, a->spec->metric[i].initial_delay_ns), .end_ns = RS_NEVER};
}

static int64_t next(const void *state)
{
    const struct argo *a = state;
    int64_t best = RS_NEVER;
    for (int i = 0; i < a->spec->n_metric; i++) {
        const struct metric_state *m = &a->metric[i];
        int64_t at = m->end_ns != RS_NEVER ? m->end_ns : m->next_ns;
        best = at < best ? at : best;
    }
    return best;
}

/* ---- one measurement --------------------------------------------------------------------------- */

static void say(struct argo *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(struct argo *a, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(a->query_why, sizeof a->query_why, fmt, args);
    va_end(args);
}

static struct judge_result
result_of(struct argo *a, const struct promql *query, const struct vector *v)
{
    if (v->n > a->cap_value) {
        a->cap_value = v->n;
        a->value = rs_xrealloc(a->value, sizeof *a->value * (size_t)v->n);
    }
    for (int i = 0; i < v->n; i++)
        a->value[i] = v->item[i].v;
    return (struct judge_result){rs_promql_type(query) != RS_PQL_SCALAR, v->n, a->value};
}

/* Conditions in the order of the code: both are evaluated before either counts. */
static enum phase
phase_of(struct argo *a, const struct argo_metric *metric, const struct judge_result *r)
{
    const char *why = NULL;
    int success = metric->success ? rs_judge_condition_eval(metric->success, r, &why) : 0;
    int failure = metric->failure && !why ? rs_judge_condition_eval(metric->failure, r, &why) : 0;
    if (why) {
        say(a, "%s", why);
        return P_ERROR;
    }
    if (!metric->success && !metric->failure)
        return P_SUCCESSFUL;
    if (!metric->failure)
        failure = !success;
    if (!metric->success)
        success = !failure;
    return failure ? P_FAILED : success ? P_SUCCESSFUL : P_INCONCLUSIVE;
}

static void measure(struct argo *a, int i, int64_t now_ns, const struct judge_port *port)
{
    const struct argo_metric *metric = &a->spec->metric[i];
    struct metric_state *m = &a->metric[i];
    struct vector v = {0};
    struct err err = {0};
    if (port->eval(port->ctx, metric->query, now_ns, &v, &err) != 0) {
        say(a, "the query failed: %s", err.text);
        m->phase = P_ERROR;
    } else {
        const struct judge_result r = result_of(a, metric->query, &v);
        m->phase = phase_of(a, metric, &r);
        if (m->phase != P_ERROR && r.n > 0)
            say(a, "%.6g%s", r.value[0], r.n > 1 ? " and more" : "");
        else if (m->phase != P_ERROR)
            say(a, "nothing");
    }
    m->next_ns = RS_NEVER;
    m->end_ns = after(now_ns, a->spec->query_time_ns);
}

static int64_t effective_count(const struct argo_metric *metric)
{
    return metric->count > 0 ? metric->count : metric->interval_ns == 0 ? 1 : INT64_MAX;
}

static void finish_measurement(struct argo *a, int i, int64_t now_ns)
{
    const struct argo_metric *metric = &a->spec->metric[i];
    struct metric_state *m = &a->metric[i];
    m->end_ns = RS_NEVER;
    m->n.count += m->phase != P_ERROR;
    m->n.failed += m->phase == P_FAILED;
    m->n.inconclusive += m->phase == P_INCONCLUSIVE;
    m->n.error_row = m->phase == P_ERROR ? m->n.error_row + 1 : 0;
    m->n.success_row = m->phase == P_SUCCESSFUL ? m->n.success_row + 1 : 0;
    if (m->phase == P_ERROR)
        m->next_ns = after(now_ns, RS_ARGO_ERROR_RETRY_NS);
    else if (m->n.count < effective_count(metric))
        m->next_ns = after(now_ns, metric->interval_ns);
}

/* ---- verdicts ---------------------------------------------------------------------------------- */

/* RUNNING: none of the limits is passed. */
static enum judge_verdict limits(const struct argo_metric *metric, const struct argo_counts *c)
{
    enum judge_verdict v = RS_JUDGE_RUNNING;
    if (metric->failure_limit >= 0 && c->failed > metric->failure_limit)
        v = RS_JUDGE_FAILED;
    if (c->inconclusive > metric->inconclusive_limit)
        v = RS_JUDGE_INCONCLUSIVE;
    if (c->error_row > metric->error_limit)
        v = RS_JUDGE_ERRED;
    return v;
}

enum judge_verdict rs_argo_assess(const struct argo_metric *metric, const struct argo_counts *c)
{
    enum judge_verdict v = limits(metric, c);
    bool row = metric->success_limit > 0;
    if (v != RS_JUDGE_RUNNING)
        return v;
    if (row && c->success_row >= metric->success_limit)
        return RS_JUDGE_PASSED;
    if (c->count < effective_count(metric))
        return RS_JUDGE_RUNNING;
    if (!row)
        return RS_JUDGE_PASSED;
    return metric->failure_limit >= 0 ? RS_JUDGE_INCONCLUSIVE : RS_JUDGE_FAILED;
}

static int badness(enum judge_verdict v)
{
    static const int rank[RS_JUDGE_VERDICT_N] = {[RS_JUDGE_PASSED] = 0,
                                                 [RS_JUDGE_RUNNING] = 1,
                                                 [RS_JUDGE_INCONCLUSIVE] = 2,
                                                 [RS_JUDGE_ERRED] = 3,
                                                 [RS_JUDGE_FAILED] = 4};
    return rank[v];
}

/* The worst of the metrics that count; *which = -1 if none does. */
static enum judge_verdict worst(const struct argo *a, int *which)
{
    enum judge_verdict v = RS_JUDGE_PASSED;
    *which = -1;
    for (int i = 0; i < a->spec->n_metric; i++) {
        if (a->spec->metric[i].dry_run)
            continue;
        if (*which < 0 || badness(a->metric[i].verdict) > badness(v)) {
            v = a->metric[i].verdict;
            *which = i;
        }
    }
    return v;
}

static void terminate(struct argo *a)
{
    for (int i = 0; i < a->spec->n_metric; i++) {
        struct metric_state *m = &a->metric[i];
        if (m->verdict == RS_JUDGE_RUNNING)
            m->verdict = RS_JUDGE_PASSED;
        m->next_ns = m->end_ns = RS_NEVER;
    }
}

static void explain(struct argo *a, enum judge_verdict v, int which)
{
    if (which < 0) {
        snprintf(a->why, sizeof a->why, "analysis %s: every metric is a dry run",
                 rs_judge_verdict_name(v));
        return;
    }
    const struct argo_metric *metric = &a->spec->metric[which];
    const struct metric_state *m = &a->metric[which];
    snprintf(a->why, sizeof a->why,
             "analysis %s: metric %s failed %lld (limit %lld), inconclusive %lld (limit %lld), "
             "%lld errors in a row (limit %lld)",
             rs_judge_verdict_name(v), metric->name, (long long)m->n.failed,
             (long long)metric->failure_limit, (long long)m->n.inconclusive,
             (long long)metric->inconclusive_limit, (long long)m->n.error_row,
             (long long)metric->error_limit);
}

static bool over(const struct argo *a)
{
    bool all = true;
    for (int i = 0; i < a->spec->n_metric; i++) {
        enum judge_verdict v = a->metric[i].verdict;
        if (!a->spec->metric[i].dry_run && v != RS_JUDGE_RUNNING && v != RS_JUDGE_PASSED)
            return true; /* the run is being ended */
        all = all && v != RS_JUDGE_RUNNING;
    }
    return all;
}

/* ---- the run ----------------------------------------------------------------------------------- */

static void tell_measurement(struct argo *a, int i)
{
    static const char *const words[] = {"successful", "failed", "inconclusive", "an error"};
    const struct argo_metric *metric = &a->spec->metric[i];
    snprintf(a->why, sizeof a->why, "metric %s%s: %s (%s), failed so far %lld of %lld allowed",
             metric->name, metric->dry_run ? " (dry run)" : "", words[a->metric[i].phase],
             a->query_why, (long long)a->metric[i].n.failed, (long long)metric->failure_limit);
}

static void step_metric(struct argo *a, int i, int64_t now_ns, const struct judge_port *port)
{
    struct metric_state *m = &a->metric[i];
    if (m->verdict != RS_JUDGE_RUNNING)
        return;
    if (m->end_ns == RS_NEVER && m->next_ns <= now_ns)
        measure(a, i, now_ns, port);
    if (m->end_ns <= now_ns) {
        finish_measurement(a, i, now_ns);
        m->verdict = rs_argo_assess(&a->spec->metric[i], &m->n);
        if (m->phase != P_SUCCESSFUL)
            tell_measurement(a, i);
        if (m->verdict != RS_JUDGE_RUNNING)
            m->next_ns = RS_NEVER;
    }
}

static enum judge_verdict
step(void *state, int64_t now_ns, const struct judge_port *port, const char **why)
{
    struct argo *a = state;
    int which;
    a->why[0] = '\0';
    for (int i = 0; i < a->spec->n_metric; i++)
        step_metric(a, i, now_ns, port);
    *why = a->why[0] ? a->why : NULL;
    if (!over(a))
        return RS_JUDGE_RUNNING;
    terminate(a);
    enum judge_verdict v = worst(a, &which);
    explain(a, v, which);
    *why = a->why;
    return v;
}

/* A run that is ended from outside: what has not passed its limits is Successful, a query under way is dropped. */
static enum judge_verdict
end(void *state, int64_t now_ns, const struct judge_port *port, const char **why)
{
    struct argo *a = state;
    int which;
    (void)now_ns, (void)port;
    terminate(a);
    enum judge_verdict v = worst(a, &which);
    explain(a, v, which);
    *why = a->why;
    return v;
}

static void exprs(const struct judge *j, rs_judge_expr_fn fn, void *ctx)
{
    for (int i = 0; i < j->spec.argo->n_metric; i++)
        fn(ctx, j->spec.argo->metric[i].query);
}

/* ---- what is known without running it ---------------------------------------------------------- */

static unsigned verdicts(const struct judge *j)
{
    unsigned can = 1U << RS_JUDGE_PASSED;
    for (int i = 0; i < j->spec.argo->n_metric; i++) {
        const struct argo_metric *m = &j->spec.argo->metric[i];
        bool row = m->success_limit > 0;
        if (m->dry_run)
            continue;
        can |= 1U << RS_JUDGE_ERRED; /* a query can always fail */
        if ((m->success || m->failure) && m->failure_limit >= 0)
            can |= 1U << RS_JUDGE_FAILED;
        if ((m->success && m->failure) || (row && m->failure_limit >= 0))
            can |= 1U << RS_JUDGE_INCONCLUSIVE;
        if (row && m->failure_limit < 0)
            can |= 1U << RS_JUDGE_FAILED;
    }
    return can;
}

/* Errors aside: the metric that passes its failureLimit first. One whose count is not above its limit never does. */
static int64_t soonest_ns(const struct judge *j)
{
    const struct argo_spec *spec = j->spec.argo;
    int64_t best_ns = RS_NEVER;
    for (int i = 0; i < spec->n_metric; i++) {
        const struct argo_metric *m = &spec->metric[i];
        int64_t period_ns = after(m->interval_ns, spec->query_time_ns);
        int64_t n_more = m->failure_limit;
        if (m->success_limit > 0 && m->failure_limit < 0 && m->count > 0)
            n_more = m->count - 1; /* failed for want of successes in a row */
        if (m->dry_run || !(m->success || m->failure) || n_more < 0 ||
            n_more >= effective_count(m) || (period_ns > 0 && n_more > RS_NEVER / 4 / period_ns))
            continue;
        int64_t at_ns = after(m->initial_delay_ns, n_more * period_ns + spec->query_time_ns);
        best_ns = at_ns < best_ns ? at_ns : best_ns;
    }
    return best_ns;
}

/*
 * Of one metric without a count: the next measurement begins at most an interval and a query away (or what is left of the delay, or
 * of the wait after an error), and failureLimit more follow.
 */
static int64_t slowest_ns(const struct judge *j)
{
    const struct argo_spec *spec = j->spec.argo;
    const struct argo_metric *m = &spec->metric[0];
    if (spec->n_metric != 1 || m->dry_run || effective_count(m) != INT64_MAX ||
        m->failure_limit < 0 || m->success_limit > 0 || !(m->success || m->failure))
        return RS_NEVER;
    int64_t period_ns = after(m->interval_ns, spec->query_time_ns);
    int64_t first_ns = period_ns;
    if (m->initial_delay_ns > first_ns)
        first_ns = m->initial_delay_ns;
    if (RS_ARGO_ERROR_RETRY_NS + spec->query_time_ns > first_ns)
        first_ns = RS_ARGO_ERROR_RETRY_NS + spec->query_time_ns;
    if (m->failure_limit > (RS_NEVER / 4) / period_ns)
        return RS_NEVER;
    return after(first_ns, m->failure_limit * period_ns + spec->query_time_ns);
}

const struct judge_machine rs_judge_argo = {.make = make,
                                            .free = free_state,
                                            .start = start,
                                            .next = next,
                                            .step = step,
                                            .end = end,
                                            .exprs = exprs,
                                            .verdicts = verdicts,
                                            .soonest_ns = soonest_ns,
                                            .slowest_ns = slowest_ns};
