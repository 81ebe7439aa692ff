/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "estimate_parts.h"
#include "sim/arena.h"
#include "stats_rate.h"

/* ---- a mean over strata ---------------------------------------------------------------------------------------------- */

/*
 * The largest sum of w a h over sum of w a with each a in its interval: those with the largest h have the most of it. Where the
 * line between them lies is found by trying. order: by h, falling.
 */
static double
largest(const struct in_stratum *in, const double *h, const int *order, int n, double none)
{
    double best = -(double)INFINITY;
    for (int cut = 0; cut <= n; cut++) {
        double num = 0.0, den = 0.0;
        for (int i = 0; i < n; i++) {
            const struct in_stratum *s = &in[order[i]];
            double a = s->weight * (i < cut ? s->applies.high : s->applies.low);
            num += a * h[order[i]];
            den += a;
        }
        best = fmax(best, den > 0.0 ? num / den : none);
    }
    return best;
}

struct interval rs_weigh_strata(const struct in_stratum *in /* [n] */, int n)
{
    struct interval out = {0.0, 1.0};
    double *h = rs_xcalloc((size_t)n, sizeof *h);
    int *order = rs_xcalloc((size_t)n, sizeof *order);
    for (int side = 0; side < 2; side++) {
        for (int i = 0; i < n; i++) {
            h[i] = side ? in[i].mean.high : -in[i].mean.low;
            int at = i;
            for (; at > 0 && h[order[at - 1]] < h[i]; at--)
                order[at] = order[at - 1];
            order[at] = i;
        }
        double most = largest(in, h, order, n, side ? 1.0 : 0.0);
        *(side ? &out.high : &out.low) = side ? most : -most;
    }
    free(h);
    free(order);
    return out;
}

static const struct rate_prior even = {0.5, 0.5};

/* ---- quantiles ------------------------------------------------------------------------------------------------------- */

struct sorted { /* values of a stratum, rising; they differ where a history was cut */
    double *low, *high;
    uint64_t n, n_replica;
    struct interval applies; /* share of the histories that have one */
};

struct weighed {
    double value, weight;
};

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int by_weighed(const void *a, const void *b)
{
    const struct weighed *x = a, *y = b;
    return (x->value > y->value) - (x->value < y->value);
}

double rs_quantile_value(const struct store *s, const struct number *n, uint32_t setting)
{
    uint64_t n_replica = rs_estimate_n(s, n, setting);
    size_t n_value = 0;
    double all = 0.0, sum = 0.0, value = NAN;
    struct weighed *w = rs_xcalloc(n_replica * (size_t)n->n_stratum + 1, sizeof *w);
    for (int i = 0; i < n->n_stratum; i++) {
        for (uint64_t r = 0; r < n_replica; r++) {
            struct share_of x = rs_share_at(s, n, i, setting, r);
            if (!x.applies || x.low != x.high)
                continue;
            w[n_value++] = (struct weighed){x.low, n->weight[i]};
            all += n->weight[i];
        }
    }
    qsort(w, n_value, sizeof *w, by_weighed);
    for (size_t i = 0; i < n_value && isnan(value); i++) {
        sum += w[i].weight;
        if (sum >= n->q * all * (1.0 - 1e-12) || i + 1 == n_value)
            value = w[i].value;
    }
    free(w);
    return value;
}

static struct sorted
sorted_of(const struct store *s, const struct number *n, int i, uint32_t setting)
{
    struct sorted v = {.n_replica = rs_estimate_n(s, n, setting)};
    v.low = rs_xcalloc(v.n_replica + 1, sizeof *v.low);
    v.high = rs_xcalloc(v.n_replica + 1, sizeof *v.high);
    for (uint64_t r = 0; r < v.n_replica; r++) {
        struct share_of x = rs_share_at(s, n, i, setting, r);
        if (!x.applies)
            continue;
        v.low[v.n] = x.low;
        v.high[v.n++] = x.high;
    }
    qsort(v.low, v.n, sizeof *v.low, by_value);
    qsort(v.high, v.n, sizeof *v.high, by_value);
    return v;
}

static uint64_t n_up_to(const double *x, uint64_t n, double value, bool itself)
{
    uint64_t low = 0, high = n;
    while (low < high) {
        uint64_t mid = low + (high - low) / 2;
        if (itself ? x[mid] <= value : x[mid] < value)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/*
 * What is not ruled out of the share of values up to x (high: at least as large as the truth), or below x (low). A quantile is some
 * fixed x, so that the level is spent once, at it.
 */
static double
share_bound(const struct number *n, const struct sorted *v, double x, bool high, double alpha)
{
    struct in_stratum *in = rs_xcalloc((size_t)n->n_stratum, sizeof *in);
    for (int i = 0; i < n->n_stratum; i++) {
        uint64_t k =
            high ? n_up_to(v[i].low, v[i].n, x, true) : n_up_to(v[i].high, v[i].n, x, false);
        in[i] = (struct in_stratum){.weight = n->weight[i], .applies = v[i].applies};
        in[i].mean = rs_rate_bounds(k, k, v[i].n, even, alpha);
    }
    struct interval share = rs_weigh_strata(in, n->n_stratum);
    free(in);
    return high ? share.high : share.low;
}

/* All values of all strata, rising; the caller frees it. */
static double *all_values(const struct number *n, const struct sorted *v, bool low, uint64_t *out_n)
{
    uint64_t all = 0, at = 0;
    for (int i = 0; i < n->n_stratum; i++)
        all += v[i].n;
    double *x = rs_xcalloc(all + 1, sizeof *x);
    for (int i = 0; i < n->n_stratum; i++) {
        for (uint64_t k = 0; k < v[i].n; k++)
            x[at++] = low ? v[i].low[k] : v[i].high[k];
    }
    qsort(x, all, sizeof *x, by_value);
    *out_n = all;
    return x;
}

/*
 * Low: the first value at which the share may be q already; high: the last below which it may still be at most q. Shares change at values
 * only, so between them nothing else is to be looked at.
 */
static double end_of(const struct number *n, const struct sorted *v, bool low_end, double alpha)
{
    uint64_t n_value, low = 0, high;
    double *x = all_values(n, v, low_end, &n_value), end;
    high = n_value; /* the first value whose bound is past q */
    while (low < high) {
        uint64_t mid = low + (high - low) / 2;
        double share = share_bound(n, v, x[mid], low_end, alpha);
        if (low_end ? share >= n->q : share > n->q)
            high = mid;
        else
            low = mid + 1;
    }
    if (low_end)
        end = low == n_value || share_bound(n, v, -1.0, true, alpha) >= n->q ? 0.0 : x[low];
    else if (low < n_value) /* at the first value nothing is below, so it is never past q */
        end = x[low - 1];
    else if (n_value > 0 && share_bound(n, v, (double)INFINITY, false, alpha) > n->q)
        end = x[n_value - 1];
    else
        end = (double)INFINITY;
    free(x);
    return end;
}

struct interval
rs_quantile_bounds(const struct store *s, const struct number *n, uint32_t setting, double alpha)
{
    struct interval out = {0.0, (double)INFINITY};
    struct sorted *v = rs_xcalloc((size_t)n->n_stratum, sizeof *v);
    for (int i = 0; i < n->n_stratum; i++)
        v[i] = sorted_of(s, n, i, setting);
    if (n->n_stratum == 1) {
        struct rank_interval r =
            rs_rate_ranks(v[0].n, (struct rate){.p = n->q, .q = 1.0 - n->q}, alpha);
        if (r.rank_low > 0)
            out.low = v[0].low[r.rank_low - 1];
        if (r.rank_high <= v[0].n)
            out.high = v[0].high[r.rank_high - 1];
    } else {
        double each = alpha / (n->sure ? 1.0 : 3.0) / n->n_stratum;
        for (int i = 0; i < n->n_stratum; i++)
            v[i].applies = n->sure ? (struct interval){1.0, 1.0}
                                   : rs_rate_bounds(v[i].n, v[i].n, v[i].n_replica, even, each);
        out.low = end_of(n, v, true, each);
        out.high = end_of(n, v, false, each);
    }
    for (int i = 0; i < n->n_stratum; i++) {
        free(v[i].low);
        free(v[i].high);
    }
    free(v);
    return out;
}
