/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fits of counts: ratios, rates, and what a fault adds to them. */
#include <gsl/gsl_cdf.h>
#include <math.h>

#include "fit.h"

struct fit_value rs_fit_ratio(struct fit_count c, double confidence)
{
    double n = fmax(c.n, c.k);
    struct interval i =
        rs_clopper_pearson((uint64_t)llround(c.k), (uint64_t)llround(n), confidence);
    return (struct fit_value){n > 0.0 ? c.k / n : 0.0, i.low, i.high};
}

/* ---- what is added ---- */

struct added {
    struct fit_count before, after, left;
    double exposed, failing, size, rest, room; /* room: the largest ratio, or rate, before */
    bool is_rate;
};

static double log_binomial(struct fit_count c, double p)
{
    double y = c.k > 0.0 ? c.k * log(fmax(p, 1e-300)) : 0.0;
    return y + (c.n - c.k > 0.0 ? (c.n - c.k) * log(fmax(1.0 - p, 1e-300)) : 0.0);
}

static double log_poisson(struct fit_count c, double per_s)
{
    return (c.k > 0.0 ? c.k * log(fmax(per_s, 1e-300)) : 0.0) - per_s * c.n;
}

static double of_base(const void *ctx, double base)
{
    const struct added *a = ctx;
    if (a->is_rate)
        return log_poisson(a->before, base) + log_poisson(a->after, base + a->size);
    double rest = (1.0 - a->failing) * a->rest;
    double p = base + rest + a->exposed * (1.0 - a->failing) * a->size * (1.0 - a->rest);
    double y = log_binomial(a->before, base) + log_binomial(a->after, fmin(p, 1.0));
    return a->left.n > 0.0 ? y + log_binomial(a->left, fmin(base + rest, 1.0)) : y;
}

static double of_rest(const void *ctx, double rest)
{
    struct added a = *(const struct added *)ctx;
    a.rest = rest;
    return of_base(&a, rs_fit_top(of_base, &a, 0.0, a.room, 1e-6));
}

static double of_size(const void *ctx, double size)
{
    struct added a = *(const struct added *)ctx;
    a.size = size;
    if (a.left.n > 0.0)
        return of_rest(&a, rs_fit_top(of_rest, &a, 0.0, 1.0, 1e-5));
    return of_base(&a, rs_fit_top(of_base, &a, 0.0, a.room, 1e-6));
}

static struct fit_value added(const struct added *a, double size_max, double confidence)
{
    double top = rs_fit_top(of_size, a, 0.0, size_max, 1e-7), drop = rs_fit_drop(confidence);
    return (struct fit_value){top, rs_fit_edge(of_size, a, top, 0.0, drop),
                              rs_fit_edge(of_size, a, top, size_max, drop)};
}

struct fit_value rs_fit_added_ratio(struct fit_count before,
                                    struct fit_count after,
                                    double exposed,
                                    double failing,
                                    double confidence)
{
    static const struct fit_rest none = {0};
    return rs_fit_added_beside(before, after, &none, exposed, failing, confidence);
}

struct fit_value rs_fit_added_beside(struct fit_count before,
                                     struct fit_count after,
                                     const struct fit_rest *rest,
                                     double exposed,
                                     double failing,
                                     double confidence)
{
    double most = (before.k + after.k + 10.0) / (fmin(before.n, after.n) + 1.0);
    struct added a = {.before = before,
                      .after = after,
                      .left = rest->left,
                      .exposed = exposed,
                      .failing = failing,
                      .rest = rest->assumed,
                      .room = fmin(most, 1.0)};
    return added(&a, 1.0, confidence);
}

struct fit_value
rs_fit_added_rate(struct fit_count before, struct fit_count after, double confidence)
{
    double most = 2.0 * (before.k + after.k + 10.0) / fmin(before.n, after.n);
    struct added a = {
        .before = before, .after = after, .exposed = 1.0, .room = most, .is_rate = true};
    return added(&a, 2.0 * (after.k + 10.0) / after.n, confidence);
}

/* ---- a factor ---- */

struct fit_value rs_fit_factor(const double *observed,
                               const double *expected,
                               int n,
                               double confidence,
                               double *out_dispersion)
{
    double sum = 0.0, of = 0.0, pearson = 0.0;
    for (int i = 0; i < n; i++) {
        sum += observed[i];
        of += expected[i];
    }
    double factor = sum / of;
    for (int i = 0; i < n && sum > 0.0; i++) {
        double fitted = factor * expected[i];
        pearson += fitted > 0.0 ? (observed[i] - fitted) * (observed[i] - fitted) / fitted : 0.0;
    }
    double dispersion = n > 1 ? fmax(1.0, pearson / (n - 1)) : 1.0;
    if (out_dispersion)
        *out_dispersion = dispersion;
    if (!(sum > 0.0)) /* none: Poisson's upper end, -log of the tail */
        return (struct fit_value){0.0, 0.0, -log(0.5 - 0.5 * confidence) / of};
    double t = n > 1 ? gsl_cdf_tdist_Pinv(0.5 + 0.5 * confidence, n - 1)
                     : gsl_cdf_ugaussian_Pinv(0.5 + 0.5 * confidence);
    double far = exp(t * sqrt(dispersion / sum));
    return (struct fit_value){factor, factor / far, factor * far};
}
