/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "verify/stats.h"

#include <assert.h>
#include <math.h>

#include "beta.h"

/* x as a function of its logit; of 1 - x with the sign turned, each to full relative precision. */
static double logistic(double t)
{
    return t < 0.0 ? exp(t) / (1.0 + exp(t)) : 1.0 / (1.0 + exp(-t));
}

/*
 * The logit of the lower Clopper-Pearson bound: the largest t found with P(X >= n_hit | n_run, logistic(t)) <= alpha.
 * 0 < n_hit <= n_run. A NaN from the incomplete beta counts as "too far", so the bound can only become wider.
 */
static double low_logit(uint64_t n_hit, uint64_t n_run, double alpha)
{
    double a = (double)n_hit;
    double b = (double)(n_run - n_hit) + 1.0;
    double low = -745.0, high = 745.0;
    /* 70 halvings of 1490 leave less than one unit in the last place of t. */
    for (int i = 0; i < 70; i++) {
        double mid = 0.5 * (low + high);
        double tail = rs_beta_tails(a, b, logistic(mid), logistic(-mid)).lower;
        if (!isnan(tail) && tail <= alpha)
            low = mid;
        else
            high = mid;
    }
    return low;
}

static double low_bound(uint64_t n_hit, uint64_t n_run, double alpha)
{
    return n_hit == 0 ? 0.0 : logistic(low_logit(n_hit, n_run, alpha));
}

/* One minus the lower bound on misses; kept as a logit until the end so that no digit is lost. */
static double high_bound(uint64_t n_hit, uint64_t n_run, double alpha)
{
    return n_hit == n_run ? 1.0 : logistic(-low_logit(n_run - n_hit, n_run, alpha));
}

double rs_clopper_pearson_high(uint64_t n_hit, uint64_t n_run, double confidence)
{
    assert(n_hit <= n_run && confidence > 0.0 && confidence < 1.0);
    return high_bound(n_hit, n_run, 1.0 - confidence);
}

struct interval rs_clopper_pearson(uint64_t n_hit, uint64_t n_run, double confidence)
{
    assert(n_hit <= n_run && confidence > 0.0 && confidence < 1.0);
    double alpha = 0.5 * (1.0 - confidence);
    return (struct interval){low_bound(n_hit, n_run, alpha), high_bound(n_hit, n_run, alpha)};
}

/* The largest rank r in 0..n with P(N < r) <= alpha, where N, the values at or below the quantile, is binomial(n, q). */
static uint64_t rank_below(uint64_t n, double q, double alpha)
{
    uint64_t low = 0, high = n + 1; /* rank 0 always serves, rank n + 1 never */
    while (high - low > 1) {
        uint64_t mid = low + (high - low) / 2;
        double tail = rs_binomial_tails(mid - 1, n, q).lower;
        if (!isnan(tail) && tail <= alpha)
            low = mid;
        else
            high = mid;
    }
    return low;
}

/* The smallest rank r in 1..n+1 with P(N >= r) <= alpha. */
static uint64_t rank_above(uint64_t n, double q, double alpha)
{
    uint64_t low = 0, high = n + 1; /* rank n + 1 always serves */
    while (high - low > 1) {
        uint64_t mid = low + (high - low) / 2;
        double tail = rs_binomial_tails(mid - 1, n, q).upper;
        if (!isnan(tail) && tail <= alpha)
            high = mid;
        else
            low = mid;
    }
    return high;
}

struct rank_interval rs_quantile_ranks(uint64_t n, double q, double confidence)
{
    assert(q > 0.0 && q < 1.0 && confidence > 0.0 && confidence < 1.0);
    double alpha = 0.5 * (1.0 - confidence);
    return (struct rank_interval){
        .rank_low = n == 0 ? 0 : rank_below(n, q, alpha),
        .rank_high = n == 0 ? 1 : rank_above(n, q, alpha),
    };
}

double rs_dkw_half_width(uint64_t n, double confidence)
{
    assert(confidence > 0.0 && confidence < 1.0);
    if (n == 0)
        return 1.0;
    return fmin(1.0, sqrt(log(2.0 / (1.0 - confidence)) / (2.0 * (double)n)));
}

struct quantile_place rs_quantile_place(uint64_t n, double q)
{
    assert(n > 0 && q >= 0.0 && q <= 1.0);
    double at = q * (double)(n - 1);
    uint64_t i = (uint64_t)at;
    if (i + 1 >= n)
        return (struct quantile_place){n - 1, n - 1, 0.0};
    return (struct quantile_place){i, i + 1, at - (double)i};
}

double rs_quantile_between(double low, double high, double part)
{
    if (part == 0.0 || low == high) /* the second: two infinities have no difference */
        return low;
    return low + part * (high - low);
}

double rs_quantile_sorted(const double *x, size_t n, double q)
{
    struct quantile_place p = rs_quantile_place(n, q);
    return rs_quantile_between(x[p.low], x[p.high], p.part);
}
