/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What estimates of shares, means and quantiles have in common. */
#ifndef VERIFY_TUNE_ESTIMATE_PARTS_H
#define VERIFY_TUNE_ESTIMATE_PARTS_H

#include "estimate.h"
#include "verify/stats.h"

/* A replica of a number's i-th stratum. */
struct share_of rs_share_at(
    const struct store *s, const struct number *n, int i, uint32_t setting, uint64_t replica);

struct in_stratum {
    double weight;
    struct interval applies; /* share of its histories that the number speaks of */
    struct interval mean;    /* over those */
    uint64_t n_applies;
};

/* The least and the largest that the mean over all can be, if each is where its interval says. */
struct interval rs_weigh_strata(const struct in_stratum *in /* [n] */, int n);

double rs_quantile_value(const struct store *s, const struct number *n, uint32_t setting);
struct interval
rs_quantile_bounds(const struct store *s, const struct number *n, uint32_t setting, double alpha);

#endif
