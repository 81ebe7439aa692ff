/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Evidence on the rate of an event that may be looked at after every trial: one-sided e-processes, the bounds that they
 * leave standing, and a two-sided confidence sequence. Stopping when one likes costs nothing of the confidence.
 *
 * An e-process against "the rate is at least r" is the likelihood of what was seen, averaged over the rates below r with a beta
 * prior that is cut off at r, over the likelihood at r. Were the rate r or more, each trial would multiply it by a factor
 * of mean 1 or less, so it ever reaches 1 / alpha with probability alpha at most (Ville's inequality).
 * Source: Robbins, Ann. Math. Statist. 41 (1970) 1397-1409 (mixtures); Ramdas, Gruenwald, Vovk & Shafer, Statist. Sci. 38 (2023)
 * 576-601 (e-processes). Everything is kept as logarithms.
 */
#ifndef VERIFY_STATS_RATE_H
#define VERIFY_STATS_RATE_H

#include <stdbool.h>

#include "verify/stats.h"

/* A rate and one minus it, given apart because near 1 the one does not give the other. */
struct rate {
    double p, q; /* p + q = 1 */
};

/* Parameters of the beta prior of the event's rate. */
struct rate_prior {
    double a, b; /* > 0 */
};

/*
 * The prior for a limit at `limit`, which may be 0 or 1: 1/2 on the side of the rarer of event and non-event, 1 / (2 rate) on
 * the other, so that the mass lies around the limit; 1/2 and 1/2 where neither is rarer than 1/4. The prior of
 * the non-event at the limit's complement is the same one turned round.
 */
struct rate_prior rs_rate_prior(struct rate limit);

/*
 * ln of the e-value against "the rate is at least `limit`", so large means that the rate is below it; and against "at most".
 *   k, n   events and trials, k <= n
 *   limit  0 < p < 1
 * NaN if the incomplete beta function does not settle (verify/beta.h). For fixed n the first falls and the second rises with k.
 */
double rs_rate_log_e_below(uint64_t k, uint64_t n, struct rate limit, struct rate_prior prior);
double rs_rate_log_e_above(uint64_t k, uint64_t n, struct rate limit, struct rate_prior prior);

/*
 * The rates that are not ruled out: low is the smallest whose e-value "above" stays under 1 / alpha with k_low events, high
 * the largest whose e-value "below" does with k_high. k_low <= k_high <= n: what is between may or may not be an event.
 * Each end holds with probability 1 - alpha over all n at once, both ends together with 1 - 2 alpha. With the prior of
 * a limit, the ends cross that limit exactly when the e-process of it is decided.
 */
struct interval
rs_rate_bounds(uint64_t k_low, uint64_t k_high, uint64_t n, struct rate_prior prior, double alpha);

/*
 * A two-sided confidence sequence for a rate that is compared with nothing: holds at all n at once with `confidence`.
 * Source: Robbins (1970): the likelihood averaged over Beta(1/2, 1/2), over the likelihood at p, stays below 1 / alpha.
 */
struct interval rs_rate_sequence(uint64_t k, uint64_t n, double confidence);

/*
 * Ranks (1-based) of a sorted sample between which the q-quantile lies: rs_quantile_ranks of verify/stats.h, but at all n at
 * once, each end with probability 1 - alpha. The values below the quantile come at a rate of at most q, those up to it
 * at a rate of at least q; an end is the last rank at which the e-process of the rate q would rule out the other side.
 */
struct rank_interval rs_rate_ranks(uint64_t n, struct rate q, double alpha);

/*
 * One direction of a test while trials come in: latched at the first n at which the e-value against "the rate is at least
 * the limit" reaches 1 / alpha. The incomplete beta function is not called for every trial: a non-event multiplies the e-value
 * by at most 1 / q and an event makes it smaller, so after each call it is known how many non-events cannot decide.
 */
struct rate_watch { /* a value: copy freely */
    struct rate limit;
    struct rate_prior prior;
    double log_need; /* ln(1 / alpha) */
    double gain;     /* -ln q: the most that a non-event can add to ln E */
    uint64_t k, n;
    double slack; /* at least so much of ln E is missing */
    bool crossed;
};

/*
 *   limit  p = 0: never crossed, no rate is below it; p = 1: crossed by the first non-event, which alone rules out 1
 *   alpha  0 <= alpha < 1; 0 is crossed only by that non-event
 * To watch for "the rate is above", count the non-events against the limit's complement.
 */
void rs_rate_watch_init(struct rate_watch *w, struct rate limit, double alpha);
/* Takes one trial. Returns whether the watch is crossed, now or before. */
bool rs_rate_watch_add(struct rate_watch *w, bool event);
/* Whether k events in n trials would do, whatever the order in which they came. */
bool rs_rate_watch_would_cross(const struct rate_watch *w, uint64_t k, uint64_t n);

#endif
