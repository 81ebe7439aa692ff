/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Aggregations. Source: aggregation() and aggregationK() of promql/engine.go, Prometheus 3.5. */
#include <assert.h>
#include <stdlib.h>

#include "promql_eval.h"
#include "sim/arena.h"

const struct aggr_row rs_aggr_table[RS_AGGR_N] = {
    [RS_AGGR_SUM] = {"sum", false, RS_IN_ALL, RS_REFUSE_NOT},
    [RS_AGGR_AVG] = {"avg", false, RS_IN_ALL, RS_REFUSE_NOT},
    [RS_AGGR_MIN] = {"min", false, RS_IN_ALL, RS_REFUSE_NOT},
    [RS_AGGR_MAX] = {"max", false, RS_IN_ALL, RS_REFUSE_NOT},
    [RS_AGGR_COUNT] = {"count", false, RS_IN_ALL, RS_REFUSE_NOT},
    [RS_AGGR_GROUP] = {"group", false, RS_IN_ALL, RS_REFUSE_NOT},
    [RS_AGGR_STDDEV] = {"stddev", false, RS_IN_ALL, RS_REFUSE_NOT},
    [RS_AGGR_STDVAR] = {"stdvar", false, RS_IN_ALL, RS_REFUSE_NOT},
    [RS_AGGR_QUANTILE] = {"quantile", true, RS_IN_ALL, RS_REFUSE_NOT},
    [RS_AGGR_TOPK] = {"topk", true, RS_IN_ALL, RS_REFUSE_NOT},
    [RS_AGGR_BOTTOMK] = {"bottomk", true, RS_IN_ALL, RS_REFUSE_NOT},
    [RS_AGGR_COUNT_VALUES] = {"count_values", true, RS_IN_ALL, RS_REFUSE_NOT},
    [RS_AGGR_LIMITK] = {"limitk", true, RS_IN_3, RS_REFUSE_EXPERIMENTAL},
    [RS_AGGR_LIMIT_RATIO] = {"limit_ratio", true, RS_IN_3, RS_REFUSE_EXPERIMENTAL},
};

struct group {
    rs_labels labels;
    uint64_t pass;            /* the evaluation that met it last */
    double v, c;              /* running result and its compensation */
    double mean, n;           /* n counts elements */
    bool running;             /* avg: the sum has overflowed */
    struct vector_item *kept; /* [n_kept] quantile: all; topk, bottomk: a heap of the best */
    int n_kept, cap_kept;
};

struct aggr {
    struct group *group; /* [n] */
    int n, cap;
    struct label_map by_labels; /* group labels -> index */
    int *order;                 /* [n_order] groups met in this evaluation, first met first */
    int n_order, cap_order;
    uint64_t pass;
    double *scratch;
    int cap_scratch;
    struct sorter sorter;
};

static void aggr_free(void *state)
{
    struct aggr *a = state;

    for (int i = 0; i < a->n; i++) {
        free(a->group[i].kept);
    }
    free(a->group);
    rs_label_map_clear(&a->by_labels);
    free(a->order);
    free(a->scratch);
    rs_sorter_clear(&a->sorter);
    free(a);
}

/* The group's index of a label set met for the first time: hashes, once. */
static int group_new(struct promql_eval *e, struct cell *c, rs_labels set)
{
    const struct node *n = c->node;
    struct aggr *a = c->state;
    rs_labels labels = n->u.aggr.without ? rs_labels_without(e->labels, set, n->u.aggr.label)
                                         : rs_labels_keep(e->labels, set, n->u.aggr.label);
    int i = rs_label_map_get(&a->by_labels, labels);

    if (i < 0) {
        if (a->n == a->cap) {
            a->cap = a->cap ? 2 * a->cap : 8;
            a->group = rs_xrealloc(a->group, (size_t)a->cap * sizeof *a->group);
        }
        i = a->n++;
        a->group[i] = (struct group){.labels = labels};
        rs_label_map_put(&a->by_labels, labels, i);
    }
    rs_label_map_put(&c->map, set, i);
    return i;
}

static void met(struct aggr *a, int i)
{
    if (a->n_order == a->cap_order) {
        a->cap_order = a->cap_order ? 2 * a->cap_order : 8;
        a->order = rs_xrealloc(a->order, (size_t)a->cap_order * sizeof *a->order);
    }
    a->order[a->n_order++] = i;
}

static void keep(struct group *g, struct vector_item item)
{
    if (g->n_kept == g->cap_kept) {
        g->cap_kept = g->cap_kept ? 2 * g->cap_kept : 8;
        g->kept = rs_xrealloc(g->kept, (size_t)g->cap_kept * sizeof *g->kept);
    }
    g->kept[g->n_kept++] = item;
}

/* ---- one element ----------------------------------------------------------------------------- */

static void group_start(struct group *g, enum aggr_kind op, double v, enum promql_dialect dialect)
{
    g->v = op == RS_AGGR_GROUP ? 1.0 : v;
    g->c = 0.0;
    g->mean = v;
    g->n = 1.0;
    g->running = false;
    g->n_kept = 0;
    if (op == RS_AGGR_STDDEV || op == RS_AGGR_STDVAR) {
        g->v = isfinite(v) || dialect != RS_PROMQL_3 ? 0.0 : (double)NAN;
    }
}

/* Prometheus 2: an infinite mean stays unless the other infinity or NaN comes. */
static void add_to_mean(struct group *g, double v)
{
    if (isinf(g->mean) && ((isinf(v) && (g->mean > 0.0) == (v > 0.0)) || isfinite(v))) {
        return;
    }
    g->mean += v / g->n - g->mean / g->n;
}

static void add_to_average(struct group *g, double v)
{
    double share;

    if (!g->running) {
        double sum = g->v, c = g->c;

        rs_kahan(v, &sum, &c);
        if (!isinf(sum)) {
            g->v = sum;
            g->c = c;
            return;
        }
        g->running = true; /* the sum would overflow: a running mean from here on */
        g->mean = g->v / (g->n - 1.0);
        g->c /= g->n - 1.0;
    }
    share = (g->n - 1.0) / g->n;
    g->mean *= share;
    g->c *= share;
    rs_kahan(v / g->n, &g->mean, &g->c);
}

static void group_add(struct group *g, enum aggr_kind op, double v, bool compensated)
{
    double delta;

    g->n += 1.0;
    switch (op) {
    case RS_AGGR_SUM:
        if (compensated) {
            rs_kahan(v, &g->v, &g->c);
        } else {
            g->v += v;
        }
        break;
    case RS_AGGR_AVG:
        if (compensated) {
            add_to_average(g, v);
        } else {
            add_to_mean(g, v);
        }
        break;
    case RS_AGGR_MIN: g->v = v < g->v || isnan(g->v) ? v : g->v; break;
    case RS_AGGR_MAX: g->v = v > g->v || isnan(g->v) ? v : g->v; break;
    case RS_AGGR_STDDEV:
    case RS_AGGR_STDVAR:
        delta = v - g->mean;
        g->mean += delta / g->n;
        g->v += delta * (v - g->mean);
        break;
    case RS_AGGR_COUNT:
    case RS_AGGR_GROUP:
    case RS_AGGR_QUANTILE:
    case RS_AGGR_TOPK:
    case RS_AGGR_BOTTOMK:
    case RS_AGGR_COUNT_VALUES:
    case RS_AGGR_LIMITK:
    case RS_AGGR_LIMIT_RATIO:
    case RS_AGGR_N: break;
    }
}

/* ---- topk and bottomk: Go's container/heap, so that ties fall as in Prometheus --------------- */

/* Worse sorts first: the worst kept element is on top. NaN is the worst of all. */
static bool worse(double a, double b, bool top)
{
    if (isnan(a)) {
        return true;
    }
    return top ? a < b : a > b;
}

static void heap_up(struct vector_item *h, int i, bool top)
{
    while (i > 0) {
        int parent = (i - 1) / 2;
        struct vector_item item = h[i];

        if (parent == i || !worse(item.v, h[parent].v, top)) {
            break;
        }
        h[i] = h[parent];
        h[parent] = item;
        i = parent;
    }
}

static void heap_down(struct vector_item *h, int n, bool top)
{
    int i = 0;

    for (;;) {
        int child = 2 * i + 1;
        struct vector_item item = h[i];

        if (child >= n) {
            break;
        }
        if (child + 1 < n && worse(h[child + 1].v, h[child].v, top)) {
            child++;
        }
        if (!worse(h[child].v, item.v, top)) {
            break;
        }
        h[i] = h[child];
        h[child] = item;
        i = child;
    }
}

/*
 * Keeps the k best. 3 and 2.53 put the newcomer on top and let it sink; 2.42 takes the top off first and lets the newcomer
 * rise, which leaves other ties, and lets NaN push NaN out.
 */
static void heap_offer(struct group *g, struct vector_item item, int64_t k, bool top, bool pops)
{
    double worst;

    if (g->n_kept < k) {
        keep(g, item);
        heap_up(g->kept, g->n_kept - 1, top);
        return;
    }
    worst = g->kept[0].v;
    if (!(top ? worst < item.v : worst > item.v) && !(isnan(worst) && (pops || !isnan(item.v)))) {
        return;
    }
    if (pops) {
        g->kept[0] = g->kept[g->n_kept - 1];
        heap_down(g->kept, g->n_kept - 1, top);
        g->kept[g->n_kept - 1] = item;
        heap_up(g->kept, g->n_kept - 1, top);
    } else {
        g->kept[0] = item;
        heap_down(g->kept, g->n_kept, top);
    }
}

/* ---- the result ------------------------------------------------------------------------------ */

static double group_quantile(struct aggr *a, const struct group *g, double q)
{
    if (g->n_kept > a->cap_scratch) {
        a->cap_scratch = 2 * g->n_kept;
        a->scratch = rs_xrealloc(a->scratch, (size_t)a->cap_scratch * sizeof *a->scratch);
    }
    for (int i = 0; i < g->n_kept; i++) {
        a->scratch[i] = g->kept[i].v;
    }
    return rs_quantile(q, a->scratch, g->n_kept);
}

static double group_average(const struct group *g, bool compensated)
{
    if (!compensated) {
        return g->mean;
    }
    return g->running ? g->mean + g->c : g->v / g->n + g->c / g->n;
}

static void group_give(struct promql_eval *e, struct cell *c, struct group *g, double param)
{
    enum aggr_kind op = c->node->u.aggr.op;
    double v = g->v;

    switch (op) {
    case RS_AGGR_SUM: v = e->toggle.compensated ? g->v + g->c : g->v; break;
    case RS_AGGR_AVG: v = group_average(g, e->toggle.compensated); break;
    case RS_AGGR_COUNT: v = g->n; break;
    case RS_AGGR_STDDEV: v = sqrt(g->v / g->n); break;
    case RS_AGGR_STDVAR: v = g->v / g->n; break;
    case RS_AGGR_QUANTILE: v = group_quantile(c->state, g, param); break;
    case RS_AGGR_TOPK:
    case RS_AGGR_BOTTOMK:
        rs_sorter_run(&((struct aggr *)c->state)->sorter, g->kept, g->n_kept, op == RS_AGGR_TOPK);
        for (int i = 0; i < g->n_kept; i++) {
            rs_cell_push(c, g->kept[i].labels, g->kept[i].v);
        }
        return;
    case RS_AGGR_MIN:
    case RS_AGGR_MAX:
    case RS_AGGR_GROUP:
    case RS_AGGR_COUNT_VALUES:
    case RS_AGGR_LIMITK:
    case RS_AGGR_LIMIT_RATIO:
    case RS_AGGR_N: break;
    }
    rs_cell_push(c, g->labels, v);
}

/* The k of topk: cut to whole numbers; Prometheus refuses what does not fit. 0 or -1. */
static int read_k(struct promql_eval *e, const struct cell *c, double param, int64_t *k)
{
    if (!(param > -9.2e18 && param < 9.2e18)) {
        return rs_err_at(e->err, RS_E_RANGE, c->node->at,
                         "the parameter of %s must be a whole number, got %g",
                         rs_aggr_table[c->node->u.aggr.op].name, param);
    }
    *k = (int64_t)param;
    return 0;
}

static void aggregate(struct promql_eval *e, struct cell *c, const struct cell *arg, int64_t k)
{
    enum aggr_kind op = c->node->u.aggr.op;
    bool heap = op == RS_AGGR_TOPK || op == RS_AGGR_BOTTOMK;
    struct aggr *a = c->state;

    a->pass++;
    a->n_order = 0;
    for (int i = 0; i < arg->n; i++) {
        const struct vector_item *item = &arg->item[i];
        int at = rs_label_map_get(&c->map, item->labels);
        struct group *g;

        at = at < 0 ? group_new(e, c, item->labels) : at;
        g = &a->group[at];
        if (g->pass != a->pass) {
            g->pass = a->pass;
            group_start(g, op, item->v, e->q->dialect);
            met(a, at);
        } else {
            group_add(g, op, item->v, e->toggle.compensated);
        }
        if (heap) {
            heap_offer(g, *item, k, op == RS_AGGR_TOPK, e->q->dialect == RS_PROMQL_2_42);
        } else if (op == RS_AGGR_QUANTILE) {
            keep(g, *item);
        }
    }
}

static int eval_aggr(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    struct cell *arg = c->arg[0], *param = c->node->u.aggr.param != NULL ? c->arg[1] : NULL;
    enum aggr_kind op = c->node->u.aggr.op;
    struct aggr *a = c->state;
    double p = 0.0;
    int64_t k = 0;

    if ((param != NULL && param->eval(e, param, t_ms) < 0) || arg->eval(e, arg, t_ms) < 0) {
        return -1;
    }
    p = param != NULL ? param->item[0].v : 0.0;
    c->n = 0;
    if (op == RS_AGGR_TOPK || op == RS_AGGR_BOTTOMK) {
        if (read_k(e, c, p, &k) < 0) {
            return -1;
        }
        if (k < 1) {
            return 0;
        }
    }
    aggregate(e, c, arg, k);
    for (int i = 0; i < a->n_order; i++) {
        group_give(e, c, &a->group[a->order[i]], p);
    }
    return 0;
}

struct cell *rs_aggr_cell(struct promql_eval *e, const struct node *n)
{
    struct cell *c;

    if (n->u.aggr.op == RS_AGGR_COUNT_VALUES) {
        return rs_count_values_cell(e, n);
    }
    if (n->u.aggr.op == RS_AGGR_SUM) {
        return rs_sum_cell(e, n);
    }
    c = rs_cell_make(n, eval_aggr, n->u.aggr.param != NULL ? 2 : 1);
    c->arg[0] = rs_cell_new(e, n->u.aggr.expr);
    if (n->u.aggr.param != NULL) {
        c->arg[1] = rs_cell_new(e, n->u.aggr.param);
    }
    c->state = rs_xcalloc(1, sizeof(struct aggr));
    c->state_free = aggr_free;
    return c;
}
