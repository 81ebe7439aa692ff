/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Traffic, base error ratios and latencies: what a recording tells of the quiet times. */
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#include "learn.h"
#include "models/system.h"
#include "sim/clock.h"

enum { PARTS_MAX = 64, REQUESTS_MIN = 200 };

/* ---- traffic ---- */

/* Equal parts of the windows, of at least 10 minutes each where the recording is that long; at most PARTS_MAX. */
static struct windows parts_of(struct learning *l, const struct windows *in)
{
    struct windows out = {0};
    double total = rs_learn_seconds(in), part = fmax(total / PARTS_MAX, fmin(600.0, total / 8.0));
    for (int i = 0; i < in->n; i++) {
        double length = rs_s_from_ns(in->window[i].until_ns - in->window[i].from_ns);
        int n = (int)(length / part + 0.25);
        int64_t step = n > 0 ? (in->window[i].until_ns - in->window[i].from_ns) / n : 0;
        for (int k = 0; k < n; k++)
            rs_learn_window(l, &out, in->window[i].from_ns + k * step,
                            in->window[i].from_ns + (k + 1) * step);
    }
    return out;
}

/* Times of a day stay hours: 24h, where a duration would be 1d. */
static const char *hours_text(struct learning *l, double s)
{
    bool is_hour = s > 0.0 && fmod(s, 3600.0) == 0.0;
    return is_hour ? rs_arena_printf(l->arena, "%.0fh", s / 3600.0) : rs_learn_duration_text(l, s);
}

/* The numbers of the profile times the factor, in the scenario's words; NULL: it is of a kind that has none. */
static void write_profile(struct learning *l, struct retro_fit *f, int t, double factor)
{
    const struct profile *p = &l->sc->traffic[t].profile;
    if (p->kind == RS_PROFILE_CONSTANT) {
        f->path = rs_arena_printf(l->arena, "traffic[%d]/profile/constant/per_s", t + 1);
        f->text = rs_arena_printf(l->arena, "%.5g", factor * p->per_s[0] * p->scale);
        return;
    }
    if (p->kind != RS_PROFILE_LINEAR) {
        f->refused = "a recorded profile is not scaled: name the new recording in its place";
        return;
    }
    double mean = 0.0;
    for (int i = 1; i < p->n; i++)
        mean += 0.5 * (p->per_s[i] + p->per_s[i - 1]) * (p->at_s[i] - p->at_s[i - 1]);
    mean = p->n > 1 ? mean / (p->at_s[p->n - 1] - p->at_s[0]) : p->per_s[0];
    f->path = rs_arena_printf(l->arena, "traffic[%d]/profile/diurnal/mean_per_s", t + 1);
    f->text = rs_arena_printf(l->arena, "%.5g", factor * mean * p->scale);
    if (p->n == 97 && p->period_s == 86400.0) /* as the reader makes a diurnal profile */
        return;
    f->path = p->n <= 200 ? rs_arena_printf(l->arena, "traffic[%d]/profile/piecewise/points", t + 1)
                          : NULL;
    const char *text = "[";
    for (int i = 0; i < p->n && f->path; i++)
        text = rs_arena_printf(l->arena, "%s%s[%s, %.6g]", text, i ? ", " : "",
                               hours_text(l, p->at_s[i]), factor * p->per_s[i] * p->scale);
    f->text = f->path ? rs_arena_printf(l->arena, "%s]", text) : NULL;
}

static void fit_stream(struct learning *l,
                       int t,
                       int n_stream,
                       struct fit_value factor,
                       double dispersion,
                       int n_part,
                       double n)
{
    const struct traffic *tr = &l->sc->traffic[t];
    const char *service = l->sc->service[tr->service].name;
    struct retro_fit *f = rs_learn_add(
        l, RS_FIT_TRAFFIC,
        rs_arena_printf(l->arena, "%s traffic of %s", service, l->sc->cohort[tr->cohort].name));
    f->n = (uint64_t)n;
    f->method = rs_arena_printf(
        l->arena, "quasi-Poisson over %d parts, dispersion %.3g%s", n_part, dispersion,
        n_stream > 1
            ? "; the shares of its cohorts as assumed, the recording does not tell them apart"
            : "");
    rs_learn_parameter(l, f, "factor on the assumed rate", "", 1.0, factor);
    write_profile(l, f, t, factor.value);
    if (f->text && f->text[0] != '[') {
        double assumed = strtod(f->text, NULL) / factor.value;
        rs_learn_parameter(l, f, "mean rate", "1/s", assumed,
                           (struct fit_value){assumed * factor.value, assumed * factor.low,
                                              assumed * factor.high});
    }
}

static void fit_service_traffic(struct learning *l, int service)
{
    struct windows quiet = rs_learn_quiet(l), parts = parts_of(l, &quiet);
    double *observed = RS_ARENA_ARRAY(l->arena, double, parts.n);
    double *expected = RS_ARENA_ARRAY(l->arena, double, parts.n);
    int n_stream = 0, n_part = 0;
    double n = 0.0, want = 0.0, dispersion = 1.0;
    rs_learn_traffic(l, service, &parts, observed, expected);
    for (int i = 0; i < parts.n; i++) {
        if (!(expected[i] > 0.0))
            continue;
        observed[n_part] = observed[i];
        expected[n_part++] = expected[i];
        n += observed[i];
        want += expected[i];
    }
    if (n < REQUESTS_MIN || !(want > 0.0))
        return;
    struct fit_value factor = rs_fit_factor(observed, expected, n_part, l->confidence, &dispersion);
    for (int t = 0; t < l->sc->n_traffic; t++)
        n_stream += l->sc->traffic[t].service == service;
    for (int t = 0; t < l->sc->n_traffic; t++) {
        if (l->sc->traffic[t].service == service)
            fit_stream(l, t, n_stream, factor, dispersion, n_part, n);
    }
}

void rs_learn_traffic_fits(struct learning *l)
{
    for (int s = 0; s < l->sc->n_service; s++)
        fit_service_traffic(l, s);
}

/* ---- base errors ---- */

/* What the dependencies of the path add by themselves. */
static double by_dependencies(const struct scenario *sc, const struct path *p, int code)
{
    double ratio = 0.0;
    for (int i = 0; i < p->n_uses; i++) {
        const struct error_mix *m = &sc->dependency[p->uses[i]].errors;
        for (int k = 0; k < m->n; k++)
            ratio += m->code[k] == code ? m->ratio[k] : 0.0;
    }
    return ratio;
}

static double assumed_ratio(const struct path *p, int code)
{
    for (int i = 0; i < p->errors.n; i++) {
        if (p->errors.code[i] == code)
            return p->errors.ratio[i];
    }
    return NAN;
}

/* Is the ratio the same in all parts of the time? Chi-square over parts in which at least 5 errors are expected. */
static void test_evenness(struct learning *l,
                          struct retro_fit *f,
                          int service,
                          const char *path,
                          const struct windows *in,
                          double ratio)
{
    struct windows parts = parts_of(l, in);
    double n = 0.0, k = 0.0, chi = 0.0;
    int cells = 0;
    for (int i = 0; i < parts.n; i++) {
        const struct windows one = {1, 1, &parts.window[i]};
        struct request_counts c;
        rs_learn_requests(l, service, path, &one, &c);
        n += c.n;
        k += rs_learn_errors(&c, 0);
        if (n * ratio < 5.0)
            continue;
        chi += (k - n * ratio) * (k - n * ratio) / (n * ratio * (1.0 - ratio));
        cells++;
        n = k = 0.0;
    }
    if (cells < 3)
        return;
    f->test = rs_arena_printf(l->arena, "chi-square over %d parts of the time", cells);
    f->statistic = chi;
    f->p_value = gsl_cdf_chisq_Q(fmin(chi, 1000.0), cells - 1);
    f->fits = f->p_value > 0.01;
}

/*
 * A ratio of 0 is what nobody believes of a code that the scenario knows: where nothing was seen of it, its number stays if the
 * interval holds it, and else comes down to the interval's end. Returns a word on it, "" = none is needed.
 */
const char *rs_learn_unseen(struct learning *l, int code, double assumed, struct fit_value *v)
{
    if (v->value > 0.0 || !(assumed > 0.0))
        return "";
    bool stays = assumed <= v->high;
    v->value = stays ? assumed : v->high;
    return rs_arena_printf(
        l->arena,
        stays ? "; nothing was seen of %d, and its assumed ratio, within the interval, stays"
              : "; nothing was seen of %d, and the interval's upper end is written",
        code);
}

/* Codes that the scenario knows there, and any other 5xx that was seen. */
static const char *fit_codes(struct learning *l,
                             struct retro_fit *f,
                             const struct path *p,
                             const struct request_counts *c)
{
    const char *text = "";
    for (int code = 400; code < 600; code++) {
        double k = rs_learn_errors(c, code), assumed = assumed_ratio(p, code);
        if (isnan(assumed) && (k == 0.0 || code < 500))
            continue;
        double other = by_dependencies(l->sc, p, code);
        struct fit_value v = rs_fit_ratio((struct fit_count){k, c->n}, l->confidence);
        v = (struct fit_value){fmax(v.value - other, 0.0), fmax(v.low - other, 0.0),
                               fmax(v.high - other, 0.0)};
        f->method =
            rs_arena_printf(l->arena, "%s%s", f->method, rs_learn_unseen(l, code, assumed, &v));
        rs_learn_parameter(l, f, rs_arena_printf(l->arena, "%d", code), "ratio", assumed, v);
        text = rs_arena_printf(l->arena, "%s%s%d: %s", text, *text ? ", " : "", code,
                               rs_learn_ratio_text(l, v.value));
    }
    return text;
}

static void
fit_errors(struct learning *l, int service, int path, const char *label, const struct windows *in)
{
    const struct service *s = &l->sc->service[service];
    const struct path *p = &s->path[path];
    struct request_counts c;
    if (p->recorded || p->as_recorded)
        return;
    rs_learn_requests(l, service, label, in, &c);
    struct retro_fit *f = rs_learn_add(
        l, RS_FIT_BASE_ERRORS, rs_arena_printf(l->arena, "%s errors on %s", s->name, p->name));
    f->n = (uint64_t)c.n;
    f->method = p->n_uses ? "binomial by code, Clopper-Pearson; less what its dependencies add"
                          : "binomial by code, Clopper-Pearson";
    double k = rs_learn_errors(&c, 0);
    const char *text = fit_codes(l, f, p, &c);
    if (c.n < REQUESTS_MIN) {
        f->refused = rs_arena_printf(
            l->arena, "only %.0f requests were counted while all of them surely took this path",
            c.n);
    } else if (k == 0.0) {
        f->refused = rs_arena_printf(
            l->arena, "none of %.0f requests failed: there is no ratio to write", c.n);
    } else if (p->fallback >= 0) {
        f->refused = "what fails on it falls back to another path and is not counted as an error";
    } else {
        f->path = rs_arena_printf(l->arena, "services/%s/paths/%s/errors", s->name, p->name);
        f->text = rs_arena_printf(l->arena, "{%s}", text);
        test_evenness(l, f, service, label, in, k / c.n);
    }
}

/* ---- latency ---- */

/* What was counted, as a law: where no lognormal fits. Above the last bound nothing is known: up to twice of it. */
static const char *empirical_text(struct learning *l, const struct bucket_counts *b)
{
    double total = 0.0, sum = 0.0, last = 0.0;
    const char *text = "[0s, 0%]";
    for (int i = 0; i <= b->n_bound; i++)
        total += b->count[i];
    for (int i = 0; i <= b->n_bound; i++) {
        sum += b->count[i];
        double x = i < b->n_bound ? b->bound_s[i] : 2.0 * b->bound_s[b->n_bound - 1];
        if (sum <= last)
            continue;
        text = rs_arena_printf(l->arena, "%s, [%s, %.8g%%]", text, rs_learn_duration_text(l, x),
                               sum >= total ? 100.0 : 100.0 * sum / total);
        last = sum;
        if (sum >= total)
            break;
    }
    return rs_arena_printf(l->arena, "{empirical: {points: [%s]}, source: %s}", text,
                           rs_retro_quoted(l->arena, rs_learn_source(l)));
}

static void
fit_latency(struct learning *l, int service, int path, const char *label, const struct windows *in)
{
    const struct service *s = &l->sc->service[service];
    const struct path *p = &s->path[path];
    struct bucket_counts b;
    struct fit_latency lat;
    if (p->recorded || p->as_recorded || rs_learn_buckets(l, service, label, in, &b) != 0)
        return;
    const struct fit_buckets counts = {b.n_bound, b.bound_s, b.count};
    double n = 0.0;
    for (int i = 0; i <= b.n_bound; i++)
        n += b.count[i];
    struct retro_fit *f = rs_learn_add(
        l, RS_FIT_LATENCY, rs_arena_printf(l->arena, "%s latency on %s", s->name, p->name));
    f->n = (uint64_t)n;
    f->method = "maximum likelihood, lognormal over the histogram's buckets";
    if (n < REQUESTS_MIN || rs_fit_latency(&lat, &counts, l->confidence) != 0) {
        f->refused = rs_arena_printf(l->arena, "%.0f requests in the buckets do not tell a law", n);
        return;
    }
    rs_learn_parameter(l, f, "median", "s", rs_dist_quantile(&p->latency, 0.5), lat.median);
    rs_learn_parameter(l, f, "p99", "s", rs_dist_quantile(&p->latency, 0.99), lat.p99);
    if (!isnan(lat.p_value)) {
        f->test = rs_arena_printf(l->arena, "G test over %d buckets", lat.n_cell);
        f->statistic = lat.g;
        f->p_value = lat.p_value;
        f->fits = lat.p_value > 0.01;
    }
    struct dist *law = RS_ARENA_ARRAY(l->arena, struct dist, 1);
    *law = rs_fit_dist(&lat.fit, p->latency.cap_s);
    f->law = law;
    f->assumed_law = &p->latency;
    if (rs_service_queues(l->sc, service)) {
        f->refused = "the path queues: its latency comes from the load, not from a law";
        return;
    }
    f->placeholder = p->latency.placeholder;
    f->path = rs_arena_printf(l->arena, "services/%s/paths/%s/latency", s->name, p->name);
    f->text = f->fits ? rs_learn_lognormal_text(l, lat.median.value, "p99", lat.p99.value,
                                                p->latency.cap_s)
                      : empirical_text(l, &b);
    if (!f->fits)
        f->method =
            "maximum likelihood, lognormal over the histogram's buckets; it does not fit, and "
            "the measured distribution is written";
}

void rs_learn_base_fits(struct learning *l)
{
    struct windows quiet = rs_learn_quiet(l);
    for (int s = 0; s < l->sc->n_service; s++) {
        bool by_path = rs_learn_by_path(l, s);
        for (int p = 0; p < l->sc->service[s].n_path; p++) {
            struct windows all_on = rs_learn_path_windows(l, s, p, &quiet);
            const struct windows *in = by_path ? &quiet : &all_on;
            const char *label = by_path ? l->sc->service[s].path[p].name : NULL;
            struct request_counts c;
            rs_learn_requests(l, s, label, in, &c);
            if (!(c.n > 0.0))
                continue;
            fit_errors(l, s, p, label, in);
            fit_latency(l, s, p, label, in);
        }
    }
}
