/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What counters counted within windows of time. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learn.h"
#include "models/traffic.h"
#include "sim/clock.h"

/* ---- which series ---- */

static const struct recorded *series_of(const struct learning *l)
{
    return l->r->seen.data ? l->r->seen.data : l->e->data;
}

static const char *label(const struct recorded *data, int series, const char *name)
{
    return rs_labels_get(data->labels, data->series[series].labels, name);
}

/* Of the service: by its job, else by the log that it was counted from, else it is the only one there is. */
static bool is_of(const struct learning *l, int series, int service)
{
    const char *job = label(series_of(l), series, "job");
    if (*job)
        return strcmp(job, l->sc->service[service].name) == 0;
    int source = l->e->source_of ? l->e->source_of[series] : -1;
    int of = source >= 0 ? l->e->source[source].service : -1;
    return of >= 0 ? of == service : l->sc->n_service == 1;
}

struct choice {
    const char *metric;
    int service;
    int source;       /* what two sources count must not be counted twice */
    int64_t first_ms; /* of all that match */
};

/* The metrics come before a log. */
static bool choose(const struct learning *l, const char *metric, int service, struct choice *out)
{
    const struct recorded *data = series_of(l);
    *out = (struct choice){metric, service, -1, INT64_MAX};
    if (!metric || !data)
        return false;
    bool found = false, is_log = false;
    for (int i = 0; i < data->n_series; i++) {
        if (strcmp(label(data, i, "__name__"), metric) != 0 || !is_of(l, i, service))
            continue;
        int source = l->e->source_of ? l->e->source_of[i] : -1;
        bool log = source >= 0 && l->e->source[source].kind == RS_SOURCE_LOG;
        if (!found || (is_log && !log)) {
            found = true;
            is_log = log;
            out->source = source;
            out->first_ms = INT64_MAX;
        }
        if (source == out->source && data->series[i].n > 0 &&
            data->series[i].sample[0].t_ms < out->first_ms)
            out->first_ms = data->series[i].sample[0].t_ms;
    }
    return found;
}

static bool matches(const struct learning *l, const struct choice *c, int i, const char *path)
{
    const struct recorded *data = series_of(l);
    int source = l->e->source_of ? l->e->source_of[i] : -1;
    return source == c->source && strcmp(label(data, i, "__name__"), c->metric) == 0 &&
           is_of(l, i, c->service) && (!path || strcmp(label(data, i, "path"), path) == 0);
}

/* ---- counting ---- */

static bool holds(const struct windows *w, int64_t from_ms, int64_t until_ms)
{
    for (int i = 0; i < w->n; i++) {
        if (from_ms * RS_NS_PER_MS >= w->window[i].from_ns &&
            until_ms * RS_NS_PER_MS <= w->window[i].until_ns)
            return true;
    }
    return false;
}

/* The next sample from *at on that is a value; NULL = none. */
static const struct sample *next_value(const struct recorded_series *s, size_t *at)
{
    while (*at < s->n && isnan(s->sample[*at].v))
        (*at)++;
    return *at < s->n ? &s->sample[(*at)++] : NULL;
}

/*
 * A series that begins after the others of its metric began at 0: a client library writes a label set from its first event on.
 */
static double increase(const struct recorded_series *s, int64_t first_ms, const struct windows *in)
{
    size_t at = 0;
    const struct sample *from = next_value(s, &at), *to = NULL;
    double sum = 0.0;
    if (from && from->t_ms > first_ms + 300000 && holds(in, from->t_ms, from->t_ms))
        sum += from->v;
    for (; from && (to = next_value(s, &at)); from = to) {
        if (holds(in, from->t_ms, to->t_ms))
            sum += to->v >= from->v ? to->v - from->v : to->v;
    }
    return sum;
}

static void count_code(struct request_counts *out, int code, double k)
{
    out->n += k;
    for (int i = 0; i < out->n_code; i++) {
        if (out->code[i] == code) {
            out->k[i] += k;
            return;
        }
    }
    if (out->n_code == RS_LEARN_CODES)
        return;
    out->code[out->n_code] = code;
    out->k[out->n_code++] = k;
}

void rs_learn_requests(struct learning *l,
                       int service,
                       const char *path,
                       const struct windows *in,
                       struct request_counts *out)
{
    const struct recorded *data = series_of(l);
    struct choice c;
    *out = (struct request_counts){0};
    if (!choose(l, l->sc->service[service].requests_metric, service, &c))
        return;
    for (int i = 0; i < data->n_series; i++) {
        if (matches(l, &c, i, path))
            count_code(out, (int)strtol(label(data, i, "code"), NULL, 10),
                       increase(&data->series[i], c.first_ms, in));
    }
}

double rs_learn_errors(const struct request_counts *c, int code)
{
    double k = 0.0;
    for (int i = 0; i < c->n_code; i++) {
        if (code ? c->code[i] == code : c->code[i] >= 500 && c->code[i] <= 599)
            k += c->k[i];
    }
    return k;
}

bool rs_learn_by_path(struct learning *l, int service)
{
    const struct recorded *data = series_of(l);
    struct choice c;
    if (!l->sc->service[service].by_path ||
        !choose(l, l->sc->service[service].requests_metric, service, &c))
        return false;
    for (int i = 0; i < data->n_series; i++) {
        if (matches(l, &c, i, NULL) && *label(data, i, "path"))
            return true;
    }
    return false;
}

int rs_learn_counter(struct learning *l,
                     int service,
                     const char *metric,
                     const struct windows *in,
                     struct fit_count *out)
{
    const struct recorded *data = series_of(l);
    struct choice c;
    *out = (struct fit_count){0.0, rs_learn_seconds(in)};
    if (!choose(l, metric, service, &c))
        return -1;
    for (int i = 0; i < data->n_series; i++)
        out->k += matches(l, &c, i, NULL) ? increase(&data->series[i], c.first_ms, in) : 0.0;
    return 0;
}

/* ---- buckets ---- */

/* Where the bound stands among the others, put in if new; -1: too many. */
static int bound_at(struct bucket_counts *b, double bound)
{
    int i = 0;
    while (i < b->n_bound && b->bound_s[i] < bound)
        i++;
    if (i < b->n_bound && b->bound_s[i] == bound)
        return i;
    if (b->n_bound == RS_LEARN_BOUNDS)
        return -1;
    for (int k = b->n_bound++; k > i; k--)
        b->bound_s[k] = b->bound_s[k - 1];
    b->bound_s[i] = bound;
    return i;
}

int rs_learn_buckets(struct learning *l,
                     int service,
                     const char *path,
                     const struct windows *in,
                     struct bucket_counts *out)
{
    const struct recorded *data = series_of(l);
    const struct service *s = &l->sc->service[service];
    struct choice c;
    *out = (struct bucket_counts){0};
    if (!s->latency_metric)
        return -1;
    const char *metric = rs_arena_printf(l->arena, "%s_bucket", s->latency_metric);
    if (!choose(l, metric, service, &c))
        return -1;
    for (int i = 0; i < data->n_series; i++) {
        const char *le = label(data, i, "le");
        if (matches(l, &c, i, path) && *le && strcmp(le, "+Inf") != 0)
            (void)bound_at(out, strtod(le, NULL));
    }
    double below[RS_LEARN_BOUNDS + 1] = {0.0};
    for (int i = 0; i < data->n_series; i++) {
        const char *le = label(data, i, "le");
        if (!matches(l, &c, i, path) || !*le)
            continue;
        int at = strcmp(le, "+Inf") == 0 ? out->n_bound : bound_at(out, strtod(le, NULL));
        if (at >= 0)
            below[at] += increase(&data->series[i], c.first_ms, in);
    }
    for (int i = 0; i <= out->n_bound; i++)
        out->count[i] = fmax(below[i] - (i > 0 ? below[i - 1] : 0.0), 0.0);
    return out->n_bound > 0 && below[out->n_bound] > 0.0 ? 0 : -1;
}

/* ---- traffic ---- */

/* Expected requests of a stream over (a, b], bursts included; NaN where the profile says nothing of that time. */
static double expected(const struct learning *l, const struct profile *p, double a, double b)
{
    if (p->kind == RS_PROFILE_LOG)
        return NAN;
    if (p->period_s > 0.0 && a < 0.0) { /* before the scenario's start a cycle is the same */
        double shift = ceil(-a / p->period_s) * p->period_s;
        a += shift;
        b += shift;
    }
    bool is_flat = p->kind == RS_PROFILE_CONSTANT || p->period_s > 0.0;
    if (!is_flat && (a < 0.0 || b > rs_s_from_ns(l->sc->horizon_ns)))
        return NAN;
    const struct bursts *u = &p->bursts;
    double on = u->factor != 1.0 && u->mean_on_s > 0.0
                    ? u->mean_on_s / (u->mean_on_s + u->mean_off_s)
                    : 0.0;
    return rs_profile_integral(p, a, b) * (1.0 + on * (u->factor - 1.0));
}

static double
expected_of_service(struct learning *l, int service, int64_t from_ms, int64_t until_ms)
{
    bool is_dated = rs_recorded_is_absolute(series_of(l)->first_ms);
    double zero = is_dated ? (double)l->sc->starts_at_unix_ns * 1e-9 : 0.0, sum = 0.0;
    for (int i = 0; i < l->sc->n_traffic; i++) {
        if (l->sc->traffic[i].service == service)
            sum += expected(l, &l->sc->traffic[i].profile, (double)from_ms * 1e-3 - zero,
                            (double)until_ms * 1e-3 - zero);
    }
    return sum;
}

/* First and last sample of the series in the window: the time over which its counts were made. */
static bool covered(const struct recorded_series *s, struct window w, int64_t *from, int64_t *until)
{
    *from = *until = -1;
    for (size_t i = 0; i < s->n; i++) {
        int64_t ns = s->sample[i].t_ms * RS_NS_PER_MS;
        if (isnan(s->sample[i].v) || ns < w.from_ns || ns > w.until_ns)
            continue;
        *from = *from < 0 ? s->sample[i].t_ms : *from;
        *until = s->sample[i].t_ms;
    }
    return *from >= 0 && *until > *from;
}

void rs_learn_traffic(
    struct learning *l, int service, const struct windows *in, double *observed, double *want)
{
    const struct recorded *data = series_of(l);
    struct choice c;
    for (int k = 0; k < in->n; k++)
        observed[k] = want[k] = 0.0;
    if (!choose(l, l->sc->service[service].requests_metric, service, &c))
        return;
    double n_instance = 0.0;
    const char **seen = RS_ARENA_ARRAY(l->arena, const char *, data->n_series);
    bool *leads = RS_ARENA_ARRAY(l->arena, bool, data->n_series);
    int n_seen = 0;
    /* The series of an instance that begins first tells over which times that instance was read. */
    for (int i = 0; i < data->n_series; i++) {
        bool known = !matches(l, &c, i, NULL) || data->series[i].n == 0 ||
                     data->series[i].sample[0].t_ms > c.first_ms + 300000;
        for (int k = 0; k < n_seen && !known; k++)
            known = strcmp(seen[k], label(data, i, "instance")) == 0;
        if (!known)
            seen[n_seen++] = label(data, i, "instance");
        leads[i] = !known;
        n_instance += leads[i];
    }
    for (int i = 0; i < data->n_series; i++) {
        for (int k = 0; k < in->n && matches(l, &c, i, NULL); k++) {
            const struct windows one = {1, 1, &in->window[k]};
            int64_t from = 0, until = 0;
            observed[k] += increase(&data->series[i], c.first_ms, &one);
            if (leads[i] && covered(&data->series[i], in->window[k], &from, &until))
                want[k] += expected_of_service(l, service, from, until) / n_instance;
        }
    }
}
