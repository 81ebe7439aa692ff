/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A rule's variants side by side (models/lanes.h). Each has the alerts that it would have by itself, moved by the same functions
 * as those of a rule alone; a variant that has none and gets none costs nothing. What a round of a variant shows to others is
 * its events: changes that people, automation and Alertmanager are told, in their order. Variants of the same events go on
 * together, so the series that the rule writes are the same for all of them and are kept once.
 */
#include "rules_lanes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/clock.h"

/* ---- making ---------------------------------------------------------------------------------- */

struct rule_lanes *rs_rule_lanes_new(struct rule_runner *r, const struct rule_variants *v)
{
    struct rule_lanes *l = rs_xcalloc(1, sizeof *l);
    const struct promql **q = rs_xcalloc((size_t)v->n, sizeof(const struct promql *));
    size_t n_expr;

    assert(r->group->rule[v->rule].alert != NULL && v->n > 0);
    l->variants = *v;
    l->lane = rs_xcalloc((size_t)v->n, sizeof *l->lane);
    l->class_of = rs_xcalloc((size_t)v->n, sizeof *l->class_of);
    for (int i = 0; i < v->n; i++) {
        q[i] = v->variant[i]->expr;
        l->lane[i].waits = (struct alert_waits){v->variant[i]->for_ns / RS_NS_PER_MS,
                                                v->variant[i]->keep_firing_for_ns / RS_NS_PER_MS};
    }
    l->exprs = rs_promql_variants_new(q, v->n, r->db, r->opt.promql);
    free(q);
    n_expr = (size_t)rs_promql_variants_count(l->exprs);
    l->expr_used = rs_xcalloc(n_expr, sizeof *l->expr_used);
    l->first = rs_xcalloc(n_expr + 1, sizeof *l->first);
    l->of_expr = rs_xcalloc((size_t)v->n, sizeof *l->of_expr);
    return l;
}

const int64_t *rs_rule_runner_reach(const struct rule_runner *r, int rule, int variant, bool *awake)
{
    return rs_promql_variants_reach(r->state[rule].lanes->exprs, variant, awake);
}

void rs_rule_lanes_free(struct rule_lanes *l)
{
    if (l == NULL) {
        return;
    }
    for (int i = 0; i < l->variants.n; i++) {
        free(l->lane[i].alert);
    }
    free(l->lane);
    free(l->class_of);
    free(l->first);
    free(l->of_expr);
    free(l->expr_used);
    free(l->active.at);
    free(l->odd.at);
    free(l->event);
    free(l->place);
    rs_label_map_clear(&l->pending);
    rs_label_map_clear(&l->firing);
    rs_promql_variants_free(l->exprs);
    free(l);
}

void rs_rule_lanes_reset(struct rule_lanes *l)
{
    for (int i = 0; l != NULL && i < l->variants.n; i++) {
        l->lane[i].n = 0;
    }
    if (l != NULL) {
        l->active.n = 0;
    }
}

/* Counting sort of the used lanes by their expressions. */
static void sort_by_expr(struct rule_lanes *l)
{
    int n_expr = rs_promql_variants_count(l->exprs);

    memset(l->first, 0, ((size_t)n_expr + 1) * sizeof *l->first);
    for (int i = 0; i < l->variants.n; i++) {
        if (l->lane[i].used) {
            l->first[rs_promql_variants_of(l->exprs, i) + 1]++;
        }
    }
    for (int i = 0; i < n_expr; i++) {
        l->expr_used[i] = l->first[i + 1] > 0;
        l->first[i + 1] += l->first[i];
    }
    /* Filled from the back, so that first[i + 1] ends where the expression's lanes begin; then all move up by one. */
    for (int i = l->variants.n - 1; i >= 0; i--) {
        if (l->lane[i].used) {
            l->of_expr[--l->first[rs_promql_variants_of(l->exprs, i) + 1]] = i;
        }
    }
    for (int i = 0; i < n_expr; i++) {
        l->first[i] = l->first[i + 1];
    }
    l->first[n_expr] = 0;
    for (int i = 0; i < l->variants.n; i++) {
        l->first[n_expr] += l->lane[i].used;
    }
}

void rs_rule_runner_use(struct rule_runner *r, int rule, const bool *used, int followed)
{
    struct rule_lanes *l = r->state[rule].lanes;

    assert(l != NULL && used[followed]);
    for (int i = 0; i < l->variants.n; i++) {
        l->lane[i].used = used[i];
        l->lane[i].n = used[i] ? l->lane[i].n : 0;
    }
    l->followed = followed;
    sort_by_expr(l);
    rs_promql_variants_use(l->exprs, l->expr_used);
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* Two results that become the same alert make the round fail. */
static bool are_apart(struct rule_lanes *l, int n)
{
    l->pass++;
    for (int i = 0; i < n; i++) {
        struct place *p = rs_lane_place(l, l->s->out.at[i]);

        if (p->pass == l->pass) {
            return false;
        }
        p->pass = l->pass;
    }
    return true;
}

static void take_part(struct rule_lanes *l, int i)
{
    const struct lane *lane = &l->lane[i];

    if (lane->n_event > 0 || lane->failed) {
        rs_int_list_push(&l->odd, i);
    }
}

static void take_result(void *ctx, int expr, const struct vector *result, const struct err *err)
{
    struct rule_lanes *l = ctx;
    bool fails = result == NULL;

    (void)err;
    if (!fails) {
        rs_rule_output(l->r, l->s, result, l->t_ms);
        fails = !are_apart(l, result->n);
    }
    for (int k = l->first[expr]; k < l->first[expr + 1]; k++) {
        struct lane *lane = &l->lane[l->of_expr[k]];

        if (fails) {
            rs_lane_skip(l, lane);
        } else {
            if (lane->n == 0) {
                rs_int_list_push(&l->active, l->of_expr[k]);
            }
            rs_lane_move(l, lane, result);
        }
        take_part(l, l->of_expr[k]);
    }
}

static void move_others(struct rule_lanes *l)
{
    static const struct vector nothing = {NULL, 0};
    int n = 0;

    l->s->out.n = 0;
    for (int i = 0; i < l->active.n; i++) {
        int k = l->active.at[i];

        if (l->lane[k].round != l->r->round && l->lane[k].n > 0) {
            rs_lane_move(l, &l->lane[k], &nothing);
            take_part(l, k);
        }
        if (l->lane[k].n > 0) {
            l->active.at[n++] = k;
        }
    }
    l->active.n = n;
}

static bool
same_event(const struct rule_lanes *l, const struct lane_event *a, const struct lane_event *b)
{
    return a->send == b->send && a->from == b->from && a->ends_ms == b->ends_ms &&
           a->alert.labels == b->alert.labels && a->alert.state == b->alert.state &&
           a->alert.fired_ms == b->alert.fired_ms &&
           (!l->variants.pending || a->alert.active_ms == b->alert.active_ms);
}

static bool same_round(const struct rule_lanes *l, const struct lane *a, const struct lane *b)
{
    if (a->n_event != b->n_event || a->failed != b->failed) {
        return false;
    }
    for (int i = 0; i < a->n_event; i++) {
        if (!same_event(l, &l->event[a->first_event + i], &l->event[b->first_event + i])) {
            return false;
        }
    }
    return true;
}

/* Did the lane show nothing at all? That it failed shows only where series of the rule are waiting to be written or ended. */
static bool is_quiet(const struct rule_lanes *l, const struct lane *lane)
{
    return lane->round != l->r->round ||
           (lane->n_event == 0 && !(lane->failed && l->s->before.n > 0));
}

/*
 * Numbers the lanes by what they show; returns whether there are two kinds among them. `like` is one lane of each kind but
 * the quiet.
 */
static bool classify(struct rule_lanes *l)
{
    struct int_list like = {NULL, 0, 0};
    int n_quiet = 0;

    for (int i = 0; i < l->variants.n; i++) {
        l->class_of[i] = l->lane[i].used ? 0 : -1;
        n_quiet += l->lane[i].used;
    }
    for (int i = 0; i < l->odd.n; i++) {
        int k = 0, at = l->odd.at[i];

        if (is_quiet(l, &l->lane[at])) {
            continue;
        }
        while (k < like.n && !same_round(l, &l->lane[like.at[k]], &l->lane[at])) {
            k++;
        }
        if (k == like.n) {
            rs_int_list_push(&like, at);
        }
        l->class_of[at] = k + 1;
        n_quiet--;
    }
    free(like.at);
    return like.n + (n_quiet > 0) > 1;
}

/* ---- what the followed lane shows ------------------------------------------------------------ */

static rs_labels written_labels(struct rule_lanes *l, const struct alert *a)
{
    bool pending = a->state == RS_ALERT_PENDING;
    struct label_map *map = pending ? &l->pending : &l->firing;
    struct label_table *labels = l->r->db->labels;
    rs_labels set = rs_label_map_get(map, a->labels);

    if (set < 0) {
        set = rs_alert_series_labels(l->r, a);
        set = rs_labels_with(labels, set, RS_METRIC_NAME, "ALERTS");
        set = rs_labels_with(labels, set, "alertstate", pending ? "pending" : "firing");
        rs_label_map_put(map, a->labels, set);
    }
    return set;
}

/* ALERTS; pending ones only where lanes agree on them. ALERTS_FOR_STATE is not written: a rule that it is read of has no lanes. */
static void write_active(struct rule_lanes *l, const struct lane *lane)
{
    int64_t at_ms = l->t_ms - l->r->offset_ms;

    for (int i = 0; l->r->db->wants_alerts && i < lane->n; i++) {
        const struct alert *a = &lane->alert[i].alert;

        if (a->state == RS_ALERT_FIRING || (a->state == RS_ALERT_PENDING && l->variants.pending)) {
            rs_rule_write(l->r, l->s, written_labels(l, a), at_ms, 1.0);
        }
    }
    rs_rule_end_vanished(l->r, l->s, at_ms);
}

static void show(struct rule_lanes *l, const struct lane *lane)
{
    const struct rule_sink *sink = l->sink;
    bool took_part = lane->round == l->r->round;
    int n = took_part ? lane->n_event : 0, i = 0;

    for (; i < n && !l->event[lane->first_event + i].send; i++) {
        const struct lane_event *e = &l->event[lane->first_event + i];

        if (sink->changed != NULL) {
            sink->changed(sink->ctx, l->t_ms, &e->alert, e->from);
        }
    }
    if (!took_part || !lane->failed) {
        write_active(l, lane);
    }
    for (; i < n; i++) {
        const struct lane_event *e = &l->event[lane->first_event + i];

        sink->send(sink->ctx, l->t_ms, &e->alert, e->ends_ms);
    }
}

void rs_rule_eval_lanes(struct rule_runner *r,
                        struct rule_state *s,
                        int64_t t_ms,
                        const struct rule_sink *sink)
{
    struct rule_lanes *l = s->lanes;
    int followed = l->followed;

    l->r = r;
    l->s = s;
    l->sink = sink;
    l->t_ms = t_ms;
    l->n_event = l->odd.n = 0;
    rs_promql_variants_eval(l->exprs, t_ms - r->offset_ms, take_result, l);
    if (l->active.n == 0 && l->odd.n == 0 && s->before.n == 0) {
        return; /* nothing was, nothing is */
    }
    move_others(l);
    if (l->odd.n > 0 && classify(l)) {
        followed = l->variants.choose(l->variants.ctx, l->class_of);
        assert(l->lane[followed].used);
    }
    show(l, &l->lane[followed]);
}
