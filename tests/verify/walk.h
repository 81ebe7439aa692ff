/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a stopping rule does, exactly: dynamic programming over (trials, events), no random number anywhere. */
#ifndef TESTS_VERIFY_WALK_H
#define TESTS_VERIFY_WALK_H

#include "stats_rate.h"

/* Where the two watches on one rate stop, for every n up to a cap. */
struct walk_plan { /* caller's storage: init / clear */
    uint64_t cap;
    int64_t *
        below; /* [cap + 1] owned: at n trials so many events or fewer show that the rate is below the limit; -1 none */
    int64_t *above; /* [cap + 1] owned: so many or more show that it is above */
};

void walk_plan_init(struct walk_plan *plan, double limit, double alpha, uint64_t cap);
void walk_plan_clear(struct walk_plan *plan);

struct walk_result {
    double below, above, open; /* probabilities of either decision by the cap, and of none */
    double mean_n;             /* mean number of trials until the decision, or the cap */
};

/* The plan's fate when the events come independently at `rate`. */
struct walk_result walk(const struct walk_plan *plan, double rate);

#endif
