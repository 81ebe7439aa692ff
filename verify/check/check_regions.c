/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The values that a stage's rules speak of. Each rule (a gate, the trigger of a procedure that the watcher looks for, an alert
 * that leads to one) orders something for an interval of one signal. A grey zone is where the rollout stops and no rule says
 * what then; a contradiction is where two rules say different things.
 */
#include <math.h>
#include <string.h>

#include "check.h"
#include "cover.h"
#include "sim/arena.h"
#include "watch.h"

enum order { ORDER_PROMOTE, ORDER_HOLD, ORDER_HALT, ORDER_ROLLBACK };

/* A rule's order for the values above (below) a limit of one signal. */
struct rule_of {
    enum order order;
    int procedure;           /* ROLLBACK */
    const struct gate *gate; /* or NULL */
    const char *name;        /* "gate stage-1-errors", "the trigger of ...", "alert ..." */
    struct signal signal;
    bool observed; /* the watcher looks for it, or somebody is paged */
    bool
        decided; /* the document calls for it: a trigger, or an alert of a procedure that has none */
    bool alone;  /* the signal alone decides: no other comparison goes with it */
    bool above;  /* where it orders */
    double limit;
};

#define RULES_MAX 96
struct rules {
    struct check *c;
    const struct stage *stage;
    int n;
    struct rule_of item[RULES_MAX];
};

/* ---- intervals ---- */

/* Does the interval of a lie within that of b? */
static bool within(const struct rule_of *a, const struct rule_of *b)
{
    if (a->above != b->above)
        return false;
    double slack = 1e-9 * fmax(fabs(a->limit), fabs(b->limit));
    return a->above ? a->limit >= b->limit - slack : a->limit <= b->limit + slack;
}

/* ---- gathering ---- */

static void
add_rule(struct rules *r, struct rule_of rule, const struct comparison *c, bool alone, bool negated)
{
    struct signal *s;
    int n;
    rs_signal_read(r->c->arena, r->c->sc, c, &s, &n);
    for (int i = 0; i < n && r->n < RULES_MAX; i++) {
        if (!s[i].ordered)
            continue;
        rule.signal = s[i];
        rule.alone = alone;
        rule.above = s[i].above != negated;
        rule.limit = s[i].limit;
        r->item[r->n++] = rule;
    }
}

/*
 * What is true when the condition is. Of `a and b` neither alone decides; of the opposite of `a or b` neither does. The
 * opposite of `a or b` is kept apart: each of them must be false.
 */
static void
add_condition(struct rules *r, struct rule_of rule, const struct promql *q, bool negated)
{
    struct promql_condition cond = rs_check_condition(r->c->arena, r->c->sc, q);
    for (int t = 0; t < cond.n_term; t++) {
        const struct condition_term *term = &cond.term[t];
        for (int i = 0; i < term->n; i++) {
            bool alone =
                negated ? cond.n_term == 1 : rs_term_decides(r->c->arena, r->c->sc, term, i);
            add_rule(r, rule, &term->comparison[i], alone, negated);
        }
    }
}

static enum order order_of(enum gate_then then)
{
    switch (then) {
    case RS_THEN_ROLLBACK: return ORDER_ROLLBACK;
    case RS_THEN_HOLD: return ORDER_HOLD;
    case RS_THEN_HALT: return ORDER_HALT;
    case RS_THEN_PROMOTE: return ORDER_PROMOTE;
    }
    return ORDER_HOLD;
}

/* Whoever is paged by an alert of a procedure with a trigger of its own reads there whether it is called for. */
static void add_procedure(struct rules *r, int procedure, bool watched)
{
    const struct procedure *p = &r->c->sc->response.procedure[procedure];
    struct rule_of rule = {.order = ORDER_ROLLBACK, .procedure = procedure};
    if (p->trigger) {
        rule.name = rs_arena_printf(r->c->arena, "the trigger of %s", p->name);
        rule.observed = watched;
        rule.decided = true;
        add_condition(r, rule, p->trigger, false);
    }
    for (int i = 0; i < p->n_alert; i++) {
        const struct rule *alert = rs_check_alert(r->c->sc, p->alert[i]);
        if (!alert)
            continue;
        rule.name =
            rs_arena_printf(r->c->arena, "alert %s, which leads to %s,", p->alert[i], p->name);
        rule.observed = true;
        rule.decided = !p->trigger;
        add_condition(r, rule, alert->expr, false);
    }
}

static void gather(struct rules *r)
{
    const struct response *plan = &r->c->sc->response;
    for (int g = 0; g < r->stage->n_gate; g++) {
        const struct gate *gate = &r->stage->gate[g];
        struct rule_of rule = {.order = order_of(gate->then),
                               .procedure = gate->procedure,
                               .gate = gate,
                               .observed = true,
                               .decided = true,
                               .name = rs_arena_printf(r->c->arena, "gate %s", gate->name)};
        add_condition(r, rule, gate->expr, gate->require);
    }
    for (int p = 0; p < plan->n_procedure; p++) {
        bool watched = false;
        for (int i = 0; i < r->stage->n_watched; i++)
            watched = watched || r->stage->watched[i] == p;
        add_procedure(r, p, watched);
    }
}

/* ---- grey zones ---- */

static void add_grey(struct rules *r, const struct rule_of *hold, const struct rule_of *back)
{
    struct check *c = r->c;
    const struct gate *g = hold->gate;
    double low = fmin(hold->limit, back->limit), high = fmax(hold->limit, back->limit);
    struct finding *f =
        rs_check_add(c, "grey-zone", g->at, g->ref, rs_arena_printf(c->arena, "gate %s", g->name),
                     "between %s and %s the rollout neither goes on nor back: it is held, and "
                     "nothing says for how long",
                     rs_signal_words(c->arena, &hold->signal, low),
                     rs_signal_words(c->arena, &hold->signal, high));
    rs_check_number(f, "from", low);
    rs_check_number(f, "to", high);
    rs_check_words(c, f, "held_by", "gate %s: %s", g->name, hold->signal.c->text);
    rs_check_words(c, f, "rolled_back_by", "%s: %s", back->name, back->signal.c->text);
    rs_check_mend(c, f,
                  "say what becomes of a stage that is held (on_hold: look again, at most so long, "
                  "then roll back), or let "
                  "the gate roll back");
}

/* The rollback rule on the same signal whose interval begins nearest. */
static const struct rule_of *nearest_rollback(const struct rules *r, const struct rule_of *hold)
{
    const struct rule_of *best = NULL;
    for (int i = 0; i < r->n; i++) {
        const struct rule_of *b = &r->item[i];
        if (b->order != ORDER_ROLLBACK || !b->decided || !b->alone || b->above != hold->above ||
            !rs_signal_same(&b->signal, &hold->signal))
            continue;
        if (b->signal.kind == RS_MEASURE_QUANTILE && b->signal.c->q != hold->signal.c->q)
            continue;
        if (!best || within(best, b))
            best = b;
    }
    return best;
}

static void check_grey(struct rules *r)
{
    for (int g = 0; g < r->stage->n_gate && !r->stage->on_hold.given; g++) {
        const struct gate *gate = &r->stage->gate[g];
        if (gate->then != RS_THEN_HOLD)
            continue;
        bool told = false;
        for (int i = 0; i < r->n && !told; i++) {
            const struct rule_of *hold = &r->item[i];
            if (hold->gate != gate)
                continue;
            const struct rule_of *back = nearest_rollback(r, hold);
            if (!back || within(hold, back))
                continue; /* nothing to be between; or whatever is held here is rolled back */
            add_grey(r, hold, back);
            told = true;
        }
    }
}

/* ---- contradictions ---- */

static void add_contradiction(struct rules *r,
                              const struct rule_of *a,
                              const struct rule_of *b,
                              const char *a_says,
                              const char *b_says)
{
    struct check *c = r->c;
    double from = a->above ? fmax(a->limit, b->limit) : fmin(a->limit, b->limit);
    struct finding *f = rs_check_add(c, "contradiction", a->gate->at, a->gate->ref,
                                     rs_arena_printf(c->arena, "gate %s", a->gate->name),
                                     "for the same values gate %s says %s and %s says %s",
                                     a->gate->name, a_says, b->name, b_says);
    rs_check_number(f, "gate_limit", a->limit);
    rs_check_number(f, "other_limit", b->limit);
    rs_check_number(f, a->above ? "both_above" : "both_below", from);
    rs_check_words(c, f, "gate_condition", "%s", a->signal.c->text);
    rs_check_words(c, f, "other_condition", "%s", b->signal.c->text);
    rs_check_mend(
        c, f, "let one of the two decide these values, or give them limits that do not overlap");
}

static bool same_scale(const struct rule_of *a, const struct rule_of *b)
{
    return rs_signal_same(&a->signal, &b->signal) &&
           (a->signal.kind != RS_MEASURE_QUANTILE || a->signal.c->q == b->signal.c->q);
}

/*
 * A gate that lets pass (or promotes) what a rollback rule calls for: promotes above 5 %, or only requires less than 5 %, where
 * more than 2 % is rolled back.
 */
static bool promotes_what_is_rolled_back(const struct rule_of *a, const struct rule_of *b)
{
    if (a->order == ORDER_PROMOTE && !a->gate->require)
        return a->above == b->above || (a->above ? b->limit > a->limit : b->limit < a->limit);
    bool decides = a->gate->require || a->gate->when == RS_GATE_END;
    return decides && a->order != ORDER_PROMOTE && a->above == b->above && within(a, b) &&
           !within(b, a);
}

/* A stop that comes first and never without the rollback: the gate is read before the triggers, and then nobody looks. */
static bool stops_what_is_rolled_back(const struct rule_of *a, const struct rule_of *b)
{
    return (a->order == ORDER_HOLD || a->order == ORDER_HALT) && a->gate->when != RS_GATE_END &&
           within(a, b);
}

/* Does the procedure's own trigger speak of this signal? */
static bool speaks_of(const struct rules *r, int procedure, const struct signal *s)
{
    for (int i = 0; i < r->n; i++) {
        const struct rule_of *rule = &r->item[i];
        if (!rule->gate && rule->procedure == procedure && rs_signal_same(&rule->signal, s))
            return true;
    }
    return false;
}

static bool other_procedure(const struct rules *r, const struct rule_of *a, const struct rule_of *b)
{
    return a->order == ORDER_ROLLBACK && a->procedure != b->procedure && a->above == b->above &&
           !speaks_of(r, a->procedure, &a->signal);
}

/* The first rule that the gate's rule a contradicts; true if there is one. */
static bool contradicts(struct rules *r, const struct rule_of *a)
{
    const char *const orders[] = {"promote", "hold", "halt", "roll back"};
    for (int i = 0; i < r->n; i++) {
        const struct rule_of *b = &r->item[i];
        if (b->order != ORDER_ROLLBACK || !b->observed || !b->alone || b->gate == a->gate ||
            !same_scale(a, b))
            continue;
        if (b->decided && promotes_what_is_rolled_back(a, b)) {
            add_contradiction(r, a, b, "go on", "roll back");
            return true;
        }
        if (!b->gate && a->alone && stops_what_is_rolled_back(a, b)) {
            add_contradiction(r, a, b, orders[a->order], "roll back");
            return true;
        }
        if (!b->gate && other_procedure(r, a, b)) {
            const struct procedure *p = r->c->sc->response.procedure;
            add_contradiction(
                r, a, b, rs_arena_printf(r->c->arena, "roll back by %s", p[a->procedure].name),
                rs_arena_printf(r->c->arena, "roll back by %s", p[b->procedure].name));
            return true;
        }
    }
    return false;
}

/* A gate that goes on when an alert fires that calls for a rollback. */
static bool promotes_on_alert(struct rules *r, const struct gate *gate)
{
    const struct response *plan = &r->c->sc->response;
    if (gate->then != RS_THEN_PROMOTE || gate->require)
        return false;
    struct promql_condition cond = rs_check_condition(r->c->arena, r->c->sc, gate->expr);
    for (int t = 0; t < cond.n_term; t++) {
        for (int i = 0; i < cond.term[t].n; i++) {
            const struct comparison *cmp = &cond.term[t].comparison[i];
            for (int p = 0; cmp->kind == RS_MEASURE_ALERT && p < plan->n_procedure; p++) {
                if (!rs_cover_leads(r->c->sc, cmp->alert, p))
                    continue;
                struct finding *f = rs_check_add(
                    r->c, "contradiction", gate->at, gate->ref,
                    rs_arena_printf(r->c->arena, "gate %s", gate->name),
                    "when alert %s fires the gate goes on, and %s is called for: roll back",
                    cmp->alert, plan->procedure[p].name);
                rs_check_words(r->c, f, "gate_condition", "%s", cmp->text);
                rs_check_mend(r->c, f, "let the gate hold or roll back when the alert fires");
                return true;
            }
        }
    }
    return false;
}

static void check_contradictions(struct rules *r)
{
    for (int g = 0; g < r->stage->n_gate; g++) {
        bool told = promotes_on_alert(r, &r->stage->gate[g]);
        for (int i = 0; i < r->n && !told; i++)
            told = r->item[i].gate == &r->stage->gate[g] && contradicts(r, &r->item[i]);
    }
}

void rs_check_regions(struct check *c)
{
    struct rules *r = rs_arena_alloc(c->arena, sizeof *r);
    for (int s = 0; s < c->sc->response.n_stage; s++) {
        r->c = c;
        r->stage = &c->sc->response.stage[s];
        r->n = 0;
        if (r->stage->n_gate == 0)
            continue;
        gather(r);
        check_grey(r);
        check_contradictions(r);
    }
}
