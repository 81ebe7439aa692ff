/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Alerting rules. Source: rules/alerting.go of Prometheus 3.5; the rules quoted are from there. */
#include "rules_private.h"

/* "resolvedRetention": how long a resolved alert is kept and sent again. */
#define RESOLVED_RETENTION_MS INT64_C(900000)

/*
 * Prometheus makes these series' labels of the rule's own, as written, overridden by the alert's. So where a template came to
 * nothing and the alert has no such label, its series have the template's text.
 */
rs_labels rs_alert_series_labels(struct rule_runner *r, const struct alert *a)
{
    const struct rule *rule = a->rule;
    rs_labels set = a->labels;

    for (int i = 0; rule->label_template != NULL && i < rule->n_label; i++) {
        const struct label *label = &rule->label[i];

        if (rule->label_template[i] != NULL &&
            rs_labels_get(r->db->labels, a->labels, label->name)[0] == '\0') {
            set = rs_labels_with(r->db->labels, set, label->name, label->value);
        }
    }
    return set;
}

static void write_alerts(struct rule_runner *r, struct rule_state *s, struct entry *e, int64_t t_ms)
{
    struct label_table *labels = r->db->labels;
    const struct alert *a = &e->alert;

    if (e->pending < 0) {
        rs_labels own = rs_alert_series_labels(r, a);
        rs_labels named = rs_labels_with(labels, own, RS_METRIC_NAME, "ALERTS");

        e->pending = rs_labels_with(labels, named, "alertstate", "pending");
        e->firing = rs_labels_with(labels, named, "alertstate", "firing");
        e->for_state = rs_labels_with(labels, own, RS_METRIC_NAME, "ALERTS_FOR_STATE");
    }
    rs_rule_write(r, s, a->state == RS_ALERT_PENDING ? e->pending : e->firing, t_ms, 1.0);
    rs_rule_write(r, s, e->for_state, t_ms, (double)(a->active_ms / 1000));
}

/* Notes which alerts the result has. -1 if two results become the same alert: then nothing changes. */
static int
note_result(struct rule_runner *r, struct rule_state *s, const struct vector *v, struct err *err)
{
    int index;

    for (int i = 0; i < v->n; i++) {
        struct entry *e = rs_rule_entry(s, s->out.at[i], &index);

        if (e->round == r->round) {
            return rs_err_set(err, RS_E_RANGE,
                              "vector contains metrics with the same labelset after applying "
                              "alert labels");
        }
        e->round = r->round;
        e->value = v->item[i].v;
        e->result = v->item[i].labels;
    }
    return 0;
}

void rs_alert_begin(struct alert *a, int64_t t_ms)
{
    *a = (struct alert){
        .rule = a->rule, .labels = a->labels, .state = RS_ALERT_PENDING, .active_ms = t_ms};
}

/* "If there is already an active alert, only update its value"; an inactive one is replaced. */
static void activate(struct rule_state *s, const struct vector *v, int64_t t_ms)
{
    for (int i = 0; i < v->n; i++) {
        int index;
        struct entry *e = rs_rule_entry(s, s->out.at[i], &index);
        struct alert *a = &e->alert;

        if (!e->live) {
            e->live = true;
            e->from = RS_ALERT_INACTIVE;
            rs_int_list_push(&s->order, index);
            a->state = RS_ALERT_INACTIVE;
        }
        if (a->state == RS_ALERT_INACTIVE) {
            rs_alert_begin(a, t_ms);
            e->sent = false;
        }
        a->value = e->value;
        a->result = e->result;
        a->seen_ms = t_ms;
    }
}

bool rs_alert_move(
    struct alert *a, const struct alert_waits *w, bool found, int64_t t_ms, bool *active)
{
    bool keep = false, forget;

    *active = true;
    if (found) {
        a->keep_since_ms = 0;
    } else {
        if (a->state == RS_ALERT_FIRING && w->keep_ms > 0) {
            a->keep_since_ms = a->keep_since_ms == 0 ? t_ms : a->keep_since_ms;
            keep = t_ms - a->keep_since_ms < w->keep_ms;
        }
        forget = a->state == RS_ALERT_PENDING ||
                 (a->resolved_ms != 0 && t_ms - a->resolved_ms > RESOLVED_RETENTION_MS);
        if (a->state != RS_ALERT_INACTIVE && !keep) {
            a->state = RS_ALERT_INACTIVE;
            a->resolved_ms = t_ms;
        }
        if (!keep) {
            *active = false;
            return !forget;
        }
    }
    if (a->state == RS_ALERT_PENDING && t_ms - a->active_ms >= w->for_ms) {
        a->state = RS_ALERT_FIRING;
        a->fired_ms = t_ms;
    }
    return true;
}

/* Moves all alerts; returns how many are pending or firing afterwards. */
static int move_alerts(const struct rule_runner *r, struct rule_state *s, int64_t t_ms)
{
    int n_active = 0;

    for (int i = 0; i < s->order.n; i++) {
        struct entry *e = s->entry[s->order.at[i]];
        bool active;

        e->live = rs_alert_move(&e->alert, &s->waits, e->round == r->round, t_ms, &active);
        n_active += active;
    }
    return n_active;
}

/*
 * "exceeded limit": the rule forgets all that it knew, without a word to Alertmanager, which will take the alerts as resolved
 * when their time is up. The series of the last round get no stale markers.
 */
static int forget_all(struct rule_runner *r, struct rule_state *s, int n_active, struct err *err)
{
    for (int i = 0; i < s->order.n; i++) {
        struct entry *e = s->entry[s->order.at[i]];

        e->alert.state = RS_ALERT_INACTIVE;
        e->live = false;
    }
    return rs_err_set(err, RS_E_RANGE, "exceeded limit of %d with %d alerts", r->group->limit,
                      n_active);
}

/* Tells what has changed and drops what is forgotten. */
static void tell_changes(struct rule_state *s, int64_t t_ms, const struct rule_sink *sink)
{
    int n = 0;

    for (int i = 0; i < s->order.n; i++) {
        struct entry *e = s->entry[s->order.at[i]];

        if (e->alert.state != e->from && sink->changed != NULL) {
            sink->changed(sink->ctx, t_ms, &e->alert, e->from);
        }
        if (e->live) {
            s->order.at[n++] = s->order.at[i];
        }
    }
    s->order.n = n;
}

/*
 * "needsSending": a resolved alert that has not been sent since, or the last sending is longer ago than the resend delay,
 * strictly. The end is four rounds (or resend delays) away, so that two lost sendings resolve nothing.
 */
bool rs_alert_due(
    const struct rule_runner *r, struct alert *a, bool *sent, int64_t t_ms, int64_t *ends_ms)
{
    int64_t interval = r->opt.interval_ms, delay = r->opt.resend_delay_ms;
    int64_t span = interval > delay ? interval : delay;
    bool due = !*sent || a->resolved_ms > a->sent_ms || a->sent_ms + delay < t_ms;

    if (a->state == RS_ALERT_PENDING || !due) {
        return false;
    }
    *sent = true;
    a->sent_ms = t_ms;
    *ends_ms = a->state == RS_ALERT_INACTIVE ? a->resolved_ms : t_ms + 4 * span;
    return true;
}

static void write_active(struct rule_runner *r, struct rule_state *s, int64_t t_ms)
{
    for (int i = 0; r->db->wants_alerts && i < s->order.n; i++) {
        struct entry *e = s->entry[s->order.at[i]];

        if (e->alert.state != RS_ALERT_INACTIVE) {
            write_alerts(r, s, e, t_ms);
        }
    }
    rs_rule_end_vanished(r, s, t_ms);
}

int rs_rule_eval_alert(struct rule_runner *r,
                       struct rule_state *s,
                       int64_t t_ms,
                       const struct rule_sink *sink,
                       struct err *err)
{
    struct vector v;
    int n_active;

    if (rs_promql_eval(s->eval, t_ms - r->offset_ms, &v, err) < 0) {
        return -1;
    }
    if (v.n == 0 && s->order.n == 0 && s->before.n == 0) {
        return 0; /* nothing was, nothing is */
    }
    rs_rule_output(r, s, &v, t_ms);
    if (note_result(r, s, &v, err) < 0) {
        return -1;
    }
    for (int i = 0; i < s->order.n; i++) {
        struct entry *e = s->entry[s->order.at[i]];

        e->from = e->alert.state;
    }
    activate(s, &v, t_ms);
    n_active = move_alerts(r, s, t_ms);
    if (r->group->limit > 0 && n_active > r->group->limit) {
        (void)forget_all(r, s, n_active, err);
        tell_changes(s, t_ms, sink);
        return -1;
    }
    tell_changes(s, t_ms, sink);
    write_active(r, s, t_ms - r->offset_ms);
    for (int i = 0; i < s->order.n; i++) {
        struct entry *e = s->entry[s->order.at[i]];
        int64_t ends_ms;

        if (rs_alert_due(r, &e->alert, &e->sent, t_ms, &ends_ms) && sink->send != NULL) {
            sink->send(sink->ctx, t_ms, &e->alert, ends_ms);
        }
    }
    return 0;
}
