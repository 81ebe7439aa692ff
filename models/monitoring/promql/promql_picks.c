/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which selectors of an expression have series. */
#include <stdlib.h>
#include <string.h>

#include "models/promql_inspect.h"
#include "promql_ast.h"
#include "sim/arena.h"

struct picking {
    struct arena *arena;
    enum promql_dialect dialect;
    const struct tsdb *db;
    rs_promql_pick_fn fn;
    void *ctx;
};

static bool matches(const struct label_table *table,
                    const struct ready_matcher *matcher,
                    int n_matcher,
                    rs_labels set)
{
    for (int i = 0; i < n_matcher; i++) {
        if (!rs_matcher_matches(&matcher[i], rs_labels_get(table, set, matcher[i].name))) {
            return false;
        }
    }
    return true;
}

static bool has_series(const struct picking *p, const struct node *n)
{
    int n_given = n->u.sel.n_matcher, n_matcher = 0;
    struct ready_matcher *matcher = rs_xcalloc((size_t)n_given + 1, sizeof(*matcher));
    if (n->u.sel.name) {
        rs_matcher_init(&matcher[n_matcher++], RS_METRIC_NAME, n->u.sel.name, RS_MATCH_EQ);
    }
    for (int i = 0; i < n_given; i++) {
        const struct pql_matcher *m = &n->u.sel.matcher[i];
        rs_matcher_init_as(&matcher[n_matcher++], rs_promql_regex(p->dialect), m->name, m->value,
                           m->op);
    }
    bool found = false;
    for (int i = 0; i < rs_tsdb_count(p->db) && !found; i++) {
        found = matches(rs_tsdb_labels(p->db), matcher, n_matcher, rs_tsdb_labels_of(p->db, i));
    }
    for (int i = 0; i < n_matcher; i++) {
        rs_matcher_clear(&matcher[i]);
    }
    free(matcher);
    return found;
}

static void tell(const struct picking *p, const struct node *n, bool absent)
{
    struct node bare = *n;
    bare.u.sel.range_ms = 0;
    bare.u.sel.mod = (struct modifiers){0};
    bare.type = RS_PQL_VECTOR;
    const struct promql alone = {.root = &bare, .dialect = p->dialect};
    const struct promql_pick pick = {.text = rs_promql_print(p->arena, &alone),
                                     .metric = rs_selector_metric(n),
                                     .range_ms = n->u.sel.range_ms,
                                     .absent = absent,
                                     .found = has_series(p, n)};
    p->fn(p->ctx, &pick);
}

static void walk(const struct picking *p, const struct node *n, bool absent)
{
    switch (n->kind) {
    case RS_NODE_NUMBER:
    case RS_NODE_STRING: return;
    case RS_NODE_SELECTOR: tell(p, n, absent); return;
    case RS_NODE_SUBQUERY: walk(p, n->u.sub.expr, absent); return;
    case RS_NODE_CALL:
        for (int i = 0; i < n->u.call.n_arg; i++) {
            walk(p, n->u.call.arg[i], absent || strncmp(n->u.call.fn->name, "absent", 6) == 0);
        }
        return;
    case RS_NODE_AGGR:
        if (n->u.aggr.param) {
            walk(p, n->u.aggr.param, absent);
        }
        walk(p, n->u.aggr.expr, absent);
        return;
    case RS_NODE_BINARY:
        walk(p, n->u.bin.lhs, absent);
        walk(p, n->u.bin.rhs, absent);
        return;
    case RS_NODE_UNARY: walk(p, n->u.unary.expr, absent); return;
    case RS_NODE_PAREN: walk(p, n->u.paren, absent); return;
    }
}

void rs_promql_picks(struct arena *arena,
                     const struct promql *q,
                     const struct tsdb *db,
                     rs_promql_pick_fn fn,
                     void *ctx)
{
    const struct picking p = {arena, q->dialect, db, fn, ctx};
    walk(&p, q->root, false);
}
