/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What alerts come to: which incidents they caught, how often they fired for nothing, on which part of the recording. */
#ifndef RETELL_LEDGER_H
#define RETELL_LEDGER_H

#include "spans.h"

struct ledger { /* of a document; in the arena */
    const struct retell *retell;
    struct arena *arena;
    int *part_of; /* [n_incident], -1: of neither */
    struct spans watched[RS_RETELL_PART_N];
    struct spans quiet[RS_RETELL_PART_N]; /* of it, without what any incident has a hand in */
};

/* Cuts the recording into its parts. 0, or -1 with errors: a part that cannot be, parts that overlap. */
int rs_ledger_open(struct ledger *out,
                   struct arena *arena,
                   const struct retell *retell,
                   struct err_list *errors);

struct tally {                   /* of one rule, or of a setting */
    struct retell_catch *caught; /* [n_incident] */
    uint64_t n_false[RS_RETELL_PART_N];
};

struct tally rs_tally_new(struct arena *arena, const struct ledger *l);
void rs_tally_reset(const struct ledger *l, struct tally *t);
void rs_tally_alert(const struct ledger *l, struct tally *t, const struct activation *a);
/* Adds what another came to: the first alert catches, false alarms add up. */
void rs_tally_join(const struct ledger *l, struct tally *t, const struct tally *other);

/* The measures of one part; without the intervals, which nothing is chosen by. */
struct retell_score rs_tally_score(const struct ledger *l, const struct tally *t, int part);
/* Fills the intervals in. */
void rs_score_intervals(struct retell_score *s, double quiet_days, double confidence);
double rs_score_measure(const struct retell_score *s,
                        enum retell_measure m); /* INFINITY where there is none */

/* Of a Poisson count n, of its mean: the exact interval of Garwood, Biometrika 28 (1936) 437-442. 0 < confidence < 1. */
struct interval rs_poisson_interval(uint64_t n, double confidence);
/* Two-sided: how often a fair coin gives a split at least as uneven as a to b. 1 where a + b = 0. */
double rs_sign_test(uint64_t a, uint64_t b);

#endif
