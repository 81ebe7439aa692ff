/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Does an alert see what the trigger of its procedure says, as soon as the trigger does? Only what both look at is compared:
 * a trigger of which no alert sees a part at all is trigger-unwatched. A trigger that one alert serves well is served; the
 * others are further nets.
 */
#include <math.h>
#include <stdlib.h>

#include "check.h"
#include "sim/arena.h"
#include "sim/clock.h"
#include "watch.h"

/* An alert is later when it loses more than this part of the procedure's time, or, without one, so many seconds. */
#define LATE_PART 0.2
#define LATE_S 60.0
/* Both are timed after a step to so many times the trigger's limit. */
#define STEP 2.0

/* How one comparison of an alert stands to one of a trigger. */
struct standing {
    bool compared, laxer;
    double later_s;            /* time that the alert needs beyond the trigger */
    double alert_s, trigger_s; /* until each is true after the step; NaN: not known */
    double step;               /* the number stepped to */
    const struct signal *alert, *trigger;
};

struct pairing {
    const struct procedure *procedure;
    const struct rule *rule;
    double hold_s; /* the alert's `for`, in whole evaluations */
    struct standing worst;
};

/* ---- numbers ---- */

/* Events a window that a count, or a rate, has to pass. */
static double events(const struct signal *s)
{
    return s->kind == RS_MEASURE_RATE ? s->limit * s->window_s : s->limit;
}

static double per_second(const struct signal *s)
{
    return s->window_s > 0.0 ? events(s) / s->window_s : events(s);
}

static bool counts(const struct signal *s)
{
    return s->kind == RS_MEASURE_COUNT || s->kind == RS_MEASURE_RATE;
}

static bool more(double a, double b)
{
    return a > b + 1e-9 * fmax(fabs(a), fabs(b));
}

static bool is_laxer(const struct signal *a, const struct signal *t)
{
    if (counts(a))
        return a->window_s == t->window_s ? more(rs_signal_events(a), rs_signal_events(t))
                                          : more(per_second(a), per_second(t));
    bool lower_quantile =
        a->kind == RS_MEASURE_QUANTILE && (a->above ? a->c->q < t->c->q : a->c->q > t->c->q);
    return lower_quantile || (a->above ? more(a->limit, t->limit) : more(t->limit, a->limit));
}

/* A window's share of a step that it must hold: time until true, W (limit - p0) / (p1 - p0). */
static double until_true(const struct signal *s, double p0, double p1)
{
    if (counts(s))
        return p1 > 0.0 ? rs_signal_events(s) / p1 : INFINITY;
    if (s->kind == RS_MEASURE_QUANTILE)
        return s->window_s * (s->above ? 1.0 - s->c->q : s->c->q);
    double gap = (p1 - p0), need = (s->limit - p0);
    return gap * need > 0.0 && fabs(gap) >= fabs(need) ? s->window_s * need / gap : INFINITY;
}

/*
 * What the signal reads when nothing is wrong: in the first watch that puts something of it on a new path, else anywhere. NaN: a
 * share that is not known, as of a service that queues.
 */
static double base_of(const struct watch *w, int n_watch, const struct signal *s)
{
    double base = s->is_share ? NAN : 0.0;
    for (int i = 0; i < n_watch && s->is_share; i++) {
        struct watch_load l;
        if (!rs_watch_load(&w[i], s, fmax(s->window_s, 60.0), NULL, &l) || isnan(l.share))
            continue;
        base = l.share;
        if (l.exposed > 0.0)
            break;
    }
    return base >= s->limit ? 0.0 : base;
}

static struct standing
stand(const struct watch *w, int n_watch, const struct signal *a, const struct signal *t)
{
    struct standing out = {.alert = a, .trigger = t};
    bool sees = a->c->per_series || !t->c->per_series;
    out.compared = sees && a->ordered && t->ordered && a->above == t->above && rs_signal_same(a, t);
    if (!out.compared)
        return out;
    out.laxer = is_laxer(a, t);
    double base = base_of(w, n_watch, t);
    out.step = t->above ? STEP * t->limit : t->limit / STEP;
    if (t->is_share)
        out.step = fmin(out.step, fmax(1.0, t->limit));
    if (counts(t)) /* with a limit of 0: one event a window */
        out.step = fmax(STEP * per_second(t), t->window_s > 0.0 ? 1.0 / t->window_s : 0.0);
    out.alert_s = until_true(a, base, out.step);
    out.trigger_s = until_true(t, base, out.step);
    return out;
}

/* ---- an alert and a term of a trigger ---- */

static bool is_worse(const struct standing *s, const struct standing *worst)
{
    double lost = s->alert_s - s->trigger_s, most = worst->alert_s - worst->trigger_s;
    if (!worst->compared || s->laxer != worst->laxer)
        return !worst->compared || s->laxer;
    return lost > most || (isnan(most) && !isnan(lost));
}

/*
 * The alert's comparison that stands worst to those of the term that it meets. Compared nowhere: it looks at something else.
 */
static struct standing of_terms(const struct check *c,
                                const struct watch *w,
                                int n_watch,
                                const struct condition_term *alert,
                                const struct condition_term *trigger)
{
    struct standing worst = {0};
    for (int i = 0; i < alert->n; i++) {
        struct signal *a, *t;
        int n_a, n_t;
        rs_signal_read(c->arena, c->sc, &alert->comparison[i], &a, &n_a);
        for (int j = 0; j < trigger->n; j++) {
            rs_signal_read(c->arena, c->sc, &trigger->comparison[j], &t, &n_t);
            for (int k = 0; k < n_a * n_t; k++) {
                struct standing s = stand(w, n_watch, &a[k % n_a], &t[k / n_a]);
                if (s.compared && is_worse(&s, &worst))
                    worst = s;
            }
        }
    }
    return worst;
}

/* The best that any term of the alert's condition does for a term of the trigger; one of which that is not known may be. */
static struct standing of_alert(const struct check *c,
                                const struct watch *w,
                                int n_watch,
                                const struct pairing *p,
                                const struct promql_condition *alert,
                                const struct condition_term *trigger)
{
    struct standing best = {0};
    for (int i = 0; i < alert->n_term; i++) {
        struct standing s = of_terms(c, w, n_watch, &alert->term[i], trigger);
        s.later_s = s.alert_s + p->hold_s - s.trigger_s;
        bool better = !best.compared || s.laxer < best.laxer ||
                      (s.laxer == best.laxer && (s.later_s < best.later_s || isnan(s.later_s)));
        if (s.compared && better)
            best = s;
    }
    return best;
}

static double allowed_s(const struct procedure *p)
{
    return p->sla_ns == RS_NEVER ? LATE_S : LATE_PART * (double)p->sla_ns / 1e9;
}

static bool serves(const struct pairing *p)
{
    return p->worst.compared && !p->worst.laxer && !(p->worst.later_s > allowed_s(p->procedure));
}

/* ---- findings ---- */

static void add_laxer(struct check *c, const struct pairing *p)
{
    const struct signal *a = p->worst.alert, *t = p->worst.trigger;
    struct finding *f;
    if (counts(a)) {
        f = rs_check_add(c, "alert-laxer", p->rule->at, p->procedure->ref,
                         rs_arena_printf(c->arena, "alert %s", p->rule->alert),
                         "the alert needs %g events in %s, the trigger of %s that it serves needs "
                         "%g in %s: what lies between is called "
                         "for and nobody is told",
                         rs_signal_events(a), rs_check_time(c->arena, a->window_s),
                         p->procedure->name, rs_signal_events(t),
                         rs_check_time(c->arena, t->window_s));
        rs_check_number(f, "alert_events", rs_signal_events(a));
        rs_check_number(f, "trigger_events", rs_signal_events(t));
    } else {
        f = rs_check_add(c, "alert-laxer", p->rule->at, p->procedure->ref,
                         rs_arena_printf(c->arena, "alert %s", p->rule->alert),
                         "the alert allows more than the trigger of %s that it serves: %s, where "
                         "the trigger says %s",
                         p->procedure->name, a->c->text, t->c->text);
        rs_check_number(f, "alert_limit", a->limit);
        rs_check_number(f, "trigger_limit", t->limit);
        if (a->kind == RS_MEASURE_QUANTILE) {
            rs_check_number(f, "alert_quantile", a->c->q);
            rs_check_number(f, "trigger_quantile", t->c->q);
        }
    }
    rs_check_number(f, "alert_window_s", a->window_s);
    rs_check_number(f, "trigger_window_s", t->window_s);
    rs_check_words(c, f, "alert_condition", "%s", a->c->text);
    rs_check_words(c, f, "trigger_condition", "%s", t->c->text);
    rs_check_mend(c, f,
                  "let the alert say what the trigger says (%s), or add one that does and list it "
                  "in the procedure",
                  t->c->text);
}

static void add_later(struct check *c, const struct pairing *p)
{
    const struct signal *a = p->worst.alert, *t = p->worst.trigger;
    const struct standing *s = &p->worst;
    struct finding *f = rs_check_add(c, "alert-later", p->rule->at, p->procedure->ref,
                                     rs_arena_printf(c->arena, "alert %s", p->rule->alert),
                                     "after a step to %s the trigger of %s is true in %s, the "
                                     "alert that serves it fires after %s: %s later",
                                     counts(t) ? rs_arena_printf(c->arena, "%.3g a second", s->step)
                                               : rs_signal_words(c->arena, t, s->step),
                                     p->procedure->name, rs_check_time(c->arena, s->trigger_s),
                                     rs_check_time(c->arena, s->alert_s + p->hold_s),
                                     rs_check_time(c->arena, s->later_s));
    rs_check_number(f, "step_to", s->step);
    rs_check_number(f, "trigger_true_after_s", s->trigger_s);
    rs_check_number(f, "alert_fires_after_s", s->alert_s + p->hold_s);
    rs_check_number(f, "later_s", s->later_s);
    rs_check_number(f, "allowed_s", allowed_s(p->procedure));
    rs_check_number(f, "alert_window_s", a->window_s);
    rs_check_number(f, "trigger_window_s", t->window_s);
    rs_check_number(f, "alert_for_s", p->hold_s);
    rs_check_number(f, "alert_limit", a->limit);
    rs_check_number(f, "trigger_limit", t->limit);
    rs_check_mend(c, f, "give the alert the trigger's window (%s)%s, or add one that has it",
                  rs_check_time(c->arena, t->window_s),
                  p->hold_s > 0.0 ? " and a shorter `for`" : "");
}

/* ---- procedures ---- */

static double hold_of(const struct scenario *sc, const struct rule *r)
{
    double every_s = (double)sc->monitoring.evaluation_interval_ns / 1e9;
    for (int f = 0; f < sc->monitoring.n_rule_file; f++) {
        const struct rule_file *file = sc->monitoring.rule_file[f];
        for (int g = 0; g < file->n_group; g++) {
            const struct rule_group *group = &file->group[g];
            if (group->n_rule > 0 && r >= group->rule && r < group->rule + group->n_rule &&
                group->interval_ns > 0)
                every_s = (double)group->interval_ns / 1e9;
        }
    }
    double for_s = (double)r->for_ns / 1e9;
    return every_s > 0.0 ? ceil(for_s / every_s - 1e-9) * every_s : for_s;
}

static bool reported(const struct check *c, const struct rule *r)
{
    for (int i = 0; i < c->n; i++) {
        const struct finding *f = &c->item[i];
        bool ours =
            f->code == rs_finding_code("alert-laxer") || f->code == rs_finding_code("alert-later");
        if (ours && f->at.line == r->at.line && f->at.file == r->at.file)
            return true;
    }
    return false;
}

static void check_term(struct check *c,
                       const struct watch *w,
                       int n_watch,
                       const struct procedure *proc,
                       const struct condition_term *term)
{
    struct pairing *pair = RS_ARENA_ARRAY(c->arena, struct pairing, proc->n_alert);
    int n = 0;
    for (int i = 0; i < proc->n_alert; i++) {
        const struct rule *r = rs_check_alert(c->sc, proc->alert[i]);
        if (!r)
            continue;
        struct pairing *p = &pair[n++];
        *p = (struct pairing){.procedure = proc, .rule = r, .hold_s = hold_of(c->sc, r)};
        struct promql_condition alert = rs_check_condition(c->arena, c->sc, r->expr);
        p->worst = of_alert(c, w, n_watch, p, &alert, term);
        if (serves(p))
            return;
    }
    for (int i = 0; i < n; i++) {
        if (!pair[i].worst.compared || reported(c, pair[i].rule))
            continue;
        if (pair[i].worst.laxer)
            add_laxer(c, &pair[i]);
        else
            add_later(c, &pair[i]);
    }
}

void rs_check_order(struct check *c)
{
    int n_watch;
    const struct watch *w = rs_watches(c->arena, c->sc, &n_watch);
    for (int i = 0; i < c->sc->response.n_procedure; i++) {
        const struct procedure *p = &c->sc->response.procedure[i];
        if (!p->trigger || p->n_alert == 0)
            continue;
        struct promql_condition trigger = rs_check_condition(c->arena, c->sc, p->trigger);
        for (int t = 0; t < trigger.n_term; t++)
            check_term(c, w, n_watch, p, &trigger.term[t]);
    }
}
