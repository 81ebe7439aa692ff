/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tally.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"

#define N_MOST 1000000000u /* beyond that, "so many more replicas" helps nobody */

void rs_tally_init(struct tally *t, const struct claim *c)
{
    *t = (struct tally){.claim = c, .worst = NAN};
}

void rs_tally_clear(struct tally *t)
{
    free(t->value);
    *t = (struct tally){.claim = t->claim, .worst = NAN};
}

static void keep_value(struct tally *t, double v)
{
    if (t->n_value == t->cap_value) {
        t->cap_value = t->cap_value ? 2 * t->cap_value : 256;
        t->value = rs_xrealloc(t->value, t->cap_value * sizeof *t->value);
    }
    t->value[t->n_value++] = v;
}

static bool large_is_bad(const struct claim *c)
{
    return c->kind == RS_CLAIM_PROBABILITY ? !c->at_most : c->at_most;
}

static void note_worst(struct tally *t, const struct history *h, double v)
{
    bool worse = large_is_bad(t->claim) ? v > t->worst : v < t->worst;
    if (!isnan(t->worst) && !worse)
        return;
    t->worst = v;
    t->worst_replica = h->replica;
    t->worst_fault = h->fault;
}

static void note_event(struct tally *t, const struct history *h, bool happened)
{
    if (t->has_break || happened != t->claim->at_most)
        return;
    t->has_break = true;
    t->break_replica = h->replica;
    t->break_fault = h->fault;
}

static void note_open(struct tally *t, const struct history *h)
{
    t->n_undecided++;
    if (t->has_open)
        return;
    t->has_open = true;
    t->open_replica = h->replica;
    t->open_fault = h->fault;
}

void rs_tally_add(struct tally *t, const struct scenario *sc, const struct history *h)
{
    const struct claim *c = t->claim;
    struct claim_sample raw = rs_claim_measure(sc, c, h);
    if (raw.state == RS_SAMPLE_NOT_APPLICABLE)
        return;
    t->n_applicable++;
    if (raw.state == RS_SAMPLE_UNDECIDED) {
        note_open(t, h);
        return;
    }
    if (rs_claim_is_event(c))
        note_event(t, h, raw.value > 0.0);
    else
        note_worst(t, h, raw.value);
    if (c->kind == RS_CLAIM_PROBABILITY) {
        t->n_hit += rs_claim_sample(sc, c, h).value > 0.0;
        return;
    }
    t->n_capped += c->kind == RS_CLAIM_EXPECTATION && raw.value > c->cap;
    keep_value(t, raw.value);
}

/* ---- the decision ---------------------------------------------------------------------------------------------------- */

static enum verdict_kind judge(struct interval i, bool at_most, double limit)
{
    if (at_most ? i.high <= limit : i.low >= limit)
        return RS_VERDICT_HOLDS;
    if (at_most ? i.low > limit : i.high < limit)
        return RS_VERDICT_VIOLATED;
    return RS_VERDICT_UNDECIDED;
}

/* A ratio known to be n_hit..n_hit + n_open out of n: the union of the intervals of both extremes. */
static struct interval
ratio_interval(uint64_t n_hit, uint64_t n_open, uint64_t n, double confidence)
{
    double low = rs_clopper_pearson(n_hit, n, confidence).low;
    double high = rs_clopper_pearson(n_hit + n_open, n, confidence).high;
    return (struct interval){low, high};
}

/* What more replicas would do, should the sample go on as it is. */
struct forecast {
    const struct claim *claim;
    double confidence;
    double hit, open; /* shares of hits and of undecided samples (PROBABILITY, QUANTILE) */
    double mean_low, mean_high, variance_low, variance_high; /* EXPECTATION */
};

static bool decides_at(const struct forecast *f, uint64_t n)
{
    const struct claim *c = f->claim;
    if (c->kind == RS_CLAIM_EXPECTATION) {
        struct interval low =
            rs_mean_interval(n, f->mean_low, f->variance_low, 0, c->cap, f->confidence);
        struct interval high =
            rs_mean_interval(n, f->mean_high, f->variance_high, 0, c->cap, f->confidence);
        return judge((struct interval){low.low, high.high}, c->at_most, c->limit) !=
               RS_VERDICT_UNDECIDED;
    }
    uint64_t n_hit = (uint64_t)round(f->hit * (double)n);
    uint64_t n_open = (uint64_t)round(f->open * (double)n);
    n_open = n_hit + n_open > n ? n - n_hit : n_open;
    struct interval i = ratio_interval(n_hit, n_open, n, f->confidence);
    /* "The q-quantile is at most x" says that the share at or below x is at least q. */
    bool quantile = c->kind == RS_CLAIM_QUANTILE;
    return judge(i, quantile ? !c->at_most : c->at_most, quantile ? c->q : c->limit) !=
           RS_VERDICT_UNDECIDED;
}

/* The size at which the forecast decides; 0 if not by N_MOST. */
static uint64_t size_needed(const struct forecast *f, uint64_t n_now)
{
    uint64_t low = n_now, high = n_now;
    while (!decides_at(f, high)) {
        if (high >= N_MOST)
            return 0;
        low = high;
        high = high > N_MOST / 2 ? N_MOST : 2 * high;
    }
    while (high - low > 1 + high / 1000) { /* "about so many": three digits are enough */
        uint64_t mid = low + (high - low) / 2;
        if (decides_at(f, mid))
            high = mid;
        else
            low = mid;
    }
    return high;
}

static uint64_t more_needed(const struct forecast *f, uint64_t n_applicable, uint64_t n_replica)
{
    if (n_applicable == 0)
        return 0;
    uint64_t n = size_needed(f, n_applicable);
    double more = (double)(n > n_applicable ? n - n_applicable : 0);
    double per_applicable = (double)n_replica / (double)n_applicable;
    double replicas = ceil(more * per_applicable);
    return replicas > N_MOST ? 0 : (uint64_t)replicas;
}

static void decide_ratio(const struct tally *t, struct verdict *v, struct forecast *f)
{
    uint64_t n = t->n_applicable, n_known = n - t->n_undecided;
    v->n_hit = t->n_hit;
    v->estimate = n_known ? (double)t->n_hit / (double)n_known : NAN;
    v->interval = ratio_interval(t->n_hit, t->n_undecided, n, v->confidence);
    f->hit = (double)t->n_hit / (double)n;
    f->open = (double)t->n_undecided / (double)n;
}

static int by_size(const void *a, const void *b)
{
    double x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

static double share_within(const struct tally *t)
{
    uint64_t n = 0;
    for (size_t i = 0; i < t->n_value; i++)
        n += t->claim->at_most ? t->value[i] <= t->claim->limit : t->value[i] < t->claim->limit;
    return (double)n / (double)t->n_applicable;
}

/* Undecided values are the smallest of all for the low end (quantities are >= 0) and the largest for the high end. */
static void decide_quantile(struct tally *t, struct verdict *v, struct forecast *f)
{
    uint64_t n = t->n_applicable, n_open = t->n_undecided;
    qsort(t->value, t->n_value, sizeof *t->value, by_size);
    struct rank_interval r = rs_quantile_ranks(n, t->claim->q, v->confidence);
    v->estimate = t->n_value ? rs_quantile_sorted(t->value, t->n_value, t->claim->q) : (double)NAN;
    v->interval.low = r.rank_low <= n_open ? 0.0 : t->value[r.rank_low - n_open - 1];
    v->interval.high = r.rank_high > t->n_value ? (double)INFINITY : t->value[r.rank_high - 1];
    f->hit = share_within(t);
    f->open = (double)n_open / (double)n;
}

/* Mean and sample variance in replica order, with the undecided ones put at `fill`; values above the cap count as the cap. */
static void moments(const struct tally *t, double fill, double *out_mean, double *out_variance)
{
    double cap = t->claim->cap, sum = (double)t->n_undecided * fill, n = (double)t->n_applicable;
    for (size_t i = 0; i < t->n_value; i++)
        sum += fmin(t->value[i], cap);
    double mean = sum / n;
    double square = (double)t->n_undecided * (fill - mean) * (fill - mean);
    for (size_t i = 0; i < t->n_value; i++) {
        double gap = fmin(t->value[i], cap) - mean;
        square += gap * gap;
    }
    *out_mean = mean;
    *out_variance = n > 1 ? square / (n - 1) : 0.0;
}

static void decide_mean(const struct tally *t, struct verdict *v, struct forecast *f)
{
    double cap = t->claim->cap;
    uint64_t n = t->n_applicable;
    moments(t, 0.0, &f->mean_low, &f->variance_low);
    moments(t, cap, &f->mean_high, &f->variance_high);
    /* Without its undecided part the low mean is the sum over n; the estimate is that sum over the known ones. */
    v->estimate = t->n_value ? f->mean_low * (double)n / (double)t->n_value : (double)NAN;
    v->interval.low = rs_mean_interval(n, f->mean_low, f->variance_low, 0, cap, v->confidence).low;
    v->interval.high =
        rs_mean_interval(n, f->mean_high, f->variance_high, 0, cap, v->confidence).high;
}

static void name_witness(const struct tally *t, struct verdict *v)
{
    bool sized = !isnan(t->worst);
    v->has_witness = sized || t->has_break || t->has_open;
    if (sized) {
        v->witness = t->worst_replica;
        v->witness_fault = t->worst_fault;
    } else if (t->has_break) {
        v->witness = t->break_replica;
        v->witness_fault = t->break_fault;
    } else if (t->has_open) {
        v->witness = t->open_replica;
        v->witness_fault = t->open_fault;
    }
}

static struct interval no_knowledge(const struct claim *c)
{
    switch (c->kind) {
    case RS_CLAIM_PROBABILITY: return (struct interval){0.0, 1.0};
    case RS_CLAIM_QUANTILE: return (struct interval){0.0, INFINITY};
    case RS_CLAIM_EXPECTATION: return (struct interval){0.0, c->cap};
    case RS_CLAIM_BOUND:
    case RS_CLAIM_ALWAYS:
    case RS_CLAIM_NEVER: break;
    }
    assert(!"a claim of no kind");
    return (struct interval){0.0, INFINITY};
}

struct verdict rs_tally_decide(struct tally *t, double confidence, uint64_t n_replica)
{
    const struct claim *c = t->claim;
    struct verdict v = {
        .claim = c,
        .kind = RS_VERDICT_UNDECIDED,
        .n_applicable = t->n_applicable,
        .n_undecided = t->n_undecided,
        .n_capped = t->n_capped,
        .estimate = NAN,
        .interval = no_knowledge(c),
        .confidence = confidence,
        .worst = t->worst,
        .witness_fault = -1,
    };
    if (t->n_applicable == 0) /* what never came up is not shown to hold */
        return v;
    struct forecast f = {.claim = c, .confidence = confidence};
    switch (c->kind) {
    case RS_CLAIM_PROBABILITY: decide_ratio(t, &v, &f); break;
    case RS_CLAIM_QUANTILE: decide_quantile(t, &v, &f); break;
    case RS_CLAIM_EXPECTATION: decide_mean(t, &v, &f); break;
    case RS_CLAIM_BOUND:
    case RS_CLAIM_ALWAYS:
    case RS_CLAIM_NEVER: assert(!"no replica decides this claim");
    }
    v.kind = judge(v.interval, c->at_most, c->limit);
    name_witness(t, &v);
    if (v.kind == RS_VERDICT_UNDECIDED)
        v.n_more = more_needed(&f, t->n_applicable, n_replica);
    return v;
}
