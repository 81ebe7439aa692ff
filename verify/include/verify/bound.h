/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Worst and best cases of the response chain, by interval arithmetic over a series-parallel network of legs. Nothing is
 * simulated: suprema and infima over all draws inside their supports, and over all phases. Phases (scrape, rule evaluation, flag
 * polling) are fixed per world, so the worst case of the best and of the worst world are told apart.
 */
#ifndef VERIFY_BOUND_H
#define VERIFY_BOUND_H

#include "verify/claim.h"

/* What is to be bounded. */
struct bound_query {
    enum clock_mark from, to;
    bool from_condition; /* from: the watched condition becomes true and stays so */
    int procedure;       /* >= 0 */
    unsigned
        detected_by; /* bits 1 << enum detected_by; 0 = every way in which the scenario can detect it */
};

/* One leg, in the order of the clock. */
struct bound_leg {
    const char *name; /* "scrape", "evaluation", "for", "group", "delivery", "acknowledge", ... */
    const char *why;  /* one line: the arithmetic in numbers */
    const char *ref;  /* or NULL */
    struct mark at;   /* what would have to change; file NULL = none */
    double low_s;     /* infimum over everything */
    double best_phase_s,
        worst_phase_s; /* supremum over all draws, at the best and the worst phases; INFINITY = no end */
    bool exact; /* the suprema are reached, or approached as near as one likes; false: only safe */
};

#define RS_BOUND_MAX_LEG 32
struct bound { /* strings in the arena given */
    int n_leg;
    struct bound_leg leg[RS_BOUND_MAX_LEG];
    double best_phase_low_s, best_phase_high_s, worst_phase_low_s, worst_phase_high_s;
    int unbounded_leg; /* the first leg without an upper end, or -1 */
    bool exact;
};

/*
 * Bounds the way from one mark to another, in seconds: legs in a row add up, of those that must all be over the last counts, of
 * alternatives the first. Fills *out with the network of the slowest way of detection; where no history has such a leg the
 * upper ends are infinite and unbounded_leg names what is missing. `from` comes before `to` on the clock (assert). Docs: bounds.md.
 * Interval arithmetic (Moore, Interval Analysis, 1966); tests/verify/bound holds it against brute force over all phases.
 */
void rs_bound_chain(struct arena *arena,
                    const struct scenario *sc,
                    const struct bound_query *q,
                    struct bound *out);

/* The verdict on a claim of kind BOUND over all procedures that it speaks of; steps are the legs of the worst one. */
struct verdict
rs_bound_decide(struct arena *arena, const struct scenario *sc, const struct claim *c);

#endif
