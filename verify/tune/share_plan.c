/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A unit's simulator: the scenario that its settings have in common, and at each site the variants that they differ in. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "share.h"

int rs_share_blame(const struct share_job *job,
                   const uint16_t *value,
                   const struct err *why,
                   struct err *err)
{
    const struct tune_plan *plan = job->src->plan;
    char words[160] = "today's setting";
    size_t n = 0;
    for (int i = 0; i < plan->n_param && n < sizeof words; i++) {
        const struct tune_param *p = &plan->param[i];
        if (value[i] != p->today)
            n += (size_t)snprintf(words + n, sizeof words - n, "%s%s %s", n > 0 ? ", " : "",
                                  p->name, p->value[value[i]].text);
    }
    if (err && err->code == RS_E_NONE)
        *err = *why;
    return rs_err_context(err, "with %s", words);
}

static int blame_list(const struct share_job *job,
                      const uint16_t *value,
                      struct err_list *errors,
                      struct err *err)
{
    struct err first = {.code = RS_E_INTERNAL, .text = "it makes no scenario"};
    if (errors->n > 0)
        first = errors->item[0];
    size_t n_more = errors->n > 0 ? errors->n - 1 + errors->n_dropped : 0, n = strlen(first.text);
    if (n_more > 0)
        snprintf(first.text + n, sizeof first.text - n, " (and %zu more)", n_more);
    return rs_share_blame(job, value, &first, err);
}

/* ---- conditions by their places ---- */

/* The place-th condition of the runbook; NULL past the last one. */
static const struct promql *const *condition_at(const struct response *r, int place)
{
    if (place < 2 * r->n_procedure) {
        const struct procedure *p = &r->procedure[place / 2];
        return place % 2 == 0 ? &p->trigger : &p->recovered;
    }
    place -= 2 * r->n_procedure;
    for (int i = 0; i < r->n_stage; i++) {
        if (place < r->stage[i].n_gate)
            return &r->stage[i].gate[place].expr;
        place -= r->stage[i].n_gate;
    }
    return NULL;
}

/* The condition of sc that stands where `expr` stands in today's scenario; NULL: none does. */
static const struct promql *
condition_like(const struct scenario *today, const struct scenario *sc, const struct promql *expr)
{
    const struct promql *const *at;
    for (int i = 0; (at = condition_at(&today->response, i)) != NULL; i++) {
        if (*at == expr) {
            const struct promql *const *there = condition_at(&sc->response, i);
            return there ? *there : NULL;
        }
    }
    return NULL;
}

/* ---- the variants of a site ---- */

/* Settings by their values at one site. */
struct at_site {
    const struct share_job *job;
    const struct tune_site *site;
    struct share_plan *plan;
    struct lane_site *lane_site;
    uint32_t *order;            /* [n] of the unit's settings */
    const struct rule **rule;   /* [n] what lane_site's variants are, */
    const struct promql **expr; /* [n] while they are being made */
};

static int compare_values(const struct at_site *x, const uint16_t *a, const uint16_t *b)
{
    for (int i = 0; i < x->site->n_param; i++) {
        int p = x->site->param[i];
        if (a[p] != b[p])
            return a[p] < b[p] ? -1 : 1;
    }
    return 0;
}

/* Merge sort: qsort has no place for what the comparison needs to know. */
static void sort_settings(
    const struct at_site *x, const struct share_unit *u, uint32_t *at, uint32_t *spare, uint32_t n)
{
    if (n < 2)
        return;
    uint32_t half = n / 2, i = 0, k = half, to = 0;
    sort_settings(x, u, at, spare, half);
    sort_settings(x, u, at + half, spare, n - half);
    while (i < half || k < n) {
        bool left =
            k == n || (i < half && compare_values(x, rs_share_value(x->job, u->setting[at[i]]),
                                                  rs_share_value(x->job, u->setting[at[k]])) <= 0);
        spare[to++] = left ? at[i++] : at[k++];
    }
    memcpy(at, spare, n * sizeof *at);
}

static const struct rule *rule_at(const struct scenario *sc, const struct tune_site *s)
{
    return &sc->monitoring.rule_file[s->file]->group[s->group].rule[s->rule];
}

static bool same_expr(struct arena *arena, const struct promql *a, const struct promql *b)
{
    return strcmp(rs_promql_print(arena, a), rs_promql_print(arena, b)) == 0;
}

/*
 * A variant: the rule of the unit's scenario with the setting's expression and waits, for what else is written in the rule may be
 * turned by other parameters. 0 or -1.
 */
static int add_variant(struct at_site *x, int site, const uint16_t *value, struct err *err)
{
    const struct tune_source *src = x->job->src;
    struct lane_site *l = x->lane_site;
    struct arena *arena = x->plan->arena;
    struct err_list errors;
    bool ok;
    rs_err_list_init(&errors);
    if (l->kind == RS_LANE_RULE) {
        const struct rule *made = src->rule(src->ctx, arena, site, value, &errors);
        ok = made != NULL;
        if (ok) {
            struct rule *r = RS_ARENA_ARRAY(arena, struct rule, 1);
            *r = *rule_at(x->plan->sc, x->site);
            r->expr = made->expr;
            r->expr_text = made->expr_text;
            r->for_ns = made->for_ns;
            r->keep_firing_for_ns = made->keep_firing_for_ns;
            x->rule[l->n_variant] = r;
        }
    } else {
        const struct promql *made = src->condition(src->ctx, arena, site, value, &errors);
        ok = made != NULL;
        x->expr[l->n_variant] = made;
    }
    l->n_variant += ok;
    if (!ok)
        blame_list(x->job, value, &errors, err);
    rs_err_list_clear(&errors);
    return ok ? 0 : -1;
}

/*
 * What the unit's scenario has at the site must be what the first setting has there: its variant there is the site's. Else some
 * parameter that changes more changes this too.
 */
static bool is_as_made(const struct at_site *x, int variant)
{
    const struct lane_site *l = x->lane_site;
    if (l->kind == RS_LANE_CONDITION)
        return l->expr && same_expr(x->plan->arena, l->expr, l->expr_variant[variant]);
    const struct rule *there = rule_at(x->plan->sc, x->site), *made = l->rule_variant[variant];
    return there->for_ns == made->for_ns && there->keep_firing_for_ns == made->keep_firing_for_ns &&
           same_expr(x->plan->arena, there->expr, made->expr);
}

static int
make_site(struct at_site *x, int site, const struct share_unit *u, int n_site, struct err *err)
{
    struct share_plan *p = x->plan;
    struct lane_site *l = x->lane_site;
    uint32_t *spare = RS_ARENA_ARRAY(p->arena, uint32_t, u->n);
    int number = (int)(l - p->lanes.site);
    x->order = RS_ARENA_ARRAY(p->arena, uint32_t, u->n);
    x->rule = RS_ARENA_ARRAY(p->arena, const struct rule *, u->n);
    x->expr = RS_ARENA_ARRAY(p->arena, const struct promql *, u->n);
    *l = (struct lane_site){
        .kind = x->site->kind == RS_SITE_RULE ? RS_LANE_RULE : RS_LANE_CONDITION,
        .file = x->site->file,
        .group = x->site->group,
        .rule = x->site->rule,
        .rule_variant = x->rule,
        .expr_variant = x->expr,
    };
    if (l->kind == RS_LANE_CONDITION)
        l->expr = condition_like(x->job->src->today, p->sc, x->site->expr);
    for (uint32_t i = 0; i < u->n; i++)
        x->order[i] = i;
    sort_settings(x, u, x->order, spare, u->n);
    for (uint32_t i = 0; i < u->n; i++) {
        const uint16_t *value = rs_share_value(x->job, u->setting[x->order[i]]);
        bool is_new =
            i == 0 ||
            compare_values(x, value, rs_share_value(x->job, u->setting[x->order[i - 1]])) != 0;
        if (is_new && add_variant(x, site, value, err) != 0)
            return -1;
        p->variant[(size_t)x->order[i] * (size_t)n_site + (size_t)number] =
            (uint16_t)(l->n_variant - 1);
    }
    if (p->own && !is_as_made(x, p->variant[number]))
        p->split = true;
    return 0;
}

/* ---- the plan ---- */

static int make_sites(const struct share_job *job,
                      const struct share_unit *u,
                      struct share_plan *p,
                      struct err *err)
{
    const struct tune_plan *plan = job->src->plan;
    struct lane_site *site = RS_ARENA_ARRAY(p->arena, struct lane_site, plan->n_site + 1);
    int n_site = 0, n = 0;
    for (int i = 0; i < plan->n_site; i++)
        n_site += job->shares[i];
    p->lanes = (struct lane_plan){.n_site = n_site, .site = site, .pending = job->opt->pending};
    p->variant = rs_xcalloc((size_t)u->n * (size_t)n_site + 1, sizeof *p->variant);
    for (int i = 0; i < plan->n_site; i++) {
        if (!job->shares[i])
            continue;
        struct at_site x = {.job = job, .site = &plan->site[i], .plan = p, .lane_site = &site[n++]};
        if (make_site(&x, i, u, n_site, err) != 0)
            return -1;
    }
    for (int i = 0; i < n_site && !p->split; i++)
        p->split = !rs_lanes_can_share(p->sc, &site[i]);
    return 0;
}

static struct scenario *
scenario_with(const struct share_job *job, const uint16_t *value, struct err *err)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    struct scenario *sc = job->src->scenario(job->src->ctx, value, &errors);
    if (!sc)
        blame_list(job, value, &errors, err);
    rs_err_list_clear(&errors);
    return sc;
}

/* Is the setting today's in all that is not said at sites that share? */
static bool is_todays(const struct share_job *job, const uint16_t *value)
{
    const struct tune_plan *plan = job->src->plan;
    for (int i = 0; i < plan->n_param; i++) {
        int site = plan->param[i].site;
        if (value[i] != plan->param[i].today && (site < 0 || !job->shares[site]))
            return false;
    }
    return true;
}

struct share_plan *
rs_share_plan_new(const struct share_job *job, const struct share_unit *u, struct err *err)
{
    const uint16_t *value = rs_share_value(job, u->setting[0]);
    struct share_plan *p = rs_xcalloc(1, sizeof *p);
    bool ok = true;
    p->arena = rs_arena_new();
    p->sc = job->src->today;
    if (!is_todays(job, value)) {
        p->sc = p->own = scenario_with(job, value, err);
        ok = p->own != NULL;
    }
    ok = ok && make_sites(job, u, p, err) == 0;
    if (ok && !p->split) {
        p->sim = rs_simulator_new_lanes(p->sc, &p->lanes, err);
        ok = p->sim != NULL;
    }
    if (!ok) {
        rs_share_plan_free(p);
        return NULL;
    }
    return p;
}

struct share_plan *
rs_share_plan_plain(const struct share_job *job, uint32_t setting, struct err *err)
{
    struct share_plan *p = rs_xcalloc(1, sizeof *p);
    p->plain = true;
    p->sc = p->own = scenario_with(job, rs_share_value(job, setting), err);
    if (p->own)
        p->sim = rs_simulator_new(p->sc, err);
    if (!p->sim) {
        rs_share_plan_free(p);
        return NULL;
    }
    return p;
}

void rs_share_plan_free(struct share_plan *p)
{
    if (!p)
        return;
    rs_simulator_free(p->sim);
    free(p->variant);
    rs_scenario_free(p->own);
    rs_arena_free(p->arena);
    free(p);
}
