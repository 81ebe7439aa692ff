/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The numbers and durations of an expression, and where each of them stands in its text. */
#include <ctype.h>
#include <string.h>

#include "models/promql_inspect.h"
#include "promql_lex.h"

struct listing {
    const char *text;
    enum promql_dialect dialect;
    struct promql_literal *out; /* [cap] */
    int n, cap;
};

static bool is_sign_or_blank(char c)
{
    return c != '\0' && strchr("+- \t\r\n", c) != NULL;
}

/* Behind the number that begins at `from`, perhaps with signs; -1 where a comment stands between the two. */
static int end_of(const struct listing *l, int from, bool *is_duration)
{
    struct err ignored = {0};
    const struct source src = {.text = l->text, .dialect = l->dialect, .err = &ignored};
    struct token tok = {0};
    int at = from;
    while (is_sign_or_blank(l->text[at])) {
        at++;
    }
    if (isalpha((unsigned char)l->text[at])) { /* inf, nan */
        return at + 3;
    }
    if (l->text[at] == '#') {
        return -1;
    }
    int n = rs_lex_number(&src, at, &tok);
    *is_duration = tok.kind == RS_TOK_DURATION;
    return n > 0 ? at + n : -1;
}

/* Kept in the order of the text: the tree is not walked in it. */
static void tell(struct listing *l, enum promql_literal_kind kind, int from)
{
    struct promql_literal one = {.kind = kind, .from = from};
    one.until = end_of(l, from, &one.is_duration);
    if (one.until < 0) {
        return;
    }
    int at = l->n < l->cap ? l->n : l->cap;
    l->n++;
    while (at > 0 && l->out[at - 1].from > from) {
        if (at < l->cap) {
            l->out[at] = l->out[at - 1];
        }
        at--;
    }
    if (at < l->cap) {
        l->out[at] = one;
    }
}

static void tell_offset(struct listing *l, const struct modifiers *mod)
{
    if (mod->has_offset) {
        tell(l, RS_LITERAL_OFFSET, mod->offset_pos);
    }
}

static void walk(struct listing *l, const struct node *n, bool is_compared);

static void walk_binary(struct listing *l, const struct node *n)
{
    bool compares = rs_op_table[n->u.bin.op].class == RS_OPS_COMPARE;
    walk(l, n->u.bin.lhs, compares);
    walk(l, n->u.bin.rhs, compares);
}

static void walk_subquery(struct listing *l, const struct node *n)
{
    walk(l, n->u.sub.expr, false);
    tell(l, RS_LITERAL_RANGE, n->u.sub.range_pos);
    if (n->u.sub.step_ms > 0) {
        tell(l, RS_LITERAL_STEP, n->u.sub.step_pos);
    }
    tell_offset(l, &n->u.sub.mod);
}

static void walk(struct listing *l, const struct node *n, bool is_compared)
{
    switch (n->kind) {
    case RS_NODE_STRING: return;
    case RS_NODE_NUMBER:
        tell(l, is_compared ? RS_LITERAL_THRESHOLD : RS_LITERAL_NUMBER, n->pos);
        return;
    case RS_NODE_SELECTOR:
        if (n->u.sel.range_ms > 0) {
            tell(l, RS_LITERAL_RANGE, n->u.sel.range_pos);
        }
        tell_offset(l, &n->u.sel.mod);
        return;
    case RS_NODE_SUBQUERY: walk_subquery(l, n); return;
    case RS_NODE_CALL:
        for (int i = 0; i < n->u.call.n_arg; i++) {
            walk(l, n->u.call.arg[i], false);
        }
        return;
    case RS_NODE_AGGR:
        if (n->u.aggr.param) {
            walk(l, n->u.aggr.param, false);
        }
        walk(l, n->u.aggr.expr, false);
        return;
    case RS_NODE_BINARY: walk_binary(l, n); return;
    case RS_NODE_UNARY: walk(l, n->u.unary.expr, false); return;
    case RS_NODE_PAREN: walk(l, n->u.paren, is_compared); return;
    }
}

int rs_promql_literals(const struct promql *q,
                       const char *text,
                       struct promql_literal *out,
                       int cap)
{
    struct listing l = {.text = text, .dialect = q->dialect, .out = out, .cap = cap};
    walk(&l, q->root, false);
    return l.n;
}
