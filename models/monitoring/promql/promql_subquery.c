/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Subqueries: an instant expression evaluated on a grid of absolute times, its results taken as
 * samples.
 *
 * The grid does not move with the evaluation, so what was computed for a step stays true until a
 * sample arrives at or before the time that the step looks at: late scrapes, and rule outputs of
 * the same instant. The results are kept as series (tracks); each prepare() asks the selectors
 * below what is new since the last one, takes back the steps that could have seen it, and computes
 * those that are missing. What looks at a fixed time (@) is computed anew each time.
 */
#include <stdlib.h>
#include <string.h>

#include "promql_window.h"
#include "sim/arena.h"

struct leaf { /* a selector below */
    struct cell *selector;
    int64_t shift_ms; /* it looks so much before the step */
    uint64_t *seen; /* [n_seen] by series: number of the first sample not yet taken into account */
    int n_seen;
};

struct subquery {
    struct ranges r; /* its picks are sorted by labels, whatever the order of appearance */
    int n_track, cap_track;
    struct label_map by_labels; /* -> track */
    int64_t step_ms, more_ms;   /* of the grid; what tracks keep beyond the range */
    bool cacheable;
    bool any;                 /* some step has been computed: */
    int64_t from_ms, done_ms; /* these, both included */
    uint64_t n_reset, epoch;  /* of the tsdb when they were */
    struct leaf *leaf;        /* [n_leaf] */
    int n_leaf;
};

static void subquery_free(void *state)
{
    struct subquery *s = state;

    for (int i = 0; i < s->cap_track; i++) {
        rs_series_free(&s->r.own[i]);
    }
    for (int i = 0; i < s->n_leaf; i++) {
        free(s->leaf[i].seen);
    }
    free(s->leaf);
    free(s->r.own);
    free(s->r.pick);
    free(s->r.scratch);
    rs_label_map_clear(&s->by_labels);
    free(s);
}

/* ---- tracks ---------------------------------------------------------------------------------- */

static int track_new(struct promql_eval *e, struct cell *c, rs_labels labels)
{
    struct subquery *s = c->state;
    struct ranges *r = &s->r;
    int track = s->n_track++, at = r->n;

    if (track == s->cap_track) {
        int cap = track ? 2 * track : 8;

        r->own = rs_series_grow(r->own, track, cap);
        r->pick = rs_xrealloc(r->pick, (size_t)cap * sizeof *r->pick);
        s->cap_track = r->cap = cap;
    }
    rs_series_init(&r->own[track], labels);
    r->own[track].span_ms = c->node->u.sub.range_ms + s->step_ms + s->more_ms;
    rs_label_map_put(&s->by_labels, labels, track);
    for (; at > 0 && rs_labels_compare(e->labels, r->pick[at - 1].labels, labels) > 0; at--) {
        r->pick[at] = r->pick[at - 1];
    }
    r->pick[at] = (struct pick){track, labels, rs_cell_bare(e, c, labels), 0, 0};
    r->n++;
    rs_eval_new_pass(e);
    c->may_collide = false;
    for (int i = 0; i < r->n; i++) {
        c->may_collide = !rs_eval_meet(e, r->pick[i].bare) || c->may_collide;
    }
    return track;
}

static int compute_step(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    struct subquery *s = c->state;
    struct cell *inner = c->arg[0];

    if (inner->eval(e, inner, t_ms) < 0) {
        return -1;
    }
    for (int i = 0; i < inner->n; i++) {
        rs_labels labels = inner->item[i].labels;
        double v = inner->item[i].v;
        int track = rs_label_map_get(&s->by_labels, labels);

        track = track < 0 ? track_new(e, c, labels) : track;
        /* A point is no sample of a scrape: its NaN marks nothing. */
        (void)rs_series_append(&s->r.own[track], t_ms, rs_stale_bits(v) ? (double)NAN : v);
    }
    return 0;
}

static void forget(struct subquery *s)
{
    for (int i = 0; i < s->n_track; i++) {
        rs_series_empty(&s->r.own[i]);
    }
    s->any = false;
}

/* ---- what is new below ----------------------------------------------------------------------- */

/* Notes what there is; returns the earliest time of a sample that was not there before. */
static int64_t leaf_news(struct promql_eval *e, struct leaf *l)
{
    struct ranges *r = rs_selector_ranges(e, l->selector);
    int64_t news_ms = INT64_MAX;

    if (l->n_seen < e->db->n) {
        l->seen = rs_xrealloc(l->seen, (size_t)e->db->cap * sizeof *l->seen);
        memset(l->seen + l->n_seen, 0, (size_t)(e->db->cap - l->n_seen) * sizeof *l->seen);
        l->n_seen = e->db->cap;
    }
    for (int i = 0; i < r->n; i++) {
        int series = r->pick[i].series;
        const struct series *s;
        uint64_t first;

        rs_series_touch(e->db, series, e->now_ms);
        s = &e->db->series[series];
        if (l->seen[series] == s->end) {
            continue;
        }
        first = l->seen[series] > s->begin ? l->seen[series] : s->begin;
        l->seen[series] = s->end;
        if (first < s->end && rs_series_sample(s, first)->t_ms < news_ms) {
            news_ms = rs_series_sample(s, first)->t_ms;
        }
    }
    return news_ms;
}

/* Takes back the steps that would have seen what is new. */
static void take_back(struct promql_eval *e, struct subquery *s)
{
    int64_t cut_ms = INT64_MAX;

    for (int i = 0; i < s->n_leaf; i++) {
        int64_t news_ms = leaf_news(e, &s->leaf[i]);

        if (news_ms < INT64_MAX && news_ms + s->leaf[i].shift_ms < cut_ms) {
            cut_ms = news_ms + s->leaf[i].shift_ms;
        }
    }
    if (s->n_reset != e->db->n_reset || s->epoch != e->db->epoch || cut_ms <= s->from_ms) {
        forget(s);
    }
    s->n_reset = e->db->n_reset;
    s->epoch = e->db->epoch;
    if (!s->any || cut_ms > s->done_ms) {
        return;
    }
    for (int i = 0; i < s->n_track; i++) {
        rs_series_cut(&s->r.own[i], cut_ms);
    }
    s->done_ms -= s->step_ms * ((s->done_ms - cut_ms) / s->step_ms + 1);
}

/*
 * "Inner evaluations at multiples of the step in absolute time": the first one past lo (at lo
 * where ranges are closed).
 */
static int64_t first_step(int64_t lo_ms, int64_t step_ms, bool left_open)
{
    int64_t first = step_ms * (lo_ms / step_ms);

    return first < lo_ms + left_open ? first + step_ms : first;
}

static int prepare(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    struct subquery *s = c->state;
    int64_t first;

    s->r.hi_ms = rs_modified_time(e, &c->node->u.sub.mod, t_ms);
    s->r.lo_ms = s->r.hi_ms - c->node->u.sub.range_ms;
    first = first_step(s->r.lo_ms, s->step_ms, e->toggle.left_open);
    if (s->cacheable) {
        take_back(e, s);
    }
    if (!s->cacheable || (s->any && (first < s->from_ms || first > s->done_ms + s->step_ms))) {
        forget(s);
    }
    if (!s->any) {
        s->any = true;
        s->from_ms = first;
        s->done_ms = first - s->step_ms;
    }
    s->from_ms = first > s->from_ms ? first : s->from_ms; /* what was before, tracks may lose */
    for (int64_t t = s->done_ms + s->step_ms; t <= s->r.hi_ms; t += s->step_ms) {
        if (compute_step(e, c, t) < 0) {
            return -1;
        }
        s->done_ms = t;
    }
    return s->r.n;
}

static bool window(struct promql_eval *e, struct cell *c, int i, struct range_window *w)
{
    return rs_ranges_window(e, c->state, i, w);
}

void rs_subquery_keep_more(struct cell *c, int64_t more_ms)
{
    ((struct subquery *)c->state)->more_ms = more_ms;
}

/* ---- making ---------------------------------------------------------------------------------- */

/* The selectors below c and how far before the step each looks. */
static void find_leaves(struct subquery *s, struct cell *c, int64_t shift_ms)
{
    const struct node *n = c->node;

    if (n->kind == RS_NODE_SELECTOR) {
        s->leaf = rs_xrealloc(s->leaf, (size_t)(s->n_leaf + 1) * sizeof *s->leaf);
        s->leaf[s->n_leaf++] =
            (struct leaf){.selector = c, .shift_ms = shift_ms + n->u.sel.mod.offset_ms};
        s->cacheable = s->cacheable && n->u.sel.mod.at == RS_AT_NONE;
    }
    if (n->kind == RS_NODE_SUBQUERY) {
        shift_ms += n->u.sub.mod.offset_ms;
        s->cacheable = s->cacheable && n->u.sub.mod.at == RS_AT_NONE;
    }
    for (int i = 0; i < c->n_arg; i++) {
        find_leaves(s, c->arg[i], shift_ms);
    }
}

struct cell *rs_subquery_cell(struct promql_eval *e, const struct node *n)
{
    struct cell *c = rs_cell_make(n, NULL, 1);
    struct subquery *s = rs_xcalloc(1, sizeof *s);

    c->arg[0] = rs_cell_new(e, n->u.sub.expr);
    c->prepare = prepare;
    c->window = window;
    c->state = s;
    c->state_free = subquery_free;
    s->step_ms = n->u.sub.step_ms > 0 ? n->u.sub.step_ms : e->opt.subquery_step_ms;
    s->cacheable = !e->opt.plain;
    find_leaves(s, c->arg[0], 0);
    return c;
}
