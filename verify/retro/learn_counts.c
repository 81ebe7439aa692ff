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

/* ---- the same times for all series of an instance ---- */

/*
 * A bucket that lost a scrape at the edge of a window would be counted over a shorter time than its neighbours: each instance's
 * windows reach from the first to the last time at which all of its series have a sample.
 */
struct aligned {
    const char *instance;
    struct windows in;
};

static bool has_sample(const struct recorded_series *s, int64_t t_ms)
{
    size_t lo = 0, hi = s->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (s->sample[mid].t_ms < t_ms)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < s->n && s->sample[lo].t_ms == t_ms && !isnan(s->sample[lo].v);
}

/* [n] series of one instance; the first of them is asked for times. Series that began later are not waited for. */
static bool all_have(const struct recorded *data, const int *of, int n, int64_t t_ms)
{
    for (int i = 0; i < n; i++) {
        const struct recorded_series *s = &data->series[of[i]];
        if (s->n > 0 && s->sample[0].t_ms <= t_ms && !has_sample(s, t_ms))
            return false;
    }
    return true;
}

static void
align_window(struct learning *l, const int *of, int n, struct window w, struct windows *out)
{
    const struct recorded *data = series_of(l);
    const struct recorded_series *s = &data->series[of[0]];
    int64_t from = -1, until = -1;
    for (int i = 1; i < n; i++) /* the one that was there for longest */
        s = data->series[of[i]].n > s->n ? &data->series[of[i]] : s;
    for (size_t i = 0; i < s->n && from < 0; i++) {
        int64_t ns = s->sample[i].t_ms * RS_NS_PER_MS;
        if (ns >= w.from_ns && ns <= w.until_ns && all_have(data, of, n, s->sample[i].t_ms))
            from = ns;
    }
    for (size_t i = s->n; i-- > 0 && until < 0 && from >= 0;) {
        int64_t ns = s->sample[i].t_ms * RS_NS_PER_MS;
        if (ns > from && ns <= w.until_ns && all_have(data, of, n, s->sample[i].t_ms))
            until = ns;
        if (ns <= from)
            break;
    }
    if (from >= 0 && until > from)
        rs_learn_window(l, out, from, until);
}

static struct aligned *align(struct learning *l,
                             const struct choice *c,
                             const char *path,
                             const struct windows *in,
                             int *out_n)
{
    const struct recorded *data = series_of(l);
    struct aligned *a = RS_ARENA_ARRAY(l->arena, struct aligned, data->n_series + 1);
    int *of = RS_ARENA_ARRAY(l->arena, int, data->n_series + 1), n = 0;
    for (int i = 0; i < data->n_series; i++) {
        const char *instance = label(data, i, "instance");
        bool known = !matches(l, c, i, path);
        for (int k = 0; k < n && !known; k++)
            known = strcmp(a[k].instance, instance) == 0;
        if (known)
            continue;
        int n_of = 0;
        for (int k = i; k < data->n_series; k++) {
            if (matches(l, c, k, path) && strcmp(label(data, k, "instance"), instance) == 0)
                of[n_of++] = k;
        }
        a[n].instance = instance;
        for (int k = 0; k < in->n; k++)
            align_window(l, of, n_of, in->window[k], &a[n].in);
        n++;
    }
    *out_n = n;
    return a;
}

static const struct windows *
windows_of(const struct learning *l, const struct aligned *a, int n, int series)
{
    static const struct windows none = {0};
    const char *instance = label(series_of(l), series, "instance");
    for (int i = 0; i < n; i++) {
        if (strcmp(a[i].instance, instance) == 0)
            return &a[i].in;
    }
    return &none;
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
    int n = 0;
    const struct aligned *a = align(l, &c, path, in, &n);
    for (int i = 0; i < data->n_series; i++) {
        if (matches(l, &c, i, path))
            count_code(out, (int)strtol(label(data, i, "code"), NULL, 10),
                       increase(&data->series[i], c.first_ms, windows_of(l, a, n, i)));
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
    int n = 0;
    const struct aligned *a = align(l, &c, path, in, &n);
    for (int i = 0; i < data->n_series; i++) {
        const char *le = label(data, i, "le");
        if (!matches(l, &c, i, path) || !*le)
            continue;
        int at = strcmp(le, "+Inf") == 0 ? out->n_bound : bound_at(out, strtod(le, NULL));
        if (at >= 0)
            below[at] += increase(&data->series[i], c.first_ms, windows_of(l, a, n, i));
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

/* As a share of the whole: where the profile says nothing, its mean over the scenario's time does. */
static double for_share(const struct learning *l, const struct profile *p, double a, double b)
{
    double end = rs_s_from_ns(l->sc->horizon_ns);
    double n = p->kind == RS_PROFILE_LOG && a >= 0.0 && b <= end ? rs_profile_integral(p, a, b)
                                                                 : expected(l, p, a, b);
    return isnan(n) ? rs_profile_integral(p, 0.0, end) * (b - a) / end : n;
}

double rs_learn_expected(struct learning *l, int service, int cohort, struct window w)
{
    double zero = rs_recorded_is_absolute(w.from_ns / RS_NS_PER_MS)
                      ? rs_s_from_ns(l->sc->starts_at_unix_ns)
                      : 0.0,
           sum = 0.0;
    for (int i = 0; i < l->sc->n_traffic; i++) {
        const struct traffic *t = &l->sc->traffic[i];
        if (t->service == service && (cohort < 0 || t->cohort == cohort))
            sum += for_share(l, &t->profile, rs_s_from_ns(w.from_ns) - zero,
                             rs_s_from_ns(w.until_ns) - zero);
    }
    return sum;
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

void rs_learn_traffic(
    struct learning *l, int service, const struct windows *in, double *observed, double *want)
{
    const struct recorded *data = series_of(l);
    struct choice c;
    for (int k = 0; k < in->n; k++)
        observed[k] = want[k] = 0.0;
    if (!choose(l, l->sc->service[service].requests_metric, service, &c))
        return;
    for (int k = 0; k < in->n; k++) {
        const struct windows one = {1, 1, &in->window[k]};
        int n = 0;
        const struct aligned *a = align(l, &c, NULL, &one, &n);
        for (int i = 0; i < data->n_series; i++) {
            if (matches(l, &c, i, NULL))
                observed[k] += increase(&data->series[i], c.first_ms, windows_of(l, a, n, i));
        }
        for (int i = 0; i < n; i++) {
            if (a[i].in.n > 0)
                want[k] += expected_of_service(l, service, a[i].in.window[0].from_ns / RS_NS_PER_MS,
                                               a[i].in.window[0].until_ns / RS_NS_PER_MS) /
                           n;
        }
    }
}
