/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sound statistics for verdicts. */
#ifndef VERIFY_STATS_H
#define VERIFY_STATS_H

#include <stddef.h>
#include <stdint.h>

struct interval {
    double low, high;
};

/*
 * Clopper-Pearson interval for a binomial proportion at a sample size fixed beforehand.
 *   n_hit, n_run  hits and trials, n_hit <= n_run; n_run = 0 gives [0, 1]
 *   confidence    two-sided coverage, 0 < confidence < 1 (0.95, not 95)
 * Bisection in logit(p) on an incomplete beta of our own (verify/beta.h): GSL's inverse (gsl_cdf_beta_Pinv) fails to converge
 * on realistic input, its forward function gives NaN from n = 1e7 on near p = 1/2. Every evaluation is checked for NaN, and
 * a NaN only widens the interval. Tested to n = 1e9.
 * Source: Clopper & Pearson, Biometrika 26 (1934) 404-413.
 */
struct interval rs_clopper_pearson(uint64_t n_hit, uint64_t n_run, double confidence);

/* The one-sided upper bound at `confidence`, 0..1; what a plan with a fixed number of replicas decides by. */
double rs_clopper_pearson_high(uint64_t n_hit, uint64_t n_run, double confidence);

/*
 * Distribution-free interval for the q-quantile from order statistics: ranks (1-based) of the sorted sample.
 * rank_low = 0 means -infinity, rank_high = n + 1 means +infinity. n >= 0, 0 < q < 1.
 * Source: David & Nagaraja, Order Statistics, 3rd ed. (2003), sec. 7.1.
 */
struct rank_interval {
    uint64_t rank_low, rank_high;
};
struct rank_interval rs_quantile_ranks(uint64_t n, double q, double confidence);

/* Half-width of the Dvoretzky-Kiefer-Wolfowitz-Massart band for a plotted ECDF of n points. */
double rs_dkw_half_width(uint64_t n, double confidence);

/*
 * Quantile of sorted values by linear interpolation (type 7); n > 0, 0 <= q <= 1; for display. It lies between two of the values,
 * counted from 0, a part of the way from the lower to the higher; part 0: it is the lower one.
 */
struct quantile_place {
    uint64_t low, high;
    double part;
};
struct quantile_place rs_quantile_place(uint64_t n, double q);
double rs_quantile_between(double low, double high, double part);
double rs_quantile_sorted(const double *x /* [n] */, size_t n, double q);

#endif
