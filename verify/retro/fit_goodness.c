/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does a law of durations fit? Its statistic against those of data sets that it made itself. */
#include <math.h>
#include <stdlib.h>

#include "fit.h"
#include "sim/arena.h"
#include "sim/draw.h"

static int rising(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The middle of a span by probability. */
static double middle(const struct dist *law, const struct fit_span *span)
{
    struct fit_slab slab[RS_FIT_SLABS];
    int n = rs_fit_slabs(span, slab);
    double u = 0.0;
    for (int i = 0; i < n; i++)
        u += 0.5 * slab[i].part * (rs_dist_cdf(law, slab[i].lo_s) + rs_dist_cdf(law, slab[i].hi_s));
    return u;
}

/* Anderson & Darling, JASA 49 (1954) 765-769, of the middles by probability. */
static double a_squared(const struct fit_duration *fit, const struct fit_span *span, int n)
{
    struct dist law = rs_fit_dist(fit, INFINITY);
    double *u = rs_xcalloc((size_t)n + 1, sizeof(*u)), sum = 0.0;
    int m = 0;
    for (int i = 0; i < n; i++) {
        if (!isinf(span[i].hi_s))
            u[m++] = middle(&law, &span[i]);
    }
    qsort(u, (size_t)m, sizeof(*u), rising);
    for (int i = 0; i < m; i++) {
        double lo = fmin(fmax(u[i], 1e-12), 1.0 - 1e-12);
        double hi = fmin(fmax(u[m - 1 - i], 1e-12), 1.0 - 1e-12);
        sum += (2.0 * i + 1.0) * (log(lo) + log1p(-hi));
    }
    free(u);
    return -m - sum / m;
}

/* A duration as it would have been noted: within a span as wide as that one, or longer than where that one was cut. */
static struct fit_span noted(const struct fit_span *like, double x, struct stream *stream)
{
    struct fit_span s = {x, x, like->weight, 0.0};
    if (isinf(like->hi_s)) {
        if (x > like->lo_s)
            return *like;
        return s;
    }
    double width = like->hi_s - like->lo_s, phase = rs_stream_uniform(stream);
    bool sharp = like->best_s > like->lo_s && like->best_s < like->hi_s;
    if (sharp) { /* two ends, each with an error of its own */
        s.best_s = fmax(x + 0.5 * width * (phase + rs_stream_uniform(stream) - 1.0), 1e-6 * width);
        s.lo_s = s.best_s - 0.5 * width;
        s.hi_s = s.best_s + 0.5 * width;
        return s;
    }
    s.lo_s = fmax(0.0, x - phase * width);
    s.hi_s = s.lo_s + width;
    return s;
}

double rs_fit_duration_p(const struct fit_duration *fit,
                         const struct fit_span *span,
                         int n,
                         int n_draw,
                         uint64_t seed,
                         double *out_a2)
{
    struct dist law = rs_fit_dist(fit, INFINITY);
    double a2 = a_squared(fit, span, n);
    int n_more = 0, n_done = 0;
    if (out_a2)
        *out_a2 = fit->n_ended >= 3.0 ? a2 : (double)NAN;
    if (fit->n_ended < 3.0)
        return NAN;
    struct fit_span *drawn = rs_xcalloc((size_t)n, sizeof(*drawn));
    for (int k = 0; k < n_draw; k++) {
        struct stream s = rs_stream_open(seed, (uint64_t)k, rs_stream_hash("retro/goodness"));
        struct fit_duration again;
        for (int i = 0; i < n; i++) {
            double x = rs_dist_draw(&law, &s);
            drawn[i] = noted(&span[i], x, &s);
        }
        if (rs_fit_duration(&again, fit->law, drawn, n) != 0 || again.n_ended < 3.0)
            continue;
        n_done++;
        n_more += a_squared(&again, drawn, n) >= a2;
    }
    free(drawn);
    return (n_more + 1.0) / (n_done + 1.0);
}
