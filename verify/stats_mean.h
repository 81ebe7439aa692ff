/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Evidence on the mean of values in [0, 1] that may be looked at after every value, in flat memory.
 *
 * A bettor who thinks that the mean is below m stakes a fixed share theta on each value x: his capital is multiplied by
 * (1 - theta x) / (1 - theta m), whose mean is at most 1 if the mean of x is m or more, whatever the distribution. The
 * capital averaged over a grid of thetas is an e-process against "the mean is at least m". Since the numerator does not
 * know m, one sum of logarithms for each theta holds the capital for every m, and the bound is had without a grid of means.
 * Source: Waudby-Smith & Ramdas, "Estimating means of bounded random variables by betting", J. R. Statist. Soc. B 86 (2024)
 * 1-27, the strategy that averages over a grid of constant stakes.
 */
#ifndef VERIFY_STATS_MEAN_H
#define VERIFY_STATS_MEAN_H

#include <stdbool.h>
#include <stdint.h>

#define RS_MEAN_N_STAKE 32

/* One direction: that the mean is below the limit. For "above" hand in 1 - x and 1 - limit. */
struct mean_watch { /* a value: copy freely */
    double limit;
    double log_need;             /* ln(1 / alpha) */
    double sum[RS_MEAN_N_STAKE]; /* of ln(1 - theta x) */
    uint64_t n;
    bool crossed; /* latched at the first n at which the e-value of the limit reached 1 / alpha */
};

/* 0 <= limit <= 1; 0 <= alpha < 1. A limit of 0 is never crossed. */
void rs_mean_watch_init(struct mean_watch *w, double limit, double alpha);
/* Takes one value, 0 <= x <= 1. Returns whether the watch is crossed, now or before. */
bool rs_mean_watch_add(struct mean_watch *w, double x);

/*
 * ln of the e-value against "the mean is at least m", 0 <= m <= 1, should all that was seen be seen `times` times over: 1 for
 * the evidence itself, more for a forecast. Rises with m.
 */
double rs_mean_log_e_below(const struct mean_watch *w, double m, double times);

/* Turns n values of 1 that were added into values of 0. */
void rs_mean_watch_forget(struct mean_watch *w, uint64_t n);

/* The largest mean that is not ruled out: holds with probability 1 - alpha over all n at once. 1 without values. */
double rs_mean_bound(const struct mean_watch *w);

#endif
