/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Holes that show only in what the rollout can come to: the search, dead ends, and circles without end. */
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"
#include "sim/clock.h"
#include "states.h"

void rs_states_trace(const struct states *st,
                     struct finding *f,
                     const struct machine *m,
                     const struct search *s,
                     uint32_t to)
{
    int n;
    const struct verdict_step *step = rs_trace_to(st->c->arena, m, s, to, &n);
    const char *words = NULL;
    for (int i = n > 3 ? n - 3 : 0; i < n; i++)
        words = words ? rs_arena_printf(st->c->arena, "%s > %s", words, step[i].text)
                      : rs_arena_printf(st->c->arena, "%s%s", i > 0 ? "... > " : "", step[i].text);
    rs_check_number(f, "n_step", n);
    if (words)
        rs_check_words(st->c, f, "trace", "%s", words);
}

/* ---- dead ends ------------------------------------------------------------------------------------------------------- */

static bool is_under_way(const uint16_t *s)
{
    return rs_state_phase(s) <= RS_PHASE_CLOSING;
}

/* Does the rollout itself go on from here, to a state that is under way or done? */
static bool leads_on(const struct states *st, uint32_t i)
{
    const struct search *s = &st->s;
    for (uint64_t k = s->edge_from[i]; k < s->edge_from[i + 1]; k++) {
        const uint16_t *to = rs_search_state(s, s->edge[k]);
        if (is_under_way(to) || rs_state_phase(to) == RS_PHASE_DONE)
            return true;
    }
    return false;
}

static bool was_told(const struct states *st, int from, struct mark at)
{
    for (int i = from; i < st->c->n; i++) {
        const struct mark *m = &st->c->item[i].at;
        if (m->line == at.line && m->col == at.col && strcmp(m->file, at.file) == 0)
            return true;
    }
    return false;
}

static void tell_stage(struct states *st, uint32_t i, const struct stage *stage)
{
    struct check *c = st->c;
    const char *why = stage->not_before_ns == RS_NEVER ? "it never begins"
                                                       : "whoever performs it has no working days";
    struct finding *f = rs_check_add(c, "dead-end", stage->at, stage->ref,
                                     rs_arena_printf(c->arena, "stage %s", stage->name),
                                     "the rollout comes to the stage and waits for ever: %s", why);
    rs_states_trace(st, f, st->m, &st->s, i);
    rs_check_mend(c, f, "let somebody perform the stage who is at work some time");
}

static void tell_action(struct states *st, uint32_t i, const struct step *step, const char *about)
{
    struct check *c = st->c;
    const struct action *a = step->action;
    struct finding *f =
        rs_check_add(c, "dead-end", a->at, a->ref, about,
                     "\"%s\" never succeeds, and what comes after it is never done", a->title);
    rs_check_number(f, "fails_ratio", a->fails);
    rs_check_number(f, "overlooked_ratio", a->overlooked);
    rs_states_trace(st, f, st->m, &st->s, i);
    rs_check_mend(c, f, "say how the action can be done, or take it out");
}

static void tell_dead_end(struct states *st, uint32_t i)
{
    const uint16_t *s = rs_search_state(&st->s, i);
    const struct response *plan = &st->sc->response;
    int stage = rs_state_stage(s), at = s[RS_WORD_AT];
    bool acting = rs_state_phase(s) == RS_PHASE_ACTING;
    if (rs_state_phase(s) == RS_PHASE_WAITING) {
        tell_stage(st, i, &plan->stage[stage + 1]);
    } else if (acting || rs_state_phase(s) == RS_PHASE_CLOSING) {
        const struct stage_plan *p = &st->m->stage[stage];
        tell_action(st, i, acting ? &p->entry.step[at] : &p->closing.step[at],
                    rs_arena_printf(st->c->arena, "stage %s", plan->stage[stage].name));
    }
}

static void find_dead_ends(struct states *st)
{
    int first = st->c->n;
    for (uint32_t i = 0; i < st->s.n; i++) {
        const uint16_t *s = rs_search_state(&st->s, i);
        if (is_under_way(s) && !leads_on(st, i)) {
            tell_dead_end(st, i);
            break; /* what comes after it is not reached */
        }
    }
    for (uint32_t i = 0; i < st->s.n; i++) {
        const uint16_t *s = rs_search_state(&st->s, i);
        for (int p = 0; p < st->sc->response.n_procedure; p++) {
            struct progress at = rs_state_progress(st->m, s, p);
            const struct procedure_plan *plan = &st->m->procedure[p];
            if (!at.begun || at.step >= plan->n_blocking || plan->steps.step[at.step].can_do ||
                was_told(st, first, plan->steps.step[at.step].action->at))
                continue;
            tell_action(
                st, i, &plan->steps.step[at.step],
                rs_arena_printf(st->c->arena, "procedure %s", st->sc->response.procedure[p].name));
        }
    }
}

/* ---- circles --------------------------------------------------------------------------------------------------------- */

static bool has_no_bound(uint32_t label)
{
    return rs_move_kind(label) != RS_MOVE_RESUME;
}

static void tell_circle(struct states *st, uint32_t i)
{
    struct check *c = st->c;
    const struct stage *stage = &st->sc->response.stage[rs_state_stage(rs_search_state(&st->s, i))];
    struct finding *f = rs_check_add(
        c, "endless-circle", stage->on_hold.at, stage->ref,
        rs_arena_printf(c->arena, "stage %s", stage->name),
        "once held, the stage is looked at again every %g s without end: it may be paused and "
        "resumed for ever, and nobody gives it up",
        (double)stage->on_hold.look_again_ns / 1e9);
    rs_check_number(f, "look_again_s", (double)stage->on_hold.look_again_ns / 1e9);
    rs_states_trace(st, f, st->m, &st->s, i);
    rs_check_mend(c, f, "say for how long at most (at_most), and what then");
}

/* One circle is enough to know that there are some; each stage that has one is told where it is held first. */
static void find_circles(struct states *st)
{
    if (rs_search_circle(&st->s, has_no_bound) == RS_SEARCH_NONE)
        return;
    int first = st->c->n;
    for (uint32_t i = 0; i < st->s.n; i++) {
        for (uint64_t k = st->s.edge_from[i]; k < st->s.edge_from[i + 1]; k++) {
            int stage = rs_state_stage(rs_search_state(&st->s, i));
            if (rs_move_kind(st->s.edge_label[k]) == RS_MOVE_STILL_HELD &&
                !was_told(st, first, st->sc->response.stage[stage].on_hold.at))
                tell_circle(st, i);
        }
    }
}

/* ---- the pass -------------------------------------------------------------------------------------------------------- */

static void tell_cut(struct states *st)
{
    struct check *c = st->c;
    struct mark at = {.file = st->sc->file};
    if (st->sc->response.n_stage > 0)
        at = st->sc->response.stage[0].at;
    struct finding *f = rs_check_add(c, "states-unsearched", at, NULL, "runbook",
                                     "the rollout can come to more than %u states; what was not "
                                     "searched may hold holes that are not told here",
                                     st->s.n);
    rs_check_number(f, "n_state", st->s.n);
    rs_check_mend(c, f,
                  "split the runbook, or ask by claims (always, never), which search further");
}

void rs_check_states(struct check *c)
{
    struct states st = {.c = c, .sc = c->sc};
    st.m = rs_machine_new(c->arena, c->sc, &(struct machine_options){0});

    rs_machine_search(st.m, RS_CHECK_STATES, true, &st.s);
    if (st.s.truncated)
        tell_cut(&st);
    else
        find_dead_ends(&st);
    find_circles(&st);
    rs_states_paths(&st);
    rs_states_back(&st);
    rs_check_residue(c);
    rs_search_clear(&st.s);
}
