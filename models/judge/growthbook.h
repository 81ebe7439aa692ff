/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to models/judge: the statistics of GrowthBook's safe rollouts. */
#ifndef JUDGE_GROWTHBOOK_H
#define JUDGE_GROWTHBOOK_H

#include "models/judge_growthbook.h"

/* The mixing parameter for which the sequence is tightest about n_star observations. Waudby-Smith & al., eq. 161 (one-sided: 2 alpha). */
double rs_sequence_rho(double alpha, double n_star, bool two_sided);
/*
 * Half of the width of an asymptotic confidence sequence: it holds at all n at once. One-sided: the distance of its only end.
 *   variance  of the estimate, > 0;  n  observations that it rests on, > 0
 * Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas, Time-uniform central limit theory and asymptotic confidence sequences (2021),
 * arXiv 2103.06476v7, eq. 9 and its one-sided form.
 */
double
rs_sequence_halfwidth(double variance, double n, double alpha, double n_star, bool two_sided);

struct side_totals {
    double n, sum, squares;
};

enum metric_status {
    RS_METRIC_NEUTRAL,
    RS_METRIC_FAILS,  /* worse, and zero is outside */
    RS_METRIC_BETTER, /* two-sided only */
    RS_METRIC_TOO_FEW /* users, or the least sample, or no variance on a side: nothing is told */
};

struct metric_look {
    enum metric_status status;
    double difference, halfwidth; /* variation less control */
};
struct metric_look rs_growthbook_look(const struct growthbook_spec *spec,
                                      const struct growthbook_metric *m,
                                      const struct side_totals side[RS_SIDE_N]);

/* p-value of the chi-square test that the users were split as meant. 1 where there are none. */
double rs_sample_ratio_p(double control, double variation, double split);

#endif
