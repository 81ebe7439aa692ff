/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Time goes from one evaluation to the next: the group whose turn it is first, in the order of the files where two have the
 * same, then the queries. Source of the turns: rules/group.go of Prometheus 3.5, EvalTimestamp and run.
 */
#include "verify/backtest.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "backtest_look.h"
#include "backtest_turn.h"
#include "models/promql_inspect.h"
#include "sim/arena.h"
#include "sim/clock.h"

/* Label set -> its newest entry in some array, -1 = none. */
struct newest {
    int *at, n;
};

struct turn { /* one group, or all queries (group NULL) */
    const struct rule_group *group;
    struct rule_runner *runner;
    int64_t interval_ns, next_ns;
    int64_t now_ms, before_ms; /* this evaluation and the one before it */
};

struct run {
    const struct backtest_spec *spec;
    struct backtest *out;
    struct tsdb *db;
    struct turn *turn; /* [n_turn] */
    int n_turn;
    struct promql_eval **query; /* [n_query] */
    bool ahead;                 /* a query looks ahead: all of them come after the rules */
    int n_kept;                 /* series of db that are kept whole for them */
    struct alertmanager *am;
    int64_t am_now_ns;      /* Alertmanager's clock never goes back */
    const struct turn *now; /* whose turn it is */
    int cap_activation, cap_failure, cap_notice, cap_held;
    struct newest activation, held; /* of an alert */
};

#define GROW(array, n, cap)                                                                        \
    do {                                                                                           \
        if ((n) == (cap)) {                                                                        \
            (cap) = (cap) ? 2 * (cap) : 64;                                                        \
            (array) = rs_xrealloc((array), sizeof(*(array)) * (size_t)(cap));                      \
        }                                                                                          \
    } while (0)

/* ---- what the rules tell ---- */

static int *newest_of(struct newest *map, rs_labels labels)
{
    if (labels >= map->n) {
        int n = 2 * labels + 64;
        map->at = rs_xrealloc(map->at, sizeof(*map->at) * (size_t)n);
        for (int i = map->n; i < n; i++) {
            map->at[i] = -1;
        }
        map->n = n;
    }
    return &map->at[labels];
}

/* The activation of an alert that is up: two rules may give alerts with equal labels. */
static struct activation *open_of(struct run *r, const struct alert *a)
{
    int i = *newest_of(&r->activation, a->labels);
    while (i >= 0 && r->out->activation[i].rule != a->rule) {
        i = r->out->activation[i].older;
    }
    assert(i >= 0 && r->out->activation[i].cleared_ms == RS_NEVER);
    return &r->out->activation[i];
}

static void note_change(void *ctx, int64_t t_ms, const struct alert *a, enum alert_state from)
{
    struct run *r = ctx;
    struct backtest *out = r->out;
    if (from == RS_ALERT_INACTIVE) {
        GROW(out->activation, out->n_activation, r->cap_activation);
        int *newest = newest_of(&r->activation, a->labels);
        out->activation[out->n_activation] = (struct activation){.rule = a->rule,
                                                                 .group = r->now->group,
                                                                 .labels = a->labels,
                                                                 .active_ms = t_ms,
                                                                 .firing_ms = RS_NEVER,
                                                                 .last_ms = RS_NEVER,
                                                                 .cleared_ms = RS_NEVER,
                                                                 .older = *newest};
        *newest = out->n_activation++;
    }
    struct activation *open = open_of(r, a);
    if (a->state == RS_ALERT_FIRING) {
        open->firing_ms = t_ms;
    } else if (a->state == RS_ALERT_INACTIVE) {
        open->last_ms = r->now->before_ms;
        open->cleared_ms = t_ms;
    }
}

static void note_failure(void *ctx, int64_t t_ms, const struct rule *rule, const struct err *err)
{
    struct run *r = ctx;
    struct backtest *out = r->out;
    for (int i = 0; i < out->n_failure; i++) {
        if (out->failure[i].rule == rule) {
            out->failure[i].n++;
            return;
        }
    }
    GROW(out->failure, out->n_failure, r->cap_failure);
    struct backtest_failure *f = &out->failure[out->n_failure++];
    *f = (struct backtest_failure){.rule = rule, .group = r->now->group, .first_ms = t_ms, .n = 1};
    snprintf(f->text, sizeof(f->text), "%s", err ? err->text : "the evaluation failed");
}

/* "External labels are added to alerts that are sent, where the alert has no label of that name." */
static void post_alert(void *ctx, int64_t t_ms, const struct alert *a, int64_t ends_ms)
{
    struct run *r = ctx;
    struct label_table *table = r->spec->data->labels;
    int n = rs_labels_count(table, a->labels), n_own = n;
    struct label *label = rs_xcalloc((size_t)(n + r->spec->n_external) + 1, sizeof(*label));
    for (int i = 0; i < n_own; i++) {
        label[i] = rs_labels_at(table, a->labels, i);
    }
    for (int i = 0; i < r->spec->n_external; i++) {
        if (!*rs_labels_get(table, a->labels, r->spec->external[i].name)) {
            label[n++] = r->spec->external[i];
        }
    }
    rs_am_post(r->am, t_ms * RS_NS_PER_MS, rs_labels_intern(table, n, label),
               a->fired_ms * RS_NS_PER_MS, ends_ms * RS_NS_PER_MS);
    free(label);
}

static bool is_nobody(const struct am_config *am, const char *receiver)
{
    for (int i = 0; i < am->n_receiver; i++) {
        if (strcmp(am->receiver[i].name, receiver) == 0) {
            return am->receiver[i].n_integration == 0;
        }
    }
    return false;
}

static void note_notice(void *ctx, int64_t now_ns, const struct am_notification *n)
{
    struct run *r = ctx;
    struct backtest *out = r->out;
    int n_alert = n->n_firing + n->n_resolved;
    rs_labels *alert = rs_xcalloc((size_t)n_alert + 1, sizeof(*alert));
    for (int i = 0; i < n_alert; i++) {
        alert[i] = i < n->n_firing ? n->firing[i] : n->resolved[i - n->n_firing];
    }
    GROW(out->notice, out->n_notice, r->cap_notice);
    out->notice[out->n_notice++] =
        (struct backtest_notice){.at_ns = now_ns,
                                 .receiver = n->receiver,
                                 .nobody = is_nobody(r->spec->am, n->receiver),
                                 .group = n->group,
                                 .group_labels = n->group_key,
                                 .n_firing = n->n_firing,
                                 .n_resolved = n->n_resolved,
                                 .alert = alert};
}

/* One entry for each alert of a group and each reason, however many flushes hold it back. */
static void note_hold(void *ctx, int64_t now_ns, const struct am_held *h)
{
    struct run *r = ctx;
    struct backtest *out = r->out;
    int *newest = newest_of(&r->held, h->alert), i = *newest;
    if (is_nobody(r->spec->am, h->route->receiver)) {
        return; /* nobody misses it */
    }
    for (; i >= 0; i = out->held[i].older) {
        struct backtest_held *old = &out->held[i];
        if (old->route == h->route && old->group_labels == h->group_key && old->why == h->why &&
            old->silence == h->silence) {
            old->last_ns = now_ns;
            old->n++;
            return;
        }
    }
    GROW(out->held, out->n_held, r->cap_held);
    out->held[out->n_held] = (struct backtest_held){.route = h->route,
                                                    .group_labels = h->group_key,
                                                    .alert = h->alert,
                                                    .why = h->why,
                                                    .source = h->source,
                                                    .silence = h->silence,
                                                    .first_ns = now_ns,
                                                    .last_ns = now_ns,
                                                    .n = 1,
                                                    .older = *newest};
    *newest = out->n_held++;
}

/* ---- making ready ---- */

static void add_group(struct run *r, const struct rule_file *file, const struct rule_group *group)
{
    const struct backtest_spec *spec = r->spec;
    struct turn *turn = &r->turn[r->n_turn++];
    const struct rule_runner_options opt = rs_backtest_runner_options(spec, group);
    turn->group = group;
    turn->runner = rs_rule_runner_new(group, r->db, &opt);
    turn->interval_ns = opt.interval_ms * RS_NS_PER_MS;
    turn->next_ns = rs_backtest_first_turn(spec, file, group, turn->interval_ns);
}

static void make_ready(struct run *r)
{
    const struct backtest_spec *spec = r->spec;
    int n_group = 0;
    for (int f = 0; f < spec->n_file; f++) {
        n_group += spec->file[f]->n_group;
    }
    r->out->n_left_out = rs_backtest_leave_out(spec);
    for (int i = 0; i < spec->n_query; i++) {
        r->ahead = r->ahead || rs_promql_looks_ahead(spec->query[i].expr);
    }
    r->db = rs_tsdb_new(spec->data->labels);
    rs_recorded_attach(spec->data, r->db, r->ahead);
    r->turn = rs_xcalloc((size_t)n_group + 1, sizeof(*r->turn));
    r->query = rs_xcalloc((size_t)spec->n_query + 1, sizeof(struct promql_eval *));
    for (int i = 0; i < spec->n_query;
         i++) { /* before the rules, which look whether anybody selects ALERTS */
        struct promql_options opt = rs_promql_options_default();
        opt.lookback_ms = spec->lookback_ms;
        opt.subquery_step_ms = spec->interval_ms;
        opt.has_span = true;
        opt.start_ms = spec->from_ms;
        opt.end_ms = spec->to_ms;
        r->query[i] = rs_promql_eval_new(spec->query[i].expr, r->db, opt);
        r->out->answer[i] = rs_recorded_new(spec->data->labels);
    }
    for (int f = 0; f < spec->n_file; f++) {
        for (int g = 0; g < spec->file[f]->n_group; g++) {
            add_group(r, spec->file[f], &spec->file[f]->group[g]);
        }
    }
    if (spec->n_query > 0 && !r->ahead) {
        struct turn *turn = &r->turn[r->n_turn++];
        turn->interval_ns = spec->interval_ms * RS_NS_PER_MS;
        turn->next_ns = spec->from_ms * RS_NS_PER_MS;
    }
    if (spec->am) {
        struct am_settings settings = rs_am_settings_default();
        settings.version = spec->am_version;
        settings.n_silence = spec->n_silence;
        settings.silence = spec->silence;
        r->am = rs_am_new(spec->am, &settings, spec->data->labels);
        rs_am_on_hold(r->am, note_hold, r);
    }
}

/* ---- going on ---- */

static void answer_queries(struct run *r, int64_t t_ms)
{
    struct backtest *out = r->out;
    for (int i = 0; i < out->n_answer; i++) {
        struct vector v;
        if (rs_promql_eval(r->query[i], t_ms, &v, &out->answer_err[i]) != 0) {
            if (out->answer_err_ms[i] == RS_NEVER) {
                out->answer_err_ms[i] = t_ms;
            }
            continue;
        }
        for (int k = 0; k < v.n; k++) {
            rs_recorded_add(out->answer[i], rs_recorded_series(out->answer[i], v.item[k].labels),
                            t_ms, v.item[k].v);
        }
    }
}

static struct turn *next_turn(struct run *r)
{
    struct turn *first = NULL;
    for (int i = 0; i < r->n_turn; i++) {
        if (!first || r->turn[i].next_ns < first->next_ns) {
            first = &r->turn[i];
        }
    }
    return first;
}

/* Timers of Alertmanager that run out up to now. */
static void run_am(struct run *r, int64_t now_ns)
{
    while (r->am && rs_am_next(r->am) <= now_ns) {
        int64_t due_ns = rs_am_next(r->am); /* in the past: at once */
        r->am_now_ns = due_ns > r->am_now_ns ? due_ns : r->am_now_ns;
        rs_am_tick(r->am, r->am_now_ns, note_notice, r);
    }
    r->am_now_ns = now_ns;
}

/* What rules write must stay for queries that come after them. */
static void keep_series(struct run *r)
{
    for (; r->ahead && r->n_kept < rs_tsdb_count(r->db); r->n_kept++) {
        rs_tsdb_retain(r->db, r->n_kept, INT64_MAX / 4);
    }
}

/* As a server answers that is asked about the past: all samples are there, later ones too. */
static void look_back(struct run *r)
{
    const struct backtest_spec *spec = r->spec;
    for (int i = 0; r->ahead && i < rs_tsdb_count(r->db); i++) {
        rs_tsdb_touch(r->db, i, INT64_MAX / 4);
    }
    for (int64_t t_ms = spec->from_ms; r->ahead && t_ms <= spec->to_ms; t_ms += spec->interval_ms) {
        answer_queries(r, t_ms);
    }
}

static void go(struct run *r)
{
    const struct rule_sink sink = {.ctx = r,
                                   .changed = note_change,
                                   .send = r->am ? post_alert : NULL,
                                   .failed = note_failure};
    int64_t end_ns = r->spec->to_ms * RS_NS_PER_MS;
    for (struct turn *turn = next_turn(r); turn && turn->next_ns <= end_ns; turn = next_turn(r)) {
        int64_t t_ms = turn->next_ns / RS_NS_PER_MS;
        run_am(r, turn->next_ns);
        r->now = turn;
        turn->before_ms = turn->now_ms;
        turn->now_ms = t_ms;
        if (turn->group) {
            rs_rule_runner_eval(turn->runner, t_ms, &sink);
            r->out->n_evaluation += (uint64_t)turn->group->n_rule;
            keep_series(r);
        } else {
            answer_queries(r, t_ms);
        }
        if (__builtin_add_overflow(turn->next_ns, turn->interval_ns, &turn->next_ns)) {
            turn->next_ns = INT64_MAX; /* never */
        }
    }
    run_am(r, end_ns);
    look_back(r);
}

/* Alerts that are still up at the end were so at the last evaluation of their group. */
static void close_open(struct run *r)
{
    for (int i = 0; i < r->out->n_activation; i++) {
        struct activation *a = &r->out->activation[i];
        for (int k = 0; a->cleared_ms == RS_NEVER && k < r->n_turn; k++) {
            if (r->turn[k].group == a->group) {
                a->last_ms = r->turn[k].now_ms;
            }
        }
    }
}

struct backtest *rs_backtest_run(const struct backtest_spec *spec)
{
    assert(spec->interval_ms > 0);
    struct backtest *out = rs_xcalloc(1, sizeof(*out));
    struct run r = {.spec = spec, .out = out, .am_now_ns = spec->from_ms * RS_NS_PER_MS};
    out->arena = rs_arena_new();
    out->labels = spec->data->labels;
    out->from_ms = spec->from_ms;
    out->to_ms = spec->to_ms;
    out->interval_ms = spec->interval_ms;
    out->n_answer = spec->n_query;
    out->answer = rs_xcalloc((size_t)spec->n_query + 1, sizeof(struct recorded *));
    out->answer_err = rs_xcalloc((size_t)spec->n_query + 1, sizeof(struct err));
    out->answer_err_ms = rs_xcalloc((size_t)spec->n_query + 1, sizeof(int64_t));
    for (int i = 0; i < spec->n_query; i++) {
        out->answer_err_ms[i] = RS_NEVER;
    }
    make_ready(&r);
    go(&r);
    close_open(&r);
    rs_backtest_look(out, spec, r.db);
    for (int i = 0; i < spec->n_query; i++) {
        rs_recorded_sort(out->answer[i]);
        rs_promql_eval_free(r.query[i]);
    }
    for (int i = 0; i < r.n_turn; i++) {
        rs_rule_runner_free(r.turn[i].runner);
    }
    rs_am_free(r.am);
    rs_tsdb_free(r.db);
    free(r.query);
    free(r.turn);
    free(r.activation.at);
    free(r.held.at);
    return out;
}

void rs_backtest_free(struct backtest *b)
{
    if (!b) {
        return;
    }
    for (int i = 0; i < b->n_notice; i++) {
        free((void *)(uintptr_t)b->notice[i].alert);
    }
    for (int i = 0; i < b->n_answer; i++) {
        rs_recorded_free(b->answer[i]);
    }
    free(b->activation);
    free(b->failure);
    free(b->notice);
    free(b->held);
    free(b->selector);
    free(b->gap);
    rs_arena_free(b->arena);
    free(b->answer);
    free(b->answer_err);
    free(b->answer_err_ms);
    free(b);
}
