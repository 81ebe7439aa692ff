/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rollout: wait for the stage's time -> entry actions -> watch -> (set the next percentage ->
 * watch)* -> closing actions -> next stage. Gates end it early; a rollback that somebody has in
 * hand stops it for good.
 */
#include <assert.h>

#include "responder.h"

#define TO(state) (1u << RS_ROLLOUT_##state)
#define STOPS (TO(HELD) | TO(HALTED) | TO(ROLLED_BACK))
#define GOES_ON (TO(ACTING) | TO(WATCHING) | TO(RAMPING) | TO(CLOSING)) /* where it was */

/* clang-format off */
const struct machine_state rs_rollout_states[RS_ROLLOUT_N] = {
    [RS_ROLLOUT_WAITING]     = {"waiting",     TO(ACTING) | TO(DONE) | TO(ROLLED_BACK)},
    [RS_ROLLOUT_ACTING]      = {"acting",      TO(WATCHING) | STOPS},
    [RS_ROLLOUT_WATCHING]    = {"watching",    TO(RAMPING) | TO(CLOSING) | STOPS},
    [RS_ROLLOUT_RAMPING]     = {"ramping",     TO(WATCHING) | STOPS},
    [RS_ROLLOUT_CLOSING]     = {"closing",     TO(WAITING) | TO(DONE) | STOPS},
    [RS_ROLLOUT_HELD]        = {"held",        GOES_ON | TO(HALTED) | TO(ROLLED_BACK)},
    [RS_ROLLOUT_HALTED]      = {"halted",      GOES_ON | TO(ROLLED_BACK)},
    [RS_ROLLOUT_ROLLED_BACK] = {"rolled back", 0},
    [RS_ROLLOUT_DONE]        = {"done",        0},
};
/* clang-format on */

static const struct stage *present_stage(const struct responder *r)
{
    assert(r->rollout.stage >= 0 && r->rollout.stage < r->plan->n_stage);
    return &r->plan->stage[r->rollout.stage];
}

static void drop(struct responder *r, rs_event *e)
{
    if (*e)
        rs_kernel_cancel(r->k, *e);
    *e = 0;
}

static void stop_watch(struct responder *r)
{
    struct rollout *ro = &r->rollout;
    drop(r, &ro->watch_end);
    drop(r, &ro->look);
    drop(r, &ro->tick);
    ro->watch_end_ns = ro->look_ns = ro->tick_ns = RS_NEVER;
}

/*
 * What must be true of a state just entered: its own events and tasks begin after this, and no
 * other's are left.
 */
static bool nothing_left_over(const struct rollout *ro)
{
    return !ro->start && !ro->watch_end && !ro->look && !ro->tick && !ro->task.running &&
           !ro->hold.look && !ro->hold.give_up;
}

void rs_rollout_move(struct responder *r, enum rollout_state to)
{
    struct rollout *ro = &r->rollout;
    assert(to >= 0 && to < RS_ROLLOUT_N);
    assert(rs_rollout_states[ro->state].next >> to & 1u);
    if (ro->state == RS_ROLLOUT_WATCHING)
        stop_watch(r);
    if (to != RS_ROLLOUT_WATCHING && to != RS_ROLLOUT_RAMPING)
        rs_judges_drop(r);
    if (ro->state == RS_ROLLOUT_HELD || ro->state == RS_ROLLOUT_HALTED)
        rs_hold_end(r);
    if (to != RS_ROLLOUT_HELD && to != RS_ROLLOUT_HALTED)
        rs_gates_forget(r); /* each watch counts anew; a hold goes on with its watch's count */
    ro->state = to;
    assert(nothing_left_over(ro));
    assert(to == RS_ROLLOUT_DONE ? ro->stage == r->plan->n_stage
                                 : ro->stage >= 0 && ro->stage <= r->plan->n_stage);
}

void rs_rollout_settle(struct responder *r, int64_t now_ns, enum outcome o, const char *why)
{
    struct history *h = r->out;
    bool stood = h->outcome == RS_OUTCOME_HELD || h->outcome == RS_OUTCOME_HALTED ||
                 h->outcome == RS_OUTCOME_COMPLETED;
    if (r->settled && !(stood && o == RS_OUTCOME_ROLLED_BACK))
        return;
    h->outcome = o;
    h->ended_ns = now_ns;
    rs_trace_say(r, RS_TRACE_OUTCOME, (int)o, -1, "rollout %s: %s", rs_outcome_name(o), why);
    if (r->settled)
        return;
    r->settled = true;
    r->port.settled(r->port.ctx, o);
}

void rs_rollout_freeze(struct responder *r)
{
    struct rollout *ro = &r->rollout;
    if (ro->state == RS_ROLLOUT_DONE || ro->state == RS_ROLLOUT_ROLLED_BACK)
        return;
    drop(r, &ro->start);
    rs_task_cancel(&ro->task);
    rs_rollout_move(r, RS_ROLLOUT_ROLLED_BACK);
}

/* A hold is the end of the rollout, unless the runbook says how the stage goes on. */
static void
stop(struct responder *r, int64_t now_ns, enum rollout_state to, enum outcome o, const char *why)
{
    struct rollout *ro = &r->rollout;
    struct hold hold = {.since_ns = now_ns,
                        .held_ns = ro->hold.held_ns,
                        .from = ro->state,
                        .rest_ns = ro->state == RS_ROLLOUT_WATCHING ? ro->watch_end_ns - now_ns : 0,
                        .why = why};
    rs_task_cancel(&ro->task);
    rs_rollout_move(r, to);
    if (!present_stage(r)->on_hold.given) {
        rs_rollout_settle(r, now_ns, o, why);
        return;
    }
    r->out->outcome = o; /* should the horizon come first */
    rs_hold_begin(r, now_ns, &hold);
}

void rs_rollout_hold(struct responder *r, int64_t now_ns, const char *why)
{
    stop(r, now_ns, RS_ROLLOUT_HELD, RS_OUTCOME_HELD, why);
}

void rs_rollout_halt(struct responder *r, int64_t now_ns, const char *why)
{
    stop(r, now_ns, RS_ROLLOUT_HALTED, RS_OUTCOME_HALTED, why);
}

static void await_stage(struct responder *r, int64_t now_ns, int64_t lull_ns);

static void start_task(struct responder *r,
                       int64_t now_ns,
                       const struct action *list,
                       struct action_sources *sources,
                       int n,
                       void (*done)(struct task *, int64_t, enum task_end))
{
    struct task *t = &r->rollout.task;
    *t = (struct task){.r = r,
                       .list = list,
                       .sources = sources,
                       .n = n,
                       .part = RS_PART_ALL,
                       .doer = present_stage(r)->by,
                       .stage = true,
                       .done = done};
    rs_task_start(t, now_ns);
}

/* true: the list is through and the stage goes on. */
static bool goes_on(struct responder *r, const struct task *t, int64_t now_ns, enum task_end end)
{
    switch (end) {
    case RS_TASK_DONE: return true;
    case RS_TASK_CHECK_FAILED: return rs_gates_check_failed(r, now_ns, &t->list[t->at]);
    case RS_TASK_GIVEN_UP: rs_rollout_hold(r, now_ns, RS_DETECTOR_GIVEN_UP); return false;
    }
    return false;
}

/* ---- watching -------------------------------------------------------------------------------- */

static void on_look(void *ctx, int64_t now_ns, uint64_t arg);
static void on_tick(void *ctx, int64_t now_ns, uint64_t arg);

static bool at_work(const struct responder *r, int role, int64_t now_ns)
{
    return role < 0 || rs_hours_within(&r->plan->role[role], r->sc->starts_at_unix_ns + now_ns);
}

/* The next look of the rhythm that falls into working hours and into the watch. */
static void plan_look(struct responder *r, int64_t now_ns)
{
    struct rollout *ro = &r->rollout;
    const struct stage *st = present_stage(r);
    ro->look = 0;
    ro->look_ns = RS_NEVER;
    bool looks = rs_gates_any(st, RS_GATE_LOOKS) || st->n_watched > 0;
    if (!looks || st->look_every_ns == RS_NEVER || st->look_every_ns <= 0)
        return;
    int64_t at = rs_time_after(now_ns, st->look_every_ns);
    while (at <= ro->watch_end_ns && !at_work(r, st->by, at))
        at = rs_time_after(at, st->look_every_ns);
    if (at > ro->watch_end_ns)
        return;
    ro->look_ns = at;
    ro->look = rs_kernel_at(r->k, at, "look", on_look, r, 0);
}

static void plan_tick(struct responder *r, int64_t now_ns)
{
    struct rollout *ro = &r->rollout;
    ro->tick = 0;
    ro->tick_ns = RS_NEVER;
    int64_t every_ns = r->sc->monitoring.evaluation_interval_ns;
    if (!rs_gates_any(present_stage(r), RS_GATE_CONTINUOUS) || every_ns <= 0)
        return;
    int64_t at = rs_time_after(now_ns, every_ns);
    if (at > ro->watch_end_ns)
        return;
    ro->tick_ns = at;
    ro->tick = rs_kernel_at(r->k, at, "gate evaluation", on_tick, r, 0);
}

static void on_look(void *ctx, int64_t now_ns, uint64_t arg)
{
    (void)arg;
    struct responder *r = ctx;
    r->rollout.look = 0;
    if (rs_gates_read(r, now_ns, RS_GATE_LOOKS))
        plan_look(r, now_ns);
}

static void on_tick(void *ctx, int64_t now_ns, uint64_t arg)
{
    (void)arg;
    struct responder *r = ctx;
    r->rollout.tick = 0;
    if (rs_gates_read(r, now_ns, RS_GATE_CONTINUOUS))
        plan_tick(r, now_ns);
}

/* A measurement, a look or an evaluation that falls on the end of the watch comes before the promotion. */
static void on_watch_end(void *ctx, int64_t now_ns, uint64_t arg)
{
    (void)arg;
    struct responder *r = ctx;
    struct rollout *ro = &r->rollout;
    ro->watch_end = 0;
    if (!rs_judges_due(r, now_ns))
        return;
    if (ro->tick_ns == now_ns && ro->tick) {
        drop(r, &ro->tick);
        if (!rs_gates_read(r, now_ns, RS_GATE_CONTINUOUS))
            return;
    }
    if (ro->look_ns == now_ns && ro->look) {
        drop(r, &ro->look);
        if (!rs_gates_read(r, now_ns, RS_GATE_LOOKS))
            return;
    }
    rs_rollout_watch_over(r, now_ns);
}

static void begin_watch(struct responder *r, int64_t now_ns, int64_t watch_ns)
{
    struct rollout *ro = &r->rollout;
    rs_rollout_move(r, RS_ROLLOUT_WATCHING);
    ro->watch_end_ns = rs_time_after(now_ns, watch_ns);
    ro->watch_end = rs_kernel_at(r->k, ro->watch_end_ns, "watch end", on_watch_end, r, 0);
    plan_look(r, now_ns);
    plan_tick(r, now_ns);
    rs_judges_watch(r, now_ns);
}

/* What was left of a watch goes on, with a new rhythm of looks; a list of actions goes on where it ended. */
void rs_rollout_go_on(struct responder *r, int64_t now_ns)
{
    struct rollout *ro = &r->rollout;
    assert(ro->state == RS_ROLLOUT_HELD || ro->state == RS_ROLLOUT_HALTED);
    if (ro->hold.from == RS_ROLLOUT_WATCHING) {
        begin_watch(r, now_ns, ro->hold.rest_ns);
        return;
    }
    rs_rollout_move(r, ro->hold.from);
    rs_task_resume(&ro->task, now_ns);
}

/* ---- from one part of a stage to the next ---------------------------------------------------- */

static void closing_done(struct task *t, int64_t now_ns, enum task_end end)
{
    struct responder *r = t->r;
    if (!goes_on(r, t, now_ns, end))
        return;
    r->rollout.stage++;
    await_stage(r, now_ns, r->plan->lull_ns);
}

static void ramp_set(struct task *t, int64_t now_ns, enum task_end end)
{
    struct responder *r = t->r;
    if (goes_on(r, t, now_ns, end))
        begin_watch(r, now_ns, present_stage(r)->ramp[r->rollout.ramp].watch_ns);
}

static void entry_done(struct task *t, int64_t now_ns, enum task_end end)
{
    struct responder *r = t->r;
    if (goes_on(r, t, now_ns, end))
        begin_watch(r, now_ns, present_stage(r)->watch_ns);
}

void rs_rollout_watch_over(struct responder *r, int64_t now_ns)
{
    struct rollout *ro = &r->rollout;
    assert(ro->state == RS_ROLLOUT_WATCHING);
    if (!rs_gates_read(r, now_ns, RS_GATE_END))
        return;
    const struct stage *st = present_stage(r);
    if (!rs_judges_watch_over(r, now_ns, ro->ramp + 1 >= st->n_ramp))
        return;
    if (++ro->ramp < st->n_ramp) {
        int i = ro->ramp;
        rs_rollout_move(r, RS_ROLLOUT_RAMPING);
        start_task(r, now_ns, &r->ramp_action[ro->stage][i], &r->ramp[ro->stage][i], 1, ramp_set);
        return;
    }
    rs_rollout_move(r, RS_ROLLOUT_CLOSING);
    start_task(r, now_ns, st->closing, r->closing[ro->stage], st->n_closing, closing_done);
}

static void on_start(void *ctx, int64_t now_ns, uint64_t arg)
{
    (void)arg;
    struct responder *r = ctx;
    struct rollout *ro = &r->rollout;
    const struct stage *st = present_stage(r);
    ro->start = 0;
    ro->ramp = -1;
    ro->hold.held_ns = 0;
    rs_rollout_move(r, RS_ROLLOUT_ACTING);
    r->out->stage_at_ns[ro->stage] = now_ns;
    r->out->stage_reached = ro->stage;
    rs_trace_stage(r, ro->stage);
    r->port.stage_entered(r->port.ctx, ro->stage);
    rs_side_run(r, now_ns, RS_STEP_STAGE_ENTERED);
    start_task(r, now_ns, st->action, r->entry[ro->stage], st->n_action, entry_done);
}

static void finish(struct responder *r, int64_t now_ns)
{
    rs_rollout_move(r, RS_ROLLOUT_DONE);
    rs_rollout_settle(r, now_ns, RS_OUTCOME_COMPLETED, "all stages done");
    rs_side_run(r, now_ns, RS_STEP_FINISHED);
}

/*
 * When the next stage may begin: after the lull, not before its time, and within the hours of
 * whoever performs it.
 */
static int64_t stage_start(const struct responder *r, int64_t earliest_ns)
{
    const struct stage *st = present_stage(r);
    int64_t at = earliest_ns > st->not_before_ns ? earliest_ns : st->not_before_ns;
    if (st->by < 0 || at == RS_NEVER)
        return at;
    int64_t unix_ns = rs_hours_next(&r->plan->role[st->by], r->sc->starts_at_unix_ns + at);
    return unix_ns == RS_NEVER ? RS_NEVER : unix_ns - r->sc->starts_at_unix_ns;
}

static void await_stage(struct responder *r, int64_t now_ns, int64_t lull_ns)
{
    struct rollout *ro = &r->rollout;
    if (ro->stage == r->plan->n_stage) {
        finish(r, now_ns);
        return;
    }
    if (ro->state != RS_ROLLOUT_WAITING)
        rs_rollout_move(r, RS_ROLLOUT_WAITING);
    int64_t at = stage_start(r, rs_time_after(now_ns, lull_ns));
    ro->start = rs_kernel_at(r->k, at, "stage", on_start, r, 0);
}

static void on_empty(void *ctx, int64_t now_ns, uint64_t arg)
{
    (void)arg;
    finish(ctx, now_ns);
}

void rs_rollout_begin(struct responder *r)
{
    r->rollout = (struct rollout){.state = RS_ROLLOUT_WAITING,
                                  .ramp = -1,
                                  .watch_end_ns = RS_NEVER,
                                  .look_ns = RS_NEVER,
                                  .tick_ns = RS_NEVER};
    if (r->plan->n_stage == 0)
        rs_kernel_at(r->k, rs_kernel_now(r->k), "no stages", on_empty, r, 0);
    else
        await_stage(r, rs_kernel_now(r->k), 0);
}
