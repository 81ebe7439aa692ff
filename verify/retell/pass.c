/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time goes on as in verify/rules/backtest.c; what is not a recording rule is a site. */
#include "pass.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "../rules/backtest_turn.h"
#include "pass_site.h"
#include "sim/clock.h"

struct step { /* one rule of a group: a runner of its own, or a site; neither: nobody looks at it */
    struct rule_group alone;
    struct rule_runner *runner;
    struct site *site;
};

struct turn {
    const struct rule_group *group;
    struct step *step; /* [group->n_rule] */
    int64_t interval_ns, next_ns, now_ms, before_ms, offset_ms;
};

struct pass {
    const struct backtest_spec *spec;
    struct arena *arena;
    struct tsdb *db;
    const struct pass_site *given; /* the caller's */
    struct site *site;
    int n_site;
    struct turn *turn;
    int n_turn;
    rs_pass_told told;
    void *told_ctx;
};

/* ---- what is in the way ---- */

static void note_selector(void *ctx, const char *metric, int64_t span_ms, struct mark at)
{
    const char **why = ctx;
    (void)span_ms, (void)at;
    if (!*why && !metric) {
        *why = "an expression selects metrics by a pattern, which may be alerts";
    } else if (!*why && strncmp(metric, "ALERTS", 6) == 0) {
        *why = "an expression reads ALERTS";
    }
}

static const char *refusal(const struct rule_group *group, const struct rule *rule, bool counts)
{
    const char *why = NULL;
    rs_promql_selectors(rule->expr, 0, note_selector, (void *)&why);
    if (!why && rule->alert && counts && group->limit > 0) {
        why = "its group has a limit";
    }
    for (int i = 0; !why && rule->alert && counts && rule->label_template && i < rule->n_label;
         i++) {
        why = rule->label_template[i] ? "a label of it is a template" : NULL;
    }
    return why;
}

const char *rs_pass_refuses(struct arena *arena,
                            const struct backtest_spec *spec,
                            bool (*counts)(void *ctx, const char *alert),
                            void *ctx)
{
    for (int f = 0; f < spec->n_file; f++) {
        for (int g = 0; g < spec->file[f]->n_group; g++) {
            const struct rule_group *group = &spec->file[f]->group[g];
            for (int i = 0; i < group->n_rule; i++) {
                const struct rule *rule = &group->rule[i];
                const char *why = refusal(group, rule, rule->alert && counts(ctx, rule->alert));
                if (why) {
                    return rs_arena_printf(arena, "%s %s: %s", rule->alert ? "alert" : "record",
                                           rule->alert ? rule->alert : rule->record, why);
                }
            }
        }
    }
    return NULL;
}

/* ---- making ready ---- */

static const struct pass_site *
site_at(const struct pass_site *site, int n, int file, int group, int rule)
{
    for (int i = 0; i < n; i++) {
        if (site[i].file == file && site[i].group == group && site[i].rule == rule) {
            return &site[i];
        }
    }
    return NULL;
}

/* The rules of a group share nothing but the series that they write: one after the other they may as well stand alone. */
static void add_group(struct pass *p, int f, int g, int n_site, const struct pass_site *site)
{
    const struct backtest_spec *spec = p->spec;
    const struct rule_group *group = &spec->file[f]->group[g];
    struct turn *turn = &p->turn[p->n_turn++];
    struct rule_runner_options opt = rs_backtest_runner_options(spec, group);
    turn->group = group;
    turn->interval_ns = opt.interval_ms * RS_NS_PER_MS;
    turn->next_ns = rs_backtest_first_turn(spec, spec->file[f], group, turn->interval_ns);
    turn->offset_ms =
        group->has_query_offset ? group->query_offset_ns / RS_NS_PER_MS : opt.query_offset_ms;
    turn->step = RS_ARENA_ARRAY(p->arena, struct step, group->n_rule);
    struct promql_options promql = opt.promql;
    promql.behind_ms += turn->offset_ms;
    for (int i = 0; i < group->n_rule; i++) {
        struct step *step = &turn->step[i];
        const struct pass_site *here = site_at(site, n_site, f, g, i);
        if (group->rule[i].record) {
            step->alone = *group;
            step->alone.n_rule = 1;
            step->alone.rule = &group->rule[i];
            step->runner = rs_rule_runner_new(&step->alone, p->db, &opt);
        } else if (here) {
            step->site = &p->site[p->n_site++];
            rs_site_open(step->site, p->arena, spec, here, (int)(here - p->given), p->db, &promql);
        }
    }
}

/* ---- going on ---- */

static struct turn *next_turn(struct pass *p)
{
    struct turn *first = NULL;
    for (int i = 0; i < p->n_turn; i++) {
        if (!first || p->turn[i].next_ns < first->next_ns) {
            first = &p->turn[i];
        }
    }
    return first;
}

static int go(struct pass *p, const atomic_bool *cancel)
{
    int64_t end_ns = p->spec->to_ms * RS_NS_PER_MS;
    for (struct turn *turn = next_turn(p); turn && turn->next_ns <= end_ns; turn = next_turn(p)) {
        if (cancel && atomic_load(cancel)) {
            return 1;
        }
        turn->before_ms = turn->now_ms;
        turn->now_ms = turn->next_ns / RS_NS_PER_MS;
        for (int i = 0; i < turn->group->n_rule; i++) {
            struct step *step = &turn->step[i];
            if (step->runner) {
                rs_rule_runner_eval(step->runner, turn->now_ms, NULL);
            } else if (step->site) {
                const struct instant t = {turn->now_ms, turn->before_ms,
                                          turn->now_ms - turn->offset_ms};
                rs_site_eval(step->site, &t, p->told, p->told_ctx);
            }
        }
        if (__builtin_add_overflow(turn->next_ns, turn->interval_ns, &turn->next_ns)) {
            turn->next_ns = INT64_MAX; /* never */
        }
    }
    return 0;
}

/* Alerts that are still up at the end were so at the last evaluation of their group. */
static void close_open(struct pass *p)
{
    for (int t = 0; t < p->n_turn; t++) {
        for (int i = 0; i < p->turn[t].group->n_rule; i++) {
            if (p->turn[t].step[i].site) {
                rs_site_end(p->turn[t].step[i].site, p->turn[t].now_ms, p->told, p->told_ctx);
            }
        }
    }
}

static void clear(struct pass *p)
{
    for (int i = 0; i < p->n_site; i++) {
        rs_site_close(&p->site[i]);
    }
    for (int t = 0; t < p->n_turn; t++) {
        for (int i = 0; i < p->turn[t].group->n_rule; i++) {
            rs_rule_runner_free(p->turn[t].step[i].runner);
        }
    }
    rs_tsdb_free(p->db);
    rs_arena_free(p->arena);
}

int rs_pass_run(const struct backtest_spec *spec,
                int n_site,
                const struct pass_site *site,
                rs_pass_told told,
                void *told_ctx,
                const atomic_bool *cancel)
{
    struct pass p = {
        .spec = spec, .arena = rs_arena_new(), .given = site, .told = told, .told_ctx = told_ctx};
    int n_group = 0;
    assert(spec->interval_ms > 0);
    for (int f = 0; f < spec->n_file; f++) {
        n_group += spec->file[f]->n_group;
    }
    rs_backtest_leave_out(spec);
    p.db = rs_tsdb_new(spec->data->labels);
    rs_recorded_attach(spec->data, p.db, false);
    p.turn = RS_ARENA_ARRAY(p.arena, struct turn, n_group);
    p.site = RS_ARENA_ARRAY(p.arena, struct site, n_site);
    for (int f = 0; f < spec->n_file; f++) {
        for (int g = 0; g < spec->file[f]->n_group; g++) {
            add_group(&p, f, g, n_site, site);
        }
    }
    int status = go(&p, cancel);
    if (status == 0) {
        close_open(&p);
    }
    clear(&p);
    return status;
}
