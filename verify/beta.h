/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The regularised incomplete beta function, forward only, and the binomial tails that are made of it. */
#ifndef VERIFY_BETA_H
#define VERIFY_BETA_H

#include <stdint.h>

/* Both tails, so that neither is had by taking the other from 1. */
struct beta_tails {
    double lower; /* I_x(a, b) = P(Beta(a, b) <= x) */
    double upper; /* 1 - I_x(a, b) */
};

/*
 *   a, b  > 0
 *   x, y  0 <= x <= 1, and y = 1 - x, given apart because near 1 the one does not give the other
 * Returns both tails in 0..1. Both are NaN when the continued fraction has not settled within 1000 + 20 sqrt(max(a, b))
 * steps; the tests go to a + b = 1e9. Relative error below 1e-9 there, below 1e-12 up to a + b = 1e6.
 * Source: continued fraction DLMF 8.17.22 by Lentz's method; factor in front by Loader, "Fast and accurate computation
 * of binomial probabilities" (2000), which loses no digits where lgamma differences do.
 */
struct beta_tails rs_beta_tails(double a, double b, double x, double y);

/* ln of x^a y^b / B(a, b), for 0 < x, y < 1. Finite wherever its logarithm is; no digits are lost near the mean. */
double rs_beta_log_density(double a, double b, double x, double y);

/*
 * ln of I_x(a, b) / (x^a y^b / B(a, b)): the lower tail in units of the density factor, which is what the e-process of a rate
 * is made of (verify/stats_rate.h). 0 < x, y < 1, y = 1 - x. Below the mean the factor cancels, so the result is right
 * where the tail itself is far below the smallest double. Absolute error below 1e-9 up to a + b = 1e9. NaN as above.
 */
double rs_beta_log_tail_ratio(double a, double b, double x, double y);

/* P(X <= k) and P(X > k) for X binomial(n, p); k >= 0. NaN as above. */
struct beta_tails rs_binomial_tails(uint64_t k, uint64_t n, double p);

#endif
