/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One statistical claim over many histories: evidence while they come in, latched at the first crossing; a verdict at the end. */
#ifndef VERIFY_TALLY_H
#define VERIFY_TALLY_H

#include <stddef.h>

#include "spool.h"
#include "stats_mean.h"
#include "stats_rate.h"
#include "verify/claim.h"

/*
 * Every probability or quantile claim says of a bad event that its rate is at most so much: the event that did not happen
 * (at_least), the one that did (at_most), the value on the wrong side of the limit. `holds` watches for a rate below that, `broken`
 * for one above it; each has its own count, since an undecided sample counts as bad for the one and as good for the other.
 * An expectation has two watches on the mean in the same way.
 */
struct tally { /* caller's storage: init / clear */
    const struct claim *claim;
    double alpha; /* chance that the verdict is wrong, and that either end of the interval is */
    enum verdict_kind kind; /* UNDECIDED until it is latched */
    uint64_t decided_at;    /* number of the replica, counted from 1, at which it was; 0 = not */
    struct rate_watch rate_holds, rate_broken; /* PROBABILITY, QUANTILE */
    struct mean_watch mean_below, mean_above;  /* EXPECTATION, in caps */
    double sum;                                /* EXPECTATION: of the known values, in caps */
    uint64_t n_applicable, n_hit, n_undecided;
    uint64_t n_capped; /* EXPECTATION: values above the claim's cap */
    struct spool
        value; /* of double. QUANTILE, and PROBABILITY of a time; replica order, INFINITY = never */
    double worst; /* quantities: the worst one, at worst_replica; NaN = none */
    uint64_t worst_replica;
    int worst_fault;
    bool has_break,
        has_open; /* the first replica that breaks an event claim; the first undecided one */
    uint64_t break_replica, open_replica;
    int break_fault, open_fault;
};

/* The claim is statistical; alpha as above, 0 <= alpha < 1. */
void rs_tally_init(struct tally *t, const struct claim *c, double alpha);
/* Before anything is added: values go there, and not into memory. Borrowed; the caller asks for its status. */
void rs_tally_spill(struct tally *t, struct spill *spill);
void rs_tally_clear(struct tally *t);

/* Takes the next replica; replica order. Returns whether the claim is decided, now or before. */
bool rs_tally_add(struct tally *t, const struct scenario *sc, const struct history *h);

/*
 * The verdict, and what all that was added says of the quantity: an end of the interval is what the watches would not rule
 * out, and never on the other side of the limit than the verdict is.
 *   n_replica  replicas run, for scaling n_more
 * verdict.placeholder is left NULL.
 */
struct verdict rs_tally_decide(struct tally *t, uint64_t n_replica);

/* About how many further replicas would decide it, should they go on like these; 0 = cannot say. (verify/tally_more.c) */
uint64_t rs_tally_more(const struct tally *t, uint64_t n_replica);

/* Whether it would be decided, were each undecided sample what serves best. */
bool rs_tally_is_open_by_cut(const struct tally *t);

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
