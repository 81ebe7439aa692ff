/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rule groups. Source: rules/group.go and rules/alerting.go of Prometheus 3.5; the rules quoted
 * are from there.
 */
#include "models/rules.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"
#include "sim/clock.h"
#include "tsdb_private.h"

/* "resolvedRetention": how long a resolved alert is kept and sent again. */
#define RESOLVED_RETENTION_MS INT64_C(900000)

struct entry { /* one label set of an alerting rule; its memory outlives the alert */
    struct alert alert;
    bool live;             /* known to the rule: pending, firing, or resolved less than 15 m ago */
    uint64_t round;        /* the last round whose result had it */
    double value;          /* in that round */
    enum alert_state from; /* before this round */
    rs_labels pending, firing, for_state; /* its ALERTS and ALERTS_FOR_STATE; -1 = not made yet */
};

struct int_list {
    int *at; /* [n], owned */
    int n, cap;
};

struct rule_state {
    const struct rule *rule;
    struct promql_eval *eval;
    struct label_map
        output;           /* labels of a result -> labels of the recorded series or of the alert */
    struct entry **entry; /* [n_entry], owned one by one: alerts keep their addresses */
    int n_entry, cap_entry;
    struct label_map by_labels; /* alert labels -> entry */
    struct int_list
        order; /* live entries, oldest first: what happens does not depend on earlier replicas */
    struct int_list written, before; /* series given a value in this round, in the one before */
    struct int_list mark;            /* per series: the round that wrote it last */
    int64_t for_ms, keep_ms;
};

struct rule_runner {
    const struct rule_group *group;
    struct tsdb *db;
    struct rule_state *state; /* [group->n_rule] */
    int64_t interval_ms, resend_ms;
    uint64_t round;
};

const char *rs_alert_state_name(enum alert_state s)
{
    switch (s) {
    case RS_ALERT_INACTIVE: return "inactive";
    case RS_ALERT_PENDING: return "pending";
    case RS_ALERT_FIRING: return "firing";
    }
    return "?";
}

static void list_push(struct int_list *list, int what)
{
    if (list->n == list->cap) {
        list->cap = list->cap ? 2 * list->cap : 8;
        list->at = rs_xrealloc(list->at, (size_t)list->cap * sizeof *list->at);
    }
    list->at[list->n++] = what;
}

struct rule_runner_options rs_rule_runner_options_default(void)
{
    return (struct rule_runner_options){
        .promql = rs_promql_options_default(), .interval_ms = 60000, .resend_delay_ms = 60000};
}

struct rule_runner *rs_rule_runner_new(const struct rule_group *group,
                                       struct tsdb *db,
                                       const struct rule_runner_options *opt)
{
    struct rule_runner *r = rs_xcalloc(1, sizeof *r);

    assert(opt->interval_ms > 0);
    r->group = group;
    r->db = db;
    r->interval_ms = opt->interval_ms;
    r->resend_ms = opt->resend_delay_ms;
    db->wants_alerts = db->wants_alerts || opt->write_alerts;
    r->state = rs_xcalloc((size_t)group->n_rule + 1, sizeof *r->state);
    for (int i = 0; i < group->n_rule; i++) {
        struct rule_state *s = &r->state[i];

        s->rule = &group->rule[i];
        s->eval = rs_promql_eval_new(s->rule->expr, db, opt->promql);
        s->for_ms = s->rule->for_ns / RS_NS_PER_MS;
        s->keep_ms = s->rule->keep_firing_for_ns / RS_NS_PER_MS;
    }
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
        free(s->written.at);
        free(s->before.at);
        free(s->mark.at);
        rs_label_map_clear(&s->by_labels);
        rs_label_map_clear(&s->output);
        rs_promql_eval_free(s->eval);
    }
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
    }
}

/* ---- series that rules write ----------------------------------------------------------------- */

static void
write_series(struct rule_runner *r, struct rule_state *s, rs_labels set, int64_t t, double v)
{
    int series = rs_tsdb_series(r->db, set);

    while (s->mark.n <= series) {
        list_push(&s->mark, 0);
    }
    s->mark.at[series] = (int)(r->round & INT32_MAX);
    (void)rs_tsdb_append(r->db, series, t, v);
    list_push(&s->written, series);
}

/*
 * "If a rule returned a series in its last round but not now, write a stale marker." Rule output
 * vanishes at once.
 */
static void end_vanished(struct rule_runner *r, struct rule_state *s, int64_t t)
{
    struct int_list swap = s->before;

    for (int i = 0; i < s->before.n; i++) {
        int series = s->before.at[i];

        if (s->mark.at[series] != (int)(r->round & INT32_MAX)) {
            (void)rs_tsdb_append(r->db, series, t, rs_tsdb_stale());
        }
    }
    s->before = s->written;
    s->written = swap;
    s->written.n = 0;
}

/* ---- labels ---------------------------------------------------------------------------------- */

/*
 * Labels of the result without its name, overridden by the rule's; then the recorded name, or
 * alertname.
 */
static rs_labels output_labels(struct rule_runner *r, struct rule_state *s, rs_labels set)
{
    rs_labels out = rs_label_map_get(&s->output, set);

    if (out < 0) {
        const struct rule *rule = s->rule;

        out = rs_labels_drop_name(r->db->labels, set);
        if (rule->record != NULL) {
            out = rs_labels_with(r->db->labels, out, RS_METRIC_NAME, rule->record);
        }
        for (int i = 0; i < rule->n_label; i++) {
            out = rs_labels_with(r->db->labels, out, rule->label[i].name, rule->label[i].value);
        }
        if (rule->alert != NULL) {
            out = rs_labels_with(r->db->labels, out, "alertname", rule->alert);
        }
        rs_label_map_put(&s->output, set, out);
    }
    return out;
}

static struct entry *entry_of(struct rule_state *s, rs_labels set, int *index)
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

/* ---- recording rules ------------------------------------------------------------------------- */

static int eval_recording(struct rule_runner *r, struct rule_state *s, int64_t t)
{
    struct vector v;
    int index;

    if (rs_promql_eval(s->eval, t, &v, NULL) < 0) {
        return 1;
    }
    for (int i = 0; i < v.n;
         i++) { /* the labels may have made two results one: then nothing is written */
        struct entry *e = entry_of(s, output_labels(r, s, v.item[i].labels), &index);

        if (e->round == r->round) {
            return 1;
        }
        e->round = r->round;
    }
    for (int i = 0; i < v.n; i++) {
        write_series(r, s, output_labels(r, s, v.item[i].labels), t, v.item[i].v);
    }
    end_vanished(r, s, t);
    return 0;
}

/* ---- alerting rules -------------------------------------------------------------------------- */

static void write_alerts(struct rule_runner *r, struct rule_state *s, struct entry *e, int64_t t)
{
    struct label_table *labels = r->db->labels;
    const struct alert *a = &e->alert;

    if (!r->db->wants_alerts) {
        return;
    }
    if (e->pending < 0) {
        rs_labels named = rs_labels_with(labels, a->labels, RS_METRIC_NAME, "ALERTS");

        e->pending = rs_labels_with(labels, named, "alertstate", "pending");
        e->firing = rs_labels_with(labels, named, "alertstate", "firing");
        e->for_state = rs_labels_with(labels, a->labels, RS_METRIC_NAME, "ALERTS_FOR_STATE");
    }
    write_series(r, s, a->state == RS_ALERT_PENDING ? e->pending : e->firing, t, 1.0);
    write_series(r, s, e->for_state, t, (double)(a->active_ms / 1000));
}

/*
 * Notes which alerts the result has. 1 if two results become the same alert: then nothing changes.
 */
static int note_result(struct rule_runner *r, struct rule_state *s, const struct vector *v)
{
    int index;

    for (int i = 0; i < v->n; i++) {
        struct entry *e = entry_of(s, output_labels(r, s, v->item[i].labels), &index);

        if (e->round == r->round) {
            return 1;
        }
        e->round = r->round;
        e->value = v->item[i].v;
    }
    return 0;
}

/* "If there is already an active alert, only update its value"; an inactive one is replaced. */
static void activate(struct rule_runner *r, struct rule_state *s, const struct vector *v, int64_t t)
{
    for (int i = 0; i < v->n; i++) {
        int index;
        struct entry *e = entry_of(s, output_labels(r, s, v->item[i].labels), &index);
        struct alert *a = &e->alert;

        if (!e->live) {
            e->live = true;
            e->from = RS_ALERT_INACTIVE;
            list_push(&s->order, index);
            a->state = RS_ALERT_INACTIVE;
        }
        if (a->state == RS_ALERT_INACTIVE) {
            *a = (struct alert){
                .rule = s->rule, .labels = a->labels, .state = RS_ALERT_PENDING, .active_ms = t};
        }
        a->value = e->value;
    }
}

/* One alert at t. false if the rule forgets it. */
static bool move_alert(struct rule_runner *r, struct rule_state *s, struct entry *e, int64_t t)
{
    struct alert *a = &e->alert;
    bool keep = false, forget;

    if (e->round == r->round) {
        a->keep_since_ms = 0;
    } else {
        if (a->state == RS_ALERT_FIRING && s->keep_ms > 0) {
            a->keep_since_ms = a->keep_since_ms == 0 ? t : a->keep_since_ms;
            keep = t - a->keep_since_ms < s->keep_ms;
        }
        forget = a->state == RS_ALERT_PENDING ||
                 (a->resolved_ms != 0 && t - a->resolved_ms > RESOLVED_RETENTION_MS);
        if (a->state != RS_ALERT_INACTIVE && !keep) {
            a->state = RS_ALERT_INACTIVE;
            a->resolved_ms = t;
        }
        if (!keep) {
            return !forget;
        }
    }
    if (a->state == RS_ALERT_PENDING && t - a->active_ms >= s->for_ms) {
        a->state = RS_ALERT_FIRING;
        a->fired_ms = t;
    }
    write_alerts(r, s, e, t);
    return true;
}

/*
 * "needsSending": a resolved alert that has not been sent since, or the last sending is longer ago
 * than the resend delay,
 * strictly. The end is four rounds (or resend delays) away, so that two lost sendings resolve
 * nothing.
 */
static void
send_alert(const struct rule_runner *r, struct alert *a, int64_t t, const struct rule_sink *sink)
{
    int64_t span = r->interval_ms > r->resend_ms ? r->interval_ms : r->resend_ms;
    bool due = a->sent_ms == 0 || a->resolved_ms > a->sent_ms || a->sent_ms + r->resend_ms < t;

    if (a->state == RS_ALERT_PENDING || !due) {
        return;
    }
    a->sent_ms = t;
    if (sink->send != NULL) {
        sink->send(sink->ctx, t, a, a->resolved_ms != 0 ? a->resolved_ms : t + 4 * span);
    }
}

static int
eval_alerting(struct rule_runner *r, struct rule_state *s, int64_t t, const struct rule_sink *sink)
{
    struct vector v;
    int n = 0;

    if (rs_promql_eval(s->eval, t, &v, NULL) < 0 || note_result(r, s, &v) != 0) {
        return 1;
    }
    for (int i = 0; i < s->order.n; i++) {
        struct entry *e = s->entry[s->order.at[i]];

        e->from = e->alert.state;
    }
    activate(r, s, &v, t);
    for (int i = 0; i < s->order.n; i++) {
        struct entry *e = s->entry[s->order.at[i]];

        e->live = move_alert(r, s, e, t);
        if (e->alert.state != e->from && sink->changed != NULL) {
            sink->changed(sink->ctx, t, &e->alert, e->from);
        }
        if (e->live) {
            s->order.at[n++] = s->order.at[i];
        }
    }
    s->order.n = n;
    end_vanished(r, s, t);
    for (int i = 0; i < s->order.n; i++) {
        send_alert(r, &s->entry[s->order.at[i]]->alert, t, sink);
    }
    return 0;
}

int rs_rule_runner_eval(struct rule_runner *r, int64_t t_ms, const struct rule_sink *sink)
{
    static const struct rule_sink nobody = {0};
    int n_bad = 0;

    r->round++;
    for (int i = 0; i < r->group->n_rule; i++) {
        struct rule_state *s = &r->state[i];

        n_bad += s->rule->record != NULL ? eval_recording(r, s, t_ms)
                                         : eval_alerting(r, s, t_ms, sink != NULL ? sink : &nobody);
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

char *rs_rule_runner_annotation(struct rule_runner *r, const struct alert *a, int i)
{
    (void)r;
    return rs_xstrdup(a->rule->annotation[i].value);
}
