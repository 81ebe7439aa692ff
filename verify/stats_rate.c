/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stats_rate.h"

#include <assert.h>
#include <math.h>

#include "beta.h"

static struct rate turned(struct rate r)
{
    return (struct rate){.p = r.q, .q = r.p};
}

static struct rate_prior turned_prior(struct rate_prior p)
{
    return (struct rate_prior){.a = p.b, .b = p.a};
}

struct rate_prior rs_rate_prior(struct rate limit)
{
    const double rare = 0.25;
    if (limit.p > 0.0 && limit.p < rare)
        return (struct rate_prior){.a = 0.5, .b = 0.5 / limit.p};
    if (limit.q > 0.0 && limit.q < rare)
        return (struct rate_prior){.a = 0.5 / limit.q, .b = 0.5};
    return (struct rate_prior){.a = 0.5, .b = 0.5};
}

/*
 * With B(a, b) I_p(a, b) for the prior's mass below the limit, the e-value is
 *   I_p(a + k, b + n - k) B(a + k, b + n - k) / (I_p(a, b) B(a, b) p^k q^(n - k)),
 * which is a quotient of two tails in units of their densities: the powers of p and q cancel, and with them everything large.
 */
double rs_rate_log_e_below(uint64_t k, uint64_t n, struct rate limit, struct rate_prior prior)
{
    assert(k <= n && limit.p > 0.0 && limit.q > 0.0);
    double a = prior.a + (double)k, b = prior.b + (double)(n - k);
    return rs_beta_log_tail_ratio(a, b, limit.p, limit.q) -
           rs_beta_log_tail_ratio(prior.a, prior.b, limit.p, limit.q);
}

double rs_rate_log_e_above(uint64_t k, uint64_t n, struct rate limit, struct rate_prior prior)
{
    assert(k <= n);
    return rs_rate_log_e_below(n - k, n, turned(limit), turned_prior(prior));
}

/* ---- bounds ---------------------------------------------------------------------------------------------------------- */

static struct rate rate_of_logit(double t)
{
    double far = exp(-fabs(t));
    double small = far / (1.0 + far), large = 1.0 / (1.0 + far);
    return t < 0.0 ? (struct rate){.p = small, .q = large} : (struct rate){.p = large, .q = small};
}

/* What a rate must be for the data to rule it out from above. */
struct doubt {
    uint64_t k, n;
    struct rate_prior prior;
    double log_need;
    bool two_sided; /* the whole prior, not only its part below */
};

static bool is_ruled_out(const struct doubt *d, struct rate r)
{
    if (!d->two_sided)
        return rs_rate_log_e_below(d->k, d->n, r, d->prior) >= d->log_need;
    double a = d->prior.a + (double)d->k, b = d->prior.b + (double)(d->n - d->k);
    return rs_beta_log_density(d->prior.a, d->prior.b, r.p, r.q) -
               rs_beta_log_density(a, b, r.p, r.q) >=
           d->log_need;
}

/* The smallest rate above k / n that is ruled out, as a logit; from there on all are. A NaN rules nothing out. k < n. */
static double high_logit(const struct doubt *d)
{
    const double end = 700.0; /* exp(-700) is still a normal number */
    double low = d->k == 0 ? -end : log((double)d->k) - log((double)(d->n - d->k)), high = end;
    /* 64 halvings of 1400 come to the last place of the logit. */
    for (int i = 0; i < 64; i++) {
        double mid = 0.5 * (low + high);
        if (is_ruled_out(d, rate_of_logit(mid)))
            high = mid;
        else
            low = mid;
    }
    return high;
}

static double high_end(struct doubt d)
{
    return d.k >= d.n ? 1.0 : rate_of_logit(high_logit(&d)).p;
}

static double low_end(struct doubt d)
{
    d.k = d.n - d.k;
    d.prior = turned_prior(d.prior);
    return d.k >= d.n ? 0.0 : rate_of_logit(high_logit(&d)).q;
}

struct interval
rs_rate_bounds(uint64_t k_low, uint64_t k_high, uint64_t n, struct rate_prior prior, double alpha)
{
    assert(k_low <= k_high && k_high <= n && alpha >= 0.0 && alpha < 1.0);
    struct doubt d = {.n = n, .prior = prior, .log_need = -log(alpha)};
    d.k = k_low;
    double low = low_end(d);
    d.k = k_high;
    return (struct interval){low, high_end(d)};
}

struct interval rs_rate_sequence(uint64_t k, uint64_t n, double confidence)
{
    assert(k <= n && confidence > 0.0 && confidence < 1.0);
    struct doubt d = {
        .k = k, .n = n, .prior = {0.5, 0.5}, .log_need = -log1p(-confidence), .two_sided = true};
    return (struct interval){low_end(d), high_end(d)};
}

/* The most events in n trials that still rule out "the rate is at least r"; -1 = not even none. */
static int64_t most_below(uint64_t n, struct rate r, double log_need)
{
    struct rate_prior prior = rs_rate_prior(r);
    int64_t low = -1, high = (int64_t)n + 1;
    while (high - low > 1) {
        int64_t mid = low + (high - low) / 2;
        if (mid <= (int64_t)n && rs_rate_log_e_below((uint64_t)mid, n, r, prior) >= log_need)
            low = mid;
        else
            high = mid;
    }
    return low;
}

struct rank_interval rs_rate_ranks(uint64_t n, struct rate q, double alpha)
{
    assert(q.p > 0.0 && q.q > 0.0 && alpha >= 0.0 && alpha < 1.0);
    double log_need = -log(alpha);
    return (struct rank_interval){
        .rank_low = (uint64_t)(most_below(n, q, log_need) + 1),
        .rank_high = n - (uint64_t)(most_below(n, turned(q), log_need) + 1) + 1,
    };
}

/* ---- watching -------------------------------------------------------------------------------------------------------- */

void rs_rate_watch_init(struct rate_watch *w, struct rate limit, double alpha)
{
    assert(limit.p >= 0.0 && limit.q >= 0.0 && alpha >= 0.0 && alpha < 1.0);
    *w = (struct rate_watch){.limit = limit,
                             .prior = rs_rate_prior(limit),
                             .log_need = -log(alpha),
                             .gain = limit.p < 0.5 ? -log1p(-limit.p) : -log(limit.q)};
    w->slack = w->log_need; /* E is 1 before anything is seen */
}

/* ln E for any limit, 0 and 1 included. */
static double log_e(const struct rate_watch *w, uint64_t k, uint64_t n)
{
    if (!(w->limit.p > 0.0))
        return -(double)INFINITY;
    if (!(w->limit.q > 0.0))
        return k < n ? (double)INFINITY : 0.0;
    return rs_rate_log_e_below(k, n, w->limit, w->prior);
}

bool rs_rate_watch_would_cross(const struct rate_watch *w, uint64_t k, uint64_t n)
{
    return log_e(w, k, n) >= w->log_need;
}

bool rs_rate_watch_add(struct rate_watch *w, bool event)
{
    /* Evidence that hangs on the last digits is looked at too early rather than too late. */
    const double rounding = 1e-6;
    w->n++;
    w->k += event;
    if (w->crossed || event)
        return w->crossed;
    w->slack -= w->gain;
    if (w->slack > rounding)
        return false;
    double missing = w->log_need - log_e(w, w->k, w->n);
    w->crossed = missing <= 0.0;
    w->slack = isnan(missing) ? 0.0 : missing;
    return w->crossed;
}
