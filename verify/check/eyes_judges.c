/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Canary judges as eyes: what they measure, they see all the time. */
#include "exposed.h"
#include "eyes.h"
#include "models/judge.h"
#include "models/promql_inspect.h"

struct reading_of { /* the series that an expression reads, through what is recorded */
    struct check *c;
    uint64_t *set; /* [rs_exposed_words] */
    int depth;
};

enum { RECORDED_MAX = 8 }; /* rules that record what others recorded */

static void mark_series(void *ctx, const struct promql_reading *r)
{
    struct reading_of *x = ctx;
    const struct rule *rule;
    bool recorded = false;
    for (int i = 0; r->metric && (rule = rs_exposed_recorder(x->c->exposed, r->metric, i)); i++) {
        struct reading_of inner = {x->c, x->set, x->depth + 1};
        recorded = true;
        if (inner.depth < RECORDED_MAX)
            rs_promql_readings(rule->expr, mark_series, &inner);
    }
    if (!recorded) {
        struct promql_selector *s =
            rs_promql_selector_of(r, (enum promql_dialect)x->c->sc->monitoring.dialect);
        rs_exposed_select(x->c->exposed, s, x->set);
        rs_promql_selector_free(s);
    }
}

static void mark_measured(void *ctx, const struct promql *expr)
{
    rs_promql_readings(expr, mark_series, ctx);
}

bool rs_eyes_judged(struct check *c, int stage, int procedure)
{
    const struct response *plan = &c->sc->response;
    int n = rs_exposed_words(c->exposed);
    struct reading_of trigger = {c, RS_ARENA_ARRAY(c->arena, uint64_t, n), 0};
    mark_measured(&trigger, plan->procedure[procedure].trigger);
    for (int i = 0; i < plan->n_judge; i++) {
        struct reading_of own = {c, RS_ARENA_ARRAY(c->arena, uint64_t, n), 0};
        bool all = rs_judge_judges(&plan->judge[i], stage) &&
                   rs_judge_rolls_back(&plan->judge[i], procedure);
        rs_judge_exprs(&plan->judge[i], mark_measured, &own);
        for (int k = 0; k < n && all; k++)
            all = (trigger.set[k] & ~own.set[k]) == 0;
        if (all)
            return true;
    }
    return false;
}
