/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "walk.h"

#include <math.h>
#include <stdlib.h>

#include "sim/arena.h"

/*
 * Both lines only rise: what is certified with k events is certified after one more non-event, what is refuted with k is refuted
 * after one more event. So one step of n moves them by a few, and the whole plan costs a few evaluations a trial.
 */
void walk_plan_init(struct walk_plan *plan, double limit, double alpha, uint64_t cap)
{
    struct rate_watch low, high;
    struct rate r = {.p = limit, .q = 1.0 - limit};
    rs_rate_watch_init(&low, r, alpha);
    rs_rate_watch_init(&high, (struct rate){.p = r.q, .q = r.p}, alpha);
    *plan = (struct walk_plan){.cap = cap,
                               .below = rs_xcalloc(cap + 1, sizeof *plan->below),
                               .above = rs_xcalloc(cap + 1, sizeof *plan->above)};
    int64_t below = -1, above = 1;
    for (uint64_t n = 0; n <= cap; n++) {
        while (below < (int64_t)n && rs_rate_watch_would_cross(&low, (uint64_t)(below + 1), n))
            below++;
        while (above <= (int64_t)n && !rs_rate_watch_would_cross(&high, n - (uint64_t)above, n))
            above++;
        plan->below[n] = below;
        plan->above[n] = above;
    }
}

void walk_plan_clear(struct walk_plan *plan)
{
    free(plan->below);
    free(plan->above);
}

struct walk_result walk(const struct walk_plan *plan, double rate)
{
    double *p = rs_xcalloc(plan->cap + 2, sizeof *p); /* of being at k, undecided */
    struct walk_result out = {.open = 1.0};
    int64_t first = 0, last = 0; /* states with any weight */
    p[0] = 1.0;
    for (uint64_t n = 1; n <= plan->cap && out.open > 0.0; n++) {
        out.mean_n += out.open;
        p[++last] = 0.0;
        for (int64_t k = last; k > first; k--)
            p[k] = p[k] * (1.0 - rate) + p[k - 1] * rate;
        p[first] *= 1.0 - rate;
        for (; first <= last && first <= plan->below[n]; first++)
            out.below += p[first];
        for (; last >= first && last >= plan->above[n]; last--)
            out.above += p[last];
        out.open = 0.0;
        for (int64_t k = first; k <= last; k++)
            out.open += p[k];
    }
    free(p);
    return out;
}
