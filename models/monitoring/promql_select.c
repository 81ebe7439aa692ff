/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Selectors: which series, which samples of them. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "promql_eval.h"
#include "regex.h"
#include "sim/arena.h"

struct pick { /* a series that matches, and where its samples were found last */
    int series;
    rs_labels labels, bare;
    uint64_t hint_lo, hint_hi;
};

struct select {
    int n_matcher;
    struct ready_matcher *matcher; /* [n_matcher] */
    struct label_map verdict;      /* 0 = does not match, 1 = does */
    struct label_map bare;
    /* [n] sorted by labels, the order of Prometheus' blocks: sums depend on it in the last bit */
    struct pick *pick;
    int n, cap;
    int n_seen; /* series looked at so far */
    uint64_t generation, epoch;
    int64_t span_ms;
    int64_t lo_ms, hi_ms; /* a range selector's range at this evaluation */
    bool times;           /* give times, not values */
    struct sample *scratch;
    int cap_scratch;
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
    free(s->pick);
    free(s->scratch);
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
    int at = s->n;

    if (s->n == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 8;
        s->pick = rs_xrealloc(s->pick, (size_t)s->cap * sizeof *s->pick);
    }
    /* Series mostly come in order: compare with the last first, and only then search. */
    if (at > 0 && rs_labels_compare(e->labels, s->pick[at - 1].labels, set) > 0) {
        int lo = 0, hi = at - 1;

        while (lo < hi) {
            int mid = lo + (hi - lo) / 2;

            if (rs_labels_compare(e->labels, s->pick[mid].labels, set) > 0) {
                hi = mid;
            } else {
                lo = mid + 1;
            }
        }
        at = lo;
        memmove(s->pick + at + 1, s->pick + at, (size_t)(s->n - at) * sizeof *s->pick);
    }
    s->pick[at] = (struct pick){series, set, bare_of(e, s, set), 0, 0};
    s->n++;
}

/* Brings the picks up to date with the tsdb. */
static void resolve(struct promql_eval *e, struct cell *c)
{
    struct select *s = c->state;

    if (s->generation == e->db->generation && s->epoch == e->db->epoch) {
        return;
    }
    if (s->epoch != e->db->epoch) {
        s->n = 0;
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
    for (int i = 0; i < s->n; i++) {
        c->may_collide = !rs_eval_meet(e, s->pick[i].bare) || c->may_collide;
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
    for (int i = 0; i < s->n; i++) {
        struct pick *p = &s->pick[i];
        const struct series *series;
        const struct sample *sample;

        rs_series_touch(e->db, p->series, e->now_ms);
        series = &e->db->series[p->series];
        p->hint_hi = rs_series_after(series, ref, p->hint_hi);
        if (p->hint_hi == series->begin) {
            continue;
        }
        sample = rs_series_sample(series, p->hint_hi - 1);
        if (sample->t_ms >= oldest && !rs_stale_bits(sample->v)) {
            rs_cell_push(c, p->labels, s->times ? (double)sample->t_ms / 1000.0 : sample->v);
        }
    }
    return 0;
}

static int prepare_range(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    struct select *s = c->state;

    resolve(e, c);
    s->hi_ms = rs_modified_time(e, &c->node->u.sel.mod, t_ms);
    s->lo_ms = s->hi_ms - c->node->u.sel.range_ms;
    return s->n;
}

/* Samples [from, to) without stale markers, copied out. */
static void window_copy(struct select *s,
                        const struct series *series,
                        uint64_t from,
                        uint64_t to,
                        struct range_window *w)
{
    int n = 0;

    if (to - from > (uint64_t)s->cap_scratch) {
        s->cap_scratch = (int)(to - from) * 2;
        s->scratch = rs_xrealloc(s->scratch, (size_t)s->cap_scratch * sizeof *s->scratch);
    }
    for (uint64_t i = from; i < to; i++) {
        const struct sample *sample = rs_series_sample(series, i);

        if (!rs_stale_bits(sample->v)) {
            s->scratch[n++] = *sample;
        }
    }
    w->run[0] = s->scratch;
    w->run[1] = NULL;
    w->n_run[0] = n;
    w->n_run[1] = 0;
    w->rises = false;
}

/* Samples [from, to) in place: no stale marker is among them. */
static void
window_in_place(const struct series *series, uint64_t from, uint64_t to, struct range_window *w)
{
    uint64_t wrap =
        (from | (series->cap - 1)) + 1; /* where numbers start again at the ring's left end */
    uint64_t end = to < wrap ? to : wrap;

    w->run[0] = rs_series_sample(series, from);
    w->n_run[0] = (int)(end - from);
    w->run[1] = series->ring;
    w->n_run[1] = (int)(to - end);
    w->rises = rs_series_trail(series, from)->n_drop == rs_series_trail(series, to - 1)->n_drop;
}

static bool range_window(struct promql_eval *e, struct cell *c, int i, struct range_window *w)
{
    struct select *s = c->state;
    struct pick *p = &s->pick[i];
    const struct series *series;
    uint64_t from, to;

    rs_series_touch(e->db, p->series, e->now_ms);
    series = &e->db->series[p->series];
    from = rs_series_after(series, e->toggle.left_open ? s->lo_ms : s->lo_ms - 1, p->hint_lo);
    to = rs_series_after(series, s->hi_ms, p->hint_hi);
    p->hint_lo = from;
    p->hint_hi = to;
    if (from >= to) {
        return false;
    }
    if (rs_series_trail(series, from)->n_stale == rs_series_trail(series, to - 1)->n_stale &&
        !rs_stale_bits(rs_series_sample(series, from)->v)) {
        window_in_place(series, from, to, w);
    } else {
        window_copy(s, series, from, to, w);
    }
    w->n = w->n_run[0] + w->n_run[1];
    w->lo_ms = s->lo_ms;
    w->hi_ms = s->hi_ms;
    w->toggle = &e->toggle;
    w->labels = p->labels;
    w->bare = p->bare;
    return w->n > 0;
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

static const char *metric_of(const struct node *n)
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
        w->fn(w->ctx, metric_of(n), span + outer_ms < SPAN_ALL ? span + outer_ms : SPAN_ALL, n->at);
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
    const char *metric = metric_of(n);

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
    s->span_ms = longest.span_ms;
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

void rs_selector_gives_times(struct cell *c)
{
    ((struct select *)c->state)->times = true;
}
