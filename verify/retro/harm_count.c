/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests and failures over a grid of time, out of counters: resets put right, what a gap hides spread over the gap. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/signal.h"
#include "retro/harm.h"
#include "sim/clock.h"

/* A grid of more cells is made coarser. */
#define CELLS_MAX 200000
/* No counter of requests: 30 years of a million a second. What says more is damaged, and passed over. */
#define COUNT_MAX 1e15

/* ---- the grid ---- */

static void grid_new(
    struct harm_flow *f, struct arena *arena, int64_t from_ns, int64_t until_ns, int64_t step_ns)
{
    while ((until_ns - from_ns) / step_ns >= CELLS_MAX)
        step_ns *= 2;
    f->from_ns = from_ns;
    f->step_ns = step_ns;
    f->n_cell = (size_t)((until_ns - from_ns + step_ns - 1) / step_ns);
    f->n = RS_ARENA_ARRAY(arena, double, f->n_cell + 1);
    f->k = RS_ARENA_ARRAY(arena, double, f->n_cell + 1);
    f->blind = RS_ARENA_ARRAY(arena, double, f->n_cell + 1);
}

/* Shares x out over the cells between lo and hi; cell i is kept at i + 1 until the sums are run. */
static void deposit(const struct harm_flow *f, double *to, int64_t lo_ns, int64_t hi_ns, double x)
{
    double a = (double)(lo_ns - f->from_ns) / (double)f->step_ns;
    double b = (double)(hi_ns - f->from_ns) / (double)f->step_ns, whole = b - a;
    a = a > 0.0 ? a : 0.0;
    b = b < (double)f->n_cell ? b : (double)f->n_cell;
    if (!(b > a) || x == 0.0)
        return;
    for (size_t i = (size_t)a; i < f->n_cell && (double)i < b; i++) {
        double low = (double)i > a ? (double)i : a;
        double high = (double)i + 1.0 < b ? (double)i + 1.0 : b;
        to[i + 1] += x * (high - low) / whole;
    }
}

static void run_sums(struct harm_flow *f)
{
    double step_s = rs_s_from_ns(f->step_ns);
    for (size_t i = 0; i < f->n_cell; i++) {
        double seen = f->blind[i + 1] / step_s;
        f->n[i + 1] += f->n[i];
        f->k[i + 1] += f->k[i];
        f->blind[i + 1] = f->blind[i] + (seen < 0.999 ? (1.0 - seen) * step_s : 0.0);
    }
}

static double sum_up_to(const struct harm_flow *f, const double *sum, int64_t at_ns)
{
    if (at_ns <= f->from_ns || f->n_cell == 0)
        return 0.0;
    double x = (double)(at_ns - f->from_ns) / (double)f->step_ns;
    if (x >= (double)f->n_cell)
        return sum[f->n_cell];
    size_t i = (size_t)x;
    return sum[i] + (sum[i + 1] - sum[i]) * (x - (double)i);
}

static double between(const struct harm_flow *f, const double *sum, int64_t a_ns, int64_t b_ns)
{
    return b_ns > a_ns ? sum_up_to(f, sum, b_ns) - sum_up_to(f, sum, a_ns) : 0.0;
}

double rs_harm_flow_n(const struct harm_flow *f, int64_t a_ns, int64_t b_ns)
{
    return between(f, f->n, a_ns, b_ns);
}

double rs_harm_flow_k(const struct harm_flow *f, int64_t a_ns, int64_t b_ns)
{
    return between(f, f->k, a_ns, b_ns);
}

double rs_harm_flow_blind_s(const struct harm_flow *f, int64_t a_ns, int64_t b_ns)
{
    return between(f, f->blind, a_ns, b_ns);
}

int64_t rs_harm_flow_end(const struct harm_flow *f)
{
    return f->from_ns + (int64_t)f->n_cell * f->step_ns;
}

/* ---- counters ---- */

struct counting {
    const struct retro *r;
    struct harm_flow *flow;
    const struct recorded *data;
    int64_t first_ms, last_ms, longest_ms; /* of the service's series; longer gaps are blind */
    bool
        logs; /* what access logs counted is taken: only where nothing was scraped, so that none counts twice */
};

/*
 * Adds what the counter rose, times `sign`, to each array. A series that comes later than the others of its service began at
 * zero: a client library makes one for a code when that code first occurs.
 */
static void add_counter(
    const struct counting *c, const struct recorded_series *s, double *n, double *k, double sign)
{
    int64_t step_ms = c->flow->step_ns / RS_NS_PER_MS, last_ms = 0;
    double last = NAN;
    for (size_t i = 0; i < s->n; i++) {
        double v = s->sample[i].v;
        int64_t t_ms = s->sample[i].t_ms;
        if (isnan(v) || fabs(v) > COUNT_MAX)
            continue;
        if (isnan(last) && t_ms > c->first_ms + 2 * step_ms) {
            last = 0.0;
            last_ms = t_ms - step_ms;
        }
        if (!isnan(last) && t_ms > last_ms) {
            double rise = fmax(0.0, v >= last ? v - last : v);
            int64_t lo = last_ms * RS_NS_PER_MS, hi = t_ms * RS_NS_PER_MS;
            if (n)
                deposit(c->flow, n, lo, hi, rise);
            if (k)
                deposit(c->flow, k, lo, hi, sign * rise);
        }
        last = v;
        last_ms = t_ms;
    }
}

/* Marks the cells that lie between two samples of the series which are not too far apart. */
static void add_sight(const struct counting *c, const struct recorded_series *s)
{
    int64_t last_ms = RS_NEVER;
    for (size_t i = 0; i < s->n; i++) {
        int64_t t_ms = s->sample[i].t_ms;
        if (isnan(s->sample[i].v))
            continue;
        if (last_ms != RS_NEVER && t_ms - last_ms <= c->longest_ms)
            deposit(c->flow, c->flow->blind, last_ms * RS_NS_PER_MS, t_ms * RS_NS_PER_MS,
                    rs_s_from_ns((t_ms - last_ms) * RS_NS_PER_MS));
        last_ms = t_ms;
    }
}

static const char *
label(const struct counting *c, const struct recorded_series *s, const char *name)
{
    const char *text = rs_labels_get(c->data->labels, s->labels, name);
    return text ? text : "";
}

static bool is_from_log(const struct counting *c, const struct recorded_series *s)
{
    const struct retro_evidence *e = c->r->evidence;
    if (!e->source_of || !e->data)
        return false;
    return e->source[e->source_of[rs_recorded_series(e->data, s->labels)]].kind == RS_SOURCE_LOG;
}

static bool is_metric(const struct counting *c,
                      const struct recorded_series *s,
                      const char *metric,
                      const char *suffix,
                      const char *job)
{
    const char *name = label(c, s, "__name__");
    size_t n = strlen(metric);
    return strncmp(name, metric, n) == 0 && strcmp(name + n, suffix) == 0 &&
           strcmp(label(c, s, "job"), job) == 0 && is_from_log(c, s) == c->logs;
}

static void see_span(struct counting *c, const struct recorded_series *s)
{
    if (s->n == 0)
        return;
    c->first_ms = s->sample[0].t_ms < c->first_ms ? s->sample[0].t_ms : c->first_ms;
    c->last_ms = s->sample[s->n - 1].t_ms > c->last_ms ? s->sample[s->n - 1].t_ms : c->last_ms;
}

static bool is_error(const struct retro *r, int service, const char *code)
{
    int known[RS_MAX_SERVICE_CODE], n = rs_service_codes(r->evidence->scenario, service, known);
    long value = strtol(code, NULL, 10);
    if (value >= 500)
        return true;
    for (int i = 0; i < n; i++) {
        if (known[i] == value)
            return value >= 400;
    }
    return false;
}

/* Looks for the service's series and makes the grid. false: there are none. */
static bool begin(struct counting *c,
                  const struct retro *r,
                  const struct service *sv,
                  const char *metric,
                  const char *suffix,
                  struct harm_flow *out)
{
    *out = (struct harm_flow){0};
    *c = (struct counting){.r = r,
                           .flow = out,
                           .data = r->seen.data,
                           .first_ms = INT64_MAX,
                           .last_ms = INT64_MIN,
                           .longest_ms = r->evidence->lookback_ns / RS_NS_PER_MS};
    for (int logs = 0; logs < 2 && c->data && metric && c->last_ms <= c->first_ms; logs++) {
        c->logs = logs == 1;
        for (int i = 0; i < c->data->n_series; i++) {
            if (is_metric(c, &c->data->series[i], metric, suffix, sv->name))
                see_span(c, &c->data->series[i]);
        }
    }
    if (c->last_ms <= c->first_ms)
        return false;
    grid_new(out, r->arena, c->first_ms * RS_NS_PER_MS, c->last_ms * RS_NS_PER_MS,
             sv->scrape_interval_ns);
    return true;
}

bool rs_harm_flow_requests(struct harm_flow *out, const struct retro *r, int service)
{
    const struct service *sv = &r->evidence->scenario->service[service];
    struct counting c;
    if (!begin(&c, r, sv, sv->requests_metric, "", out))
        return false;
    for (int i = 0; i < c.data->n_series; i++) {
        const struct recorded_series *s = &c.data->series[i];
        if (!is_metric(&c, s, sv->requests_metric, "", sv->name))
            continue;
        add_counter(&c, s, out->n, is_error(r, service, label(&c, s, "code")) ? out->k : NULL, 1.0);
        add_sight(&c, s);
    }
    run_sums(out);
    return true;
}

bool rs_harm_flow_slow(struct harm_flow *out, const struct retro *r, int service)
{
    const struct service *sv = &r->evidence->scenario->service[service];
    struct counting c;
    int n_bound = 0;
    if (isinf(sv->slow_s) || !begin(&c, r, sv, sv->latency_metric, "_count", out))
        return false;
    for (int i = 0; i < c.data->n_series; i++) {
        const struct recorded_series *s = &c.data->series[i];
        bool all = is_metric(&c, s, sv->latency_metric, "_count", sv->name);
        bool fast = is_metric(&c, s, sv->latency_metric, "_bucket", sv->name) &&
                    fabs(strtod(label(&c, s, "le"), NULL) / sv->slow_s - 1.0) < 1e-9;
        if (!all && !fast)
            continue;
        add_counter(&c, s, all ? out->n : NULL, out->k, all ? 1.0 : -1.0);
        add_sight(&c, s);
        n_bound += fast;
    }
    run_sums(out);
    return n_bound > 0;
}

bool rs_harm_flow_signal(struct harm_flow *out, struct arena *arena, const struct retro_signal *s)
{
    int64_t first_ns = INT64_MAX, last_ns = INT64_MIN, step_ns = 0;
    *out = (struct harm_flow){0};
    if (s->kind != RS_SIGNAL_RATIO || s->n == 0)
        return false;
    for (size_t i = 0; i < s->n; i++) {
        int64_t length = s->point[i].hi_ns - s->point[i].lo_ns;
        first_ns = s->point[i].lo_ns < first_ns ? s->point[i].lo_ns : first_ns;
        last_ns = s->point[i].hi_ns > last_ns ? s->point[i].hi_ns : last_ns;
        step_ns = length > 0 && (step_ns == 0 || length < step_ns) ? length : step_ns;
    }
    if (step_ns == 0)
        return false;
    grid_new(out, arena, first_ns, last_ns, step_ns);
    for (size_t i = 0; i < s->n; i++) {
        const struct retro_point *p = &s->point[i];
        if (!(p->n >= 0.0 && p->n < COUNT_MAX && p->k >= 0.0 && p->k < COUNT_MAX))
            continue;
        deposit(out, out->n, p->lo_ns, p->hi_ns, p->n);
        deposit(out, out->k, p->lo_ns, p->hi_ns, p->k);
        deposit(out, out->blind, p->lo_ns, p->hi_ns, rs_s_from_ns(p->hi_ns - p->lo_ns));
    }
    run_sums(out);
    return true;
}
