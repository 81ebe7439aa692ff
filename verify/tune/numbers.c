/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "numbers.h"

#include <assert.h>
#include <math.h>

#include "sim/clock.h"
#include "words.h"

/* ---- strata ---------------------------------------------------------------------------------------------------------- */

/* Which strata a condition speaks of: bit per fault, and one for none, with the population's weights. */
struct population {
    double none;
    double *fault; /* [n_fault] */
};

static struct population
population_of(struct arena *arena, const struct scenario *sc, const struct claim *c)
{
    struct population p = {.fault = RS_ARENA_ARRAY(arena, double, sc->n_fault + 1)};
    double any = 0.0;
    for (int f = 0; f < sc->n_fault; f++)
        any += sc->fault[f].probability;
    switch (c->given) {
    case RS_GIVEN_NO_FAULT: p.none = 1.0; return p;
    case RS_GIVEN_FAULT: p.fault[c->given_fault] = 1.0; return p;
    case RS_GIVEN_ALL: /* what is left of 1 after many additions is no stratum */
        p.none = 1.0 - any > 1e-9 ? 1.0 - any : 0.0;
        break;
    case RS_GIVEN_ANY_FAULT: break;
    }
    for (int f = 0; f < sc->n_fault; f++) {
        /* Faults that are never drawn: all alike, since nothing says otherwise. */
        bool alike = c->given == RS_GIVEN_ANY_FAULT && !(any > 0.0);
        p.fault[f] = alike ? 1.0 : sc->fault[f].probability;
    }
    return p;
}

static int stratum_of(const struct numbers *ns, int fault)
{
    for (int s = 0; s < ns->n_stratum; s++) {
        if (ns->fault[s] == fault)
            return s;
    }
    assert(!"a fault without a stratum");
    return 0;
}

static void set_strata(struct arena *arena, const struct numbers *ns, struct number *n)
{
    const struct scenario *sc = ns->today;
    struct population p = population_of(arena, sc, &n->of);
    int *stratum = RS_ARENA_ARRAY(arena, int, sc->n_fault + 1);
    double *weight = RS_ARENA_ARRAY(arena, double, sc->n_fault + 1), sum = 0.0;
    for (int f = -1; f < sc->n_fault; f++) {
        double w = f < 0 ? p.none : p.fault[f];
        if (!(w > 0.0))
            continue;
        stratum[n->n_stratum] = stratum_of(ns, f);
        weight[n->n_stratum++] = w;
        sum += w;
    }
    for (int s = 0; s < n->n_stratum; s++)
        weight[s] /= sum;
    n->stratum = stratum;
    n->weight = weight;
}

/* None comes first, then the faults in the scenario's order. */
static void find_strata(struct arena *arena, struct numbers *ns)
{
    const struct scenario *sc = ns->today;
    bool *wanted = RS_ARENA_ARRAY(arena, bool, sc->n_fault + 1);
    int *fault = RS_ARENA_ARRAY(arena, int, sc->n_fault + 1);
    for (int i = 0; i < ns->plan->n_objective + sc->n_claim; i++) {
        bool is_claim = i >= ns->plan->n_objective;
        const struct claim *c =
            is_claim ? &sc->claim[i - ns->plan->n_objective] : &ns->plan->objective[i].of;
        if (is_claim && !rs_claim_is_statistical(c))
            continue;
        struct population p = population_of(arena, sc, c);
        wanted[0] = wanted[0] || p.none > 0.0;
        for (int f = 0; f < sc->n_fault; f++)
            wanted[f + 1] = wanted[f + 1] || p.fault[f] > 0.0;
    }
    for (int f = -1; f < sc->n_fault; f++) {
        if (wanted[f + 1])
            fault[ns->n_stratum++] = f;
    }
    ns->fault = fault;
}

/* ---- numbers --------------------------------------------------------------------------------------------------------- */

static bool is_sure(const struct claim *c)
{
    return c->of != RS_Q_LEG && c->of != RS_Q_USERS_HURT_SINCE_ONSET && c->of != RS_Q_ERROR_RATIO &&
           c->of != RS_Q_BUDGET_BURNED;
}

static bool has_cap(const struct claim *c)
{
    return c->cap > 0.0 && isfinite(c->cap);
}

/* One of the quantity as it is kept, in the unit that is told. */
static double unit_of(const struct claim *c)
{
    return rs_claim_is_time(c) ? 1e-9 : 1.0;
}

static struct number of_objective(const struct tune_objective *o)
{
    struct number n = {.of = o->of, .claim = -1, .scale = 1.0, .sure = is_sure(&o->of)};
    switch (o->stat) {
    case RS_STAT_MISS:
    case RS_STAT_PROBABILITY:
        n.kind = RS_NUMBER_SHARE;
        n.of.kind = RS_CLAIM_PROBABILITY;
        n.miss = o->stat == RS_STAT_MISS;
        break;
    case RS_STAT_MEAN:
        n.kind = has_cap(&o->of) ? RS_NUMBER_BOUNDED : RS_NUMBER_FREE;
        n.of.kind = RS_CLAIM_EXPECTATION;
        n.scale = unit_of(&o->of) * (has_cap(&o->of) ? o->of.cap : 1.0);
        break;
    case RS_STAT_QUANTILE:
        n.kind = RS_NUMBER_QUANTILE;
        n.of.kind = RS_CLAIM_QUANTILE;
        n.of.limit = 0.0; /* what was not over by the end of the history never is */
        n.q = o->q;
        n.scale = unit_of(&o->of);
        break;
    case RS_STAT_RATE:
        n.kind = RS_NUMBER_RATE;
        n.of.kind = RS_CLAIM_EXPECTATION;
        n.per_ns = (double)o->per_ns;
        n.scale = unit_of(&o->of);
        break;
    }
    return n;
}

static struct number of_claim(const struct claim *c, int claim)
{
    struct number n = {.of = *c, .claim = claim, .scale = 1.0, .sure = is_sure(c), .q = c->q};
    double share = c->limit;
    if (c->kind == RS_CLAIM_PROBABILITY) {
        n.kind = RS_NUMBER_SHARE;
    } else if (c->kind == RS_CLAIM_QUANTILE) {
        /* "The q-quantile is at most x": at most 1 - q lie above x. "At least x": at most q lie below it. */
        n.kind = RS_NUMBER_QUANTILE;
        n.scale = unit_of(c);
        share = c->at_most ? 1.0 - c->q : c->q;
        n.allowed = share;
        return n;
    } else {
        n.kind = RS_NUMBER_BOUNDED;
        n.scale = unit_of(c) * c->cap;
        share = fmin(fmax(c->limit / c->cap, 0.0), 1.0);
    }
    n.allowed = c->at_most ? share : 1.0 - share;
    return n;
}

struct numbers *rs_numbers_new(struct arena *arena, const struct tune_source *src)
{
    const struct scenario *sc = src->today;
    const struct tune_plan *plan = src->plan;
    struct numbers *ns = RS_ARENA_ARRAY(arena, struct numbers, 1);
    *ns = (struct numbers){
        .today = sc, .plan = plan, .n_objective = plan->n_objective, .n_claim = sc->n_claim};
    find_strata(arena, ns);
    struct number *objective = RS_ARENA_ARRAY(arena, struct number, plan->n_objective);
    struct number *claim = RS_ARENA_ARRAY(arena, struct number, sc->n_claim);
    bool *kept = RS_ARENA_ARRAY(arena, bool, sc->n_claim + 1);
    for (int i = 0; i < plan->n_objective; i++) {
        objective[i] = of_objective(&plan->objective[i]);
        set_strata(arena, ns, &objective[i]);
        objective[i].at = ns->n_sample;
        ns->n_sample += 1 + (objective[i].kind == RS_NUMBER_RATE);
    }
    for (int i = 0; i < sc->n_claim; i++) {
        if (!rs_claim_is_statistical(&sc->claim[i]))
            continue;
        claim[i] = of_claim(&sc->claim[i], i);
        set_strata(arena, ns, &claim[i]);
        claim[i].at = ns->n_sample;
        claim[i].part_at = ns->n_sample + 1;
        ns->n_sample += 1 + RS_LEG_PART_N;
    }
    for (int i = 0; i < plan->n_keep; i++)
        kept[plan->keep[i]] = true;
    ns->objective = objective;
    ns->claim = claim;
    ns->kept = kept;
    return ns;
}

/* ---- a history ------------------------------------------------------------------------------------------------------- */

static double value_of(const struct claim_sample *s)
{
    switch (s->state) {
    case RS_SAMPLE_NOT_APPLICABLE: return NAN;
    case RS_SAMPLE_UNDECIDED: return -(double)INFINITY;
    case RS_SAMPLE_VALUE: return s->value;
    }
    assert(!"a sample of no state");
    return NAN;
}

/* The episode that a leg is of; NULL: nobody noticed. */
static const struct episode *
episode_of(const struct claim *c, const struct history *h, int64_t from_ns, int64_t to_ns)
{
    for (int i = 0; i < h->n_episode; i++) {
        const struct episode *e = &h->episode[i];
        if (e->at_ns[c->from] == from_ns && e->at_ns[c->to] == to_ns &&
            (c->procedure < 0 || e->procedure == c->procedure))
            return e;
    }
    return NULL;
}

/* Marks at which a leg changes hands; what was seen by a machine or on a board was never a message. */
static void hands_of(const struct episode *e, enum clock_mark to, int64_t at[RS_LEG_PART_N])
{
    int64_t notified_ns = e->at_ns[RS_CLOCK_NOTIFIED];
    at[RS_PART_NOTICE] = notified_ns != RS_NEVER ? notified_ns : e->at_ns[RS_CLOCK_DETECTED];
    at[RS_PART_HANDS] = e->at_ns[RS_CLOCK_COMMANDED];
    at[RS_PART_PROPAGATION] = e->at_ns[RS_CLOCK_EFFECTIVE];
    at[RS_PART_REST] = e->at_ns[to];
}

/* A part that is not over is infinite, and of what would come after it nothing is known. */
static void leg_parts(const struct claim *c, const struct history *h, double *out)
{
    struct claim leg = *c;
    struct claim_leg l;
    int64_t at[RS_LEG_PART_N];
    if (c->of != RS_Q_LEG) {
        leg.of = RS_Q_LEG;
        leg.procedure = -1;
        leg.from = RS_CLOCK_ONSET;
        leg.to = RS_CLOCK_COMPLETED;
    }
    for (int i = 0; i < RS_LEG_PART_N; i++)
        out[i] = NAN;
    if (!rs_claim_leg(&l, &leg, h))
        return;
    const struct episode *e = episode_of(&leg, h, l.from_ns, l.to_ns);
    if (!e) {
        out[0] = (double)INFINITY;
        return;
    }
    hands_of(e, leg.to, at);
    int64_t now_ns = l.from_ns;
    for (int i = 0; i < RS_LEG_PART_N; i++) {
        /* Parts lie inside the leg: one that ends before it begins, or begins after its end, takes no time. */
        int64_t end_ns = at[i] < l.to_ns ? at[i] : l.to_ns;
        if (end_ns == RS_NEVER) {
            out[i] = (double)INFINITY;
            return;
        }
        out[i] = end_ns > now_ns ? (double)(end_ns - now_ns) : 0.0;
        now_ns = end_ns > now_ns ? end_ns : now_ns;
    }
}

void rs_numbers_measure(void *ctx,
                        const struct scenario *sc,
                        const struct history *h,
                        double *out /* [n_sample] */)
{
    const struct numbers *ns = ctx;
    for (int i = 0; i < ns->n_objective; i++) {
        const struct number *n = &ns->objective[i];
        struct claim_sample s = rs_claim_sample(sc, &n->of, h);
        double v = value_of(&s);
        out[n->at] = n->miss && isfinite(v) ? 1.0 - v : v;
        if (n->kind == RS_NUMBER_RATE)
            out[n->at + 1] = (double)h->sim_ns;
    }
    for (int i = 0; i < ns->n_claim; i++) {
        const struct number *n = &ns->claim[i];
        if (n->n_stratum == 0)
            continue;
        struct claim_sample s = rs_claim_sample(sc, &sc->claim[i], h);
        out[n->at] = value_of(&s);
        leg_parts(&sc->claim[i], h, &out[n->part_at]);
    }
}

/* ---- a row ----------------------------------------------------------------------------------------------------------- */

struct share_of rs_number_of(const struct number *n, const double *row)
{
    double v = row[n->at];
    struct share_of s = {.applies = !isnan(v), .time = 1.0};
    bool in_unit = n->kind == RS_NUMBER_SHARE || n->kind == RS_NUMBER_BOUNDED;
    if (!s.applies)
        return s;
    if (n->kind == RS_NUMBER_RATE)
        s.time = row[n->at + 1] / n->per_ns;
    if (v == -(double)INFINITY) {
        s.high = in_unit ? 1.0 : (double)INFINITY;
        return s;
    }
    if (n->kind == RS_NUMBER_BOUNDED)
        v = fmin(v / n->of.cap, 1.0);
    else if (n->kind != RS_NUMBER_SHARE)
        v *= n->scale;
    s.low = s.high = v;
    return s;
}

bool rs_number_bad(const struct number *n, const double *row, double *low, double *high)
{
    struct share_of s = rs_number_of(n, row);
    assert(n->claim >= 0);
    if (!s.applies)
        return false;
    if (n->kind == RS_NUMBER_QUANTILE) {
        double limit = n->of.limit * n->scale;
        *low = n->of.at_most ? s.low > limit : s.high < limit;
        *high = n->of.at_most ? s.high > limit : s.low < limit;
        return true;
    }
    *low = n->of.at_most ? s.low : 1.0 - s.high;
    *high = n->of.at_most ? s.high : 1.0 - s.low;
    return true;
}
