/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rule groups and recording rules. Source: rules/group.go and rules/recording.go of Prometheus 3.5; the rules quoted are from there. */
#include "models/rules.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "rules_private.h"
#include "sim/clock.h"

const char *rs_alert_state_name(enum alert_state s)
{
    switch (s) {
    case RS_ALERT_INACTIVE: return "inactive";
    case RS_ALERT_PENDING: return "pending";
    case RS_ALERT_FIRING: return "firing";
    }
    return "?";
}

void rs_int_list_push(struct int_list *list, int what)
{
    if (list->n == list->cap) {
        list->cap = list->cap ? 2 * list->cap : 8;
        list->at = rs_xrealloc(list->at, (size_t)list->cap * sizeof *list->at);
    }
    list->at[list->n++] = what;
}

struct entry *rs_rule_entry(struct rule_state *s, rs_labels set, int *index)
{
    int i = rs_label_map_get(&s->by_labels, set);

    if (i < 0) {
        if (s->n_entry == s->cap_entry) {
            s->cap_entry = s->cap_entry ? 2 * s->cap_entry : 4;
            s->entry = rs_xrealloc(s->entry, (size_t)s->cap_entry * sizeof(struct entry *));
        }
        i = s->n_entry++;
        s->entry[i] = rs_xcalloc(1, sizeof *s->entry[i]);
        s->entry[i]->alert.rule = s->rule;
        s->entry[i]->alert.labels = set;
        s->entry[i]->pending = -1;
        rs_label_map_put(&s->by_labels, set, i);
    }
    *index = i;
    return s->entry[i];
}

/* ---- making and resetting ---- */

struct rule_runner_options rs_rule_runner_options_default(void)
{
    return (struct rule_runner_options){
        .promql = rs_promql_options_default(), .interval_ms = 60000, .resend_delay_ms = 60000};
}

static void state_new(struct rule_runner *r, struct rule_state *s, const struct rule *rule)
{
    s->rule = rule;
    for (int i = 0; i < r->opt.n_varied; i++) {
        if (&r->group->rule[r->opt.varied[i].rule] == rule) {
            s->lanes = rs_rule_lanes_new(r, &r->opt.varied[i]);
        }
    }
    s->eval = s->lanes == NULL ? rs_promql_eval_new(rule->expr, r->db, r->opt.promql) : NULL;
    s->waits =
        (struct alert_waits){rule->for_ns / RS_NS_PER_MS, rule->keep_firing_for_ns / RS_NS_PER_MS};
    for (int i = 0; rule->label_template != NULL && i < rule->n_label; i++) {
        const struct template *t = rule->label_template[i];

        s->varies = s->varies || (t != NULL && !rs_template_only_needs_labels(t));
    }
}

struct rule_runner *rs_rule_runner_new(const struct rule_group *group,
                                       struct tsdb *db,
                                       const struct rule_runner_options *opt)
{
    struct rule_runner *r = rs_xcalloc(1, sizeof *r);

    assert(opt->interval_ms > 0 && opt->query_offset_ms >= 0);
    r->group = group;
    r->db = db;
    r->opt = *opt;
    r->offset_ms =
        group->has_query_offset ? group->query_offset_ns / RS_NS_PER_MS : opt->query_offset_ms;
    r->opt.promql.behind_ms += r->offset_ms;
    db->wants_alerts = db->wants_alerts || opt->write_alerts;
    r->state = rs_xcalloc((size_t)group->n_rule + 1, sizeof *r->state);
    for (int i = 0; i < group->n_rule; i++) {
        state_new(r, &r->state[i], &group->rule[i]);
    }
    r->opt.varied = NULL; /* borrowed for this call */
    r->opt.n_varied = 0;
    rs_rule_queries_new(r);
    return r;
}

void rs_rule_runner_free(struct rule_runner *r)
{
    if (r == NULL) {
        return;
    }
    for (int i = 0; i < r->group->n_rule; i++) {
        struct rule_state *s = &r->state[i];

        for (int k = 0; k < s->n_entry; k++) {
            free(s->entry[k]);
        }
        free(s->entry);
        free(s->order.at);
        free(s->out.at);
        free(s->written.at);
        free(s->before.at);
        free(s->mark.at);
        rs_label_map_clear(&s->by_labels);
        rs_label_map_clear(&s->output);
        rs_promql_eval_free(s->eval);
        rs_rule_lanes_free(s->lanes);
    }
    rs_rule_queries_free(r);
    free(r->state);
    free(r);
}

void rs_rule_runner_reset(struct rule_runner *r)
{
    for (int i = 0; i < r->group->n_rule; i++) {
        struct rule_state *s = &r->state[i];

        for (int k = 0; k < s->order.n; k++) {
            s->entry[s->order.at[k]]->live = false;
        }
        s->order.n = s->written.n = s->before.n = s->mark.n = 0;
        rs_rule_lanes_reset(s->lanes);
    }
}

/* ---- series that rules write ---- */

void rs_rule_write(
    struct rule_runner *r, struct rule_state *s, rs_labels set, int64_t t_ms, double v)
{
    int series = rs_tsdb_series(r->db, set);

    while (s->mark.n <= series) {
        rs_int_list_push(&s->mark, 0);
    }
    s->mark.at[series] = (int)(r->round & INT32_MAX);
    (void)rs_tsdb_append(r->db, series, t_ms, v);
    rs_int_list_push(&s->written, series);
}

void rs_rule_end_vanished(struct rule_runner *r, struct rule_state *s, int64_t t_ms)
{
    struct int_list swap = s->before;

    for (int i = 0; i < s->before.n; i++) {
        int series = s->before.at[i];

        if (s->mark.at[series] != (int)(r->round & INT32_MAX)) {
            (void)rs_tsdb_append(r->db, series, t_ms, rs_tsdb_stale());
        }
    }
    s->before = s->written;
    s->written = swap;
    s->written.n = 0;
}

/* ---- recording rules ---- */

static int
eval_recording(struct rule_runner *r, struct rule_state *s, int64_t t_ms, struct err *err)
{
    int64_t at_ms = t_ms - r->offset_ms;
    struct vector v;
    int index;

    if (rs_promql_eval(s->eval, at_ms, &v, err) < 0) {
        return -1;
    }
    rs_rule_output(r, s, &v, t_ms);
    for (int i = 0; i < v.n; i++) {
        struct entry *e = rs_rule_entry(s, s->out.at[i], &index);

        if (e->round == r->round) {
            return rs_err_set(err, RS_E_RANGE,
                              "vector contains metrics with the same labelset after applying rule "
                              "labels");
        }
        e->round = r->round;
    }
    if (r->group->limit > 0 && v.n > r->group->limit) {
        return rs_err_set(err, RS_E_RANGE, "exceeded limit of %d with %d series", r->group->limit,
                          v.n);
    }
    for (int i = 0; i < v.n; i++) {
        rs_rule_write(r, s, s->out.at[i], at_ms, v.item[i].v);
    }
    rs_rule_end_vanished(r, s, at_ms);
    return 0;
}

/* ---- the group ---- */

int rs_rule_runner_eval(struct rule_runner *r, int64_t t_ms, const struct rule_sink *sink)
{
    static const struct rule_sink nobody = {0};
    int n_bad = 0;

    sink = sink != NULL ? sink : &nobody;
    r->round++;
    for (int i = 0; i < r->group->n_rule; i++) {
        struct rule_state *s = &r->state[i];
        struct err err;
        int status;

        if (s->lanes != NULL) {
            rs_rule_eval_lanes(r, s, t_ms, sink);
            continue;
        }
        err.code = RS_E_NONE; /* the rest is written with the first failure */
        err.line = err.col = 0;
        err.file[0] = err.text[0] = '\0';
        status = s->rule->record != NULL ? eval_recording(r, s, t_ms, &err)
                                         : rs_rule_eval_alert(r, s, t_ms, sink, &err);
        if (status < 0) {
            n_bad++;
            if (sink->failed != NULL) {
                sink->failed(sink->ctx, t_ms, s->rule, &err);
            }
        }
    }
    return n_bad;
}

void rs_rule_runner_alerts(const struct rule_runner *r, rs_alert_fn fn, void *ctx)
{
    for (int i = 0; i < r->group->n_rule; i++) {
        const struct rule_state *s = &r->state[i];

        for (int k = 0; k < s->order.n; k++) {
            const struct alert *a = &s->entry[s->order.at[k]]->alert;

            if (a->state != RS_ALERT_INACTIVE) {
                fn(ctx, a);
            }
        }
    }
}
