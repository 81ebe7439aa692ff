/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What one history says of the scenario's claims. A claim is a sentence about many histories, but each of them speaks for it or
 * against it: a witness that a run names must show, when it is told, what it is a witness of.
 */
#ifndef VERIFY_TOLD_H
#define VERIFY_TOLD_H

#include <stdbool.h>
#include <stdio.h>

#include "verify/claim.h"

enum told_state {
    RS_TOLD_NOTHING, /* the claim does not speak of this history, or asks what no history can show */
    RS_TOLD_KEPT,
    RS_TOLD_BROKEN,
    RS_TOLD_OPEN, /* the history ended too early to tell */
    RS_TOLD_N
};
const char *rs_told_state_name(enum told_state s); /* "not-applicable", "kept", "broken", "open" */

/* Value and limit in the unit: seconds for times. An event is 1 or 0, its limit 1 where it is wanted, else 0. */
struct claim_told {
    enum told_state state;
    double value; /* NaN when nothing is told or the end is open; INFINITY = never */
    double limit; /* what the value is held against: deadline, limit of the quantile or the mean */
    bool
        at_most; /* the value is to be at most the limit; false: at least, for a deadline that is to be missed: above */
    const char *unit; /* "s", "users", ..., "" for events */
};

/* Of a bound the longest leg counts. A claim on reachable states, and a bound from the condition itself, say nothing of one history. */
struct claim_told
rs_claim_tell(const struct scenario *sc, const struct claim *c, const struct history *h);

/* All that speak of it, a line each: sign, word, name, ref, the value against the limit. UTF-8; colour is never the only sign. */
void rs_told_print(FILE *to, const struct scenario *sc, const struct history *h, bool colour);

#endif
