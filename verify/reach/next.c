/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The relation: what may happen next. It follows models/response step for step; names of its functions stand above what
 * obeys them.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "models/judge.h"
#include "sim/arena.h"
#include "sim/clock.h"

/* One state being expanded. */
struct turn {
    const struct machine *m;
    const uint16_t *s;
    uint16_t *t; /* the successor that is being made */
    struct search *to;
};

static void begin(struct turn *u)
{
    memcpy(u->t, u->s, sizeof *u->t * (size_t)u->m->n_word);
}

static void emit(struct turn *u, enum reach_move kind, int index)
{
    rs_search_add(u->to, u->t, rs_move(kind, index));
}

static const struct stage *stage_of(const struct turn *u)
{
    return &u->m->sc->response.stage[rs_state_stage(u->s)];
}

static const struct stage_plan *plan_of(const struct turn *u)
{
    return &u->m->stage[rs_state_stage(u->s)];
}

static bool is_down(const struct turn *u, enum reach_part part)
{
    int down = u->s[RS_WORD_DOWN];
    return down > 0 && u->m->part[down - 1].part == part;
}

/* A doer who is missing does nothing. */
static bool at_hand(const struct turn *u, int doer)
{
    return doer == 0 || u->s[RS_WORD_DOWN] != doer;
}

/* ---- from one part of a stage to the next (runbook.c) ---------------------------------------------------------------- */

static void enter(struct turn *u, enum reach_phase phase, int ramp)
{
    u->t[RS_WORD_PHASE] = (uint16_t)phase;
    u->t[RS_WORD_AT] = 0;
    u->t[RS_WORD_RAMP] = (uint16_t)ramp;
}

static void end_stage(struct turn *u)
{
    bool last = rs_state_stage(u->t) + 1 == u->m->sc->response.n_stage;
    enter(u, last ? RS_PHASE_DONE : RS_PHASE_WAITING, 0);
}

/* What comes after the list, or the watch, in `phase`. */
static void after(struct turn *u, const struct stage *st, const struct stage_plan *p)
{
    int ramp = u->t[RS_WORD_RAMP];
    switch (rs_state_phase(u->t)) {
    case RS_PHASE_ACTING: enter(u, RS_PHASE_WATCHING, 0); return;
    case RS_PHASE_RAMPING: enter(u, RS_PHASE_WATCHING, ramp); return;
    case RS_PHASE_WATCHING:
        if (ramp < st->n_ramp)
            enter(u, RS_PHASE_RAMPING, ramp + 1);
        else if (p->closing.n > 0)
            enter(u, RS_PHASE_CLOSING, 0);
        else
            end_stage(u);
        return;
    case RS_PHASE_CLOSING: end_stage(u); return;
    case RS_PHASE_WAITING:
    case RS_PHASE_HELD:
    case RS_PHASE_HALTED:
    case RS_PHASE_STOPPED:
    case RS_PHASE_DONE: break;
    }
    assert(!"a phase that nothing comes after");
}

static void hold(struct turn *u, enum reach_phase phase)
{
    if (!stage_of(u)->on_hold.given) {
        enter(u, phase, 0);
        return;
    }
    u->t[RS_WORD_PHASE] = (uint16_t)(phase | rs_state_phase(u->s) << 4);
}

/* Somebody has a rollback in hand: whatever the rollout was doing stops for good (rs_rollout_freeze). */
static void take_up(struct turn *u, int procedure, int doer)
{
    struct progress p = {.begun = true, .doer = doer};
    rs_state_set_progress(u->m, u->t, procedure, p);
    if (rs_state_phase(u->t) != RS_PHASE_DONE)
        enter(u, RS_PHASE_STOPPED, 0);
}

static bool open_to(const struct turn *u, int procedure)
{
    return procedure >= 0 && u->s[RS_HEAD + u->m->sc->n_flag + procedure] == 0;
}

/* ---- how often a gate is read (runbook.c, hold.c) -------------------------------------------------------------------- */

static int64_t watch_ns(const struct turn *u)
{
    int ramp = u->s[RS_WORD_RAMP];
    return ramp > 0 ? stage_of(u)->ramp[ramp - 1].watch_ns : stage_of(u)->watch_ns;
}

/* A watch that is shorter than the rhythm has no look. */
static int64_t n_look(const struct turn *u)
{
    const struct stage *st = stage_of(u);
    return st->look_every_ns != RS_NEVER && st->look_every_ns > 0 ? watch_ns(u) / st->look_every_ns
                                                                  : 0;
}

static int64_t n_evaluation(const struct turn *u)
{
    int64_t every_ns = u->m->sc->monitoring.evaluation_interval_ns;
    return every_ns > 0 ? watch_ns(u) / every_ns : 0;
}

/* The most reads of a gate in one watch. */
static int64_t n_read(const struct turn *u, const struct gate *g)
{
    switch (g->when) {
    case RS_GATE_LOOKS: return n_look(u);
    case RS_GATE_END: return 1;
    case RS_GATE_CONTINUOUS: return n_evaluation(u);
    }
    return 0;
}

/* So many reads in a row make it trip; with fewer it never does. */
static bool may_trip(const struct gate *g, int64_t n)
{
    return n >= (g->in_a_row > 1 ? g->in_a_row : 1);
}

/* ---- orders of gates and checks (gates.c) ---------------------------------------------------------------------------- */

/* false: the stage goes on. */
static bool obey(struct turn *u, enum gate_then then, int procedure, int doer)
{
    switch (then) {
    case RS_THEN_ROLLBACK:
        if (open_to(u, procedure))
            take_up(u, procedure, doer);
        else
            hold(u, RS_PHASE_HELD);
        return true;
    case RS_THEN_HOLD: hold(u, RS_PHASE_HELD); return true;
    case RS_THEN_HALT: hold(u, RS_PHASE_HALTED); return true;
    case RS_THEN_PROMOTE: return false;
    }
    return false;
}

static void read_gates(struct turn *u, enum gate_when when, int doer)
{
    const struct stage *st = stage_of(u);
    for (int i = 0; i < st->n_gate; i++) {
        const struct gate *g = &st->gate[i];
        begin(u);
        if (g->when == when && may_trip(g, n_read(u, g)) && obey(u, g->then, g->procedure, doer))
            emit(u, RS_MOVE_GATE, i);
    }
}

/* A canary judge says what it can say at any moment of its stages' watches and ramps (judges.c). */
static void hear_judges(struct turn *u)
{
    const struct response *plan = &u->m->sc->response;
    for (int i = 0; i < plan->n_judge; i++) {
        const struct judge *j = &plan->judge[i];
        unsigned can = rs_judge_verdicts(j);
        for (int v = 0; v < RS_JUDGE_VERDICT_N; v++) {
            begin(u);
            if (rs_judge_judges(j, rs_state_stage(u->s)) && can >> v & 1U &&
                obey(u, rs_judge_order(j, (enum judge_verdict)v), j->procedure, 0))
                emit(u, RS_MOVE_JUDGE, i << 4 | v);
        }
    }
}

static void read_watched(struct turn *u)
{
    const struct stage *st = stage_of(u);
    for (int i = 0; i < st->n_watched; i++) {
        int p = st->watched[i];
        if (!u->m->sc->response.procedure[p].trigger || !open_to(u, p))
            continue;
        begin(u);
        take_up(u, p, plan_of(u)->doer);
        emit(u, RS_MOVE_LOOK, p);
    }
}

/* ---- lists (action.c) ------------------------------------------------------------------------------------------------ */

static void have_effect(struct turn *u, const struct step *st)
{
    const struct scenario *sc = u->m->sc;
    if (st->kind == RS_STEP_SET)
        u->t[RS_HEAD + st->flag] = st->value;
    if (st->kind == RS_STEP_REMOVE) {
        uint16_t *words = u->t + RS_HEAD + sc->n_flag + sc->response.n_procedure;
        words[st->gone / 16] |= (uint16_t)(1u << st->gone % 16);
    }
}

static bool out_of_reach(const struct turn *u, const struct step *st)
{
    return st->kind == RS_STEP_SET && is_down(u, RS_PART_FLAG_SERVICE);
}

static void advance(struct turn *u, int n_step)
{
    if (++u->t[RS_WORD_AT] == n_step)
        after(u, stage_of(u), plan_of(u));
}

static void do_step(struct turn *u, const struct step *step, int n_step)
{
    const struct stage *st = stage_of(u);
    int at = u->s[RS_WORD_AT];
    bool beyond = out_of_reach(u, step);
    if (step->can_do && !beyond) {
        begin(u);
        have_effect(u, step);
        advance(u, n_step);
        emit(u, RS_MOVE_DO, at);
    }
    if (step->can_skip) {
        begin(u);
        advance(u, n_step);
        emit(u, RS_MOVE_SKIP, at);
    }
    if (step->can_fail || (beyond && step->can_do)) {
        begin(u);
        if (!step->action || step->action->blocking)
            hold(u, RS_PHASE_HELD);
        else
            advance(u, n_step);
        emit(u, RS_MOVE_FAIL, at);
    }
    if (step->can_trip && step->can_do) {
        begin(u);
        if (!obey(u, st->check_then, st->check_procedure, plan_of(u)->doer))
            after(u, st, plan_of(u)); /* the rest of the list is left */
        emit(u, RS_MOVE_TRIP, at);
    }
}

/* ---- phases of the rollout ------------------------------------------------------------------------------------------- */

static bool promoted_by_automation(const struct turn *u)
{
    const struct stage *st = stage_of(u);
    for (int i = 0; i < st->n_gate; i++) {
        if (st->gate[i].when == RS_GATE_CONTINUOUS && st->gate[i].then == RS_THEN_PROMOTE &&
            may_trip(&st->gate[i], n_evaluation(u)))
            return true;
    }
    return false;
}

static void start(struct turn *u)
{
    const struct response *plan = &u->m->sc->response;
    int stage = u->s[RS_WORD_STAGE];
    const struct stage_plan *p = &u->m->stage[stage];
    if (!p->ever_starts || !at_hand(u, p->doer))
        return;
    begin(u);
    u->t[RS_WORD_STAGE]++;
    enter(u, RS_PHASE_ACTING, 0);
    if (p->entry.n == 0)
        after(u, &plan->stage[stage], p);
    emit(u, RS_MOVE_STAGE, stage);
}

static void watch(struct turn *u)
{
    bool here = at_hand(u, plan_of(u)->doer);
    if (n_look(u) > 0 && here) {
        read_gates(u, RS_GATE_LOOKS, plan_of(u)->doer);
        read_watched(u);
    }
    if (n_evaluation(u) > 0)
        read_gates(u, RS_GATE_CONTINUOUS, 0);
    hear_judges(u);
    if (!here && !promoted_by_automation(u))
        return;
    read_gates(u, RS_GATE_END, plan_of(u)->doer);
    begin(u);
    after(u, stage_of(u), plan_of(u));
    emit(u, RS_MOVE_PASS, 0);
}

/* Gates that order a rollback are obeyed while the stage stands; those of the end only where its watch may be over. */
static void look_again(struct turn *u)
{
    const struct stage *st = stage_of(u);
    bool watched = rs_state_held_from(u->s) == RS_PHASE_WATCHING;
    const struct on_hold *h = &st->on_hold;
    int64_t n_again = h->at_most_ns == RS_NEVER ? INT64_MAX / 2 : h->at_most_ns / h->look_again_ns;
    for (int i = 0; i < st->n_gate; i++) {
        const struct gate *g = &st->gate[i];
        if (g->then != RS_THEN_ROLLBACK || !open_to(u, g->procedure) ||
            (g->when == RS_GATE_END && !watched) ||
            !may_trip(g, n_again + (watched ? n_read(u, g) : 0)))
            continue;
        begin(u);
        take_up(u, g->procedure, plan_of(u)->doer);
        emit(u, RS_MOVE_GATE, i);
    }
    read_watched(u);
}

/* What becomes of a stage that was held or halted: struct on_hold. */
static void stand(struct turn *u)
{
    const struct on_hold *h = &stage_of(u)->on_hold;
    bool bounded = h->at_most_ns != RS_NEVER;
    if (rs_state_held_from(u->s) == 0 || !at_hand(u, plan_of(u)->doer))
        return;
    look_again(u);
    begin(u);
    u->t[RS_WORD_PHASE] = (uint16_t)rs_state_held_from(u->s);
    emit(u, bounded ? RS_MOVE_RESUME : RS_MOVE_RESUME_FREE, 0);
    begin(u);
    if (!bounded) {
        emit(u, RS_MOVE_STILL_HELD, 0);
        return;
    }
    if (h->then == RS_THEN_ROLLBACK && open_to(u, h->procedure))
        take_up(u, h->procedure, plan_of(u)->doer);
    else
        enter(u, RS_PHASE_HALTED, 0);
    emit(u, RS_MOVE_GIVE_UP, 0);
}

static void go_on(struct turn *u)
{
    int at = u->s[RS_WORD_AT];
    enum reach_phase phase = rs_state_phase(u->s);
    if (phase == RS_PHASE_RAMPING)
        hear_judges(u);
    if (phase != RS_PHASE_WAITING && phase != RS_PHASE_WATCHING && phase < RS_PHASE_HELD &&
        !at_hand(u, plan_of(u)->doer))
        return;
    switch (phase) {
    case RS_PHASE_WAITING: start(u); return;
    case RS_PHASE_ACTING: do_step(u, &plan_of(u)->entry.step[at], plan_of(u)->entry.n); return;
    case RS_PHASE_WATCHING: watch(u); return;
    case RS_PHASE_RAMPING: do_step(u, &plan_of(u)->ramp[u->s[RS_WORD_RAMP] - 1], 1); return;
    case RS_PHASE_CLOSING: do_step(u, &plan_of(u)->closing.step[at], plan_of(u)->closing.n); return;
    case RS_PHASE_HELD:
    case RS_PHASE_HALTED: stand(u); return;
    case RS_PHASE_STOPPED:
    case RS_PHASE_DONE: return;
    }
}

/* ---- rollbacks (rollback.c, responder.c) ----------------------------------------------------------------------------- */

static void detect(struct turn *u, int i)
{
    const struct procedure_plan *p = &u->m->procedure[i];
    if (u->m->book) {
        begin(u);
        take_up(u, i, 0);
        emit(u, RS_MOVE_BOOK, i);
    }
    if (is_down(u, RS_PART_ALERTING))
        return;
    if (p->by_automation) {
        begin(u);
        take_up(u, i, 0);
        emit(u, RS_MOVE_AUTOMATION, i);
    }
    for (int doer = 0; doer < u->m->n_doer; doer++) {
        if (!p->by_message[doer] || !at_hand(u, doer))
            continue;
        begin(u);
        take_up(u, i, doer);
        emit(u, RS_MOVE_ALERT, i);
    }
}

static void roll_back(struct turn *u, int i, struct progress p)
{
    const struct procedure_plan *plan = &u->m->procedure[i];
    if (p.step == plan->steps.n || !at_hand(u, p.doer))
        return;
    const struct step *step = &plan->steps.step[p.step];
    int index = i << 12 | p.step;
    bool beyond = out_of_reach(u, step), blocking = p.step < plan->n_blocking;
    p.step++;
    if (step->can_do && !beyond) {
        begin(u);
        have_effect(u, step);
        rs_state_set_progress(u->m, u->t, i, p);
        emit(u, RS_MOVE_PROCEDURE_DO, index);
    }
    if (step->can_skip || step->can_fail || beyond) {
        begin(u);
        p.missed |= blocking;
        rs_state_set_progress(u->m, u->t, i, p);
        emit(u, RS_MOVE_PROCEDURE_MISS, index);
    }
}

void rs_machine_next(const void *machine, const uint16_t *state, struct search *to)
{
    const struct machine *m = machine;
    if (m->too_large)
        return;
    struct turn u = {.m = m, .s = state, .t = m->scratch, .to = to};
    go_on(&u);
    for (int i = 0; i < m->sc->response.n_procedure; i++) {
        struct progress p = rs_state_progress(m, state, i);
        if (p.begun)
            roll_back(&u, i, p);
        else
            detect(&u, i);
    }
    for (int i = 0; i < m->n_part && state[RS_WORD_DOWN] == 0; i++) {
        begin(&u);
        u.t[RS_WORD_DOWN] = (uint16_t)(i + 1);
        emit(&u, RS_MOVE_BREAK, i);
    }
}

void rs_machine_search(const struct machine *m, uint64_t limit, bool keep_edges, struct search *out)
{
    struct search_machine sm = {.ctx = m, .n_word = m->n_word, .next = rs_machine_next};
    uint16_t *initial = rs_xcalloc((size_t)m->n_word, sizeof *initial);
    rs_machine_initial(m, initial);
    rs_search_run(out, &sm, initial, limit, keep_edges);
    free(initial);
    out->truncated |= m->too_large;
}
