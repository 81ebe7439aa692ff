/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "machine.h"

#include <assert.h>
#include <string.h>

#include "sim/arena.h"
#include "sim/clock.h"

/* ---- values of flags, paths that go ---------------------------------------------------------------------------------- */

static bool same_value(const struct flag_value *a, const struct flag_value *b)
{
    return a->on == b->on && (!a->on || (a->cohort == b->cohort && a->percent == b->percent));
}

/* The number of a value of the flag, which is added if it is new. */
static uint16_t value_of(struct machine *m, int flag, struct flag_value v)
{
    if (!v.on || v.percent <= 0.0)
        v = (struct flag_value){.on = false, .cohort = -1};
    for (int i = 0; i < m->n_value[flag]; i++) {
        if (same_value(&m->value[flag][i], &v))
            return (uint16_t)i;
    }
    int n = m->n_value[flag];
    if (n == UINT16_MAX) {
        m->too_large = true;
        return 0;
    }
    if ((n & (n - 1)) == 0) { /* a power of two: full */
        struct flag_value *more = RS_ARENA_ARRAY(m->arena, struct flag_value, n > 0 ? 2 * n : 1);
        if (n > 0)
            memcpy(more, m->value[flag], sizeof *more * (size_t)n);
        m->value[flag] = more;
    }
    m->value[flag][n] = v;
    m->n_value[flag]++;
    return (uint16_t)n;
}

static int gone_of(struct machine *m, int service, int path)
{
    for (int i = 0; i < m->n_gone; i++) {
        if (m->gone[i].service == service && m->gone[i].path == path)
            return i;
    }
    struct removed_path *more = RS_ARENA_ARRAY(m->arena, struct removed_path, m->n_gone + 1);
    if (m->n_gone > 0)
        memcpy(more, m->gone, sizeof *more * (size_t)m->n_gone);
    more[m->n_gone] = (struct removed_path){service, path};
    m->gone = more;
    return m->n_gone++;
}

/* ---- lists of actions ------------------------------------------------------------------------------------------------ */

static struct step step_of(struct machine *m, const struct action *a)
{
    struct step st = {.action = a,
                      .flag = -1,
                      .gone = -1,
                      .can_do = a->overlooked < 1.0 && a->fails<1.0, .can_skip = a->overlooked> 0.0,
                      .can_fail = a->overlooked < 1.0 && a->fails > 0.0};
    switch (a->kind) {
    case RS_ACT_SET_FLAG:
        st.kind = RS_STEP_SET;
        st.flag = a->flag;
        st.value = value_of(m, a->flag, (struct flag_value){a->on, a->cohort, a->percent});
        break;
    case RS_ACT_REMOVE:
        st.kind = RS_STEP_REMOVE;
        st.gone = gone_of(m, a->service, a->path);
        break;
    case RS_ACT_CHECK:
        st.kind = RS_STEP_CHECK;
        st.can_trip = a->max_failures < a->n_request;
        break;
    case RS_ACT_PURGE:
    case RS_ACT_ROTATE:
    case RS_ACT_NOTIFY:
    case RS_ACT_DOCUMENT:
    case RS_ACT_WAIT: st.kind = RS_STEP_NOTHING; break;
    }
    return st;
}

/* In a stage a blocking action that is given up holds the stage; an overlooked one is as good as done. */
static bool matters_in_stage(const struct step *st)
{
    return st->kind == RS_STEP_SET || st->kind == RS_STEP_REMOVE ||
           (st->kind == RS_STEP_CHECK && st->can_trip) || (st->action->blocking && st->can_fail);
}

/* In a procedure a blocking action that is missed leaves it incomplete. */
static bool matters_in_procedure(const struct step *st)
{
    return st->kind == RS_STEP_SET || st->kind == RS_STEP_REMOVE ||
           (st->action->blocking && (st->can_skip || st->can_fail));
}

static void add_steps(struct machine *m,
                      struct steps *to,
                      const struct action *list,
                      int n,
                      bool (*matters)(const struct step *),
                      int blocking) /* 0, 1, or -1 for both */
{
    for (int i = 0; i < n; i++) {
        if (blocking >= 0 && list[i].blocking != (blocking == 1))
            continue;
        struct step st = step_of(m, &list[i]);
        if (matters(&st))
            to->step[to->n++] = st;
    }
}

/* The rollout is not done before the last action is, although that has no effect. */
static struct steps stage_steps(struct machine *m, const struct action *list, int n, bool last)
{
    struct steps to = {.step = RS_ARENA_ARRAY(m->arena, struct step, n)};
    add_steps(m, &to, list, n, matters_in_stage, -1);
    if (last && to.n > 0 && to.step[to.n - 1].action != &list[n - 1])
        to.step[to.n++] = (struct step){.action = &list[n - 1],
                                        .kind = RS_STEP_NOTHING,
                                        .flag = -1,
                                        .gone = -1,
                                        .can_do = true};
    return to;
}

static struct step ramp_step(struct machine *m, const struct stage *st, int i)
{
    struct flag_value v = {st->ramp[i].percent > 0.0, st->ramp_cohort, st->ramp[i].percent};
    return (struct step){.kind = RS_STEP_SET,
                         .flag = st->ramp_flag,
                         .value = value_of(m, st->ramp_flag, v),
                         .gone = -1,
                         .can_do = true};
}

static void compile_stages(struct machine *m)
{
    const struct response *plan = &m->sc->response;
    m->stage = RS_ARENA_ARRAY(m->arena, struct stage_plan, plan->n_stage);
    for (int i = 0; i < plan->n_stage; i++) {
        const struct stage *st = &plan->stage[i];
        struct stage_plan *p = &m->stage[i];
        p->entry = stage_steps(m, st->action, st->n_action, false);
        p->closing = stage_steps(m, st->closing, st->n_closing, i + 1 == plan->n_stage);
        p->ramp = RS_ARENA_ARRAY(m->arena, struct step, st->n_ramp);
        for (int k = 0; k < st->n_ramp; k++)
            p->ramp[k] = ramp_step(m, st, k);
        p->doer = rs_machine_doer(m, st->by);
        p->ever_starts = st->not_before_ns != RS_NEVER &&
                         (st->by < 0 || (plan->role[st->by].weekdays & 0x7f) != 0);
    }
}

/* ---- who takes a procedure up ---------------------------------------------------------------------------------------- */

int rs_machine_doer(const struct machine *m, int role)
{
    for (int i = 0; i < m->n_part; i++) {
        if (m->part[i].part == RS_PART_ROLE && m->part[i].role == role && role >= 0)
            return i + 1;
    }
    return 0;
}

static bool attends(const struct role *role, int channel)
{
    for (int i = 0; i < role->n_attention; i++) {
        if (role->attention[i].channel == channel)
            return true;
    }
    return false;
}

/* The first of the escalation chain, else of all roles, who attends the channel (models/response/people.c). */
static int target_of(const struct response *plan, int by, int channel)
{
    for (int i = 0, role = by; i < plan->n_role && role >= 0; i++) {
        if (attends(&plan->role[role], channel))
            return role;
        role = plan->role[role].escalates_to;
    }
    for (int role = 0; role < plan->n_role; role++) {
        if (attends(&plan->role[role], channel))
            return role;
    }
    return -1;
}

/* Everybody whom a message on the channel may come to: the target and those to whom it escalates. */
static void add_chain(struct machine *m, struct procedure_plan *p, int by, int channel)
{
    const struct response *plan = &m->sc->response;
    const struct channel *ch = &m->sc->monitoring.channel[channel];
    int role = ch->receiver ? target_of(plan, by, channel) : -1;
    for (int i = 0; i < plan->n_role && role >= 0; i++) {
        const struct role *who = &plan->role[role];
        p->by_message[rs_machine_doer(m, role)] = true;
        role = ch->silent || who->escalate_after_ns == RS_NEVER ? -1 : who->escalates_to;
    }
}

static void compile_procedure(struct machine *m, int i)
{
    const struct response *plan = &m->sc->response;
    const struct procedure *proc = &plan->procedure[i];
    struct procedure_plan *p = &m->procedure[i];
    p->steps.step = RS_ARENA_ARRAY(m->arena, struct step, proc->n_action + 1);
    add_steps(m, &p->steps, proc->action, proc->n_action, matters_in_procedure, 1);
    /* It is in hand until the last blocking action is through and in force, whatever that is. */
    p->steps.step[p->steps.n++] =
        (struct step){.kind = RS_STEP_NOTHING, .flag = -1, .gone = -1, .can_do = true};
    p->n_blocking = p->steps.n;
    add_steps(m, &p->steps, proc->action, proc->n_action, matters_in_procedure, 0);
    p->by_message = RS_ARENA_ARRAY(m->arena, bool, m->n_doer);
    p->by_automation = proc->by < 0 && proc->n_alert > 0;
    for (int a = 0; a < plan->n_automation; a++)
        p->by_automation |= plan->automation[a].alert && plan->automation[a].procedure == i;
    if (proc->n_alert == 0 || !m->sc->monitoring.alertmanager)
        return;
    for (int c = 0; c < m->sc->monitoring.n_channel; c++)
        add_chain(m, p, proc->by, c);
}

/* ---- flags that a service's choice looks at -------------------------------------------------------------------------- */

static void look_at(const struct scenario *sc, bool *seen, int flag)
{
    if (seen[flag])
        return;
    seen[flag] = true;
    for (int i = 0; i < sc->flag[flag].n_requires; i++)
        look_at(sc, seen, sc->flag[flag].requires[i]);
}

static void compile_services(struct machine *m)
{
    const struct scenario *sc = m->sc;
    bool *seen = RS_ARENA_ARRAY(m->arena, bool, sc->n_flag);
    m->flags_of = RS_ARENA_ARRAY(m->arena, int *, sc->n_service);
    for (int s = 0; s < sc->n_service; s++) {
        memset(seen, 0, sizeof *seen * (size_t)sc->n_flag);
        for (int p = 0; p < sc->service[s].n_path; p++) {
            const struct path *path = &sc->service[s].path[p];
            for (int i = 0; i < path->n_when; i++)
                look_at(sc, seen, path->when[i].flag);
        }
        int n = 0;
        m->flags_of[s] = RS_ARENA_ARRAY(m->arena, int, sc->n_flag + 1);
        for (int f = 0; f < sc->n_flag; f++) {
            if (seen[f])
                m->flags_of[s][n++] = f;
        }
        m->flags_of[s][n] = -1;
    }
}

/* ---- the whole ------------------------------------------------------------------------------------------------------- */

struct machine *
rs_machine_new(struct arena *arena, const struct scenario *sc, const struct machine_options *opt)
{
    struct machine *m = RS_ARENA_ARRAY(arena, struct machine, 1);
    int n_procedure = sc->response.n_procedure;
    *m = (struct machine){.sc = sc,
                          .arena = arena,
                          .n_part = opt->n_part,
                          .part = opt->part,
                          .book = opt->book,
                          .n_doer = opt->n_part + 1};
    m->n_value = RS_ARENA_ARRAY(arena, int, sc->n_flag);
    m->value = RS_ARENA_ARRAY(arena, struct flag_value *, sc->n_flag);
    for (int f = 0; f < sc->n_flag; f++)
        value_of(m, f, (struct flag_value){sc->flag[f].initially_on, -1, 100.0});
    compile_stages(m);
    m->procedure = RS_ARENA_ARRAY(arena, struct procedure_plan, n_procedure);
    for (int i = 0; i < n_procedure; i++)
        compile_procedure(m, i);
    compile_services(m);
    m->n_word = RS_HEAD + sc->n_flag + n_procedure + (m->n_gone + 15) / 16;
    for (int i = 0; i < n_procedure; i++)
        m->too_large |= (2 * (int64_t)m->procedure[i].steps.n + 2) * m->n_doer > UINT16_MAX;
    m->on = RS_ARENA_ARRAY(arena, bool, sc->n_flag);
    m->scratch = RS_ARENA_ARRAY(arena, uint16_t, m->n_word);
    return m;
}

void rs_machine_initial(const struct machine *m, uint16_t *state)
{
    memset(state, 0, sizeof *state * (size_t)m->n_word);
    state[RS_WORD_PHASE] = m->sc->response.n_stage > 0 ? RS_PHASE_WAITING : RS_PHASE_DONE;
}

/* ---- states ---------------------------------------------------------------------------------------------------------- */

struct progress rs_state_progress(const struct machine *m, const uint16_t *s, int procedure)
{
    int code = s[RS_HEAD + m->sc->n_flag + procedure];
    if (code == 0)
        return (struct progress){.begun = false};
    code--;
    return (struct progress){.begun = true,
                             .step = code / m->n_doer / 2,
                             .missed = code / m->n_doer % 2,
                             .doer = code % m->n_doer};
}

void rs_state_set_progress(const struct machine *m, uint16_t *s, int procedure, struct progress p)
{
    int code = p.begun ? 1 + (2 * p.step + p.missed) * m->n_doer + p.doer : 0;
    assert(code <= UINT16_MAX);
    s[RS_HEAD + m->sc->n_flag + procedure] = (uint16_t)code;
}

bool rs_state_in_hand(const struct machine *m, const uint16_t *s, int procedure)
{
    struct progress p = rs_state_progress(m, s, procedure);
    return p.begun && p.step < m->procedure[procedure].n_blocking;
}

const char *rs_reach_rollout_name(enum reach_rollout r)
{
    switch (r) {
    case RS_REACH_RUNNING: return "running";
    case RS_REACH_HELD: return "held";
    case RS_REACH_HALTED: return "halted";
    case RS_REACH_COMPLETED: return "completed";
    case RS_REACH_ROLLED_BACK: return "rolled-back";
    case RS_REACH_ROLLING_BACK: return "rolling-back";
    case RS_REACH_N: break;
    }
    assert(!"a rollout of no kind");
    return "";
}

enum reach_rollout rs_state_rollout(const struct machine *m, const uint16_t *s)
{
    bool over = false;
    for (int i = 0; i < m->sc->response.n_procedure; i++) {
        if (rs_state_in_hand(m, s, i))
            return RS_REACH_ROLLING_BACK;
        over |= s[RS_HEAD + m->sc->n_flag + i] != 0;
    }
    if (over)
        return RS_REACH_ROLLED_BACK;
    switch (rs_state_phase(s)) {
    case RS_PHASE_WAITING:
    case RS_PHASE_ACTING:
    case RS_PHASE_WATCHING:
    case RS_PHASE_RAMPING:
    case RS_PHASE_CLOSING:
    case RS_PHASE_STOPPED: return RS_REACH_RUNNING;
    case RS_PHASE_HELD: return RS_REACH_HELD;
    case RS_PHASE_HALTED: return RS_REACH_HALTED;
    case RS_PHASE_DONE: return RS_REACH_COMPLETED;
    }
    return RS_REACH_RUNNING;
}
