/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What would decide a claim that is open: more replicas like these, or an end to those that were cut short. */
#include <math.h>

#include "tally.h"

#define N_MOST 1000000000u /* beyond that, "so many more replicas" helps nobody */

/* The watch's count at n samples, should its events go on to come at the present rate. */
static uint64_t scaled(const struct rate_watch *w, uint64_t n)
{
    double k = round((double)w->k / (double)w->n * (double)n);
    return k < (double)n ? (uint64_t)k : n;
}

static bool rate_decides_at(const struct rate_watch *w, uint64_t n)
{
    return rs_rate_watch_would_cross(w, scaled(w, n), n);
}

static bool mean_decides_at(const struct mean_watch *w, uint64_t n)
{
    return rs_mean_log_e_below(w, w->limit, (double)n / (double)w->n) >= w->log_need;
}

static bool decides_at(const struct tally *t, uint64_t n)
{
    if (t->claim->kind == RS_CLAIM_EXPECTATION)
        return mean_decides_at(&t->mean_below, n) || mean_decides_at(&t->mean_above, n);
    return rate_decides_at(&t->rate_holds, n) || rate_decides_at(&t->rate_broken, n);
}

/* The number of samples at which it is decided; 0 if not by N_MOST. */
static uint64_t size_needed(const struct tally *t)
{
    uint64_t low = t->n_applicable, high = low;
    while (!decides_at(t, high)) {
        if (high >= N_MOST)
            return 0;
        low = high;
        high = high > N_MOST / 2 ? N_MOST : 2 * high;
    }
    while (high - low > 1 + high / 1000) { /* "about so many": three digits are enough */
        uint64_t mid = low + (high - low) / 2;
        if (decides_at(t, mid))
            high = mid;
        else
            low = mid;
    }
    return high;
}

uint64_t rs_tally_more(const struct tally *t, uint64_t n_replica)
{
    if (t->n_applicable == 0)
        return 0;
    uint64_t n = size_needed(t);
    double more = (double)(n > t->n_applicable ? n - t->n_applicable : 0);
    double replicas = ceil(more * (double)n_replica / (double)t->n_applicable);
    return replicas > N_MOST ? 0 : (uint64_t)replicas;
}

bool rs_tally_is_open_by_cut(const struct tally *t)
{
    uint64_t n = t->n_applicable, n_open = t->n_undecided;
    if (n_open == 0)
        return false;
    if (t->claim->kind == RS_CLAIM_EXPECTATION) {
        /* Every open value was put where it hurts: 1 for the one, and so for the other. The best that it can be is 0. */
        struct mean_watch below = t->mean_below, above = t->mean_above;
        rs_mean_watch_forget(&below, n_open);
        rs_mean_watch_forget(&above, n_open);
        return rs_mean_log_e_below(&below, below.limit, 1.0) >= below.log_need ||
               rs_mean_log_e_below(&above, above.limit, 1.0) >= above.log_need;
    }
    return rs_rate_watch_would_cross(&t->rate_holds, t->rate_holds.k - n_open, n) ||
           rs_rate_watch_would_cross(&t->rate_broken, t->rate_broken.k - n_open, n);
}
