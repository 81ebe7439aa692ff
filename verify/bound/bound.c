/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The response chain as a network: every way in which a procedure can be called for, with everybody who can take it in hand. The
 * largest supremum over the ways is the bound, the smallest infimum its lower end; the legs shown are those of the slowest way.
 */
#include "verify/bound.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "bound_private.h"
#include "sim/clock.h"

#define BIT(mark) (1U << (mark))
#define NOBODY_ASKED (BIT(RS_CLOCK_NOTIFIED) | BIT(RS_CLOCK_ACKNOWLEDGED))

/* ---- one way --------------------------------------------------------------------------------- */

static enum stop stop_of(enum clock_mark m)
{
    switch (m) {
    case RS_CLOCK_ONSET: return RS_STOP_ONSET;
    case RS_CLOCK_FIRST_BAD: return RS_STOP_FIRST_BAD;
    case RS_CLOCK_PENDING: return RS_STOP_PENDING;
    case RS_CLOCK_DETECTED: return RS_STOP_DETECTED;
    case RS_CLOCK_NOTIFIED: return RS_STOP_NOTIFIED;
    case RS_CLOCK_ACKNOWLEDGED: return RS_STOP_ACKNOWLEDGED;
    case RS_CLOCK_DECIDED: return RS_STOP_DECIDED;
    case RS_CLOCK_COMMANDED:
    case RS_CLOCK_EFFECTIVE_P50:
    case RS_CLOCK_EFFECTIVE_P95:
    case RS_CLOCK_EFFECTIVE:
    case RS_CLOCK_COMPLETED:
    case RS_CLOCK_RECOVERED:
    case RS_CLOCK_RESOLVED:
    case RS_CLOCK_N: break;
    }
    return RS_STOP_ACTING + 1;
}

static void show(struct bound *out, const struct part *p)
{
    if (out->n_leg == RS_BOUND_MAX_LEG) {
        struct bound_leg *last = &out->leg[out->n_leg - 1];
        last->low_s += p->span.low;
        last->best_phase_s += p->span.best;
        last->worst_phase_s += p->span.worst;
        last->exact = last->exact && p->span.exact;
        return;
    }
    if (isinf(p->span.worst) && out->unbounded_leg < 0)
        out->unbounded_leg = out->n_leg;
    out->leg[out->n_leg++] = (struct bound_leg){.name = p->name,
                                                .why = p->why,
                                                .ref = p->ref,
                                                .at = p->at,
                                                .low_s = p->span.low,
                                                .best_phase_s = p->span.best,
                                                .worst_phase_s = p->span.worst,
                                                .exact = p->span.exact};
}

static void take(struct bound *out, struct span *sum, const struct part *p)
{
    show(out, p);
    *sum = rs_span_sum(*sum, p->span);
}

static struct part endless(const char *name, const char *why, const struct procedure *proc)
{
    return (struct part){
        .name = name, .why = why, .ref = proc->ref, .at = proc->at, .span = rs_span_endless(0.0)};
}

static void recovery(const struct asking *x, struct bound *out, struct span *sum)
{
    const struct procedure *proc = &x->b->sc->response.procedure[x->q->procedure];
    struct part p =
        x->q->to == RS_CLOCK_RECOVERED
            ? endless("recovery", "windows empty by traffic, and counts are random", proc)
            : endless(
                  "resolve",
                  "the alert clears when the counts in its window are low, and these are random",
                  proc);
    take(out, sum, &p);
}

/* The legs after the first action has begun. false: `from` never happens. */
static bool act(const struct asking *x, const struct way *w, struct bound *out, struct span *sum)
{
    enum clock_mark from = x->q->from, to = x->q->to;
    struct act_legs legs;
    if (x->q->from_condition || from < RS_CLOCK_COMMANDED)
        from = RS_CLOCK_DECIDED;
    if (to >= RS_CLOCK_RECOVERED) {
        recovery(x, out, sum);
        return true;
    }
    if (!rs_act_legs(x->b, x->q->procedure, w->doer, from, to, &legs))
        return false;
    for (int i = 0; i < legs.n; i++)
        show(out, &legs.part[i]);
    *sum = rs_span_sum(*sum, legs.span);
    return true;
}

/* The marks before the detection need not come in the order of the clock: nothing is known of the lower end. */
static void forget_low(const struct asking *x, struct span *sum)
{
    bool early = !x->q->from_condition && x->q->from <= RS_CLOCK_FIRST_BAD;
    if (early || x->q->to == RS_CLOCK_RESOLVED)
        *sum = rs_span_from_zero(*sum);
}

static bool
measure(const struct asking *x, const struct way *w, struct bound *out, struct span *sum)
{
    const struct bound_query *q = x->q;
    enum stop from = q->from_condition ? RS_STOP_CONDITION : stop_of(q->from), to = stop_of(q->to);
    *out = (struct bound){.unbounded_leg = -1};
    *sum = rs_span_none();
    if (!q->from_condition && w->missing & BIT(q->from))
        return false;
    for (int i = 0; i < w->n; i++) {
        if (w->part[i].after >= from && w->part[i].after < to)
            take(out, sum, &w->part[i]);
    }
    if (w->missing & BIT(q->to)) {
        struct part p = endless(rs_clock_name(q->to), "this way leads past it: it never happens",
                                &x->b->sc->response.procedure[q->procedure]);
        take(out, sum, &p);
    }
    if (q->to >= RS_CLOCK_COMMANDED && !act(x, w, out, sum))
        return false;
    forget_low(x, sum);
    return true;
}

/* Adds a way to the bound. */
void rs_ask_way(struct asking *x, const struct way *w)
{
    struct span sum;
    if (!measure(x, w, &x->scratch, &sum))
        return;
    if (!x->found || sum.worst > x->all.worst ||
        (sum.worst == x->all.worst && sum.exact && !x->all.exact))
        *x->out = x->scratch;
    if (!x->found) {
        x->all = sum;
    } else {
        struct span later = rs_span_later(x->all, sum);
        later.low = fmin(x->all.low, sum.low);
        later.low_best = fmin(x->all.low_best, sum.low_best);
        later.low_worst = fmin(x->all.low_worst, sum.low_worst);
        if (x->all.worst == sum.worst)
            later.exact = x->all.exact || sum.exact;
        x->all = later;
    }
    x->found = true;
}

/* ---- in hand --------------------------------------------------------------------------------- */

void rs_ask_role(struct asking *x, struct way w, int role)
{
    const struct role *who = &x->b->sc->response.role[role];
    w.doer = role;
    rs_way_add(
        &w, (struct part){.after = RS_STOP_ACKNOWLEDGED,
                          .name = "decide",
                          .ref = who->ref,
                          .at = who->at,
                          .span = rs_span_dist(&who->decide),
                          .why = rs_arena_printf(x->b->arena, "%s decides within %s", who->name,
                                                 rs_bound_words(x->b, rs_dist_sup(&who->decide)))});
    rs_ask_way(x, &w);
}

/* Automation neither is told nor acknowledges. */
void rs_ask_automation(struct asking *x, struct way w, const struct automation *a)
{
    w.doer = -1;
    w.missing |= NOBODY_ASKED;
    if (a)
        rs_way_add(&w, (struct part){
                           .after = RS_STOP_DECIDED,
                           .name = "automation",
                           .ref = a->ref,
                           .at = a->at,
                           .span = rs_span_dist(&a->delay),
                           .why = rs_arena_printf(x->b->arena, "%s begins within %s", a->name,
                                                  rs_bound_words(x->b, rs_dist_sup(&a->delay)))});
    rs_ask_way(x, &w);
}

void rs_ask_whom(struct asking *x, struct way w, int role)
{
    if (role >= 0)
        rs_ask_role(x, w, role);
    else
        rs_ask_automation(x, w, NULL);
}

bool rs_bound_asks(const struct bound_query *q, enum detected_by by)
{
    return q->detected_by == 0 || q->detected_by >> by & 1U;
}

/* ---- the whole ------------------------------------------------------------------------------- */

bool rs_bound_measure(struct arena *arena,
                      const struct scenario *sc,
                      const struct bound_query *q,
                      struct bound *out,
                      double *out_sure_s)
{
    struct bounding b = {.arena = arena, .sc = sc};
    struct asking x = {.b = &b, .q = q, .out = out};
    assert(q->procedure >= 0 && q->procedure < sc->response.n_procedure);
    assert(q->from_condition ? q->to >= RS_CLOCK_PENDING : q->from < q->to);
    *out = (struct bound){.unbounded_leg = -1};
    rs_signal_rules(&b);
    rs_route_open(&b);
    if (rs_bound_asks(q, RS_BY_ALERT))
        rs_ask_alerts(&x);
    rs_ask_looks(&x);
    rs_route_close(&b);
    *out_sure_s = x.found ? x.all.sure : NAN;
    if (!x.found)
        return false;
    out->best_phase_low_s = x.all.low_best;
    out->best_phase_high_s = x.all.best;
    out->worst_phase_low_s = x.all.low_worst;
    out->worst_phase_high_s = x.all.worst;
    out->exact = x.all.exact;
    return true;
}

static void nothing(struct bounding *b, const struct bound_query *q, struct bound *out)
{
    const struct procedure *proc = &b->sc->response.procedure[q->procedure];
    struct part p = endless("detection",
                            q->from_condition || q->from <= RS_CLOCK_FIRST_BAD
                                ? "nothing and nobody detects what the procedure is for"
                                : "no history has the mark that the leg starts from",
                            proc);
    struct span sum = rs_span_none();
    *out = (struct bound){.unbounded_leg = -1};
    take(out, &sum, &p);
    out->best_phase_high_s = out->worst_phase_high_s = INFINITY;
    out->exact = true;
}

void rs_bound_chain(struct arena *arena,
                    const struct scenario *sc,
                    const struct bound_query *q,
                    struct bound *out)
{
    struct bounding b = {.arena = arena, .sc = sc};
    double sure;
    if (!rs_bound_measure(arena, sc, q, out, &sure))
        nothing(&b, q, out);
}
