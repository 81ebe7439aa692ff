/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "machine.h"
#include "sim/arena.h"

/* The components that a predicate speaks of, each once. */
struct parts {
    struct arena *arena;
    int n;
    struct part *part;
};

static void add_part(struct parts *to, const struct predicate *p)
{
    struct part part = {(enum reach_part)p->value, p->value == RS_PART_ROLE ? p->index : -1};
    for (int i = 0; i < to->n; i++) {
        if (to->part[i].part == part.part && to->part[i].role == part.role)
            return;
    }
    struct part *more = RS_ARENA_ARRAY(to->arena, struct part, to->n + 1);
    for (int i = 0; i < to->n; i++)
        more[i] = to->part[i];
    more[to->n++] = part;
    to->part = more;
}

static void add_parts(struct parts *to, const struct predicate *p)
{
    if (!p)
        return;
    if (p->op == RS_PREDICATE_DOWN)
        add_part(to, p);
    for (int i = 0; i < p->n; i++)
        add_parts(to, &p->part[i]);
}

/* The first state found that breaks the claim, or RS_SEARCH_NONE. */
static uint32_t first_bad(const struct machine *m, const struct search *s, const struct claim *c)
{
    uint32_t bad = RS_SEARCH_NONE;
    bool *can = NULL;
    if (c->reaches) {
        can = rs_xcalloc(s->n, sizeof *can);
        for (uint32_t i = 0; i < s->n; i++)
            can[i] = rs_predicate_holds(m, rs_search_state(s, i), c->state);
        rs_search_can_reach(s, can);
    }
    for (uint32_t i = 0; i < s->n && bad == RS_SEARCH_NONE; i++) {
        const uint16_t *state = rs_search_state(s, i);
        bool good;
        if (c->reaches)
            good = can[i] || (c->reaches_from && !rs_predicate_holds(m, state, c->reaches_from));
        else
            good = rs_predicate_holds(m, state, c->state) == (c->kind == RS_CLAIM_ALWAYS);
        if (!good)
            bad = i;
    }
    free(can);
    return bad;
}

/* Does any state come under the claim at all? One that speaks of nothing is no proof. */
static bool is_vacuous(const struct machine *m, const struct search *s, const struct claim *c)
{
    if (!c->reaches || !c->reaches_from)
        return false;
    for (uint32_t i = 0; i < s->n; i++) {
        if (rs_predicate_holds(m, rs_search_state(s, i), c->reaches_from))
            return false;
    }
    return true;
}

/*
 * A state that breaks the claim was seen, so it counts in a truncated search too; except for `reaches`, where what was cut off
 * may be the way that is missed.
 */
static void
conclude(struct verdict *v, struct arena *arena, const struct machine *m, const struct search *s)
{
    const struct claim *c = v->claim;
    uint32_t bad = s->truncated && c->reaches ? RS_SEARCH_NONE : first_bad(m, s, c);
    if (bad != RS_SEARCH_NONE) {
        v->kind = RS_VERDICT_VIOLATED;
        v->step = rs_trace_to(arena, m, s, bad, &v->n_step);
    } else if (s->truncated) {
        v->reason = RS_OPEN_TRUNCATED;
    } else if (is_vacuous(m, s, c)) {
        v->reason = RS_OPEN_NOT_APPLICABLE;
    } else {
        v->kind = RS_VERDICT_PROVED;
    }
}

struct verdict
rs_reach_decide(struct arena *arena, const struct scenario *sc, const struct claim *c)
{
    return rs_reach_decide_within(arena, sc, c, RS_REACH_LIMIT);
}

struct verdict rs_reach_decide_within(struct arena *arena,
                                      const struct scenario *sc,
                                      const struct claim *c,
                                      uint64_t limit)
{
    assert(c->kind == RS_CLAIM_ALWAYS || c->kind == RS_CLAIM_NEVER);
    struct verdict v = {.claim = c,
                        .kind = RS_VERDICT_UNDECIDED,
                        .engine = RS_ENGINE_EXHAUSTIVE,
                        .best_phase_low_s = NAN,
                        .best_phase_high_s = NAN,
                        .worst_phase_low_s = NAN,
                        .worst_phase_high_s = NAN,
                        .margin_s = NAN,
                        .estimate = NAN,
                        .interval = {NAN, NAN},
                        .confidence = 1.0,
                        .worst = NAN,
                        .witness_fault = -1};
    struct parts parts = {.arena = arena};
    add_parts(&parts, c->state);
    add_parts(&parts, c->reaches_from);
    struct machine_options opt = {.n_part = parts.n, .part = parts.part};
    const struct machine *m = rs_machine_new(arena, sc, &opt);
    struct search s;
    rs_machine_search(m, limit, c->reaches, &s);
    v.n_state = s.n;
    conclude(&v, arena, m, &s);
    rs_search_clear(&s);
    return v;
}
