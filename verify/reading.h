/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A claim said back in English, and what its verdict rests on, so that nobody has to trust a formula that they did not read. */
#ifndef VERIFY_READING_H
#define VERIFY_READING_H

#include "sim/arena.h"
#include "verify/run.h"

/*
 * One sentence: population, start, end, deadline, limit. "In at least 95% of the histories with the fault portal-errors, the
 * time from detected to completed is at most 5m." In the arena.
 */
const char *rs_claim_reading(struct arena *arena, const struct scenario *sc, const struct claim *c);

/* One thing that is taken for granted. */
struct premise {
    const char *
        name; /* "phases", "independence", "cap", "undecided", "family", "placeholder", "supports", "time" */
    const char *text;
};
#define RS_MAX_PREMISE 8

/* What a verdict takes for granted. Returns how many; texts are in the arena. */
int rs_verdict_premises(struct premise out[RS_MAX_PREMISE],
                        struct arena *arena,
                        const struct run_result *r,
                        const struct verdict *v);

/* Number of claims that share the scenario's confidence. */
int rs_family_size(const struct scenario *sc);

/* Why a verdict is undecided, in a sentence; "" when it is decided. In the arena. */
const char *rs_open_reason_text(struct arena *arena, const struct verdict *v);

/* The words that tell the witness again: "rollsim rehearse FILE --seed S --replica N". NULL without a witness. */
const char *
rs_witness_command(struct arena *arena, const struct run_result *r, const struct verdict *v);

#endif
