/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One claim over many histories: counts and values while they come in, a verdict at the end. */
#ifndef VERIFY_TALLY_H
#define VERIFY_TALLY_H

#include <stddef.h>

#include "verify/claim.h"

struct tally { /* caller's storage: init / clear */
    const struct claim *claim;
    uint64_t n_applicable, n_hit, n_undecided;
    uint64_t n_capped; /* EXPECTATION: values above the claim's cap */
    double *value; /* [n_value] owned: QUANTILE and EXPECTATION, replica order, INFINITY = never */
    size_t n_value, cap_value;
    double worst; /* quantities: the worst one, at worst_replica; NaN = none */
    uint64_t worst_replica;
    int worst_fault;
    bool has_break,
        has_open; /* the first replica that breaks an event claim; the first undecided one */
    uint64_t break_replica, open_replica;
    int break_fault, open_fault;
};

void rs_tally_init(struct tally *t, const struct claim *c);
void rs_tally_clear(struct tally *t);

/* Takes the next replica; replica order. */
void rs_tally_add(struct tally *t, const struct scenario *sc, const struct history *h);

/*
 * The verdict over all that was added. Clopper-Pearson, order statistics or empirical Bernstein at `confidence` (two-sided,
 * of this one claim); undecided samples stand on the bad side of both ends of the interval.
 *   n_replica  replicas run, for scaling n_more
 * verdict.placeholder is left NULL.
 */
struct verdict rs_tally_decide(struct tally *t, double confidence, uint64_t n_replica);

/* true for claims on something that either happens or not, and has no size. */
bool rs_claim_is_event(const struct claim *c);

/* The quantity itself, before a PROBABILITY claim turns it into yes or no; events give 1 and 0. */
struct claim_sample
rs_claim_measure(const struct scenario *sc, const struct claim *c, const struct history *h);

/*
 * The first placeholder among people's times on which the claim rests, "<role>.acknowledge" and so on; false if none.
 *   out_role, out_part  index of the role; "acknowledge", "decide" or "act"
 */
bool rs_claim_placeholder(const struct scenario *sc,
                          const struct claim *c,
                          int *out_role,
                          const char **out_part);

#endif
