/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pair.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bet.h"
#include "estimate_parts.h"
#include "sim/arena.h"
#include "stats_mean.h"
#include "stats_rate.h"

static uint64_t common_n(const struct store *s, const struct number *n, struct pair p)
{
    uint64_t a = rs_estimate_n(s, n, p.a), b = rs_estimate_n(s, n, p.b);
    return a < b ? a : b;
}

/* The rows of both, stratum by stratum. */
struct both {
    const uint32_t *a, *b;
};

static struct both *both_of(const struct store *s, const struct number *n, struct pair p)
{
    struct both *rows = rs_xcalloc((size_t)n->n_stratum + 1, sizeof *rows);
    for (int i = 0; i < n->n_stratum; i++)
        rows[i] = (struct both){.a = rs_store_rows(s, n->stratum[i], p.a),
                                .b = rs_store_rows(s, n->stratum[i], p.b)};
    return rows;
}

/* A replica of one stratum: NULL where both have one row. */
struct rows {
    const double *a, *b;
};

static struct rows
rows_at(const struct store *s, int stratum, const struct both *both, uint64_t replica)
{
    uint32_t a = both->a[replica], b = both->b[replica];
    if (a == b)
        return (struct rows){NULL, NULL};
    return (struct rows){rs_store_row(s, stratum, a), rs_store_row(s, stratum, b)};
}

/* ---- what differs ---------------------------------------------------------------------------------------------------- */

struct gone_through {
    bool mixed;       /* there are histories that the number speaks of for one of them only */
    bool never_worse; /* a */
    uint64_t n, n_differ;
    double sum, sum_sq; /* of b - a, what was cut short counted against a */
};

/* b less a in one stratum, the worst for a. */
static double lead(struct gone_through *g, const struct number *n, struct rows r)
{
    struct share_of a = rs_number_of(n, r.a), b = rs_number_of(n, r.b);
    if (a.applies != b.applies)
        g->mixed = true;
    if (!a.applies || !b.applies)
        return 0.0;
    if (a.high > b.low || a.time < b.time)
        g->never_worse = false;
    return a.high == b.low ? 0.0 : b.low - a.high; /* two infinities are alike */
}

/* Differences of the weighted sums go to `each`, where they are not 0. */
static struct gone_through
go_through(const struct store *s, const struct number *n, struct pair p, struct bet *bet)
{
    struct gone_through g = {.never_worse = true, .n = common_n(s, n, p)};
    struct both *both = both_of(s, n, p);
    double last = 0.0; /* many are alike: of shares nearly all */
    uint64_t times = 0;
    for (uint64_t r = 0; r < g.n; r++) {
        double d = 0.0;
        for (int i = 0; i < n->n_stratum; i++) {
            struct rows row = rows_at(s, n->stratum[i], &both[i], r);
            if (row.a)
                d += n->weight[i] * lead(&g, n, row);
        }
        if (d == 0.0)
            continue;
        g.n_differ++;
        g.sum += d;
        g.sum_sq += d * d;
        if (bet && d != last) {
            rs_bet_add(bet, last, times);
            times = 0;
        }
        last = d;
        times++;
    }
    if (bet && times > 0)
        rs_bet_add(bet, last, times);
    g.never_worse = g.never_worse && !g.mixed;
    free(both);
    return g;
}

/* ---- tests ----------------------------------------------------------------------------------------------------------- */

/* Whatever a number is of, it is smaller where its interval ends before the other's begins. */
static bool
is_apart(const struct store *s, const struct number *n, struct pair p, struct level level)
{
    level.end *= 0.5;
    struct tune_estimate a = rs_estimate(s, n, p.a, level), b = rs_estimate(s, n, p.b, level);
    return a.high < b.low;
}

/*
 * ln(1 + x) <= x - 0.3 x^2 up to x = 1, so that no stake can have won more than 0.84 of the square of the differences' sum over the sum of
 * their squares. Saves the bet where it cannot be won.
 */
static bool is_worth_a_bet(const struct gone_through *g, double alpha)
{
    double z2 = g->sum_sq > 0.0 ? g->sum * g->sum / g->sum_sq : 0.0;
    return g->sum > 0.0 && z2 > -log(alpha);
}

static bool bet_says(const struct store *s, const struct number *n, struct pair p, double alpha)
{
    struct bet bet;
    rs_bet_init(&bet, 1.0);
    go_through(s, n, p, &bet);
    return rs_bet_is_won(&bet, alpha);
}

struct quotient {
    double num, den, ratio;
};

static void sum_at(
    const struct store *s, const struct number *n, uint32_t setting, uint64_t r, struct quotient *q)
{
    q->num = q->den = 0.0;
    for (int i = 0; i < n->n_stratum; i++) {
        struct share_of x = rs_share_at(s, n, i, setting, r);
        bool is_known = x.applies && (x.low == x.high);
        q->num += is_known ? n->weight[i] * x.low : 0.0;
        q->den += is_known ? n->weight[i] * x.time : 0.0;
    }
}

struct quotient_difference {
    double value; /* a less b; NaN where one of them is unknown or infinite */
    double half;
    double most;          /* the largest share that a replica had in one of them */
    uint64_t n, n_differ; /* in what is counted, not in how long */
};

/* Linearised: each replica's share in the difference of the two quotients. */
static struct quotient_difference
quotients(const struct store *s, const struct number *n, struct pair p, struct level level)
{
    struct quotient_difference out = {.n = common_n(s, n, p)};
    struct quotient a = {0}, b = {0}, x, y;
    double sq = 0.0;
    for (uint64_t r = 0; r < out.n; r++) {
        sum_at(s, n, p.a, r, &x);
        sum_at(s, n, p.b, r, &y);
        a.num += x.num;
        a.den += x.den;
        b.num += y.num;
        b.den += y.den;
    }
    a.ratio = a.den > 0.0 ? a.num / a.den : NAN;
    b.ratio = b.den > 0.0 ? b.num / b.den : NAN;
    out.value = a.ratio - b.ratio;
    if (!isfinite(out.value))
        return (struct quotient_difference){.value = NAN, .half = INFINITY, .n = out.n};
    for (uint64_t r = 0; r < out.n; r++) {
        sum_at(s, n, p.a, r, &x);
        sum_at(s, n, p.b, r, &y);
        double share = (x.num - a.ratio * x.den) * (double)out.n / a.den -
                       (y.num - b.ratio * y.den) * (double)out.n / b.den;
        out.n_differ += x.num != y.num;
        out.most =
            fmax(out.most, fmax(x.num * (double)out.n / a.den, y.num * (double)out.n / b.den));
        sq += share * share;
    }
    out.half = rs_normal_half_width(sq, out.n, level);
    return out;
}

/* Replicas that must differ before a normal law is asked. */
enum { FEW = 30 };

static bool
normal_law_says(const struct store *s, const struct number *n, struct pair p, struct level level)
{
    struct quotient_difference d = quotients(s, n, p, level);
    return d.n_differ >= FEW && d.value + d.half < 0.0;
}

struct pair_says
rs_pair_look(const struct store *s, const struct number *n, struct pair p, struct level level)
{
    struct gone_through g = go_through(s, n, p, NULL);
    struct pair_says says = {.never_worse = g.never_worse, .n_replica = g.n};
    if (g.n_differ == 0 && !g.mixed)
        return says;
    switch (n->kind) {
    case RS_NUMBER_SHARE:
    case RS_NUMBER_BOUNDED:
        if (g.mixed)
            says.a_better = is_apart(s, n, p, level);
        else
            says.a_better = is_worth_a_bet(&g, level.end) && bet_says(s, n, p, level.end);
        break;
    case RS_NUMBER_FREE:
    case RS_NUMBER_RATE:
        if (g.sum > 0.0 || g.mixed || n->kind == RS_NUMBER_RATE)
            says.a_better = normal_law_says(s, n, p, level);
        break;
    case RS_NUMBER_QUANTILE:
        if (rs_quantile_value(s, n, p.a) < rs_quantile_value(s, n, p.b))
            says.a_better = is_apart(s, n, p, level);
        break;
    }
    return says;
}

/* Was a bad, or worse, where b was not? */
static bool is_worse_in(const struct number *claim, struct rows row)
{
    double a_low, a_high, b_low, b_high;
    bool a = rs_number_bad(claim, row.a, &a_low, &a_high);
    bool b = rs_number_bad(claim, row.b, &b_low, &b_high);
    return a != b || (a && a_high > b_low);
}

bool rs_pair_keeps_as_well(const struct store *s, const struct number *claim, struct pair p)
{
    uint64_t n = common_n(s, claim, p);
    struct both *both = both_of(s, claim, p);
    bool as_well = true;
    for (uint64_t r = 0; r < n && as_well; r++) {
        for (int i = 0; i < claim->n_stratum && as_well; i++) {
            struct rows row = rows_at(s, claim->stratum[i], &both[i], r);
            as_well = !row.a || !is_worse_in(claim, row);
        }
    }
    free(both);
    return as_well;
}

bool rs_pair_is_same(const struct store *s, int n_stratum, struct pair p)
{
    for (int i = 0; i < n_stratum; i++) {
        uint64_t a = rs_store_n(s, i, p.a), b = rs_store_n(s, i, p.b);
        if (a != b || (a > 0 && memcmp(rs_store_rows(s, i, p.a), rs_store_rows(s, i, p.b),
                                       a * sizeof(uint32_t)) != 0))
            return false;
    }
    return true;
}

/* ---- the size of a difference ---------------------------------------------------------------------------------------- */

/* Of numbers that both settings have in the same histories, per history: differences lie in -1..1, and so their means. */
static struct interval mean_difference(
    const struct store *s, const struct number *n, struct pair p, double alpha, bool *mixed)
{
    static const struct rate_prior even = {0.5, 0.5};
    struct mean_watch up, down;
    uint64_t n_replica = common_n(s, n, p), n_applies = 0;
    rs_mean_watch_init(&up, 0.5, alpha);
    rs_mean_watch_init(&down, 0.5, alpha);
    up.crossed = down.crossed = true; /* only the bounds are wanted */
    *mixed = false;
    for (uint64_t r = 0; r < n_replica; r++) {
        double low = 0.0, high = 0.0;
        bool any = false;
        for (int i = 0; i < n->n_stratum; i++) {
            struct share_of a = rs_share_at(s, n, i, p.a, r), b = rs_share_at(s, n, i, p.b, r);
            *mixed = *mixed || a.applies != b.applies;
            if (!a.applies || !b.applies)
                continue;
            any = true;
            low += n->weight[i] * (a.low - b.high);
            high += n->weight[i] * (a.high - b.low);
        }
        if (n->n_stratum == 1 && !any)
            continue;
        n_applies++;
        rs_mean_watch_add(&up, fmin(fmax(0.5 * (1.0 + high), 0.0), 1.0));
        rs_mean_watch_add(&down, fmin(fmax(0.5 * (1.0 - low), 0.0), 1.0));
    }
    struct interval d = {1.0 - 2.0 * rs_mean_bound(&down), 2.0 * rs_mean_bound(&up) - 1.0};
    if (n->n_stratum == 1 || n->sure || n_applies == 0)
        return d;
    /* Of several strata: per history that the number speaks of, whose share has an interval of its own. */
    double least = 0.0, most = 0.0;
    for (int i = 0; i < n->n_stratum; i++) {
        uint64_t k = 0;
        for (uint64_t r = 0; r < n_replica; r++)
            k += rs_share_at(s, n, i, p.a, r).applies;
        struct interval share = rs_rate_bounds(k, k, n_replica, even, alpha / (2.0 * n->n_stratum));
        least += n->weight[i] * share.low;
        most += n->weight[i] * share.high;
    }
    d.low /= d.low < 0.0 ? least : most;
    d.high /= d.high > 0.0 ? least : most;
    return (struct interval){fmax(d.low, -1.0), fmin(d.high, 1.0)};
}

/*
 * Where few replicas differ the normal law says too little: the share of those that do has a bound of its own, and each may differ by
 * as much as the largest value that was seen.
 */
static struct interval quotient_ends(const struct quotient_difference *d, struct level level)
{
    static const struct rate_prior even = {0.5, 0.5};
    if (!isfinite(d->value))
        return (struct interval){-(double)INFINITY, (double)INFINITY};
    double half = d->half;
    if (d->n_differ < FEW)
        half = fmax(half,
                    d->most * rs_rate_bounds(d->n_differ, d->n_differ, d->n, even, level.end).high);
    return (struct interval){d->value - half, d->value + half};
}

static double less(double a, double b, double unknown)
{
    double d = a - b;
    return isnan(d) ? unknown : d;
}

static struct interval
ends_apart(const struct store *s, const struct number *n, struct pair p, struct level level)
{
    level.end *= 0.5;
    struct tune_estimate a = rs_estimate(s, n, p.a, level), b = rs_estimate(s, n, p.b, level);
    return (struct interval){less(a.low, b.high, -(double)INFINITY),
                             less(a.high, b.low, (double)INFINITY)};
}

struct tune_estimate
rs_pair_difference(const struct store *s, const struct number *n, struct pair p, struct level level)
{
    struct tune_estimate e = {.n = common_n(s, n, p), .low = NAN, .high = NAN};
    struct interval in;
    bool mixed = false;
    double a = rs_estimate_value(s, n, p.a), b = rs_estimate_value(s, n, p.b);
    e.value = a == b ? 0.0 : a - b;
    if (e.n == 0) {
        e.value = NAN;
        return e;
    }
    if (n->kind == RS_NUMBER_FREE || n->kind == RS_NUMBER_RATE) {
        struct quotient_difference d = quotients(s, n, p, level);
        in = quotient_ends(&d, level);
    } else if (n->kind == RS_NUMBER_QUANTILE) {
        in = ends_apart(s, n, p, level);
    } else {
        in = mean_difference(s, n, p, n->sure || n->n_stratum == 1 ? level.end : 0.5 * level.end,
                             &mixed);
        if (mixed)
            in = ends_apart(s, n, p, level);
        else if (n->kind == RS_NUMBER_BOUNDED)
            in = (struct interval){n->scale * in.low, n->scale * in.high};
    }
    e.low = in.low;
    e.high = in.high;
    return e;
}
