/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Kayenta's judgements over a stage: after a warm-up one every interval, of the points since the beginning or of the last while, until
 * the lifetime is over. A score that is not above the marginal one fails at once; the last score must come to the passing one.
 * The tool asks for a range of time when it judges; here each point is asked for at its own instant, which gives the same values
 * but for samples that come in late. A judgement takes no time.
 */
#include "kayenta.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "sim/arena.h"
#include "sim/clock.h"

/* What one query gave; points without a value are not there. */
struct answers {
    int n, cap;
    int *at;   /* [n] number of the point, rising */
    double *v; /* [n] */
};

struct kayenta {
    const struct kayenta_spec *spec;
    uint64_t hash; /* of the noise's stream */
    struct stream noise;
    int64_t begin_ns; /* the first window's, and so the first point's */
    int64_t end_ns;   /* the first window's */
    int n_point, n_judged;
    int failed_at; /* the last point at which a query failed, or -1 */
    char failure[400];
    struct answers *control, *experiment; /* [n_metric] */
    struct kayenta_result *result;        /* [n_metric] */
    double *scratch;                      /* [2 * cap_scratch] */
    int cap_scratch;
    double score; /* of the last judgement */
    char why[512];
};

static void *make(const struct judge *j)
{
    struct kayenta *k = rs_xcalloc(1, sizeof *k);
    size_t n = (size_t)j->spec.kayenta->n_metric;
    k->spec = j->spec.kayenta;
    k->hash = rs_stream_hash("judge/kayenta/noise");
    k->control = rs_xcalloc(n, sizeof *k->control);
    k->experiment = rs_xcalloc(n, sizeof *k->experiment);
    k->result = rs_xcalloc(n, sizeof *k->result);
    return k;
}

static void unmake(void *state)
{
    struct kayenta *k = state;
    for (int i = 0; i < k->spec->n_metric; i++) {
        free(k->control[i].at);
        free(k->control[i].v);
        free(k->experiment[i].at);
        free(k->experiment[i].v);
    }
    free(k->control);
    free(k->experiment);
    free(k->result);
    free(k->scratch);
    free(k);
}

static int64_t after(int64_t at_ns, int64_t delay_ns)
{
    return delay_ns >= RS_NEVER - at_ns ? RS_NEVER : at_ns + delay_ns;
}

static void start(void *state, int64_t now_ns, uint64_t seed)
{
    struct kayenta *k = state;
    const struct kayenta_spec *s = k->spec;
    k->noise = rs_stream_open(seed, 0, k->hash);
    k->end_ns = after(now_ns, s->begin_after_ns + s->interval_ns);
    k->begin_ns =
        s->lookback_ns > 0 ? k->end_ns - s->lookback_ns : after(now_ns, s->begin_after_ns);
    assert(k->begin_ns >= now_ns);
    k->n_point = k->n_judged = 0;
    k->failed_at = -1;
    k->score = NAN;
    for (int i = 0; i < s->n_metric; i++)
        k->control[i].n = k->experiment[i].n = 0;
}

static int64_t judgement_ns(const struct kayenta *k, int i)
{
    return k->end_ns == RS_NEVER ? RS_NEVER : k->end_ns + i * k->spec->interval_ns;
}

static int64_t point_ns(const struct kayenta *k)
{
    return k->begin_ns + k->n_point * k->spec->step_ns;
}

static int64_t next(const void *state)
{
    const struct kayenta *k = state;
    if (k->n_judged == k->spec->n_judgement || k->end_ns == RS_NEVER)
        return RS_NEVER;
    int64_t judged_ns = judgement_ns(k, k->n_judged), point = point_ns(k);
    return point <= judged_ns ? point : judged_ns;
}

/* ---- points ---------------------------------------------------------------------------------- */

static void keep(struct answers *a, int at, double v)
{
    if (a->n == a->cap) {
        a->cap = a->cap ? 2 * a->cap : 64;
        a->at = rs_xrealloc(a->at, sizeof *a->at * (size_t)a->cap);
        a->v = rs_xrealloc(a->v, sizeof *a->v * (size_t)a->cap);
    }
    a->at[a->n] = at;
    a->v[a->n++] = v;
}

static void ask(struct kayenta *k,
                int64_t now_ns,
                const struct judge_port *port,
                const struct kayenta_metric *m,
                const struct promql *expr,
                struct answers *to)
{
    struct vector v = {0};
    struct err err = {0};
    if (port->eval(port->ctx, expr, now_ns, &v, &err) != 0) {
        k->failed_at = k->n_point;
        snprintf(k->failure, sizeof k->failure, "the query of %s failed: %s", m->name, err.text);
    } else if (v.n > 1) {
        k->failed_at = k->n_point;
        snprintf(k->failure, sizeof k->failure, "the query of %s gives %d series: one is compared",
                 m->name, v.n);
    } else if (v.n == 1) {
        keep(to, k->n_point, v.item[0].v);
    }
}

static void take_point(struct kayenta *k, int64_t now_ns, const struct judge_port *port)
{
    for (int i = 0; i < k->spec->n_metric; i++) {
        const struct kayenta_metric *m = &k->spec->metric[i];
        ask(k, now_ns, port, m, m->control, &k->control[i]);
        ask(k, now_ns, port, m, m->experiment, &k->experiment[i]);
    }
    k->n_point++;
}

/* ---- judgements ------------------------------------------------------------------------------ */

/* The points from `first` on; where there is none at all as many gaps as the window is steps long, as the tool pads it. */
static struct kayenta_points window(const struct answers *a, int first, int n_step, double *to)
{
    struct kayenta_points p = {.v = to};
    int i = a->n;
    while (i > 0 && a->at[i - 1] >= first)
        i--;
    for (; i < a->n; i++)
        to[p.n++] = a->v[i];
    if (p.n == 0) {
        for (; p.n < n_step; p.n++)
            to[p.n] = NAN;
    }
    return p;
}

static void classify(struct kayenta *k, int i, int first, int n_step)
{
    double *experiment = k->scratch, *control = k->scratch + k->cap_scratch;
    k->result[i] = rs_kayenta_classify(&k->spec->metric[i],
                                       window(&k->experiment[i], first, n_step, experiment),
                                       window(&k->control[i], first, n_step, control), &k->noise);
}

static void say(struct kayenta *k, const struct kayenta_score *s)
{
    int n = snprintf(k->why, sizeof k->why,
                     "judgement %d of %d: score %.6g, above %.6g goes on, %.6g passes", k->n_judged,
                     k->spec->n_judgement, s->score, k->spec->marginal, k->spec->pass);
    if (s->too_little && n > 0 && (size_t)n < sizeof k->why)
        n += snprintf(k->why + n, sizeof k->why - (size_t)n,
                      "; half of the metrics or more have no data");
    for (int i = 0; i < k->spec->n_metric && n > 0 && (size_t)n < sizeof k->why; i++) {
        const struct kayenta_result *r = &k->result[i];
        if (r->label != RS_KAYENTA_PASS)
            n += snprintf(k->why + n, sizeof k->why - (size_t)n, "; %s %s%s",
                          k->spec->metric[i].name, rs_kayenta_label_name(r->label),
                          r->critical ? " (critical)" : "");
    }
}

static enum judge_verdict judge(struct kayenta *k)
{
    const struct kayenta_spec *s = k->spec;
    int64_t per_interval = s->lookback_ns > 0 ? s->interval_ns / s->step_ns : 0;
    int first = (int)(k->n_judged * per_interval);
    int64_t length_ns =
        s->lookback_ns > 0 ? s->lookback_ns : judgement_ns(k, k->n_judged) - k->begin_ns;
    int n_step = (int)(length_ns / s->step_ns);
    if (k->cap_scratch < n_step + 1) {
        k->cap_scratch = n_step + 1;
        k->scratch = rs_xrealloc(k->scratch, 2 * sizeof *k->scratch * (size_t)k->cap_scratch);
    }
    k->n_judged++;
    if (k->failed_at >= first) {
        snprintf(k->why, sizeof k->why, "judgement %d of %d: %s", k->n_judged, s->n_judgement,
                 k->failure);
        return RS_JUDGE_ERRED;
    }
    for (int i = 0; i < s->n_metric; i++)
        classify(k, i, first, n_step);
    struct kayenta_score score = rs_kayenta_score(s, k->result);
    k->score = score.score;
    say(k, &score);
    if (score.score <= s->marginal)
        return RS_JUDGE_FAILED;
    if (k->n_judged < s->n_judgement)
        return RS_JUDGE_RUNNING;
    return score.score < s->pass ? RS_JUDGE_FAILED : RS_JUDGE_PASSED;
}

static enum judge_verdict
step(void *state, int64_t now_ns, const struct judge_port *port, const char **why)
{
    struct kayenta *k = state;
    enum judge_verdict verdict = RS_JUDGE_RUNNING;
    while (verdict == RS_JUDGE_RUNNING && next(k) <= now_ns) {
        if (point_ns(k) <= judgement_ns(k, k->n_judged)) {
            take_point(k, now_ns, port);
            continue;
        }
        verdict = judge(k);
        *why = k->why;
    }
    return verdict;
}

/* The watch is over before the lifetime is: a last score that passes will do, anything less is open. */
static enum judge_verdict
end(void *state, int64_t now_ns, const struct judge_port *port, const char **why)
{
    struct kayenta *k = state;
    enum judge_verdict verdict = step(k, now_ns, port, why);
    if (verdict != RS_JUDGE_RUNNING)
        return verdict;
    bool passed = k->score >= k->spec->pass; /* NaN: not judged yet */
    if (k->n_judged == 0)
        snprintf(k->why, sizeof k->why, "the watch ended before the first judgement");
    else
        snprintf(k->why, sizeof k->why, "the watch ended after judgement %d of %d: score %.6g",
                 k->n_judged, k->spec->n_judgement, k->score);
    *why = k->why;
    return passed ? RS_JUDGE_PASSED : RS_JUDGE_INCONCLUSIVE;
}

static void exprs(const struct judge *j, rs_judge_expr_fn fn, void *ctx)
{
    for (int i = 0; i < j->spec.kayenta->n_metric; i++) {
        fn(ctx, j->spec.kayenta->metric[i].control);
        fn(ctx, j->spec.kayenta->metric[i].experiment);
    }
}

const struct judge_machine rs_judge_kayenta = {.make = make,
                                               .free = unmake,
                                               .start = start,
                                               .next = next,
                                               .step = step,
                                               .end = end,
                                               .exprs = exprs};
