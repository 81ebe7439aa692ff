/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Selectors: which series, which samples of them. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "../regex/regex.h"
#include "promql_window.h"
#include "sim/arena.h"

struct select {
    /* Its picks are sorted by labels, the order of Prometheus' blocks: sums depend on it in the last
     * bit. */
    struct ranges r;
    int n_matcher;
    struct ready_matcher *matcher; /* [n_matcher] */
    struct label_map verdict;      /* 0 = does not match, 1 = does */
    struct label_map bare;
    int n_seen; /* series looked at so far */
    uint64_t generation, epoch;
    int64_t span_ms;
    bool times; /* give times, not values */
};

static void select_free(void *state)
{
    struct select *s = state;

    for (int i = 0; i < s->n_matcher; i++) {
        rs_matcher_clear(&s->matcher[i]);
    }
    rs_label_map_clear(&s->verdict);
    rs_label_map_clear(&s->bare);
    free(s->matcher);
    free(s->r.pick);
    free(s->r.scratch);
    free(s);
}

static bool matches(const struct promql_eval *e, struct select *s, rs_labels set)
{
    int verdict = rs_label_map_get(&s->verdict, set);

    if (verdict < 0) {
        verdict = 1;
        for (int i = 0; i < s->n_matcher && verdict == 1; i++) {
            const char *value = rs_labels_get(e->labels, set, s->matcher[i].name);

            verdict = rs_matcher_matches(&s->matcher[i], value);
        }
        rs_label_map_put(&s->verdict, set, verdict);
    }
    return verdict == 1;
}

static rs_labels bare_of(const struct promql_eval *e, struct select *s, rs_labels set)
{
    rs_labels bare = rs_label_map_get(&s->bare, set);

    if (bare < 0) {
        bare = rs_labels_drop_name(e->labels, set);
        rs_label_map_put(&s->bare, set, bare);
    }
    return bare;
}

static void pick_insert(const struct promql_eval *e, struct select *s, int series, rs_labels set)
{
    struct ranges *r = &s->r;
    int at = r->n;

    if (r->n == r->cap) {
        r->cap = r->cap ? 2 * r->cap : 8;
        r->pick = rs_xrealloc(r->pick, (size_t)r->cap * sizeof *r->pick);
    }
    /* Series mostly come in order: compare with the last first, and only then search. */
    if (at > 0 && rs_labels_compare(e->labels, r->pick[at - 1].labels, set) > 0) {
        int lo = 0, hi = at - 1;

        while (lo < hi) {
            int mid = lo + (hi - lo) / 2;

            if (rs_labels_compare(e->labels, r->pick[mid].labels, set) > 0) {
                hi = mid;
            } else {
                lo = mid + 1;
            }
        }
        at = lo;
        memmove(r->pick + at + 1, r->pick + at, (size_t)(r->n - at) * sizeof *r->pick);
    }
    r->pick[at] = (struct pick){series, set, bare_of(e, s, set), 0, 0};
    r->n++;
}

/* Brings the picks up to date with the tsdb. */
static void resolve(struct promql_eval *e, struct cell *c)
{
    struct select *s = c->state;

    if (s->generation == e->db->generation && s->epoch == e->db->epoch) {
        return;
    }
    if (s->epoch != e->db->epoch) {
        s->r.n = 0;
        s->n_seen = 0;
    }
    for (int i = s->n_seen; i < e->db->n; i++) {
        rs_labels set = e->db->series[i].labels;

        if (matches(e, s, set)) {
            rs_tsdb_retain(e->db, i, s->span_ms);
            pick_insert(e, s, i, set);
        }
    }
    s->n_seen = e->db->n;
    s->generation = e->db->generation;
    s->epoch = e->db->epoch;
    c->may_collide = false;
    rs_eval_new_pass(e);
    for (int i = 0; i < s->r.n; i++) {
        c->may_collide = !rs_eval_meet(e, s->r.pick[i].bare) || c->may_collide;
    }
}

/*
 * "Take the newest sample at or before ref; accept it if it is not older than the look-back and no
 * stale marker."
 */
static int eval_instant(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    struct select *s = c->state;
    int64_t ref = rs_modified_time(e, &c->node->u.sel.mod, t_ms);
    int64_t oldest = ref - e->opt.lookback_ms + e->toggle.left_open;

    resolve(e, c);
    c->n = 0;
    for (int i = 0; i < s->r.n; i++) {
        struct pick *p = &s->r.pick[i];
        const struct series *series;
        int64_t at_ms;
        double v;

        rs_series_touch(e->db, p->series, e->now_ms);
        series = &e->db->series[p->series];
        if (ref >= series->last_ms && series->stale_end < series->end) {
            at_ms = series->last_ms; /* the newest sample of all */
            v = series->last;
        } else {
            p->to = rs_series_after(series, ref, p->to);
            if (p->to == series->begin) {
                continue;
            }
            at_ms = rs_series_sample(series, p->to - 1)->t_ms;
            v = rs_series_sample(series, p->to - 1)->v;
        }
        if (at_ms >= oldest && !rs_stale_bits(v)) {
            rs_cell_push(c, p->labels, s->times ? (double)at_ms / 1000.0 : v);
        }
    }
    return 0;
}

static int prepare_range(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    struct select *s = c->state;

    resolve(e, c);
    s->r.hi_ms = rs_modified_time(e, &c->node->u.sel.mod, t_ms);
    s->r.lo_ms = s->r.hi_ms - c->node->u.sel.range_ms;
    return s->r.n;
}

static bool range_window(struct promql_eval *e, struct cell *c, int i, struct range_window *w)
{
    return rs_ranges_window(e, c->state, i, w);
}

/* ---- spans ----------------------------------------------------------------------------------- */

/* An @ looks from anywhere: everything must be kept. */
#define SPAN_ALL (INT64_MAX / 4)

static int64_t modifiers_span(const struct modifiers *mod, int64_t span_ms)
{
    if (mod->at == RS_AT_TIME) {
        return SPAN_ALL;
    }
    span_ms += mod->offset_ms > 0 ? mod->offset_ms : 0;
    return span_ms < SPAN_ALL ? span_ms : SPAN_ALL;
}

struct span_walk {
    int64_t lookback_ms;
    rs_promql_selector_fn fn;
    void *ctx;
};

const char *rs_selector_metric(const struct node *n)
{
    if (n->u.sel.name != NULL) {
        return n->u.sel.name;
    }
    for (int i = 0; i < n->u.sel.n_matcher; i++) {
        const struct pql_matcher *m = &n->u.sel.matcher[i];

        if (strcmp(m->name, RS_METRIC_NAME) == 0 && m->op == RS_MATCH_EQ) {
            return m->value;
        }
    }
    return NULL;
}

/* outer_ms: what the subqueries around reach back. */
static void walk(const struct span_walk *w, const struct node *n, int64_t outer_ms)
{
    int64_t span;

    switch (n->kind) {
    case RS_NODE_NUMBER:
    case RS_NODE_STRING: break;
    case RS_NODE_SELECTOR:
        span = n->u.sel.range_ms > 0 ? n->u.sel.range_ms : w->lookback_ms;
        span = modifiers_span(&n->u.sel.mod, span);
        w->fn(w->ctx, rs_selector_metric(n),
              span + outer_ms < SPAN_ALL ? span + outer_ms : SPAN_ALL, n->at);
        break;
    case RS_NODE_SUBQUERY:
        span = modifiers_span(&n->u.sub.mod, n->u.sub.range_ms) + outer_ms;
        walk(w, n->u.sub.expr, span < SPAN_ALL ? span : SPAN_ALL);
        break;
    case RS_NODE_CALL:
        for (int i = 0; i < n->u.call.n_arg; i++) {
            walk(w, n->u.call.arg[i], outer_ms);
        }
        break;
    case RS_NODE_AGGR:
        if (n->u.aggr.param != NULL) {
            walk(w, n->u.aggr.param, outer_ms);
        }
        walk(w, n->u.aggr.expr, outer_ms);
        break;
    case RS_NODE_BINARY:
        walk(w, n->u.bin.lhs, outer_ms);
        walk(w, n->u.bin.rhs, outer_ms);
        break;
    case RS_NODE_UNARY: walk(w, n->u.unary.expr, outer_ms); break;
    case RS_NODE_PAREN: walk(w, n->u.paren, outer_ms); break;
    }
}

void rs_promql_selectors(const struct promql *q,
                         int64_t lookback_ms,
                         rs_promql_selector_fn fn,
                         void *ctx)
{
    struct span_walk w = {lookback_ms, fn, ctx};

    walk(&w, q->root, 0);
}

struct longest {
    struct mark at;
    int64_t span_ms;
};

static void keep_longest(void *ctx, const char *metric, int64_t span_ms, struct mark at)
{
    struct longest *l = ctx;

    (void)metric;
    if (at.line == l->at.line && at.col == l->at.col && span_ms > l->span_ms) {
        l->span_ms = span_ms;
    }
}

/* ---- making ---------------------------------------------------------------------------------- */

struct cell *rs_selector_cell(struct promql_eval *e, const struct node *n)
{
    struct cell *c = rs_cell_make(n, n->u.sel.range_ms > 0 ? NULL : eval_instant, 0);
    struct select *s = rs_xcalloc(1, sizeof *s);
    struct longest longest = {n->at, 0};
    const char *metric = rs_selector_metric(n);

    s->matcher = rs_xcalloc((size_t)n->u.sel.n_matcher + 1, sizeof *s->matcher);
    if (n->u.sel.name != NULL) {
        rs_matcher_init(&s->matcher[s->n_matcher++], RS_METRIC_NAME, n->u.sel.name, RS_MATCH_EQ);
    }
    for (int i = 0; i < n->u.sel.n_matcher; i++) {
        const struct pql_matcher *m = &n->u.sel.matcher[i];

        rs_matcher_init_as(&s->matcher[s->n_matcher++], rs_promql_regex(e->q->dialect), m->name,
                           m->value, m->op);
    }
    rs_promql_selectors(e->q, e->opt.lookback_ms, keep_longest, &longest);
    s->span_ms = longest.span_ms < SPAN_ALL ? longest.span_ms + e->opt.behind_ms : SPAN_ALL;
    s->generation = UINT64_MAX;
    if (n->u.sel.range_ms > 0) {
        c->prepare = prepare_range;
        c->window = range_window;
    }
    c->state = s;
    c->state_free = select_free;
    if (metric == NULL || strncmp(metric, "ALERTS", 6) == 0) {
        e->db->wants_alerts = true;
    }
    resolve(e, c);
    return c;
}

struct ranges *rs_selector_ranges(struct promql_eval *e, struct cell *c)
{
    resolve(e, c);
    return c->state;
}

void rs_selector_keep_more(struct promql_eval *e, struct cell *c, int64_t more_ms)
{
    struct select *s = c->state;

    if (s->span_ms < SPAN_ALL) {
        s->span_ms += more_ms;
    }
    resolve(e, c);
    for (int i = 0; i < s->r.n; i++) {
        rs_tsdb_retain(e->db, s->r.pick[i].series, s->span_ms);
    }
}

void rs_selector_gives_times(struct cell *c)
{
    ((struct select *)c->state)->times = true;
}
