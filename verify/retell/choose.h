/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which of the settings is the best on the part for choosing. */
#ifndef RETELL_CHOOSE_H
#define RETELL_CHOOSE_H

#include "ledger.h"

/* Is the alert one of those that are looked at? */
bool rs_retell_counts(const struct retell *d, const char *alert);

struct candidate { /* in the arena of the ledger */
    uint16_t *value;
    struct tally tally;
    struct retell_score score; /* on the part for choosing */
    double *aim;               /* [n_aim] low is good */
    int n_changed, n_away; /* parameters that are not today's; steps away from today's, over all */
};

struct choice { /* value */
    const struct ledger *ledger;
    const struct retell_options *opt;
    struct candidate today, best, hand; /* hand: the one that is looked at */
    bool has_best;
    double least[RS_RETELL_MEASURE_N];
    uint64_t n_setting, n_within, n_tied;
};

struct choice rs_choice_new(const struct ledger *l, const struct retell_options *opt);
/*
 * The next setting and what it came to. Better is: within the limits; then the first aim that differs; then nearer to today's:
 * fewer parameters, fewer steps; then the values that come first.
 */
void rs_choice_offer(struct choice *c, const uint16_t *value, const struct tally *t);
/* The texts of the rules that the tallies name are about to go: what is kept takes copies. */
void rs_choice_keep(struct choice *c);
/* Fills today, chosen, has_chosen, least and the counts in. */
void rs_choice_told(const struct choice *c, struct retell_result *out);

#endif
