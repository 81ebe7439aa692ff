/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two settings over the same replicas. All numbers are to be small; "better" is smaller. Replicas in which two settings have one row
 * say that they did the same, and cost nothing.
 */
#ifndef VERIFY_TUNE_PAIR_H
#define VERIFY_TUNE_PAIR_H

#include "estimate.h"

struct pair { /* settings */
    uint32_t a, b;
};

struct pair_says {
    bool a_better;      /* shown, at the level */
    bool never_worse;   /* in none of the replicas that both have was a worse than b */
    uint64_t n_replica; /* those */
};

/*
 * What the replicas say of a against b. Shares and capped means: a betting test of paired differences, at all times (statistical);
 * quantiles: intervals that do not meet (statistical); means without a cap and rates: Student's test of linearised paired differences
 * (asymptotic), which says nothing before 30 of them are not 0.
 */
struct pair_says
rs_pair_look(const struct store *s, const struct number *n, struct pair p, struct level level);

/* Claims: in none of the replicas was a bad, or worse, where b was not. */
bool rs_pair_keeps_as_well(const struct store *s, const struct number *claim, struct pair p);

/* Do the settings have the same rows everywhere, as far as both have any? */
bool rs_pair_is_same(const struct store *s, int n_stratum, struct pair p);

/* a less b, in the unit that is told; each end of the interval at the level. */
struct tune_estimate rs_pair_difference(const struct store *s,
                                        const struct number *n,
                                        struct pair p,
                                        struct level level);

#endif
