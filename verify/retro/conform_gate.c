/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gates: what the recording says at the looks and at the end of the watch, and whether what was ordered was done. */
#include "conform.h"

static const int64_t hour_ns = 3600 * RS_NS_PER_S;

/* What one watch says of a gate: the verdict, and the sentence. */
struct answer {
    enum retro_verdict verdict;
    bool tripped;
    bool idle; /* nobody had to read it */
    const char *text;
    struct retro_instant when;
};

/* What people noted of it in the watch; -1 = nothing. */
static int
noted(const struct conform *c, const struct gate *g, int stage, const struct conform_watch *w)
{
    int last = -1;
    for (int i = 0; i < c->e->n_mark; i++) {
        const struct retro_mark *m = &c->e->mark[i];
        if ((m->event != RS_EVENT_GATE_PASSED && m->event != RS_EVENT_GATE_FAILED) ||
            (m->stage >= 0 && m->stage != stage))
            continue;
        bool only = !m->subject && m->stage == stage && c->plan->stage[stage].n_gate == 1;
        if (!only && rs_conform_meant(m->subject, g->name) < 80)
            continue;
        struct retro_instant at = rs_conform_mark(c, i);
        if (at.hi_ns >= w->from.lo_ns && at.lo_ns <= w->to.hi_ns)
            last = i;
    }
    return last;
}

static bool was_held(const struct conform *c, int stage, int64_t from_ns, int64_t until_ns)
{
    for (int i = 0; i < c->e->n_mark; i++) {
        const struct retro_mark *m = &c->e->mark[i];
        if ((m->event != RS_EVENT_HELD && m->event != RS_EVENT_HALTED) ||
            (m->stage >= 0 && m->stage != stage))
            continue;
        struct retro_instant at = rs_conform_mark(c, i);
        if (at.hi_ns >= from_ns && at.lo_ns <= until_ns)
            return true;
    }
    return false;
}

static const char *order_words(enum gate_then then)
{
    switch (then) {
    case RS_THEN_ROLLBACK: return "roll back";
    case RS_THEN_HOLD: return "hold";
    case RS_THEN_HALT: return "halt";
    case RS_THEN_PROMOTE: return "go on";
    }
    return "";
}

static struct conform_question question(const struct conform *c, int stage, int gate)
{
    const struct stage *st = &c->plan->stage[stage];
    const struct gate *g = &st->gate[gate];
    bool machine = g->when == RS_GATE_CONTINUOUS;
    return (struct conform_question){.asked = rs_retro_asked(c->r, RS_ASKS_GATE, stage, gate),
                                     .trips_on = !g->require,
                                     .role = machine ? -1 : st->by,
                                     .every_ns =
                                         machine ? rs_conform_every_ns(c) : st->look_every_ns,
                                     .in_a_row = g->in_a_row,
                                     .stage = stage};
}

/* It tripped, and the stage went on all the same. */
static struct answer gone_on(const struct conform *c,
                             const struct gate *g,
                             const struct conform_question *q,
                             const struct conform_watch *w,
                             struct retro_instant at)
{
    struct arena *arena = c->r->arena;
    const char *when = rs_conform_when(c, &at), *on = rs_conform_when(c, &w->to);
    const char *order = order_words(g->then);
    struct answer out = {.verdict = RS_RETRO_DEVIATES, .tripped = true, .when = at};
    out.text = rs_arena_printf(
        arena, "gate %s tripped at %s and orders to %s, and the stage went on at %s", g->name, when,
        order, on);
    if (g->then == RS_THEN_ROLLBACK)
        return out;
    const struct stage *st = &c->plan->stage[q->stage];
    int64_t longer_ns = rs_conform_gap(c, &w->from, &w->to).hi_ns - w->asked_ns;
    bool held = was_held(c, q->stage, at.lo_ns - hour_ns / 60, w->to.hi_ns) ||
                longer_ns >= (st->on_hold.given ? st->on_hold.look_again_ns : hour_ns / 60);
    enum conform_reading then = rs_conform_read_at(c, q, w->to.lo_ns, w->to.hi_ns).reading;
    if (then == RS_READ_YES || (g->when == RS_GATE_END && !held))
        return out;
    if (held && then == RS_READ_NO) {
        out.verdict = RS_RETRO_CONFORMS;
        out.text =
            rs_arena_printf(arena,
                            "gate %s tripped at %s, the stage waited, and went on at %s when "
                            "the gate let it pass",
                            g->name, when, on);
        return out;
    }
    out.verdict = RS_RETRO_UNDECIDABLE;
    out.text = rs_arena_printf(
        arena, "gate %s tripped at %s and orders to %s; the stage went on at %s: %s", g->name, when,
        order, on,
        held ? "what the gate said then is within the uncertainty"
             : "it let pass then, and whether the stage was held is not noted");
    return out;
}

static struct answer obeyed(const struct conform *c,
                            const struct gate *g,
                            const struct conform_question *q,
                            const struct conform_watch *w,
                            struct retro_instant at)
{
    const struct conform_stage *st = &c->stage[q->stage];
    const char *order = order_words(g->then), *when = rs_conform_when(c, &at), *did = "";
    struct answer out = {.verdict = RS_RETRO_CONFORMS, .tripped = true, .when = at};
    if (w->gone_on && g->then != RS_THEN_PROMOTE)
        return gone_on(c, g, q, w, at);
    switch (w->gone_on ? RS_LEFT_FORWARD : st->left) {
    case RS_LEFT_FORWARD: did = "it went on"; break;
    case RS_LEFT_BACK: did = "it was rolled back"; break;
    case RS_LEFT_STOPPED:
        did = "the stage was held";
        if (g->then == RS_THEN_ROLLBACK)
            out.verdict = RS_RETRO_DEVIATES;
        break;
    case RS_LEFT_NOT:
        did = "the stage did not go on until the evidence ends";
        if (g->then == RS_THEN_ROLLBACK)
            out.verdict = c->end_ns - at.hi_ns > hour_ns ? RS_RETRO_DEVIATES : RS_RETRO_UNDECIDABLE;
        break;
    }
    out.text = rs_arena_printf(c->r->arena, "gate %s tripped at %s, which orders to %s: %s",
                               g->name, when, order, did);
    return out;
}

static struct answer unsure(const struct conform *c,
                            const struct gate *g,
                            const struct conform_watch *w,
                            const struct conform_read *read,
                            int note)
{
    struct arena *arena = c->r->arena;
    struct answer out = {.verdict = RS_RETRO_UNDECIDABLE,
                         .when = rs_conform_at(read->at_ns, rs_conform_every_ns(c))};
    const char *when = rs_conform_when(c, &out.when);
    bool passed = note >= 0 && c->e->mark[note].event == RS_EVENT_GATE_PASSED;
    if (!w->gone_on) {
        out.verdict = RS_RETRO_CONFORMS;
        out.text = rs_arena_printf(
            arena, "gate %s may have tripped at %s, and the stage did not go on", g->name, when);
    } else if (g->when == RS_GATE_END && passed) {
        out.verdict = RS_RETRO_CONFORMS;
        out.text =
            rs_arena_printf(arena,
                            "gate %s is noted as passed, and the recording has it so at some "
                            "evaluations around %s",
                            g->name, when);
    } else if (read->looks || g->when == RS_GATE_END) {
        out.text = rs_arena_printf(arena,
                                   "gate %s is tripped at some evaluations around %s and lets pass "
                                   "at others: what was read then is within the uncertainty",
                                   g->name, when);
    } else {
        out.text = rs_arena_printf(arena,
                                   "gate %s was tripped for %s from %s on, shorter than the rhythm "
                                   "in which it is read, and no look is noted",
                                   g->name, rs_conform_duration(c, read->for_ns), when);
    }
    return out;
}

/*
 * A gate of the end is read when the watch is over, or when the stage goes on, which may be a night later: it has let pass if
 * it did at either. What is read is done a few minutes before the next step is.
 */
static struct conform_read
read_end(const struct conform *c, const struct conform_question *q, const struct conform_watch *w)
{
    int64_t before_ns = rs_conform_add_ns(w->to.lo_ns, -hour_ns / 10);
    int64_t from_ns = before_ns > w->from.lo_ns ? before_ns : w->from.lo_ns;
    int64_t over_lo_ns = rs_conform_add_ns(w->from.lo_ns, w->asked_ns);
    int64_t over_hi_ns = rs_conform_add_ns(w->from.hi_ns, w->asked_ns);
    struct conform_read on = rs_conform_read_at(c, q, from_ns, w->to.hi_ns);
    if (on.reading == RS_READ_NO || !w->exact_from || over_lo_ns >= w->to.hi_ns)
        return on;
    struct conform_read over =
        rs_conform_read_at(c, q, over_lo_ns, over_hi_ns < w->to.hi_ns ? over_hi_ns : w->to.hi_ns);
    if (over.reading == RS_READ_NO || on.reading == RS_READ_BLIND || over.reading == on.reading)
        return over;
    if (over.reading != RS_READ_BLIND)
        on.reading = RS_READ_UNSURE;
    return on;
}

static struct conform_read read_gate(const struct conform *c,
                                     const struct gate *g,
                                     const struct conform_question *q,
                                     const struct conform_watch *w)
{
    return g->when == RS_GATE_END ? read_end(c, q, w) : rs_conform_read_looks(c, q, w);
}

static struct answer
ask(const struct conform *c, int stage, int gate, const struct conform_watch *w)
{
    const struct gate *g = &c->plan->stage[stage].gate[gate];
    struct conform_question q = question(c, stage, gate);
    struct conform_read read = read_gate(c, g, &q, w);
    /* Single reads of a gate that must be called for several times in a row say little. */
    int note = g->in_a_row > 1 ? -1 : noted(c, g, stage, w);
    if (note >= 0 && c->e->mark[note].event == RS_EVENT_GATE_FAILED)
        return obeyed(c, g, &q, w, rs_conform_mark(c, note));
    struct answer out = {.verdict = RS_RETRO_CONFORMS, .when = w->to};
    switch (read.reading) {
    case RS_READ_YES: return obeyed(c, g, &q, w, rs_conform_at(read.at_ns, rs_conform_every_ns(c)));
    case RS_READ_UNSURE: return unsure(c, g, w, &read, note);
    case RS_READ_NO:
        if (read.looks)
            out.text = rs_arena_printf(c->r->arena, "gate %s let pass at each of %d noted look%s",
                                       g->name, read.n_look, read.n_look == 1 ? "" : "s");
        else if (g->when == RS_GATE_END)
            out.text = rs_arena_printf(c->r->arena, "gate %s let pass when the stage went on at %s",
                                       g->name, rs_conform_when(c, &w->to));
        else
            out.text =
                rs_arena_printf(c->r->arena, "gate %s let pass at every evaluation for %s", g->name,
                                rs_conform_long(c, rs_conform_gap(c, &w->from, &w->to)));
        return out;
    case RS_READ_BLIND: break;
    }
    if (note >= 0) {
        out.when = rs_conform_mark(c, note);
        out.text = rs_arena_printf(c->r->arena,
                                   "gate %s is noted as passed at %s; the recording cannot say",
                                   g->name, rs_conform_when(c, &out.when));
        return out;
    }
    if (read.idle) {
        out.idle = true;
        out.text = rs_arena_printf(c->r->arena, "gate %s was not due: %s", g->name, read.idle);
        return out;
    }
    out.verdict = RS_RETRO_UNDECIDABLE;
    if (read.gap_ns > 0)
        out.text = rs_arena_printf(c->r->arena,
                                   "gate %s: for %s nothing was recorded, long enough to hide a "
                                   "reading, and none is noted",
                                   g->name, rs_conform_duration(c, read.gap_ns));
    else
        out.text =
            rs_arena_printf(c->r->arena,
                            "gate %s: the recording has nothing that it could be read from, and "
                            "no reading is noted",
                            g->name);
    return out;
}

static void say_gate(struct conform *c, int stage, int gate, const struct answer *a)
{
    const struct gate *g = &c->plan->stage[stage].gate[gate];
    struct conform_about about = {.rule = RS_CONFORM_GATE,
                                  .ref = g->ref,
                                  .says = g->says,
                                  .at = g->at,
                                  .stage = stage,
                                  .procedure = g->then == RS_THEN_ROLLBACK ? g->procedure : -1,
                                  .episode = -1,
                                  .when = &a->when};
    const char *mend = NULL;
    if (a->verdict == RS_RETRO_DEVIATES)
        mend =
            rs_arena_printf(c->r->arena,
                            "let a machine read gate %s, or state another limit than the one that "
                            "was passed over",
                            g->name);
    else if (a->verdict == RS_RETRO_UNDECIDABLE && g->when != RS_GATE_CONTINUOUS)
        mend = rs_arena_printf(c->r->arena, "have it noted when gate %s is read, and what it said",
                               g->name);
    rs_conform_say(c, about, a->verdict, mend, "%s", a->text);
}

/* That it was read and let pass says more than that nobody had to read it. */
static int badness(const struct answer *a)
{
    static const int of[] = {
        [RS_RETRO_CONFORMS] = 1, [RS_RETRO_UNDECIDABLE] = 2, [RS_RETRO_DEVIATES] = 3};
    return a->idle ? 0 : of[a->verdict];
}

/* The worst of all watches of the stage; of equally bad ones the first that tripped. */
void rs_conform_gates(struct conform *c, int stage)
{
    struct conform_watch watch[RS_CONFORM_WATCHES];
    int n = rs_conform_watches(c, stage, watch);
    for (int g = 0; g < c->plan->stage[stage].n_gate; g++) {
        struct answer worst = {.text = NULL};
        for (int i = 0; i < n; i++) {
            if (c->plan->stage[stage].gate[g].when == RS_GATE_END && !watch[i].gone_on)
                continue;
            struct answer a = ask(c, stage, g, &watch[i]);
            if (!worst.text || badness(&a) > badness(&worst) ||
                (a.verdict == worst.verdict && a.tripped && !worst.tripped))
                worst = a;
        }
        if (worst.text)
            say_gate(c, stage, g, &worst);
    }
}
