/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which rules can have lanes: what reads their ALERTS and ALERTS_FOR_STATE decides. */
#include <string.h>

#include "models/judge.h"
#include "models/promql_selector.h"
#include "simulator.h"

/* Does anything select the alert's series (NULL: any alert's) of this metric, in this state (NULL: whatever the state)? */
struct search {
    const char *metric, *state, *alert;
    enum promql_dialect dialect;
    bool found;
};

static void look_at(void *ctx, const struct promql_reading *r)
{
    struct search *f = ctx;
    struct promql_selector *s = rs_promql_selector_of(r, f->dialect);
    f->found = f->found || (rs_promql_selector_allows(s, "__name__", f->metric) &&
                            (!f->alert || rs_promql_selector_allows(s, "alertname", f->alert)) &&
                            (!f->state || rs_promql_selector_allows(s, "alertstate", f->state)));
    rs_promql_selector_free(s);
}

static void look_into(struct search *f, const struct promql *q)
{
    if (!q || f->found)
        return;
    f->dialect = rs_promql_dialect(q);
    rs_promql_readings(q, look_at, f);
}

static void look_into_judge(void *ctx, const struct promql *q)
{
    look_into(ctx, q);
}

/* A label's template that queries may read anything. */
static bool queries(const struct rule *rule)
{
    for (int i = 0; i < rule->n_label; i++) {
        if (rule->label_template && rule->label_template[i] &&
            strstr(rule->label[i].value, "query"))
            return true;
    }
    return false;
}

static void look_into_rules(struct search *f, const struct monitoring *m)
{
    for (int i = 0; i < m->n_rule_file; i++) {
        for (int j = 0; j < m->rule_file[i]->n_group; j++) {
            const struct rule_group *g = &m->rule_file[i]->group[j];
            for (int k = 0; k < g->n_rule; k++) {
                look_into(f, g->rule[k].expr);
                f->found = f->found || queries(&g->rule[k]);
            }
        }
    }
}

static void look_into_runbook(struct search *f, const struct response *r)
{
    for (int i = 0; i < r->n_procedure; i++) {
        look_into(f, r->procedure[i].trigger);
        look_into(f, r->procedure[i].recovered);
    }
    for (int i = 0; i < r->n_stage; i++) {
        for (int j = 0; j < r->stage[i].n_gate; j++)
            look_into(f, r->stage[i].gate[j].expr);
    }
}

static void look_into_site(struct search *f, const struct lane_site *s)
{
    for (int i = 0; i < s->n_variant; i++)
        look_into(f, s->kind == RS_LANE_RULE ? s->rule_variant[i]->expr : s->expr_variant[i]);
}

static void look_everywhere(struct search *f, const struct scenario *sc)
{
    look_into_rules(f, &sc->monitoring);
    look_into_runbook(f, &sc->response);
    for (int i = 0; i < sc->response.n_judge; i++)
        rs_judge_exprs(&sc->response.judge[i], look_into_judge, f);
}

bool rs_loop_pending_is_read(const struct scenario *sc,
                             const struct lane_plan *plan,
                             const char *alert)
{
    struct search f = {.metric = "ALERTS", .state = "pending", .alert = alert};
    look_everywhere(&f, sc);
    for (int i = 0; i < plan->n_site; i++)
        look_into_site(&f, &plan->site[i]);
    return f.found;
}

static const struct rule *rule_of(const struct scenario *sc, const struct lane_site *s)
{
    return &sc->monitoring.rule_file[s->file]->group[s->group].rule[s->rule];
}

/*
 * A rule with lanes does not write ALERTS_FOR_STATE (models/monitoring/rules/rules_lanes.c): nobody may read it, nor may any
 * variant of a site read it of any alert.
 */
bool rs_lanes_can_share(const struct scenario *sc, const struct lane_site *site)
{
    struct search f = {.metric = "ALERTS_FOR_STATE"};
    look_into_site(&f, site);
    if (!f.found && site->kind == RS_LANE_RULE) {
        if (rule_of(sc, site)->record)
            return false;
        f.alert = rule_of(sc, site)->alert;
        look_everywhere(&f, sc);
    }
    return !f.found;
}
