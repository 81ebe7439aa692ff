/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profile.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "models/promql_selector.h"
#include "models/traffic.h"
#include "sim/clock.h"
#include "text/file.h"
#include "text/value.h"

enum { DIURNAL_POINTS = 96, POINTS_MAX = 200000 };

static const double day_s = 86400.0, pi = 3.14159265358979323846;

/* INFINITY where the file gives none: that error is told elsewhere. */
static double horizon_s(const struct reader *r)
{
    return r->sc->horizon_ns > 0 ? rs_s_from_ns(r->sc->horizon_ns) : (double)INFINITY;
}

/* Seconds since midnight (UTC), and day of the week (Monday = 0), at the scenario's start. */
static double start_of_day_s(const struct reader *r, int *weekday)
{
    int64_t day_ns = 86400 * RS_NS_PER_S, unix_ns = r->sc->starts_at_unix_ns;
    int64_t day = unix_ns / day_ns, rest = unix_ns % day_ns;
    if (rest < 0) {
        rest += day_ns;
        day--;
    }
    *weekday = (int)(((day + 3) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
    return rs_s_from_ns(rest);
}

static struct profile linear(double *at_s, double *per_s, int n, double period_s)
{
    return (struct profile){.kind = RS_PROFILE_LINEAR,
                            .n = n,
                            .at_s = at_s,
                            .per_s = per_s,
                            .period_s = period_s,
                            .scale = 1.0};
}

static struct profile constant(struct reader *r, double rate)
{
    double *per_s = RS_ARENA_ARRAY(r->arena, double, 1);
    per_s[0] = rate;
    return (struct profile){
        .kind = RS_PROFILE_CONSTANT, .n = 1, .at_s = NULL, .per_s = per_s, .scale = 1.0};
}

/*
 * A raised cosine through equally spaced points: the trapezoids over a whole day sum to the mean exactly, because the cosines
 * of equally spaced angles sum to nothing. peak = 2 mean / (1 + low).
 */
static struct profile diurnal(struct reader *r, const struct profile_draft *d)
{
    int n = DIURNAL_POINTS + 1, weekday = 0;
    double *at_s = RS_ARENA_ARRAY(r->arena, double, n);
    double *per_s = RS_ARENA_ARRAY(r->arena, double, n);
    double peak = 2.0 * d->mean_per_s / (1.0 + d->low), floor_per_s = peak * d->low;
    double phase = rs_s_from_ns(d->peak_at_ns) - start_of_day_s(r, &weekday);
    for (int i = 0; i < n; i++) {
        at_s[i] = day_s * i / DIURNAL_POINTS;
        double angle = 2.0 * pi * (at_s[i] - phase) / day_s;
        per_s[i] = floor_per_s + (peak - floor_per_s) * 0.5 * (1.0 + cos(angle));
    }
    per_s[n - 1] = per_s[0];
    return linear(at_s, per_s, n, day_s);
}

/* ---- piecewise ---- */

static int read_point(struct reader *r, const struct node *item, double *at_s, double *per_s)
{
    if (item->kind != RS_NODE_LIST || item->n != 2 || item->item[0]->kind != RS_NODE_SCALAR ||
        item->item[1]->kind != RS_NODE_SCALAR || rs_value_seconds(at_s, item->item[0]->text) != 0 ||
        rs_value_rate(per_s, item->item[1]->text) != 0 || !(*per_s >= 0.0 && *per_s <= 1e9)) {
        return rs_err_list_add(r->errors, RS_E_TYPE, item->at,
                               "a point must be [duration, rate], like [9h, 0.2]");
    }
    return 0;
}

/* A repeating profile gets points at 0 and at the period, on the line from its last point to its first one. */
static struct profile closed(double *at_s, double *per_s, int n, double period)
{
    double first = at_s[0], last = at_s[n - 1];
    double gap = first + period - last;
    double y =
        gap > 0.0 ? per_s[n - 1] + (per_s[0] - per_s[n - 1]) * (period - last) / gap : per_s[0];
    if (first > 0.0) {
        memmove(at_s + 1, at_s, sizeof(double) * (size_t)n);
        memmove(per_s + 1, per_s, sizeof(double) * (size_t)n);
        at_s[0] = 0.0;
        per_s[0] = y;
        n++;
    }
    if (last < period) {
        at_s[n] = period;
        per_s[n++] = per_s[0];
    }
    return linear(at_s, per_s, n, period);
}

static int piecewise(struct reader *r,
                     const struct node *map,
                     const struct profile_draft *d,
                     struct profile *out)
{
    const struct node *list = rs_node_get(map, "points");
    if (list->kind != RS_NODE_LIST || list->n < 1 || list->n > POINTS_MAX) {
        return rs_err_list_add(r->errors, RS_E_TYPE, list->at,
                               "\"points\" must be a list of [duration, rate]");
    }
    int n = list->n;
    double *at_s = RS_ARENA_ARRAY(r->arena, double, n + 2);
    double *per_s = RS_ARENA_ARRAY(r->arena, double, n + 2);
    for (int i = 0; i < n; i++) {
        if (read_point(r, list->item[i], &at_s[i], &per_s[i]) != 0) {
            return -1;
        }
        if (i > 0 && !(at_s[i] > at_s[i - 1])) {
            return rs_err_list_add(r->errors, RS_E_RANGE, list->item[i]->at,
                                   "the times of the points must rise");
        }
        if (at_s[i] > d->repeat_s) {
            return rs_err_list_add(r->errors, RS_E_RANGE, list->item[i]->at,
                                   "a point must not be later than \"repeat\"");
        }
    }
    *out =
        isfinite(d->repeat_s) ? closed(at_s, per_s, n, d->repeat_s) : linear(at_s, per_s, n, 0.0);
    return 0;
}

/* ---- weekly ---- */

struct week {
    double *at_s, *per_s;
    int n, cap;
};

static void week_point(struct week *w, double at_s, double per_s)
{
    if (w->n > 0 && !(at_s > w->at_s[w->n - 1])) {
        return;
    }
    assert(w->n < w->cap);
    w->at_s[w->n] = at_s;
    w->per_s[w->n++] = per_s;
}

/* Points of the inner profile between two instants of the week, both ends included, times a factor. */
static void
week_span(struct week *w, const struct profile *of, double from, double to, double factor)
{
    week_point(w, from, factor * rs_profile_rate(of, from));
    double period = of->period_s; /* 0 for a constant, which has no points */
    int first = period > 0.0 ? (int)floor(from / period) : 0;
    int past = period > 0.0 ? (int)ceil(to / period) : 0;
    for (int repeat = first; repeat < past; repeat++) {
        for (int i = 0; i < of->n; i++) {
            double t = repeat * period + of->at_s[i];
            if (t > from && t < to) {
                week_point(w, t, factor * rs_profile_rate(of, t));
            }
        }
    }
    week_point(w, to, factor * rs_profile_rate(of, to));
}

static int
weekly(struct reader *r, const struct node *map, const struct profile_draft *d, struct profile *out)
{
    const struct profile *of = &d->of;
    const double week_s = 7.0 * day_s, blend_s = 1.0;
    bool is_constant = of->kind == RS_PROFILE_CONSTANT;
    bool fits = of->kind == RS_PROFILE_LINEAR && of->period_s > 0.0 &&
                fmod(week_s, of->period_s) == 0.0 && week_s / of->period_s * of->n < POINTS_MAX;
    if (!is_constant && !fits) {
        return rs_err_list_add(r->errors, RS_E_UNSUPPORTED, rs_node_get(map, "of")->at,
                               "a weekly profile is made of a constant, a diurnal, or a piecewise "
                               "one whose repeat divides a week");
    }
    int n_max = (is_constant ? 0 : (int)(week_s / of->period_s) * of->n) + 40;
    struct week w = {RS_ARENA_ARRAY(r->arena, double, n_max),
                     RS_ARENA_ARRAY(r->arena, double, n_max), 0, n_max};
    int weekday = 0;
    double first_midnight = day_s - start_of_day_s(r, &weekday);
    for (int i = 0; i < 8; i++) {
        double from = i == 0 ? 0.0 : first_midnight + (i - 1) * day_s + blend_s;
        double to = fmin(first_midnight + i * day_s, week_s);
        if (to > from) {
            week_span(&w, of, from, to, d->day_factor[(weekday + i) % 7]);
        }
    }
    w.per_s[w.n - 1] = w.per_s[0]; /* the week closes on itself */
    *out = linear(w.at_s, w.per_s, w.n, week_s);
    out->bursts = of->bursts;
    return 0;
}

/* ---- recordings ---- */

/* Times and span as they are at the draft's speed. */
static double *paced(struct reader *r, const struct recording *rec, double speed, int n_more)
{
    double *at_s = RS_ARENA_ARRAY(r->arena, double, rec->n + n_more);
    for (int i = 0; i < rec->n; i++) {
        at_s[i] = rec->at_s[i] / speed;
    }
    return at_s;
}

static int scale_to_mean(struct reader *r,
                         const struct node *map,
                         const struct profile_draft *d,
                         const struct recording *rec,
                         double *scale)
{
    if (!rs_node_pair(map, "mean_per_s")) {
        return 0;
    }
    if (rs_node_pair(map, "scale")) {
        return rs_err_list_add(r->errors, RS_E_KEY, rs_node_pair(map, "scale")->at,
                               "\"scale\" and \"mean_per_s\" exclude each other");
    }
    if (!(rec->mean_per_s > 0.0)) {
        return rs_err_list_add(r->errors, RS_E_RANGE, rs_node_get(map, "file")->at,
                               "\"%s\" holds no request in the part that is used", d->rec.file);
    }
    *scale = d->mean_per_s / (rec->mean_per_s * d->rec.window.speed);
    return 0;
}

/* Steps that last, and rates that the language knows: what was read times "speed" and the scale. */
static int check_steps(struct reader *r,
                       const struct node *map,
                       const struct recording *rec,
                       double speed,
                       double scale)
{
    const struct node *file = rs_node_get(map, "file");
    if (rec->span_s / speed / rec->n < 1e-3) {
        return rs_err_list_add(r->errors, RS_E_RANGE, file->at,
                               "a step must last 1ms or more, \"speed\" included; it lasts %gs",
                               rec->span_s / speed / rec->n);
    }
    for (int i = 0; i < rec->n; i++) {
        if (!(rec->per_s[i] * speed * scale <= 1e9)) {
            return rs_err_list_add(
                r->errors, RS_E_RANGE, file->at,
                "a rate must be 0..1e+09 per second, \"speed\" and \"scale\" included, got %g",
                rec->per_s[i] * speed * scale);
        }
    }
    return 0;
}

static int recorded(struct reader *r,
                    const struct node *map,
                    const struct profile_draft *d,
                    struct profile *out)
{
    struct recording rec;
    struct recording_spec spec;
    const struct recording_window *w = &d->rec.window;
    const struct node *series = rs_node_get(map, "series");
    double scale = d->scale;
    if (rs_recording_spec(r, map, &d->rec, rs_recording_use_s(w, horizon_s(r)), &spec) != 0) {
        return -1;
    }
    if (series && spec.format != RS_REQUESTS_AUTO && spec.format != RS_RECORDING_SERIES) {
        return rs_err_list_add(r->errors, RS_E_KEY, rs_node_pair(map, "series")->at,
                               "\"series\" goes only with the format series");
    }
    struct promql_selector *selector = series ? rs_recording_selector(r, series) : NULL;
    spec.every_s = d->every_s;
    spec.selector = selector;
    spec.kind = (enum series_kind)d->series_kind;
    int status = series && !selector ? -1 : rs_recording_read(&rec, r->arena, &spec, r->errors);
    rs_promql_selector_free(selector);
    if (status != 0 || scale_to_mean(r, map, d, &rec, &scale) != 0 ||
        check_steps(r, map, &rec, w->speed, scale) != 0) {
        return -1;
    }
    double *at_s = paced(r, &rec, w->speed, 1);
    double *per_s = RS_ARENA_ARRAY(r->arena, double, rec.n + 1);
    for (int i = 0; i < rec.n; i++) {
        per_s[i] = rec.per_s[i] * w->speed;
    }
    at_s[rec.n] = rec.span_s /
                  w->speed; /* what was not recorded is silence, unless the recording starts anew */
    *out = (struct profile){.kind = RS_PROFILE_RECORDED,
                            .n = rec.n + !w->loop,
                            .at_s = at_s,
                            .per_s = per_s,
                            .period_s = w->loop ? rec.span_s / w->speed : 0.0,
                            .scale = scale};
    return 0;
}

static int requests(struct reader *r,
                    const struct node *map,
                    const struct profile_draft *d,
                    struct profile *out)
{
    struct recording rec;
    struct recording_spec spec;
    const struct recording_window *w = &d->rec.window;
    if (d->rec.format == RS_RECORDING_COUNTS || d->rec.format == RS_RECORDING_SERIES) {
        return rs_err_list_add(r->errors, RS_E_RANGE, rs_node_pair(map, "format")->at,
                               "\"%s\" tell nothing of single requests; they go with \"recorded\"",
                               rs_recording_format_words[d->rec.format]);
    }
    if (rs_recording_spec(r, map, &d->rec, rs_recording_use_s(w, horizon_s(r)), &spec) != 0 ||
        rs_request_log_read(&rec, r->arena, &spec, r->errors) != 0) {
        return -1;
    }
    if (d->scale > 1000.0) { /* every request is replayed, so often */
        return rs_err_list_add(r->errors, RS_E_RANGE, rs_node_pair(map, "scale")->at,
                               "\"scale\" of a request log must be at most 1000, got %g", d->scale);
    }
    *out = (struct profile){.kind = RS_PROFILE_LOG,
                            .n = rec.n,
                            .at_s = paced(r, &rec, w->speed, 0),
                            .period_s = w->loop ? rec.span_s / w->speed : 0.0,
                            .scale = d->scale,
                            .latency_s = rec.latency_s,
                            .status = rec.status,
                            .n_error_code = rec.n_error_code,
                            .error_code = rec.error_code};
    return 0;
}

/* ---- the whole ---- */

static int
make(struct reader *r, const struct node *map, const struct profile_draft *d, struct profile *out)
{
    const struct node *kind = NULL;
    if ((kind = rs_node_get(map, "piecewise"))) {
        return piecewise(r, kind, d, out);
    }
    if ((kind = rs_node_get(map, "weekly"))) {
        return weekly(r, kind, d, out);
    }
    if ((kind = rs_node_get(map, "recorded"))) {
        return recorded(r, kind, d, out);
    }
    if ((kind = rs_node_get(map, "requests"))) {
        return requests(r, kind, d, out);
    }
    *out = rs_node_get(map, "diurnal") ? diurnal(r, d) : constant(r, d->per_s);
    return 0;
}

void rs_profile_finish(struct reader *r, const struct node *map, void *draft, void *out)
{
    const struct profile_draft *d = draft;
    struct profile p = {.bursts.factor = 1.0};
    if (make(r, map, d, &p) != 0) {
        return;
    }
    if (rs_node_pair(map, "bursts")) {
        p.bursts = d->bursts;
    } else if (!(p.bursts.mean_on_s > 0.0)) {
        p.bursts = (struct bursts){.factor = 1.0};
    }
    if (rs_node_pair(map, "bursts") && p.kind == RS_PROFILE_LOG) {
        rs_err_list_add(r->errors, RS_E_KEY, rs_node_pair(map, "bursts")->at,
                        "a request log is replayed as it is: \"bursts\" cannot stand beside it");
    }
    *(struct profile *)out = p;
}

double rs_profile_mean(const struct profile *p, double horizon)
{
    double span = p->period_s > 0.0 ? p->period_s : horizon;
    double mean = p->kind == RS_PROFILE_CONSTANT ? p->per_s[0] * p->scale
                                                 : rs_profile_integral(p, 0.0, span) / span;
    double on = p->bursts.mean_on_s, off = p->bursts.mean_off_s;
    double share = on + off > 0.0 ? on / (on + off) : 0.0;
    return mean * (1.0 + (p->bursts.factor - 1.0) * share);
}

/* ---- overrides ---- */

/* Reads the file once; every stream of the service is the same series at its own mean. */
static int read_override(struct reader *r, const struct traffic_override *o, struct recording *rec)
{
    struct mark nowhere = {NULL, 0, 0};
    struct recording_spec spec = {.path = o->file, .use_s = horizon_s(r), .by_option = true};
    if (rs_file_check(r->errors, o->file, nowhere) != 0 ||
        rs_file_hash_file(r, o->file, nowhere) != 0 ||
        rs_recording_read(rec, r->arena, &spec, r->errors) != 0) {
        return -1;
    }
    if (!(rec->mean_per_s > 0.0)) {
        return rs_err_list_add(r->errors, RS_E_RANGE, (struct mark){o->file, 0, 0},
                               "the file holds no request in the part that is used");
    }
    return 0;
}

static void apply_override(struct reader *r,
                           const struct traffic_override *o,
                           struct traffic *traffic,
                           int n_traffic)
{
    int service = rs_names_find(r, RS_NAME_SERVICE, o->service, (struct mark){o->file, 0, 0});
    int cohort =
        o->cohort ? rs_names_find(r, RS_NAME_COHORT, o->cohort, (struct mark){o->file, 0, 0}) : -1;
    struct recording rec;
    if (service < 0 || (o->cohort && cohort < 0) || read_override(r, o, &rec) != 0) {
        return;
    }
    int n_hit = 0;
    for (int i = 0; i < n_traffic; i++) {
        struct traffic *t = &traffic[i];
        if (t->service != service || (o->cohort && t->cohort != cohort)) {
            continue;
        }
        double mean = rs_profile_mean(&t->profile, horizon_s(r));
        t->profile = (struct profile){.kind = RS_PROFILE_RECORDED,
                                      .n = rec.n,
                                      .at_s = rec.at_s,
                                      .per_s = rec.per_s,
                                      .period_s = rec.span_s,
                                      .scale = mean / rec.mean_per_s,
                                      .bursts.factor = 1.0};
        n_hit++;
    }
    if (n_hit == 0) {
        rs_err_list_add(r->errors, RS_E_REF, (struct mark){o->file, 0, 0},
                        "the scenario has no traffic of %s to %s that the file could drive",
                        o->cohort ? o->cohort : "anybody", o->service);
    }
}

static bool same_traffic(const struct traffic_override *a, const struct traffic_override *b)
{
    return strcmp(a->service, b->service) == 0 &&
           (!a->cohort || !b->cohort || strcmp(a->cohort, b->cohort) == 0);
}

void rs_profile_override(struct reader *r, struct traffic *traffic, int n_traffic)
{
    for (int i = 0; i < r->n_override; i++) {
        for (int j = 0; j < i; j++) {
            if (same_traffic(&r->override[i], &r->override[j])) {
                rs_err_list_add(r->errors, RS_E_KEY, (struct mark){r->override[i].file, 0, 0},
                                "the traffic of %s is driven by %s already", r->override[i].service,
                                r->override[j].file);
                return;
            }
        }
        apply_override(r, &r->override[i], traffic, n_traffic);
    }
}
