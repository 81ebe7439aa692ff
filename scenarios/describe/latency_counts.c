/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Buckets of latencies, fine and coarse, and quantiles out of them. */
#include "latency_counts.h"

#include <assert.h>
#include <math.h>

enum { FINE_BITS = 7, COARSE_BITS = 2, COARSE_FIRST = 10 };

static int octave_of(uint64_t v)
{
    return 63 - __builtin_clzll(v | 1);
}

int rs_latency_bucket(uint64_t ns)
{
    if (ns < 1U << FINE_BITS) {
        return (int)ns;
    }
    int octave = octave_of(ns), shift = octave - FINE_BITS;
    return ((shift + 1) << FINE_BITS) + (int)((ns >> shift) & ((1U << FINE_BITS) - 1));
}

/* The middle of a bucket, in seconds. */
static double fine_middle(int i)
{
    if (i < 1 << FINE_BITS) {
        return i * 1e-9;
    }
    int shift = (i >> FINE_BITS) - 1;
    double low = (double)((1 << FINE_BITS) + (i & ((1 << FINE_BITS) - 1)));
    return ldexp(low + (shift > 0 ? 0.5 : 0.0), shift) * 1e-9;
}

int rs_step_bucket(uint64_t ns)
{
    int octave = octave_of(ns);
    if (octave < COARSE_FIRST) {
        return 0;
    }
    int i = ((octave - COARSE_FIRST) << COARSE_BITS) + (int)((ns >> (octave - COARSE_BITS)) & 3);
    return i < RS_STEP_BUCKETS ? i : RS_STEP_BUCKETS - 1;
}

static double coarse_middle(int i)
{
    int octave = COARSE_FIRST + (i >> COARSE_BITS);
    return ldexp(4.0 + (i & 3) + 0.5, octave - COARSE_BITS) * 1e-9;
}

void rs_latency_count(struct latency_counts *l, double latency_s)
{
    l->count[rs_latency_bucket((uint64_t)(latency_s * 1e9 + 0.5))]++;
    l->min_s = l->n == 0 || latency_s < l->min_s ? latency_s : l->min_s;
    l->max_s = l->n == 0 || latency_s > l->max_s ? latency_s : l->max_s;
    l->sum_s += latency_s;
    l->n++;
}

/* Which in the order of size is meant, from 1. */
static uint64_t rank_of(double q, uint64_t n)
{
    double rank = ceil(q * (double)n);
    return rank < 1.0 ? 1 : rank > (double)n ? n : (uint64_t)rank;
}

double rs_latency_quantile(const struct latency_counts *l, double q)
{
    uint64_t seen = 0, rank = rank_of(q, l->n);
    if (l->n == 0) {
        return NAN;
    }
    for (int i = 0; i < RS_LATENCY_BUCKETS; i++) {
        seen += l->count[i];
        if (seen >= rank) {
            return fmin(fmax(fine_middle(i), l->min_s), l->max_s);
        }
    }
    assert(!"the buckets hold all of them");
    return NAN;
}

double rs_step_quantile(const struct request_step *s, double q)
{
    uint64_t n = 0, seen = 0;
    for (int i = 0; i < RS_STEP_BUCKETS; i++) {
        n += s->latency[i];
    }
    for (int i = 0; i < RS_STEP_BUCKETS && n > 0; i++) {
        seen += s->latency[i];
        if (seen >= rank_of(q, n)) {
            return coarse_middle(i);
        }
    }
    return NAN;
}

void rs_step_add(struct request_step *to, const struct request_step *from)
{
    to->n += from->n;
    to->n_5xx += from->n_5xx;
    to->n_told += from->n_told;
    for (int i = 0; i < RS_STEP_BUCKETS; i++) {
        uint64_t sum = (uint64_t)to->latency[i] + from->latency[i];
        to->latency[i] = sum > UINT32_MAX ? UINT32_MAX : (uint32_t)sum;
    }
}
