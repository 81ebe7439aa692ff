/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A stage that was held or halted, where the runbook says what becomes of it: it is looked at again in a rhythm, in the
 * performer's hours; once nothing trips any more it goes on where it was; when all its holds together have taken too long it
 * is given up, by whoever performs it, as soon as he is at work.
 */
#include <assert.h>

#include "responder.h"

static const struct stage *present_stage(const struct responder *r)
{
    assert(r->rollout.stage >= 0 && r->rollout.stage < r->plan->n_stage);
    return &r->plan->stage[r->rollout.stage];
}

static bool stands(const struct responder *r)
{
    return r->rollout.state == RS_ROLLOUT_HELD || r->rollout.state == RS_ROLLOUT_HALTED;
}

static void drop(struct responder *r, rs_event *e)
{
    if (*e)
        rs_kernel_cancel(r->k, *e);
    *e = 0;
}

/* The first instant from at_ns on at which the performer is at work; RS_NEVER = none. */
static int64_t at_work_from(const struct responder *r, int64_t at_ns)
{
    int by = present_stage(r)->by;
    if (by < 0 || at_ns == RS_NEVER)
        return at_ns;
    int64_t unix_ns = rs_hours_next(&r->plan->role[by], r->sc->starts_at_unix_ns + at_ns);
    return unix_ns == RS_NEVER ? RS_NEVER : unix_ns - r->sc->starts_at_unix_ns;
}

/* When the stage is given up: at_most is what all its holds together may take. */
static int64_t deadline_ns(const struct responder *r)
{
    const struct hold *h = &r->rollout.hold;
    int64_t at_most_ns = present_stage(r)->on_hold.at_most_ns;
    if (at_most_ns == RS_NEVER)
        return RS_NEVER;
    int64_t left_ns = at_most_ns > h->held_ns ? at_most_ns - h->held_ns : 0;
    return at_work_from(r, rs_time_after(h->since_ns, left_ns));
}

static void on_look_again(void *ctx, int64_t now_ns, uint64_t arg);

/* The next look of the rhythm that falls into the performer's hours and not behind the deadline or the horizon. */
static void plan_look(struct responder *r, int64_t now_ns)
{
    struct hold *h = &r->rollout.hold;
    int64_t every_ns = present_stage(r)->on_hold.look_again_ns;
    int64_t last_ns = deadline_ns(r) < r->sc->horizon_ns ? deadline_ns(r) : r->sc->horizon_ns;
    int64_t at = rs_time_after(now_ns, every_ns);
    assert(every_ns > 0 && !h->look);
    h->look_ns = RS_NEVER;
    while (at <= last_ns) {
        int64_t work_ns = at_work_from(r, at);
        if (work_ns == at) {
            h->look_ns = at;
            h->look = rs_kernel_at(r->k, at, "look at a held stage", on_look_again, r, 0);
            return;
        }
        if (work_ns > last_ns)
            return;
        at = rs_time_after(at, (work_ns - at + every_ns - 1) / every_ns * every_ns);
    }
}

/* true: the stage goes on, or somebody has a rollback in hand. */
static bool look_again(struct responder *r, int64_t now_ns)
{
    const struct hold *h = &r->rollout.hold;
    bool watch_over = h->from == RS_ROLLOUT_WATCHING && h->rest_ns == 0;
    if (rs_gates_read_again(r, now_ns, watch_over)) {
        rs_trace_say(r, RS_TRACE_GATE, r->rollout.stage, -1,
                     "%s looks again: nothing holds the stage up any more, it goes on",
                     rs_role_words(r, present_stage(r)->by));
        rs_rollout_go_on(r, now_ns);
        return true;
    }
    return !stands(r);
}

static void on_look_again(void *ctx, int64_t now_ns, uint64_t arg)
{
    (void)arg;
    struct responder *r = ctx;
    r->rollout.hold.look = 0;
    if (!look_again(r, now_ns))
        plan_look(r, now_ns);
}

static void give_up(struct responder *r, int64_t now_ns)
{
    const struct stage *st = present_stage(r);
    const char *why = r->rollout.hold.why;
    bool roll_back = st->on_hold.then == RS_THEN_ROLLBACK && st->on_hold.procedure >= 0 &&
                     r->rollback[st->on_hold.procedure].state <= RS_ROLLBACK_NOTIFIED;
    rs_trace_say(r, RS_TRACE_GATE, r->rollout.stage, -1,
                 "%s gives the stage up, held for too long: %s", rs_role_words(r, st->by),
                 roll_back ? "roll back" : "halt");
    if (roll_back) {
        rs_rollback_seen(&r->rollback[st->on_hold.procedure], now_ns, RS_BY_GATE, why, st->by);
        return;
    }
    if (r->rollout.state == RS_ROLLOUT_HELD)
        rs_rollout_move(r, RS_ROLLOUT_HALTED);
    else
        rs_hold_end(r);
    rs_rollout_settle(r, now_ns, RS_OUTCOME_HALTED, why);
}

/* A look that falls on the end of the patience comes before it. */
static void on_give_up(void *ctx, int64_t now_ns, uint64_t arg)
{
    (void)arg;
    struct responder *r = ctx;
    struct hold *h = &r->rollout.hold;
    h->give_up = 0;
    if (h->look && h->look_ns == now_ns) {
        drop(r, &h->look);
        if (look_again(r, now_ns))
            return;
    }
    give_up(r, now_ns);
}

void rs_hold_begin(struct responder *r, int64_t now_ns, const struct hold *h)
{
    r->rollout.hold = *h;
    rs_trace_say(r, RS_TRACE_GATE, r->rollout.stage, -1, "the stage stands %s: %s",
                 rs_rollout_states[r->rollout.state].name, h->why);
    int64_t deadline = deadline_ns(r);
    if (deadline != RS_NEVER)
        r->rollout.hold.give_up =
            rs_kernel_at(r->k, deadline, "end of the patience", on_give_up, r, 0);
    plan_look(r, now_ns);
}

void rs_hold_end(struct responder *r)
{
    struct hold *h = &r->rollout.hold;
    drop(r, &h->look);
    drop(r, &h->give_up);
    if (!present_stage(r)->on_hold.given || r->settled)
        return;
    h->held_ns += rs_kernel_now(r->k) - h->since_ns;
    r->out->outcome = RS_OUTCOME_RUNNING;
}
