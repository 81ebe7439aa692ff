/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/dist.h"

#include <assert.h>
#include <math.h>

#include <gsl/gsl_cdf.h>

#include "sim/draw.h"

struct dist rs_dist_lognormal(double median_s, double q, double at_q_s)
{
    assert(q > 0.5 && q < 1.0 && median_s > 0.0 && at_q_s > median_s);
    return (struct dist){.kind = RS_DIST_LOGNORMAL,
                         .a = log(median_s),
                         .b = (log(at_q_s) - log(median_s)) / gsl_cdf_ugaussian_Pinv(q),
                         .cap_s = INFINITY};
}

struct dist rs_dist_constant(double s)
{
    return (struct dist){.kind = RS_DIST_CONSTANT, .a = s, .cap_s = INFINITY};
}

/* ---- quantiles ---- */

static double triangular_quantile(const struct dist *d, double q)
{
    double width = d->c - d->a, rise = d->b - d->a, fall = d->c - d->b;
    if (width <= 0.0)
        return d->a;
    if (q * width < rise)
        return d->a + sqrt(q * width * rise);
    return d->c - sqrt((1.0 - q) * width * fall);
}

static double empirical_quantile(const struct dist *d, double q)
{
    assert(d->n > 0);
    int i = 0, high = d->n - 1; /* the first point with p >= q, or the last one */
    while (i < high) {
        int mid = i + (high - i) / 2;
        if (d->p[mid] < q)
            i = mid + 1;
        else
            high = mid;
    }
    if (i == 0 || d->p[i] <= d->p[i - 1])
        return d->x[i];
    double along = (q - d->p[i - 1]) / (d->p[i] - d->p[i - 1]);
    return d->x[i - 1] + (along < 1.0 ? along : 1.0) * (d->x[i] - d->x[i - 1]);
}

/* The smallest x with CDF(x) >= q, by bisection between the parts' own quantiles. */
static double mixture_quantile(const struct dist *d, double q)
{
    double low = INFINITY, high = 0.0;
    for (int i = 0; i < d->n; i++) {
        if (d->p[i] <= 0.0)
            continue;
        double x = rs_dist_quantile(&d->part[i], q);
        low = x < low ? x : low;
        high = x > high ? x : high;
    }
    if (q >= 1.0 || low >= high)
        return high;
    for (int i = 0; i < 200; i++) {
        double mid = low + 0.5 * (high - low);
        if (mid <= low || mid >= high)
            break;
        if (rs_dist_cdf(d, mid) >= q)
            high = mid;
        else
            low = mid;
    }
    return high;
}

static double raw_quantile(const struct dist *d, double q)
{
    switch (d->kind) {
    case RS_DIST_CONSTANT: return d->a;
    case RS_DIST_UNIFORM: return d->a + q * (d->b - d->a);
    case RS_DIST_EXPONENTIAL: return d->a > 0.0 ? -d->a * log1p(-q) : 0.0;
    case RS_DIST_LOGNORMAL:
        if (d->b <= 0.0)
            return exp(d->a);
        return q <= 0.0 ? 0.0 : q >= 1.0 ? INFINITY : exp(d->a + d->b * gsl_cdf_ugaussian_Pinv(q));
    case RS_DIST_GAMMA: return q >= 1.0 ? INFINITY : gsl_cdf_gamma_Pinv(q, d->a, d->b);
    case RS_DIST_TRIANGULAR: return triangular_quantile(d, q);
    case RS_DIST_EMPIRICAL: return empirical_quantile(d, q);
    case RS_DIST_MIXTURE: return mixture_quantile(d, q);
    }
    assert(!"kind of distribution");
    return NAN;
}

/* Durations are never negative, whatever the parameters say, and never above the cap. */
static double clamp(const struct dist *d, double x_s)
{
    x_s = x_s > 0.0 ? x_s : 0.0;
    return x_s < d->cap_s ? x_s : d->cap_s;
}

double rs_dist_quantile(const struct dist *d, double q)
{
    assert(q >= 0.0 && q <= 1.0);
    if (q <= 0.0)
        return rs_dist_inf(d);
    return clamp(d, raw_quantile(d, q));
}

double rs_dist_inf(const struct dist *d)
{
    if (d->kind == RS_DIST_MIXTURE) {
        double low = INFINITY;
        for (int i = 0; i < d->n; i++) {
            if (d->p[i] > 0.0)
                low = fmin(low, rs_dist_inf(&d->part[i]));
        }
        return clamp(d, low);
    }
    return clamp(d, raw_quantile(d, 0.0));
}

double rs_dist_sup(const struct dist *d)
{
    return clamp(d, raw_quantile(d, 1.0));
}

/* ---- distribution function ---- */

static double triangular_cdf(const struct dist *d, double x)
{
    double width = d->c - d->a;
    if (x < d->a)
        return 0.0;
    if (x >= d->c)
        return 1.0;
    if (x < d->b)
        return (x - d->a) * (x - d->a) / (width * (d->b - d->a));
    return 1.0 - (d->c - x) * (d->c - x) / (width * (d->c - d->b));
}

static double empirical_cdf(const struct dist *d, double x)
{
    if (x < d->x[0])
        return 0.0;
    if (x >= d->x[d->n - 1])
        return 1.0;
    int low = 0, high = d->n - 1; /* x[low] <= x < x[high] */
    while (high - low > 1) {
        int mid = low + (high - low) / 2;
        if (d->x[mid] <= x)
            low = mid;
        else
            high = mid;
    }
    return d->p[low] + (d->p[high] - d->p[low]) * (x - d->x[low]) / (d->x[high] - d->x[low]);
}

static double mixture_cdf(const struct dist *d, double x)
{
    double sum = 0.0;
    for (int i = 0; i < d->n; i++)
        sum += d->p[i] * rs_dist_cdf(&d->part[i], x);
    return sum < 1.0 ? sum : 1.0;
}

/* P(X <= x) before the cap; x >= 0. */
static double raw_cdf(const struct dist *d, double x)
{
    switch (d->kind) {
    case RS_DIST_CONSTANT: return x >= d->a ? 1.0 : 0.0;
    case RS_DIST_UNIFORM: return x >= d->b ? 1.0 : x < d->a ? 0.0 : (x - d->a) / (d->b - d->a);
    case RS_DIST_EXPONENTIAL: return d->a > 0.0 ? -expm1(-x / d->a) : 1.0;
    case RS_DIST_LOGNORMAL:
        if (d->b <= 0.0)
            return x >= exp(d->a) ? 1.0 : 0.0;
        return x > 0.0 ? gsl_cdf_ugaussian_P((log(x) - d->a) / d->b) : 0.0;
    case RS_DIST_GAMMA: return gsl_cdf_gamma_P(x, d->a, d->b);
    case RS_DIST_TRIANGULAR: return triangular_cdf(d, x);
    case RS_DIST_EMPIRICAL: return empirical_cdf(d, x);
    case RS_DIST_MIXTURE: return mixture_cdf(d, x);
    }
    assert(!"kind of distribution");
    return NAN;
}

double rs_dist_cdf(const struct dist *d, double x_s)
{
    assert(!isnan(x_s));
    if (x_s < 0.0)
        return 0.0;
    return x_s >= d->cap_s ? 1.0 : raw_cdf(d, x_s);
}

/* ---- moments ---- */

/*
 * E[min(X, cap)^k] = inf^k + integral of k x^(k-1) P(X > x) over the support, piece by piece. P(X > x) is a polynomial of
 * degree 2 at most on each piece here, so three Gauss-Legendre points are exact.
 */
static double
piecewise_moment(const struct dist *d, int k, double cap, int n_knot, const double *knot)
{
    static const double node[3] = {-0.7745966692414834, 0.0, 0.7745966692414834};
    static const double weight[3] = {5.0 / 9.0, 8.0 / 9.0, 5.0 / 9.0};
    double first = fmax(0.0, fmin(knot[0], cap)), sum = k == 1 ? first : first * first;
    for (int i = 0; i + 1 < n_knot; i++) {
        double low = fmax(0.0, fmin(knot[i], cap)), high = fmax(0.0, fmin(knot[i + 1], cap));
        double half = 0.5 * (high - low), mid = 0.5 * (high + low);
        for (int j = 0; j < 3 && half > 0.0; j++) {
            double x = mid + half * node[j];
            sum += half * weight[j] * (1.0 - raw_cdf(d, x)) * (k == 1 ? 1.0 : 2.0 * x);
        }
    }
    return sum;
}

static double exponential_moment(double mean, int k, double cap)
{
    if (mean <= 0.0)
        return 0.0;
    double x = cap / mean, rest = exp(-x);
    if (k == 1)
        return mean * (1.0 - rest);
    return 2.0 * mean * mean * (1.0 - (isinf(x) ? 0.0 : rest * (1.0 + x)));
}

static double lognormal_moment(const struct dist *d, int k, double cap)
{
    if (d->b <= 0.0)
        return pow(fmin(exp(d->a), cap), k);
    double whole = exp(k * d->a + 0.5 * k * k * d->b * d->b);
    if (isinf(cap))
        return whole;
    if (cap <= 0.0)
        return 0.0;
    double z = (log(cap) - d->a) / d->b;
    return whole * gsl_cdf_ugaussian_P(z - k * d->b) + pow(cap, k) * gsl_cdf_ugaussian_Q(z);
}

static double gamma_moment(const struct dist *d, int k, double cap)
{
    double whole = k == 1 ? d->a * d->b : d->a * (d->a + 1.0) * d->b * d->b;
    if (isinf(cap))
        return whole;
    return whole * gsl_cdf_gamma_P(cap, d->a + k, d->b) +
           pow(cap, k) * gsl_cdf_gamma_Q(cap, d->a, d->b);
}

/* E[min(X, cap)^k], k = 1 or 2. */
static double moment(const struct dist *d, int k, double cap)
{
    cap = fmin(cap, d->cap_s);
    switch (d->kind) {
    case RS_DIST_CONSTANT: return pow(fmax(0.0, fmin(d->a, cap)), k);
    case RS_DIST_UNIFORM: return piecewise_moment(d, k, cap, 2, (double[]){d->a, d->b});
    case RS_DIST_EXPONENTIAL: return exponential_moment(d->a, k, cap);
    case RS_DIST_LOGNORMAL: return lognormal_moment(d, k, cap);
    case RS_DIST_GAMMA: return gamma_moment(d, k, cap);
    case RS_DIST_TRIANGULAR: return piecewise_moment(d, k, cap, 3, (double[]){d->a, d->b, d->c});
    case RS_DIST_EMPIRICAL: return piecewise_moment(d, k, cap, d->n, d->x);
    case RS_DIST_MIXTURE: {
        double sum = 0.0;
        for (int i = 0; i < d->n; i++)
            sum += d->p[i] * moment(&d->part[i], k, cap);
        return sum;
    }
    }
    assert(!"kind of distribution");
    return NAN;
}

double rs_dist_mean(const struct dist *d)
{
    return moment(d, 1, INFINITY);
}

double rs_dist_variance(const struct dist *d)
{
    double mean = moment(d, 1, INFINITY), square = moment(d, 2, INFINITY);
    return square > mean * mean ? square - mean * mean : 0.0;
}

/* ---- draws ---- */

static const struct dist *draw_part(const struct dist *d, struct stream *s)
{
    double u = rs_stream_uniform(s);
    int last = 0;
    for (int i = 0; i < d->n; i++) {
        if (d->p[i] <= 0.0)
            continue;
        last = i;
        if (u < d->p[i])
            break;
        u -= d->p[i];
    }
    return &d->part[last];
}

double rs_dist_draw(const struct dist *d, struct stream *s)
{
    switch (d->kind) {
    case RS_DIST_CONSTANT: return clamp(d, d->a);
    case RS_DIST_EXPONENTIAL: return clamp(d, rs_draw_exponential(s, d->a));
    case RS_DIST_LOGNORMAL: return clamp(d, exp(d->a + d->b * rs_draw_normal(s)));
    case RS_DIST_GAMMA: return clamp(d, rs_draw_gamma(s, d->a, d->b));
    case RS_DIST_UNIFORM:
    case RS_DIST_TRIANGULAR:
    case RS_DIST_EMPIRICAL: return clamp(d, raw_quantile(d, rs_stream_uniform(s)));
    case RS_DIST_MIXTURE: return clamp(d, rs_dist_draw(draw_part(d, s), s));
    }
    assert(!"kind of distribution");
    return NAN;
}
