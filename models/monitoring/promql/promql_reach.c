/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an expression reaches: how far back it looks, which labels its results can have. */
#include <string.h>

#include "models/promql_inspect.h"
#include "promql_ast.h"

/* ---- selectors ------------------------------------------------------------------------------- */

struct reach_walk {
    rs_promql_reading_fn fn;
    void *ctx;
};

static const char *metric_of(const struct node *n)
{
    if (n->u.sel.name) {
        return n->u.sel.name;
    }
    for (int i = 0; i < n->u.sel.n_matcher; i++) {
        const struct pql_matcher *m = &n->u.sel.matcher[i];
        if (m->op == RS_MATCH_EQ && strcmp(m->name, RS_METRIC_NAME) == 0) {
            return m->value;
        }
    }
    return NULL;
}

/* outer_ms: the subqueries around; moved: one of them has an offset or a fixed time. */
static void walk(const struct reach_walk *w, const struct node *n, int64_t outer_ms, bool moved)
{
    switch (n->kind) {
    case RS_NODE_NUMBER:
    case RS_NODE_STRING: return;
    case RS_NODE_SELECTOR: {
        const struct modifiers *mod = &n->u.sel.mod;
        const struct promql_reading reading = {.metric = metric_of(n),
                                               .range_ms = n->u.sel.range_ms,
                                               .window_ms = n->u.sel.range_ms + outer_ms,
                                               .moved = moved || mod->offset_ms != 0 ||
                                                        mod->at != RS_AT_NONE,
                                               .node = n,
                                               .at = n->at};
        w->fn(w->ctx, &reading);
        return;
    }
    case RS_NODE_SUBQUERY:
        walk(w, n->u.sub.expr, outer_ms + n->u.sub.range_ms,
             moved || n->u.sub.mod.offset_ms != 0 || n->u.sub.mod.at != RS_AT_NONE);
        return;
    case RS_NODE_CALL:
        for (int i = 0; i < n->u.call.n_arg; i++) {
            walk(w, n->u.call.arg[i], outer_ms, moved);
        }
        return;
    case RS_NODE_AGGR:
        if (n->u.aggr.param) {
            walk(w, n->u.aggr.param, outer_ms, moved);
        }
        walk(w, n->u.aggr.expr, outer_ms, moved);
        return;
    case RS_NODE_BINARY:
        walk(w, n->u.bin.lhs, outer_ms, moved);
        walk(w, n->u.bin.rhs, outer_ms, moved);
        return;
    case RS_NODE_UNARY: walk(w, n->u.unary.expr, outer_ms, moved); return;
    case RS_NODE_PAREN: walk(w, n->u.paren, outer_ms, moved); return;
    }
}

void rs_promql_readings(const struct promql *q, rs_promql_reading_fn fn, void *ctx)
{
    struct reach_walk w = {fn, ctx};
    walk(&w, q->root, 0, false);
}

/* ---- labels of results ----------------------------------------------------------------------- */

static bool lists(const struct name_list *list, const char *name)
{
    for (int i = 0; i < list->n; i++) {
        if (strcmp(list->name[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool carries(const struct node *n, const char *label);

static bool call_carries(const struct node *n, const char *label)
{
    const char *name = n->u.call.fn->name;
    if (n->u.call.fn->returns == RS_PQL_SCALAR || strcmp(name, "vector") == 0) {
        return false;
    }
    bool writes = strcmp(name, "label_replace") == 0 || strcmp(name, "label_join") == 0;
    if (writes && strcmp(rs_node_bare(n->u.call.arg[1])->u.string, label) == 0) {
        return true;
    }
    for (int i = 0; i < n->u.call.n_arg; i++) {
        if (carries(n->u.call.arg[i], label)) {
            return true; /* absent() has only labels of its matchers, which are fewer */
        }
    }
    return false;
}

static bool aggregate_carries(const struct node *n, const char *label)
{
    enum aggr_kind op = n->u.aggr.op;
    bool picks = op == RS_AGGR_TOPK || op == RS_AGGR_BOTTOMK || op == RS_AGGR_LIMITK ||
                 op == RS_AGGR_LIMIT_RATIO;
    if (op == RS_AGGR_COUNT_VALUES && strcmp(rs_node_bare(n->u.aggr.param)->u.string, label) == 0) {
        return true;
    }
    bool kept = picks || (n->u.aggr.grouped && n->u.aggr.without != lists(&n->u.aggr.label, label));
    return kept && carries(n->u.aggr.expr, label);
}

static bool binary_carries(const struct node *n, const char *label)
{
    const struct matching *m = &n->u.bin.match;
    bool left = carries(n->u.bin.lhs, label), right = carries(n->u.bin.rhs, label);
    if (n->u.bin.lhs->type == RS_PQL_SCALAR || n->u.bin.rhs->type == RS_PQL_SCALAR) {
        return left || right;
    }
    if (rs_op_table[n->u.bin.op].class == RS_OPS_SET) {
        return left || (n->u.bin.op == RS_OP_OR && right);
    }
    if (m->card == RS_ONE_TO_ONE) {
        return left && (!m->given || m->on == lists(&m->label, label));
    }
    bool many = m->card == RS_MANY_TO_ONE ? left : right;
    bool one = m->card == RS_MANY_TO_ONE ? right : left;
    return many || (one && lists(&m->include, label));
}

static bool carries(const struct node *n, const char *label)
{
    switch (n->kind) {
    case RS_NODE_NUMBER:
    case RS_NODE_STRING: return false;
    case RS_NODE_SELECTOR:
        for (int i = 0; i < n->u.sel.n_matcher; i++) {
            const struct pql_matcher *m = &n->u.sel.matcher[i];
            if (m->op == RS_MATCH_EQ && !m->value[0] && strcmp(m->name, label) == 0) {
                return false;
            }
        }
        return true;
    case RS_NODE_SUBQUERY: return carries(n->u.sub.expr, label);
    case RS_NODE_CALL: return call_carries(n, label);
    case RS_NODE_AGGR: return aggregate_carries(n, label);
    case RS_NODE_BINARY: return binary_carries(n, label);
    case RS_NODE_UNARY: return carries(n->u.unary.expr, label);
    case RS_NODE_PAREN: return carries(n->u.paren, label);
    }
    return true;
}

bool rs_promql_may_carry(const struct promql *q, const char *label)
{
    return carries(q->root, label);
}

/* ---- results that cannot meet ---------------------------------------------------------------- */

/* The signs that every match of this alternative begins with. */
static size_t fixed_signs(const char *regex, size_t n)
{
    size_t fixed = 0;
    while (fixed < n && !strchr("\\.[](){}*+?^$|", regex[fixed])) {
        fixed++;
    }
    return fixed > 0 && fixed < n && strchr("*?{", regex[fixed]) ? fixed - 1 : fixed;
}

/* Do two alternatives differ in a sign that both fix? The whole of a text is fixed, its end too. */
static bool
alternatives_apart(const char *a, size_t n_a, bool a_text, const char *b, size_t n_b, bool b_text)
{
    size_t fixed_a = a_text ? n_a : fixed_signs(a, n_a);
    size_t fixed_b = b_text ? n_b : fixed_signs(b, n_b);
    size_t both = fixed_a < fixed_b ? fixed_a : fixed_b;
    if (memcmp(a, b, both) != 0) {
        return true;
    }
    return (fixed_a == n_a && fixed_b > n_a) || (fixed_b == n_b && fixed_a > n_b) ||
           (fixed_a == n_a && fixed_b == n_b && n_a != n_b);
}

/* No text matches both: every alternative of the one is apart from every one of the other. Unknown is false. */
static bool matchers_apart(const struct pql_matcher *a, const struct pql_matcher *b)
{
    bool a_text = a->op == RS_MATCH_EQ, b_text = b->op == RS_MATCH_EQ;
    if ((!a_text && a->op != RS_MATCH_RE) || (!b_text && b->op != RS_MATCH_RE) ||
        (!a_text && strpbrk(a->value, "(\\")) || (!b_text && strpbrk(b->value, "(\\"))) {
        return false;
    }
    const char *p = a->value;
    for (;; p++) {
        size_t n_p = a_text ? strlen(p) : strcspn(p, "|");
        const char *q = b->value;
        for (;; q++) {
            size_t n_q = b_text ? strlen(q) : strcspn(q, "|");
            if (!alternatives_apart(p, n_p, a_text, q, n_q, b_text)) {
                return false;
            }
            q += n_q;
            if (!*q) {
                break;
            }
        }
        p += n_p;
        if (!*p) {
            return true;
        }
    }
}

struct apart {
    const struct promql *other;
    const struct node *selector;
    const struct pql_matcher *matcher; /* of the one side */
    const char *label;                 /* of all selectors alike; NULL at the first */
    bool all;                          /* so far */
};

static const struct pql_matcher *matcher_on(const struct node *selector, const char *label)
{
    for (int i = 0; i < selector->u.sel.n_matcher; i++) {
        if (strcmp(selector->u.sel.matcher[i].name, label) == 0) {
            return &selector->u.sel.matcher[i];
        }
    }
    return NULL;
}

static void compare_with(void *ctx, const struct promql_reading *reading)
{
    struct apart *x = ctx;
    const struct pql_matcher *other = matcher_on(reading->node, x->label);
    x->all = x->all && other && matchers_apart(x->matcher, other);
}

static void compare_all(void *ctx, const struct promql_reading *reading)
{
    struct apart *x = ctx;
    x->matcher = matcher_on(reading->node, x->label);
    x->all = x->all && x->matcher;
    if (x->all) {
        rs_promql_readings(x->other, compare_with, x);
    }
}

static void keep_selector(void *ctx, const struct promql_reading *reading)
{
    struct apart *x = ctx;
    x->selector = x->selector ? x->selector : reading->node;
}

bool rs_promql_apart(const struct promql *a, const struct promql *b)
{
    struct apart x = {.other = b};
    rs_promql_readings(a, keep_selector, &x);
    for (int i = 0; x.selector && i < x.selector->u.sel.n_matcher; i++) {
        x.label = x.selector->u.sel.matcher[i].name;
        x.all = strcmp(x.label, RS_METRIC_NAME) != 0 && rs_promql_may_carry(a, x.label) &&
                rs_promql_may_carry(b, x.label);
        rs_promql_readings(a, compare_all, &x);
        if (x.all) {
            return true;
        }
    }
    return false;
}
