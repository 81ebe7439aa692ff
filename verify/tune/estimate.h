/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A number of a setting with what is not ruled out. Shares, capped means and quantiles have intervals that hold at all numbers of
 * replicas at once, whatever stopped them (statistical): betting and beta mixtures (verify/stats_mean.h, stats_rate.h). Means without a
 * cap and rates have those of a normal law (asymptotic): their level is to be divided among the times at which they are looked at.
 */
#ifndef VERIFY_TUNE_ESTIMATE_H
#define VERIFY_TUNE_ESTIMATE_H

#include "numbers.h"
#include "store.h"
#include "verify/tune_result.h"

struct level {
    double end;    /* chance that an end of an interval is wrong, or a test */
    double n_look; /* normal laws are looked at so often: rounds */
};

/* Replicas that a number has in all of its strata. */
uint64_t rs_estimate_n(const struct store *s, const struct number *n, uint32_t setting);

/* In the unit that is told. */
struct tune_estimate
rs_estimate(const struct store *s, const struct number *n, uint32_t setting, struct level level);

/* Only the value, from what is known; NaN without. What was cut too early is left out. */
double rs_estimate_value(const struct store *s, const struct number *n, uint32_t setting);

/* Claims: how bad it is on average, 0..1, cut histories as bad ones; NaN without any. */
double rs_estimate_bad(const struct store *s, const struct number *n, uint32_t setting);

/* The two-sided interval of a sum of squares: half-width of the mean of n values, normal law. INFINITY for n < 2. */
double rs_normal_half_width(double sum_sq, uint64_t n, struct level level);

#endif
