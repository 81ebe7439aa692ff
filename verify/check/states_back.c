/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * no-way-back: a flag that is not at its safe value, and no rollback leads there. Asked of the book itself (does any procedure
 * set it back?), and then with one component missing: alerting, the flag service, or a person. Whether anybody notices at all
 * while everything works is another question, and another code (trigger-unwatched).
 */
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"
#include "states.h"

static bool uses(const struct condition *when, int n, int flag)
{
    for (int i = 0; i < n; i++) {
        if (when[i].flag == flag)
            return true;
    }
    return false;
}

/* Does the flag, or one that requires it, choose between two paths of the service that are still there? */
static bool chooses(const struct machine *m, const uint16_t *s, int service, int flag)
{
    const struct service *sv = &m->sc->service[service];
    bool used = false;
    int n_left = sv->n_path;
    for (int i = 0; i < m->n_gone; i++)
        n_left -= m->gone[i].service == service && rs_state_gone(m, s, i);
    for (const int *f = m->flags_of[service]; *f >= 0; f++)
        used |= *f == flag;
    for (int p = 0; p < sv->n_path; p++)
        used |= uses(sv->path[p].fallback_when, sv->path[p].n_fallback_when, flag);
    return used && n_left > 1;
}

static bool matters(const struct machine *m, const uint16_t *s, int flag)
{
    for (int i = 0; i < m->sc->n_service; i++) {
        if (chooses(m, s, i, flag))
            return true;
    }
    return false;
}

static bool is_safe(const struct machine *m, const uint16_t *s, int flag)
{
    return rs_state_flag(m, s, flag)->on == m->sc->flag[flag].safe_on;
}

/* The first state found in which the flag is not safe and matters. */
static uint32_t first_unsafe(const struct states *st, int flag)
{
    for (uint32_t i = 0; i < st->s.n; i++) {
        const uint16_t *s = rs_search_state(&st->s, i);
        if (!is_safe(st->m, s, flag) && matters(st->m, s, flag))
            return i;
    }
    return RS_SEARCH_NONE;
}

int rs_states_way_back(const struct scenario *sc, int flag)
{
    for (int p = 0; p < sc->response.n_procedure; p++) {
        bool on;
        if (rs_procedure_sets(&sc->response.procedure[p], flag, &on) &&
            on == sc->flag[flag].safe_on)
            return p;
    }
    return -1;
}

/* ---- the book itself ------------------------------------------------------------------------------------------------- */

static bool looks_at(const struct machine *m, int service, int flag)
{
    for (const int *f = m->flags_of[service]; *f >= 0; f++) {
        if (*f == flag)
            return true;
    }
    return false;
}

/* How much a procedure has to do with a flag: it sets it (wrongly), or serves the services whose path it chooses. */
static int closeness(const struct states *st, int procedure, int flag)
{
    const struct procedure *p = &st->sc->response.procedure[procedure];
    int close = 0;
    for (int i = 0; i < p->n_action; i++) {
        const struct action *a = &p->action[i];
        if (a->kind == RS_ACT_SET_FLAG && a->flag == flag)
            close += 8;
        for (int s = 0; s < st->sc->n_service; s++) {
            if (looks_at(st->m, s, flag) &&
                ((a->kind == RS_ACT_SET_FLAG && looks_at(st->m, s, a->flag)) ||
                 (a->kind == RS_ACT_CHECK && a->service == s)))
                close++;
        }
    }
    for (int s = 0; s < st->sc->n_service && p->trigger; s++) {
        if (looks_at(st->m, s, flag) && rs_expr_looks_at(st->sc, p->trigger, s))
            close += 2;
    }
    return close;
}

/* Does the stage call for the procedure when something is wrong with what it does? */
static bool calls_for(const struct stage *st, int procedure)
{
    bool calls = st->check_then == RS_THEN_ROLLBACK && st->check_procedure == procedure;
    for (int i = 0; i < st->n_gate; i++)
        calls |= st->gate[i].then == RS_THEN_ROLLBACK && st->gate[i].procedure == procedure;
    for (int i = 0; i < st->n_watched; i++)
        calls |= st->watched[i] == procedure;
    return calls;
}

/* The procedure that ought to set the flag back: of those that the stage calls for, else of all; -1 = none is near. */
static int meant_for(const struct states *st, int stage, int flag)
{
    int best = -1, most = 0;
    for (int p = 0; p < st->sc->response.n_procedure; p++) {
        bool called = stage >= 0 && calls_for(&st->sc->response.stage[stage], p);
        int close = 2 * closeness(st, p, flag) + called;
        if (close > most) {
            best = p;
            most = close;
        }
    }
    return best;
}

static void tell_no_procedure(struct states *st, int flag, uint32_t state)
{
    struct check *c = st->c;
    const struct scenario *sc = st->sc;
    const char *name = sc->flag[flag].name, *safe = sc->flag[flag].safe_on ? "on" : "off";
    int stage = rs_state_stage(rs_search_state(&st->s, state));
    int p = meant_for(st, stage, flag);
    uint32_t before = st->s.parent[state];
    struct verdict_step last = {.at = sc->flag[flag].at, .ref = sc->flag[flag].ref};
    if (state != 0)
        last = rs_move_words(c->arena, st->m, rs_search_state(&st->s, before), st->s.label[state]);
    const struct procedure *proc = p >= 0 ? &sc->response.procedure[p] : NULL;
    struct finding *f = rs_check_add(
        c, "no-way-back", proc ? proc->at : last.at, proc ? proc->ref : last.ref,
        proc ? rs_arena_printf(c->arena, "procedure %s", proc->name)
             : rs_arena_printf(c->arena, "flag %s", name),
        "no procedure sets %s back %s: once it is %s%s%s, no rollback leads to its safe value",
        name, safe, sc->flag[flag].safe_on ? "off" : "on", stage >= 0 ? " in " : "",
        stage >= 0 ? sc->response.stage[stage].name : "");
    rs_check_words(c, f, "flag", "%s", name);
    rs_check_words(c, f, "missing", "nothing");
    rs_states_trace(st, f, st->m, &st->s, state);
    if (proc)
        rs_check_mend(c, f, "let %s set %s %s", proc->name, name, safe);
    else
        rs_check_mend(c, f, "add a procedure that sets %s %s", name, safe);
}

/* ---- without the flag service ---------------------------------------------------------------------------------------- */

/* What starts without the flag service serves the default: it must be the safe value. */
static void tell_default(struct states *st, int flag)
{
    struct check *c = st->c;
    const struct flag *fl = &st->sc->flag[flag];
    struct finding *f = rs_check_add(
        c, "no-way-back", fl->at, fl->ref, rs_arena_printf(c->arena, "flag %s", fl->name),
        "the default of %s is %s and its safe value is %s: with the flag service out of order, "
        "what is started anew serves the default, and nothing leads to the safe value",
        fl->name, fl->initially_on ? "on" : "off", fl->safe_on ? "on" : "off");
    rs_check_words(c, f, "flag", "%s", fl->name);
    rs_check_words(c, f, "missing", "flag service");
    rs_check_mend(c, f, "make the default %s", fl->safe_on ? "on" : "off");
}

/* ---- without a person ------------------------------------------------------------------------------------------------ */

/* The one role that messages about the procedure come to, or -1: several, none, or automation does it. */
static int only_one(struct states *st, const struct machine *m, int procedure)
{
    const struct procedure_plan *p = &m->procedure[procedure];
    int only = -1;
    (void)st;
    if (p->by_automation || p->by_message[0])
        return -1;
    for (int i = 0; i < m->n_part; i++) {
        if (!p->by_message[i + 1])
            continue;
        if (only >= 0)
            return -1;
        only = m->part[i].role;
    }
    return only;
}

static void tell_role(struct states *st, int role, const char *procedures, int n)
{
    struct check *c = st->c;
    const struct role *r = &st->sc->response.role[role];
    struct finding *f =
        rs_check_add(c, "no-way-back", r->at, r->ref, rs_arena_printf(c->arena, "role %s", r->name),
                     "if %s cannot be reached nobody else is told, and %s not carried out: %s",
                     r->name, n == 1 ? "a rollback is" : "rollbacks are", procedures);
    rs_check_words(c, f, "missing", "%s", r->name);
    rs_check_words(c, f, "procedures", "%s", procedures);
    rs_check_number(f, "n_procedure", n);
    rs_check_mend(c, f, "say to whom pages for %s escalate, and after what time", r->name);
}

static void without_a_person(struct states *st, const bool *unsafe)
{
    const struct scenario *sc = st->sc;
    int n_role = sc->response.n_role;
    struct part *part = RS_ARENA_ARRAY(st->c->arena, struct part, n_role);
    for (int i = 0; i < n_role; i++)
        part[i] = (struct part){RS_PART_ROLE, i};
    const struct machine *m =
        rs_machine_new(st->c->arena, sc, &(struct machine_options){.n_part = n_role, .part = part});
    for (int role = 0; role < n_role; role++) {
        const char *words = NULL;
        int n = 0;
        for (int flag = 0; flag < sc->n_flag; flag++) {
            int p = unsafe[flag] ? rs_states_way_back(sc, flag) : -1;
            if (p < 0 || only_one(st, m, p) != role)
                continue;
            words = words ? rs_arena_printf(st->c->arena, "%s, %s", words,
                                            sc->response.procedure[p].name)
                          : sc->response.procedure[p].name;
            n++;
        }
        if (n > 0)
            tell_role(st, role, words, n);
    }
}

/* ---- without alerting ------------------------------------------------------------------------------------------------ */

struct blind {
    struct states *st;
    const struct machine *m;
    struct search s;
    bool *flag;      /* [n_stage * n_flag] from a watch of the stage no way back of the flag */
    uint32_t *state; /* [n_stage] the first such state */
};

/* A watch, with alerting out of order and no rollback begun: there is time in which trouble may come. */
static bool is_blind_watch(const struct machine *m, const uint16_t *s)
{
    if (s[RS_WORD_DOWN] == 0 || rs_state_phase(s) != RS_PHASE_WATCHING)
        return false;
    const struct stage *st = &m->sc->response.stage[rs_state_stage(s)];
    int ramp = s[RS_WORD_RAMP];
    return (ramp > 0 ? st->ramp[ramp - 1].watch_ns : st->watch_ns) > 0;
}

/* The same hole is told where this stage or a later one removes, unseen, a path of a service that the flag chooses. */
static bool
is_told_as_removal(const struct scenario *sc, const struct machine *m, int stage, int flag)
{
    for (int s = 0; s < sc->n_service; s++) {
        for (const int *f = m->flags_of[s]; *f >= 0; f++) {
            for (int k = stage; *f == flag && k < sc->response.n_stage; k++) {
                if (rs_stage_removes_early(sc, k, s))
                    return true;
            }
        }
    }
    return false;
}

static void find_blind(struct blind *b, int flag)
{
    bool *mark = rs_xcalloc(b->s.n, sizeof *mark);
    for (uint32_t i = 0; i < b->s.n; i++)
        mark[i] = is_safe(b->m, rs_search_state(&b->s, i), flag);
    rs_search_can_reach(&b->s, mark);
    for (uint32_t i = 0; i < b->s.n; i++) {
        const uint16_t *s = rs_search_state(&b->s, i);
        if (mark[i] || !is_blind_watch(b->m, s) || !matters(b->m, s, flag))
            continue;
        int stage = rs_state_stage(s);
        if (!is_told_as_removal(b->st->sc, b->m, stage, flag)) {
            b->flag[stage * b->st->sc->n_flag + flag] = true;
            if (b->state[stage] == 0)
                b->state[stage] = i;
        }
        break; /* the first stage is the one to mend: later ones have the same hole */
    }
    free(mark);
}

static void tell_blind(struct blind *b, int stage)
{
    struct check *c = b->st->c;
    const struct scenario *sc = b->st->sc;
    const struct stage *st = &sc->response.stage[stage];
    const char *flags = NULL, *procedures = NULL;
    for (int f = 0; f < sc->n_flag; f++) {
        if (!b->flag[stage * sc->n_flag + f])
            continue;
        const char *p = sc->response.procedure[rs_states_way_back(sc, f)].name;
        flags =
            flags ? rs_arena_printf(c->arena, "%s, %s", flags, sc->flag[f].name) : sc->flag[f].name;
        procedures = procedures ? strstr(procedures, p)
                                      ? procedures
                                      : rs_arena_printf(c->arena, "%s, %s", procedures, p)
                                : p;
    }
    if (!flags)
        return;
    struct finding *f = rs_check_add(
        c, "no-way-back", st->at, st->ref, rs_arena_printf(c->arena, "stage %s", st->name),
        "with alerting out of order nobody looks, in %s or later, for what calls for %s: %s "
        "would stay as it is",
        st->name, procedures, flags);
    rs_check_words(c, f, "missing", "alerting");
    rs_check_words(c, f, "flags", "%s", flags);
    rs_states_trace(b->st, f, b->m, &b->s, b->state[stage]);
    rs_check_mend(c, f, "let %s, or a later watch, look for it too: watched: [%s], with look_every",
                  st->name, procedures);
}

static void without_alerting(struct states *st, const bool *unsafe)
{
    static const struct part part = {RS_PART_ALERTING, -1};
    const struct scenario *sc = st->sc;
    int n_stage = sc->response.n_stage;
    struct blind b = {.st = st};
    b.m = rs_machine_new(st->c->arena, sc, &(struct machine_options){.n_part = 1, .part = &part});
    rs_machine_search(b.m, 2 * RS_CHECK_STATES, true, &b.s);
    b.flag = RS_ARENA_ARRAY(st->c->arena, bool, (size_t)n_stage *(size_t)sc->n_flag);
    b.state = RS_ARENA_ARRAY(st->c->arena, uint32_t, n_stage);
    for (int f = 0; f < sc->n_flag && !b.s.truncated; f++) {
        int p = unsafe[f] ? rs_states_way_back(sc, f) : -1;
        if (p >= 0 && rs_procedure_is_alerted(sc, p))
            find_blind(&b, f);
    }
    for (int i = 0; i < n_stage; i++)
        tell_blind(&b, i);
    rs_search_clear(&b.s);
}

/* ---- the pass -------------------------------------------------------------------------------------------------------- */

void rs_states_back(struct states *st)
{
    const struct scenario *sc = st->sc;
    bool *unsafe = RS_ARENA_ARRAY(st->c->arena, bool, sc->n_flag);
    for (int f = 0; f < sc->n_flag; f++) {
        uint32_t state = first_unsafe(st, f);
        if (state == RS_SEARCH_NONE)
            continue;
        if (sc->flag[f].initially_on != sc->flag[f].safe_on)
            tell_default(st, f);
        else if (rs_states_way_back(sc, f) < 0)
            tell_no_procedure(st, f, state);
        else
            unsafe[f] = true;
    }
    without_a_person(st, unsafe);
    without_alerting(st, unsafe);
}
