/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tally.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sorter.h"
#include "words.h"

static bool by_mean(const struct claim *c)
{
    return c->kind == RS_CLAIM_EXPECTATION;
}

/* The rate of bad events that the claim allows. */
static struct rate bad_rate(const struct claim *c)
{
    double share = c->kind == RS_CLAIM_QUANTILE ? c->q : c->limit;
    /* "The q-quantile is at most x": at most 1 - q lie above x. "At least x": at most q lie below it. */
    bool bad_is_share = c->kind == RS_CLAIM_QUANTILE ? !c->at_most : c->at_most;
    struct rate r = {.p = share, .q = 1.0 - share};
    return bad_is_share ? r : (struct rate){.p = r.q, .q = r.p};
}

/* "At least never", "at most always", "a mean of at least 0": nothing could break it. */
static bool says_nothing(const struct claim *c)
{
    if (by_mean(c))
        return !c->at_most && c->limit <= 0.0;
    return bad_rate(c).p >= 1.0;
}

void rs_tally_init(struct tally *t, const struct claim *c, double alpha)
{
    assert(rs_claim_is_statistical(c));
    *t = (struct tally){.claim = c, .alpha = alpha, .kind = RS_VERDICT_UNDECIDED, .worst = NAN};
    rs_spool_init(&t->value, sizeof(double), NULL);
    if (by_mean(c)) {
        double limit = fmin(fmax(c->limit / c->cap, 0.0), 1.0);
        rs_mean_watch_init(&t->mean_below, limit, alpha);
        rs_mean_watch_init(&t->mean_above, 1.0 - limit, alpha);
        return;
    }
    struct rate bad = bad_rate(c);
    rs_rate_watch_init(&t->rate_holds, bad, alpha);
    rs_rate_watch_init(&t->rate_broken, (struct rate){.p = bad.q, .q = bad.p}, alpha);
}

void rs_tally_spill(struct tally *t, struct spill *spill)
{
    assert(t->value.n == 0);
    t->value.spill = spill;
}

void rs_tally_clear(struct tally *t)
{
    rs_spool_clear(&t->value);
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

/* ---- evidence -------------------------------------------------------------------------------------------------------- */

/* Latches. Both at once can happen only at a limit that says nothing or by a fluke; what was broken is told. */
static bool settle(struct tally *t, const struct history *h, bool holds, bool broken)
{
    if (t->kind == RS_VERDICT_UNDECIDED && (holds || broken)) {
        t->kind = broken ? RS_VERDICT_VIOLATED : RS_VERDICT_HOLDS;
        t->decided_at = h->replica + 1;
    }
    return t->kind != RS_VERDICT_UNDECIDED;
}

/* An event that is bad for sure, good for sure, or either: both watches count what speaks against them. */
static bool weigh_event(struct tally *t, const struct history *h, bool may_be_bad, bool may_be_good)
{
    bool holds = rs_rate_watch_add(&t->rate_holds, may_be_bad);
    bool broken = rs_rate_watch_add(&t->rate_broken, may_be_good);
    return settle(t, h, holds || says_nothing(t->claim), broken);
}

/* A value, in caps, that lies between low and high. */
static bool weigh_value(struct tally *t, const struct history *h, double low, double high)
{
    bool below = rs_mean_watch_add(&t->mean_below, high);
    bool above = rs_mean_watch_add(&t->mean_above, 1.0 - low);
    bool at_most = t->claim->at_most;
    return settle(t, h, (at_most ? below : above) || says_nothing(t->claim),
                  at_most ? above : below);
}

static bool weigh_open(struct tally *t, const struct history *h)
{
    note_open(t, h);
    return by_mean(t->claim) ? weigh_value(t, h, 0.0, 1.0) : weigh_event(t, h, true, true);
}

static bool weigh_known(struct tally *t, const struct history *h, double v)
{
    const struct claim *c = t->claim;
    bool bad;
    if (by_mean(c)) {
        double x = fmin(v / c->cap, 1.0);
        t->n_capped += v > c->cap;
        t->sum += x;
        return weigh_value(t, h, x, x);
    }
    if (c->kind == RS_CLAIM_QUANTILE) {
        rs_spool_add(&t->value, &v);
        bad = c->at_most ? v > c->limit : v < c->limit;
    } else {
        bool hit = rs_claim_is_event(c) ? v > 0.0 : v <= c->within;
        if (rs_claim_is_time(c)) /* for the margin in seconds */
            rs_spool_add(&t->value, &v);
        t->n_hit += hit;
        bad = hit == c->at_most;
    }
    return weigh_event(t, h, bad, !bad);
}

bool rs_tally_add(struct tally *t, const struct scenario *sc, const struct history *h)
{
    struct claim_sample s = rs_claim_measure(sc, t->claim, h);
    if (s.state == RS_SAMPLE_NOT_APPLICABLE)
        return t->kind != RS_VERDICT_UNDECIDED;
    t->n_applicable++;
    if (s.state == RS_SAMPLE_UNDECIDED)
        return weigh_open(t, h);
    if (rs_claim_is_event(t->claim))
        note_event(t, h, s.value > 0.0);
    else
        note_worst(t, h, s.value);
    return weigh_known(t, h, s.value);
}

/* ---- the verdict ----------------------------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
    double x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

static void sort_value(void *ctx, const void *value)
{
    rs_sorter_add(ctx, value);
}

static double value_at(struct sorter *sorted, uint64_t i)
{
    double v;
    memcpy(&v, rs_sorter_at(sorted, i), sizeof v);
    return v;
}

static double quantile_of(const struct tally *t, struct sorter *sorted, double q)
{
    if (t->value.n == 0)
        return NAN;
    struct quantile_place p = rs_quantile_place(t->value.n, q);
    return rs_quantile_between(value_at(sorted, p.low), value_at(sorted, p.high), p.part);
}

/* Seconds to spare; negative when the time lies on the wrong side of its limit. */
static double room(const struct claim *c, double limit_ns, double time_ns, bool at_most)
{
    return rs_claim_in_unit(c, at_most ? limit_ns - time_ns : time_ns - limit_ns);
}

static void describe_ratio(const struct tally *t, struct sorter *sorted, struct verdict *v)
{
    uint64_t n = t->n_applicable, n_known = n - t->n_undecided;
    /* The watch counts what is bad; the interval is of what the claim calls the event. */
    struct rate hit = {.p = t->claim->limit, .q = 1.0 - t->claim->limit};
    v->n_hit = t->n_hit;
    v->estimate = n_known ? (double)t->n_hit / (double)n_known : NAN;
    v->interval =
        rs_rate_bounds(t->n_hit, t->n_hit + t->n_undecided, n, rs_rate_prior(hit), t->alpha);
    if (!rs_claim_is_time(t->claim))
        return;
    v->margin_s = room(t->claim, t->claim->within, quantile_of(t, sorted, t->claim->limit),
                       !t->claim->at_most);
}

/* Undecided values are the smallest of all for the low end (quantities are >= 0) and the largest for the high end. */
static void describe_quantile(const struct tally *t, struct sorter *sorted, struct verdict *v)
{
    uint64_t n = t->n_applicable, n_open = t->n_undecided;
    struct rate q = {.p = t->claim->q, .q = 1.0 - t->claim->q};
    struct rank_interval r = rs_rate_ranks(n, q, t->alpha);
    v->estimate = quantile_of(t, sorted, t->claim->q);
    v->interval.low = r.rank_low <= n_open ? 0.0 : value_at(sorted, r.rank_low - n_open - 1);
    v->interval.high =
        r.rank_high > t->value.n ? (double)INFINITY : value_at(sorted, r.rank_high - 1);
    if (rs_claim_is_time(t->claim))
        v->margin_s = room(t->claim, t->claim->limit, v->estimate, t->claim->at_most);
}

static void describe_mean(const struct tally *t, struct verdict *v)
{
    double cap = t->claim->cap;
    uint64_t n_known = t->n_applicable - t->n_undecided;
    v->estimate = n_known ? cap * t->sum / (double)n_known : (double)NAN;
    v->interval.low = cap * (1.0 - rs_mean_bound(&t->mean_above));
    v->interval.high = cap * rs_mean_bound(&t->mean_below);
    if (rs_claim_is_time(t->claim))
        v->margin_s = room(t->claim, t->claim->limit, v->estimate, t->claim->at_most);
}

/*
 * The limit was ruled out when the verdict fell, and a bound that was good once stays good: later replicas do not take the interval
 * back over it. Should they lie on the other side altogether, they are left to say so.
 */
static void keep_to_verdict(const struct tally *t, struct verdict *v)
{
    double limit = t->claim->limit;
    bool low_side = t->claim->at_most == (t->kind == RS_VERDICT_HOLDS);
    if (t->kind == RS_VERDICT_UNDECIDED)
        return;
    if (low_side && v->interval.low <= limit)
        v->interval.high = fmin(v->interval.high, limit);
    if (!low_side && v->interval.high >= limit)
        v->interval.low = fmax(v->interval.low, limit);
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

/* Why nothing can be said yet, the plainest reason first. */
static enum open_reason why_open(const struct tally *t, uint64_t n_replica)
{
    if (t->kind != RS_VERDICT_UNDECIDED)
        return RS_OPEN_NONE;
    if (n_replica == 0)
        return RS_OPEN_NO_REPLICA;
    if (t->n_applicable == 0)
        return RS_OPEN_NOT_APPLICABLE;
    if (rs_tally_is_open_by_cut(t))
        return RS_OPEN_CUT;
    bool unseen = t->claim->kind == RS_CLAIM_PROBABILITY && t->n_hit == 0;
    return unseen ? RS_OPEN_NO_EVENT : RS_OPEN_BUDGET;
}

static void describe(struct tally *t, struct verdict *v)
{
    struct sorter *sorted = rs_sorter_new(sizeof(double), by_size, t->value.spill);
    rs_spool_each(&t->value, sort_value, sorted);
    rs_sorter_finish(sorted);
    switch (t->claim->kind) {
    case RS_CLAIM_PROBABILITY: describe_ratio(t, sorted, v); break;
    case RS_CLAIM_QUANTILE: describe_quantile(t, sorted, v); break;
    case RS_CLAIM_EXPECTATION: describe_mean(t, v); break;
    case RS_CLAIM_BOUND:
    case RS_CLAIM_ALWAYS:
    case RS_CLAIM_NEVER: assert(!"no replica decides this claim");
    }
    rs_sorter_free(sorted);
    keep_to_verdict(t, v);
    name_witness(t, v);
}

struct verdict rs_tally_decide(struct tally *t, uint64_t n_replica)
{
    const struct claim *c = t->claim;
    struct verdict v = {
        .claim = c,
        .kind = t->kind,
        .engine = by_mean(c) ? RS_ENGINE_MEAN : RS_ENGINE_E_PROCESS,
        .reason = why_open(t, n_replica),
        .n_replica = t->decided_at ? t->decided_at : n_replica,
        .best_phase_low_s = NAN,
        .best_phase_high_s = NAN,
        .worst_phase_low_s = NAN,
        .worst_phase_high_s = NAN,
        .margin_s = NAN,
        .n_applicable = t->n_applicable,
        .n_undecided = t->n_undecided,
        .n_capped = t->n_capped,
        .estimate = NAN,
        .interval = no_knowledge(c),
        .confidence = 1.0 - t->alpha,
        .worst = t->worst,
        .witness_fault = -1,
    };
    if (t->n_applicable > 0) /* what never came up is not shown to hold */
        describe(t, &v);
    if (v.kind == RS_VERDICT_UNDECIDED)
        v.n_more = rs_tally_more(t, n_replica);
    return v;
}
