/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Doing a list of actions. One action goes: overlooked? -> takes its time -> the attempt fails? ->
 * a slip? -> effect. An overlooked action is never made good: nobody in the model goes back over
 * the list. A slip (people only) is noticed after a while and the action is done again; slips are
 * no failed attempts. Automation makes no slips and needs no time of its own.
 */
#include <assert.h>
#include <math.h>

#include "responder.h"
#include "sim/draw.h"

static void begin_attempt(struct task *t, int64_t now_ns);
static void begin_action(struct task *t, int64_t now_ns);

static bool in_part(const struct task *t, const struct action *a)
{
    switch (t->part) {
    case RS_PART_ALL: return true;
    case RS_PART_BLOCKING: return a->blocking;
    case RS_PART_REST: return !a->blocking;
    }
    return true;
}

static void finish(struct task *t, int64_t now_ns, enum task_end end)
{
    t->running = false;
    t->event = 0;
    t->done(t, now_ns, end);
}

static void next_action(struct task *t, int64_t now_ns)
{
    t->at++;
    t->n_attempt = 0;
    begin_action(t, now_ns);
}

/* Nothing comes of the action any more. */
static void miss(struct task *t, int64_t now_ns, const char *what)
{
    const struct action *a = &t->list[t->at];
    rs_trace_hitch(t->r, t, a, what);
    if (a->blocking)
        t->missed = true;
    next_action(t, now_ns);
}

static void give_up(struct task *t, int64_t now_ns)
{
    if (t->stage && t->list[t->at].blocking) {
        rs_trace_hitch(t->r, t, &t->list[t->at], "gives up");
        finish(t, now_ns, RS_TASK_GIVEN_UP);
        return;
    }
    miss(t, now_ns, "gives up");
}

static uint64_t check_failures(struct task *t, const struct action *a)
{
    struct responder *r = t->r;
    double ratio = r->port.check_ratio(r->port.ctx, a->service, a->cohort, a->max_latency_s);
    assert(ratio >= 0.0 && ratio <= 1.0 + 1e-9);
    ratio = ratio > 1.0 ? 1.0 : ratio;
    return rs_draw_binomial(rs_source_stream(r, &t->sources[t->at].check), a->n_request, ratio);
}

/*
 * A failing check ends a stage's list; in a rollback it is repeated, and then the procedure goes on
 * all the same.
 */
static void do_check(struct task *t, int64_t now_ns, const struct action *a)
{
    uint64_t n_failed = check_failures(t, a);
    bool passed = n_failed <= a->max_failures;
    rs_trace_check(t->r, t, a, n_failed);
    if (!passed && t->stage) {
        finish(t, now_ns, RS_TASK_CHECK_FAILED);
        return;
    }
    if (!passed && ++t->n_attempt < a->max_attempts) {
        begin_attempt(t, now_ns);
        return;
    }
    if (t->rollback && a->blocking)
        rs_effect_action(t->rollback, now_ns, a, 0);
    next_action(t, now_ns);
}

static uint64_t carry_out(struct responder *r, const struct action *a)
{
    const struct response_port *port = &r->port;
    switch (a->kind) {
    case RS_ACT_SET_FLAG: return port->set_flag(port->ctx, a->flag, a->on, a->cohort, a->percent);
    case RS_ACT_PURGE:
    case RS_ACT_ROTATE: port->clear_component(port->ctx, a->component); return 0;
    case RS_ACT_REMOVE: port->remove_path(port->ctx, a->service, a->path); return 0;
    case RS_ACT_CHECK:
    case RS_ACT_NOTIFY:
    case RS_ACT_DOCUMENT:
    case RS_ACT_WAIT: return 0;
    }
    return 0;
}

static void have_effect(struct task *t, int64_t now_ns)
{
    const struct action *a = &t->list[t->at];
    if (a->kind == RS_ACT_CHECK) {
        do_check(t, now_ns, a);
        return;
    }
    rs_trace_done(t->r, t, a);
    uint64_t version = carry_out(t->r, a);
    if (t->rollback && a->blocking)
        rs_effect_action(t->rollback, now_ns, a, version);
    next_action(t, now_ns);
}

static void on_again(void *ctx, int64_t now_ns, uint64_t arg)
{
    (void)arg;
    begin_attempt(ctx, now_ns);
}

/* The slip is noticed only after a while; until then everybody believes that the action is done. */
static bool slipped(struct task *t, int64_t now_ns)
{
    struct responder *r = t->r;
    const struct action *a = &t->list[t->at];
    if (t->doer < 0 || a->kind == RS_ACT_WAIT)
        return false;
    const struct role *role = &r->plan->role[t->doer];
    struct action_sources *src = &t->sources[t->at];
    if (!rs_source_chance(r, &src->slip, role->error_ratio))
        return false;
    rs_trace_hitch(r, t, a, "slips");
    int64_t notice_ns = rs_source_ns(r, &src->notice, &role->notice);
    t->event = rs_kernel_at(r->k, rs_time_after(now_ns, notice_ns), "slip noticed", on_again, t, 0);
    return true;
}

static void on_time_over(void *ctx, int64_t now_ns, uint64_t arg)
{
    (void)arg;
    struct task *t = ctx;
    const struct action *a = &t->list[t->at];
    t->event = 0;
    if (rs_source_chance(t->r, &t->sources[t->at].fails, a->fails)) {
        rs_trace_hitch(t->r, t, a, "fails");
        if (++t->n_attempt >= a->max_attempts)
            give_up(t, now_ns);
        else
            begin_attempt(t, now_ns);
        return;
    }
    if (!slipped(t, now_ns))
        have_effect(t, now_ns);
}

static int64_t action_ns(struct task *t)
{
    struct responder *r = t->r;
    const struct action *a = &t->list[t->at];
    struct source *src = &t->sources[t->at].time;
    bool own = !(a->takes.kind == RS_DIST_CONSTANT && isnan(a->takes.a));
    if (own)
        return rs_source_ns(r, src, &a->takes);
    return t->doer < 0 ? 0 : rs_source_ns(r, src, &r->plan->role[t->doer].act);
}

static void begin_attempt(struct task *t, int64_t now_ns)
{
    int64_t end_ns = rs_time_after(now_ns, action_ns(t));
    t->event = rs_kernel_at(t->r->k, end_ns, "action", on_time_over, t, 0);
}

static void begin_action(struct task *t, int64_t now_ns)
{
    while (t->at < t->n && !in_part(t, &t->list[t->at]))
        t->at++;
    if (t->at >= t->n) {
        finish(t, now_ns, RS_TASK_DONE);
        return;
    }
    if (rs_source_chance(t->r, &t->sources[t->at].overlooked, t->list[t->at].overlooked))
        miss(t, now_ns, "overlooks");
    else
        begin_attempt(t, now_ns);
}

void rs_task_start(struct task *t, int64_t now_ns)
{
    assert(!t->running && t->done);
    t->running = true;
    t->missed = false;
    t->at = 0;
    t->n_attempt = 0;
    begin_action(t, now_ns);
}

void rs_task_resume(struct task *t, int64_t now_ns)
{
    assert(!t->running && t->done && t->at < t->n);
    t->running = true;
    t->n_attempt = 0;
    begin_attempt(t, now_ns);
}

void rs_task_cancel(struct task *t)
{
    if (t->event)
        rs_kernel_cancel(t->r->k, t->event);
    t->event = 0;
    t->running = false;
}
