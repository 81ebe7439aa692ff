/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Transitions in the words of the runbook. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "machine.h"
#include "models/judge.h"
#include "sim/arena.h"

struct words {
    struct arena *arena;
    const struct machine *m;
    const uint16_t *before;
};

static const char *who(const struct machine *m, int role)
{
    if (role < 0)
        return "automation";
    const struct role *r = &m->sc->response.role[role];
    return r->title ? r->title : r->name;
}

static struct verdict_step say(struct mark at, const char *ref, const char *text)
{
    return (struct verdict_step){.at = at, .ref = ref, .text = text, .low_s = NAN, .high_s = NAN};
}

static const char *order(const struct words *w, enum gate_then then, int procedure)
{
    switch (then) {
    case RS_THEN_ROLLBACK:
        return rs_arena_printf(w->arena, "roll back by %s",
                               w->m->sc->response.procedure[procedure].name);
    case RS_THEN_HOLD: return "hold";
    case RS_THEN_HALT: return "halt";
    case RS_THEN_PROMOTE: return "promote";
    }
    return "";
}

/* The step of the stage's list that is being done; a ramp's has no action. */
static const struct step *step_at(const struct words *w)
{
    const struct stage_plan *p = &w->m->stage[rs_state_stage(w->before)];
    int at = w->before[RS_WORD_AT];
    switch (rs_state_phase(w->before)) {
    case RS_PHASE_ACTING: return &p->entry.step[at];
    case RS_PHASE_CLOSING: return &p->closing.step[at];
    case RS_PHASE_RAMPING: return &p->ramp[w->before[RS_WORD_RAMP] - 1];
    case RS_PHASE_WAITING:
    case RS_PHASE_WATCHING:
    case RS_PHASE_HELD:
    case RS_PHASE_HALTED:
    case RS_PHASE_STOPPED:
    case RS_PHASE_DONE: break;
    }
    assert(!"no list is being done");
    return NULL;
}

static struct verdict_step of_step(const struct words *w, const char *how)
{
    const struct stage *st = &w->m->sc->response.stage[rs_state_stage(w->before)];
    const struct step *step = step_at(w);
    if (step->kind == RS_STEP_CHECK && how[0] == 'd')
        return say(step->action->at, step->action->ref ? step->action->ref : st->ref,
                   rs_arena_printf(w->arena, "%s: the check \"%s\" passes", st->name,
                                   step->action->title));
    if (step->action)
        return say(step->action->at, step->action->ref ? step->action->ref : st->ref,
                   rs_arena_printf(w->arena, "%s: %s %s: %s", st->name, who(w->m, st->by), how,
                                   step->action->title));
    const struct ramp_step *r = &st->ramp[w->before[RS_WORD_RAMP] - 1];
    const char *cohort =
        st->ramp_cohort >= 0 ? w->m->sc->cohort[st->ramp_cohort].name : "all users";
    return say(r->at, st->ref,
               rs_arena_printf(w->arena, "%s: %s %s: set %s on for %g%% of %s", st->name,
                               who(w->m, st->by), how, w->m->sc->flag[st->ramp_flag].name,
                               r->percent, cohort));
}

static struct verdict_step of_trip(const struct words *w)
{
    const struct stage *st = &w->m->sc->response.stage[rs_state_stage(w->before)];
    const struct action *a = step_at(w)->action;
    return say(a->at, a->ref ? a->ref : st->ref,
               rs_arena_printf(w->arena, "%s: the check \"%s\" fails: %s", st->name, a->title,
                               order(w, st->check_then, st->check_procedure)));
}

static struct verdict_step of_stage(const struct words *w, const char *fmt_text)
{
    const struct stage *st = &w->m->sc->response.stage[rs_state_stage(w->before)];
    return say(st->at, st->ref, rs_arena_printf(w->arena, "%s: %s", st->name, fmt_text));
}

static struct verdict_step of_gate(const struct words *w, int i)
{
    const struct stage *st = &w->m->sc->response.stage[rs_state_stage(w->before)];
    const struct gate *g = &st->gate[i];
    return say(g->at, g->ref ? g->ref : st->ref,
               rs_arena_printf(w->arena, "%s: gate %s trips: %s", st->name, g->name,
                               order(w, g->then, g->procedure)));
}

static struct verdict_step of_judge(const struct words *w, int index)
{
    const struct stage *st = &w->m->sc->response.stage[rs_state_stage(w->before)];
    const struct judge *j = &w->m->sc->response.judge[index >> 4];
    enum judge_verdict v = (enum judge_verdict)(index & 15);
    return say(j->at, j->ref ? j->ref : st->ref,
               rs_arena_printf(w->arena, "%s: judge %s says %s: %s", st->name, j->name,
                               rs_judge_verdict_name(v),
                               order(w, rs_judge_order(j, v), j->procedure)));
}

static struct verdict_step of_procedure(const struct words *w, int i, const char *how)
{
    const struct procedure *p = &w->m->sc->response.procedure[i];
    return say(p->at, p->ref, rs_arena_printf(w->arena, how, p->name));
}

static struct verdict_step of_action(const struct words *w, int index, const char *how)
{
    int i = index >> 12;
    const struct procedure *p = &w->m->sc->response.procedure[i];
    const struct action *a = w->m->procedure[i].steps.step[index & 0xfff].action;
    if (!a)
        return say(
            p->at, p->ref,
            rs_arena_printf(w->arena, "%s: all is done that the rollback waits for", p->name));
    return say(a->at, a->ref ? a->ref : p->ref,
               rs_arena_printf(w->arena, "%s: %s%s", p->name, how, a->title));
}

static struct verdict_step of_part(const struct words *w, int i)
{
    const struct part *part = &w->m->part[i];
    struct mark none = {0};
    switch (part->part) {
    case RS_PART_NOTHING: break;
    case RS_PART_ALERTING: return say(none, NULL, "alerting goes out of order");
    case RS_PART_FLAG_SERVICE: return say(none, NULL, "the flag service goes out of order");
    case RS_PART_ROLE: {
        const struct role *r = &w->m->sc->response.role[part->role];
        return say(
            r->at, r->ref,
            rs_arena_printf(w->arena, "%s cannot be reached any more", who(w->m, part->role)));
    }
    }
    assert(!"nothing cannot break");
    return say(none, NULL, "");
}

static struct verdict_step of_start(const struct words *w, int stage)
{
    const struct stage *st = &w->m->sc->response.stage[stage];
    return say(st->at, st->ref,
               rs_arena_printf(w->arena, "%s begins%s%s", st->name, st->title ? ": " : "",
                               st->title ? st->title : ""));
}

const struct step *rs_move_step(const struct machine *m, const uint16_t *before, uint32_t label)
{
    struct words w = {NULL, m, before};
    int i = rs_move_index(label);
    if (rs_move_kind(label) == RS_MOVE_DO)
        return step_at(&w);
    if (rs_move_kind(label) == RS_MOVE_PROCEDURE_DO)
        return &m->procedure[i >> 12].steps.step[i & 0xfff];
    return NULL;
}

struct verdict_step
rs_move_words(struct arena *arena, const struct machine *m, const uint16_t *before, uint32_t label)
{
    struct words w = {arena, m, before};
    int i = rs_move_index(label);
    switch (rs_move_kind(label)) {
    case RS_MOVE_STAGE: return of_start(&w, i);
    case RS_MOVE_DO: return of_step(&w, "does");
    case RS_MOVE_SKIP: return of_step(&w, "overlooks");
    case RS_MOVE_FAIL: return of_step(&w, "gives up");
    case RS_MOVE_TRIP: return of_trip(&w);
    case RS_MOVE_GATE: return of_gate(&w, i);
    case RS_MOVE_JUDGE: return of_judge(&w, i);
    case RS_MOVE_PASS: return of_stage(&w, "the watch ends and no gate trips");
    case RS_MOVE_LOOK: return of_procedure(&w, i, "the watcher sees the trigger of %s");
    case RS_MOVE_RESUME:
    case RS_MOVE_RESUME_FREE: return of_stage(&w, "nothing trips any more, the stage goes on");
    case RS_MOVE_STILL_HELD: return of_stage(&w, "looked at again, the stage still stands");
    case RS_MOVE_GIVE_UP: return of_stage(&w, "held for too long, the stage is given up");
    case RS_MOVE_ALERT: return of_procedure(&w, i, "an alert calls for %s, and somebody takes it");
    case RS_MOVE_AUTOMATION: return of_procedure(&w, i, "an alert starts %s by itself");
    case RS_MOVE_BOOK: return of_procedure(&w, i, "somebody takes up %s");
    case RS_MOVE_PROCEDURE_DO: return of_action(&w, i, "");
    case RS_MOVE_PROCEDURE_MISS: return of_action(&w, i, "missed: ");
    case RS_MOVE_BREAK: return of_part(&w, i);
    }
    assert(!"a move of no kind");
    return say((struct mark){0}, NULL, "");
}

const struct verdict_step *rs_trace_to(
    struct arena *arena, const struct machine *m, const struct search *s, uint32_t to, int *n)
{
    uint32_t length;
    uint32_t *path = rs_search_path(s, to, &length);
    struct verdict_step *step = RS_ARENA_ARRAY(arena, struct verdict_step, length);
    for (uint32_t i = 0; i < length; i++)
        step[i] = rs_move_words(arena, m, rs_search_state(s, path[i]), s->label[path[i + 1]]);
    free(path);
    *n = (int)length;
    return step;
}
