/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settings before any replica: which make legal scenarios, and what proofs say of them. */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "race_parts.h"
#include "verify/bound.h"
#include "verify/reach.h"

static const char *first_error(struct arena *arena, const struct err_list *errors)
{
    if (errors->n == 0)
        return "it cannot be read";
    const struct err *e = &errors->item[0];
    if (!e->file[0])
        return rs_arena_strdup(arena, e->text);
    return rs_arena_printf(arena, "%s:%d:%d: %s", e->file, e->line, e->col, e->text);
}

/* Do two settings differ in something that changes more than what a rule or a condition says? */
static bool same_but_sites(const struct tune_plan *plan, const uint16_t *a, const uint16_t *b)
{
    for (int p = 0; p < plan->n_param; p++) {
        if (plan->param[p].site < 0 && a[p] != b[p])
            return false;
    }
    return true;
}

/*
 * The search of states leaves time out, and any condition may say anything at any moment: what rules and conditions compare with
 * does not matter to it. Returns a setting before i with which such verdicts are shared, or RS_NOBODY.
 */
static uint32_t same_states(const struct race *r, uint32_t i)
{
    for (uint32_t k = 0; k < i; k++) {
        if (!r->racer[k].illegal &&
            same_but_sites(r->src->plan, r->racer[k].value, r->racer[i].value))
            return k;
    }
    return RS_NOBODY;
}

static void decide(struct race *r, uint32_t i, const struct scenario *sc, struct arena *scratch)
{
    const struct numbers *ns = r->ns;
    size_t at = i * (size_t)ns->n_claim;
    uint32_t like = same_states(r, i);
    for (int c = 0; c < ns->n_claim; c++) {
        const struct claim *claim = &sc->claim[c];
        bool states = claim->kind == RS_CLAIM_ALWAYS || claim->kind == RS_CLAIM_NEVER;
        if (rs_claim_is_statistical(claim) || !ns->kept[c])
            continue;
        if (states && like != RS_NOBODY) {
            size_t from = like * (size_t)ns->n_claim + (size_t)c;
            r->bad[at + (size_t)c] = r->bad[from];
            r->good[at + (size_t)c] = r->good[from];
            continue;
        }
        struct verdict v =
            states ? rs_reach_decide(scratch, sc, claim) : rs_bound_decide(scratch, sc, claim);
        r->bad[at + (size_t)c] = rs_verdict_is_bad(v.kind);
        r->good[at + (size_t)c] = rs_verdict_is_good(v.kind);
        r->exact_worst_s[at + (size_t)c] = v.worst;
    }
}

static bool has_exact(const struct race *r)
{
    for (int c = 0; c < r->ns->n_claim; c++) {
        if (r->ns->kept[c] && r->ns->claim[c].n_stratum == 0)
            return true;
    }
    return false;
}

void rs_race_decide_exact(struct race *r)
{
    bool exact = has_exact(r);
    for (size_t k = 0; k < r->n * (size_t)r->ns->n_claim; k++)
        r->exact_worst_s[k] = NAN;
    for (uint32_t i = 0; i < r->n && !r->stopped; i++) {
        struct err_list errors;
        struct racer *me = &r->racer[i];
        rs_err_list_init(&errors);
        struct scenario *sc = r->src->scenario(r->src->ctx, me->value, &errors);
        if (!sc) {
            me->illegal = first_error(r->arena, &errors);
            me->in = false;
        } else if (exact) {
            struct arena *scratch = rs_arena_new();
            decide(r, i, sc, scratch);
            rs_arena_free(scratch);
        }
        rs_scenario_free(sc);
        rs_err_list_clear(&errors);
        r->stopped = r->opt->cancel && atomic_load(r->opt->cancel);
    }
    for (uint32_t i = 0; i < r->n && exact; i++) {
        for (uint32_t k = 0; k < r->n && r->racer[i].in; k++) {
            if (r->racer[k].illegal || !rs_race_keeps_more(r, k, i))
                continue;
            r->racer[i].in = false;
            r->racer[i].proved_out = true;
            r->racer[i].out_by = k;
        }
    }
}
