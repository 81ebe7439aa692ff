/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Conditions that cannot be true while nothing rises. Most alerts and gates compare sums of rates with numbers, and most of the
 * time the counters that they read stand still: errors, fallbacks, rollbacks. An expression is idle if it has no element
 * whenever each rate in it is 0 or missing; that follows from its text. Whether its series stand still follows from the ends of
 * their windows, and, for those that are filled when somebody looks, from a promise of whoever fills them: so an idle
 * expression need not even be told the samples. What it would have given is what it gives: nothing.
 */
#include <stdlib.h>

#include "promql_window.h"
#include "sim/arena.h"

/* What an expression has if each rate in it is 0 or missing. */
enum idle {
    IDLE_OPEN, /* anything */
    IDLE_ZERO, /* zeros, or nothing */
    IDLE_NONE  /* nothing */
};

static bool is_rate(const struct node *n)
{
    rs_range_fn fn = n->u.call.fn->range;

    return (fn == rs_range_rate || fn == rs_range_increase || fn == rs_range_delta) &&
           n->u.call.arg[0]->kind == RS_NODE_SELECTOR &&
           n->u.call.arg[0]->u.sel.mod.at == RS_AT_NONE;
}

static enum idle idle_of(const struct node *n);

static enum idle compared(const struct node *n)
{
    const struct node *left = rs_node_bare(n->u.bin.lhs), *right = rs_node_bare(n->u.bin.rhs);
    bool turned = left->kind == RS_NODE_NUMBER, keep = true;
    const struct node *number = turned ? left : right;
    enum idle other = idle_of(turned ? right : left);

    if (number->kind != RS_NODE_NUMBER || n->u.bin.returns_bool || other == IDLE_OPEN) {
        return IDLE_OPEN;
    }
    (void)rs_op_apply(n->u.bin.op, turned ? number->u.number : 0.0, turned ? 0.0 : number->u.number,
                      &keep);
    return other == IDLE_NONE || !keep ? IDLE_NONE : IDLE_OPEN;
}

static enum idle united(const struct node *n)
{
    enum idle left = idle_of(n->u.bin.lhs), right = idle_of(n->u.bin.rhs);

    if (left == IDLE_OPEN || right == IDLE_OPEN) {
        return IDLE_OPEN;
    }
    if (n->u.bin.op == RS_OP_OR) {
        return left < right ? left : right;
    }
    return left == IDLE_NONE || (n->u.bin.op == RS_OP_AND && right == IDLE_NONE) ? IDLE_NONE : left;
}

static enum idle idle_of(const struct node *n)
{
    switch (n->kind) {
    case RS_NODE_CALL: return is_rate(n) ? IDLE_ZERO : IDLE_OPEN;
    case RS_NODE_AGGR:
        return n->u.aggr.op == RS_AGGR_SUM || n->u.aggr.op == RS_AGGR_AVG ||
                       n->u.aggr.op == RS_AGGR_MIN || n->u.aggr.op == RS_AGGR_MAX
                   ? idle_of(n->u.aggr.expr)
                   : IDLE_OPEN;
    case RS_NODE_BINARY:
        switch (rs_op_table[n->u.bin.op].class) {
        case RS_OPS_COMPARE: return compared(n);
        case RS_OPS_SET: return united(n);
        case RS_OPS_ARITHMETIC: return IDLE_OPEN;
        }
        return IDLE_OPEN;
    case RS_NODE_PAREN: return idle_of(n->u.paren);
    case RS_NODE_NUMBER:
    case RS_NODE_STRING:
    case RS_NODE_SELECTOR:
    case RS_NODE_SUBQUERY:
    case RS_NODE_UNARY: return IDLE_OPEN;
    }
    return IDLE_OPEN;
}

static void gather(struct promql_eval *e, struct cell *c)
{
    if (c->node->kind == RS_NODE_SELECTOR) {
        e->still = rs_xrealloc(e->still, (size_t)(e->n_still + 1) * sizeof(struct cell *));
        e->still[e->n_still++] = c;
    }
    for (int i = 0; i < c->n_arg; i++) {
        gather(e, c->arg[i]);
    }
}

void rs_eval_note_idle(struct promql_eval *e)
{
    if (!e->opt.plain && idle_of(e->q->root) == IDLE_NONE) {
        gather(e, e->root);
    }
}

void rs_eval_note_zeros(struct promql_eval *e)
{
    if (!e->opt.plain && idle_of(e->q->root) == IDLE_ZERO) {
        gather(e, e->root);
        e->zeros = e->zeros_matter = true;
    }
}

void rs_eval_zeros_matter(struct promql_eval *e, bool they_do)
{
    e->zeros_matter = e->zeros && they_do;
}

/* No two samples of the window (lo, now] differ, those that are not filled yet included. */
static bool stands_still(struct promql_eval *e, struct pick *p, int64_t lo_ms)
{
    struct series *s = &e->db->series[p->series];

    if ((s->more & RS_SERIES_LAZY) && s->filled_ms < e->now_ms &&
        (s->promise == NULL || !s->promise(s->fill_ctx, s->fill_arg, p->series, s->last))) {
        return false;
    }
    p->from = rs_series_after(s, lo_ms - !e->toggle.left_open, p->from);
    /* Without a drop inside, a window that ends as it began never rose. */
    return p->from >= s->end || (rs_series_sample(s, p->from)->v == s->last && isfinite(s->last) &&
                                 s->drop_end <= p->from + 1);
}

bool rs_eval_is_idle(struct promql_eval *e, int64_t t_ms)
{
    for (int i = 0; i < e->n_still; i++) {
        struct cell *c = e->still[i];
        struct ranges *r = rs_selector_ranges(e, c);
        int64_t hi_ms = rs_modified_time(e, &c->node->u.sel.mod, t_ms);

        if (c->may_collide) {
            return false;
        }
        for (int k = 0; k < r->n; k++) {
            if (!stands_still(e, &r->pick[k], hi_ms - c->node->u.sel.range_ms)) {
                return false;
            }
        }
    }
    return true;
}
