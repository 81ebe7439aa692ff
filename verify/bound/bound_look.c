/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ways without an alert: somebody looks at the board, a gate is read, a check fails. */
#include <assert.h>
#include <math.h>

#include "bound_private.h"
#include "models/judge.h"
#include "sim/clock.h"

#define BIT(mark) (1U << (mark))

static struct way way_of(enum detected_by by)
{
    struct way w = {.by = by, .doer = -1};
    rs_signal_onset(&w);
    return w;
}

/* ---- looks, gates, checks -------------------------------------------------------------------- */

static struct part reading(struct asking *x,
                           const char *name,
                           const struct gate *g,
                           const struct stage *st,
                           double every,
                           const char *fmt)
{
    return (struct part){
        .after = RS_STOP_CONDITION,
        .name = name,
        .ref = g ? g->ref : st->ref,
        .at = g ? g->at : st->at,
        .span = rs_span_between(0.0, every),
        .why = rs_arena_printf(x->b->arena, fmt, st->name, rs_bound_words(x->b, every))};
}

/* The alerts that lead here may have been pending before anybody looked. */
static void add_pending(struct asking *x, struct way *w)
{
    double longest = -1.0;
    for (int i = 0; i < x->b->n_rule; i++) {
        const struct alert_rule *r = &x->b->rule[i];
        if (rs_route_leads_to(x->b->sc, x->q->procedure, r->rule->alert))
            longest = fmax(longest, rs_signal_for(r));
    }
    if (longest < 0.0) {
        w->missing |= BIT(RS_CLOCK_PENDING);
        return;
    }
    if (x->q->from == RS_CLOCK_PENDING && !x->q->from_condition)
        rs_way_add(w, (struct part){.after = RS_STOP_PENDING,
                                    .name = "look",
                                    .span = rs_span_between(0.0, longest),
                                    .why = "seen by somebody while the alert was pending"});
    else if (x->q->to == RS_CLOCK_PENDING)
        w->missing |= BIT(RS_CLOCK_PENDING);
}

static double longest_watch(const struct stage *st)
{
    int64_t longest = st->watch_ns;
    for (int i = 0; i < st->n_ramp; i++)
        longest = st->ramp[i].watch_ns > longest ? st->ramp[i].watch_ns : longest;
    return longest == RS_NEVER ? INFINITY : rs_s_from_ns(longest);
}

static int in_a_row(const struct gate *g)
{
    return g && g->in_a_row > 1 ? g->in_a_row : 1;
}

/*
 * The gate wants several reads in a row, each at most every_s behind the last: the first is the part as it is. Reads while the
 * stage is held go on with the count of the watch, so the shorter rhythm is the least.
 */
static void ask_a_run(
    struct asking *x, struct part *p, const struct gate *g, const struct stage *st, double every_s)
{
    int n = in_a_row(g);
    if (n == 1)
        return;
    double own_s =
        rs_s_from_ns(g->when == RS_GATE_CONTINUOUS ? x->b->sc->monitoring.evaluation_interval_ns
                                                   : st->look_every_ns);
    double least_s =
        st->on_hold.given ? fmin(own_s, rs_s_from_ns(st->on_hold.look_again_ns)) : own_s;
    if (n * own_s > longest_watch(st) && !st->on_hold.given) {
        p->span = rs_span_endless(0.0);
        p->why = rs_arena_printf(x->b->arena, "no watch of %s has %d reads in a row", st->name, n);
        return;
    }
    p->span = rs_span_between((n - 1) * least_s, n * every_s);
    p->why = rs_arena_printf(x->b->arena,
                             "while %s is watched: the next read, and %d more in a row, up to %s",
                             st->name, n - 1, rs_bound_words(x->b, n * every_s));
}

static double look_rhythm(struct asking *x, const struct stage *st, double every)
{
    if (st->by < 0)
        return every;
    return every + rs_bound_wait(x->b->sc, &x->b->sc->response.role[st->by]);
}

static void
by_look(struct asking *x, const struct stage *st, const struct gate *g, const struct promql *expr)
{
    struct way w = way_of(RS_BY_LOOK);
    bool held = g && g->when != RS_GATE_LOOKS;
    double rhythm = rs_s_from_ns(held ? st->on_hold.look_again_ns : st->look_every_ns);
    bool looks = held || (st->look_every_ns != RS_NEVER && st->look_every_ns > 0);
    double every = looks ? look_rhythm(x, st, rhythm) : INFINITY;
    rs_signal_expression(x->b, &w, expr);
    struct part p = reading(x, "look", g, st, every,
                            looks ? "while %s is watched: the next look, up to %s away"
                                  : "nobody looks at the board of %s: %s");
    if (looks)
        ask_a_run(x, &p, g, st, every);
    p.span.exact = st->by < 0 || every == rhythm || isinf(p.span.worst);
    p.span.sure = looks && !isinf(p.span.worst) ? in_a_row(g) * rhythm : INFINITY;
    rs_way_add(&w, p);
    add_pending(x, &w);
    rs_ask_whom(x, w, st->by);
}

static void by_gate(struct asking *x, const struct stage *st, const struct gate *g)
{
    struct way w = way_of(RS_BY_GATE);
    bool always = g->when == RS_GATE_CONTINUOUS;
    double every = rs_s_from_ns(x->b->sc->monitoring.evaluation_interval_ns);
    if (always) {
        rs_signal_expression(x->b, &w, g->expr);
        struct part p = reading(x, "gate", g, st, every,
                                "while %s is watched: the next evaluation, up to %s away");
        ask_a_run(x, &p, g, st, every);
        rs_way_add(&w, p);
    } else {
        rs_way_add(&w, reading(x, "gate", g, st, longest_watch(st),
                               "the end of the watch of %s, up to %s away"));
    }
    add_pending(x, &w);
    rs_ask_whom(x, w, always ? -1 : st->by);
}

struct signalling {
    struct bounding *b;
    struct way *way;
};

/* Only judges of one expression have a bound: what they measure must be there first. */
static void add_signal(void *ctx, const struct promql *expr)
{
    struct signalling *s = ctx;
    rs_signal_expression(s->b, s->way, expr);
}

/* Given up after it was held for too long: how long the condition had been true then is anybody's guess. */
static void by_patience(struct asking *x, const struct stage *st)
{
    struct way w = way_of(RS_BY_GATE);
    struct part p = reading(x, "gate", NULL, st, INFINITY,
                            "%s is given up after it was held: %s is known of the condition");
    p.at = st->on_hold.at;
    p.why = "the stage is given up after it was held: how long its condition was true is not known";
    rs_way_add(&w, p);
    add_pending(x, &w);
    rs_ask_whom(x, w, st->by);
}

/* A canary judge says so at its own times; it is not counted on where it may be through with the release before. */
static void by_judge(struct asking *x, const struct judge *j)
{
    struct way w = way_of(RS_BY_GATE);
    int64_t slowest_ns = rs_judge_slowest_ns(j);
    double slowest_s = slowest_ns == RS_NEVER ? INFINITY : rs_s_from_ns(slowest_ns);
    if (slowest_ns != RS_NEVER)
        rs_judge_exprs(j, add_signal, &(struct signalling){x->b, &w});
    struct part p = {.after = RS_STOP_CONDITION,
                     .name = "judge",
                     .ref = j->ref,
                     .at = j->at,
                     .span = rs_span_between(0.0, slowest_s)};
    p.span.exact = isinf(slowest_s);
    p.span.sure = isinf(slowest_s) ? slowest_s : 0.0;
    p.why =
        isinf(slowest_s)
            ? rs_arena_printf(x->b->arena,
                              "judge %s may be through with the release, or cannot be counted "
                              "on, before it has seen enough",
                              j->name)
            : rs_arena_printf(x->b->arena, "while judge %s is at work: its verdict, up to %s away",
                              j->name, rs_bound_words(x->b, slowest_s));
    rs_way_add(&w, p);
    add_pending(x, &w);
    rs_ask_automation(x, w, NULL);
}

static void by_check(struct asking *x, const struct stage *st, const struct action *a)
{
    struct way w = way_of(RS_BY_CHECK);
    rs_way_add(&w, (struct part){.after = RS_STOP_CONDITION,
                                 .name = "check",
                                 .ref = a->ref,
                                 .at = a->at,
                                 .span = rs_span_endless(0.0),
                                 .why = "a check may pass by chance, and is not done again"});
    add_pending(x, &w);
    rs_ask_whom(x, w, st->by);
}

/* ---- who may look, for all stages ------------------------------------------------------------ */

struct visitor {
    void (*look)(struct asking *x,
                 const struct stage *st,
                 const struct gate *g,
                 const struct promql *expr);
    void (*gate)(struct asking *x, const struct stage *st, const struct gate *g);
    void (*patience)(struct asking *x, const struct stage *st);
    void (*check)(struct asking *x, const struct stage *st, const struct action *a);
    void (*judge)(struct asking *x, const struct judge *j);
};

static void visit_checks(struct asking *x, const struct stage *st, const struct visitor *v)
{
    if (st->check_then != RS_THEN_ROLLBACK || st->check_procedure != x->q->procedure)
        return;
    for (int i = 0; i < st->n_action; i++) {
        if (st->action[i].kind == RS_ACT_CHECK)
            v->check(x, st, &st->action[i]);
    }
    for (int i = 0; i < st->n_closing; i++) {
        if (st->closing[i].kind == RS_ACT_CHECK)
            v->check(x, st, &st->closing[i]);
    }
}

static void visit_gates(struct asking *x, const struct stage *st, const struct visitor *v)
{
    for (int i = 0; i < st->n_gate; i++) {
        const struct gate *g = &st->gate[i];
        if (g->then != RS_THEN_ROLLBACK || g->procedure != x->q->procedure)
            continue;
        if (g->when == RS_GATE_LOOKS)
            v->look(x, st, g, g->expr);
        else
            v->gate(x, st, g);
        if (g->when != RS_GATE_LOOKS && st->on_hold.given) /* read again while the stage is held */
            v->look(x, st, g, g->expr);
    }
    for (int i = 0; i < st->n_watched; i++) {
        const struct procedure *proc = &x->b->sc->response.procedure[x->q->procedure];
        if (st->watched[i] == x->q->procedure && proc->trigger)
            v->look(x, st, NULL, proc->trigger);
    }
}

static void visit(struct asking *x, const struct visitor *v)
{
    const struct response *plan = &x->b->sc->response;
    for (int i = 0; i < plan->n_stage; i++) {
        const struct stage *st = &plan->stage[i];
        visit_gates(x, st, v);
        if (st->on_hold.given && st->on_hold.then == RS_THEN_ROLLBACK &&
            st->on_hold.procedure == x->q->procedure)
            v->patience(x, st);
        visit_checks(x, st, v);
    }
    for (int i = 0; i < plan->n_judge; i++) {
        if (rs_judge_rolls_back(&plan->judge[i], x->q->procedure))
            v->judge(x, &plan->judge[i]);
    }
}

/* ---- the ways, and who looks ----------------------------------------------------------------- */

static void
look_way(struct asking *x, const struct stage *st, const struct gate *g, const struct promql *expr)
{
    if (rs_bound_asks(x->q, RS_BY_LOOK))
        by_look(x, st, g, expr);
}

static void gate_way(struct asking *x, const struct stage *st, const struct gate *g)
{
    if (rs_bound_asks(x->q, RS_BY_GATE))
        by_gate(x, st, g);
}

static void patience_way(struct asking *x, const struct stage *st)
{
    if (rs_bound_asks(x->q, RS_BY_GATE))
        by_patience(x, st);
}

static void check_way(struct asking *x, const struct stage *st, const struct action *a)
{
    if (rs_bound_asks(x->q, RS_BY_CHECK))
        by_check(x, st, a);
}

static void judge_way(struct asking *x, const struct judge *j)
{
    if (rs_bound_asks(x->q, RS_BY_GATE))
        by_judge(x, j);
}

void rs_ask_looks(struct asking *x)
{
    static const struct visitor ways = {look_way, gate_way, patience_way, check_way, judge_way};
    visit(x, &ways);
}

/* Of whom it is known that they may look; kept beside the question while the stages are visited. */
struct looking {
    struct asking ask; /* first: visitors get it as that */
    struct witness who;
};

static void note_looker(struct asking *x, int role)
{
    struct witness *w = &((struct looking *)(void *)x)->who;
    w->any = true;
    if (role < 0)
        w->automatic = true;
    else if (role < 64)
        w->role[role] = true;
}

static void
note_look(struct asking *x, const struct stage *st, const struct gate *g, const struct promql *expr)
{
    (void)g, (void)expr;
    note_looker(x, st->by);
}

static void note_gate(struct asking *x, const struct stage *st, const struct gate *g)
{
    note_looker(x, g->when == RS_GATE_CONTINUOUS ? -1 : st->by);
}

static void note_stage(struct asking *x, const struct stage *st)
{
    note_looker(x, st->by);
}

static void note_check(struct asking *x, const struct stage *st, const struct action *a)
{
    (void)a;
    note_looker(x, st->by);
}

static void note_judge(struct asking *x, const struct judge *j)
{
    (void)j;
    note_looker(x, -1);
}

struct witness rs_ask_witnesses(struct asking *x)
{
    static const struct visitor noting = {note_look, note_gate, note_stage, note_check, note_judge};
    struct looking l = {.ask = *x};
    visit(&l.ask, &noting);
    return l.who;
}
