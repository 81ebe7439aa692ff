/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How likely a gate is to trip: exact tails, no normal approximation. A gate that reads a share trips when more than a limit
 * of the requests in its window are bad; given their number that is a binomial tail. A gate that reads a count trips on a
 * Poisson tail.
 */
#ifndef VERIFY_CHECK_GATE_LAW_H
#define VERIFY_CHECK_GATE_LAW_H

#include <stdbool.h>
#include <stdint.h>

#include "beta.h"

/*
 * The least count k of n with k / n > limit (strict) or >= limit; n + 1 where there is none. Limits are decimals: 2 % of 500 is
 * exactly 10, whatever the binary fraction makes of it.
 */
uint64_t rs_gate_least(uint64_t n, double limit, bool strict);

/* P(a share gate trips): more than `limit` of n requests are bad, each with probability p. 0..1; n = 0: 0. NaN never. */
double rs_gate_share(uint64_t n, double p, double limit, bool strict);

/* P(X <= k) and P(X > k) for X Poisson(mean), 0 <= mean < 1e9. Relative error below 1e-9. */
struct beta_tails rs_poisson_tails(uint64_t k, double mean);
/* P(a count gate trips): more than `limit` events. */
double rs_gate_count(double mean, double limit, bool strict);

/* P(at least one of n independent tries with probability p each). */
double rs_any_of(double n, double p);

/*
 * Looks of a watch. Those whose windows do not overlap are independent, so they alone give a lower bound of tripping at least
 * once; the sum over all is an upper bound. Where no windows overlap the lower one is exact.
 */
struct look_bounds {
    double n_apart; /* looks whose windows do not overlap */
    double low, high;
};
struct look_bounds rs_look_bounds(int n_look, double every_s, double window_s, double p_one);

/*
 * P(a run of at least `in_a_row` successes in n independent trials with probability p each), 0..1; n >= 0, in_a_row >= 1.
 * Source: Feller, An Introduction to Probability Theory and Its Applications I (3rd ed., 1968), XIII.7.
 */
double rs_run_of(int n, double p, int in_a_row);
/*
 * The same bounds for a gate that trips at in_a_row looks in a row; 1: rs_look_bounds itself. Exact where no windows overlap.
 * Where they do, looks help each other (each is true the more often the worse what it shares with others was: Harris' inequality),
 * so blocks of looks that are apart give the lower bound, and all places where a run may begin the upper one.
 */
struct look_bounds
rs_look_run_bounds(int n_look, double every_s, double window_s, double p_one, int in_a_row);

/* The least p with rs_gate_share(n, p, limit, strict) >= power, to 1e-9 of itself; NaN where not even p = 1 has it. */
double rs_gate_detectable(uint64_t n, double limit, bool strict, double power);
/*
 * The least n with which a share of p trips the gate with that probability, for that n and all that were tried above; 0 where
 * 1e9 are not enough (p is not above the limit).
 */
uint64_t rs_gate_needed(double p, double limit, bool strict, double power);

#endif
