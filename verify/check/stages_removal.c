/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * irreversible-early: a code path is removed before anybody saw that the service is stable without it. What counts as seen:
 * the watch that ended last before the removal had a gate, or a watched trigger, that reads the service. A stage that watches
 * after its removal has its watch at the wrong place, whatever was watched before.
 */
#include <string.h>

#include "models/promql_condition.h"
#include "models/rules.h"
#include "sim/arena.h"
#include "sim/clock.h"
#include "states.h"

/* ---- which service an expression looks at ---------------------------------------------------------------------------- */

struct look {
    const struct scenario *sc;
    struct arena *arena;
    int service;
    int depth; /* of alerts that read alerts */
};

static bool is_series_of(const char *metric, const char *name, bool histogram)
{
    size_t n = name ? strlen(name) : 0;
    if (!name || strncmp(metric, name, n) != 0)
        return false;
    const char *rest = metric + n;
    return *rest == '\0' ||
           (histogram && (strcmp(rest, "_bucket") == 0 || strcmp(rest, "_sum") == 0 ||
                          strcmp(rest, "_count") == 0));
}

static bool exposes(const struct service *sv, const char *metric)
{
    if (!metric) /* matched by a pattern: perhaps */
        return true;
    if (is_series_of(metric, sv->requests_metric, false) ||
        is_series_of(metric, sv->latency_metric, true))
        return true;
    for (int i = 0; i < sv->n_counter; i++) {
        if (strcmp(metric, sv->counter[i].metric) == 0)
            return true;
    }
    return false;
}

static bool job_fits(const struct service *sv, const struct matcher_text *m)
{
    if (strcmp(m->label, "job") != 0)
        return true;
    if (strcmp(m->op, "=") == 0)
        return strcmp(m->value, sv->name) == 0;
    return strcmp(m->op, "!=") != 0 || strcmp(m->value, sv->name) != 0;
}

static bool expr_looks(const struct look *l, const struct promql *expr);

static bool alert_looks(const struct look *l, const char *alert)
{
    const struct monitoring *mon = &l->sc->monitoring;
    struct look deeper = *l;
    if (++deeper.depth > 8)
        return false;
    for (int f = 0; f < mon->n_rule_file; f++) {
        const struct rule_file *file = mon->rule_file[f];
        for (int g = 0; g < file->n_group; g++) {
            for (int r = 0; r < file->group[g].n_rule; r++) {
                const struct rule *rule = &file->group[g].rule[r];
                if (rule->alert && strcmp(rule->alert, alert) == 0 &&
                    expr_looks(&deeper, rule->expr))
                    return true;
            }
        }
    }
    return false;
}

static bool comparison_looks(const struct look *l, const struct comparison *c)
{
    const struct service *sv = &l->sc->service[l->service];
    if (c->kind == RS_MEASURE_OTHER) /* not understood: no finding rests on it */
        return true;
    if (c->kind == RS_MEASURE_ALERT)
        return c->alert && alert_looks(l, c->alert);
    bool fits = exposes(sv, c->metric);
    for (int i = 0; i < c->n_matcher; i++)
        fits &= job_fits(sv, &c->matcher[i]);
    return fits;
}

static bool expr_looks(const struct look *l, const struct promql *expr)
{
    const struct monitoring *mon = &l->sc->monitoring;
    struct promql_condition condition;
    struct promql_records records = {mon->n_rule_file, mon->rule_file};
    rs_promql_condition(l->arena, expr, &records, &condition);
    for (int t = 0; t < condition.n_term; t++) {
        for (int i = 0; i < condition.term[t].n; i++) {
            if (comparison_looks(l, &condition.term[t].comparison[i]))
                return true;
        }
    }
    return false;
}

bool rs_expr_looks_at(const struct scenario *sc, const struct promql *expr, int service)
{
    struct look l = {.sc = sc, .arena = rs_arena_new(), .service = service};
    bool looks = expr_looks(&l, expr);
    rs_arena_free(l.arena);
    return looks;
}

/* ---- who reads what in a stage --------------------------------------------------------------------------------------- */

bool rs_stage_looks(const struct stage *st, int64_t watch_ns)
{
    return st->look_every_ns != RS_NEVER && st->look_every_ns > 0 && st->look_every_ns <= watch_ns;
}

static int64_t longest_watch(const struct stage *st)
{
    int64_t longest = st->watch_ns;
    for (int i = 0; i < st->n_ramp; i++)
        longest = st->ramp[i].watch_ns > longest ? st->ramp[i].watch_ns : longest;
    return longest;
}

bool rs_stage_watches(const struct stage *st)
{
    return st->n_watched > 0 && rs_stage_looks(st, longest_watch(st));
}

/* A watch holds as many reads as the gate wants in a row. */
static bool has_run(const struct stage *st, const struct gate *g, int64_t every_ns)
{
    return longest_watch(st) / every_ns >= (g->in_a_row > 1 ? g->in_a_row : 1);
}

bool rs_gate_decides(const struct scenario *sc, const struct stage *st, const struct gate *g)
{
    if (g->then == RS_THEN_PROMOTE)
        return false;
    int64_t every_ns = sc->monitoring.evaluation_interval_ns;
    switch (g->when) {
    case RS_GATE_LOOKS:
        return rs_stage_looks(st, longest_watch(st)) && has_run(st, g, st->look_every_ns);
    case RS_GATE_END: return true;
    case RS_GATE_CONTINUOUS: return every_ns > 0 && has_run(st, g, every_ns);
    }
    return false;
}

/* Somebody who watches the stage looks at the service. */
static bool is_seen(const struct scenario *sc, const struct stage *st, int service)
{
    bool seen = false;
    for (int i = 0; i < st->n_gate && !seen; i++)
        seen = rs_gate_decides(sc, st, &st->gate[i]) &&
               rs_expr_looks_at(sc, st->gate[i].expr, service);
    for (int i = 0; i < st->n_watched && !seen && rs_stage_watches(st); i++) {
        const struct promql *trigger = sc->response.procedure[st->watched[i]].trigger;
        seen = trigger && rs_expr_looks_at(sc, trigger, service);
    }
    return seen;
}

/* ---- removals -------------------------------------------------------------------------------------------------------- */

/* The stage whose watch ended last before the removal; -1 = nothing was watched before. */
static int watched_before(const struct response *plan, int stage, bool closing)
{
    int k = closing ? stage : stage - 1;
    while (k >= 0 && longest_watch(&plan->stage[k]) <= 0)
        k--;
    return k;
}

static bool is_early(const struct scenario *sc, int stage, bool closing, int service)
{
    const struct response *plan = &sc->response;
    int k = watched_before(plan, stage, closing);
    if (!closing && longest_watch(&plan->stage[stage]) > 0)
        return true;
    return k < 0 || !is_seen(sc, &plan->stage[k], service);
}

bool rs_stage_removes_early(const struct scenario *sc, int stage, int service)
{
    const struct stage *st = &sc->response.stage[stage];
    for (int i = 0; i < st->n_action; i++) {
        const struct action *a = &st->action[i];
        if (a->kind == RS_ACT_REMOVE && (service < 0 || a->service == service) &&
            is_early(sc, stage, false, a->service))
            return true;
    }
    for (int i = 0; i < st->n_closing; i++) {
        const struct action *a = &st->closing[i];
        if (a->kind == RS_ACT_REMOVE && (service < 0 || a->service == service) &&
            is_early(sc, stage, true, a->service))
            return true;
    }
    return false;
}

static void tell(struct check *c, int stage, bool closing, const struct action *a)
{
    const struct scenario *sc = c->sc;
    const struct stage *st = &sc->response.stage[stage];
    const char *service = sc->service[a->service].name;
    const char *path = sc->service[a->service].path[a->path].name;
    const char *about = rs_arena_printf(c->arena, "stage %s", st->name);
    int k = watched_before(&sc->response, stage, closing);
    struct finding *f;
    if (!closing && longest_watch(st) > 0)
        f = rs_check_add(c, "irreversible-early", a->at, a->ref ? a->ref : st->ref, about,
                         "path %s of %s is removed for good before the watch of the stage begins",
                         path, service);
    else if (k < 0)
        f = rs_check_add(c, "irreversible-early", a->at, a->ref ? a->ref : st->ref, about,
                         "path %s of %s is removed for good, and nothing was watched before", path,
                         service);
    else
        f = rs_check_add(c, "irreversible-early", a->at, a->ref ? a->ref : st->ref, about,
                         "path %s of %s is removed for good, and no gate and no watched trigger of "
                         "the watch before it (%s) looks at %s",
                         path, service, sc->response.stage[k].name, service);
    rs_check_words(c, f, "service", "%s", service);
    rs_check_words(c, f, "removed", "%s", path);
    rs_check_words(c, f, "watched_before", "%s", k < 0 ? "nothing" : sc->response.stage[k].name);
    rs_check_number(f, "watch_before_s",
                    k < 0 ? 0.0 : (double)longest_watch(&sc->response.stage[k]) / 1e9);
    rs_check_mend(c, f,
                  "remove it among the closing actions, after a watch with a gate or a watched "
                  "trigger on %s that says what stable means",
                  service);
}

void rs_stages_removal(struct check *c)
{
    const struct response *plan = &c->sc->response;
    for (int k = 0; k < plan->n_stage; k++) {
        const struct stage *st = &plan->stage[k];
        for (int i = 0; i < st->n_action; i++) {
            if (st->action[i].kind == RS_ACT_REMOVE &&
                is_early(c->sc, k, false, st->action[i].service))
                tell(c, k, false, &st->action[i]);
        }
        for (int i = 0; i < st->n_closing; i++) {
            if (st->closing[i].kind == RS_ACT_REMOVE &&
                is_early(c->sc, k, true, st->closing[i].service))
                tell(c, k, true, &st->closing[i]);
        }
    }
}
