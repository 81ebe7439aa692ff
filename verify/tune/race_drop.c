/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who leaves a race, and who may be chosen. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "bet.h"
#include "estimate.h"
#include "race_parts.h"
#include "sim/arena.h"

/* ---- claims ---------------------------------------------------------------------------------------------------------- */

/*
 * What each replica says of "bad more often than is allowed": a difference whose mean is above 0 if it is so. Histories that the claim does
 * not speak of say nothing, so a condition costs no more than that.
 */
struct claim_bets {
    struct bet breaks, keeps;
};

static struct claim_bets bets_of(const struct race *r, const struct number *n, uint32_t setting)
{
    const double least =
        1e-6; /* a limit of 0 or 1 is broken by one history: no stake is too large */
    struct claim_bets bets;
    uint64_t n_replica = rs_estimate_n(r->store, n, setting);
    rs_bet_init(&bets.breaks, fmax(n->allowed, least));
    rs_bet_init(&bets.keeps, fmax(1.0 - n->allowed, least));
    for (uint64_t k = 0; k < n_replica; k++) {
        double low = 0.0, high = 0.0;
        for (int i = 0; i < n->n_stratum; i++) {
            int s = n->stratum[i];
            double l, h;
            if (!rs_number_bad(n, rs_store_row(r->store, s, rs_store_rows(r->store, s, setting)[k]),
                               &l, &h))
                continue;
            low += n->weight[i] * (l - n->allowed);
            high += n->weight[i] * (h - n->allowed);
        }
        rs_bet_add(&bets.breaks, low, 1);
        rs_bet_add(&bets.keeps, -high, 1);
    }
    return bets;
}

/* A claim that nothing could break is kept; what is above the allowed share of 1 cannot be. */
static void look_at_claim(struct race *r, const struct number *n, uint32_t i)
{
    size_t at = i * (size_t)r->ns->n_claim + (size_t)n->claim;
    double alpha = r->claim_level.end;
    if (n->allowed >= 1.0) {
        r->good[at] = true;
        return;
    }
    struct claim_bets bets = bets_of(r, n, i);
    if (rs_bet_is_won(&bets.breaks, alpha))
        r->bad[at] = true;
    else if (rs_bet_is_won(&bets.keeps, alpha))
        r->good[at] = true;
}

void rs_race_look_at_claims(struct race *r)
{
    for (uint32_t i = 0; i < r->n; i++) {
        for (int c = 0; c < r->ns->n_claim && r->racer[i].in; c++) {
            size_t at = i * (size_t)r->ns->n_claim + (size_t)c;
            if (!r->ns->kept[c] || r->ns->claim[c].n_stratum == 0)
                continue;
            r->untested[at] = isnan(rs_estimate_bad(r->store, &r->ns->claim[c], i));
            if (!r->bad[at] && !r->good[at])
                look_at_claim(r, &r->ns->claim[c], i);
        }
    }
}

static bool is_untested(const struct race *r, uint32_t i, int claim)
{
    return r->ns->kept[claim] && r->untested[i * (size_t)r->ns->n_claim + (size_t)claim];
}

/*
 * A claim without a case is not kept: an alert that never fires would keep every promise of what follows a detection. Beside a
 * setting that breaks such a claim it is no better.
 */
static bool breaks(const struct race *r, uint32_t i, int claim)
{
    bool bad = r->bad[i * (size_t)r->ns->n_claim + (size_t)claim];
    return r->ns->kept[claim] && (bad || is_untested(r, i, claim));
}

static bool is_shown_to_keep(const struct race *r, uint32_t i, int claim)
{
    return r->good[i * (size_t)r->ns->n_claim + (size_t)claim];
}

bool rs_race_keeps_all_of(const struct race *r, uint32_t a, uint32_t b)
{
    for (int c = 0; c < r->ns->n_claim; c++) {
        if (breaks(r, a, c) && !breaks(r, b, c))
            return false;
    }
    return true;
}

int rs_race_n_bad(const struct race *r, uint32_t i)
{
    int n = 0;
    for (int c = 0; c < r->ns->n_claim; c++)
        n += breaks(r, i, c);
    return n;
}

int rs_race_n_untested(const struct race *r, uint32_t i)
{
    int n = 0;
    for (int c = 0; c < r->ns->n_claim; c++)
        n += is_untested(r, i, c) && !r->bad[i * (size_t)r->ns->n_claim + (size_t)c];
    return n;
}

bool rs_race_keeps_more(const struct race *r, uint32_t a, uint32_t b)
{
    return rs_race_keeps_all_of(r, a, b) && rs_race_n_bad(r, a) < rs_race_n_bad(r, b);
}

/* ---- leaving --------------------------------------------------------------------------------------------------------- */

/* Is one of the claims that b breaks and a does not shown to be kept by a? */
static bool is_shown_to_keep_more(const struct race *r, uint32_t a, uint32_t b)
{
    if (!rs_race_keeps_more(r, a, b))
        return false;
    for (int c = 0; c < r->ns->n_claim; c++) {
        if (breaks(r, b, c) && !breaks(r, a, c) && is_shown_to_keep(r, a, c))
            return true;
    }
    return false;
}

/* As far as claims go, is b no loss beside a? */
static bool claims_allow(const struct race *r, uint32_t a, uint32_t b)
{
    for (int c = 0; c < r->ns->n_claim; c++) {
        const struct number *n = &r->ns->claim[c];
        if (!r->ns->kept[c] || breaks(r, b, c) || is_shown_to_keep(r, a, c))
            continue;
        if (breaks(r, a, c) || n->n_stratum == 0 ||
            !rs_pair_keeps_as_well(r->store, n, (struct pair){a, b}))
            return false;
    }
    return true;
}

/*
 * Shown to be better in one at least, and in the others shown so too; or, once there are no more replicas to be had, never worse in any
 * of them: what shows in none of them would not be found by looking on.
 */
static bool beats(struct race *r, uint32_t a, uint32_t b, bool last)
{
    const double *x = &r->value[a * (size_t)r->ns->n_objective],
                 *y = &r->value[b * (size_t)r->ns->n_objective];
    uint32_t *better = &r->better[a * (size_t)r->n + b];
    for (int o = 0; o < r->ns->n_objective; o++) {
        if (!(*better & (UINT32_C(1) << o)) && x[o] > y[o])
            return false;
    }
    for (int o = 0; o < r->ns->n_objective; o++) {
        uint32_t bit = UINT32_C(1) << o;
        if (*better & bit)
            continue;
        struct pair_says says =
            rs_pair_look(r->store, &r->ns->objective[o], (struct pair){a, b}, r->pair_level);
        if (says.a_better)
            *better |= bit;
        else if (!last || !says.never_worse)
            return false;
    }
    return *better != 0 && claims_allow(r, a, b);
}

/* A setting before i that has the same rows, or RS_NOBODY. */
static uint32_t twin_of(const struct race *r, const uint32_t *twin, uint32_t i)
{
    for (uint32_t k = 0; k < i; k++) {
        if (twin[k] == RS_NOBODY && (r->racer[k].in || r->racer[k].beaten_by != RS_NOBODY) &&
            rs_pair_is_same(r->store, r->ns->n_stratum, (struct pair){k, i}))
            return k;
    }
    return RS_NOBODY;
}

/* Does the row of those who beat each other, from a on, come to b? */
static bool leads_to(const struct race *r, uint32_t a, uint32_t b)
{
    for (; a != RS_NOBODY; a = r->racer[a].beaten_by) {
        if (a == b)
            return true;
    }
    return false;
}

static void find_beaten(struct race *r, bool last)
{
    uint32_t *twin = rs_xcalloc((size_t)r->n + 1, sizeof *twin);
    for (uint32_t i = 0; i < r->n; i++)
        twin[i] = r->racer[i].in ? twin_of(r, twin, i) : RS_NOBODY;
    for (uint32_t b = 0; b < r->n; b++) {
        struct racer *me = &r->racer[b];
        if (!me->in)
            continue;
        uint32_t like = twin[b] == RS_NOBODY ? RS_NOBODY : r->racer[twin[b]].beaten_by;
        if (like != RS_NOBODY && !leads_to(r, like, b) && beats(r, like, b, last)) {
            me->beaten_by = like;
            continue;
        }
        for (uint32_t a = 0; a < r->n && me->beaten_by == RS_NOBODY; a++) {
            if (r->racer[a].in && twin[a] == RS_NOBODY && !leads_to(r, a, b) &&
                beats(r, a, b, last))
                me->beaten_by = a;
        }
    }
    free(twin);
    for (uint32_t b = 0; b < r->n; b++)
        r->racer[b].in = r->racer[b].in && r->racer[b].beaten_by == RS_NOBODY;
}

void rs_race_drop(struct race *r, bool last)
{
    for (uint32_t b = 0; b < r->n; b++) {
        for (uint32_t a = 0; a < r->n && r->racer[b].in; a++) {
            if (!r->racer[a].illegal && !r->racer[a].proved_out && is_shown_to_keep_more(r, a, b)) {
                r->racer[b].out_by = a;
                r->racer[b].in = false;
            }
        }
    }
    find_beaten(r, last);
}

/* ---- choosing -------------------------------------------------------------------------------------------------------- */

/* Who takes part: legal, looked at, and not beaten. Those that break more than others leave by the count. */
static bool may_be_chosen(const struct race *r, uint32_t i)
{
    const struct racer *me = &r->racer[i];
    return !me->illegal && !me->proved_out && me->beaten_by == RS_NOBODY;
}

/* The one with the smallest value of the objective among those left; of those alike the first. What is not known is worst. */
static uint32_t best_in(const struct race *r, const bool *left, int objective)
{
    uint32_t best = RS_NOBODY;
    size_t n = (size_t)r->ns->n_objective, o = (size_t)objective;
    for (uint32_t i = 0; i < r->n; i++) {
        if (!left[i])
            continue;
        double x = r->value[i * n + o], y = best == RS_NOBODY ? NAN : r->value[best * n + o];
        if (best == RS_NOBODY || x < y || (isnan(y) && !isnan(x)))
            best = i;
    }
    return best;
}

uint32_t rs_race_contenders(const struct race *r, bool *out)
{
    int fewest = -1;
    uint32_t n = 0;
    for (uint32_t i = 0; i < r->n; i++) {
        int bad = rs_race_n_bad(r, i);
        out[i] = may_be_chosen(r, i);
        if (out[i] && (fewest < 0 || bad < fewest))
            fewest = bad;
    }
    for (uint32_t i = 0; i < r->n; i++)
        out[i] = out[i] && rs_race_n_bad(r, i) == fewest;
    for (int o = 0; o < r->ns->n_objective; o++) {
        uint32_t best = best_in(r, out, o);
        for (uint32_t i = 0; i < r->n && best != RS_NOBODY; i++) {
            if (out[i] && (r->better[best * (size_t)r->n + i] & (UINT32_C(1) << o)))
                out[i] = false;
        }
    }
    for (uint32_t i = 0; i < r->n; i++)
        n += out[i];
    return n;
}

/* How much a setting differs from today's: parameters first, then how far they are moved, as shares of their ranges. */
struct change {
    uint32_t n;
    double far;
};

static struct change change_of(const struct tune_plan *plan, const uint16_t *value)
{
    struct change c = {0};
    for (int p = 0; p < plan->n_param; p++) {
        const struct tune_param *param = &plan->param[p];
        int step = abs((int)value[p] - param->today);
        c.n += step != 0;
        c.far += param->type == RS_TUNE_WORD ? step != 0 : (double)step / (param->n_value - 1);
    }
    return c;
}

uint32_t rs_race_least_change(const struct race *r, const bool *of, uint32_t *out_n_change)
{
    uint32_t best = RS_NOBODY;
    struct change least = {0};
    for (uint32_t i = 0; i < r->n; i++) {
        if (!of[i])
            continue;
        struct change c = change_of(r->src->plan, r->racer[i].value);
        if (best == RS_NOBODY || c.n < least.n || (c.n == least.n && c.far < least.far)) {
            best = i;
            least = c;
        }
    }
    *out_n_change = least.n;
    return best;
}
