/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Laws of durations that are known within spans. */
#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <math.h>

#include "fit.h"

static const double log_scale_max = 40.0; /* e^40 s is older than the universe */
static const struct {
    const char *name;
    double shape_lo, shape_hi;                                             /* of log_shape */
} laws[RS_LAW_N] = {{"lognormal", -3.912023005428146, 2.0794415416798357}, /* sigma 0.02..8 */
                    {"gamma", -2.995732273553991, 5.298317366548036},      /* shape 0.05..200 */
                    {"exponential", 0.0, 0.0}};

const char *rs_fit_law_name(enum fit_law law)
{
    assert(law >= 0 && law < RS_LAW_N);
    return laws[law].name;
}

/* ---- the laws at scale 1: z = x / scale ---- */

/* GSL ends the program where a probability is too small for a double: it is not asked there. */
static bool is_beyond(double shape, double z)
{
    return !(z > 0.0) || shape * log(z) - z - lgamma(shape) < -600.0;
}

static double gamma_below(double shape, double z)
{
    return is_beyond(shape, z) ? (z > shape ? 1.0 : 0.0) : gsl_cdf_gamma_P(z, shape, 1.0);
}

static double gamma_above(double shape, double z)
{
    return is_beyond(shape, z) ? (z > shape ? 0.0 : 1.0) : gsl_cdf_gamma_Q(z, shape, 1.0);
}

static double below(enum fit_law law, double shape, double z)
{
    if (law == RS_LAW_LOGNORMAL)
        return gsl_cdf_ugaussian_P(log(z) / shape);
    return law == RS_LAW_GAMMA ? gamma_below(shape, z) : -expm1(-z);
}

static double above(enum fit_law law, double shape, double z)
{
    if (law == RS_LAW_LOGNORMAL)
        return gsl_cdf_ugaussian_Q(log(z) / shape);
    return law == RS_LAW_GAMMA ? gamma_above(shape, z) : exp(-z);
}

/* Bisection in log z: GSL's inverse may not converge, and then ends the program. */
static double gamma_quantile(double shape, double q)
{
    double lo = -50.0, hi = 10.0;
    for (int i = 0; i < 60; i++) {
        double mid = 0.5 * (lo + hi);
        if (gamma_below(shape, exp(mid)) < q)
            lo = mid;
        else
            hi = mid;
    }
    return exp(0.5 * (lo + hi));
}

static double unit_quantile(enum fit_law law, double shape, double q)
{
    if (isnan(q)) /* the mean */
        return law == RS_LAW_LOGNORMAL ? exp(0.5 * shape * shape)
               : law == RS_LAW_GAMMA   ? shape
                                       : 1.0;
    if (law == RS_LAW_LOGNORMAL)
        return exp(shape * gsl_cdf_ugaussian_Pinv(q));
    return law == RS_LAW_GAMMA ? gamma_quantile(shape, q) : -log1p(-q);
}

/* Probability of lo < z <= hi, by the tail that keeps its digits. */
static double between(enum fit_law law, double shape, double lo, double hi)
{
    if (lo <= 0.0)
        return isinf(hi) ? 1.0 : below(law, shape, hi);
    if (isinf(hi))
        return above(law, shape, lo);
    double q = above(law, shape, lo);
    return q < 0.5 ? q - above(law, shape, hi) : below(law, shape, hi) - below(law, shape, lo);
}

/* Log of the density of log z at scale 1. */
static double log_density(enum fit_law law, double shape, double z)
{
    if (law == RS_LAW_LOGNORMAL)
        return -0.5 * (log(z) / shape) * (log(z) / shape) - log(shape * 2.5066282746310005024);
    return law == RS_LAW_GAMMA ? shape * log(z) - z - lgamma(shape) : log(z) - z;
}

/*
 * Log of a span's probability. Where it is too small for a double its near end's density stands for it: far from the hill there
 * must still be a way up.
 */
static double log_between(enum fit_law law, double shape, double lo, double hi)
{
    double p = between(law, shape, lo, hi);
    if (p > 1e-290)
        return log(p);
    double top = law == RS_LAW_GAMMA ? shape : 1.0;
    return fmin(log(1e-290), log_density(law, shape, lo > top || isinf(hi) ? lo : hi));
}

/*
 * A triangle is the mean of the intervals around its top that it is wider than: an integral over their height, by Gauss and
 * Legendre's three points.
 */
int rs_fit_slabs(const struct fit_span *s, struct fit_slab slab[RS_FIT_SLABS])
{
    static const double at[RS_FIT_SLABS] = {0.1127016653792583, 0.5, 0.8872983346207417};
    static const double part[RS_FIT_SLABS] = {5.0 / 18.0, 8.0 / 18.0, 5.0 / 18.0};
    if (!(s->best_s > s->lo_s && s->best_s < s->hi_s) || isinf(s->hi_s)) {
        slab[0] = (struct fit_slab){fmax(s->lo_s, 0.0), s->hi_s, 1.0};
        return 1;
    }
    for (int i = 0; i < RS_FIT_SLABS; i++)
        slab[i] = (struct fit_slab){fmax(s->best_s - at[i] * (s->best_s - s->lo_s), 0.0),
                                    s->best_s + at[i] * (s->hi_s - s->best_s), part[i]};
    return RS_FIT_SLABS;
}

static double log_span(enum fit_law law, double shape, double scale, const struct fit_span *s)
{
    struct fit_slab slab[RS_FIT_SLABS];
    double p = 0.0, most = -INFINITY;
    int n = rs_fit_slabs(s, slab);
    if (n == 1)
        return log_between(law, shape, slab[0].lo_s / scale, slab[0].hi_s / scale);
    for (int i = 0; i < n; i++) {
        double y = log_between(law, shape, slab[i].lo_s / scale, slab[i].hi_s / scale);
        p += slab[i].part * exp(y);
        most = fmax(most, y + log(slab[i].part));
    }
    return p > 1e-290 ? log(p) : most;
}

static double log_likelihood(
    enum fit_law law, double log_scale, double log_shape, const struct fit_span *span, int n)
{
    double scale = exp(log_scale), shape = exp(log_shape), sum = 0.0;
    for (int i = 0; i < n; i++) {
        if (span[i].hi_s > span[i].lo_s)
            sum += span[i].weight * log_span(law, shape, scale, &span[i]);
        else
            sum += span[i].weight *
                   (log_density(law, shape, span[i].lo_s / scale) - log(span[i].lo_s));
    }
    return sum;
}

/* ---- maximum ---- */

struct climb {
    enum fit_law law;
    const struct fit_span *span;
    int n;
    double fixed; /* log of the shape, or of the quantile that is held */
    double q;
    double scale_lo, scale_hi;
};

static double clamp(double x, double lo, double hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}

static double of_scale(const void *ctx, double log_scale)
{
    const struct climb *c = ctx;
    return log_likelihood(c->law, log_scale, c->fixed, c->span, c->n);
}

/*
 * At the top the law's mean (of a lognormal: that of its logs) is the mean of what it expects within each span, so it lies between
 * the means of their ends; a span without an end pulls it up.
 */
static void bound_scale(struct climb *c, const struct fit_duration *fit)
{
    double lo = 0.0, hi = 0.0;
    bool logs = c->law == RS_LAW_LOGNORMAL, cut = false;
    for (int i = 0; i < c->n; i++) {
        double from = fmax(c->span[i].lo_s, 0.0);
        double to = isinf(c->span[i].hi_s) ? from : c->span[i].hi_s;
        double w = c->span[i].weight / fit->n;
        cut = cut || isinf(c->span[i].hi_s);
        to = fmax(to, 1e-9);
        from = fmax(from, logs ? 1e-4 * to : 0.0);
        lo += w * (logs ? log(from) : from);
        hi += w * (logs ? log(to) : to);
    }
    c->scale_lo = clamp(logs ? lo : log(fmax(lo, 1e-4 * hi)), -log_scale_max, log_scale_max);
    c->scale_hi = clamp((logs ? hi : log(hi)) + (cut ? 10.0 : 1e-3), -log_scale_max, log_scale_max);
    c->scale_lo = fmin(c->scale_lo, c->scale_hi - 1e-3) - 1e-3;
}

/*
 * In log x both laws have densities that are log-concave, and so has what lies between two ends (Prekopa, Acta Sci. Math. 34
 * (1973) 335-343): one hill.
 */
static double best_scale(const struct climb *c, double log_shape)
{
    struct climb at = *c;
    double less = c->law == RS_LAW_GAMMA ? log_shape : 0.0; /* the mean is shape times scale */
    at.fixed = log_shape;
    return rs_fit_top(of_scale, &at, c->scale_lo - less, c->scale_hi - less, 1e-5);
}

static double of_shape(const void *ctx, double log_shape)
{
    const struct climb *c = ctx;
    return log_likelihood(c->law, best_scale(c, log_shape), log_shape, c->span, c->n);
}

int rs_fit_duration(struct fit_duration *out, enum fit_law law, const struct fit_span *span, int n)
{
    struct climb c = {.law = law, .span = span, .n = n};
    double lo = laws[law].shape_lo, hi = laws[law].shape_hi;
    *out = (struct fit_duration){.law = law};
    for (int i = 0; i < n; i++) {
        out->n += span[i].weight;
        out->n_ended += isinf(span[i].hi_s) ? 0.0 : span[i].weight;
    }
    if (!(out->n_ended > 0.0))
        return -1;
    bound_scale(&c, out);
    if (law != RS_LAW_EXPONENTIAL)
        out->log_shape = rs_fit_top(of_shape, &c, lo, hi, 1e-5);
    double less = law == RS_LAW_GAMMA ? out->log_shape : 0.0;
    c.fixed = out->log_shape;
    out->log_scale = rs_fit_top(of_scale, &c, c.scale_lo - less, c.scale_hi - less, 1e-9);
    out->at_bound = lo < hi && (out->log_shape < lo + 1e-3 || out->log_shape > hi - 1e-3);
    out->log_likelihood = log_likelihood(law, out->log_scale, out->log_shape, span, n);
    out->aic = 2.0 * (law == RS_LAW_EXPONENTIAL ? 1.0 : 2.0) - 2.0 * out->log_likelihood;
    return 0;
}

int rs_fit_laws(struct fit_duration out[RS_LAW_N], const struct fit_span *span, int n)
{
    int n_fit = 0;
    for (int law = 0; law < RS_LAW_N; law++) {
        struct fit_duration one;
        if (rs_fit_duration(&one, (enum fit_law)law, span, n) != 0)
            continue;
        int at = n_fit++;
        for (; at > 0 && out[at - 1].aic > one.aic; at--)
            out[at] = out[at - 1];
        out[at] = one;
    }
    return n_fit;
}

/* ---- profile ---- */

static double given_shape(const void *ctx, double log_shape)
{
    const struct climb *c = ctx;
    double log_scale = c->fixed - log(unit_quantile(c->law, exp(log_shape), c->q));
    return log_likelihood(c->law, clamp(log_scale, -log_scale_max, log_scale_max), log_shape,
                          c->span, c->n);
}

/* Of the log of the quantile: the best that any shape can do. */
static double profile(const void *ctx, double log_x)
{
    struct climb c = *(const struct climb *)ctx;
    c.fixed = log_x;
    if (c.law == RS_LAW_EXPONENTIAL)
        return given_shape(&c, 0.0);
    double best = rs_fit_top(given_shape, &c, laws[c.law].shape_lo, laws[c.law].shape_hi, 1e-4);
    return given_shape(&c, best);
}

struct fit_value rs_fit_quantile(
    const struct fit_duration *fit, double q, const struct fit_span *span, int n, double confidence)
{
    struct climb c = {.law = fit->law, .span = span, .n = n, .q = q};
    double log_x = fit->log_scale + log(unit_quantile(fit->law, exp(fit->log_shape), q));
    double drop = rs_fit_drop(confidence), m = fit->n_ended;
    if (m < 2.0) /* one duration tells no spread: nothing bounds it */
        return (struct fit_value){exp(log_x), 0.0, INFINITY};
    if (fit->law != RS_LAW_EXPONENTIAL && m < 1e6) {
        double t = gsl_cdf_tdist_Pinv(0.5 + 0.5 * confidence, m - 1.0);
        drop = 0.5 * m * log1p(t * t / (m - 1.0));
    }
    double lo = rs_fit_edge(profile, &c, log_x, -log_scale_max, drop);
    double hi = rs_fit_edge(profile, &c, log_x, log_scale_max, drop);
    return (struct fit_value){exp(log_x), lo <= -log_scale_max ? 0.0 : exp(lo),
                              hi >= log_scale_max ? INFINITY : exp(hi)};
}

struct dist rs_fit_dist(const struct fit_duration *fit, double cap_s)
{
    double scale = exp(fit->log_scale), shape = exp(fit->log_shape);
    struct dist d = {.kind = RS_DIST_EXPONENTIAL, .a = scale, .cap_s = cap_s};
    if (fit->law == RS_LAW_LOGNORMAL)
        d = (struct dist){
            .kind = RS_DIST_LOGNORMAL, .a = fit->log_scale, .b = shape, .cap_s = cap_s};
    else if (fit->law == RS_LAW_GAMMA)
        d = (struct dist){.kind = RS_DIST_GAMMA, .a = shape, .b = scale, .cap_s = cap_s};
    return d;
}
