/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The whole grid. Parameters of alert rules that count share a pass over the recording; any other (of a recording rule, say)
 * changes what the rest sees, and each setting of those has a pass of its own: a world.
 */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "choose.h"
#include "pass.h"
#include "sim/clock.h"

struct rule_place { /* an alert rule that counts */
    int file, group, rule;
    int n_param;
    const int *param; /* [n_param] of the plan; none: it stands as it is */
    int n_variant;
    struct tally *tally; /* [n_variant] in a world; the last parameter turns fastest */
};

struct search {
    const struct retell *retell;
    const struct retell_options *opt;
    struct err_list *errors;
    struct retell_result *out;
    struct ledger ledger;
    struct choice choice;
    struct rule_place *place;
    int n_place;
    int *world_param; /* [n_world_param] of the plan */
    int n_world_param;
    bool shared;
    uint16_t *value; /* [n_param] the setting in hand */
    struct tally sum;
};

bool rs_retell_counts(const struct retell *d, const char *alert)
{
    bool counts = d->n_alert == 0;
    for (int i = 0; i < d->n_alert && !counts; i++) {
        counts = strcmp(d->alert[i], alert) == 0;
    }
    return counts;
}

static bool counts_fn(void *ctx, const char *alert)
{
    return rs_retell_counts(ctx, alert);
}

/* ---- what is shared ---- */

static const struct tune_site *site_of(const struct tune_plan *plan, int file, int group, int rule)
{
    for (int i = 0; i < plan->n_site; i++) {
        const struct tune_site *s = &plan->site[i];
        if (s->kind == RS_SITE_RULE && s->file == file && s->group == group && s->rule == rule) {
            return s;
        }
    }
    return NULL;
}

static uint64_t product(const struct tune_plan *plan, int n, const int *param)
{
    uint64_t all = 1;
    for (int i = 0; i < n; i++) {
        if (__builtin_mul_overflow(all, (uint64_t)plan->param[param[i]].n_value, &all)) {
            return UINT64_MAX;
        }
    }
    return all;
}

static void find_places(struct search *s)
{
    const struct backtest_spec *spec = &s->retell->spec;
    int n = 0;
    for (int f = 0; f < spec->n_file; f++) {
        for (int g = 0; g < spec->file[f]->n_group; g++) {
            n += spec->file[f]->group[g].n_rule;
        }
    }
    s->place = RS_ARENA_ARRAY(s->out->arena, struct rule_place, n);
    for (int f = 0; f < spec->n_file; f++) {
        for (int g = 0; g < spec->file[f]->n_group; g++) {
            const struct rule_group *group = &spec->file[f]->group[g];
            for (int i = 0; i < group->n_rule; i++) {
                const struct tune_site *site = site_of(s->retell->plan, f, g, i);
                if (group->rule[i].alert && rs_retell_counts(s->retell, group->rule[i].alert)) {
                    s->place[s->n_place++] =
                        (struct rule_place){.file = f,
                                            .group = g,
                                            .rule = i,
                                            .n_param = site ? site->n_param : 0,
                                            .param = site ? site->param : NULL};
                }
            }
        }
    }
}

static bool is_shared(const struct search *s, int param)
{
    for (int i = 0; i < s->n_place && s->shared; i++) {
        for (int k = 0; k < s->place[i].n_param; k++) {
            if (s->place[i].param[k] == param) {
                return true;
            }
        }
    }
    return false;
}

static int plan_sharing(struct search *s)
{
    const struct tune_plan *plan = s->retell->plan;
    s->out->why_not =
        rs_pass_refuses(s->out->arena, &s->retell->spec, counts_fn, (void *)(uintptr_t)s->retell);
    s->shared = s->out->shared = !s->out->why_not && !s->opt->plain;
    find_places(s);
    s->world_param = RS_ARENA_ARRAY(s->out->arena, int, plan->n_param);
    int *all = RS_ARENA_ARRAY(s->out->arena, int, plan->n_param);
    for (int i = 0; i < plan->n_param; i++) {
        all[i] = i;
        if (!is_shared(s, i)) {
            s->world_param[s->n_world_param++] = i;
        }
    }
    uint64_t n_setting = product(plan, plan->n_param, all);
    uint64_t n_world = product(plan, s->n_world_param, s->world_param);
    if (n_setting > RS_RETELL_SETTINGS_MAX) {
        return rs_err_list_add(s->errors, RS_E_RANGE, plan->at,
                               "the parameters have more than %" PRIu64
                               " settings together: give fewer values",
                               RS_RETELL_SETTINGS_MAX);
    }
    for (int i = 0; i < s->n_place && s->shared; i++) {
        const struct rule_place *p = &s->place[i];
        if (product(plan, p->n_param, p->param) > RS_RETELL_VARIANTS_MAX) {
            return rs_err_list_add(
                s->errors, RS_E_RANGE, plan->at,
                "the parameters of alert %s have more than %" PRIu64 " settings: give fewer values",
                s->retell->spec.file[p->file]->group[p->group].rule[p->rule].alert,
                RS_RETELL_VARIANTS_MAX);
        }
    }
    if (n_world > RS_RETELL_RUNS_MAX) {
        return rs_err_list_add(s->errors, RS_E_RANGE, plan->at,
                               "the recording would have to be gone through %" PRIu64
                               " times, at most %" PRIu64 " are done (%s): give fewer values",
                               n_world, RS_RETELL_RUNS_MAX,
                               s->out->why_not ? s->out->why_not
                                               : "these parameters change what other rules read");
    }
    return 0;
}

/* The i-th setting of some parameters, the last turning fastest. */
static void
set_values(const struct tune_plan *plan, uint16_t *value, int n, const int *param, uint64_t i)
{
    for (int k = n - 1; k >= 0; k--) {
        uint64_t n_value = (uint64_t)plan->param[param[k]].n_value;
        value[param[k]] = (uint16_t)(i % n_value);
        i /= n_value;
    }
}

/* ---- a world that shares ---- */

struct fold {
    const struct search *s;
    const struct pass_site *site;
};

static void fold_shared(void *ctx, int site, int variant, const struct activation *a)
{
    const struct fold *f = ctx;
    rs_tally_alert(&f->s->ledger, &f->s->place[site].tally[variant], a);
}

/*
 * A rule of the world with a setting in force; NULL with errors. It takes all rule files to be read: they are many times as large as what
 * is kept of them, and are gone afterwards. Only the expression and the waits of an alert can be turned; the rest is the world's.
 */
static const struct rule *variant_of(struct search *s,
                                     struct arena *arena,
                                     const struct rule_place *p,
                                     const struct rule *world,
                                     const uint16_t *value)
{
    struct arena *scratch = rs_arena_new();
    struct rule *out = NULL;
    const struct rule_file *const *file =
        s->retell->rules(s->retell->rules_ctx, scratch, value, s->errors);
    if (file) {
        const struct rule *there = &file[p->file]->group[p->group].rule[p->rule];
        struct err err = {0};
        out = RS_ARENA_ARRAY(arena, struct rule, 1);
        *out = *world;
        out->for_ns = there->for_ns;
        out->keep_firing_for_ns = there->keep_firing_for_ns;
        out->expr_text = rs_arena_strdup(arena, there->expr_text);
        out->expr =
            rs_promql_parse(arena,
                            &(struct promql_text){.text = out->expr_text,
                                                  .at = world->expr_at,
                                                  .dialect = rs_promql_dialect(there->expr)},
                            &err);
        assert(out->expr && "a text that was an expression a moment ago");
    }
    rs_arena_free(scratch);
    return out;
}

static const struct rule *const *variants_of(struct search *s,
                                             struct arena *arena,
                                             struct rule_place *p,
                                             const struct rule_file *const *world)
{
    const struct tune_plan *plan = s->retell->plan;
    p->n_variant = (int)product(plan, p->n_param, p->param);
    const struct rule **variant = RS_ARENA_ARRAY(arena, const struct rule *, p->n_variant);
    uint16_t *value = RS_ARENA_ARRAY(arena, uint16_t, plan->n_param);
    memcpy(value, s->value, sizeof(*value) * (size_t)plan->n_param);
    p->tally = RS_ARENA_ARRAY(arena, struct tally, p->n_variant);
    for (int i = 0; i < p->n_variant; i++) {
        set_values(plan, value, p->n_param, p->param, (uint64_t)i);
        variant[i] = variant_of(s, arena, p, &world[p->file]->group[p->group].rule[p->rule], value);
        if (!variant[i]) {
            return NULL;
        }
        p->tally[i] = rs_tally_new(arena, &s->ledger);
    }
    return variant;
}

/* Every choice of a variant at each rule. */
static void choose_shared(struct search *s, struct arena *arena)
{
    int *at = RS_ARENA_ARRAY(arena, int, s->n_place);
    for (int last = 0; last >= 0;) {
        rs_tally_reset(&s->ledger, &s->sum);
        for (int i = 0; i < s->n_place; i++) {
            const struct rule_place *p = &s->place[i];
            rs_tally_join(&s->ledger, &s->sum, &p->tally[at[i]]);
            set_values(s->retell->plan, s->value, p->n_param, p->param, (uint64_t)at[i]);
        }
        rs_choice_offer(&s->choice, s->value, &s->sum);
        for (last = s->n_place - 1; last >= 0 && ++at[last] == s->place[last].n_variant; last--) {
            at[last] = 0;
        }
    }
}

static int run_shared(struct search *s, struct arena *arena, const struct rule_file *const *file)
{
    struct pass_site *site = RS_ARENA_ARRAY(arena, struct pass_site, s->n_place);
    struct backtest_spec spec = s->retell->spec;
    spec.file = file;
    for (int i = 0; i < s->n_place; i++) {
        struct rule_place *p = &s->place[i];
        site[i] = (struct pass_site){.file = p->file, .group = p->group, .rule = p->rule};
        site[i].variant = variants_of(s, arena, p, file);
        site[i].n_variant = p->n_variant;
        if (!site[i].variant) {
            return -1;
        }
    }
    struct fold fold = {s, site};
    if (rs_pass_run(&spec, s->n_place, site, fold_shared, &fold, s->opt->cancel) != 0) {
        return 1;
    }
    choose_shared(s, arena);
    return 0;
}

/* ---- a world by itself ---- */

static int run_alone(struct search *s, const struct rule_file *const *file)
{
    struct backtest_spec spec = s->retell->spec;
    spec.file = file;
    struct backtest *b = rs_backtest_run(&spec);
    rs_tally_reset(&s->ledger, &s->sum);
    for (int i = 0; i < b->n_activation; i++) {
        if (rs_retell_counts(s->retell, b->activation[i].rule->alert)) {
            rs_tally_alert(&s->ledger, &s->sum, &b->activation[i]);
        }
    }
    rs_choice_offer(&s->choice, s->value, &s->sum);
    rs_backtest_free(b);
    return s->opt->cancel && atomic_load(s->opt->cancel) ? 1 : 0;
}

static int run_world(struct search *s, uint64_t w)
{
    const struct tune_plan *plan = s->retell->plan;
    struct arena *arena = rs_arena_new();
    for (int i = 0; i < plan->n_param; i++) {
        s->value[i] = (uint16_t)plan->param[i].today;
    }
    set_values(plan, s->value, s->n_world_param, s->world_param, w);
    const struct rule_file *const *file =
        s->retell->rules(s->retell->rules_ctx, arena, s->value, s->errors);
    int status = !file ? -1 : s->shared ? run_shared(s, arena, file) : run_alone(s, file);
    s->out->n_run++;
    rs_choice_keep(&s->choice);
    rs_arena_free(arena);
    return status;
}

/* ---- the result ---- */

static void finish_outcome(struct search *s, struct retell_outcome *o)
{
    for (int p = 0; p < RS_RETELL_PART_N; p++) {
        rs_score_intervals(&o->part[p], s->out->quiet_days[p], s->retell->confidence);
    }
}

static void compare(struct search *s)
{
    struct retell_result *out = s->out;
    for (int i = 0; i < s->retell->n_incident; i++) {
        bool today = out->today.caught[i].at_ms != RS_NEVER;
        bool chosen = out->chosen.caught[i].at_ms != RS_NEVER;
        if (out->part_of[i] == RS_RETELL_JUDGE) {
            out->n_only_today += today && !chosen;
            out->n_only_chosen += chosen && !today;
        }
    }
    out->p_differ = rs_sign_test(out->n_only_today, out->n_only_chosen);
}

static void finish(struct search *s)
{
    struct retell_result *out = s->out;
    rs_choice_told(&s->choice, out);
    finish_outcome(s, &out->today);
    if (out->has_chosen) {
        finish_outcome(s, &out->chosen);
        compare(s);
    }
}

static int search(struct search *s)
{
    const struct tune_plan *plan = s->retell->plan;
    struct retell_result *out = s->out;
    if (rs_ledger_open(&s->ledger, out->arena, s->retell, s->errors) != 0 || plan_sharing(s) != 0) {
        return -1;
    }
    out->part_of = s->ledger.part_of;
    for (int p = 0; p < RS_RETELL_PART_N; p++) {
        out->watched_days[p] = (double)rs_spans_length(&s->ledger.watched[p]) / 86400000.0;
        out->quiet_days[p] = (double)rs_spans_length(&s->ledger.quiet[p]) / 86400000.0;
    }
    s->value = RS_ARENA_ARRAY(out->arena, uint16_t, plan->n_param);
    s->sum = rs_tally_new(out->arena, &s->ledger);
    s->choice = rs_choice_new(&s->ledger, s->opt);
    uint64_t n_world = product(plan, s->n_world_param, s->world_param);
    int status = 0;
    for (uint64_t w = 0; w < n_world && status == 0; w++) {
        status = run_world(s, w);
    }
    if (status == 0) {
        finish(s);
    }
    return status;
}

int rs_retell_run(struct retell_result **out,
                  const struct retell *retell,
                  const struct retell_options *opt,
                  struct err_list *errors)
{
    struct arena *arena = rs_arena_new();
    struct retell_result *r = RS_ARENA_ARRAY(arena, struct retell_result, 1);
    *r = (struct retell_result){.arena = arena, .retell = retell};
    struct search s = {.retell = retell, .opt = opt, .errors = errors, .out = r};
    int status = search(&s);
    if (status != 0) {
        rs_retell_free(r);
        r = NULL;
    }
    *out = r;
    return status;
}

void rs_retell_free(struct retell_result *r)
{
    if (r) {
        rs_arena_free(r->arena);
    }
}
