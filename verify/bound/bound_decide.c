/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The verdict on a bound: the worst procedure decides. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "bound_private.h"
#include "sim/clock.h"
#include "tally.h"

struct judged {
    enum verdict_kind kind;
    struct bound bound;
    int procedure;
};

static enum verdict_kind judge(const struct bound *b, double sure_s, double within_s)
{
    if (b->worst_phase_high_s <= within_s)
        return RS_VERDICT_PROVED;
    if (isinf(b->worst_phase_high_s))
        return RS_VERDICT_UNBOUNDED;
    return sure_s > within_s || b->worst_phase_low_s > within_s ? RS_VERDICT_REFUTED
                                                                : RS_VERDICT_UNDECIDED;
}

/* What is worse for the claim; of two alike the longer one. */
static bool is_worse(const struct judged *a, const struct judged *b)
{
    static const int rank[RS_VERDICT_N] = {[RS_VERDICT_PROVED] = 0,
                                           [RS_VERDICT_UNDECIDED] = 1,
                                           [RS_VERDICT_REFUTED] = 2,
                                           [RS_VERDICT_UNBOUNDED] = 3};
    if (rank[a->kind] != rank[b->kind])
        return rank[a->kind] > rank[b->kind];
    return a->bound.worst_phase_high_s > b->bound.worst_phase_high_s;
}

static void tell(struct arena *arena, const struct judged *j, struct verdict *v)
{
    const struct bound *b = &j->bound;
    struct verdict_step *step = RS_ARENA_ARRAY(arena, struct verdict_step, b->n_leg);
    for (int i = 0; i < b->n_leg; i++)
        step[i] = (struct verdict_step){
            .at = b->leg[i].at,
            .ref = b->leg[i].ref,
            .text = b->leg[i].why ? rs_arena_printf(arena, "%s: %s", b->leg[i].name, b->leg[i].why)
                                  : b->leg[i].name,
            .low_s = b->leg[i].low_s,
            .high_s = b->leg[i].worst_phase_s};
    v->kind = j->kind;
    v->n_step = b->n_leg;
    v->step = step;
    v->best_phase_low_s = b->best_phase_low_s;
    v->best_phase_high_s = b->best_phase_high_s;
    v->worst_phase_low_s = b->worst_phase_low_s;
    v->worst_phase_high_s = b->worst_phase_high_s;
    v->worst = b->worst_phase_high_s;
    v->reason = j->kind == RS_VERDICT_UNDECIDED ? RS_OPEN_LOOSE : RS_OPEN_NONE;
    v->margin_s = rs_s_from_ns((int64_t)v->claim->within) - b->worst_phase_high_s;
}

static struct verdict blank(const struct claim *c)
{
    struct verdict v = {.claim = c,
                        .kind = RS_VERDICT_UNDECIDED,
                        .engine = RS_ENGINE_BOUND,
                        .reason = RS_OPEN_NOT_APPLICABLE,
                        .estimate = NAN,
                        .interval = {NAN, NAN},
                        .confidence = 1.0,
                        .worst = NAN,
                        .margin_s = NAN,
                        .witness_fault = -1,
                        .best_phase_low_s = NAN,
                        .best_phase_high_s = NAN,
                        .worst_phase_low_s = NAN,
                        .worst_phase_high_s = NAN};
    return v;
}

/* Only a chain with people in it rests on their times; whoever acts decides first. */
static const char *placeholder_of(struct arena *arena,
                                  const struct scenario *sc,
                                  const struct claim *c,
                                  const struct bound *b)
{
    int role;
    const char *part;
    bool people = false;
    for (int i = 0; i < b->n_leg; i++)
        people = people || strcmp(b->leg[i].name, "acknowledge") == 0 ||
                 strcmp(b->leg[i].name, "decide") == 0;
    if (!(people || c->from >= RS_CLOCK_DECIDED) || !rs_claim_placeholder(sc, c, &role, &part))
        return NULL;
    return rs_arena_printf(arena, "%s.%s", sc->response.role[role].name, part);
}

struct verdict
rs_bound_decide(struct arena *arena, const struct scenario *sc, const struct claim *c)
{
    struct verdict v = blank(c);
    struct judged *worst = NULL;
    assert(c->kind == RS_CLAIM_BOUND);
    for (int p = 0; p < sc->response.n_procedure; p++) {
        if (c->procedure >= 0 && c->procedure != p)
            continue;
        struct bound_query q = {.from = c->from,
                                .to = c->to,
                                .from_condition = c->from_condition,
                                .procedure = p,
                                .detected_by = c->detected_by};
        struct judged *j = RS_ARENA_ARRAY(arena, struct judged, 1);
        double sure = INFINITY;
        bool starts = c->from_condition || c->from <= RS_CLOCK_FIRST_BAD;
        j->procedure = p;
        if (!rs_bound_measure(arena, sc, &q, &j->bound, &sure)) {
            if (!starts)
                continue; /* no history has the mark that the leg starts from */
            rs_bound_chain(arena, sc, &q, &j->bound);
        }
        j->kind = judge(&j->bound, sure, rs_s_from_ns((int64_t)c->within));
        if (!worst || is_worse(j, worst))
            worst = j;
    }
    if (worst) {
        tell(arena, worst, &v);
        v.placeholder = placeholder_of(arena, sc, c, &worst->bound);
    }
    return v;
}
