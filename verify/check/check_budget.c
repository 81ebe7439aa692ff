/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The time allowed for a rollback, held against what its chain can take at worst. One defect is told once, as particularly as can
 * be: a wait without an upper end; else a wait that is too long by itself; else the sum.
 *
 * The time allowed counts from the detection. What lies before it is held against the same number, each wait alone, since a clock
 * that starts late keeps its promise and breaks its purpose: scrape, evaluation and `for` together; the time for which an
 * alert's window hides a total outage; and the rhythm of looks where nothing but looks would see the trigger.
 */
#include <math.h>
#include <string.h>

#include "cover.h"
#include "exposed.h"
#include "models/judge.h"
#include "sim/clock.h"
#include "verify/bound.h"

/* A wait that is too long, wherever it comes up: a role's decision is one wait of all procedures that he carries out. */
struct culprit {
    const char *name;
    struct mark at;
    const char *procedures;
    struct bound_leg leg;
    double sla_s; /* the least */
    int n_procedure;
};

#define MAX_CULPRIT 64
struct budgeting {
    struct check *c;
    int n;
    struct culprit culprit[MAX_CULPRIT];
};

static const char *human(struct check *c, double s)
{
    char text[40];
    if (isinf(s))
        return "no end";
    int64_t ns = rs_ns_from_s(s >= 1.0 ? round(s) : s);
    return rs_arena_strdup(c->arena, rs_duration_format(text, sizeof text, ns));
}

static bool same_place(struct mark a, struct mark b)
{
    return a.line == b.line && a.col == b.col && a.file && b.file && strcmp(a.file, b.file) == 0;
}

static void note(struct budgeting *x, const struct procedure *p, const struct bound_leg *leg)
{
    struct mark at = leg->at.file ? leg->at : p->at;
    double sla_s = rs_s_from_ns(p->sla_ns);
    for (int i = 0; i < x->n; i++) {
        struct culprit *k = &x->culprit[i];
        if (!same_place(k->at, at) || strcmp(k->name, leg->name) != 0)
            continue;
        /* The same wait, for another reason: both are told. */
        if (k->leg.why && leg->why && !strstr(k->leg.why, leg->why))
            k->leg.why =
                rs_arena_printf(x->c->arena, "%s; for %s, %s", k->leg.why, p->name, leg->why);
        if (!strstr(k->procedures, p->name)) {
            k->procedures = rs_arena_printf(x->c->arena, "%s, %s", k->procedures, p->name);
            k->n_procedure++;
        }
        if (leg->worst_phase_s > k->leg.worst_phase_s) {
            const char *why = k->leg.why;
            k->leg = *leg;
            k->leg.why = why;
        }
        k->sla_s = fmin(k->sla_s, sla_s);
        return;
    }
    if (x->n < MAX_CULPRIT)
        x->culprit[x->n++] = (struct culprit){leg->name, at, p->name, *leg, sla_s, 1};
}

/* ---- whose wait it is ------------------------------------------------------------------------ */

/* The first of a procedure's chain for whom that is so, or NULL. */
static const struct role *in_chain(const struct response *plan,
                                   int role,
                                   bool (*so)(const struct role *who, double sla_s),
                                   double sla_s)
{
    for (int i = 0; i < plan->n_role && role >= 0; i++) { /* a chain may be a ring */
        if (so(&plan->role[role], sla_s))
            return &plan->role[role];
        role = plan->role[role].escalates_to;
    }
    return NULL;
}

static bool acts_too_long(const struct role *who, double sla_s)
{
    return rs_dist_sup(&who->act) > sla_s;
}

static bool slips(const struct role *who, double sla_s)
{
    (void)sla_s;
    return who->error_ratio > 0.0;
}

/*
 * A step that is too long because of who does it is his, once for all steps of all procedures: his usual time for a step is, or
 * he may do it wrong again and again.
 */
static struct bound_leg
owned(struct check *c, const struct procedure *p, const struct bound_leg *leg)
{
    const struct response *plan = &c->sc->response;
    double sla_s = rs_s_from_ns(p->sla_ns);
    for (int i = 0; i < p->n_action; i++) {
        const struct action *a = &p->action[i];
        bool usual = a->takes.kind == RS_DIST_CONSTANT && isnan(a->takes.a);
        struct bound_leg out = *leg;
        if (!same_place(a->at, leg->at))
            continue;
        if (a->fails > 0.0 || a->overlooked > 0.0)
            break; /* given up or skipped for good: that is the step's own */
        double own_s = usual ? 0.0 : rs_dist_sup(&a->takes);
        if (own_s > sla_s) { /* the step itself, however often it is done */
            out.why = rs_arena_printf(c->arena, "it takes up to %s", human(c, own_s));
            out.best_phase_s = out.worst_phase_s = own_s;
            return out;
        }
        const struct role *who = usual ? in_chain(plan, p->by, acts_too_long, sla_s) : NULL;
        if (who) {
            out.name = "act";
            out.why = rs_arena_printf(c->arena, "one step of %s takes up to %s", who->name,
                                      human(c, rs_dist_sup(&who->act)));
            out.low_s = rs_dist_inf(&who->act);
            out.best_phase_s = out.worst_phase_s = rs_dist_sup(&who->act);
        } else if (isinf(leg->worst_phase_s) && (who = in_chain(plan, p->by, slips, sla_s))) {
            out.name = "slips";
            out.why =
                rs_arena_printf(c->arena,
                                "%s does a step wrong with probability %.3g%% each time it is "
                                "done: there is no last time",
                                who->name, 100.0 * who->error_ratio);
        } else {
            continue;
        }
        out.at = who->at;
        out.ref = who->ref;
        return out;
    }
    return *leg;
}

/* ---- from detection on ----------------------------------------------------------------------- */

static bool detects(const struct scenario *sc, int procedure, enum detected_by by)
{
    const struct response *plan = &sc->response;
    const struct procedure *p = &plan->procedure[procedure];
    bool found = by == RS_BY_ALERT && p->n_alert > 0;
    for (int i = 0; i < plan->n_judge; i++)
        found |= by == RS_BY_GATE && rs_judge_rolls_back(&plan->judge[i], procedure);
    for (int i = 0; i < plan->n_automation; i++)
        found |= by == RS_BY_ALERT && plan->automation[i].procedure == procedure;
    for (int i = 0; i < plan->n_stage; i++) {
        const struct stage *st = &plan->stage[i];
        bool looks = st->look_every_ns != RS_NEVER;
        found |= by == RS_BY_CHECK && st->check_then == RS_THEN_ROLLBACK &&
                 st->check_procedure == procedure;
        for (int k = 0; k < st->n_watched; k++)
            found |= by == RS_BY_LOOK && looks && p->trigger && st->watched[k] == procedure;
        for (int k = 0; k < st->n_gate; k++) {
            const struct gate *g = &st->gate[k];
            bool own = g->then == RS_THEN_ROLLBACK && g->procedure == procedure;
            found |=
                own && (g->when == RS_GATE_LOOKS ? by == RS_BY_LOOK && looks : by == RS_BY_GATE);
        }
    }
    return found;
}

/* That a message may never be sent, seen or read is told of the receiver, if an alert of this procedure suffers from it. */
static bool is_told(const struct check *c, int procedure, const struct bound_leg *leg)
{
    if (strcmp(leg->name, "acknowledge") != 0 && strcmp(leg->name, "delivery") != 0 &&
        strcmp(leg->name, "group") != 0)
        return false;
    for (int i = 0; i < c->n; i++) {
        const struct finding *f = &c->item[i];
        if (strncmp(f->code->name, "receiver-", 9) == 0 && strncmp(f->about, "alert ", 6) == 0 &&
            rs_cover_leads(c->sc, f->about + 6, procedure))
            return true;
    }
    return false;
}

static const char *legs_words(struct check *c, const struct bound *b)
{
    const char *out = "";
    for (int i = 0; i < b->n_leg; i++) {
        if (b->leg[i].worst_phase_s > 0.0)
            out = rs_arena_printf(c->arena, "%s%s%s %s", out, *out ? " + " : "", b->leg[i].name,
                                  human(c, b->leg[i].worst_phase_s));
    }
    return out;
}

static void tell_sum(struct check *c, const struct procedure *p, const struct bound *b)
{
    struct finding *f = rs_check_add(
        c, "over-budget", p->at, p->ref, rs_arena_printf(c->arena, "procedure %s", p->name),
        "from detection to completion it takes up to %s, and %s are allowed",
        human(c, b->worst_phase_high_s), human(c, rs_s_from_ns(p->sla_ns)));
    rs_check_number(f, "sla_s", rs_s_from_ns(p->sla_ns));
    rs_check_number(f, "worst_s", b->worst_phase_high_s);
    rs_check_number(f, "worst_at_best_phase_s", b->best_phase_high_s);
    rs_check_number(f, "least_s", b->best_phase_low_s);
    rs_check_words(c, f, "legs", "%s", legs_words(c, b));
    const struct bound_leg *longest = &b->leg[0];
    for (int i = 1; i < b->n_leg; i++)
        longest = b->leg[i].worst_phase_s > longest->worst_phase_s ? &b->leg[i] : longest;
    rs_check_words(c, f, "longest_leg", "%s", longest->name);
    rs_check_mend(c, f, "shorten the legs, first \"%s\" (%s), or allow %s", longest->name,
                  human(c, longest->worst_phase_s), human(c, b->worst_phase_high_s));
}

/*
 * The bound reads labels off the expression, and takes an alert that keeps some to have several label sets. Where the series that
 * there are leave it only one, that leg is none.
 */
static bool is_no_leg(struct check *c, const struct bound_leg *leg)
{
    struct label label[64];
    int n = 0;
    const struct rule *rule = NULL;
    if (strcmp(leg->name, "label sets") != 0)
        return false;
    for (int i = 0; i < rs_exposed_count(c->exposed) && !rule; i++) {
        const char *name = rs_exposed_label(c->exposed, i, "alertname");
        rule = *name ? rs_cover_alert(c->sc, name, 0) : NULL;
        rule = rule && rule->at.line == leg->at.line ? rule : NULL;
    }
    for (int i = 0; i < rs_exposed_count(c->exposed) && rule; i++)
        n += rs_exposed_alert(c->exposed, i, rule->alert, label, 64) > 0;
    return n == 1;
}

/* Takes such a leg out; the network is a sum of its legs. */
static void drop_no_legs(struct check *c, struct bound *b)
{
    int n = 0;
    for (int i = 0; i < b->n_leg; i++) {
        if (!is_no_leg(c, &b->leg[i]))
            b->leg[n++] = b->leg[i];
    }
    if (n == b->n_leg)
        return;
    b->n_leg = n;
    b->best_phase_high_s = b->worst_phase_high_s = 0.0;
    for (int i = 0; i < n; i++) {
        b->best_phase_high_s += b->leg[i].best_phase_s;
        b->worst_phase_high_s += b->leg[i].worst_phase_s;
    }
}

static void check_chain(struct budgeting *x, int procedure)
{
    struct check *c = x->c;
    const struct procedure *p = &c->sc->response.procedure[procedure];
    static const enum detected_by ways[] = {RS_BY_ALERT, RS_BY_LOOK, RS_BY_GATE, RS_BY_CHECK};
    struct bound slowest = {0}, b;
    bool any = false, particular = false;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        const struct bound_query q = {.from = RS_CLOCK_DETECTED,
                                      .to = RS_CLOCK_COMPLETED,
                                      .procedure = procedure,
                                      .detected_by = 1u << ways[i]};
        if (!detects(c->sc, procedure, ways[i]))
            continue;
        rs_bound_chain(c->arena, c->sc, &q, &b);
        drop_no_legs(c, &b);
        for (int k = 0; k < b.n_leg; k++) {
            if (!(b.leg[k].worst_phase_s > rs_s_from_ns(p->sla_ns)))
                continue;
            particular = true;
            const struct bound_leg leg = owned(c, p, &b.leg[k]);
            if (!is_told(c, procedure, &leg))
                note(x, p, &leg);
        }
        if (!any || b.worst_phase_high_s > slowest.worst_phase_high_s)
            slowest = b;
        any = true;
    }
    if (any && !particular && slowest.worst_phase_high_s > rs_s_from_ns(p->sla_ns))
        tell_sum(c, p, &slowest);
}

/* ---- before detection ------------------------------------------------------------------------ */

/* How long the window hides a total outage, seconds: the share that must be bad, of the window. */
static double hidden_s(const struct comparison *cmp)
{
    double window_s = (double)cmp->window_ms / 1000.0;
    bool above = cmp->op == RS_CMP_GT || cmp->op == RS_CMP_GE;
    bool below = cmp->op == RS_CMP_LT || cmp->op == RS_CMP_LE;
    if (cmp->kind == RS_MEASURE_RATIO && (above || below)) {
        double share = above ? cmp->limit : 1.0 - cmp->limit;
        return window_s * fmin(fmax(share, 0.0), 1.0);
    }
    if (cmp->kind == RS_MEASURE_QUANTILE && above)
        return window_s * (1.0 - cmp->q);
    return 0.0; /* a count rises with the first event; of others nothing can be said */
}

/* Of the comparisons that must hold together the slowest counts, of alternatives the quickest. */
static double condition_hidden_s(struct check *c, const struct promql *q)
{
    struct promql_condition condition = rs_cover_condition(c, q);
    double best = INFINITY;
    for (int i = 0; i < condition.n_term; i++) {
        double slow = 0.0;
        for (int k = 0; k < condition.term[i].n; k++)
            slow = fmax(slow, hidden_s(&condition.term[i].comparison[k]));
        best = fmin(best, slow);
    }
    return isinf(best) ? 0.0 : best;
}

/* The slowest scrape among the services; a rule may read any of them. */
static double scrape_s(const struct scenario *sc)
{
    int64_t most = 0;
    for (int i = 0; i < sc->n_service; i++)
        most = sc->service[i].scrape_interval_ns > most ? sc->service[i].scrape_interval_ns : most;
    return rs_s_from_ns(most);
}

/*
 * "a rule fires at the first evaluation at which the time since it became pending is not less than `for`": with evaluations every
 * e that is e * ceil(for / e) after the first of them, itself up to e after the sample, which is up to a scrape old.
 */
static double
delay_s(const struct scenario *sc, const struct rule_group *g, const struct rule *rule)
{
    double every_s =
        rs_s_from_ns(g->interval_ns ? g->interval_ns : sc->monitoring.evaluation_interval_ns);
    double for_s = rs_s_from_ns(rule->for_ns);
    return scrape_s(sc) + every_s + every_s * ceil(for_s / every_s) +
           rs_s_from_ns(g->query_offset_ns);
}

static void check_alert(struct budgeting *x,
                        const struct procedure *p,
                        const struct rule_group *g,
                        const struct rule *rule)
{
    struct check *c = x->c;
    double sla_s = rs_s_from_ns(p->sla_ns), hidden = condition_hidden_s(c, rule->expr);
    double delay = delay_s(c->sc, g, rule);
    if (!(hidden > sla_s) && !(delay > sla_s))
        return;
    bool window = hidden > delay;
    struct bound_leg leg = {.name = window ? "window" : "for",
                            .at = window ? rule->expr_at : rule->name_at,
                            .best_phase_s = window ? hidden : delay,
                            .worst_phase_s = window ? hidden : delay};
    leg.why = window ? rs_arena_printf(c->arena, "alert %s sees even a total outage only after %s",
                                       rule->alert, human(c, hidden))
                     : rs_arena_printf(c->arena,
                                       "alert %s fires only %s after its condition became true "
                                       "(scrape %s, evaluation and `for: %s`)",
                                       rule->alert, human(c, delay), human(c, scrape_s(c->sc)),
                                       human(c, rs_s_from_ns(rule->for_ns)));
    note(x, p, &leg);
}

static void check_alerts(struct budgeting *x, int procedure)
{
    const struct monitoring *m = &x->c->sc->monitoring;
    const struct procedure *p = &x->c->sc->response.procedure[procedure];
    for (int f = 0; f < m->n_rule_file; f++) {
        for (int g = 0; g < m->rule_file[f]->n_group; g++) {
            const struct rule_group *group = &m->rule_file[f]->group[g];
            for (int i = 0; i < group->n_rule; i++) {
                const struct rule *rule = &group->rule[i];
                if (rule->alert && rs_cover_leads(x->c->sc, rule->alert, procedure))
                    check_alert(x, p, group, rule);
            }
        }
    }
}

/* That nobody sees the trigger for part of the time is told already, and mended together with this. */
static bool is_unwatched(const struct check *c, const struct procedure *p)
{
    for (int i = 0; i < c->n; i++) {
        const struct finding *f = &c->item[i];
        if (strcmp(f->code->name, "trigger-unwatched") == 0 && same_place(f->at, p->at))
            return true;
    }
    return false;
}

/* A watcher's rhythm counts only where no alert would see the trigger first. */
static void check_looks(struct budgeting *x, int procedure)
{
    const struct scenario *sc = x->c->sc;
    const struct procedure *p = &sc->response.procedure[procedure];
    if (!p->trigger || is_unwatched(x->c, p) || rs_cover_all_by_alerts(x->c, procedure, p->trigger))
        return;
    for (int i = 0; i < sc->response.n_stage; i++) {
        const struct stage *st = &sc->response.stage[i];
        bool watched = false;
        for (int k = 0; k < st->n_watched; k++)
            watched = watched || st->watched[k] == procedure;
        if (!watched || st->look_every_ns == RS_NEVER || st->look_every_ns <= p->sla_ns)
            continue;
        double every_s = rs_s_from_ns(st->look_every_ns);
        struct bound_leg leg = {
            .name = "look", .at = st->at, .best_phase_s = every_s, .worst_phase_s = every_s};
        leg.why = rs_arena_printf(
            x->c->arena, "in %s somebody looks every %s, and no alert sees the whole trigger of %s",
            st->name, human(x->c, every_s), p->name);
        note(x, p, &leg);
    }
}

/* ---- what was gathered ----------------------------------------------------------------------- */

static void tell(struct check *c, const struct culprit *k)
{
    bool endless = isinf(k->leg.worst_phase_s);
    const char *why = k->leg.why ? k->leg.why : k->name;
    struct finding *f =
        rs_check_add(c, endless ? "unbounded-rollback" : "part-over-budget", k->at, k->leg.ref,
                     rs_arena_printf(c->arena, "%s of %s", k->name, k->procedures),
                     endless ? "\"%s\" has no upper end, and %s must be over within %s: %s"
                             : "\"%s\" alone takes longer than is allowed for %s (%s): %s",
                     k->name, k->procedures, human(c, k->sla_s), why);
    rs_check_words(c, f, "leg", "%s", k->name);
    if (!endless)
        rs_check_number(f, "leg_s", k->leg.worst_phase_s);
    rs_check_number(f, "least_s", k->leg.low_s);
    rs_check_number(f, "sla_s", k->sla_s);
    rs_check_number(f, "n_procedure", k->n_procedure);
    if (endless && strcmp(k->name, "slips") == 0)
        rs_check_mend(c, f, "let automation do these steps: only that makes no slips");
    else if (endless && strcmp(k->name, "acknowledge") == 0)
        rs_check_mend(c, f,
                      "let automation act on the alert, or see that somebody notices every message "
                      "(sees: 100%%), or that it escalates to one who does, in time");
    else if (endless)
        rs_check_mend(c, f, "give \"%s\" an upper end: a cap, or a bound on repetitions", k->name);
    else
        rs_check_mend(c, f, "bring \"%s\" below %s, or allow more time", k->name,
                      human(c, k->sla_s));
}

void rs_check_budget(struct check *c)
{
    struct budgeting x = {.c = c};
    for (int i = 0; i < c->sc->response.n_procedure; i++) {
        if (c->sc->response.procedure[i].sla_ns == RS_NEVER)
            continue;
        check_chain(&x, i);
        check_alerts(&x, i);
        check_looks(&x, i);
    }
    for (int i = 0; i < x.n; i++)
        tell(c, &x.culprit[i]);
}
