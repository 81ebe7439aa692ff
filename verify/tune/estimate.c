/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimate.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>

#include "estimate_parts.h"
#include "sim/arena.h"
#include "stats_mean.h"
#include "stats_rate.h"

uint64_t rs_estimate_n(const struct store *s, const struct number *n, uint32_t setting)
{
    uint64_t least = UINT64_MAX;
    for (int i = 0; i < n->n_stratum; i++) {
        uint64_t have = rs_store_n(s, n->stratum[i], setting);
        least = have < least ? have : least;
    }
    return least == UINT64_MAX ? 0 : least;
}

struct share_of rs_share_at(
    const struct store *s, const struct number *n, int i, uint32_t setting, uint64_t replica)
{
    int stratum = n->stratum[i];
    return rs_number_of(n, rs_store_row(s, stratum, rs_store_rows(s, stratum, setting)[replica]));
}

double rs_normal_half_width(double sum_sq, uint64_t n, struct level level)
{
    if (n < 2)
        return (double)INFINITY;
    double t = gsl_cdf_tdist_Qinv(level.end / level.n_look, (double)n - 1.0);
    return t * sqrt(sum_sq / ((double)n - 1.0) / (double)n);
}

/* ---- shares and capped means ----------------------------------------------------------------------------------------- */

/* Evidence on a mean of values in 0..1 that lie between low and high. */
struct mean_ends {
    struct mean_watch below, above;
};

static void mean_init(struct mean_ends *m, double alpha)
{
    /* Crossed from the start: nothing is compared with the limit, and only the bound is wanted. */
    rs_mean_watch_init(&m->below, 0.5, alpha);
    rs_mean_watch_init(&m->above, 0.5, alpha);
    m->below.crossed = m->above.crossed = true;
}

static void mean_add(struct mean_ends *m, double low, double high)
{
    rs_mean_watch_add(&m->below, fmin(high, 1.0));
    rs_mean_watch_add(&m->above, fmax(1.0 - low, 0.0));
}

static struct interval mean_bounds(const struct mean_ends *m)
{
    return (struct interval){1.0 - rs_mean_bound(&m->above), rs_mean_bound(&m->below)};
}

/* The mean over the histories of one stratum that the number speaks of, and how often it does. */
static struct in_stratum
one_stratum(const struct store *s, const struct number *n, int i, uint32_t setting, double alpha)
{
    static const struct rate_prior even = {0.5, 0.5};
    uint64_t n_replica = rs_estimate_n(s, n, setting), n_applies = 0, k_low = 0, k_high = 0;
    struct mean_ends mean;
    struct in_stratum in = {.weight = n->weight[i], .applies = {1.0, 1.0}};
    mean_init(&mean, alpha);
    for (uint64_t r = 0; r < n_replica; r++) {
        struct share_of x = rs_share_at(s, n, i, setting, r);
        if (!x.applies)
            continue;
        n_applies++;
        k_low += x.low > 0.0;
        k_high += x.high > 0.0;
        if (n->kind == RS_NUMBER_BOUNDED)
            mean_add(&mean, x.low, x.high);
    }
    in.n_applies = n_applies;
    if (n->kind == RS_NUMBER_BOUNDED)
        in.mean = mean_bounds(&mean);
    else
        in.mean = rs_rate_bounds(k_low, k_high, n_applies, even, alpha);
    if (!n->sure)
        in.applies = rs_rate_bounds(n_applies, n_applies, n_replica, even, alpha);
    return in;
}

static struct interval
all_strata(const struct store *s, const struct number *n, uint32_t setting, double alpha)
{
    struct mean_ends mean;
    uint64_t n_replica = rs_estimate_n(s, n, setting);
    if (n->n_stratum == 1)
        return one_stratum(s, n, 0, setting, alpha).mean;
    if (!n->sure) {
        struct in_stratum *in = rs_xcalloc((size_t)n->n_stratum, sizeof *in);
        for (int i = 0; i < n->n_stratum; i++)
            in[i] = one_stratum(s, n, i, setting, alpha / (3.0 * n->n_stratum));
        struct interval out = rs_weigh_strata(in, n->n_stratum);
        free(in);
        return out;
    }
    /* Replica r of all strata together is one draw of the weighted sum, whose mean is the population's. */
    mean_init(&mean, alpha);
    for (uint64_t r = 0; r < n_replica; r++) {
        double low = 0.0, high = 0.0;
        for (int i = 0; i < n->n_stratum; i++) {
            struct share_of x = rs_share_at(s, n, i, setting, r);
            low += n->weight[i] * x.low;
            high += n->weight[i] * x.high;
        }
        mean_add(&mean, low, high);
    }
    return mean_bounds(&mean);
}

/* ---- quotients of means ---------------------------------------------------------------------------------------------- */

struct sums {
    uint64_t n, n_known, n_zero;
    double num, den;
    double least, most; /* numerators that are not 0 */
};

static void add_up(const struct store *s,
                   const struct number *n,
                   uint32_t setting,
                   uint64_t replica,
                   double *num,
                   double *den,
                   uint64_t *n_known)
{
    *num = *den = 0.0;
    for (int i = 0; i < n->n_stratum; i++) {
        struct share_of x = rs_share_at(s, n, i, setting, replica);
        bool is_known = x.applies && (x.low == x.high);
        *n_known += is_known;
        *num += is_known ? n->weight[i] * x.low : 0.0;
        *den += is_known ? n->weight[i] * x.time : 0.0;
    }
}

static struct sums sums_of(const struct store *s, const struct number *n, uint32_t setting)
{
    struct sums all = {.n = rs_estimate_n(s, n, setting), .least = (double)INFINITY};
    for (uint64_t r = 0; r < all.n; r++) {
        double num, den;
        add_up(s, n, setting, r, &num, &den, &all.n_known);
        all.num += num;
        all.den += den;
        all.n_zero += num == 0.0;
        if (num != 0.0) {
            all.least = fmin(all.least, num);
            all.most = fmax(all.most, num);
        }
    }
    return all;
}

/*
 * A quotient of means: linearised (delta method), with Student's factor. Where nearly all numerators are 0 the normal law says too
 * little: then the share of those that are not has a bound of its own, and they may be as large as the largest that was seen.
 */
static struct interval quotient_bounds(const struct store *s,
                                       const struct number *n,
                                       uint32_t setting,
                                       const struct sums *all,
                                       struct level level)
{
    enum { FEW = 30 };
    double ratio = all->num / all->den, sq = 0.0, mean_den = all->den / (double)all->n;
    uint64_t seen = 0, n_event = all->n - all->n_zero;
    for (uint64_t r = 0; r < all->n; r++) {
        double num, den;
        add_up(s, n, setting, r, &num, &den, &seen);
        sq += (num - ratio * den) * (num - ratio * den);
    }
    double half = rs_normal_half_width(sq, all->n, level) / mean_den;
    struct interval out = {fmax(ratio - half, 0.0), ratio + half};
    if (n_event < FEW) {
        static const struct rate_prior even = {0.5, 0.5};
        struct interval share = rs_rate_bounds(n_event, n_event, all->n, even, level.end);
        double most = n_event > 0 ? all->most : 1.0;
        out.high = fmax(out.high, share.high * most / mean_den);
        out.low = n_event > 0 ? fmin(out.low, share.low * all->least / mean_den) : 0.0;
    }
    return out;
}

/* ---- all ------------------------------------------------------------------------------------------------------------- */

double rs_estimate_value(const struct store *s, const struct number *n, uint32_t setting)
{
    if (n->kind == RS_NUMBER_QUANTILE)
        return rs_quantile_value(s, n, setting);
    struct sums all = sums_of(s, n, setting);
    double scale = n->kind == RS_NUMBER_BOUNDED ? n->scale : 1.0;
    return all.den > 0.0 ? scale * (all.num / all.den) : NAN;
}

double rs_estimate_bad(const struct store *s, const struct number *n, uint32_t setting)
{
    double num = 0.0, den = 0.0;
    uint64_t n_replica = rs_estimate_n(s, n, setting);
    for (uint64_t r = 0; r < n_replica; r++) {
        for (int i = 0; i < n->n_stratum; i++) {
            double low, high;
            int stratum = n->stratum[i];
            const double *row = rs_store_row(s, stratum, rs_store_rows(s, stratum, setting)[r]);
            if (!rs_number_bad(n, row, &low, &high))
                continue;
            num += n->weight[i] * high;
            den += n->weight[i];
        }
    }
    return den > 0.0 ? num / den : NAN;
}

struct tune_estimate
rs_estimate(const struct store *s, const struct number *n, uint32_t setting, struct level level)
{
    struct sums all = sums_of(s, n, setting);
    struct tune_estimate e = {.n = all.n_known, .low = NAN, .high = NAN};
    struct interval in = {0.0, (double)INFINITY};
    e.value = rs_estimate_value(s, n, setting);
    switch (n->kind) {
    case RS_NUMBER_SHARE:
    case RS_NUMBER_BOUNDED:
        in = all_strata(s, n, setting, level.end);
        if (n->kind == RS_NUMBER_BOUNDED)
            in = (struct interval){n->scale * in.low, n->scale * in.high};
        break;
    case RS_NUMBER_FREE:
    case RS_NUMBER_RATE:
        if (all.den > 0.0 && isfinite(all.num))
            in = quotient_bounds(s, n, setting, &all, level);
        break;
    case RS_NUMBER_QUANTILE: in = rs_quantile_bounds(s, n, setting, level.end); break;
    }
    if (isnan(e.value) && all.n == 0)
        return e;
    e.low = in.low;
    e.high = in.high;
    return e;
}
