/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Syntax trees as bytes: two trees that give the same bytes are evaluated alike. */
#include <string.h>

#include "promql_variants.h"

static void put(struct bytes *out, const void *p, size_t n)
{
    if (out->n + n > out->cap) {
        out->cap = 2 * (out->n + n);
        out->p = rs_xrealloc(out->p, out->cap);
    }
    memcpy(out->p + out->n, p, n);
    out->n += n;
}

static void put_number(struct bytes *out, int64_t v)
{
    put(out, &v, sizeof v);
}

static void put_real(struct bytes *out, double v)
{
    put(out, &v, sizeof v);
}

/* Its length goes first, so that no text runs into the next one. NULL is not the empty text. */
static void put_text(struct bytes *out, const char *text)
{
    put_number(out, text != NULL ? (int64_t)strlen(text) : -1);
    if (text != NULL) {
        put(out, text, strlen(text));
    }
}

static void put_names(struct bytes *out, struct name_list list)
{
    put_number(out, list.n);
    for (int i = 0; i < list.n; i++) {
        put_text(out, list.name[i]);
    }
}

static void put_modifiers(struct bytes *out, const struct modifiers *mod)
{
    put_number(out, mod->has_offset ? mod->offset_ms : 0);
    put_number(out, mod->at);
    put_number(out, mod->at == RS_AT_TIME ? mod->at_ms : 0);
}

static void put_selector(struct bytes *out, const struct node *n)
{
    put_text(out, n->u.sel.name);
    put_number(out, n->u.sel.n_matcher);
    for (int i = 0; i < n->u.sel.n_matcher; i++) {
        put_text(out, n->u.sel.matcher[i].name);
        put_text(out, n->u.sel.matcher[i].value);
        put_number(out, n->u.sel.matcher[i].op);
    }
    put_number(out, n->u.sel.range_ms);
    put_modifiers(out, &n->u.sel.mod);
}

static void put_aggr(struct bytes *out, const struct node *n)
{
    put_number(out, n->u.aggr.op);
    put_number(out, n->u.aggr.grouped * 2 + n->u.aggr.without);
    put_names(out, n->u.aggr.label);
    put_number(out, n->u.aggr.param != NULL);
    if (n->u.aggr.param != NULL) {
        rs_node_bytes(out, n->u.aggr.param);
    }
    rs_node_bytes(out, n->u.aggr.expr);
}

static void put_binary(struct bytes *out, const struct node *n)
{
    const struct matching *m = &n->u.bin.match;

    put_number(out, n->u.bin.op);
    put_number(out, n->u.bin.returns_bool);
    put_number(out, m->card);
    put_number(out, m->given * 2 + m->on);
    put_names(out, m->label);
    put_names(out, m->include);
    rs_node_bytes(out, n->u.bin.lhs);
    rs_node_bytes(out, n->u.bin.rhs);
}

void rs_node_bytes(struct bytes *out, const struct node *n)
{
    n = rs_node_bare(n);
    put_number(out, n->kind);
    put_number(out, n->type);
    switch (n->kind) {
    case RS_NODE_NUMBER: put_real(out, n->u.number); break;
    case RS_NODE_STRING: put_text(out, n->u.string); break;
    case RS_NODE_SELECTOR: put_selector(out, n); break;
    case RS_NODE_SUBQUERY:
        put_number(out, n->u.sub.range_ms);
        put_number(out, n->u.sub.step_ms);
        put_modifiers(out, &n->u.sub.mod);
        rs_node_bytes(out, n->u.sub.expr);
        break;
    case RS_NODE_CALL:
        put_text(out, n->u.call.fn->name);
        put_number(out, n->u.call.n_arg);
        for (int i = 0; i < n->u.call.n_arg; i++) {
            rs_node_bytes(out, n->u.call.arg[i]);
        }
        break;
    case RS_NODE_AGGR: put_aggr(out, n); break;
    case RS_NODE_BINARY: put_binary(out, n); break;
    case RS_NODE_UNARY:
        put_number(out, n->u.unary.minus);
        rs_node_bytes(out, n->u.unary.expr);
        break;
    case RS_NODE_PAREN: break; /* they are not there any more */
    }
}
