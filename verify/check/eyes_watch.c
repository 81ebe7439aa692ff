/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who looks. A trigger is seen by an alert that leads to its procedure, at any hour, or by a watcher: in the stages that name the
 * procedure (or have a gate on the same measure), as often as he looks, in his hours. What is left over while the procedure's
 * flags are exposed is time without eyes.
 */
#include <string.h>

#include "cover.h"
#include "exposed.h"
#include "eyes.h"
#include "models/judge.h"
#include "models/response.h"
#include "schedule.h"

struct watching {
    struct eyes *e;
    struct check *c;
    struct schedule plan;
};

/* ---- looks ---- */

/* Time of a watch between looks that are further apart than they should be. */
struct blind {
    int64_t total_ns, longest_ns;
};

static void add_gap(struct blind *b, int64_t gap_ns, int64_t every_ns)
{
    if (gap_ns <= every_ns)
        return;
    b->total_ns += gap_ns - every_ns;
    b->longest_ns = b->longest_ns > gap_ns ? b->longest_ns : gap_ns;
}

static bool at_work(const struct scenario *sc, int role, int64_t at_ns)
{
    return role < 0 || rs_hours_within(&sc->response.role[role], sc->starts_at_unix_ns + at_ns);
}

/* Looks fall every so often from the watch's beginning, and are left out outside the watcher's hours. */
static struct blind between_looks(const struct scenario *sc, const struct watch_span *w)
{
    const struct stage *st = &sc->response.stage[w->stage];
    struct blind b = {0};
    int64_t last = w->from_ns, every = st->look_every_ns;
    for (int64_t t = w->from_ns + every; t <= w->until_ns; t += every) {
        if (!at_work(sc, st->by, t))
            continue;
        add_gap(&b, t - last, every);
        last = t;
    }
    add_gap(&b, w->until_ns - last, every);
    return b;
}

static bool looks_at_all(const struct stage *st)
{
    return st->look_every_ns != RS_NEVER && st->look_every_ns > 0;
}

static bool watches(const struct stage *st, int procedure)
{
    for (int i = 0; i < st->n_watched; i++) {
        if (st->watched[i] == procedure)
            return true;
    }
    return false;
}

/* A gate of that kind that sees the term, and orders this procedure or stops the rollout. */
static bool gate_sees(const struct watching *w,
                      const struct stage *st,
                      enum gate_when when,
                      int procedure,
                      const struct condition_term *term)
{
    const struct promql *trigger = w->c->sc->response.procedure[procedure].trigger;
    for (int i = 0; i < st->n_gate; i++) {
        const struct gate *g = &st->gate[i];
        bool orders = g->then == RS_THEN_ROLLBACK && g->procedure == procedure;
        if (g->when == when && orders && !g->require &&
            rs_cover_sees(w->c, term, trigger, g->expr, NULL))
            return true;
    }
    return false;
}

/* ---- triggers ---- */

struct unwatched { /* of one procedure */
    struct blind blind;
    int n_stage, last_stage;
    const char *stages, *parts;
    int n_part; /* terms of the trigger */
    bool whole; /* all of them */
};

static void add_stage(const struct watching *w, struct unwatched *u, int stage)
{
    if (u->n_stage > 0 && u->last_stage == stage)
        return;
    u->last_stage = stage;
    u->stages = u->n_stage == 0 ? w->c->sc->response.stage[stage].name
                                : rs_arena_printf(w->c->arena, "%s, %s", u->stages,
                                                  w->c->sc->response.stage[stage].name);
    u->n_stage++;
}

static void add_blind(const struct watching *w, struct unwatched *u, int stage, struct blind b)
{
    if (b.total_ns == 0)
        return;
    u->blind.total_ns += b.total_ns;
    u->blind.longest_ns = u->blind.longest_ns > b.longest_ns ? u->blind.longest_ns : b.longest_ns;
    add_stage(w, u, stage);
}

static struct blind blind_in(const struct watching *w,
                             const struct watch_span *span,
                             int procedure,
                             const struct condition_term *term)
{
    const struct stage *st = &w->c->sc->response.stage[span->stage];
    int64_t whole = span->until_ns - span->from_ns;
    bool looks = watches(st, procedure) || gate_sees(w, st, RS_GATE_LOOKS, procedure, term);
    if (gate_sees(w, st, RS_GATE_CONTINUOUS, procedure, term) ||
        rs_eyes_judged(w->c, span->stage, procedure))
        return (struct blind){0};
    if (looks && (!looks_at_all(st) || st->look_every_ns > whole))
        return (struct blind){0}; /* told of the stage: it means to look, and does not */
    return looks ? between_looks(w->c->sc, span) : (struct blind){whole, whole};
}

/* The longest rhythm in which somebody looks for the procedure: a pause between stages may be as long. */
static int64_t rhythm(const struct watching *w, int procedure)
{
    int64_t every = 0;
    for (int i = 0; i < w->plan.n_stage; i++) {
        const struct stage *st = &w->c->sc->response.stage[i];
        if (watches(st, procedure) && looks_at_all(st) && st->look_every_ns > every)
            every = st->look_every_ns;
    }
    return every;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void unwatched_term(const struct watching *w,
                           struct unwatched *u,
                           int procedure,
                           const struct condition_term *term)
{
    int64_t from_ns, until_ns;
    struct unwatched own = {0};
    if (!rs_schedule_exposed(w->c->sc, &w->plan, procedure, &from_ns, &until_ns))
        return;
    for (int i = 0; i < w->plan.n_span; i++) {
        struct watch_span span = w->plan.span[i];
        span.from_ns = later(span.from_ns, from_ns);
        if (span.until_ns > until_ns)
            span.until_ns = until_ns;
        if (span.from_ns < span.until_ns)
            add_blind(w, &own, span.stage, blind_in(w, &span, procedure, term));
    }
    for (int i = 0; i + 1 < w->plan.n_stage; i++) { /* between two stages nobody watches */
        struct blind pause = {0};
        int64_t since = later(w->plan.end_ns[i], from_ns);
        add_gap(&pause, w->plan.start_ns[i + 1] - since, rhythm(w, procedure));
        if (since < until_ns && since < w->plan.start_ns[i + 1])
            add_blind(w, &own, i, pause);
    }
    if (own.blind.total_ns == 0)
        return;
    for (int i = 0; i < term->n; i++) {
        const char *joint = i > 0 ? " and " : u->n_part > 0 ? " or " : "";
        u->parts = rs_arena_printf(w->c->arena, "%s%s%s", u->parts ? u->parts : "", joint,
                                   term->comparison[i].text);
    }
    u->n_part++;
    if (own.blind.total_ns > u->blind.total_ns) {
        u->blind = own.blind;
        u->stages = own.stages;
        u->n_stage = own.n_stage;
    }
}

static bool alert_missing(const struct watching *w, int procedure)
{
    for (int i = 0; i < w->e->n; i++) {
        const struct rule *rule = w->e->eye[i].rule;
        if (rule && rule->alert && w->e->eye[i].missing &&
            rs_cover_leads(w->c->sc, rule->alert, procedure))
            return true;
    }
    return false;
}

/*
 * The alerts that would see the trigger and do not lead here: listing them is all that is needed. They are told of with it, and
 * not by themselves. NULL: none.
 */
static const char *would_see(const struct watching *w,
                             const struct procedure *p,
                             const struct promql_condition *condition)
{
    const char *out = NULL;
    struct eyes *e = w->e;
    for (int i = 0; i < e->n; i++) {
        const struct rule *rule = e->eye[i].rule;
        bool sees = false;
        if (!rule || !rule->alert ||
            rs_cover_leads(w->c->sc, rule->alert, (int)(p - w->c->sc->response.procedure)))
            continue;
        for (int k = 0; k < condition->n_term && !sees; k++)
            sees = rs_cover_sees(w->c, &condition->term[k], p->trigger, rule->expr, rule->alert);
        if (!sees)
            continue;
        e->eye[i].named = true;
        out = out ? rs_arena_printf(w->c->arena, "%s, %s", out, rule->alert) : rule->alert;
    }
    return out;
}

static const char *alerts_of(struct check *c, const struct procedure *p)
{
    const char *out = "";
    for (int i = 0; i < p->n_alert; i++)
        out = rs_arena_printf(c->arena, "%s%s%s", out, i ? ", " : "", p->alert[i]);
    return out;
}

static const char *human(struct check *c, int64_t ns)
{
    char text[40];
    return rs_arena_strdup(c->arena, rs_duration_format(text, sizeof text, ns));
}

static void tell_trigger(const struct watching *w,
                         const struct procedure *p,
                         const struct unwatched *u,
                         const char *near)
{
    struct check *c = w->c;
    const char *alerts =
        p->n_alert > 0 ? rs_arena_printf(c->arena, "none of its alerts (%s) sees", alerts_of(c, p))
                       : "no alert sees";
    struct finding *f = rs_check_add(
        c, "trigger-unwatched", p->at, p->ref, rs_arena_printf(c->arena, "procedure %s", p->name),
        "%s %s, and in %s nobody looks for it for %s", alerts,
        u->whole ? "its trigger" : rs_arena_printf(c->arena, "%s of its trigger", u->parts),
        u->stages, human(c, u->blind.total_ns));
    rs_check_number(f, "n_alert", p->n_alert);
    rs_check_words(c, f, "unseen_part", "%s", u->parts);
    rs_check_words(c, f, "stages", "%s", u->stages);
    rs_check_number(f, "unwatched_s", rs_s_from_ns(u->blind.total_ns));
    rs_check_number(f, "longest_unwatched_s", rs_s_from_ns(u->blind.longest_ns));
    rs_check_mend(
        c, f, near ? "add %s to its `alerts`" : "write an alert on %s and add it to its `alerts`",
        near       ? near
        : u->whole ? "its trigger"
                   : "that part");
}

/* Does anything but a watcher lead to the procedure? */
static bool ordered(const struct response *plan, int procedure)
{
    for (int i = 0; i < plan->n_stage; i++) {
        const struct stage *st = &plan->stage[i];
        if (st->check_procedure == procedure && st->check_then == RS_THEN_ROLLBACK)
            return true;
        if (st->on_hold.given && st->on_hold.then == RS_THEN_ROLLBACK &&
            st->on_hold.procedure == procedure)
            return true;
        for (int k = 0; k < st->n_gate; k++) {
            if (st->gate[k].then == RS_THEN_ROLLBACK && st->gate[k].procedure == procedure)
                return true;
        }
    }
    for (int i = 0; i < plan->n_automation; i++) {
        if (plan->automation[i].procedure == procedure)
            return true;
    }
    for (int i = 0; i < plan->n_judge; i++) {
        if (rs_judge_rolls_back(&plan->judge[i], procedure))
            return true;
    }
    return plan->procedure[procedure].n_alert > 0;
}

static void check_procedure(struct watching *w, int procedure)
{
    struct check *c = w->c;
    const struct procedure *p = &c->sc->response.procedure[procedure];
    if (!p->trigger && !ordered(&c->sc->response, procedure)) {
        struct finding *f = rs_check_add(
            c, "trigger-unwatched", p->at, p->ref,
            rs_arena_printf(c->arena, "procedure %s", p->name),
            "it has no trigger, and no alert, gate, judge, check or automation leads to it");
        rs_check_number(f, "n_alert", 0);
        rs_check_mend(c, f, "give it a `trigger` and the alert that sees it");
    }
    if (!p->trigger || rs_eyes_missing(w->e, p->trigger) || alert_missing(w, procedure))
        return;
    struct unwatched u = {0};
    struct promql_condition condition = rs_cover_condition(c, p->trigger);
    for (int i = 0; i < condition.n_term; i++) {
        if (!rs_cover_by_alerts(c, procedure, &condition.term[i], p->trigger))
            unwatched_term(w, &u, procedure, &condition.term[i]);
    }
    u.whole = u.n_part == condition.n_term;
    if (u.n_part == 0)
        return;
    tell_trigger(w, p, &u, would_see(w, p, &condition));
}

/* ---- gates and stages ---- */

static bool needs_looks(const struct watching *w, const struct stage *st, const char **what)
{
    const struct response *plan = &w->c->sc->response;
    for (int i = 0; i < st->n_gate; i++) {
        const struct gate *g = &st->gate[i];
        bool alerted = g->then == RS_THEN_ROLLBACK && !g->require &&
                       rs_cover_all_by_alerts(w->c, g->procedure, g->expr);
        if (g->when == RS_GATE_LOOKS && !alerted) {
            *what = rs_arena_printf(w->c->arena, "gate %s", g->name);
            return true;
        }
    }
    for (int i = 0; i < st->n_watched; i++) {
        const struct procedure *p = &plan->procedure[st->watched[i]];
        if (p->trigger && !rs_cover_all_by_alerts(w->c, st->watched[i], p->trigger)) {
            *what = rs_arena_printf(w->c->arena, "the trigger of %s", p->name);
            return true;
        }
    }
    return false;
}

static const struct gate *first_gate(const struct stage *st, enum gate_when when)
{
    for (int i = 0; i < st->n_gate; i++) {
        if (st->gate[i].when == when)
            return &st->gate[i];
    }
    return NULL;
}

static void tell_never_looks(const struct watching *w, const struct stage *st, const char *what)
{
    struct check *c = w->c;
    struct finding *f = rs_check_add(c, "trigger-unwatched", st->at, st->ref,
                                     rs_arena_printf(c->arena, "stage %s", st->name),
                                     "%s is to be looked at, and the stage has no `look_every`: "
                                     "nobody looks",
                                     what);
    rs_check_number(f, "n_gate", st->n_gate);
    rs_check_number(f, "n_watched", st->n_watched);
    rs_check_number(f, "watch_s", rs_s_from_ns(st->watch_ns));
    rs_check_mend(c, f, "say how often somebody looks: `look_every: 5m`");
}

static void tell_short(
    const struct watching *w, const struct stage *st, int step, const char *what, int64_t every_ns)
{
    struct check *c = w->c;
    int64_t watch_ns = step < 0 ? st->watch_ns : st->ramp[step].watch_ns;
    struct finding *f = rs_check_add(
        c, "trigger-unwatched", step < 0 ? st->at : st->ramp[step].at, st->ref,
        rs_arena_printf(c->arena, "stage %s", st->name),
        "%s is read every %s, and %s is over after %s: it is never read", what, human(c, every_ns),
        step < 0 ? "the watch"
                 : rs_arena_printf(c->arena, "the step of %g%%", st->ramp[step].percent),
        human(c, watch_ns));
    rs_check_number(f, "watch_s", rs_s_from_ns(watch_ns));
    rs_check_number(f, "every_s", rs_s_from_ns(every_ns));
    rs_check_mend(c, f, "watch for longer than %s, or look more often", human(c, every_ns));
}

/* A watch that is over before a gate that wants several reads in a row can have had them. */
static void check_run(const struct watching *w, const struct stage *st, const struct gate *g)
{
    struct check *c = w->c;
    int64_t every_ns = g->when == RS_GATE_CONTINUOUS ? c->sc->monitoring.evaluation_interval_ns
                                                     : st->look_every_ns;
    if (g->in_a_row <= 1 || every_ns <= 0 || every_ns == RS_NEVER)
        return;
    for (int step = -1; step < st->n_ramp; step++) {
        int64_t watch_ns = step < 0 ? st->watch_ns : st->ramp[step].watch_ns;
        int64_t n = watch_ns / every_ns;
        if (n == 0 || n >= g->in_a_row)
            continue;
        struct finding *f = rs_check_add(
            c, "trigger-unwatched", g->at, g->ref, rs_arena_printf(c->arena, "gate %s", g->name),
            "it wants %d reads in a row, and %s has %lld of them: it cannot trip", g->in_a_row,
            step < 0 ? rs_arena_printf(c->arena, "the watch of %s", st->name)
                     : rs_arena_printf(c->arena, "the step of %g%%", st->ramp[step].percent),
            (long long)n);
        rs_check_number(f, "in_a_row", g->in_a_row);
        rs_check_number(f, "reads", (double)n);
        rs_check_number(f, "watch_s", rs_s_from_ns(watch_ns));
        rs_check_number(f, "every_s", rs_s_from_ns(every_ns));
        rs_check_mend(c, f, "watch for at least %s, or ask for fewer in a row",
                      human(c, every_ns * g->in_a_row));
        return;
    }
}

/* A watch that is over before anybody has looked, or automation has read its gate. */
static void check_watches(const struct watching *w, const struct stage *st)
{
    const char *what = NULL;
    bool looks = needs_looks(w, st, &what);
    const struct gate *tick = first_gate(st, RS_GATE_CONTINUOUS);
    int64_t tick_ns = w->c->sc->monitoring.evaluation_interval_ns;
    if (looks && !looks_at_all(st)) {
        tell_never_looks(w, st, what);
        looks = false;
    }
    for (int step = -1; step < st->n_ramp; step++) {
        int64_t watch_ns = step < 0 ? st->watch_ns : st->ramp[step].watch_ns;
        if (looks && watch_ns < st->look_every_ns)
            tell_short(w, st, step, what, st->look_every_ns);
        else if (tick && watch_ns < tick_ns)
            tell_short(w, st, step, rs_arena_printf(w->c->arena, "gate %s", tick->name), tick_ns);
    }
}

/* A gate is read by the stage's watcher alone: outside his hours it is not, unless an alert sees the same. */
static void check_gate_hours(const struct watching *w, int stage, const struct gate *g)
{
    struct check *c = w->c;
    const struct stage *st = &c->sc->response.stage[stage];
    struct blind blind = {0};
    if (g->when != RS_GATE_LOOKS || !looks_at_all(st) || rs_eyes_missing(w->e, g->expr) ||
        (g->then == RS_THEN_ROLLBACK && !g->require &&
         rs_cover_all_by_alerts(c, g->procedure, g->expr)))
        return;
    for (int i = 0; i < w->plan.n_span; i++) {
        const struct watch_span *span = &w->plan.span[i];
        if (span->stage != stage || span->until_ns - span->from_ns < st->look_every_ns)
            continue;
        struct blind b = between_looks(c->sc, span);
        blind.total_ns += b.total_ns;
        blind.longest_ns = later(blind.longest_ns, b.longest_ns);
    }
    if (blind.total_ns == 0)
        return;
    struct finding *f = rs_check_add(
        c, "trigger-unwatched", g->at, g->ref, rs_arena_printf(c->arena, "gate %s", g->name),
        "the watch of %s runs through hours in which %s does not work: for %s nobody reads the "
        "gate",
        st->name, c->sc->response.role[st->by].name, human(c, blind.total_ns));
    rs_check_number(f, "unwatched_s", rs_s_from_ns(blind.total_ns));
    rs_check_number(f, "longest_unwatched_s", rs_s_from_ns(blind.longest_ns));
    rs_check_number(f, "look_every_s", rs_s_from_ns(st->look_every_ns));
    rs_check_mend(c, f, "read it with `when: continuous`, or let an alert see the same");
}

void rs_eyes_watch(struct eyes *e)
{
    struct watching w = {.e = e, .c = e->c};
    const struct response *plan = &e->c->sc->response;
    rs_schedule_make(e->c->arena, e->c->sc, &w.plan);
    for (int i = 0; i < plan->n_procedure; i++)
        check_procedure(&w, i);
    for (int i = 0; i < plan->n_stage; i++) {
        check_watches(&w, &plan->stage[i]);
        for (int k = 0; k < plan->stage[i].n_gate; k++) {
            check_gate_hours(&w, i, &plan->stage[i].gate[k]);
            check_run(&w, &plan->stage[i], &plan->stage[i].gate[k]);
        }
    }
}
