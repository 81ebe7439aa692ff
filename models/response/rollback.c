/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One rollback procedure in one replica: detected -> notified -> acknowledged -> decided -> acting
 * -> (waiting for the last instance) -> completed. Who sees it himself is notified and has
 * acknowledged at that moment; automation needs neither. The blocking actions come first, in their
 * order; the others follow when those are done, and hold nothing up.
 */
#include <assert.h>

#include "responder.h"

#define TO(state) (1u << RS_ROLLBACK_##state)

/* clang-format off */
const struct machine_state rs_rollback_states[RS_ROLLBACK_N] = {
    [RS_ROLLBACK_NONE]         = {"none",         TO(DETECTED)},
    [RS_ROLLBACK_DETECTED]     = {"detected",     TO(NOTIFIED) | TO(DECIDED)},
    [RS_ROLLBACK_NOTIFIED]     = {"notified",     TO(ACKNOWLEDGED) | TO(DECIDED)},
    [RS_ROLLBACK_ACKNOWLEDGED] = {"acknowledged", TO(DECIDED)},
    [RS_ROLLBACK_DECIDED]      = {"decided",      TO(ACTING)},
    [RS_ROLLBACK_ACTING]       = {"acting",       TO(WAITING) | TO(COMPLETED) | TO(GAVE_UP)},
    [RS_ROLLBACK_WAITING]      = {"waiting for effect", TO(COMPLETED)},
    [RS_ROLLBACK_COMPLETED]    = {"completed",    0},
    [RS_ROLLBACK_GAVE_UP]      = {"gave up",      0},
};
/* clang-format on */

struct episode *rs_rollback_episode(const struct rollback *rb)
{
    assert(rb->episode >= 0 && rb->episode < rb->r->out->n_episode);
    return &rb->r->out->episode[rb->episode];
}

/* The marks that a state rests on. */
static bool marks_hold(const struct rollback *rb)
{
    const struct episode *e = rs_rollback_episode(rb);
    switch (rb->state) {
    case RS_ROLLBACK_NONE:
    case RS_ROLLBACK_N: return false;
    case RS_ROLLBACK_DETECTED: return e->at_ns[RS_CLOCK_DETECTED] != RS_NEVER;
    case RS_ROLLBACK_NOTIFIED: return e->at_ns[RS_CLOCK_NOTIFIED] != RS_NEVER;
    case RS_ROLLBACK_ACKNOWLEDGED: return e->at_ns[RS_CLOCK_ACKNOWLEDGED] != RS_NEVER;
    case RS_ROLLBACK_DECIDED:
    case RS_ROLLBACK_ACTING: return e->at_ns[RS_CLOCK_DECIDED] != RS_NEVER && !rb->escalate;
    case RS_ROLLBACK_WAITING: return !rb->actions.running && !rs_effect_all(rb);
    case RS_ROLLBACK_COMPLETED:
        return e->at_ns[RS_CLOCK_COMPLETED] != RS_NEVER && rs_effect_all(rb);
    case RS_ROLLBACK_GAVE_UP: return e->at_ns[RS_CLOCK_COMPLETED] == RS_NEVER && e->gave_up;
    }
    return false;
}

void rs_rollback_move(struct rollback *rb, enum rollback_state to)
{
    assert(to >= 0 && to < RS_ROLLBACK_N);
    assert(rs_rollback_states[rb->state].next >> to & 1u);
    rb->state = to;
    assert(marks_hold(rb));
}

void rs_rollback_mark(struct rollback *rb, enum clock_mark m, int64_t at_ns)
{
    rs_rollback_episode(rb)->at_ns[m] = at_ns;
}

static void copy_fault_marks(struct rollback *rb, struct episode *e)
{
    if (e->fault < 0)
        return;
    assert(e->fault < rb->r->sc->n_fault);
    e->at_ns[RS_CLOCK_ONSET] = rb->r->onset_ns[e->fault];
    e->at_ns[RS_CLOCK_FIRST_BAD] = rb->r->first_bad_ns[e->fault];
}

void rs_rollback_open(struct rollback *rb, const struct detection *d)
{
    struct history *h = rb->r->out;
    struct episode *e = rs_history_episode(h);
    rb->episode = h->n_episode - 1;
    e->procedure = rb->procedure;
    e->stage = d->stage;
    e->fault = d->fault;
    e->by = d->by;
    e->detector = d->detector;
    e->cut = true; /* until it is completed or given up: the loop may end the replica at any time */
    e->at_ns[RS_CLOCK_PENDING] = d->pending_ns;
    e->at_ns[RS_CLOCK_DETECTED] = d->detected_ns;
    copy_fault_marks(rb, e);
    rs_rollback_move(rb, RS_ROLLBACK_DETECTED);
}

/* An alert that leads here and fires already has detected it earlier than whoever looks now. */
static void earlier_alert(const struct rollback *rb, struct detection *d)
{
    const struct procedure *proc = &rb->r->plan->procedure[rb->procedure];
    for (int i = 0; i < proc->n_alert; i++) {
        const struct alert_watch *w = rs_responder_watch(rb->r, proc->alert[i]);
        if (!w || !w->firing || w->firing_ns > d->detected_ns)
            continue;
        *d = (struct detection){.by = RS_BY_ALERT,
                                .detector = proc->alert[i],
                                .pending_ns = w->pending_ns,
                                .detected_ns = w->firing_ns,
                                .fault = w->fault,
                                .stage = w->stage};
    }
}

void rs_rollback_seen(
    struct rollback *rb, int64_t now_ns, enum detected_by by, const char *detector, int role)
{
    struct responder *r = rb->r;
    if (rb->state == RS_ROLLBACK_NONE) {
        struct detection d = {.by = by,
                              .detector = detector,
                              .pending_ns = RS_NEVER,
                              .detected_ns = now_ns,
                              .fault = r->port.live_fault(r->port.ctx),
                              .stage = r->out->stage_reached};
        earlier_alert(rb, &d);
        rs_rollback_open(rb, &d);
    }
    if (role < 0) {
        rs_rollback_automate(rb, now_ns, 0);
        return;
    }
    if (rb->state == RS_ROLLBACK_DETECTED) {
        rs_rollback_mark(rb, RS_CLOCK_NOTIFIED, now_ns);
        rs_rollback_move(rb, RS_ROLLBACK_NOTIFIED);
    }
    rs_rollback_acknowledge(rb, now_ns, role);
}

/* ---- in hand --------------------------------------------------------------------------------- */

static void complete(struct rollback *rb, int64_t now_ns)
{
    struct responder *r = rb->r;
    rs_rollback_mark(rb, RS_CLOCK_COMPLETED, now_ns);
    rs_rollback_episode(rb)->cut = false;
    rs_rollback_move(rb, RS_ROLLBACK_COMPLETED);
    const char *name = rs_procedure_words(r, rb->procedure);
    rs_trace_say(r, RS_TRACE_CLOCK, RS_CLOCK_COMPLETED, rb->episode, "rollback complete: %s", name);
    rs_rollout_settle(r, now_ns, RS_OUTCOME_ROLLED_BACK, name);
    rs_side_run(r, now_ns, RS_STEP_ROLLBACK);
}

static void give_up(struct rollback *rb, int64_t now_ns)
{
    struct responder *r = rb->r;
    struct episode *e = rs_rollback_episode(rb);
    e->gave_up = true;
    e->cut = false;
    rs_rollback_move(rb, RS_ROLLBACK_GAVE_UP);
    rs_trace_say(r, RS_TRACE_PERSON, rb->doer, rb->episode, "%s leaves \"%s\" incomplete",
                 rs_role_words(r, rb->doer), rs_procedure_words(r, rb->procedure));
    rs_rollout_settle(r, now_ns, RS_OUTCOME_ROLLED_BACK, rs_procedure_words(r, rb->procedure));
}

void rs_rollback_effective(struct rollback *rb, int64_t now_ns)
{
    if (rb->state == RS_ROLLBACK_WAITING)
        complete(rb, now_ns);
}

static void rest_done(struct task *t, int64_t now_ns, enum task_end end)
{
    (void)t;
    (void)now_ns;
    assert(end == RS_TASK_DONE);
}

static struct task task_of(struct rollback *rb,
                           enum task_part part,
                           void (*done)(struct task *, int64_t, enum task_end))
{
    const struct procedure *proc = &rb->r->plan->procedure[rb->procedure];
    return (struct task){.r = rb->r,
                         .list = proc->action,
                         .sources = rb->sources,
                         .n = proc->n_action,
                         .part = part,
                         .doer = rb->doer,
                         .rollback = rb,
                         .done = done};
}

static void actions_done(struct task *t, int64_t now_ns, enum task_end end)
{
    assert(end == RS_TASK_DONE);
    struct rollback *rb = t->rollback;
    if (t->missed)
        give_up(rb, now_ns);
    else if (rs_effect_all(rb))
        complete(rb, now_ns);
    else
        rs_rollback_move(rb, RS_ROLLBACK_WAITING);
    rb->rest = task_of(rb, RS_PART_REST, rest_done);
    rs_task_start(&rb->rest, now_ns);
}

static void begin_acting(struct rollback *rb, int64_t now_ns)
{
    struct responder *r = rb->r;
    const struct episode *e = rs_rollback_episode(rb);
    if (e->fault < 0 && r->first_onset_ns > e->at_ns[RS_CLOCK_DETECTED])
        r->out->false_rollback = true;
    rs_rollback_move(rb, RS_ROLLBACK_ACTING);
    rb->actions = task_of(rb, RS_PART_BLOCKING, actions_done);
    rs_task_start(&rb->actions, now_ns);
}

static void on_begin(void *ctx, int64_t now_ns, uint64_t arg)
{
    (void)arg;
    struct rollback *rb = ctx;
    rb->begin = 0;
    begin_acting(rb, now_ns);
}

static void on_decided(void *ctx, int64_t now_ns, uint64_t arg)
{
    (void)arg;
    struct rollback *rb = ctx;
    struct responder *r = rb->r;
    rb->begin = 0;
    rs_rollback_mark(rb, RS_CLOCK_DECIDED, now_ns);
    rs_rollback_move(rb, RS_ROLLBACK_DECIDED);
    rs_trace_say(r, RS_TRACE_PERSON, rb->doer, rb->episode, "%s decides: roll back by \"%s\"",
                 rs_role_words(r, rb->doer), rs_procedure_words(r, rb->procedure));
    begin_acting(rb, now_ns);
}

void rs_rollback_acknowledge(struct rollback *rb, int64_t now_ns, int role)
{
    struct responder *r = rb->r;
    rs_people_stand_down(rb);
    rs_rollback_mark(rb, RS_CLOCK_ACKNOWLEDGED, now_ns);
    rs_rollback_move(rb, RS_ROLLBACK_ACKNOWLEDGED);
    rb->doer = role;
    rs_rollout_freeze(r);
    struct source *src = &r->decide[role * r->plan->n_procedure + rb->procedure];
    int64_t decide_ns = rs_source_ns(r, src, &r->plan->role[role].decide);
    rb->begin = rs_kernel_at(r->k, rs_time_after(now_ns, decide_ns), "decision", on_decided, rb, 0);
}

void rs_rollback_automate(struct rollback *rb, int64_t now_ns, int64_t delay_ns)
{
    struct responder *r = rb->r;
    rs_people_stand_down(rb);
    rs_rollback_mark(rb, RS_CLOCK_DECIDED, now_ns);
    rs_rollback_move(rb, RS_ROLLBACK_DECIDED);
    rb->doer = -1;
    rs_rollout_freeze(r);
    rs_trace_say(r, RS_TRACE_PERSON, -1, rb->episode, "%s rolls back by \"%s\"",
                 rs_role_words(r, -1), rs_procedure_words(r, rb->procedure));
    rb->begin = rs_kernel_at(r->k, rs_time_after(now_ns, delay_ns), "automation", on_begin, rb, 0);
}
