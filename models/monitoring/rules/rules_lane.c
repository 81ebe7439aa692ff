/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One variant of a rule among others: its alerts and what it shows of them in a round. */
#include "rules_lanes.h"

#include <stdlib.h>
#include <string.h>

static void tell(struct rule_lanes *l, struct lane *lane, struct lane_event event)
{
    if (l->n_event == l->cap_event) {
        l->cap_event = l->cap_event ? 2 * l->cap_event : 64;
        l->event = rs_xrealloc(l->event, (size_t)l->cap_event * sizeof *l->event);
    }
    l->event[l->n_event++] = event;
    lane->n_event++;
}

static struct lane_alert *append(struct rule_lanes *l, struct lane *lane, rs_labels labels)
{
    if (lane->n == lane->cap) {
        lane->cap = lane->cap ? 2 * lane->cap : 2;
        lane->alert = rs_xrealloc(lane->alert, (size_t)lane->cap * sizeof *lane->alert);
    }
    lane->alert[lane->n] = (struct lane_alert){
        .alert = {.rule = l->s->rule, .labels = labels, .state = RS_ALERT_INACTIVE}};
    return &lane->alert[lane->n++];
}

struct place *rs_lane_place(struct rule_lanes *l, rs_labels set)
{
    if (set >= l->cap_place) {
        int cap = 2 * set + 64;

        l->place = rs_xrealloc(l->place, (size_t)cap * sizeof *l->place);
        memset(l->place + l->cap_place, 0, (size_t)(cap - l->cap_place) * sizeof *l->place);
        l->cap_place = cap;
    }
    return &l->place[set];
}

/* Finds the result's alerts among the lane's, and begins those that are not active. Labels of the result: s->out. */
static void activate(struct rule_lanes *l, struct lane *lane, const struct vector *v)
{
    l->pass++;
    for (int i = 0; i < lane->n; i++) {
        *rs_lane_place(l, lane->alert[i].alert.labels) = (struct place){l->pass, i};
    }
    for (int i = 0; i < v->n; i++) {
        rs_labels set = l->s->out.at[i];
        const struct place *p = rs_lane_place(l, set);
        struct lane_alert *a = p->pass == l->pass ? &lane->alert[p->at] : append(l, lane, set);

        if (a->alert.state == RS_ALERT_INACTIVE) {
            rs_alert_begin(&a->alert, l->t_ms);
            a->sent = false;
        }
        a->found = true;
        a->alert.value = v->item[i].v;
        a->alert.result = v->item[i].labels;
        a->alert.seen_ms = l->t_ms;
    }
}

/* A change that is seen outside, or the pending ones too. */
static bool shows(const struct rule_lanes *l, const struct lane_alert *a)
{
    return a->alert.state != a->from &&
           (l->variants.pending || a->alert.state == RS_ALERT_FIRING || a->from == RS_ALERT_FIRING);
}

static void tell_changes(struct rule_lanes *l, struct lane *lane)
{
    int n = 0;

    for (int i = 0; i < lane->n; i++) {
        struct lane_alert *a = &lane->alert[i];

        if (shows(l, a)) {
            tell(l, lane, (struct lane_event){.from = a->from, .alert = a->alert});
        }
        if (a->live) {
            lane->alert[n++] = *a;
        }
    }
    lane->n = n;
}

/* "exceeded limit": all is forgotten, without a word to Alertmanager. */
static void forget_all(struct lane *lane)
{
    for (int i = 0; i < lane->n; i++) {
        lane->alert[i].alert.state = RS_ALERT_INACTIVE;
        lane->alert[i].live = false;
    }
    lane->failed = true;
}

void rs_lane_move(struct rule_lanes *l, struct lane *lane, const struct vector *v)
{
    int n_active = 0;

    lane->round = l->r->round;
    lane->failed = false;
    lane->first_event = l->n_event;
    lane->n_event = 0;
    for (int i = 0; i < lane->n; i++) {
        lane->alert[i].from = lane->alert[i].alert.state;
        lane->alert[i].found = false;
    }
    activate(l, lane, v);
    for (int i = 0; i < lane->n; i++) {
        struct lane_alert *a = &lane->alert[i];
        bool active;

        a->live = rs_alert_move(&a->alert, &lane->waits, a->found, l->t_ms, &active);
        n_active += active;
    }
    if (l->r->group->limit > 0 && n_active > l->r->group->limit) {
        forget_all(lane);
        tell_changes(l, lane);
        return;
    }
    tell_changes(l, lane);
    for (int i = 0; i < lane->n; i++) {
        struct lane_alert *a = &lane->alert[i];
        int64_t ends_ms;

        if (rs_alert_due(l->r, &a->alert, &a->sent, l->t_ms, &ends_ms) && l->sink->send != NULL) {
            tell(l, lane, (struct lane_event){.send = true, .ends_ms = ends_ms, .alert = a->alert});
        }
    }
}

void rs_lane_skip(struct rule_lanes *l, struct lane *lane)
{
    lane->round = l->r->round;
    lane->failed = true;
    lane->first_event = l->n_event;
    lane->n_event = 0;
}
