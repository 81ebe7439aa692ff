/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "outcome.h"

static struct tune_estimate nothing(void)
{
    return (struct tune_estimate){.value = NAN, .low = NAN, .high = NAN};
}

/* ---- states ---------------------------------------------------------------------------------------------------------- */

/* Who keeps more than i: the one that breaks the fewest, or RS_NOBODY. */
static uint32_t who_keeps_more(const struct race *r, uint32_t i)
{
    uint32_t best = RS_NOBODY;
    for (uint32_t k = 0; k < r->n; k++) {
        if (r->racer[k].illegal || !rs_race_keeps_more(r, k, i))
            continue;
        if (best == RS_NOBODY || rs_race_n_bad(r, k) < rs_race_n_bad(r, best))
            best = k;
    }
    return best;
}

static int first_broken(const struct race *r, uint32_t i, uint32_t other)
{
    size_t n = (size_t)r->ns->n_claim;
    for (size_t c = 0; c < n; c++) {
        bool bad = r->bad[i * n + c] || r->untested[i * n + c];
        if (r->ns->kept[c] && bad && !r->bad[other * n + c] && !r->untested[other * n + c])
            return (int)c;
    }
    return -1;
}

/* What was beaten by one that was beaten itself is beaten by whoever is at the end of the row. */
static uint32_t last_of(const struct race *r, uint32_t i)
{
    while (r->racer[i].beaten_by != RS_NOBODY && rs_race_keeps_all_of(r, r->racer[i].beaten_by, i))
        i = r->racer[i].beaten_by;
    return i;
}

static void set_state(const struct race *r, uint32_t i, struct tune_point *p)
{
    const struct racer *me = &r->racer[i];
    p->beaten_by = p->breaks = -1;
    p->why = me->illegal;
    p->state = RS_POINT_FRONT;
    if (me->illegal) {
        p->state = RS_POINT_ILLEGAL;
        return;
    }
    uint32_t more = who_keeps_more(r, i), last = last_of(r, i);
    if (more != RS_NOBODY) {
        p->state = RS_POINT_EXCLUDED;
        p->breaks = first_broken(r, i, more);
        p->proved_out = me->proved_out;
    } else if (last != i) {
        p->state = RS_POINT_DOMINATED;
        p->beaten_by = (int)last;
    }
}

static void set_numbers(const struct race *r, uint32_t i, struct arena *arena, struct tune_point *p)
{
    const struct numbers *ns = r->ns;
    p->objective = RS_ARENA_ARRAY(arena, struct tune_estimate, ns->n_objective);
    p->claim = RS_ARENA_ARRAY(arena, struct tune_estimate, ns->n_claim);
    for (int s = 0; s < ns->n_stratum; s++)
        p->n_replica += rs_store_n(r->store, s, i);
    for (int o = 0; o < ns->n_objective; o++)
        p->objective[o] = rs_estimate(r->store, &ns->objective[o], i, r->told_level);
    for (int c = 0; c < ns->n_claim; c++)
        p->claim[c] = ns->claim[c].n_stratum > 0
                          ? rs_estimate(r->store, &ns->claim[c], i, r->told_level)
                          : nothing();
}

void rs_outcome_points(const struct race *r, struct tune_result *out)
{
    out->n_point = (int)r->n;
    out->point = RS_ARENA_ARRAY(out->arena, struct tune_point, r->n);
    out->today = 0;
    for (uint32_t i = 0; i < r->n; i++) {
        struct tune_point *p = &out->point[i];
        p->value = r->racer[i].value;
        set_state(r, i, p);
        set_numbers(r, i, out->arena, p);
    }
}

/* ---- the choice ------------------------------------------------------------------------------------------------------ */

static int n_kept(const struct race *r)
{
    int n = 0;
    for (int c = 0; c < r->ns->n_claim; c++)
        n += r->ns->kept[c];
    return n;
}

static const char *claims_text(const struct race *r, uint32_t i, struct arena *arena)
{
    int n = n_kept(r), bad = rs_race_n_bad(r, i), untested = rs_race_n_untested(r, i);
    if (n == 0)
        return "There is no claim to keep;";
    if (bad == 0)
        return rs_arena_printf(arena, "It was not shown to break any of the %d claim%s to be kept;",
                               n, n == 1 ? "" : "s");
    if (untested > 0)
        return rs_arena_printf(arena,
                               "Of the %d claims to be kept it breaks %d and never puts %d to the "
                               "test, and no setting was shown to do better;",
                               n, bad - untested, untested);
    return rs_arena_printf(arena,
                           "It breaks %d of the %d claims to be kept, and no setting was shown to "
                           "break fewer;",
                           bad, n);
}

/* The objectives, in their order, in which it was shown to be better than some setting that breaks no more. */
static const char *objectives_text(const struct race *r, uint32_t i, struct arena *arena)
{
    const char *text = NULL;
    for (int o = 0; o < r->ns->n_objective; o++) {
        bool better = false;
        for (uint32_t k = 0; k < r->n && !better; k++)
            better = r->racer[k].in && rs_race_n_bad(r, k) == rs_race_n_bad(r, i) &&
                     (r->better[i * (size_t)r->n + k] & (UINT32_C(1) << o));
        if (better)
            text = rs_arena_printf(arena, "%s%s%s", text ? text : "", text ? ", then " : "",
                                   r->src->plan->objective[o].name);
    }
    return text ? rs_arena_printf(arena, "of those that do so it was shown to be ahead in %s", text)
                : "those that do so were not shown to differ in any objective";
}

/* The limit of a claim in the unit that its number is told in. */
static double limit_of(const struct claim *c)
{
    bool is_time = c->of == RS_Q_LEG || c->of == RS_Q_ROLLOUT_DURATION;
    return is_time && c->kind != RS_CLAIM_PROBABILITY ? c->limit * 1e-9 : c->limit;
}

/* Kept claims whose number as it was seen lies on the wrong side of the limit, shown or not. */
static int n_seen_broken(const struct race *r, uint32_t i)
{
    const struct numbers *ns = r->ns;
    int n = 0;
    for (int c = 0; c < ns->n_claim; c++) {
        if (!ns->kept[c] || ns->claim[c].n_stratum == 0)
            continue;
        const struct claim *claim = &ns->today->claim[c];
        double v = rs_estimate(r->store, &ns->claim[c], i, r->told_level).value;
        bool kept = claim->at_most ? v <= limit_of(claim) : v >= limit_of(claim);
        n += !kept; /* NaN, a claim without a case, is not kept */
    }
    return n;
}

/*
 * What was not shown may still be likely: of settings that cannot be told apart those are left that break the fewest claims as
 * they were seen. Returns how many.
 */
static uint32_t keep_likely(const struct race *r, bool *left)
{
    int *n = rs_xcalloc((size_t)r->n + 1, sizeof *n), least = INT_MAX;
    uint32_t n_left = 0;
    for (uint32_t i = 0; i < r->n; i++) {
        n[i] = left[i] ? n_seen_broken(r, i) : INT_MAX;
        least = n[i] < least ? n[i] : least;
    }
    for (uint32_t i = 0; i < r->n; i++) {
        left[i] = left[i] && n[i] == least;
        n_left += left[i];
    }
    free(n);
    return n_left;
}

void rs_outcome_choose(const struct race *r, struct tune_result *out)
{
    bool *left = rs_xcalloc((size_t)r->n + 1, sizeof *left);
    uint32_t n_left = rs_race_contenders(r, left), n_change = 0;
    uint32_t n_likely = keep_likely(r, left);
    uint32_t i = rs_race_least_change(r, left, &n_change);
    free(left);
    out->chosen = i == RS_NOBODY ? -1 : (int)i;
    if (i == RS_NOBODY) {
        out->chosen_why = "no setting makes a legal scenario";
        return;
    }
    const char *tie = "";
    if (n_left > 1 && n_likely == n_left)
        tie = rs_arena_printf(
            out->arena, "; of the %" PRIu32 " that were not shown to differ there it changes least",
            n_left);
    else if (n_left > 1)
        tie = rs_arena_printf(out->arena,
                              "; of the %" PRIu32 " that were not shown to differ there %" PRIu32
                              " break%s the fewest claims as they were seen%s",
                              n_left, n_likely, n_likely == 1 ? "s" : "",
                              n_likely == 1 ? "" : ", and of these it changes least");
    out->chosen_why = rs_arena_printf(
        out->arena, "%s %s%s: %s.", claims_text(r, i, out->arena),
        objectives_text(r, i, out->arena), tie,
        n_change == 0 ? "it is today's setting"
                      : rs_arena_printf(out->arena, "%" PRIu32 " parameter%s", n_change,
                                        n_change == 1 ? " is moved" : "s are moved"));
}
