/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Alerts that lead nowhere: no procedure lists them, no automation acts on them, and no gate looks at the same. */
#include <string.h>

#include "cover.h"
#include "exposed.h"
#include "eyes.h"

struct asking {
    struct check *c;
    const struct rule *rule;
    bool asked;
};

static void asks_for_alert(void *ctx, const struct promql_reading *r)
{
    struct asking *x = ctx;
    struct promql_selector *s =
        rs_promql_selector_of(r, (enum promql_dialect)x->c->sc->monitoring.dialect);
    if (rs_promql_selector_allows(s, "__name__", "ALERTS") &&
        rs_promql_selector_allows(s, "alertname", x->rule->alert))
        x->asked = true;
    rs_promql_selector_free(s);
}

static bool is_asked_for(const struct eyes *e, const struct rule *rule)
{
    struct asking x = {e->c, rule, false};
    for (int i = 0; i < e->n && !x.asked; i++)
        rs_promql_readings(e->eye[i].expr, asks_for_alert, &x);
    return x.asked;
}

/* A gate looks at the same: the runbook says what is to be done about it. */
static bool is_gated(const struct eyes *e, const struct rule *rule)
{
    const struct response *plan = &e->c->sc->response;
    for (int i = 0; i < plan->n_stage; i++) {
        for (int k = 0; k < plan->stage[i].n_gate; k++) {
            const struct promql *expr = plan->stage[i].gate[k].expr;
            struct promql_condition condition = rs_cover_condition(e->c, expr);
            for (int t = 0; t < condition.n_term; t++) {
                if (rs_cover_sees(e->c, &condition.term[t], expr, rule->expr, rule->alert))
                    return true;
            }
        }
    }
    return false;
}

static void check_alert(const struct eyes *e, const struct eye *eye)
{
    struct check *c = e->c;
    const struct rule *rule = eye->rule;
    struct promql_reason why;
    for (int p = 0; p < c->sc->response.n_procedure; p++) {
        if (rs_cover_leads(c->sc, rule->alert, p))
            return;
    }
    if (eye->missing || is_asked_for(e, rule) || is_gated(e, rule) || eye->named ||
        rs_promql_truth(c->arena, rule->expr, &why) == RS_TRUTH_ALWAYS)
        return;
    struct finding *f = rs_check_add(
        c, "trigger-unwatched", rule->name_at, NULL,
        rs_arena_printf(c->arena, "alert %s", rule->alert),
        "it leads to no procedure: whoever is told of it finds nothing to do in the runbook");
    rs_check_number(f, "n_procedure", c->sc->response.n_procedure);
    rs_check_mend(c, f, "add %s to the `alerts` of the procedure that it calls for", rule->alert);
}

void rs_eyes_alerts(struct eyes *e)
{
    for (int i = 0; i < e->n; i++) {
        if (e->eye[i].rule && e->eye[i].rule->alert)
            check_alert(e, &e->eye[i]);
    }
}
