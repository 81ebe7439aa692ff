/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/draw.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

#include "draw_gsl.h"
#include "draw_log_pmf.h"
#include "draw_poisson.h"

static const double TWO_PI = 6.283185307179586476925;
static const double X_MAX = 0x1p62; /* beyond it a double does not fit a whole number type */

double rs_draw_exponential(struct stream *s, double mean)
{
    /*
     * By inversion: one word a draw and rising in it, so that two scenarios stay comparable draw
     * by draw.
     */
    assert(mean >= 0);
    if (s->gsl) {
        return rs_gsl_exponential(s, mean);
    }
    return -mean * log(rs_stream_uniform_pos(s));
}

double rs_draw_normal(struct stream *s)
{
    /*
     * Box & Muller, Ann. Math. Statist. 29 (1958) 610-611; the sine's half is not kept, so a
     * draw has no memory.
     */
    if (s->gsl) {
        return rs_gsl_normal(s);
    }
    double radius = sqrt(-2 * log(rs_stream_uniform_pos(s)));
    return radius * cos(TWO_PI * rs_stream_uniform(s));
}

double rs_draw_gamma(struct stream *s, double shape, double scale)
{
    assert(shape > 0 && scale >= 0);
    if (s->gsl) {
        return rs_gsl_gamma(s, shape, scale);
    }
    if (shape < 1) {
        double boost = pow(rs_stream_uniform_pos(s), 1 / shape);
        return boost * rs_draw_gamma(s, shape + 1, scale);
    }
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = rs_draw_normal(s);
        double v = 1 + c * x;
        double u = rs_stream_uniform_pos(s);
        if (v <= 0) {
            continue;
        }
        v = v * v * v;
        if (log(u) < 0.5 * x * x + d - d * v + d * log(v)) {
            return d * v * scale;
        }
    }
}

struct poisson rs_poisson_prepare(double mean)
{
    assert(mean >= 0 && mean <= 1e15);
    struct poisson p = {.mean = mean};
    if (mean < 10) {
        p.p0 = exp(-mean);
        return p;
    }
    /*
     * Hoermann, "The transformed rejection method for generating Poisson random variables",
     * Insurance: Mathematics and Economics 12 (1993) 39-45, algorithm PTRS.
     */
    p.b = 0.931 + 2.53 * sqrt(mean);
    p.a = -0.059 + 0.02483 * p.b;
    p.inv_alpha = 1.1239 + 1.1328 / (p.b - 3.4);
    p.v_r = 0.9277 - 3.6224 / (p.b - 2);
    return p;
}

uint64_t rs_poisson_by_inversion(double mean, double p0, double u, struct stream *s)
{
    for (;;) {
        double term = p0;
        /*
         * P(count > 127) < 1e-91 here: past it only the rounding of the sum is left, so try
         * again.
         */
        for (int k = 0; k < 128; k++) {
            if (u < term) {
                return (uint64_t)k;
            }
            u -= term;
            term *= mean / (k + 1);
        }
        u = rs_stream_uniform(s);
    }
}

/* Whether log(x) <= log P(count = k), k >= 0 a whole number; one logarithm for both sides. */
static bool below_poisson(double x, double k, double mean)
{
    if (k == 0) {
        return log(x) <= -mean;
    }
    return log(x * sqrt(TWO_PI * k)) <= -rs_stirling_error(k) - rs_deviance(k, mean);
}

static uint64_t draw_by_rejection(const struct poisson *p, struct stream *s)
{
    for (;;) {
        double u = rs_stream_uniform(s) - 0.5, v = rs_stream_uniform_pos(s);
        double us = 0.5 - fabs(u);
        double x = (2 * p->a / us + p->b) * u + p->mean + 0.43;
        if (!(x >= 0 && x < X_MAX)) {
            continue;
        }
        double k = (double)(int64_t)x;
        if (us >= 0.07 && v <= p->v_r) {
            return (uint64_t)k;
        }
        if (us < 0.013 && v > us) {
            continue;
        }
        if (below_poisson(v * p->inv_alpha / (p->a / (us * us) + p->b), k, p->mean)) {
            return (uint64_t)k;
        }
    }
}

uint64_t rs_poisson_draw(const struct poisson *p, struct stream *s)
{
    if (p->mean == 0) {
        return 0;
    }
    if (s->gsl) {
        return rs_gsl_poisson(s, p->mean);
    }
    return p->mean < 10 ? rs_poisson_by_inversion(p->mean, p->p0, rs_stream_uniform(s), s)
                        : draw_by_rejection(p, s);
}

uint64_t rs_draw_poisson(struct stream *s, double mean)
{
    if (mean > 0 && mean < 1 && !s->gsl) {
        double u = rs_stream_uniform(s);
        /*
         * exp(-mean) > 1 - mean, by more than rounding with the margin: most draws of a small
         * mean need no exp.
         */
        return u < 1 - mean - 0x1p-50 ? 0 : rs_poisson_by_inversion(mean, exp(-mean), u, s);
    }
    struct poisson p = rs_poisson_prepare(mean);
    return rs_poisson_draw(&p, s);
}
