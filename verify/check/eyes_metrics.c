/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Metrics that are read and not exposed, and metrics that are exposed and not read. */
#include <string.h>

#include "exposed.h"
#include "eyes.h"
#include "models/judge.h"

/* ---- what is read ---- */

struct collecting {
    struct eyes *e;
    int cap;
};

static void collect(struct collecting *x, struct eye eye)
{
    struct eyes *e = x->e;
    for (int i = 0; i < e->n; i++) {
        if (e->eye[i].expr == eye.expr)
            return;
    }
    if (e->n == x->cap) {
        x->cap = x->cap ? 2 * x->cap : 32;
        struct eye *grown = RS_ARENA_ARRAY(e->c->arena, struct eye, x->cap);
        if (e->n > 0)
            memcpy(grown, e->eye, sizeof *grown * (size_t)e->n);
        e->eye = grown;
    }
    e->eye[e->n++] = eye;
}

/* Adds the rules that record what an expression reads. Those are read in turn when the list comes to them. */
static void collect_recorders(void *ctx, const struct promql_reading *r)
{
    struct collecting *x = ctx;
    const struct rule *rule;
    for (int i = 0; r->metric && (rule = rs_exposed_recorder(x->e->c->exposed, r->metric, i)); i++)
        collect(x, (struct eye){.expr = rule->expr,
                                .about = rs_arena_printf(x->e->c->arena, "rule %s", rule->record),
                                .rule = rule});
}

static void collect_alerts(struct collecting *x, const struct monitoring *m)
{
    for (int f = 0; f < m->n_rule_file; f++) {
        for (int g = 0; g < m->rule_file[f]->n_group; g++) {
            const struct rule_group *group = &m->rule_file[f]->group[g];
            for (int i = 0; i < group->n_rule; i++) {
                const struct rule *rule = &group->rule[i];
                if (rule->alert)
                    collect(x, (struct eye){.expr = rule->expr,
                                            .about = rs_arena_printf(x->e->c->arena, "alert %s",
                                                                     rule->alert),
                                            .rule = rule});
            }
        }
    }
}

struct judge_reading {
    struct collecting *x;
    const struct judge *judge;
};

static void collect_measured(void *ctx, const struct promql *expr)
{
    const struct judge_reading *r = ctx;
    collect(r->x,
            (struct eye){.expr = expr,
                         .about = rs_arena_printf(r->x->e->c->arena, "judge %s", r->judge->name),
                         .ref = r->judge->ref});
}

static void collect_runbook(struct collecting *x, const struct response *plan)
{
    struct arena *arena = x->e->c->arena;
    for (int i = 0; i < plan->n_stage; i++) {
        for (int k = 0; k < plan->stage[i].n_gate; k++) {
            const struct gate *g = &plan->stage[i].gate[k];
            collect(x, (struct eye){.expr = g->expr,
                                    .about = rs_arena_printf(arena, "gate %s", g->name),
                                    .ref = g->ref});
        }
    }
    for (int i = 0; i < plan->n_procedure; i++) {
        const struct procedure *p = &plan->procedure[i];
        const char *about = rs_arena_printf(arena, "procedure %s", p->name);
        if (p->trigger)
            collect(x, (struct eye){.expr = p->trigger, .about = about, .ref = p->ref});
    }
    for (int i = 0; i < plan->n_judge; i++) {
        struct judge_reading r = {x, &plan->judge[i]};
        rs_judge_exprs(&plan->judge[i], collect_measured, &r);
    }
}

static void mark_read(void *ctx, const struct promql_reading *r)
{
    struct eyes *e = ctx;
    struct promql_selector *s =
        rs_promql_selector_of(r, (enum promql_dialect)e->c->sc->monitoring.dialect);
    rs_exposed_select(e->c->exposed, s, e->read);
    rs_promql_selector_free(s);
}

void rs_eyes_find(struct eyes *e, struct check *c)
{
    *e = (struct eyes){.c = c};
    struct collecting x = {.e = e};
    e->read = RS_ARENA_ARRAY(c->arena, uint64_t, rs_exposed_words(c->exposed));
    collect_runbook(&x, &c->sc->response);
    collect_alerts(&x, &c->sc->monitoring);
    for (int i = 0; i < e->n; i++) { /* grows in the loop */
        rs_promql_readings(e->eye[i].expr, collect_recorders, &x);
        rs_promql_readings(e->eye[i].expr, mark_read, e);
    }
}

bool rs_eyes_missing(const struct eyes *e, const struct promql *expr)
{
    for (int i = 0; i < e->n; i++) {
        if (e->eye[i].expr == expr)
            return e->eye[i].missing;
    }
    return false;
}

/* ---- what is missing ---- */

struct holding {
    struct eyes *e;
    struct eye *eye;
    const char
        *told; /* the last reason told of this expression: one mistake may stand in it twice */
};

#define MAX_VALUE 6

static const char *listed(struct arena *arena, const char *const *value, int n)
{
    const char *out = "";
    for (int i = 0; i < n && i < MAX_VALUE; i++)
        out = rs_arena_printf(arena, "%s%s\"%s\"", out, i ? ", " : "", value[i]);
    return n > MAX_VALUE ? rs_arena_printf(arena, "%s and %d more", out, n - MAX_VALUE) : out;
}

/* The label without whose matchers the selector takes something: that is the one to mend. NULL: no single one. */
static const char *culprit(const struct exposed *x,
                           const struct promql_selector *s,
                           bool known, /* the metric is: then its name is not at fault */
                           const char **value,
                           int *n)
{
    for (int i = 0; i < rs_promql_selector_count(s); i++) {
        const char *label = rs_promql_selector_matcher(s, i).label;
        if (known && strcmp(label, "__name__") == 0)
            continue;
        *n = rs_exposed_values(x, s, label, value, MAX_VALUE);
        if (*n > 0)
            return label;
    }
    return NULL;
}

static const char *
matchers_on(struct arena *arena, const struct promql_selector *s, const char *label)
{
    const char *out = "";
    for (int i = 0; i < rs_promql_selector_count(s); i++) {
        struct matcher_text m = rs_promql_selector_matcher(s, i);
        if (label ? strcmp(m.label, label) == 0 : strcmp(m.label, "__name__") != 0)
            out = rs_arena_printf(arena, "%s%s%s%s\"%s\"", out, *out ? ", " : "", m.label, m.op,
                                  m.value);
    }
    return out;
}

static const char *value_on(const struct promql_selector *s, const char *label)
{
    for (int i = 0; i < rs_promql_selector_count(s); i++) {
        struct matcher_text m = rs_promql_selector_matcher(s, i);
        if (strcmp(m.label, label) == 0)
            return m.value;
    }
    return "";
}

static bool has_metric(const struct exposed *x, const char *metric)
{
    return !metric || rs_exposed_metric(x, metric);
}

static void
tell_missing(struct holding *h, const struct promql_reading *r, const struct promql_selector *s)
{
    struct check *c = h->e->c;
    const char *value[MAX_VALUE];
    int n = 0;
    bool known = has_metric(c->exposed, r->metric);
    const char *label = culprit(c->exposed, s, known, value, &n);
    const char *asked = matchers_on(c->arena, s, label);
    const char *reason = !known  ? rs_arena_printf(c->arena, "nothing exposes %s", r->metric)
                         : label ? rs_arena_printf(c->arena, "no series of it has %s", asked)
                                 : rs_arena_printf(c->arena, "no series has %s together", asked);
    if (h->told && strcmp(h->told, reason) == 0)
        return;
    h->told = reason;
    struct finding *f =
        rs_check_add(c, "metric-missing", r->at, h->eye->ref, h->eye->about, "it reads %s: %s",
                     r->metric ? r->metric : "by a pattern", reason);
    if (r->metric)
        rs_check_words(c, f, "metric", "%s", r->metric);
    if (known)
        rs_check_words(c, f, "asked", "%s", asked);
    if (!label) {
        rs_check_mend(c, f, "read what a service exposes, or expose it");
        return;
    }
    rs_check_words(c, f, "there_are", "%s", listed(c->arena, value, n));
    const char *near =
        rs_near_name(value_on(s, label), value, (size_t)(n < MAX_VALUE ? n : MAX_VALUE));
    if (near)
        rs_check_mend(c, f, "did you mean %s=\"%s\"?",
                      strcmp(label, "__name__") == 0 ? "the metric" : label, near);
    else
        rs_check_mend(c, f, "ask for one that there is: %s", listed(c->arena, value, n));
}

static void hold_against(void *ctx, const struct promql_reading *r)
{
    struct holding *h = ctx;
    struct check *c = h->e->c;
    struct promql_selector *s =
        rs_promql_selector_of(r, (enum promql_dialect)c->sc->monitoring.dialect);
    if (!rs_exposed_could(c->exposed, s)) {
        h->eye->missing = true;
        tell_missing(h, r, s);
    }
    rs_promql_selector_free(s);
}

/* `recovered` is no eye, but what it reads must be there as well. */
static void check_recovered(struct eyes *e)
{
    const struct response *plan = &e->c->sc->response;
    for (int i = 0; i < plan->n_procedure; i++) {
        const struct procedure *p = &plan->procedure[i];
        struct eye eye = {.expr = p->recovered,
                          .about = rs_arena_printf(e->c->arena, "procedure %s", p->name),
                          .ref = p->ref};
        struct holding h = {e, &eye, NULL};
        if (p->recovered)
            rs_promql_readings(p->recovered, hold_against, &h);
    }
}

/* ---- what is unread ---- */

/* Is a series read whose metric has that name, of that service (NULL: of any)? With a histogram's suffixes if asked. */
static bool is_read(const struct eyes *e, const char *metric, const char *job, bool *exists)
{
    static const char *const suffix[] = {"", "_bucket", "_sum", "_count"};
    const struct exposed *x = e->c->exposed;
    size_t n = strlen(metric);
    for (int i = 0; i < rs_exposed_count(x); i++) {
        const char *name = rs_exposed_label(x, i, "__name__");
        bool same = false;
        for (size_t k = 0; k < 4 && strncmp(name, metric, n) == 0; k++)
            same = same || strcmp(name + n, suffix[k]) == 0;
        if (!same || (job && strcmp(rs_exposed_label(x, i, "job"), job) != 0))
            continue;
        *exists = true;
        if (rs_exposed_has(e->read, i))
            return true;
    }
    return false;
}

static bool is_listed(const struct response *plan, const char *metric)
{
    for (int i = 0; i < plan->n_metric; i++) {
        if (strcmp(plan->metric[i].metric, metric) == 0)
            return true;
    }
    return false;
}

static void check_listed(struct eyes *e, const struct listed_metric *m)
{
    struct check *c = e->c;
    bool exists = false;
    if (is_read(e, m->metric, NULL, &exists))
        return;
    const char *about = rs_arena_printf(c->arena, "metric %s", m->metric);
    const char *code = exists ? "metric-unread" : "metric-missing";
    struct finding *f =
        rs_check_add(c, code, m->at, m->ref, about,
                     exists ? "%s%s%s is to be watched, and no alert, gate or trigger reads it"
                            : "%s%s%s is to be watched, and nothing exposes it",
                     m->says ? m->says : "", m->says ? ": " : "", m->metric);
    rs_check_words(c, f, "metric", "%s", m->metric);
    if (exists)
        rs_check_mend(c, f, "write an alert, a gate or a trigger on %s, or take it off the list",
                      m->metric);
    else
        rs_check_mend(c, f, "let a service expose %s, or take it off the list", m->metric);
}

/* The counter's rate that a fault adds, per second; 0: this fault does not drive it. */
static double drives(const struct fault *fault, int service, int counter)
{
    double per_s = 0.0;
    for (int part = 0; part < 2 && fault->service == service; part++) {
        const struct effect *effect = part == 0 ? &fault->effect : &fault->residue;
        if (part == 1 && !fault->has_residue)
            break;
        for (int i = 0; i < effect->n_counter; i++)
            per_s += effect->counter[i] == counter ? effect->counter_per_s[i] : 0.0;
    }
    return per_s;
}

static void check_counter(struct eyes *e, int service, int counter)
{
    struct check *c = e->c;
    const struct service *sv = &c->sc->service[service];
    const struct counter *own = &sv->counter[counter];
    bool exists = false;
    if (is_listed(&c->sc->response, own->metric) || is_read(e, own->metric, sv->name, &exists))
        return;
    for (int i = 0; i < c->sc->n_fault; i++) {
        const struct fault *fault = &c->sc->fault[i];
        double per_s = drives(fault, service, counter);
        if (!(per_s > 0.0))
            continue;
        struct finding *f =
            rs_check_add(c, "metric-unread", own->at, own->ref,
                         rs_arena_printf(c->arena, "counter %s", own->metric),
                         "%s of %s rises with the fault %s, and no alert, gate or trigger reads it",
                         own->metric, sv->name, fault->name);
        rs_check_words(c, f, "metric", "%s", own->metric);
        rs_check_words(c, f, "fault", "%s", fault->name);
        rs_check_number(f, "rate_per_s", per_s);
        rs_check_mend(c, f, "write an alert, a gate or a trigger on %s", own->metric);
        return;
    }
}

void rs_eyes_metrics(struct eyes *e)
{
    const struct scenario *sc = e->c->sc;
    for (int i = 0; i < e->n; i++) {
        struct holding h = {e, &e->eye[i], NULL};
        rs_promql_readings(e->eye[i].expr, hold_against, &h);
    }
    check_recovered(e);
    for (int i = 0; i < sc->response.n_metric; i++)
        check_listed(e, &sc->response.metric[i]);
    for (int i = 0; i < sc->n_service; i++) {
        for (int k = 0; k < sc->service[i].n_counter; k++)
            check_counter(e, i, k);
    }
}
