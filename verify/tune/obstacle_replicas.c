/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <inttypes.h>
#include <math.h>

#include "bet.h"
#include "outcome_parts.h"
#include "report_words.h"
#include "sim/clock.h"

enum { BUF = 64 };

/* What the histories of the nearest setting say of a part of the claim's leg. */
struct seen {
    double bad,
        applies; /* weights: histories in which the part alone is too much for the claim; that it speaks of */
    double time,
        never; /* mean time of it in the claim's bad histories, ns, and how many of those never had its end */
    double n_time;
    struct bet bet; /* that it alone is too much too often */
};

/* How bad a history is in which nothing but the part took time. */
static double bad_alone(const struct claim *c, double part)
{
    if (c->kind == RS_CLAIM_EXPECTATION)
        return fmin(part / c->cap, 1.0);
    return part > (c->kind == RS_CLAIM_PROBABILITY ? c->within : c->limit) ? 1.0 : 0.0;
}

static void add_history(const struct number *n, double weight, const double *row, struct seen *seen)
{
    double low, high;
    if (!rs_number_bad(n, row, &low, &high))
        return;
    for (int k = 0; k < RS_LEG_PART_N; k++) {
        double part = row[n->part_at + k];
        seen[k].applies += weight;
        if (isnan(part))
            continue;
        seen[k].bad += weight * bad_alone(&n->of, part);
        if (low > 0.0) {
            seen[k].n_time += weight;
            seen[k].never += isinf(part) ? weight : 0.0;
            seen[k].time += isinf(part) ? 0.0 : weight * part;
        }
    }
}

/* The evidence of one replica of all strata, as a bet of its own for each part. */
static void
bet_on(const struct number *n, const struct race *r, uint32_t best, uint64_t k, struct seen *seen)
{
    double d[RS_LEG_PART_N] = {0};
    for (int i = 0; i < n->n_stratum; i++) {
        int s = n->stratum[i];
        const double *row = rs_store_row(r->store, s, rs_store_rows(r->store, s, best)[k]);
        double low, high;
        if (!rs_number_bad(n, row, &low, &high))
            continue;
        for (int p = 0; p < RS_LEG_PART_N; p++) {
            double part = row[n->part_at + p];
            d[p] += n->weight[i] * ((isnan(part) ? 0.0 : bad_alone(&n->of, part)) - n->allowed);
        }
        add_history(n, n->weight[i], row, seen);
    }
    for (int p = 0; p < RS_LEG_PART_N; p++)
        rs_bet_add(&seen[p].bet, d[p], 1);
}

static void look(const struct race *r, const struct number *n, uint32_t best, struct seen *seen)
{
    uint64_t n_replica = rs_estimate_n(r->store, n, best);
    for (int p = 0; p < RS_LEG_PART_N; p++) {
        seen[p] = (struct seen){0};
        rs_bet_init(&seen[p].bet, fmax(n->allowed, 1e-6));
    }
    for (uint64_t k = 0; k < n_replica; k++)
        bet_on(n, r, best, k, seen);
}

/* Has any setting another history than today's, as far as the claim goes? */
static bool is_touched(const struct race *r, const struct number *n)
{
    for (uint32_t i = 1; i < r->n; i++) {
        if (!rs_pair_keeps_as_well(r->store, n, (struct pair){0, i}) ||
            !rs_pair_keeps_as_well(r->store, n, (struct pair){i, 0}))
            return true;
    }
    return false;
}

/* The part that takes the most of the bad histories: one that never ends takes all of them. */
static int largest_part(const struct seen *seen)
{
    int most = -1;
    double largest = -1.0;
    for (int p = 0; p < RS_LEG_PART_N; p++) {
        if (!(seen[p].n_time > 0.0))
            continue;
        if (seen[p].never > 0.5 * seen[p].n_time)
            return p;
        double mean = seen[p].time / seen[p].n_time;
        if (mean > largest) {
            largest = mean;
            most = p;
        }
    }
    return most;
}

/* A part that is too much by itself, at the same level as the claim: later ones first, since what is turned is mostly before. */
static int part_alone(const struct race *r, const struct number *n, const struct seen *seen)
{
    static const int order[] = {RS_PART_HANDS, RS_PART_PROPAGATION, RS_PART_REST, RS_PART_NOTICE};
    for (int i = 0; i < RS_LEG_PART_N && n->of.of == RS_Q_LEG &&
                    n->of.at_most == (n->of.kind != RS_CLAIM_PROBABILITY);
         i++) {
        if (rs_bet_is_won(&seen[order[i]].bet, r->claim_level.end))
            return order[i];
    }
    return -1;
}

static const char *allowed_text(struct arena *arena, const struct number *n)
{
    char share[BUF], limit[BUF];
    if (n->of.kind == RS_CLAIM_EXPECTATION)
        return rs_arena_printf(arena, "the claim allows a mean of %s",
                               rs_quantity_human(limit, sizeof limit, &n->of, n->of.limit));
    return rs_arena_printf(arena, "the claim allows it in %s",
                           rs_percent_human(share, sizeof share, n->allowed));
}

static void tell_alone(struct arena *arena,
                       const struct number *n,
                       const struct seen *seen,
                       int part,
                       struct tune_unsaved *u)
{
    const struct seen *s = &seen[part];
    char share[BUF], limit[BUF];
    double bad = s->bad / s->applies;
    double deadline = n->of.kind == RS_CLAIM_PROBABILITY ? n->of.within : n->of.limit;
    u->why = rs_obstacle_of_part(part, s->never > 0.5 * s->n_time);
    if (n->of.kind == RS_CLAIM_EXPECTATION) {
        u->text = rs_arena_printf(
            arena, "At the setting that comes nearest %s alone takes %s on average; %s.",
            rs_leg_part_text(part), rs_quantity_human(share, sizeof share, &n->of, bad * n->of.cap),
            allowed_text(arena, n));
        return;
    }
    if (s->never > 0.5 * s->n_time) {
        u->text = rs_arena_printf(
            arena,
            "At the setting that comes nearest %s does not end at all in %s of "
            "the histories that break it, and is too long in %s of all; %s.",
            rs_leg_part_text(part), rs_percent_human(limit, sizeof limit, s->never / s->n_time),
            rs_percent_human(share, sizeof share, bad), allowed_text(arena, n));
        return;
    }
    u->text = rs_arena_printf(
        arena,
        "At the setting that comes nearest %s alone takes more than %s in %s of the histories; %s.",
        rs_leg_part_text(part), rs_duration_format(limit, sizeof limit, (int64_t)deadline),
        rs_percent_human(share, sizeof share, bad), allowed_text(arena, n));
}

static void tell_largest(struct arena *arena,
                         const struct number *n,
                         const struct seen *seen,
                         int part,
                         struct tune_unsaved *u)
{
    const struct seen *s = &seen[part];
    char buf[BUF], share[BUF];
    bool never = s->never > 0.5 * s->n_time;
    u->why = rs_obstacle_of_part(part, never);
    if (never)
        u->text = rs_arena_printf(arena,
                                  "At the setting that comes nearest %s does not end in %s of the "
                                  "histories that break it; %s.",
                                  rs_leg_part_text(part),
                                  rs_percent_human(share, sizeof share, s->never / s->n_time),
                                  allowed_text(arena, n));
    else
        u->text = rs_arena_printf(
            arena,
            "No part alone was shown to be too long; in the histories that break it %s takes the "
            "most, %s on average; %s.",
            rs_leg_part_text(part),
            rs_seconds_human(buf, sizeof buf, 1e-9 * s->time / fmax(s->n_time - s->never, 1e-300)),
            allowed_text(arena, n));
}

/* No rollback of a fault is in its bad histories: something happens by itself, or does not happen at all. */
static void tell_event(const struct race *r,
                       struct arena *arena,
                       const struct number *n,
                       uint32_t best,
                       struct tune_unsaved *u)
{
    char share[BUF];
    bool noise = n->of.of == RS_Q_FALSE_ROLLBACK || n->of.given == RS_GIVEN_NO_FAULT;
    u->why = noise ? RS_OBSTACLE_TRAFFIC : RS_OBSTACLE_RUNBOOK;
    u->text = rs_arena_printf(
        arena, "Even at the setting that comes nearest it is so in %s of the histories%s; %s.",
        rs_percent_human(share, sizeof share, rs_estimate_bad(r->store, n, best)),
        noise ? ", by chance alone: too few requests are told apart from a fault" : "",
        allowed_text(arena, n));
}

void rs_obstacle_of_replicas(
    const struct race *r, struct arena *arena, int claim, uint32_t best, struct tune_unsaved *u)
{
    const struct number *n = &r->ns->claim[claim];
    struct seen seen[RS_LEG_PART_N];
    look(r, n, best, seen);
    int alone = part_alone(r, n, seen), largest = largest_part(seen);
    if (alone >= 0) {
        tell_alone(arena, n, seen, alone, u);
    } else if (!is_touched(r, n) && n->of.of != RS_Q_LEG) {
        char share[BUF];
        u->why = RS_OBSTACLE_RUNBOOK;
        u->text = rs_arena_printf(
            arena,
            "Nothing that is turned touches it: in no history did it come out otherwise, bad in "
            "%s; %s.",
            rs_percent_human(share, sizeof share, rs_estimate_bad(r->store, n, best)),
            allowed_text(arena, n));
    } else if (largest >= 0) {
        tell_largest(arena, n, seen, largest, u);
    } else {
        tell_event(r, arena, n, best, u);
    }
}
