/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Claims that no setting keeps: where everything that is turned is left aside, what is in the way is seen in the evidence. */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "outcome.h"
#include "outcome_parts.h"

/* Of a claim that replicas decide: the setting with the fewest bad histories; of a bound: that with the least worst case. */
static uint32_t nearest(const struct race *r, int c)
{
    uint32_t best = RS_NOBODY;
    double least = NAN;
    const struct number *n = &r->ns->claim[c];
    for (uint32_t i = 0; i < r->n; i++) {
        double x = n->n_stratum > 0 ? rs_estimate_bad(r->store, n, i)
                                    : r->exact_worst_s[i * (size_t)r->ns->n_claim + (size_t)c];
        if (r->racer[i].illegal || (n->n_stratum > 0 && r->racer[i].proved_out))
            continue;
        if (best == RS_NOBODY || x < least || (isnan(least) && !isnan(x))) {
            best = i;
            least = x;
        }
    }
    return best;
}

/*
 * Is it shown to be broken by all? One that was beaten keeps a claim no better than the one that beat it, so those count that were not;
 * one that a proof excludes was never asked.
 */
static bool is_unsaved(const struct race *r, int c)
{
    bool exact = r->ns->claim[c].n_stratum == 0;
    uint32_t n = 0;
    for (uint32_t i = 0; i < r->n; i++) {
        const struct racer *me = &r->racer[i];
        if (me->illegal || (!exact && (me->proved_out || me->beaten_by != RS_NOBODY)))
            continue;
        if (!r->bad[i * (size_t)r->ns->n_claim + (size_t)c])
            return false;
        n++;
    }
    return n > 0;
}

static struct tune_estimate near_of(const struct race *r, int c, uint32_t best)
{
    const struct number *n = &r->ns->claim[c];
    if (n->n_stratum > 0)
        return rs_estimate(r->store, n, best, r->told_level);
    double worst = r->exact_worst_s[best * (size_t)r->ns->n_claim + (size_t)c];
    return (struct tune_estimate){.value = worst, .low = worst, .high = worst};
}

void rs_outcome_unsaved(const struct race *r, struct tune_result *out)
{
    out->unsaved = RS_ARENA_ARRAY(out->arena, struct tune_unsaved, r->ns->n_claim);
    for (int c = 0; c < r->ns->n_claim; c++) {
        if (!r->ns->kept[c] || !is_unsaved(r, c))
            continue;
        struct tune_unsaved *u = &out->unsaved[out->n_unsaved++];
        uint32_t best = nearest(r, c);
        *u = (struct tune_unsaved){.claim = c,
                                   .best = best == RS_NOBODY ? -1 : (int)best,
                                   .near = near_of(r, c, best),
                                   .proved = r->ns->claim[c].n_stratum == 0};
        if (u->proved)
            rs_obstacle_of_proof(r, out->arena, c, best, u);
        else
            rs_obstacle_of_replicas(r, out->arena, c, best, u);
    }
}
