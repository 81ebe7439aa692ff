/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Can a result have more than one element, and can a selector take a given series? */
#include <string.h>

#include "models/promql_inspect.h"
#include "promql_ast.h"

static bool lists(const struct name_list *list, const char *name)
{
    for (int i = 0; i < list->n; i++) {
        if (strcmp(list->name[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* Every series that the expression takes has the same value of the label: one matcher of each selector says which. */
static bool is_fixed(const struct node *n, const char *label)
{
    switch (n->kind) {
    case RS_NODE_NUMBER:
    case RS_NODE_STRING: return true;
    case RS_NODE_SELECTOR:
        for (int i = 0; i < n->u.sel.n_matcher; i++) {
            const struct pql_matcher *m = &n->u.sel.matcher[i];
            if (m->op == RS_MATCH_EQ && strcmp(m->name, label) == 0) {
                return true;
            }
        }
        return false;
    case RS_NODE_SUBQUERY: return is_fixed(n->u.sub.expr, label);
    case RS_NODE_CALL:
        if (strncmp(n->u.call.fn->name, "label_", 6) == 0) {
            return false; /* it may write the label anew */
        }
        for (int i = 0; i < n->u.call.n_arg; i++) {
            if (!is_fixed(n->u.call.arg[i], label)) {
                return false;
            }
        }
        return true;
    case RS_NODE_AGGR:
        return n->u.aggr.op != RS_AGGR_COUNT_VALUES && is_fixed(n->u.aggr.expr, label);
    case RS_NODE_BINARY: return false; /* two selectors may name two values */
    case RS_NODE_UNARY: return is_fixed(n->u.unary.expr, label);
    case RS_NODE_PAREN: return is_fixed(n->u.paren, label);
    }
    return false;
}

static bool is_single(const struct node *n, const char *but);

/* but: a label that is taken away afterwards and tells no elements apart. */
static bool aggregate_is_single(const struct node *n, const char *but)
{
    enum aggr_kind op = n->u.aggr.op;
    if (op == RS_AGGR_TOPK || op == RS_AGGR_BOTTOMK || op == RS_AGGR_LIMITK ||
        op == RS_AGGR_LIMIT_RATIO) {
        return is_single(n->u.aggr.expr, but);
    }
    if (op == RS_AGGR_COUNT_VALUES) {
        return false;
    }
    if (!n->u.aggr.grouped || is_single(n->u.aggr.expr, but)) {
        return true;
    }
    if (n->u.aggr.without) {
        return false;
    }
    for (int i = 0; i < n->u.aggr.label.n; i++) {
        const char *label = n->u.aggr.label.name[i];
        if ((!but || strcmp(label, but) != 0) && !is_fixed(n->u.aggr.expr, label)) {
            return false;
        }
    }
    return true;
}

static bool call_is_single(const struct node *n, const char *but)
{
    const char *name = n->u.call.fn->name;
    bool folds = strcmp(name, "histogram_quantile") == 0;
    if (strncmp(name, "absent", 6) == 0) {
        return true;
    }
    for (int i = 0; i < n->u.call.n_arg; i++) {
        const struct node *arg = n->u.call.arg[i];
        if (arg->type != RS_PQL_SCALAR && arg->type != RS_PQL_STRING &&
            !is_single(arg, folds ? "le" : but)) {
            return false;
        }
    }
    return true;
}

static bool binary_is_single(const struct node *n, const char *but)
{
    const struct node *left = n->u.bin.lhs, *right = n->u.bin.rhs;
    if (n->u.bin.op == RS_OP_OR) {
        return false; /* the sides may be kept apart by their labels; see rs_promql_is_single */
    }
    if (rs_op_table[n->u.bin.op].class == RS_OPS_SET) {
        return is_single(left, but);
    }
    return is_single(left, but) && is_single(right, but);
}

static bool is_single(const struct node *n, const char *but)
{
    if (n->type == RS_PQL_SCALAR || n->type == RS_PQL_STRING) {
        return true;
    }
    switch (n->kind) {
    case RS_NODE_NUMBER:
    case RS_NODE_STRING: return true;
    case RS_NODE_SELECTOR: return false;
    case RS_NODE_SUBQUERY: return is_single(n->u.sub.expr, but);
    case RS_NODE_CALL: return call_is_single(n, but);
    case RS_NODE_AGGR: return aggregate_is_single(n, but);
    case RS_NODE_BINARY: return binary_is_single(n, but);
    case RS_NODE_UNARY: return is_single(n->u.unary.expr, but);
    case RS_NODE_PAREN: return is_single(n->u.paren, but);
    }
    return false;
}

static bool is_bare(const struct node *n);

/* sum by (le) of buckets, in which histogram_quantile leaves no label. */
static bool is_by_le(const struct node *n)
{
    const struct node *a = rs_node_bare(n);
    return a->kind == RS_NODE_AGGR && a->u.aggr.grouped && !a->u.aggr.without &&
           a->u.aggr.label.n == 1 && lists(&a->u.aggr.label, "le");
}

static bool call_is_bare(const struct node *n)
{
    const char *name = n->u.call.fn->name;
    bool folds = strcmp(name, "histogram_quantile") == 0;
    if (strncmp(name, "label_", 6) == 0) {
        return false;
    }
    for (int i = 0; i < n->u.call.n_arg; i++) {
        const struct node *arg = n->u.call.arg[i];
        if (arg->type != RS_PQL_SCALAR && arg->type != RS_PQL_STRING && !is_bare(arg) &&
            !(folds && is_by_le(arg))) {
            return false;
        }
    }
    return true;
}

/* No element has any label, so that there is one at most, in a union too. */
static bool is_bare(const struct node *n)
{
    const struct node *bare = rs_node_bare(n);
    if (bare->type == RS_PQL_SCALAR) {
        return true;
    }
    switch (bare->kind) {
    case RS_NODE_AGGR:
        return !bare->u.aggr.grouped && bare->u.aggr.op != RS_AGGR_COUNT_VALUES &&
               bare->u.aggr.op != RS_AGGR_TOPK && bare->u.aggr.op != RS_AGGR_BOTTOMK &&
               bare->u.aggr.op != RS_AGGR_LIMITK && bare->u.aggr.op != RS_AGGR_LIMIT_RATIO;
    case RS_NODE_BINARY: return is_bare(bare->u.bin.lhs) && is_bare(bare->u.bin.rhs);
    case RS_NODE_UNARY: return is_bare(bare->u.unary.expr);
    case RS_NODE_CALL: return call_is_bare(bare);
    case RS_NODE_NUMBER:
    case RS_NODE_STRING:
    case RS_NODE_SELECTOR:
    case RS_NODE_SUBQUERY:
    case RS_NODE_PAREN: return false;
    }
    return false;
}

bool rs_promql_is_single(const struct promql *q)
{
    return is_bare(q->root) || is_single(q->root, NULL);
}

bool rs_promql_reading_excludes(const struct promql_reading *r,
                                const char *label,
                                const char *value)
{
    const struct node *n = r->node;
    for (int i = 0; i < n->u.sel.n_matcher; i++) {
        const struct pql_matcher *m = &n->u.sel.matcher[i];
        if (strcmp(m->name, label) == 0 &&
            ((m->op == RS_MATCH_EQ && strcmp(m->value, value) != 0) ||
             (m->op == RS_MATCH_NE && strcmp(m->value, value) == 0))) {
            return true;
        }
    }
    return false;
}
