/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unbounded-stage: a stage, or a step of its ramp, exposes users and then nothing decides: no time is watched, or nobody looks
 * at anything while it is. halt-without-resume: something holds the stage and nothing says how it goes on. no-way-back: the stage
 * gives up by a rollback of something else.
 */
#include <math.h>
#include <string.h>

#include "models/judge.h"
#include "sim/arena.h"
#include "sim/clock.h"
#include "states.h"

bool rs_procedure_is_alerted(const struct scenario *sc, int procedure)
{
    const struct response *plan = &sc->response;
    const struct procedure *p = &plan->procedure[procedure];
    if (p->n_alert > 0 && (p->by < 0 || sc->monitoring.alertmanager))
        return true;
    for (int i = 0; i < plan->n_automation; i++) {
        if (plan->automation[i].alert && plan->automation[i].procedure == procedure)
            return true;
    }
    return false;
}

static bool sets_on(const struct action *a)
{
    return a->on && a->percent > 0.0;
}

bool rs_procedure_sets(const struct procedure *p, int flag, bool *on)
{
    bool found = false;
    for (int blocking = 1; blocking >= 0; blocking--) { /* the order in which they are done */
        for (int i = 0; i < p->n_action; i++) {
            const struct action *a = &p->action[i];
            if (a->kind != RS_ACT_SET_FLAG || a->flag != flag || a->blocking != (blocking == 1))
                continue;
            *on = sets_on(a);
            found = true;
        }
    }
    return found;
}

/* ---- unbounded-stage ------------------------------------------------------------------------------------------------- */

static bool is_unsafe(const struct scenario *sc, const struct action *a)
{
    return a->kind == RS_ACT_SET_FLAG && sets_on(a) != sc->flag[a->flag].safe_on;
}

/* The first action by which the stage exposes users, or NULL. */
static const struct action *exposing(const struct scenario *sc, const struct stage *st)
{
    for (int i = 0; i < st->n_action; i++) {
        if (is_unsafe(sc, &st->action[i]))
            return &st->action[i];
    }
    return NULL;
}

static bool ends_with_gate(const struct scenario *sc, const struct stage *st)
{
    for (int i = 0; i < st->n_gate; i++) {
        if (st->gate[i].when == RS_GATE_END && rs_gate_decides(sc, st, &st->gate[i]))
            return true;
    }
    return false;
}

static bool is_judged(const struct scenario *sc, const struct stage *st)
{
    for (int i = 0; i < sc->response.n_judge; i++) {
        const struct judge *j = &sc->response.judge[i];
        if (rs_judge_judges(j, (int)(st - sc->response.stage)) && rs_judge_decides(j))
            return true;
    }
    return false;
}

/* An alert would take the flag back while the stage is watched. */
static bool is_guarded(const struct scenario *sc, int flag)
{
    for (int p = 0; p < sc->response.n_procedure; p++) {
        bool on;
        if (rs_procedure_is_alerted(sc, p) &&
            rs_procedure_sets(&sc->response.procedure[p], flag, &on) &&
            on == sc->flag[flag].safe_on)
            return true;
    }
    return false;
}

static bool anything_decides(const struct scenario *sc, const struct stage *st, int flag)
{
    for (int i = 0; i < st->n_gate; i++) {
        if (rs_gate_decides(sc, st, &st->gate[i]))
            return true;
    }
    return rs_stage_watches(st) || is_judged(sc, st) || is_guarded(sc, flag);
}

static void tell_unwatched(struct check *c, const struct stage *st, const struct action *a)
{
    const char *flag = c->sc->flag[a->flag].name;
    struct finding *f = rs_check_add(
        c, "unbounded-stage", st->at, st->ref, rs_arena_printf(c->arena, "stage %s", st->name),
        "the stage exposes users (%s) and goes on at once: nothing is watched and "
        "no gate decides",
        a->title);
    rs_check_number(f, "watch_s", 0.0);
    rs_check_words(c, f, "flag", "%s", flag);
    rs_check_mend(c, f, "give the stage a watch, with a gate that says when it may go on");
}

static void tell_undecided(struct check *c, const struct stage *st, const struct action *a)
{
    struct finding *f = rs_check_add(
        c, "unbounded-stage", st->at, st->ref, rs_arena_printf(c->arena, "stage %s", st->name),
        "the stage exposes users (%s) and nothing can end it but time: no gate is "
        "read, no trigger is watched and no alert leads to a rollback",
        a->title);
    rs_check_number(f, "watch_s", (double)st->watch_ns / 1e9);
    rs_check_words(c, f, "flag", "%s", c->sc->flag[a->flag].name);
    rs_check_mend(c, f, "add a gate, or watch a rollback's trigger (with look_every)");
}

static void tell_step(struct check *c, const struct stage *st, const struct ramp_step *step)
{
    struct finding *f = rs_check_add(
        c, "unbounded-stage", step->at, st->ref, rs_arena_printf(c->arena, "stage %s", st->name),
        "the step to %g%% is not watched: the ramp goes on at once", step->percent);
    rs_check_number(f, "watch_s", 0.0);
    rs_check_number(f, "percent", step->percent);
    rs_check_mend(c, f, "give the step a watch");
}

/* Steps of the stage itself that have no upper end; those of a rollback are another code. */
static void find_endless(struct check *c, const struct stage *st)
{
    for (int i = 0; i < st->n_action + st->n_closing; i++) {
        const struct action *a = i < st->n_action ? &st->action[i] : &st->closing[i - st->n_action];
        if (!isinf(rs_dist_sup(&a->takes)))
            continue;
        struct finding *f =
            rs_check_add(c, "unbounded-stage", a->at, a->ref ? a->ref : st->ref,
                         rs_arena_printf(c->arena, "stage %s", st->name),
                         "\"%s\" has no upper end: the stage may take any time", a->title);
        rs_check_number(f, "takes_mean_s", rs_dist_mean(&a->takes));
        rs_check_number(f, "takes_at_most_s", INFINITY);
        rs_check_mend(c, f, "give `takes` a cap, or a distribution with an end");
    }
}

static void find_late(struct check *c, const struct stage *st)
{
    if (st->not_before_ns < c->sc->horizon_ns)
        return;
    struct finding *f = rs_check_add(
        c, "unbounded-stage", st->at, st->ref, rs_arena_printf(c->arena, "stage %s", st->name),
        "the stage begins after the end: not before %g h, and the scenario's horizon "
        "is %g h",
        (double)st->not_before_ns / 3.6e12, (double)c->sc->horizon_ns / 3.6e12);
    rs_check_number(f, "not_before_s", (double)st->not_before_ns / 1e9);
    rs_check_number(f, "horizon_s", (double)c->sc->horizon_ns / 1e9);
    rs_check_mend(c, f, "let the stage begin earlier, or the horizon lie later");
}

/* What a removal that comes too early hides is the same hole. */
static void find_unbounded(struct check *c, const struct stage *st)
{
    if (rs_stage_removes_early(c->sc, (int)(st - c->sc->response.stage), -1))
        return;
    const struct action *a = exposing(c->sc, st);
    bool ends = ends_with_gate(c->sc, st);
    for (int i = 0; i < st->n_ramp; i++) {
        if (st->ramp[i].watch_ns <= 0 && !ends)
            tell_step(c, st, &st->ramp[i]);
    }
    if (!a)
        return;
    if (st->watch_ns <= 0 && !ends)
        tell_unwatched(c, st, a);
    else if (!anything_decides(c->sc, st, a->flag))
        tell_undecided(c, st, a);
}

/* ---- halt-without-resume --------------------------------------------------------------------------------------------- */

static bool holds(enum gate_then then)
{
    return then == RS_THEN_HOLD || then == RS_THEN_HALT;
}

/* What may hold the stage, in words; NULL if nothing does. *n counts them, *at is the place of the first. */
static const char *what_holds(struct check *c, const struct stage *st, int *n, struct mark *at)
{
    const char *words = NULL;
    *n = 0;
    for (int i = 0; i < st->n_gate; i++) {
        if (!holds(st->gate[i].then) || !rs_gate_decides(c->sc, st, &st->gate[i]))
            continue;
        words = rs_arena_printf(c->arena, "%s%sgate %s", words ? words : "", words ? ", " : "",
                                st->gate[i].name);
        if ((*n)++ == 0)
            *at = st->gate[i].at;
    }
    for (int list = 0; list < 2; list++) {
        const struct action *action = list == 0 ? st->action : st->closing;
        for (int i = 0; i < (list == 0 ? st->n_action : st->n_closing); i++) {
            const struct action *a = &action[i];
            bool check =
                a->kind == RS_ACT_CHECK && holds(st->check_then) && a->max_failures < a->n_request;
            if (!check && !(a->blocking && a->fails > 0.0 && a->fails < 1.0))
                continue;
            words = rs_arena_printf(c->arena, "%s%s%s \"%s\"", words ? words : "",
                                    words ? ", " : "", check ? "check" : "action", a->title);
            if ((*n)++ == 0)
                *at = check && st->check_at.line > 0 ? st->check_at : a->at;
        }
    }
    return words;
}

static void find_halt(struct check *c, const struct stage *st)
{
    int n;
    struct mark at = st->at;
    const char *words = st->on_hold.given ? NULL : what_holds(c, st, &n, &at);
    if (!words)
        return;
    struct finding *f = rs_check_add(
        c, "halt-without-resume", at, st->ref, rs_arena_printf(c->arena, "stage %s", st->name),
        "the stage can be held (%s), and nothing says when it goes on or who gives "
        "it up",
        words);
    rs_check_number(f, "n_order", n);
    rs_check_words(c, f, "ordered_by", "%s", words);
    rs_check_mend(c, f,
                  "add on_hold: how often to look again, for how long at most, and what then");
}

/* ---- no-way-back ----------------------------------------------------------------------------------------------------- */

static bool exposes_flag(const struct scenario *sc, const struct stage *st, int flag)
{
    if (st->n_ramp > 0 && st->ramp_flag == flag)
        return true;
    for (int i = 0; i < st->n_action; i++) {
        if (is_unsafe(sc, &st->action[i]) && st->action[i].flag == flag)
            return true;
    }
    return false;
}

/* A stage that rolls back by a procedure that sets back nothing of what the stage has exposed. */
static void find_other_rollback(
    struct check *c, const struct stage *st, int procedure, struct mark at, const char *when)
{
    const struct scenario *sc = c->sc;
    const struct procedure *p = &sc->response.procedure[procedure];
    const char *flags = NULL;
    for (int f = 0; f < sc->n_flag; f++) {
        bool on;
        if (!exposes_flag(sc, st, f))
            continue;
        if (rs_procedure_sets(p, f, &on) && on == sc->flag[f].safe_on)
            return;
        /* That nothing sets it back, or the procedure sets it wrongly, is told where the procedure stands. */
        if (!is_guarded(sc, f) || rs_procedure_sets(p, f, &on))
            return;
        flags =
            flags ? rs_arena_printf(c->arena, "%s, %s", flags, sc->flag[f].name) : sc->flag[f].name;
    }
    if (!flags)
        return;
    struct finding *f =
        rs_check_add(c, "no-way-back", at, st->ref, rs_arena_printf(c->arena, "stage %s", st->name),
                     "%s, the stage rolls back by %s, which leaves %s as the stage has set it",
                     when, p->name, flags);
    rs_check_words(c, f, "procedure", "%s", p->name);
    rs_check_words(c, f, "flags", "%s", flags);
    rs_check_mend(c, f, "name the procedure that sets %s back", flags);
}

static void find_other_rollbacks(struct check *c, const struct stage *st)
{
    if (st->check_then == RS_THEN_ROLLBACK && st->check_at.line > 0)
        find_other_rollback(c, st, st->check_procedure, st->check_at, "when a check fails");
    if (st->on_hold.given && st->on_hold.then == RS_THEN_ROLLBACK)
        find_other_rollback(c, st, st->on_hold.procedure, st->on_hold.at, "held for too long");
}

void rs_check_stages(struct check *c)
{
    for (int i = 0; i < c->sc->response.n_stage; i++) {
        find_late(c, &c->sc->response.stage[i]);
        find_endless(c, &c->sc->response.stage[i]);
        find_unbounded(c, &c->sc->response.stage[i]);
        find_halt(c, &c->sc->response.stage[i]);
        find_other_rollbacks(c, &c->sc->response.stage[i]);
    }
    rs_stages_removal(c);
}
