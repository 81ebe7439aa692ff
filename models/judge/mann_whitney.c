/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mann_whitney.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>

#include <gsl/gsl_cdf.h>

/* What ranks of x among both samples come to. */
struct ranks {
    double sum;  /* of x, ties at the middle */
    double ties; /* sum of t^3 - t over the groups of t tied values */
};

/* Infinity less infinity is ranked highest, as the tool ranks what is no number. */
static double shifted(double x, double d)
{
    double v = x - d;
    return isnan(v) ? INFINITY : v;
}

/* Both samples are sorted, and stay so when one is shifted: ranks come by merging. */
static struct ranks rank(const struct two_samples *s, double d)
{
    struct ranks r = {0};
    int i = 0, k = 0;
    while (i < s->n_x || k < s->n_y) {
        double at = k == s->n_y   ? shifted(s->x[i], d)
                    : i == s->n_x ? s->y[k]
                                  : fmin(shifted(s->x[i], d), s->y[k]);
        int n_x = 0, n_y = 0, before = i + k;
        for (; i < s->n_x && shifted(s->x[i], d) == at; i++)
            n_x++;
        for (; k < s->n_y && s->y[k] == at; k++)
            n_y++;
        assert(n_x + n_y > 0);
        double t = n_x + n_y;
        r.sum += n_x * (before + (t + 1.0) / 2.0);
        r.ties += t * t * t - t;
    }
    return r;
}

double rs_shift_statistic(const struct two_samples *s, double d)
{
    double n_x = s->n_x, n_y = s->n_y, n = n_x + n_y;
    struct ranks r = rank(s, d);
    double above = r.sum - n_x * (n_x + 1.0) / 2.0 - n_x * n_y / 2.0;
    double correction = above > 0.0 ? 0.5 : above < 0.0 ? -0.5 : 0.0;
    double sd = sqrt(n_x * n_y / 12.0 * ((n + 1.0) - r.ties / (n * (n - 1.0))));
    return sd == 0.0 ? NAN : (above - correction) / sd;
}

/* The statistic less the quantile at which it is to be. */
struct level {
    const struct two_samples *s;
    double z;
    bool tied; /* it could not be told somewhere */
};

static double at(struct level *l, double d)
{
    double v = rs_shift_statistic(l->s, d);
    l->tied |= isnan(v);
    return v - l->z;
}

struct point {
    double x, f;
};

/*
 * The step that ZEROIN proposes from the best point b, given the one before (a) and the one on the other side of the zero (c):
 * the secant where only two points are known, else inverse quadratic interpolation; half of the interval where either leaves it
 * or shrinks too slowly.
 */
static double proposed(struct point a, struct point b, struct point c, double last, double tol)
{
    double half = (c.x - b.x) / 2.0, wide = c.x - b.x, p, q;
    if (!(fabs(last) >= tol && fabs(a.f) > fabs(b.f)))
        return half;
    double s = b.f / a.f;
    if (a.x == c.x) {
        p = wide * s;
        q = 1.0 - s;
    } else {
        double u = a.f / c.f, v = b.f / c.f;
        p = s * (wide * u * (u - v) - (b.x - a.x) * (v - 1.0));
        q = (u - 1.0) * (v - 1.0) * (s - 1.0);
    }
    if (p > 0.0)
        q = -q;
    p = fabs(p);
    bool stays = p < 0.75 * wide * q - fabs(tol * q) / 2.0, shrinks = p < fabs(last * q / 2.0);
    return stays && shrinks ? p / q : half;
}

/*
 * Brent's zero, as ZEROIN: Brent, Algorithms for Minimization Without Derivatives (1973), ch. 4; Forsythe, Malcolm & Moler, Computer
 * Methods for Mathematical Computations (1977), 7.2. What is sought is a step, not a zero: where it ends depends on the way
 * there, so the way is the tool's: the step before, not the one before that, is what a new one is held against.
 */
static double zero(struct level *l, struct point a, struct point b)
{
    struct point c = a;
    if (a.f == 0.0)
        return a.x;
    if (b.f == 0.0)
        return b.x;
    for (int i = 0; i <= 1000; i++) {
        double last = b.x - a.x;
        if (fabs(c.f) < fabs(b.f)) {
            a = b;
            b = c;
            c = a;
        }
        double tol = 2.0 * DBL_EPSILON * fabs(b.x) + RS_SHIFT_TOLERANCE / 2.0;
        if (fabs(c.x - b.x) / 2.0 <= tol || b.f == 0.0)
            return b.x;
        double step = proposed(a, b, c, last, tol);
        if (fabs(step) < tol)
            step = step > 0.0 ? tol : -tol;
        a = b;
        b.x += step;
        b.f = at(l, b.x);
        if ((b.f > 0.0 && c.f > 0.0) || (b.f < 0.0 && c.f < 0.0))
            c = a;
    }
    return b.x;
}

/* An end of the interval: where the statistic is z; the least or the greatest difference where it never is. */
static double end_at(struct level *l, double z, double least, double most)
{
    l->z = z;
    struct point a = {least, at(l, least)}, b = {most, at(l, most)};
    if (a.f <= 0.0)
        return least;
    return b.f >= 0.0 ? most : zero(l, a, b);
}

int rs_mann_whitney(const struct two_samples *s, double confidence, struct shift *out)
{
    assert(s->n_x > 0 && s->n_y > 0 && confidence > 0.0 && confidence < 1.0);
    struct level l = {.s = s};
    double least = s->x[0] - s->y[s->n_y - 1], most = s->x[s->n_x - 1] - s->y[0];
    double z = gsl_cdf_ugaussian_Pinv((1.0 - confidence) / 2.0);
    out->low = end_at(&l, -z, least, most);
    out->high = end_at(&l, z, least, most);
    l.z = 0.0;
    out->estimate =
        zero(&l, (struct point){least, at(&l, least)}, (struct point){most, at(&l, most)});
    return l.tied ? -1 : 0;
}

double rs_common_language(const struct two_samples *s)
{
    double m = s->n_x, n = s->n_y;
    return (2.0 * rank(s, 0.0).sum - m * (m + 1.0)) / (2.0 * n * m);
}
