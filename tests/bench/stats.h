/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the benchmarks say of repeated measurements: smallest, median, largest; and how a cost grows. */
#ifndef TESTS_BENCH_STATS_H
#define TESTS_BENCH_STATS_H

struct spread {
    int n; /* measurements; 0 = none, the others are NaN */
    double min, median, max;
};

/* Of x[n], n >= 0, finite; sorts x. The median of an even number is the mean of the middle two. */
struct spread bench_spread(double *x, int n);

/* cost = factor * size^exponent, fitted by least squares to the logarithms. */
struct fit {
    double exponent;
    double error; /* standard error of the exponent; 0 with two points */
    double factor;
};

/* size[n], cost[n] > 0, n >= 2, not all sizes equal. Source: Draper & Smith, Applied Regression Analysis (1998), ch. 1. */
struct fit bench_fit(const double *size, const double *cost, int n);

#endif
