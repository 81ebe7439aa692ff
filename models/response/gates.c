/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading gates and triggers, and carrying out what a tripped one orders. */
#include <assert.h>
#include <string.h>

#include "responder.h"

static const struct stage *present_stage(const struct responder *r)
{
    assert(r->rollout.stage >= 0 && r->rollout.stage < r->plan->n_stage);
    return &r->plan->stage[r->rollout.stage];
}

bool rs_gates_any(const struct stage *st, enum gate_when when)
{
    for (int i = 0; i < st->n_gate; i++) {
        if (st->gate[i].when == when)
            return true;
    }
    return false;
}

void rs_gates_forget(struct responder *r)
{
    int n = r->rollout.stage < r->plan->n_stage ? r->plan->stage[r->rollout.stage].n_gate : 0;
    if (n > 0)
        memset(r->in_a_row, 0, (size_t)n * sizeof *r->in_a_row);
}

/* Reads the gate. One that is to be called for several times in a row trips at the last of them, and at each one after it. */
static bool trips(struct responder *r, const struct gate *g)
{
    int i = (int)(g - present_stage(r)->gate);
    if (r->port.is_true(r->port.ctx, g->expr) == g->require) {
        r->in_a_row[i] = 0;
        return false;
    }
    if (g->in_a_row <= 1)
        return true;
    if (r->in_a_row[i] < g->in_a_row)
        r->in_a_row[i]++;
    rs_trace_say(r, RS_TRACE_GATE, r->rollout.stage, i, "gate %s is called for, %d of %d in a row",
                 g->name, r->in_a_row[i], g->in_a_row);
    return r->in_a_row[i] == g->in_a_row;
}

static const char *glance(enum gate_when when)
{
    switch (when) {
    case RS_GATE_LOOKS: return "looks at the board";
    case RS_GATE_END: return "reads the board at the end of the watch";
    case RS_GATE_CONTINUOUS: return "evaluates";
    }
    return "";
}

static const char *order(enum gate_then then)
{
    switch (then) {
    case RS_THEN_ROLLBACK: return "roll back";
    case RS_THEN_HOLD: return "hold";
    case RS_THEN_HALT: return "halt";
    case RS_THEN_PROMOTE: return "promote";
    }
    return "";
}

/* Gates that are evaluated all the time are read by automation, whoever performs the stage. */
static int reader(const struct stage *st, enum gate_when when)
{
    return when == RS_GATE_CONTINUOUS ? -1 : st->by;
}

/* A procedure that is done, or in somebody's hands, is not called for again. */
static bool open_to(const struct responder *r, int procedure)
{
    if (procedure < 0)
        return false;
    return r->rollback[procedure].state <= RS_ROLLBACK_NOTIFIED;
}

/* false: the watch does not go on. */
static bool obey(struct responder *r, int64_t now_ns, const struct gate *g)
{
    const struct stage *st = present_stage(r);
    int who = reader(st, g->when);
    rs_trace_say(r, RS_TRACE_GATE, r->rollout.stage, (int)(g - st->gate), "%s %s: gate %s says %s",
                 rs_role_words(r, who), glance(g->when), g->name, order(g->then));
    switch (g->then) {
    case RS_THEN_ROLLBACK:
        if (open_to(r, g->procedure))
            rs_rollback_seen(&r->rollback[g->procedure], now_ns,
                             g->when == RS_GATE_LOOKS ? RS_BY_LOOK : RS_BY_GATE, g->name, who);
        else
            rs_rollout_hold(r, now_ns, g->name);
        return false;
    case RS_THEN_HOLD: rs_rollout_hold(r, now_ns, g->name); return false;
    case RS_THEN_HALT: rs_rollout_halt(r, now_ns, g->name); return false;
    case RS_THEN_PROMOTE:
        if (g->when == RS_GATE_END)
            return true;
        rs_rollout_watch_over(r, now_ns);
        return false;
    }
    return true;
}

static bool read_watched(struct responder *r, int64_t now_ns)
{
    const struct stage *st = present_stage(r);
    for (int i = 0; i < st->n_watched; i++) {
        int p = st->watched[i];
        const struct procedure *proc = &r->plan->procedure[p];
        if (!proc->trigger || !open_to(r, p) || !r->port.is_true(r->port.ctx, proc->trigger))
            continue;
        rs_trace_say(r, RS_TRACE_GATE, r->rollout.stage, -1,
                     "%s looks at the board: the trigger of \"%s\" holds", rs_role_words(r, st->by),
                     rs_procedure_words(r, p));
        rs_rollback_seen(&r->rollback[p], now_ns, RS_BY_LOOK, proc->name, st->by);
        return false;
    }
    return true;
}

bool rs_gates_read(struct responder *r, int64_t now_ns, enum gate_when when)
{
    const struct stage *st = present_stage(r);
    assert(r->rollout.state == RS_ROLLOUT_WATCHING);
    for (int i = 0; i < st->n_gate; i++) {
        const struct gate *g = &st->gate[i];
        if (g->when != when)
            continue;
        if (trips(r, g)) {
            if (!obey(r, now_ns, g))
                return false;
        } else if (when == RS_GATE_END) {
            rs_trace_say(r, RS_TRACE_GATE, r->rollout.stage, i, "%s %s: gate %s lets pass",
                         rs_role_words(r, reader(st, when)), glance(when), g->name);
            rs_trace_passed(r);
        }
    }
    return when != RS_GATE_LOOKS || read_watched(r, now_ns);
}

/* true: it keeps the stage from going on. */
static bool holds_up(struct responder *r, const struct gate *g, bool watch_over)
{
    return g->then != RS_THEN_PROMOTE && (g->when != RS_GATE_END || watch_over) && trips(r, g);
}

/*
 * All gates are read, not only those before the first that trips: one that orders a rollback is not hidden behind one that
 * only holds.
 */
bool rs_gates_read_again(struct responder *r, int64_t now_ns, bool watch_over)
{
    const struct stage *st = present_stage(r);
    bool free = true;
    for (int i = 0; i < st->n_gate; i++) {
        const struct gate *g = &st->gate[i];
        if (!holds_up(r, g, watch_over))
            continue;
        rs_trace_say(r, RS_TRACE_GATE, r->rollout.stage, i, "%s looks again: gate %s says %s",
                     rs_role_words(r, st->by), g->name, order(g->then));
        free = false;
        if (g->then == RS_THEN_ROLLBACK && open_to(r, g->procedure)) {
            rs_rollback_seen(&r->rollback[g->procedure], now_ns, RS_BY_LOOK, g->name, st->by);
            return false;
        }
    }
    return read_watched(r, now_ns) && free;
}

bool rs_gates_check_failed(struct responder *r, int64_t now_ns, const struct action *check)
{
    const struct stage *st = present_stage(r);
    const char *name = check->title ? check->title : st->name;
    switch (st->check_then) {
    case RS_THEN_ROLLBACK:
        if (open_to(r, st->check_procedure))
            rs_rollback_seen(&r->rollback[st->check_procedure], now_ns, RS_BY_CHECK, name, st->by);
        else
            rs_rollout_hold(r, now_ns, name);
        return false;
    case RS_THEN_HOLD: rs_rollout_hold(r, now_ns, name); return false;
    case RS_THEN_HALT: rs_rollout_halt(r, now_ns, name); return false;
    case RS_THEN_PROMOTE: return true;
    }
    return true;
}
