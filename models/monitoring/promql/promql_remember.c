/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How range functions are evaluated. Three ways: from the ends of the window (promql_slide.c);
 * from what is remembered of the window before, series by series; or window by window, sample by
 * sample. A walk is left where Prometheus' order of floating-point operations asks for one: sums
 * and averages of fractions, standard deviations, regressions. Even these are not repeated while
 * no sample has come or gone.
 */
#include <stdlib.h>
#include <string.h>

#include "promql_order.h"
#include "sim/arena.h"

enum way {
    BY_ENDS,   /* slice() tells, or there is no result */
    BY_TOTALS, /* slice() tells if it can, else the walk */
    BY_WALK,
    BY_MIN,
    BY_MAX,
    BY_RANK
};

static const struct recipe {
    rs_range_fn fn;
    enum way way;
    rs_slice_fn slice;
} recipes[] = {
    {rs_range_irate, BY_ENDS, rs_slice_irate},
    {rs_range_idelta, BY_ENDS, rs_slice_idelta},
    {rs_range_changes, BY_ENDS, rs_slice_changes},
    {rs_range_resets, BY_ENDS, rs_slice_resets},
    {rs_range_count, BY_ENDS, rs_slice_count},
    {rs_range_last, BY_ENDS, rs_slice_last_value},
    {rs_range_present, BY_ENDS, rs_slice_present},
    {rs_range_sum, BY_TOTALS, rs_slice_sum},
    {rs_range_avg, BY_TOTALS, rs_slice_avg},
    {rs_range_min, BY_MIN, NULL},
    {rs_range_max, BY_MAX, NULL},
    {rs_range_quantile, BY_RANK, NULL},
    {rs_range_stddev, BY_WALK, NULL},
    {rs_range_stdvar, BY_WALK, NULL},
};

struct memory {               /* of one series */
    uint64_t from, to, n_cut; /* the window of the result */
    uint64_t learnt;          /* samples before this number have gone into extreme or ordered */
    bool got;
    double param, v; /* the result of that window */
    struct extreme extreme;
    struct ordered ordered;
};

struct memories {
    const struct recipe *recipe;
    struct memory *of; /* [n] by series */
    int n;
};

static void memories_free(void *state)
{
    struct memories *m = state;

    for (int i = 0; i < m->n; i++) {
        rs_extreme_clear(&m->of[i].extreme);
        rs_ordered_clear(&m->of[i].ordered);
    }
    free(m->of);
    free(m);
}

static struct memory *memory_of(struct memories *m, int series)
{
    if (series >= m->n) {
        int n = 2 * series + 8;

        m->of = rs_xrealloc(m->of, (size_t)n * sizeof *m->of);
        memset(m->of + m->n, 0, (size_t)(n - m->n) * sizeof *m->of);
        m->n = n;
    }
    return &m->of[series];
}

/*
 * Is what was learnt of no use for w? Because it lies elsewhere, or because some of it was taken
 * back.
 */
static bool is_other(const struct memory *m, const struct slice *w)
{
    bool taken_back =
        m->n_cut != w->s->n_cut && (m->n_cut + 1 != w->s->n_cut || w->s->cut_at < m->learnt);

    return taken_back || w->from < m->from || w->to < m->learnt || w->from >= m->learnt;
}

static double move_extreme(struct memory *m, const struct slice *w, bool max, int n_loose)
{
    double v = rs_extreme_move(&m->extreme, w, m->learnt, is_other(m, w), max, n_loose);

    m->learnt = w->to - (uint64_t)n_loose;
    return v;
}

static double rank_of_few(struct memory *m, const struct slice *w, double q)
{
    double v[RS_SORT_FEW];
    int n = 0;

    for (uint64_t i = w->from; i < w->to; i++) {
        if (!rs_stale_bits(rs_series_sample(w->s, i)->v)) {
            v[n++] = rs_series_sample(w->s, i)->v;
        }
    }
    m->learnt = 0; /* nothing of this window has gone into the order */
    return rs_quantile(q, v, n);
}

static double move_rank(struct memory *m, const struct slice *w, double q, int n_loose)
{
    double last = rs_slice_last(w)->v;
    struct ordered *o = &m->ordered;
    struct rank rank;

    /* Samples that are gone from the ring cannot be taken out of the order any more. */
    if (is_other(m, w) || m->from < w->s->begin) {
        rs_ordered_empty(o);
        m->from = m->learnt = w->from;
    }
    for (uint64_t i = m->from; i < w->from; i++) {
        double v = rs_series_sample(w->s, i)->v;

        if (!rs_stale_bits(v)) {
            rs_ordered_remove(o, v);
        }
    }
    for (; m->learnt < w->to; m->learnt++) {
        double v = rs_series_sample(w->s, m->learnt)->v;

        if (!rs_stale_bits(v)) {
            rs_ordered_insert(o, v);
        }
    }
    if (rs_quantile_rank(q, o->n, &rank)) {
        rank.v = rs_ordered_at(o, rank.low) * (1.0 - rank.weight) +
                 rs_ordered_at(o, rank.high) * rank.weight;
    }
    if (n_loose > 0) {
        rs_ordered_remove(o, last);
        m->learnt--;
    }
    return rank.v;
}

static bool walk(struct promql_eval *e,
                 struct ranges *r,
                 rs_range_fn fn,
                 const struct slice *slice,
                 double *out,
                 const double *param)
{
    struct range_window w;

    rs_slice_window(e, r, slice, &w);
    return fn(out, &w, param);
}

static void compute(struct promql_eval *e,
                    struct ranges *r,
                    const struct recipe *how,
                    const struct slice *w,
                    struct memory *m,
                    const double *param)
{
    /* The newest point of a subquery is the likeliest to be taken back. */
    int n_loose = r->own != NULL;

    m->got = true;
    switch (how->way) {
    case BY_ENDS: break;
    case BY_TOTALS:
        if (!how->slice(&m->v, w) || (how->fn == rs_range_avg && !e->toggle.compensated)) {
            m->got = walk(e, r, how->fn, w, &m->v, param);
        }
        break;
    case BY_WALK: m->got = walk(e, r, how->fn, w, &m->v, param); break;
    case BY_MIN:
    case BY_MAX: m->v = move_extreme(m, w, how->way == BY_MAX, n_loose); break;
    case BY_RANK:
        m->v =
            w->n <= RS_SORT_FEW ? rank_of_few(m, w, param[0]) : move_rank(m, w, param[0], n_loose);
        break;
    }
    m->from = w->from;
    m->to = w->to;
    m->n_cut = w->s->n_cut;
    m->param = param[0];
}

static int eval_remembering(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    bool keeps_name = c->node->u.call.fn->keeps_name;
    struct memories *all = c->state;
    double param[RS_MAX_PARAM] = {0.0};
    struct ranges *r = rs_call_ranges(e, c, t_ms, param);

    if (r == NULL) {
        return -1;
    }
    for (int i = 0; i < r->n; i++) {
        const struct pick *p = &r->pick[i];
        struct memory *m;
        struct slice w;

        if (!rs_ranges_slice(e, r, i, &w)) {
            continue;
        }
        m = memory_of(all, p->series);
        if (m->from != w.from || m->to != w.to || m->n_cut != w.s->n_cut ||
            rs_order_key(m->param) != rs_order_key(param[0])) {
            compute(e, r, all->recipe, &w, m, param);
        }
        if (m->got) {
            rs_cell_push(c, keeps_name ? p->labels : p->bare, m->v);
        }
    }
    return c->may_collide ? rs_eval_unique(e, c) : 0;
}

static int eval_by_ends(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    bool keeps_name = c->node->u.call.fn->keeps_name;
    rs_slice_fn slice = ((struct memories *)c->state)->recipe->slice;
    double param[RS_MAX_PARAM], v;
    struct ranges *r = rs_call_ranges(e, c, t_ms, param);
    struct slice w;

    if (r == NULL) {
        return -1;
    }
    for (int i = 0; i < r->n; i++) {
        if (rs_ranges_slice(e, r, i, &w) && slice(&v, &w)) {
            rs_cell_push(c, keeps_name ? r->pick[i].labels : r->pick[i].bare, v);
        }
    }
    return c->may_collide ? rs_eval_unique(e, c) : 0;
}

rs_eval_fn rs_range_eval(struct promql_eval *e, struct cell *c, rs_eval_fn walks)
{
    rs_range_fn fn = c->node->u.call.fn->range;

    if (e->opt.plain) {
        return walks;
    }
    if (fn == rs_range_rate || fn == rs_range_increase || fn == rs_range_delta) {
        return rs_eval_extrapolated;
    }
    for (size_t i = 0; i < sizeof recipes / sizeof recipes[0]; i++) {
        if (recipes[i].fn == fn) {
            struct memories *m = rs_xcalloc(1, sizeof *m);

            m->recipe = &recipes[i];
            if (m->recipe->way == BY_RANK) {
                rs_ranges_keep_more(e, c->arg[c->n_arg - 1]);
            }
            c->state = m;
            c->state_free = memories_free;
            return m->recipe->way == BY_ENDS ? eval_by_ends : eval_remembering;
        }
    }
    return walks;
}
