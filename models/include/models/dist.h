/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Distributions of durations (seconds): latencies, propagation, people's times. Values, built by the scenario reader. */
#ifndef MODELS_DIST_H
#define MODELS_DIST_H

#include <stdbool.h>

#include "sim/stream.h"

enum dist_kind {
    RS_DIST_CONSTANT,    /* a */
    RS_DIST_UNIFORM,     /* a..b */
    RS_DIST_EXPONENTIAL, /* mean a */
    RS_DIST_LOGNORMAL,   /* a = mu (log seconds), b = sigma */
    RS_DIST_GAMMA,       /* a = shape, b = scale (seconds) */
    RS_DIST_TRIANGULAR,  /* a = min, b = mode, c = max */
    RS_DIST_EMPIRICAL,   /* piecewise-linear CDF through x[i], p[i] */
    RS_DIST_MIXTURE      /* part[i] with weight p[i] */
};

struct dist {
    enum dist_kind kind;
    double a, b, c;  /* by kind, see above; seconds where they are times */
    double cap_s;    /* samples above are cut to it; INFINITY = no cap. Makes `sup` finite. */
    int n;           /* EMPIRICAL, MIXTURE: number of points or parts */
    const double *x; /* [n] EMPIRICAL: seconds, rising */
    const double
        *p; /* [n] EMPIRICAL: cumulative, rising, p[0] >= 0, p[n-1] = 1; MIXTURE: weights, sum 1 */
    const struct dist *part; /* [n] MIXTURE */
    bool placeholder;   /* the user's number is not known yet: verdicts that rest on it say so */
    const char *source; /* where the numbers come from, or NULL */
};

/* Median and another quantile to a lognormal: q in (0.5, 1), 0 < median_s < at_q_s. */
struct dist rs_dist_lognormal(double median_s, double q, double at_q_s);
struct dist rs_dist_constant(double s);

double rs_dist_draw(const struct dist *d, struct stream *s); /* seconds, >= 0, <= cap */
double rs_dist_cdf(const struct dist *d, double x_s);        /* P(X <= x), 0..1 */
double rs_dist_quantile(const struct dist *d,
                        double q);             /* seconds; 0 <= q <= 1; q = 1 may be INFINITY */
double rs_dist_mean(const struct dist *d);     /* seconds, cap included */
double rs_dist_variance(const struct dist *d); /* seconds^2, cap included */
double rs_dist_inf(const struct dist *d);      /* lower end of the support */
double rs_dist_sup(const struct dist *d);      /* upper end, INFINITY where there is none */

#endif
