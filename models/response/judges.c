/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Canary judges at work: one begins when the first watch of a stage of its begins, measures on its own clock while the stage is
 * watched and ramped up, and ends with the last watch; or it begins anew at each step. A stage that is held or halted ends its
 * judges without a word: when it goes on they begin anew, as after somebody has looked at it and resumed it.
 */
#include <assert.h>
#include <stdlib.h>

#include "models/judge.h"
#include "responder.h"
#include "sim/arena.h"

struct judging {
    struct responder *r;
    const struct judge *judge;
    struct judge_run *run; /* owned */
    struct source seed;
    rs_event timer;
    bool active; /* it has been started and has no verdict */
    bool over;   /* it has one, for this stage */
};

struct judging *rs_judges_new(struct responder *r)
{
    int n = r->plan->n_judge;
    struct judging *out = rs_xcalloc(n > 0 ? (size_t)n : 1, sizeof *out);
    for (int i = 0; i < n; i++) {
        const struct judge *j = &r->plan->judge[i];
        out[i] = (struct judging){.r = r,
                                  .judge = j,
                                  .run = rs_judge_run_new(j),
                                  .seed = rs_source_new("judge/%s", j->name)};
    }
    return out;
}

void rs_judges_free(struct responder *r)
{
    for (int i = 0; i < r->plan->n_judge; i++)
        rs_judge_run_free(r->judging[i].run);
    free(r->judging);
}

void rs_judges_reset(struct responder *r)
{
    for (int i = 0; i < r->plan->n_judge; i++) {
        r->judging[i].timer = 0;
        r->judging[i].active = r->judging[i].over = false;
    }
}

static void drop_timer(struct judging *g)
{
    if (g->timer)
        rs_kernel_cancel(g->r->k, g->timer);
    g->timer = 0;
}

void rs_judges_drop(struct responder *r)
{
    for (int i = 0; i < r->plan->n_judge; i++) {
        drop_timer(&r->judging[i]);
        r->judging[i].active = r->judging[i].over = false;
    }
}

/* ---- measuring and obeying --------------------------------------------------------------------- */

static int
measure(void *ctx, const struct promql *expr, int64_t now_ns, struct vector *out, struct err *err)
{
    const struct responder *r = ctx;
    return r->port.measure(r->port.ctx, expr, now_ns, out, err);
}

static const char *order(enum gate_then then)
{
    switch (then) {
    case RS_THEN_ROLLBACK: return "roll back";
    case RS_THEN_HOLD: return "hold";
    case RS_THEN_HALT: return "halt";
    case RS_THEN_PROMOTE: return "go on";
    }
    return "";
}

static void roll_back(struct responder *r, int64_t now_ns, const struct judge *j)
{
    if (j->procedure >= 0 && r->rollback[j->procedure].state <= RS_ROLLBACK_NOTIFIED)
        rs_rollback_seen(&r->rollback[j->procedure], now_ns, RS_BY_GATE, j->name, -1);
    else /* in somebody's hands already, or done */
        rs_rollout_hold(r, now_ns, j->name);
}

/* true: the stage goes on. */
static bool obey(struct judging *g, int64_t now_ns, enum judge_verdict v, const char *why)
{
    struct responder *r = g->r;
    const struct judge *j = g->judge;
    if (v == RS_JUDGE_RUNNING) {
        if (why)
            rs_trace_say(r, RS_TRACE_GATE, r->rollout.stage, -1, "judge %s: %s", j->name, why);
        return true;
    }
    enum gate_then then = rs_judge_order(j, v);
    g->active = false;
    g->over = true;
    rs_trace_say(r, RS_TRACE_GATE, r->rollout.stage, -1, "judge %s says %s: %s (%s)", j->name,
                 rs_judge_verdict_name(v), order(then), why ? why : "no more is known");
    switch (then) {
    case RS_THEN_ROLLBACK: roll_back(r, now_ns, j); return false;
    case RS_THEN_HOLD: rs_rollout_hold(r, now_ns, j->name); return false;
    case RS_THEN_HALT: rs_rollout_halt(r, now_ns, j->name); return false;
    case RS_THEN_PROMOTE: break;
    }
    return true;
}

static void on_due(void *ctx, int64_t now_ns, uint64_t arg);

static void plan_step(struct judging *g)
{
    int64_t next_ns = rs_judge_next(g->run);
    g->timer = next_ns == RS_NEVER ? 0 : rs_kernel_at(g->r->k, next_ns, "judge", on_due, g, 0);
}

/* true: the stage goes on. */
static bool step(struct judging *g, int64_t now_ns)
{
    const struct judge_port port = {.ctx = g->r, .eval = measure};
    const char *why = NULL;
    enum judge_verdict v = rs_judge_step(g->run, now_ns, &port, &why);
    if (!obey(g, now_ns, v, why))
        return false;
    if (g->active)
        plan_step(g);
    return true;
}

static void on_due(void *ctx, int64_t now_ns, uint64_t arg)
{
    (void)arg;
    struct judging *g = ctx;
    g->timer = 0;
    (void)step(g, now_ns);
}

/* ---- watches ----------------------------------------------------------------------------------- */

void rs_judges_watch(struct responder *r, int64_t now_ns)
{
    for (int i = 0; i < r->plan->n_judge; i++) {
        struct judging *g = &r->judging[i];
        if (!rs_judge_judges(g->judge, r->rollout.stage) || g->active || g->over)
            continue;
        g->active = true;
        rs_judge_start(g->run, now_ns, rs_stream_u64(rs_source_stream(r, &g->seed)));
        plan_step(g);
    }
}

bool rs_judges_due(struct responder *r, int64_t now_ns)
{
    for (int i = 0; i < r->plan->n_judge; i++) {
        struct judging *g = &r->judging[i];
        while (g->active && rs_judge_next(g->run) <= now_ns) {
            drop_timer(g);
            if (!step(g, now_ns))
                return false;
        }
    }
    return true;
}

/* true: the stage goes on. */
static bool end(struct judging *g, int64_t now_ns)
{
    const struct judge_port port = {.ctx = g->r, .eval = measure};
    const char *why = NULL;
    drop_timer(g);
    return obey(g, now_ns, rs_judge_end(g->run, now_ns, &port, &why), why);
}

bool rs_judges_watch_over(struct responder *r, int64_t now_ns, bool last)
{
    for (int i = 0; i < r->plan->n_judge; i++) {
        struct judging *g = &r->judging[i];
        if (!last && !g->judge->restarts)
            continue;
        if (g->active && !end(g, now_ns))
            return false;
        if (g->judge->restarts)
            g->over = false;
    }
    return true;
}
