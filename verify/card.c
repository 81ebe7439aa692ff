/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "card.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"
#include "sim/clock.h"
#include "sorter.h"
#include "stats_rate.h"

/* When a leg is part of an episode. Looks have no pending and no notice, automation has no people. */
enum leg_if {
    IF_ALWAYS,
    IF_ALERT,    /* the detector is an alert */
    IF_NO_ALERT, /* it is not: what one sees with one's own eyes needs no notice */
    IF_NO_PEOPLE /* nobody acknowledged or decided */
};

static const struct {
    enum clock_mark from, to;
    enum leg_if when;
} legs[] = {
    {RS_CLOCK_ONSET, RS_CLOCK_FIRST_BAD, IF_ALWAYS},
    {RS_CLOCK_FIRST_BAD, RS_CLOCK_PENDING, IF_ALERT},
    {RS_CLOCK_PENDING, RS_CLOCK_DETECTED, IF_ALERT},
    {RS_CLOCK_FIRST_BAD, RS_CLOCK_DETECTED, IF_NO_ALERT},
    {RS_CLOCK_DETECTED, RS_CLOCK_NOTIFIED, IF_ALERT},
    {RS_CLOCK_NOTIFIED, RS_CLOCK_ACKNOWLEDGED, IF_ALERT},
    {RS_CLOCK_DETECTED, RS_CLOCK_ACKNOWLEDGED, IF_NO_ALERT},
    {RS_CLOCK_ACKNOWLEDGED, RS_CLOCK_DECIDED, IF_ALWAYS},
    {RS_CLOCK_DECIDED, RS_CLOCK_COMMANDED, IF_ALWAYS},
    {RS_CLOCK_DETECTED, RS_CLOCK_COMMANDED, IF_NO_PEOPLE},
    {RS_CLOCK_COMMANDED, RS_CLOCK_EFFECTIVE, IF_ALWAYS},
    {RS_CLOCK_EFFECTIVE, RS_CLOCK_COMPLETED, IF_ALWAYS},
    {RS_CLOCK_COMPLETED, RS_CLOCK_RECOVERED, IF_ALWAYS},
    {RS_CLOCK_RECOVERED, RS_CLOCK_RESOLVED, IF_ALERT},
    {RS_CLOCK_ONSET, RS_CLOCK_DETECTED, IF_ALWAYS},
    {RS_CLOCK_DETECTED, RS_CLOCK_COMPLETED, IF_ALWAYS},
};
#define N_LEG ((int)(sizeof legs / sizeof legs[0]))
_Static_assert(sizeof legs / sizeof legs[0] <= RS_CARD_MAX_LEG, "a card has room for all legs");

struct clock_row { /* one episode's clock */
    uint64_t replica, world;
    enum detected_by by;
    int64_t at_ns[RS_CLOCK_N];
};

struct shelf {        /* the episodes of one (fault, procedure) */
    struct spool row; /* of struct clock_row */
    uint64_t last_replica;
};

struct card_book {
    const struct scenario *scenario;
    struct shelf *shelf; /* [(n_fault + 1) * n_procedure] */
    uint64_t *n_present; /* [n_fault + 1] replicas in which it started; [0]: all replicas */
    uint64_t *n_missed;  /* [n_fault + 1] of them without any episode */
};

static int n_shelf(const struct card_book *b)
{
    return (b->scenario->n_fault + 1) * b->scenario->response.n_procedure;
}

struct card_book *rs_card_book_new(const struct scenario *sc, struct spill *spill)
{
    size_t n_fault = (size_t)sc->n_fault + 1;
    struct card_book *b = rs_xcalloc(1, sizeof *b);
    b->scenario = sc;
    b->shelf = rs_xcalloc(n_fault * (size_t)sc->response.n_procedure + 1, sizeof *b->shelf);
    b->n_present = rs_xcalloc(n_fault, sizeof *b->n_present);
    b->n_missed = rs_xcalloc(n_fault, sizeof *b->n_missed);
    for (int i = 0; i < n_shelf(b); i++)
        rs_spool_init(&b->shelf[i].row, sizeof(struct clock_row), spill);
    return b;
}

void rs_card_book_free(struct card_book *b)
{
    if (!b)
        return;
    for (int i = 0; i < n_shelf(b); i++)
        rs_spool_clear(&b->shelf[i].row);
    free(b->shelf);
    free(b->n_present);
    free(b->n_missed);
    free(b);
}

static void shelve(struct shelf *s, const struct history *h, const struct episode *e)
{
    if (s->row.n > 0 && s->last_replica == h->replica)
        return; /* the second run in one replica is no independent sample */
    struct clock_row row = {.replica = h->replica, .world = h->world, .by = e->by};
    memcpy(row.at_ns, e->at_ns, sizeof row.at_ns);
    rs_spool_add(&s->row, &row);
    s->last_replica = h->replica;
}

void rs_card_book_add(struct card_book *b, const struct history *h)
{
    int n_procedure = b->scenario->response.n_procedure;
    b->n_present[0]++;
    if (h->fault >= 0 && h->fault_started) {
        b->n_present[h->fault + 1]++;
        b->n_missed[h->fault + 1] += h->n_episode == 0;
    }
    for (int i = 0; i < h->n_episode; i++) {
        const struct episode *e = &h->episode[i];
        assert(e->procedure >= 0 && e->procedure < n_procedure);
        assert(e->fault >= -1 && e->fault < b->scenario->n_fault);
        shelve(&b->shelf[(e->fault + 1) * n_procedure + e->procedure], h, e);
    }
}

/* ---- rows ------------------------------------------------------------------------------------------------------------ */

static bool leg_applies(enum leg_if when, const struct clock_row *r)
{
    const int64_t *at = r->at_ns;
    switch (when) {
    case IF_ALWAYS: return true;
    case IF_ALERT: return r->by == RS_BY_ALERT;
    case IF_NO_ALERT: return r->by != RS_BY_ALERT;
    case IF_NO_PEOPLE:
        return at[RS_CLOCK_ACKNOWLEDGED] == RS_NEVER && at[RS_CLOCK_DECIDED] == RS_NEVER &&
               at[RS_CLOCK_COMMANDED] != RS_NEVER;
    }
    assert(!"a leg of no kind");
    return false;
}

/* Automation commands without a word to anybody; a step that was left out so is not left open. */
static bool passed_by(const struct clock_row *r, enum clock_mark to)
{
    bool commanded = r->at_ns[RS_CLOCK_COMMANDED] != RS_NEVER;
    bool decided = commanded || r->at_ns[RS_CLOCK_DECIDED] != RS_NEVER;
    bool acknowledged = decided || r->at_ns[RS_CLOCK_ACKNOWLEDGED] != RS_NEVER;
    if (to == RS_CLOCK_PENDING)
        return r->at_ns[RS_CLOCK_DETECTED] != RS_NEVER;
    if (to == RS_CLOCK_NOTIFIED)
        return acknowledged;
    if (to == RS_CLOCK_ACKNOWLEDGED)
        return decided;
    return to == RS_CLOCK_DECIDED && commanded;
}

struct leg_sample {
    uint64_t world;
    int64_t ns;
};

static int by_world(const void *a, const void *b)
{
    const struct leg_sample *x = a, *y = b;
    if (x->world != y->world)
        return x->world < y->world ? -1 : 1;
    return (x->ns > y->ns) - (x->ns < y->ns);
}

static int by_time(const void *a, const void *b)
{
    const struct leg_sample *x = a, *y = b;
    return (x->ns > y->ns) - (x->ns < y->ns);
}

/* One leg while the rows of a shelf pass by. */
struct gathering {
    int leg;
    struct card_leg *out;
    int64_t worst_ns;
    struct sorter *to;
};

/* Enters one row: the leg's sample, or that it was left open. The metric may recover before the last action is done: no time passes then. */
static void gather(void *ctx, const void *record)
{
    struct gathering *g = ctx;
    const struct clock_row *r = record;
    struct card_leg *out = g->out;
    int64_t from = r->at_ns[legs[g->leg].from], to = r->at_ns[legs[g->leg].to];
    if (from == RS_NEVER || !leg_applies(legs[g->leg].when, r))
        return;
    if (to == RS_NEVER) {
        out->n_open += !passed_by(r, legs[g->leg].to);
        return;
    }
    struct leg_sample sample = {r->world, to > from ? to - from : 0};
    if (out->n++ == 0 || sample.ns > g->worst_ns) {
        g->worst_ns = sample.ns;
        out->worst_replica = r->replica;
        out->s_max = rs_s_from_ns(sample.ns);
    }
    rs_sorter_add(g->to, &sample);
}

/* The leg's samples, sorted; what does not need their order is entered on the way. Free with rs_sorter_free. */
static struct sorter *sort_leg(const struct shelf *s,
                               int leg,
                               int (*order)(const void *, const void *),
                               struct card_leg *out)
{
    struct gathering g = {.leg = leg, .out = out};
    g.to = rs_sorter_new(sizeof(struct leg_sample), order, s->row.spill);
    out->n = out->n_open = 0;
    rs_spool_each(&s->row, gather, &g);
    rs_sorter_finish(g.to);
    return g.to;
}

static struct leg_sample sample_at(struct sorter *sorted, uint64_t i)
{
    struct leg_sample sample;
    memcpy(&sample, rs_sorter_at(sorted, i), sizeof sample);
    return sample;
}

/* Of the n samples from the first one on. */
static double quantile_s(struct sorter *sorted, uint64_t first, uint64_t n, double q)
{
    struct quantile_place p = rs_quantile_place(n, q);
    return rs_quantile_between(rs_s_from_ns(sample_at(sorted, first + p.low).ns),
                               rs_s_from_ns(sample_at(sorted, first + p.high).ns), p.part);
}

/* Sorted by world, then time: the smallest and the largest of the worlds' medians. */
static void worlds(struct card_leg *out, struct sorter *sorted)
{
    for (uint64_t i = 0, end; i < out->n; i = end) {
        uint64_t world = sample_at(sorted, i).world;
        for (end = i + 1; end < out->n && sample_at(sorted, end).world == world;)
            end++;
        double median = quantile_s(sorted, i, end - i, 0.5);
        if (i == 0 || median < out->s_best_world)
            out->s_best_world = median;
        if (i == 0 || median > out->s_worst_world)
            out->s_worst_world = median;
    }
}

static struct card_leg make_leg(const struct shelf *s, int leg)
{
    struct card_leg out = {.from = legs[leg].from,
                           .to = legs[leg].to,
                           .s_p50 = NAN,
                           .s_p95 = NAN,
                           .s_p99 = NAN,
                           .s_max = NAN,
                           .s_best_world = NAN,
                           .s_worst_world = NAN};
    struct sorter *sorted = sort_leg(s, leg, by_world, &out);
    worlds(&out, sorted);
    rs_sorter_free(sorted);
    if (out.n == 0)
        return out;
    sorted = sort_leg(s, leg, by_time, &out);
    out.s_p50 = quantile_s(sorted, 0, out.n, 0.50);
    out.s_p95 = quantile_s(sorted, 0, out.n, 0.95);
    out.s_p99 = quantile_s(sorted, 0, out.n, 0.99);
    rs_sorter_free(sorted);
    return out;
}

struct sla_count {
    int64_t sla_ns;
    uint64_t n_within;
};

static void count_row(void *ctx, const void *record)
{
    struct sla_count *c = ctx;
    const int64_t *at = ((const struct clock_row *)record)->at_ns;
    c->n_within +=
        at[RS_CLOCK_DETECTED] != RS_NEVER && at[RS_CLOCK_COMPLETED] != RS_NEVER &&
        (c->sla_ns == RS_NEVER || at[RS_CLOCK_COMPLETED] - at[RS_CLOCK_DETECTED] <= c->sla_ns);
}

static uint64_t count_within(const struct shelf *s, int64_t sla_ns)
{
    struct sla_count c = {.sla_ns = sla_ns};
    rs_spool_each(&s->row, count_row, &c);
    return c.n_within;
}

static struct card make_card(const struct card_book *b, int fault, int procedure, bool fixed_n)
{
    const struct procedure *p = &b->scenario->response.procedure[procedure];
    const struct shelf *s = &b->shelf[(fault + 1) * b->scenario->response.n_procedure + procedure];
    struct card c = {.fault = fault, .procedure = procedure};
    c.n_present = b->n_present[fault + 1];
    c.n_episode = s->row.n;
    c.n_missed = b->n_missed[fault + 1];
    c.sla_s = p->sla_ns == RS_NEVER ? (double)INFINITY : rs_s_from_ns(p->sla_ns);
    c.n_within = count_within(s, p->sla_ns);
    c.within = fixed_n ? rs_clopper_pearson(c.n_within, c.n_episode, 0.95)
                       : rs_rate_sequence(c.n_within, c.n_episode, 0.95);
    for (int i = 0; i < N_LEG; i++) {
        struct card_leg leg = make_leg(s, i);
        if (leg.n + leg.n_open > 0)
            c.leg[c.n_leg++] = leg;
    }
    return c;
}

static struct card missed_card(const struct card_book *b, int fault)
{
    return (struct card){.fault = fault,
                         .procedure = -1,
                         .n_present = b->n_present[fault + 1],
                         .n_missed = b->n_missed[fault + 1],
                         .sla_s = INFINITY,
                         .within = {0.0, 1.0}};
}

struct card *rs_card_book_rows(struct card_book *b, bool fixed_n, int *out_n)
{
    const struct scenario *sc = b->scenario;
    int n = 0;
    struct card *out = rs_xcalloc((size_t)n_shelf(b) + (size_t)sc->n_fault + 1, sizeof *out);
    for (int fault = -1; fault < sc->n_fault; fault++) {
        int n_before = n;
        for (int p = 0; p < sc->response.n_procedure; p++) {
            if (b->shelf[(fault + 1) * sc->response.n_procedure + p].row.n > 0)
                out[n++] = make_card(b, fault, p, fixed_n);
        }
        if (n == n_before && fault >= 0 && b->n_present[fault + 1] > 0)
            out[n++] = missed_card(b, fault);
    }
    *out_n = n;
    if (n == 0) {
        free(out);
        return NULL;
    }
    return out;
}
