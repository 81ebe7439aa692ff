/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A simulator with lanes: which lanes the present history is of, what each site has in use, and where lanes part. */
#include "models/lanes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lanes.h"
#include "sim/arena.h"

/* ---- making ---------------------------------------------------------------------------------- */

struct lanes *rs_loop_lanes_new(struct simulator *sim)
{
    const struct lane_plan *plan = sim->lane_plan;
    struct lanes *l = rs_xcalloc(1, sizeof *l);
    l->site = rs_xcalloc((size_t)plan->n_site + 1, sizeof *l->site);
    l->varied = rs_xcalloc((size_t)plan->n_site + 1, sizeof *l->varied);
    l->reach = rs_reach_new(sim);
    l->cap_name = 4;
    for (int i = 0; i < plan->n_site; i++) {
        struct site *s = &l->site[i];
        s->sim = sim;
        s->number = i;
        s->plan = &plan->site[i];
        assert(s->plan->n_variant >= 1 && s->plan->n_variant <= UINT16_MAX);
        s->used = rs_xcalloc((size_t)s->plan->n_variant, sizeof *s->used);
        s->class_of = rs_xcalloc((size_t)s->plan->n_variant, sizeof *s->class_of);
    }
    l->name = rs_xcalloc(l->cap_name, sizeof *l->name);
    l->end = rs_xcalloc(l->cap_name, sizeof *l->end);
    return l;
}

void rs_loop_lanes_free(struct lanes *l)
{
    if (!l)
        return;
    int n_site = l->site[0].sim ? l->site[0].sim->lane_plan->n_site : 0;
    for (int i = 0; i < n_site; i++) {
        struct site *s = &l->site[i];
        rs_promql_variants_free(s->exprs);
        free(s->expr_true);
        free(s->expr_used);
        free(s->expr_scalar);
        free(s->used);
        free(s->class_of);
        free(s->reach_of);
        free(s->reach_like);
    }
    rs_reach_free(l->reach);
    free(l->site);
    free(l->varied);
    free(l->lane);
    free(l->sorted);
    free(l->end);
    free(l->class);
    free(l->name);
    free(l);
}

static int choose_rule(void *ctx, const int *class_of);

static bool is_of(const struct lane_site *p, int file, int group)
{
    return p->kind == RS_LANE_RULE && p->file == file && p->group == group;
}

void rs_loop_lanes_vary(struct simulator *sim, int file, int group, struct rule_runner_options *opt)
{
    const struct rule_group *g = &sim->sc->monitoring.rule_file[file]->group[group];
    opt->varied = sim->lanes->varied;
    for (int i = 0; i < sim->lane_plan->n_site; i++) {
        const struct lane_site *p = &sim->lane_plan->site[i];
        if (!is_of(p, file, group))
            continue;
        sim->lanes->varied[opt->n_varied++] = (struct rule_variants){
            .rule = p->rule,
            .n = p->n_variant,
            .variant = p->rule_variant,
            .pending = sim->lane_plan->pending ||
                       rs_loop_pending_is_read(sim->sc, sim->lane_plan, g->rule[p->rule].alert),
            .choose = choose_rule,
            .ctx = &sim->lanes->site[i],
        };
    }
}

void rs_loop_lanes_made(struct simulator *sim, int file, int group, struct rule_runner *runner)
{
    for (int i = 0; i < sim->lane_plan->n_site; i++) {
        if (is_of(&sim->lane_plan->site[i], file, group))
            sim->lanes->site[i].runner = runner;
    }
}

int rs_loop_lanes_condition(struct simulator *sim,
                            const struct promql *expr,
                            const struct promql_options *opt)
{
    for (int i = 0; i < sim->lane_plan->n_site; i++) {
        struct site *s = &sim->lanes->site[i];
        if (s->plan->kind != RS_LANE_CONDITION || s->plan->expr != expr)
            continue;
        if (!s->exprs) {
            s->exprs =
                rs_promql_variants_new(s->plan->expr_variant, s->plan->n_variant, sim->db, *opt);
            size_t n = (size_t)rs_promql_variants_count(s->exprs);
            s->expr_true = rs_xcalloc(n, sizeof *s->expr_true);
            s->expr_used = rs_xcalloc(n, sizeof *s->expr_used);
            s->expr_scalar = rs_xcalloc(n, sizeof *s->expr_scalar);
            for (int k = 0; k < s->plan->n_variant; k++)
                s->expr_scalar[rs_promql_variants_of(s->exprs, k)] =
                    rs_promql_type(s->plan->expr_variant[k]) == RS_PQL_SCALAR;
        }
        return i;
    }
    return -1;
}

/* ---- which lanes ----------------------------------------------------------------------------- */

/* Tells a site what the lanes of the history have in use. */
static void use(const struct lanes *l, struct site *s)
{
    memset(s->used, 0, (size_t)s->plan->n_variant * sizeof *s->used);
    for (uint32_t i = 0; i < l->n; i++)
        s->used[rs_lane_variant(l, l->lane[i], s)] = true;
    if (s->plan->kind == RS_LANE_RULE) {
        rs_rule_runner_use(s->runner, s->plan->rule, s->used, rs_lane_variant(l, l->lane[0], s));
    } else if (s->exprs) {
        memset(s->expr_used, 0, (size_t)rs_promql_variants_count(s->exprs) * sizeof *s->expr_used);
        for (int i = 0; i < s->plan->n_variant; i++)
            s->expr_used[rs_promql_variants_of(s->exprs, i)] |= s->used[i];
        rs_promql_variants_use(s->exprs, s->expr_used);
    }
}

static void use_all(const struct simulator *sim)
{
    for (int i = 0; i < sim->lane_plan->n_site; i++)
        use(sim->lanes, &sim->lanes->site[i]);
}

/*
 * Sorts the lanes into `sorted` by their classes, which are called what l->class says, below n_name, and numbers the classes by
 * their first lanes; returns how many there are.
 */
static uint32_t sort_lanes(struct lanes *l, uint32_t n_name)
{
    uint32_t n_class = 0;
    if (n_name > l->cap_name) {
        l->cap_name = 2 * n_name;
        l->name = rs_xrealloc(l->name, l->cap_name * sizeof *l->name);
        l->end = rs_xrealloc(l->end, l->cap_name * sizeof *l->end);
    }
    for (uint32_t i = 0; i < n_name; i++)
        l->name[i] = UINT32_MAX;
    for (uint32_t i = 0; i < l->n; i++) {
        uint32_t *name = &l->name[l->class[i]];
        if (*name == UINT32_MAX) {
            l->end[n_class] = 0;
            *name = n_class++;
        }
        l->class[i] = *name;
        l->end[*name]++;
    }
    for (uint32_t k = 1; k < n_class; k++)
        l->end[k] += l->end[k - 1];
    for (uint32_t i = l->n; i-- > 0;)
        l->sorted[--l->end[l->class[i]]] = l->lane[i];
    for (uint32_t k = 0; k + 1 < n_class; k++)
        l->end[k] = l->end[k + 1];
    l->end[n_class - 1] = l->n;
    return n_class;
}

/* Lanes of different classes go different ways: those that are followed are left. */
static void separate(struct simulator *sim, uint32_t n_name)
{
    struct lanes *l = sim->lanes;
    int n_class = (int)sort_lanes(l, n_name);
    if (n_class == 1)
        return;
    int k = l->now.part(l->now.part_ctx, rs_kernel_now(sim->kernel), n_class, l->sorted, l->end);
    assert(k >= 0 && k < n_class);
    uint32_t begin = k > 0 ? l->end[k - 1] : 0;
    l->n = l->end[k] - begin;
    memcpy(l->lane, l->sorted + begin, l->n * sizeof *l->lane);
}

void rs_loop_lanes_ready(struct simulator *sim)
{
    rs_reach_ready(sim);
}

void rs_loop_lanes_begin(struct simulator *sim)
{
    struct lanes *l = sim->lanes;
    l->n = l->now.n_lane;
    for (uint32_t i = 0; i < l->n; i++)
        l->lane[i] = i;
    separate(sim, rs_reach_classes(sim));
    rs_reach_keep(sim);
    use_all(sim);
}

/* The lanes go different ways at a site. Returns the variant of the first lane that is followed. */
static int choose(struct site *s, const int *class_of)
{
    struct simulator *sim = s->sim;
    struct lanes *l = sim->lanes;
    for (uint32_t i = 0; i < l->n; i++) {
        int of = class_of[rs_lane_variant(l, l->lane[i], s)];
        assert(of >= 0 && of <= s->plan->n_variant);
        l->class[i] = (uint32_t)of;
    }
    separate(sim, (uint32_t)s->plan->n_variant + 1);
    use_all(sim);
    return rs_lane_variant(l, l->lane[0], s);
}

static int choose_rule(void *ctx, const int *class_of)
{
    return choose(ctx, class_of);
}

/* ---- conditions ------------------------------------------------------------------------------ */

static void note_truth(void *ctx, int expr, const struct vector *result, const struct err *err)
{
    struct site *s = ctx;
    (void)err; /* a condition that cannot be evaluated is false */
    if (!result)
        return;
    double v = result->item[0].v;
    s->expr_true[expr] = !s->expr_scalar[expr] || (v == v && v != 0.0); /* NaN is false */
}

bool rs_loop_lanes_true(struct simulator *sim, int site, int64_t t_ms)
{
    struct site *s = &sim->lanes->site[site];
    bool some[2] = {false, false};
    memset(s->expr_true, 0, (size_t)rs_promql_variants_count(s->exprs) * sizeof *s->expr_true);
    rs_promql_variants_eval(s->exprs, t_ms, note_truth, s);
    for (int i = 0; i < s->plan->n_variant; i++) {
        bool is_true = s->expr_true[rs_promql_variants_of(s->exprs, i)];
        s->class_of[i] = s->used[i] ? is_true : -1;
        if (s->used[i])
            some[is_true] = true;
    }
    if (some[0] && some[1])
        return s->class_of[choose(s, s->class_of)] == 1;
    return some[1];
}

/* ---- the simulator --------------------------------------------------------------------------- */

struct simulator *
rs_simulator_new_lanes(const struct scenario *sc, const struct lane_plan *plan, struct err *err)
{
    for (int i = 0; i < plan->n_site; i++) {
        const struct lane_site *s = &plan->site[i];
        if (!rs_lanes_can_share(sc, s)) {
            rs_err_set(err, RS_E_INTERNAL, "site %d cannot share a history", i);
            return NULL;
        }
    }
    return rs_loop_new(sc, plan, err);
}

static void take_options(struct simulator *sim, const struct lanes_options *o)
{
    struct lanes *l = sim->lanes;
    if (o->n_lane > l->cap) {
        l->cap = o->n_lane;
        l->lane = rs_xrealloc(l->lane, l->cap * sizeof *l->lane);
        l->sorted = rs_xrealloc(l->sorted, l->cap * sizeof *l->sorted);
        l->class = rs_xrealloc(l->class, l->cap * sizeof *l->class);
    }
    l->now = *o;
}

int rs_simulator_run_lanes(struct simulator *sim,
                           const struct replica_options *opt,
                           const struct lanes_options *lanes,
                           struct history *out,
                           const uint32_t **out_lane,
                           uint32_t *out_n,
                           struct err *err)
{
    assert(sim->lane_plan && lanes->n_lane >= 1);
    if (rs_loop_renew(sim, err) != 0)
        return -1;
    take_options(sim, lanes);
    int status = rs_loop_run(sim, opt, out, err);
    *out_lane = sim->lanes->lane;
    *out_n = sim->lanes->n;
    return status;
}
